// settle() and update(): one transaction around reading, deciding and writing.
#include <algorithm>

#include "base/time_text.h"
#include "core/filter_leave.h"
#include "core/retry.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/step.h"
#include "store/sqlite/values.h"

namespace store {
namespace {

using base::ErrorKind;
using core::LinkState;
using core::Settlement;
using model::Cell;
using model::OutboxSeq;

constexpr std::size_t statements_kept = 64;  ///< Per mapping and kind: sets of columns written together.

/// How a row's sync stands, for its sync columns.
struct RowState {
  std::string_view record, status;
  std::string error;
  bool synced_now = false;
};

/// The row's record once the settlement is stored.
model::RecordId record_after(const Step& step, const Settlement& s) {
  const LinkState state = s.link.value_or(step.known.heads[s.at].link);
  if (state != LinkState::linked) return {};
  return s.record ? s.record : step.record(s.at);
}

/// True if an entry of the row stands in the outbox once the settlement is stored.
bool stays_pending(const Step& step, const Settlement& s) {
  const OutboxSeq pending = step.known.heads[s.at].pending;
  if (s.enqueue || !s.waiting_for.empty()) return true;
  if (pending == OutboxSeq::none || pending == s.acknowledge) return false;
  // What a pull sets aside is the record; an edit of its row still goes its way. See write_outbox().
  return step.observed || !(s.parked && s.acknowledge == OutboxSeq::none);
}

/// What the column of field `i` is to hold. The part of a name that is not written stays.
Cell written_value(Step& step, const Settlement& s, std::size_t i) {
  const std::vector<model::FieldMapping>& fields = step.mapping.mapping.fields;
  if (!fields[i].transform) return s.values[i];
  std::vector<Cell> cells(s.values.begin(), s.values.end());
  if (const auto pair = fields[i].name_pair)
    for (const std::size_t part : {i, *pair})
      if (!s.columns[part] && step.known.heads[s.at].row_exists) cells[part] = step.known.rows[s.at][part];
  return model::column_value(fields, i, cells, step.known.rows.text());
}

Statement* cached(Database& database, std::unordered_map<model::FieldSet, Statement>& statements,
                  const model::FieldSet& fields, const std::string& sql) {
  if (const auto found = statements.find(fields); found != statements.end()) return &found->second;
  auto made = database.prepare(sql);
  if (!made) return nullptr;
  if (statements.size() >= statements_kept) statements.clear();
  return &statements.emplace(fields, *std::move(made)).first->second;
}

}  // namespace

base::Result<std::vector<core::Refused>> SqliteStore::settle(const model::Mapping& mapping,
                                                             const core::Observation& observed, const Decide& decide) {
  return transact(mapping, &observed, {}, decide);
}

base::Result<std::vector<core::Refused>> SqliteStore::update(const model::Mapping& mapping,
                                                             std::span<const model::RowKey> rows,
                                                             const Decide& decide) {
  return transact(mapping, nullptr, rows, decide);
}

base::Result<std::vector<core::Refused>> SqliteStore::transact(const model::Mapping& mapping,
                                                               const core::Observation* observed,
                                                               std::span<const model::RowKey> rows,
                                                               const Decide& decide) {
  ASSIGN_OR_RETURN(Prepared * p, prepared(mapping));
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
  RETURN_IF_ERROR(check_lease());
  RETURN_IF_ERROR(resolve_parents(*p));
  RETURN_IF_ERROR(guard(true));
  Step step{.mapping = *p, .observed = observed, .rows = rows, .known = known_};
  step.now = clock_.now();
  known_.org_ahead = org_ahead_;
  RETURN_IF_ERROR(read_known(step));
  const core::WriteSet writes = decide(known_);
  for (const model::RecordId& record : writes.unparked) RETURN_IF_ERROR(unpark_record(mapping, record));
  for (const Settlement& settlement : writes.settlements) {
    CHECK(settlement.at < step.size());
    RETURN_IF_ERROR(apply(step, settlement));
  }
  for (const core::Unreadable& unreadable : writes.unreadable) RETURN_IF_ERROR(park_unreadable(mapping, unreadable));
  RETURN_IF_ERROR(keep_sweep(mapping, writes));
  RETURN_IF_ERROR(keep_claims(mapping, writes));
  if (writes.position) RETURN_IF_ERROR(save_position(mapping, *writes.position));
  RETURN_IF_ERROR(guard(false));
  RETURN_IF_ERROR(transaction.commit());
  return std::move(step.refused);
}

base::Result<void> SqliteStore::apply(Step& step, const Settlement& s) {
  Prepared& p = step.mapping;
  core::KnownHead& head = step.known.heads[s.at];
  Found& found = step.found[s.at];

  ASSIGN_OR_RETURN(auto taken, taken_link(step, s));
  if (taken) return refuse(step, s, *std::move(taken));

  step.opened.clear();
  // Recorded before the row, because what the row held is the loser.
  RETURN_IF_ERROR(write_conflicts(step, s));
  RETURN_IF_ERROR(close_conflicts(step, s));

  if (s.remove_row) {
    ASSIGN_OR_RETURN(auto why, remove_row(step, s.at, s.place == core::FilterPlace::outside));
    if (why) return refuse(step, s, *std::move(why));
  }
  if (s.insert_row && !head.row_exists && !found.row_key.empty()) {
    ASSIGN_OR_RETURN(auto why, bring_back(step, s.at));
    if (why) return refuse(step, s, *std::move(why));
  }
  const bool inserts = s.insert_row && !head.row_exists;
  const bool with_key = inserts && !found.row_key.empty() && !p.outlived(found.row_key);
  if (!s.remove_row && (inserts || head.row_exists)) {
    RowState state{.record = {}, .status = "synced", .error = {}};
    const model::RecordId record = record_after(step, s);
    state.record = record.view();
    std::optional<std::string> set_aside;
    if (s.parked) {
      set_aside = s.parked->error.message;
    } else if (head.parked && (!s.unpark || s.pull_waits)) {
      ASSIGN_OR_RETURN(set_aside, database_.value("SELECT message FROM lockstep_parked WHERE mapping_id = " +
                                                      std::to_string(p.number) +
                                                      " AND (record_id = " + literal(step.record(s.at).view()) +
                                                      (s.unpark ? "" : " OR row_key = ?1") + ")",
                                                  found.row_key));
    }
    if (stays_pending(step, s)) {
      state.status = "pending";
      state.error = s.waiting_for;
    } else if (set_aside) {
      state.status = "error";
      state.error = *std::move(set_aside);
    } else if (step.any_open_conflicts || step.wrote_conflicts) {
      ASSIGN_OR_RETURN(auto asked, database_.value("SELECT CASE against WHEN 'record_deleted' THEN field || ' "
                                                   "was changed, and the record was deleted in Salesforce: "
                                                   "decide in the conflict inbox, where --take org deletes "
                                                   "this row and --take store makes the record again' ELSE "
                                                   "field || ' was changed on both sides: choose a value in "
                                                   "the conflict inbox' END FROM lockstep_conflicts WHERE "
                                                   "mapping_id = " +
                                                       std::to_string(p.number) +
                                                       " AND row_key = ?1 AND decision = 'open' AND "
                                                       "resolved_at IS NULL ORDER BY conflict_id LIMIT 1",
                                                   found.row_key));
      if (asked) {
        state.status = "conflict";
        state.error = *std::move(asked);
      }
    }
    if (state.status == "synced" && s.place.value_or(head.place) == core::FilterPlace::flagged && record)
      state.error = core::flag_text(p.mapping);
    model::FieldSet fields = s.columns;
    std::vector<std::string> parent_keys(fields.any() ? p.columns.size() : 0);
    for (std::size_t i = 0; i < p.columns.size(); ++i) {
      if (!fields[i]) continue;
      CHECK(s.values.size() == p.columns.size());
      if (s.values[i].is_unresolved()) fields[i] = false;
      if (p.mapping.fields[i].role != model::FieldRole::reference || !s.values[i].has_text()) continue;
      std::optional<std::string> key;
      if (p.parents[i]) {
        ASSIGN_OR_RETURN(key, row_of_record(p.parents[i]->mapping, s.values[i].text()));
      }
      if (!key)
        return refuse(step, s,
                      {ErrorKind::rejected,
                       "column " + p.columns[i]->name + " of table " + p.table.name + " refers to " +
                           p.mapping.fields[i].parent_object + " " + std::string{s.values[i].text()} +
                           ", which has no row; it is tried again once that record has one, and now and then",
                       "WAITING_FOR_PARENT"},
                      model::RecordId::parse(s.values[i].text()).value_or(model::RecordId{}));
      parent_keys[i] = *std::move(key);
    }
    state.synced_now =
        state.status == "synced" && (fields.any() || inserts || s.acknowledge != OutboxSeq::none || s.link || s.unpark);

    const bool writes_fields = fields.any();
    fields = p.writers(fields);
    const std::string sql = inserts ? insert_sql(p, fields, with_key) : update_sql(p, fields);
    if (!sql.empty()) {
      Statement once;
      Statement* write = &once;
      if (with_key) {
        ASSIGN_OR_RETURN(once, database_.prepare(sql));
      } else {
        write = cached(database_, inserts ? p.inserts : p.updates, fields, sql);
      }
      if (!write) return std::unexpected(database_.error("preparing to write table " + p.table.name));
      const bool in_savepoint = p.table.has_foreign_keys && (inserts || writes_fields);
      if (in_savepoint) RETURN_IF_ERROR(database_.execute("SAVEPOINT lockstep_row"));
      const std::string at_time = base::to_iso(step.now);
      std::string key, why, code = "INVALID_VALUE",
                            new_key = p.generates_key && inserts ? random_.uuid() : std::string{};
      bool refused = false;
      {
        Use use{*write};
        int at = 0;
        for (std::size_t i = 0; i < p.columns.size() && why.empty(); ++i) {
          if (!fields[i]) continue;
          if (!parent_keys[i].empty()) {
            bind_key(*use, ++at, parent_keys[i], p.columns[i]->affinity, p.parents[i]->key_affinity);
          } else {
            why = bind_cell(*use, ++at, p.mapping.fields[i], *p.columns[i], written_value(step, s, i));
          }
        }
        if (inserts && p.workspace) use->bind(++at, p.mapping.workspace);
        if (with_key) {
          bind_key(*use, ++at, found.row_key, p.key->affinity, Affinity::integer);
        } else if (inserts && p.generates_key) {
          use->bind(++at, new_key);
        }
        if (!p.sync.record.empty()) use->bind_or_null(++at, state.record);
        if (!p.sync.status.empty()) use->bind(++at, state.status);
        if (!p.sync.error.empty()) use->bind_or_null(++at, state.error);
        if (!p.sync.synced_at.empty()) use->bind_or_null(++at, state.synced_now ? at_time : std::string_view{});
        for (std::size_t i = 0; inserts && i < p.stamped.size(); ++i) use->bind(++at, at_time);
        if (!inserts) bind_key(*use, ++at, found.row_key, p.key->affinity, Affinity::integer);
        if (why.empty()) {
          auto read = use->step();
          if (read == Statement::Step::row) {
            key = use->text(0);
            read = use->step();
          }
          if (read == Statement::Step::failed) {
            if (!database_.refused_a_row()) return std::unexpected(database_.error("writing table " + p.table.name));
            why = database_.message();
            code = database_.code_name();
            if (!database_.in_transaction())
              return base::failure(ErrorKind::settings,
                                   "a trigger of table " + p.table.name + " rolled the whole transaction back (" + why +
                                       "): let it say RAISE(ABORT, …) so that only its row is refused");
          }
        }
        refused = !why.empty();
      }
      // RAISE(IGNORE) is no error; a base that moved on without the row would turn its old value into an edit.
      if (!refused && (inserts || writes_fields) && database_.changes() == 0) {
        refused = true;
        why = "a trigger of the table left it out";
        code = "SQLITE_CONSTRAINT_TRIGGER";
      }
      if (!refused && inserts) {
        if (p.table.rowid_key) key = std::to_string(database_.last_rowid());
        if (key.empty()) {
          refused = true;
          why = "the table gives new rows no key: give column " + p.key->name + " a default";
          RETURN_IF_ERROR(database_.execute("DELETE FROM " + quoted(p.table.name) +
                                            " WHERE rowid = " + std::to_string(database_.last_rowid())));
        }
      }
      if (in_savepoint) {
        if (!refused && database_.owes_foreign_keys()) {
          refused = true;
          why = "a foreign key is violated";
          code = "SQLITE_CONSTRAINT_FOREIGNKEY";
        }
        if (refused) RETURN_IF_ERROR(database_.execute("ROLLBACK TO lockstep_row"));
        RETURN_IF_ERROR(database_.execute("RELEASE lockstep_row"));
      }
      if (refused) {
        const std::string which = inserts ? "a new row for record " + step.record(s.at).str() : "row " + found.row_key;
        return refuse(step, s,
                      {ErrorKind::rejected,
                       "table " + p.table.name + " refused " + which + ": " + why +
                           "; change the value on one of the sides or the column's rule, then retry",
                       code});
      }
      if (inserts) found.row_key = head.row.text = key;
    }
  }

  if (s.archived && !s.remove_row) RETURN_IF_ERROR(archive_row(step, s.at, *s.archived));
  const bool was_gone =
      (head.link == LinkState::both_gone || head.link == LinkState::row_deleted) && s.link == LinkState::linked;
  RETURN_IF_ERROR(forget_detached(step, s));
  if (s.link || !s.base.empty() || s.sent || s.place) RETURN_IF_ERROR(write_link(step, s));
  if (was_gone) {
    // What referred to a row that was gone refers to something again.
    ASSIGN_OR_RETURN([[maybe_unused]] const auto entries, enqueue_children(p, found.row_key, true));
    RETURN_IF_ERROR(attach_children(p, found.row_key));
  } else if (head.place == core::FilterPlace::outside && s.place == core::FilterPlace::inside) {
    RETURN_IF_ERROR(drop_detached(p, found.row_key));  // It was deleted: what referred to it refers to nothing.
  }
  RETURN_IF_ERROR(write_outbox(step, s));
  if (s.unpark) RETURN_IF_ERROR(unpark(step, s.at, !s.pull_waits));
  if (s.parked) RETURN_IF_ERROR(park(step, s.at, *s.parked, s.fits));
  if (s.pull_waits) RETURN_IF_ERROR(offer_record(p.mapping, s.record ? s.record : step.record(s.at)));
  for (const model::RowKey& row : s.also_parked) RETURN_IF_ERROR(park_candidate(step, row, *s.parked));
  RETURN_IF_ERROR(note(step, s));
  return rename_in_children(step, s);
}

base::Result<void> SqliteStore::offer_record(const model::Mapping& mapping, model::RecordId record) {
  ASSIGN_OR_RETURN(const int attempts, attempts_at(mapping, record));
  if (attempts > 0) return {};
  return park_record(mapping, record,
                     {.error = {base::ErrorKind::precondition,
                                mapping.object + " " + record.str() +
                                    " refers to another record than before; it is read again in a moment",
                                "REFERENCE_TO_READ"},
                      .retry_at = base::Utc{std::chrono::milliseconds{1}}});
}

base::Result<void> SqliteStore::park_unreadable(const model::Mapping& mapping, const core::Unreadable& unreadable) {
  ASSIGN_OR_RETURN(const int attempts, attempts_at(mapping, unreadable.id));
  const base::Utc now = clock_.now();
  const core::Parked parked{.error = unreadable.error,
                            .retry_at = core::next_attempt(unreadable.error.kind, attempts + 1, now),
                            .waits_for = {}};
  RETURN_IF_ERROR(park_record(mapping, unreadable.id, parked));
  Settlement aside;
  aside.parked = parked;
  const auto note = core::history_note(mapping, {}, {}, {}, aside, {});
  return write_history(mapping, {}, unreadable.id, *note, {});
}

base::Result<std::optional<base::Error>> SqliteStore::taken_link(Step& step, const Settlement& s) {
  if (!s.link || *s.link == LinkState::none) return std::nullopt;
  Found& found = step.found[s.at];
  const model::RecordId record = s.record ? s.record : step.record(s.at);
  if (record && record != step.known.heads[s.at].record) {
    ASSIGN_OR_RETURN(Statement * find,
                     statement("SELECT link_id, row_key FROM lockstep_links WHERE mapping_id = ?1 AND "
                               "record_id = ?2"));
    Use use{*find};
    use->bind(1, step.mapping.number).bind(2, record.view());
    switch (use->step()) {
      case Statement::Step::failed:
        return std::unexpected(database_.error("reading a link"));
      case Statement::Step::done:
        break;
      case Statement::Step::row:
        if (use->integer(0) != found.link_id)
          return base::Error{ErrorKind::rejected,
                             "record " + record.str() + " is linked to row " + std::string{use->text(1)} +
                                 " of table " + step.mapping.table.name +
                                 " already, and a record has one row at most: see "
                                 "`lockstep history " +
                                 record.str() + "`",
                             "ALREADY_LINKED"};
    }
  }
  // Another settlement of this write set may have made the row's link.
  if (found.link_id == 0 && !found.row_key.empty()) {
    ASSIGN_OR_RETURN(Statement * find,
                     statement("SELECT link_id FROM lockstep_links WHERE mapping_id = ?1 AND row_key = "
                               "?2"));
    Use use{*find};
    use->bind(1, step.mapping.number).bind(2, found.row_key);
    if (use->step() == Statement::Step::row) found.link_id = use->integer(0);
  }
  return std::nullopt;
}

base::Result<void> SqliteStore::refuse(Step& step, const Settlement& s, base::Error error, model::RecordId waits_for) {
  Prepared& p = step.mapping;
  const core::KnownHead& head = step.known.heads[s.at];
  core::Parked parked{.error = error,
                      .retry_at = core::next_attempt(error.kind, head.attempts + 1, step.now),
                      .waits_for = waits_for,
                      .request = s.columns.any() ? core::request_json(p.mapping, s.columns, s.values) : std::string{}};
  RETURN_IF_ERROR(park(step, s.at, parked));
  Settlement aside;
  aside.at = s.at;
  aside.parked = std::move(parked);
  RETURN_IF_ERROR(note(step, aside));
  // A row's own edit goes with it until the retry; a record's refusal leaves the row's edit to the push.
  bool pending = head.pending != OutboxSeq::none;
  if (!step.observed && pending && (s.acknowledge == OutboxSeq::none || s.acknowledge == head.pending)) {
    Settlement only;
    only.at = s.at;
    only.acknowledge = head.pending;
    RETURN_IF_ERROR(write_outbox(step, only));
    pending = false;
  }
  if (head.row_exists && !(p.sync.status.empty() && p.sync.error.empty())) {
    std::string sets;
    if (!p.sync.status.empty()) sets += p.sync.status + " = " + (pending ? "'pending'" : "'error'");
    if (!p.sync.error.empty()) sets += (sets.empty() ? "" : ", ") + p.sync.error + " = ?1";
    ASSIGN_OR_RETURN(Statement mark, database_.prepare("UPDATE " + quoted(p.table.name) + " SET " + sets + " WHERE " +
                                                       p.key_name + " = ?2 AND " + p.of_workspace));
    if (!p.sync.error.empty()) mark.bind(1, error.message);
    bind_key(mark, 2, step.found[s.at].row_key, p.key->affinity, Affinity::integer);
    // Best effort: the table may refuse this as well, and the parked entry tells it anyway.
    if (const auto marked = database_.run(mark, "marking a row"); !marked && !database_.refused_a_row())
      return std::unexpected(marked.error());
  }
  step.refused.push_back({s.at, std::move(error)});
  return {};
}

base::Result<void> SqliteStore::write_link(Step& step, const Settlement& s) {
  Prepared& p = step.mapping;
  Found& found = step.found[s.at];
  const core::KnownHead& head = step.known.heads[s.at];
  const model::RecordId record = s.record ? s.record : step.record(s.at);
  if (s.link == LinkState::none) return begin_anew(step, s.at);
  const bool anew = s.link == LinkState::creating && head.record;
  if (anew) RETURN_IF_ERROR(begin_anew(step, s.at));
  if (!s.link && found.link_id == 0) return {};
  std::string sent;
  if (s.sent) model::pack_sent(p.layout, *s.sent, sent);
  if (!s.base.empty()) pack_base(p, s.base, found.base, packed_);
  const bool made = found.link_id == 0;
  ASSIGN_OR_RETURN(
      Statement * found_write,
      made ? statement(
                 "INSERT INTO lockstep_links(mapping_id, row_key, record_id, upsert_key, state, stamp, base, sent, "
                 "place) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?9, ?11)")
           : statement(
                 "UPDATE lockstep_links SET mapping_id = ?1, row_key = COALESCE(?2, row_key), record_id = "
                 "COALESCE(?3, record_id), upsert_key = COALESCE(?4, upsert_key), state = ?5, stamp = COALESCE(?6, "
                 "stamp), base = COALESCE(?7, base), sent = CASE WHEN ?8 THEN ?9 ELSE sent END, place = ?11 "
                 "WHERE link_id = ?10"));
  Use use{*found_write};
  use->bind(1, p.number);
  use->bind_or_null(2, made || found.row_key != found.linked_row ? found.row_key : std::string_view{});
  use->bind_or_null(3, s.link && !anew ? record.view() : std::string_view{}).bind_or_null(4, s.upsert_key);
  use->bind(5, name_of(s.link.value_or(head.link)));
  if (s.stamp != base::Utc{}) {
    use->bind(6, milliseconds(s.stamp));
  } else {
    use->bind_null(6);
  }
  if (s.base.empty()) {
    use->bind_null(7);
  } else {
    use->bind_blob(7, packed_);
  }
  if (s.sent && !sent.empty()) {
    use->bind_blob(9, sent);
  } else {
    use->bind_null(9);
  }
  use->bind_or_null(11, name_of(s.place.value_or(made ? core::FilterPlace::inside : head.place)));
  if (!made) use->bind(8, std::int64_t{s.sent.has_value()}).bind(10, found.link_id);
  RETURN_IF_ERROR(database_.run(*use, "storing a link"));
  if (made) found.link_id = database_.last_rowid();
  if (s.link && record && step.any_aliases) {
    // It lives again under a link of its own.
    ASSIGN_OR_RETURN(Statement * clear,
                     statement("DELETE FROM lockstep_aliases WHERE mapping_id = ?1 AND record_id = ?2"));
    clear->bind(1, p.number).bind(2, record.view());
    if (!anew) return database_.run(*clear, "clearing an alias");
  }
  return {};
}

base::Result<void> SqliteStore::write_outbox(Step& step, const Settlement& s) {
  const core::KnownHead& head = step.known.heads[s.at];
  const std::string& row = step.found[s.at].row_key;
  if (row.empty()) return {};
  if (s.acknowledge != OutboxSeq::none || (s.parked && !step.observed)) {
    ASSIGN_OR_RETURN(
        Statement * take,
        statement("DELETE FROM lockstep_outbox WHERE mapping_id = ?1 AND row_key = ?2 AND (?3 = 0 OR seq = "
                  "?3)"));
    take->bind(1, step.mapping.number).bind(2, row).bind(3, static_cast<std::int64_t>(s.acknowledge));
    RETURN_IF_ERROR(database_.run(*take, "acknowledging an edit"));
  }
  if (s.enqueue) {
    ASSIGN_OR_RETURN(Statement * put, statement("INSERT INTO lockstep_outbox(mapping_id, row_key, changed_at) VALUES "
                                                "(?1, ?2, ?3) ON CONFLICT (mapping_id, row_key) DO NOTHING"));
    put->bind(1, step.mapping.number).bind(2, row);
    put->bind(3, milliseconds(head.changed_at != base::Utc{} ? head.changed_at : step.now));
    RETURN_IF_ERROR(database_.run(*put, "noting that a row is to be pushed"));
  }
  return {};
}

}  // namespace store
