// What is set aside: conflicts and parked rows and records; and the names that children show.
#include <algorithm>

#include "base/time_text.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/step.h"
#include "store/sqlite/values.h"

namespace store {
namespace {

using core::Conflict;
using core::Settlement;
using model::Cell;

std::string_view name_of(Conflict::Decision decision) {
  switch (decision) {
    case Conflict::Decision::org_won:
      return "org_won";
    case Conflict::Decision::store_won:
      return "store_won";
    case Conflict::Decision::open:
      return "open";
  }
  return "open";
}

std::string time_text(base::Utc moment) {
  return moment == base::Utc{} ? std::string{} : base::to_iso(moment);
}

/// Sets a row or a record aside, or counts another failure of it.
std::string put_parked(const std::string& key) {
  return "INSERT INTO lockstep_parked(mapping_id, " + key +
         ", kind, message, service_code, parked_at, retry_at, waits_for, changed_at, request, run_id, waits_mapping, "
         "waits_row, waits_name) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT "
         "(mapping_id, " +
         key + ") WHERE " + key +
         " IS NOT NULL DO UPDATE SET kind = excluded.kind, message = excluded.message, service_code = "
         "excluded.service_code, retry_at = excluded.retry_at, waits_for = excluded.waits_for, changed_at = "
         "max(changed_at, excluded.changed_at), request = COALESCE(excluded.request, request), "
         "run_id = excluded.run_id, attempts = attempts + 1, waits_mapping = excluded.waits_mapping, waits_row = "
         "excluded.waits_row, waits_name = excluded.waits_name";
}

std::string_view name_of(Conflict::Against against) {
  switch (against) {
    case Conflict::Against::edit:
      return "edit";
    case Conflict::Against::record_deleted:
      return "record_deleted";
    case Conflict::Against::row_deleted:
      return "row_deleted";
  }
  return "edit";
}

void bind_value(Statement& statement, int at, const Cell& cell) {
  if (cell.has_text()) {
    statement.bind(at, cell.text());
  } else {
    statement.bind_null(at);
  }
}

}  // namespace

base::Result<void> SqliteStore::write_conflicts(Step& step, const Settlement& s) {
  const Prepared& p = step.mapping;
  const std::string at = base::to_iso(step.now);
  for (const Conflict& conflict : s.conflicts) {
    const model::RecordId record = s.record ? s.record : step.record(s.at);
    const std::string org_changed_at = time_text(conflict.org_changed_at),
                      store_changed_at = time_text(conflict.store_changed_at);
    const auto bind_keys = [&](Statement& statement) {
      statement.bind(1, p.number).bind(2, p.mapping.fields[conflict.field].org_field);
      statement.bind_or_null(3, step.found[s.at].row_key).bind_or_null(4, record.view());
      bind_value(statement, 5, conflict.base);
      bind_value(statement, 6, conflict.org);
      bind_value(statement, 7, conflict.store);
      statement.bind(8, name_of(conflict.decision)).bind(9, at);
      statement.bind_or_null(11, org_changed_at).bind_or_null(12, conflict.org_changed_by.view());
      statement.bind_or_null(13, store_changed_at).bind_or_null(14, run_);
    };
    if (conflict.decision == Conflict::Decision::open) {
      // Both sides still hold theirs, so the newest values are the whole story.
      ASSIGN_OR_RETURN(
          Statement * renew,
          statement(
              "UPDATE lockstep_conflicts SET base_value = ?5, org_value = ?6, store_value = ?7, "
              "record_id = COALESCE(?4, record_id), org_changed_at = COALESCE(?11, org_changed_at), org_changed_by = "
              "COALESCE(?12, org_changed_by), store_changed_at = COALESCE(?13, store_changed_at), run_id = "
              "COALESCE(?14, run_id), against = ?15 WHERE mapping_id = ?1 AND field = ?2 AND row_key IS "
              "?3 AND decision = ?8 AND resolved_at IS NULL AND ?9 IS NOT NULL"));
      bind_keys(*renew);
      renew->bind(15, name_of(conflict.against));
      RETURN_IF_ERROR(database_.run(*renew, "recording a conflict"));
      if (database_.changes() > 0) {
        step.wrote_conflicts = true;
        continue;
      }
    }
    ASSIGN_OR_RETURN(
        Statement * record_it,
        statement("INSERT INTO lockstep_conflicts(mapping_id, field, row_key, record_id, base_value, "
                  "org_value, store_value, decision, at, column_name, org_changed_at, org_changed_by, "
                  "store_changed_at, run_id, against) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
                  "?14, ?15 WHERE NOT EXISTS (SELECT 1 FROM lockstep_conflicts WHERE mapping_id = ?1 AND "
                  "row_key IS ?3 AND field = ?2 AND record_id IS ?4 AND base_value IS ?5 AND org_value IS ?6 "
                  "AND store_value IS ?7 AND decision = ?8 AND resolved_at IS NULL)"));
    bind_keys(*record_it);
    record_it->bind(10, p.mapping.fields[conflict.field].column).bind(15, name_of(conflict.against));
    RETURN_IF_ERROR(database_.run(*record_it, "recording a conflict"));
    if (conflict.decision == Conflict::Decision::open && database_.changes() > 0) step.opened.push_back(conflict);
    step.wrote_conflicts = true;
  }
  return {};
}

base::Result<void> SqliteStore::close_conflicts(Step& step, const Settlement& s) {
  const Prepared& p = step.mapping;
  if (!step.any_open_conflicts) return {};
  if (s.remove_row || s.link == core::LinkState::none || s.link == core::LinkState::both_gone) {
    ASSIGN_OR_RETURN(Statement * all,
                     statement("UPDATE lockstep_conflicts SET resolved_at = ?3, resolution = ?4 WHERE mapping_id = ?1 "
                               "AND row_key = ?2 AND decision = 'open' AND resolved_at IS NULL"));
    const std::string now = base::to_iso(step.now);
    all->bind(1, p.number).bind(2, step.found[s.at].row_key).bind(3, now).bind_or_null(4, s.resolution);
    return database_.run(*all, "closing conflicts");
  }
  if (s.base.empty()) return {};
  ASSIGN_OR_RETURN(Statement * find,
                   statement("SELECT conflict_id, field, base_value FROM lockstep_conflicts WHERE mapping_id = ?1 AND "
                             "row_key = ?2 AND decision = 'open' AND resolved_at IS NULL"));
  std::vector<std::int64_t> over;
  {
    Use open{*find};
    open->bind(1, p.number).bind(2, step.found[s.at].row_key);
    while (open->step() == Statement::Step::row) {
      const auto field = std::ranges::find(p.mapping.fields, open->text(1), &model::FieldMapping::org_field);
      if (field == p.mapping.fields.end()) continue;
      const auto i = static_cast<std::size_t>(field - p.mapping.fields.begin());
      const auto again = std::ranges::find(s.conflicts, i, &Conflict::field);
      if (again != s.conflicts.end() && again->decision == Conflict::Decision::open) continue;
      // A person has decided, or a rule.
      if (s.resolved[i] || again != s.conflicts.end()) {
        over.push_back(open->integer(0));
        continue;
      }
      const Cell then = open->is_null(2) ? Cell{} : Cell{open->text(2)};
      const Cell row = s.columns[i] ? s.values[i] : step.known.rows[s.at][i];
      // Over when the two sides agreed on a new value, or the row went back to the agreed one.
      if (s.base[i] != then || row == s.base[i]) over.push_back(open->integer(0));
    }
  }
  const std::string at = base::to_iso(step.now);
  for (const std::int64_t id : over) {
    ASSIGN_OR_RETURN(Statement * close, statement("UPDATE lockstep_conflicts SET resolved_at = ?2, resolution = ?3 "
                                                  "WHERE conflict_id = ?1"));
    close->bind(1, id).bind(2, at).bind_or_null(3, s.resolution);
    RETURN_IF_ERROR(database_.run(*close, "closing a conflict"));
  }
  return {};
}

base::Result<void> SqliteStore::park(Step& step, std::size_t at, const core::Parked& parked,
                                     std::span<const model::RowKey> fits) {
  // Pulled records are offered again by the record, pushed rows by the row.
  if (step.observed && step.record(at)) {
    RETURN_IF_ERROR(park_record(step.mapping.mapping, step.record(at), parked));
    return keep_fits(step.mapping.mapping, step.record(at), fits);
  }
  if (step.found[at].row_key.empty()) return {};
  return park_row(step, step.found[at].row_key, parked, step.known.heads[at].changed_at);
}

base::Result<void> SqliteStore::park_row(Step& step, std::string_view row, const core::Parked& parked,
                                         base::Utc changed_at) {
  static const std::string sql = put_parked("row_key");
  ASSIGN_OR_RETURN(Statement * put, statement(sql.c_str()));
  std::string waits_row, waits_name;
  if (parked.waits_for_field)
    RETURN_IF_ERROR(read_waited_for(step, row, *parked.waits_for_field, waits_row, waits_name));
  put->bind(1, step.mapping.number).bind(2, row).bind_null(12);
  if (!waits_row.empty() || !waits_name.empty()) put->bind(12, step.mapping.parents[*parked.waits_for_field]->mapping);
  put->bind_or_null(13, waits_row).bind_or_null(14, waits_name);
  return put_aside(*put, parked, changed_at);
}

base::Result<void> SqliteStore::read_waited_for(Step& step, std::string_view row, std::size_t field,
                                                std::string& waits_row, std::string& waits_name) {
  const Prepared& p = step.mapping;
  if (!p.parents[field]) return {};
  ASSIGN_OR_RETURN(Statement find,
                   database_.prepare("SELECT CAST(" + quoted(p.columns[field]->name) + " AS TEXT) FROM " +
                                     quoted(p.table.name) + " WHERE " + p.key_name + " = ?1"));
  bind_key(find, 1, row, p.key->affinity, Affinity::integer);
  const auto read = find.step();
  if (read == Statement::Step::failed) return std::unexpected(database_.error("reading what a row waits for"));
  if (read == Statement::Step::row)
    (p.mapping.fields[field].role == model::FieldRole::parent_name ? waits_name : waits_row) = find.text(0);
  return {};
}

base::Result<void> SqliteStore::park_record(const model::Mapping& mapping, model::RecordId record,
                                            const core::Parked& parked) {
  if (!record) return {};
  static const std::string sql = put_parked("record_id");
  ASSIGN_OR_RETURN(Statement * put, statement(sql.c_str()));
  put->bind(1, static_cast<std::int64_t>(mapping.id)).bind(2, record.view());
  put->bind_null(12).bind_null(13).bind_null(14);
  return put_aside(*put, parked, {});
}

base::Result<void> SqliteStore::put_aside(Statement& put, const core::Parked& parked, base::Utc changed_at) {
  const std::string now = base::to_iso(clock_.now());
  put.bind(3, base::name_of(parked.error.kind)).bind(4, parked.error.message);
  put.bind_or_null(5, parked.error.service_code).bind(6, now).bind(7, milliseconds(parked.retry_at));
  put.bind_or_null(8, parked.waits_for.view()).bind(9, milliseconds(changed_at));
  put.bind_or_null(10, parked.request).bind_or_null(11, run_);
  return database_.run(put, "setting something aside");
}

base::Result<int> SqliteStore::attempts_at(const model::Mapping& mapping, model::RecordId record) {
  ASSIGN_OR_RETURN(Statement * find, statement("SELECT attempts FROM lockstep_parked WHERE mapping_id = ?1 AND "
                                               "record_id = ?2"));
  Use use{*find};
  use->bind(1, static_cast<std::int64_t>(mapping.id)).bind(2, record.view());
  return use->step() == Statement::Step::row ? static_cast<int>(use->integer(0)) : 0;
}

base::Result<void> SqliteStore::unpark(Step& step, std::size_t at, bool with_record) {
  if (!step.any_parked) return {};
  ASSIGN_OR_RETURN(Statement * free, statement("DELETE FROM lockstep_parked WHERE mapping_id = ?1 AND (row_key = ?2 OR "
                                               "record_id = ?3)"));
  free->bind(1, step.mapping.number).bind_or_null(2, step.found[at].row_key);
  const model::RecordId record = step.record(at);
  free->bind_or_null(3, with_record ? record.view() : std::string_view{});
  return database_.run(*free, "clearing what was parked");
}

base::Result<void> SqliteStore::unpark_record(const model::Mapping& mapping, model::RecordId record) {
  ASSIGN_OR_RETURN(Statement * free, statement("DELETE FROM lockstep_parked WHERE mapping_id = ?1 AND record_id = ?2"));
  free->bind(1, static_cast<std::int64_t>(mapping.id)).bind(2, record.view());
  return database_.run(*free, "clearing what was parked");
}

base::Result<void> SqliteStore::rename_in_children(Step& step, const Settlement& s) {
  const Prepared& parent = step.mapping;
  if (!parent.name_field || !step.known.heads[s.at].row_exists) return {};
  const std::size_t i = *parent.name_field;
  const bool by_row = s.columns[i];
  if (!by_row && s.base.empty()) return {};
  const Cell before = by_row ? step.known.rows[s.at][i] : step.known.bases[s.at][i];
  const Cell after = by_row ? s.values[i] : s.base[i];
  if (before == after || !before.has_text()) return {};
  for (const auto& [id, child] : prepared_) {
    if (child->mapping.workspace != parent.mapping.workspace) continue;
    for (std::size_t f = 0; f < child->mapping.fields.size(); ++f) {
      const model::FieldMapping& field = child->mapping.fields[f];
      if (field.role != model::FieldRole::parent_name || field.parent_object != parent.mapping.object) continue;
      const Column& reference = *child->columns[field.via];
      const std::string name = quoted(child->columns[f]->name);
      // A child whose text is another one was edited: that stands for another parent, and stays.
      ASSIGN_OR_RETURN(
          Statement rename,
          database_.prepare("UPDATE OR ABORT " + quoted(child->table.name) + " SET " + name + " = ?1 WHERE " +
                            quoted(reference.name) + " = ?2 AND TRIM(" + name + ") = ?3 AND " + child->of_workspace));
      bind_value(rename, 1, after);
      bind_key(rename, 2, step.found[s.at].row_key, reference.affinity, parent.key->affinity);
      rename.bind(3, before.text());
      if (const auto renamed = database_.run(rename, "renaming a parent in its children");
          !renamed && !database_.refused_a_row())
        return renamed;
    }
  }
  return {};
}

}  // namespace store
