// What happens to pairs as wholes: deletes on either side, merges, creates under way, and the references to all of
// them.
#include <algorithm>

#include "base/time_text.h"
#include "core/filter_leave.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/step.h"
#include "store/sqlite/values.h"

namespace store {
namespace {

using core::LinkState;
using model::FieldRole;
using model::RecordId;

RecordId record_id(std::string_view text) {
  return RecordId::parse(text).value_or(RecordId{});
}

std::int64_t id_of(const model::Mapping& mapping) {
  return static_cast<std::int64_t>(mapping.id);
}

/// Rows of a child table `t` whose record was deleted: nothing in the org refers to anything for them.
std::string without_record(const std::string& mapping, const std::string& key) {
  return "EXISTS (SELECT 1 FROM lockstep_links l WHERE l.mapping_id = " + mapping + " AND l.row_key = " + key +
         " AND l.state IN ('record_deleted', 'record_gone'))";
}

/// Calls `visit` with every prepared mapping and the field by which its rows refer to rows of `parent`.
template <class Mappings, class Visit>
base::Result<void> for_each_child(const Mappings& prepared, const Prepared& parent, Visit visit) {
  for (const auto& [id, child] : prepared) {
    if (child->mapping.workspace != parent.mapping.workspace) continue;
    for (std::size_t f = 0; f < child->mapping.fields.size(); ++f) {
      const model::FieldMapping& field = child->mapping.fields[f];
      if (field.role != FieldRole::reference || field.parent_object != parent.mapping.object) continue;
      RETURN_IF_ERROR(visit(*child, f));
    }
  }
  return {};
}

}  // namespace

base::Result<SqliteStore::LinkPage> SqliteStore::links(const model::Mapping& mapping, LinkState state,
                                                       std::int64_t after, std::size_t limit) {
  // Two statements, because only the first can use the small index of links that are not linked.
  ASSIGN_OR_RETURN(Statement * find,
                   state == LinkState::linked
                       ? statement("SELECT link_id, row_key, record_id FROM lockstep_links WHERE mapping_id = ?1 AND "
                                   "state = ?2 AND link_id > ?3 ORDER BY link_id LIMIT ?4")
                       : statement("SELECT link_id, row_key, record_id FROM lockstep_links WHERE mapping_id = ?1 AND "
                                   "state <> 'linked' AND state = ?2 AND link_id > ?3 ORDER BY link_id LIMIT ?4"));
  return link_page(*find, mapping, name_of(state), after, limit);
}

base::Result<SqliteStore::LinkPage> SqliteStore::leaving(const model::Mapping& mapping, std::int64_t after,
                                                         std::size_t limit) {
  ASSIGN_OR_RETURN(Statement * find,
                   statement("SELECT link_id, row_key, record_id FROM lockstep_links WHERE mapping_id = ?1 AND place = "
                             "?2 AND state = 'linked' AND link_id > ?3 ORDER BY link_id LIMIT ?4"));
  return link_page(*find, mapping, name_of(core::FilterPlace::leaving), after, limit);
}

/// `find` takes the mapping, what to look for, the link to begin after, and how many.
base::Result<SqliteStore::LinkPage> SqliteStore::link_page(Statement& find, const model::Mapping& mapping,
                                                           std::string_view what, std::int64_t after,
                                                           std::size_t limit) {
  Use use{find};
  use->bind(1, id_of(mapping)).bind(2, what).bind(3, after);
  use->bind(4, static_cast<std::int64_t>(std::min<std::size_t>(limit, 1'000'000'000)));
  LinkPage page;
  page.last = after;
  while (true) {
    switch (use->step()) {
      case Statement::Step::failed:
        return std::unexpected(database_.error("reading links"));
      case Statement::Step::done:
        return page;
      case Statement::Step::row:
        page.last = use->integer(0);
        page.rows.push_back({std::string{use->text(1)}});
        page.records.push_back(record_id(use->text(2)));
    }
  }
}

base::Result<core::Extent> SqliteStore::extent(const model::Mapping& mapping) {
  core::Extent extent;
  ASSIGN_OR_RETURN(
      Statement * count,
      statement("SELECT (SELECT count(*) FROM lockstep_links WHERE mapping_id = ?1) - (SELECT count(*) FROM "
                "lockstep_links WHERE mapping_id = ?1 AND state <> 'linked'), (SELECT count(*) FROM "
                "lockstep_links WHERE mapping_id = ?1 AND state <> 'linked' AND state = 'record_deleted'), "
                "(SELECT count(*) FROM lockstep_links WHERE mapping_id = ?1 AND state <> 'linked' AND state "
                "= 'row_deleted'), (SELECT count(*) FROM lockstep_outbox WHERE mapping_id = ?1), (SELECT count(*) FROM "
                "lockstep_links WHERE mapping_id = ?1 AND place = 'leaving' AND state = 'linked')"));
  Use use{*count};
  use->bind(1, id_of(mapping));
  if (use->step() != Statement::Step::row) return std::unexpected(database_.error("counting links"));
  extent.links = use->integer(0);
  extent.rows_to_delete = use->integer(1);
  extent.records_to_delete = use->integer(2);
  extent.outbox = use->integer(3);
  extent.rows_leaving = use->integer(4);
  return extent;
}

base::Result<std::optional<std::string>> SqliteStore::merged_into(std::int64_t mapping, std::string_view record) {
  ASSIGN_OR_RETURN(Statement * find, statement("SELECT into_record FROM lockstep_aliases WHERE mapping_id = ?1 AND "
                                               "record_id = ?2 AND into_record IS NOT NULL"));
  Use use{*find};
  use->bind(1, mapping).bind(2, record);
  switch (use->step()) {
    case Statement::Step::failed:
      return std::unexpected(database_.error("reading what was merged"));
    case Statement::Step::done:
      return std::nullopt;
    case Statement::Step::row:
      return std::string{use->text(0)};
  }
  return std::nullopt;
}

base::Result<void> SqliteStore::read_former(Step& step, std::size_t at) {
  ASSIGN_OR_RETURN(Statement * find,
                   statement("SELECT a.row_key, l.row_key FROM lockstep_aliases a LEFT JOIN lockstep_links l ON "
                             "l.mapping_id = a.mapping_id AND l.record_id = a.into_record WHERE a.mapping_id = ?1 AND "
                             "a.record_id = ?2"));
  Use use{*find};
  use->bind(1, step.mapping.number).bind(2, step.observed->heads[at].id.view());
  const auto read = use->step();
  if (read == Statement::Step::failed) return std::unexpected(database_.error("reading former records"));
  if (read == Statement::Step::done) return {};
  core::KnownHead& head = step.known.heads[at];
  head.former_row.text = use->text(1);
  if (use->text(0).empty()) return {};
  head.former_row.text = use->text(0);
  Use row{step.mapping.read_row};
  bind_key(*row, 1, head.former_row.text, step.mapping.key->affinity, Affinity::integer);
  const auto looked = row->step();
  if (looked == Statement::Step::failed) return std::unexpected(database_.error("looking for a former row"));
  head.former_lives = looked == Statement::Step::row;
  return {};
}

base::Result<bool> SqliteStore::children_wait(const Prepared& parent, std::string_view row) {
  row = parent.referred_by(row);
  bool waits = false;
  RETURN_IF_ERROR(
      for_each_child(prepared_, parent, [&](const Prepared& child, std::size_t field) -> base::Result<void> {
        const Column& reference = *child.columns[field];
        ASSIGN_OR_RETURN(
            Statement find,
            database_.prepare(
                "SELECT l.state, l.base, l.sent FROM " + quoted(child.table.name) +
                " t JOIN lockstep_links l ON l.mapping_id = " + std::to_string(child.number) +
                " AND l.row_key = CAST(t." + child.key_name + " AS TEXT) WHERE t." + quoted(reference.name) +
                " = ?1 AND " + child.of_workspace +
                " AND ((l.state IN ('linked', 'creating') AND EXISTS (SELECT 1 FROM lockstep_outbox o WHERE "
                "o.mapping_id = l.mapping_id AND o.row_key = l.row_key)) OR (l.state = 'linked' AND EXISTS "
                "(SELECT 1 FROM lockstep_parked p WHERE p.mapping_id = l.mapping_id AND p.row_key = "
                "l.row_key)))"));
        bind_key(find, 1, row, reference.affinity, parent.key->affinity);
        std::vector<model::Cell> base(child.columns.size());
        while (!waits) {
          const auto read = find.step();
          if (read == Statement::Step::failed) return std::unexpected(database_.error("looking for children"));
          if (read == Statement::Step::done) break;
          std::ranges::fill(base, model::Cell{});
          if (!find.is_null(1)) read_base(child, find.blob(1), base);
          const auto sent = find.is_null(2) ? std::vector<model::SentValue>{} : read_sent(child, find.blob(2));
          waits = find.text(0) == "creating" || !base[field].is_null() ||
                  std::ranges::find(sent, field, &model::SentValue::field) != sent.end();
        }
        return {};
      }));
  return waits;
}

base::Result<void> SqliteStore::point_children(const Prepared& parent, std::string_view from, std::string_view to) {
  return for_each_child(prepared_, parent, [&](const Prepared& child, std::size_t field) -> base::Result<void> {
    const Column& reference = *child.columns[field];
    ASSIGN_OR_RETURN(Statement point, database_.prepare("UPDATE OR ABORT " + quoted(child.table.name) + " SET " +
                                                        quoted(reference.name) + " = ?1 WHERE " +
                                                        quoted(reference.name) + " = ?2 AND " + child.of_workspace));
    if (to.empty() || parent.outlived(to)) {
      point.bind_null(1);
    } else {
      bind_key(point, 1, to, reference.affinity, parent.key->affinity);
    }
    bind_key(point, 2, from, reference.affinity, parent.key->affinity);
    // A table that refuses (NOT NULL, a trigger) keeps its reference: a foreign key then says so, or nobody minds.
    if (const auto pointed = database_.run(point, "moving references"); !pointed && !database_.refused_a_row())
      return pointed;
    return {};
  });
}

base::Result<std::int64_t> SqliteStore::enqueue_children(const Prepared& parent, std::string_view row,
                                                         bool parked_too) {
  row = parent.referred_by(row);
  std::int64_t made = 0;
  RETURN_IF_ERROR(
      for_each_child(prepared_, parent, [&](const Prepared& child, std::size_t field) -> base::Result<void> {
        const Column& reference = *child.columns[field];
        const std::string key = "CAST(t." + child.key_name + " AS TEXT)", id = std::to_string(child.number);
        std::string sql = "INSERT INTO lockstep_outbox(mapping_id, row_key, changed_at) SELECT " + id + ", " + key +
                          ", ?2 FROM " + quoted(child.table.name) + " t WHERE t." + quoted(reference.name) +
                          " = ?1 AND " + child.of_workspace + " AND NOT " + without_record(id, key);
        if (!parked_too)
          sql += " AND NOT EXISTS (SELECT 1 FROM lockstep_parked p WHERE p.mapping_id = " + id +
                 " AND p.row_key = " + key + ")";
        ASSIGN_OR_RETURN(Statement fill, database_.prepare(sql + " ON CONFLICT (mapping_id, row_key) DO NOTHING"));
        bind_key(fill, 1, row, reference.affinity, parent.key->affinity);
        fill.bind(2, milliseconds(clock_.now()));
        RETURN_IF_ERROR(database_.run(fill, "noting that children are to be pushed"));
        made += database_.changes();
        return {};
      }));
  return made;
}

base::Result<std::int64_t> SqliteStore::release_children(const model::Mapping& mapping) {
  ASSIGN_OR_RETURN(Prepared * p, prepared(mapping));
  ASSIGN_OR_RETURN(const LinkPage first, links(mapping, LinkState::row_deleted, 0, 1));
  if (first.rows.empty()) return 0;
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
  RETURN_IF_ERROR(check_lease());
  std::int64_t made = 0;
  constexpr std::size_t page_size = 1000;
  for (std::int64_t after = 0;;) {
    ASSIGN_OR_RETURN(const LinkPage page, links(mapping, LinkState::row_deleted, after, page_size));
    for (const model::RowKey& row : page.rows) {
      ASSIGN_OR_RETURN(const std::int64_t more, enqueue_children(*p, row.text, false));
      made += more;
    }
    if (page.rows.size() < page_size) break;
    after = page.last;
  }
  RETURN_IF_ERROR(transaction.commit());
  return made;
}

base::Result<bool> SqliteStore::follow_merge(const model::Mapping& mapping, const RecordId& loser,
                                             const RecordId& winner) {
  ASSIGN_OR_RETURN(Prepared * p, prepared(mapping));
  {
    ASSIGN_OR_RETURN(const auto known, merged_into(p->number, loser.view()));
    ASSIGN_OR_RETURN(const auto further, merged_into(p->number, winner.view()));
    if (known && *known == further.value_or(winner.str())) return false;
  }
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
  RETURN_IF_ERROR(check_lease());
  RETURN_IF_ERROR(guard(true));
  ASSIGN_OR_RETURN(const auto further, merged_into(p->number, winner.view()));
  const std::string to = further.value_or(winner.str());
  if (to == loser.view()) return false;
  // Every alias leads straight to the record that lives: a chain of merges is one step long.
  ASSIGN_OR_RETURN(Statement * note,
                   statement("INSERT INTO lockstep_aliases(mapping_id, record_id, into_record) VALUES "
                             "(?1, ?2, ?3) ON CONFLICT (mapping_id, record_id) DO UPDATE SET "
                             "into_record = excluded.into_record, row_key = NULL"));
  note->bind(1, p->number).bind(2, loser.view()).bind(3, to);
  RETURN_IF_ERROR(database_.run(*note, "noting a merge"));
  ASSIGN_OR_RETURN(Statement * chain,
                   statement("UPDATE lockstep_aliases SET into_record = ?3 WHERE mapping_id = ?1 AND "
                             "into_record = ?2"));
  chain->bind(1, p->number).bind(2, loser.view()).bind(3, to);
  RETURN_IF_ERROR(database_.run(*chain, "noting a merge"));

  struct Linked {
    std::int64_t link = 0;
    std::string row;
  };
  const auto look = [&](std::string_view record) -> base::Result<Linked> {
    ASSIGN_OR_RETURN(Statement * find,
                     statement("SELECT link_id, row_key FROM lockstep_links WHERE mapping_id = ?1 AND "
                               "record_id = ?2"));
    Use use{*find};
    use->bind(1, p->number).bind(2, record);
    const auto read = use->step();
    if (read == Statement::Step::failed) return std::unexpected(database_.error("reading a link"));
    return read == Statement::Step::row ? Linked{use->integer(0), std::string{use->text(1)}} : Linked{};
  };
  ASSIGN_OR_RETURN(const Linked lost, look(loser.view()));
  ASSIGN_OR_RETURN(const Linked won, look(to));
  const auto has_living_row = [&](const Linked& linked) {
    if (linked.link == 0 || linked.row.empty()) return false;
    Use row{p->read_row};
    bind_key(*row, 1, linked.row, p->key->affinity, Affinity::integer);
    return row->step() == Statement::Step::row;
  };
  const bool has_row = has_living_row(lost);
  const bool moves = has_row && won.link == 0;
  if (moves) {
    ASSIGN_OR_RETURN(Statement * move, statement("UPDATE lockstep_links SET record_id = ?2, state = 'linked' WHERE "
                                                 "link_id = ?1"));
    move->bind(1, lost.link).bind(2, to);
    RETURN_IF_ERROR(database_.run(*move, "moving a link"));
    RETURN_IF_ERROR(park_record(mapping, record_id(to),
                                {.error = {base::ErrorKind::precondition,
                                           mapping.object + " " + to +
                                               " took the place of a record that was merged "
                                               "into it; it is read in a moment",
                                           "MERGED"},
                                 .retry_at = base::Utc{std::chrono::milliseconds{1}}}));
  } else if (has_row) {
    if (has_living_row(won)) RETURN_IF_ERROR(point_children(*p, lost.row, won.row));
    ASSIGN_OR_RETURN(Statement * mark,
                     statement("UPDATE lockstep_links SET state = 'record_deleted' WHERE link_id = ?1"));
    mark->bind(1, lost.link);
    RETURN_IF_ERROR(database_.run(*mark, "marking a merged record"));
  }
  RETURN_IF_ERROR(guard(false));
  RETURN_IF_ERROR(transaction.commit());
  return moves;
}

base::Result<core::CreateIntents> SqliteStore::create_intents(const model::Mapping& mapping) {
  ASSIGN_OR_RETURN(Prepared * p, prepared(mapping));
  ASSIGN_OR_RETURN(
      Statement * find,
      statement("SELECT row_key, stamp, sent FROM lockstep_links WHERE mapping_id = ?1 AND state <> 'linked' "
                "AND state IN ('creating', 'row_deleted') AND record_id IS NULL AND upsert_key IS NULL "
                "ORDER BY link_id"));
  Use use{*find};
  use->bind(1, p->number);
  core::CreateIntents intents;
  while (true) {
    switch (use->step()) {
      case Statement::Step::failed:
        return std::unexpected(database_.error("reading announced creates"));
      case Statement::Step::done:
        return intents;
      case Statement::Step::row:
        intents.list.push_back({.row = {std::string{use->text(0)}},
                                .announced_at = base::Utc{std::chrono::milliseconds{use->integer(1)}},
                                .sent = read_sent(*p, intents.text.copy(use->blob(2)))});
    }
  }
}

base::Result<void> SqliteStore::forget(const model::Mapping& mapping, base::Utc before) {
  ASSIGN_OR_RETURN(Prepared * p, prepared(mapping));
  const std::string old = " FROM lockstep_links WHERE mapping_id = " + std::to_string(p->number) +
                          " AND state <> 'linked' AND state = 'both_gone' AND coalesce(stamp, 0) < " +
                          std::to_string(milliseconds(before)) +
                          " AND coalesce(place, '') <> 'outside' AND NOT EXISTS (SELECT 1 FROM " +
                          quoted(p->table.name) + " t WHERE t." + p->key_name + " = lockstep_links.row_key)";
  ASSIGN_OR_RETURN(const auto any, database_.value("SELECT 1" + old + " LIMIT 1"));
  if (!any) return {};
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
  RETURN_IF_ERROR(check_lease());
  RETURN_IF_ERROR(database_.execute("DELETE FROM lockstep_tombstones WHERE mapping_id = " + std::to_string(p->number) +
                                    " AND row_key IN (SELECT row_key" + old + "); DELETE" + old));
  return transaction.commit();
}

// --- references to rows that left the filter

/// Notes which references are about to be emptied because the row they lead to leaves the filter.
base::Result<void> SqliteStore::detach_children(const Prepared& parent, std::string_view row) {
  return for_each_child(prepared_, parent, [&](const Prepared& child, std::size_t field) -> base::Result<void> {
    const Column& reference = *child.columns[field];
    ASSIGN_OR_RETURN(Statement note,
                     database_.prepare("REPLACE INTO lockstep_detached(mapping_id, row_key, column_name, "
                                       "parent_mapping, parent_row) SELECT ?2, CAST(t." +
                                       child.key_name + " AS TEXT), ?3, ?4, ?5 FROM " + quoted(child.table.name) +
                                       " t WHERE t." + quoted(reference.name) + " = ?1 AND " + child.of_workspace));
    bind_key(note, 1, row, reference.affinity, parent.key->affinity);
    note.bind(2, child.number).bind(3, reference.name).bind(4, parent.number).bind(5, row);
    return database_.run(note, "noting what referred to a row");
  });
}

/// Fills them in again, but for those that somebody filled otherwise meanwhile.
base::Result<void> SqliteStore::attach_children(const Prepared& parent, std::string_view row) {
  ASSIGN_OR_RETURN(Statement * any, statement("SELECT 1 FROM lockstep_detached WHERE parent_mapping = ?1 AND "
                                              "parent_row = ?2 LIMIT 1"));
  any->bind(1, parent.number).bind(2, row);
  const bool none = any->step() != Statement::Step::row;
  any->reset();
  if (none) return {};
  RETURN_IF_ERROR(
      for_each_child(prepared_, parent, [&](const Prepared& child, std::size_t field) -> base::Result<void> {
        const Column& reference = *child.columns[field];
        ASSIGN_OR_RETURN(
            Statement fill,
            database_.prepare("UPDATE OR ABORT " + quoted(child.table.name) + " SET " + quoted(reference.name) +
                              " = ?1 WHERE " + quoted(reference.name) + " IS NULL AND " + child.of_workspace +
                              " AND CAST(" + child.key_name +
                              " AS TEXT) IN (SELECT row_key FROM lockstep_detached WHERE mapping_id = ?2 AND "
                              "column_name = ?3 AND parent_mapping = ?4 AND parent_row = ?5)"));
        bind_key(fill, 1, row, reference.affinity, parent.key->affinity);
        fill.bind(2, child.number).bind(3, reference.name).bind(4, parent.number).bind(5, row);
        if (const auto filled = database_.run(fill, "filling references in again");
            !filled && !database_.refused_a_row())
          return filled;
        return {};
      }));
  return drop_detached(parent, row);
}

base::Result<void> SqliteStore::drop_detached(const Prepared& parent, std::string_view row) {
  ASSIGN_OR_RETURN(Statement * over,
                   statement("DELETE FROM lockstep_detached WHERE parent_mapping = ?1 AND parent_row = ?2"));
  over->bind(1, parent.number).bind(2, row);
  return database_.run(*over, "forgetting what referred to a row");
}

base::Result<void> SqliteStore::look_for_detached(Step& step) {
  ASSIGN_OR_RETURN(Statement * any, statement("SELECT 1 FROM lockstep_detached WHERE mapping_id = ?1 LIMIT 1"));
  any->bind(1, step.mapping.number);
  step.any_detached = any->step() == Statement::Step::row;
  any->reset();
  return {};
}

/// An empty reference: it still counts as what it was while the row it led to is away because it left the filter.
base::Result<model::Cell> SqliteStore::detached_cell(Step& step, std::size_t at, std::size_t field) {
  ASSIGN_OR_RETURN(
      Statement * find,
      statement("SELECT l.mapping_id, l.record_id FROM lockstep_detached d JOIN lockstep_links l ON "
                "l.mapping_id = d.parent_mapping AND l.row_key = d.parent_row WHERE d.mapping_id = ?1 AND "
                "d.row_key = ?2 AND d.column_name = ?3 AND l.place = 'outside' AND l.state = 'both_gone'"));
  Use use{*find};
  use->bind(1, step.mapping.number).bind(2, step.found[at].row_key).bind(3, step.mapping.columns[field]->name);
  switch (use->step()) {
    case Statement::Step::failed:
      return std::unexpected(database_.error("reading what a row referred to"));
    case Statement::Step::done:
      return model::Cell{};
    case Statement::Step::row:
      break;
  }
  ASSIGN_OR_RETURN(const auto into, merged_into(use->integer(0), use->text(1)));
  return model::Cell{step.known.rows.text().copy(into ? *into : use->text(1))};
}

/// What is written now is what the row refers to.
base::Result<void> SqliteStore::forget_detached(Step& step, const core::Settlement& s) {
  for (std::size_t i = 0; step.any_detached && i < step.mapping.columns.size(); ++i) {
    if (!s.columns[i] || step.mapping.mapping.fields[i].role != FieldRole::reference) continue;
    ASSIGN_OR_RETURN(Statement * over, statement("DELETE FROM lockstep_detached WHERE mapping_id = ?1 AND row_key = ?2 "
                                                 "AND column_name = ?3"));
    over->bind(1, step.mapping.number).bind(2, step.found[s.at].row_key).bind(3, step.mapping.columns[i]->name);
    RETURN_IF_ERROR(database_.run(*over, "forgetting what a row referred to"));
  }
  return {};
}

/// Nobody asks any more who matches the filter: what was flagged says nothing, and what was leaving stays.
base::Result<void> SqliteStore::forget_places(const Prepared& p) {
  const std::string of = " FROM lockstep_links WHERE mapping_id = " + std::to_string(p.number) +
                         " AND place IS NOT NULL AND state = 'linked'";
  ASSIGN_OR_RETURN(const auto any, database_.value("SELECT 1" + of + " LIMIT 1"));
  if (!any) return {};
  RETURN_IF_ERROR(guard(true));
  if (!p.sync.error.empty())
    RETURN_IF_ERROR(database_.execute("UPDATE OR ABORT " + quoted(p.table.name) + " SET " + p.sync.error +
                                      " = NULL WHERE " + p.sync.error + " = " + literal(core::flag_text(p.mapping)) +
                                      " AND " + p.of_workspace + " AND CAST(" + p.key_name +
                                      " AS TEXT) IN (SELECT row_key" + of + ")"));
  RETURN_IF_ERROR(database_.execute("UPDATE lockstep_links SET place = NULL WHERE mapping_id = " +
                                    std::to_string(p.number) + " AND place IS NOT NULL AND state = 'linked'"));
  return guard(false);
}

base::Result<void> SqliteStore::requeue_named(const model::Mapping& mapping) {
  ASSIGN_OR_RETURN(Statement * find, statement("SELECT row_key, waits_name, changed_at FROM lockstep_parked WHERE "
                                               "mapping_id = ?1 AND waits_name IS NOT NULL ORDER BY parked_id"));
  struct Waiting {
    std::string row, name;
    std::int64_t changed_at;
  };
  std::vector<Waiting> waiting;
  {
    Use use{*find};
    use->bind(1, id_of(mapping));
    while (use->step() == Statement::Step::row)
      waiting.push_back({std::string{use->text(0)}, std::string{use->text(1)}, use->integer(2)});
  }
  if (waiting.empty()) return {};
  ASSIGN_OR_RETURN(Prepared * p, prepared(mapping));
  RETURN_IF_ERROR(resolve_parents(*p));
  for (const Waiting& row : waiting)
    for (const auto& parent : p->parents) {
      if (!parent || !parent->by_name) continue;
      bool only_one = false;
      {
        Use named{parent->by_name};
        named->bind(1, row.name);
        only_one = named->step() == Statement::Step::row && named->step() == Statement::Step::done;
      }
      if (!only_one) continue;
      ASSIGN_OR_RETURN(Statement * put, statement("INSERT INTO lockstep_outbox(mapping_id, row_key, changed_at) VALUES "
                                                  "(?1, ?2, ?3) ON CONFLICT (mapping_id, row_key) DO NOTHING"));
      put->bind(1, p->number).bind(2, row.row).bind(3, row.changed_at);
      RETURN_IF_ERROR(database_.run(*put, "offering a parked row again"));
    }
  return {};
}

}  // namespace store
