// What changed in a mapping since it was prepared last, and what is to be read again for it.
#include <algorithm>

#include "store/sqlite/capture.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/step.h"

namespace store {
namespace {

using model::SyncDirection;
using model::WriteMode;

/// A field's place, and what it may do.
struct Rules {
  std::string place;  ///< Column, org field, transform.
  SyncDirection direction = SyncDirection::both;
  WriteMode write_mode = WriteMode::always;
};

std::string place_of(const model::FieldMapping& field) {
  return field.column + '\t' + field.org_field + '\t' + model::signature(field.transform.get());
}

std::string line_of(const model::FieldMapping& field) {
  return place_of(field) + '\t' + std::string{model::name_of(field.direction)} + '\t' +
         std::string{model::name_of(field.write_mode)} + '\n';
}

/// The filter and, where it matters who leaves it, what becomes of them.
std::string filter_rule(const model::Mapping& mapping) {
  if (!mapping.follows_filter()) return mapping.filter;
  return mapping.filter + '\n' + std::string{model::name_of(mapping.on_filter_leave)};
}

std::vector<Rules> rules_from(std::string_view lines) {
  std::vector<Rules> all;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    const auto mode = line.rfind('\t'), direction = line.rfind('\t', mode == 0 ? 0 : mode - 1);
    if (mode == std::string_view::npos || direction == std::string_view::npos) continue;
    all.push_back(
        {std::string{line.substr(0, direction)},
         model::sync_direction_named(line.substr(direction + 1, mode - direction - 1)).value_or(SyncDirection::both),
         model::write_mode_named(line.substr(mode + 1)).value_or(WriteMode::always)});
  }
  return all;
}

/// Whether what was agreed on under the earlier rules leaves nothing to do under the new ones.
bool may_less(const Rules& before, const model::FieldMapping& now) {
  const bool flows = before.direction == SyncDirection::both || before.direction == now.direction;
  return flows && (before.write_mode == WriteMode::always || now.write_mode == WriteMode::if_empty);
}

}  // namespace

base::Result<void> SqliteStore::note_rules(const Prepared& p) {
  const model::Mapping& mapping = p.mapping;
  const std::string id = std::to_string(p.number);
  ASSIGN_OR_RETURN(const auto noted, database_.value("SELECT fields FROM lockstep_captures WHERE mapping_id = ?1", id));
  ASSIGN_OR_RETURN(const auto filter,
                   database_.value("SELECT filter FROM lockstep_captures WHERE mapping_id = ?1", id));
  std::string lines;
  for (const model::FieldMapping& field : mapping.fields) lines += line_of(field);
  const std::string whole = filter_rule(mapping);
  if (noted == lines && filter == whole) return {};
  if (!mapping.follows_filter()) RETURN_IF_ERROR(forget_places(p));

  ASSIGN_OR_RETURN(Statement keep, database_.prepare("UPDATE lockstep_captures SET fields = ?2, filter = ?3 WHERE "
                                                     "mapping_id = ?1"));
  keep.bind(1, p.number).bind(2, lines).bind(3, whole);
  RETURN_IF_ERROR(database_.run(keep, "noting the fields of the mapping of " + mapping.object));
  ASSIGN_OR_RETURN(const auto position, this->position(mapping));
  if (!noted || std::holds_alternative<model::Beginning>(position)) return {};  // Everything is still to be read.

  const std::vector<Rules> before = rules_from(*noted);
  std::string changed;
  for (const model::FieldMapping& field : mapping.fields) {
    const auto same = std::ranges::find(before, place_of(field), &Rules::place);
    if (same != before.end() && may_less(*same, field)) continue;
    changed += place_of(field) + '\n';
    if (mapping.direction == SyncDirection::to_org) RETURN_IF_ERROR(send_column(p, field));
  }
  const bool everything = filter != whole;
  if (mapping.direction == SyncDirection::to_org || (changed.empty() && !everything)) return {};
  // What an earlier change still wants is wanted with it, from the beginning.
  ASSIGN_OR_RETURN(
      Statement put,
      database_.prepare("INSERT INTO lockstep_sweeps(mapping_id, fields, everything, reached_at) VALUES (?1, "
                        "?2, ?3, 0) ON CONFLICT (mapping_id) DO UPDATE SET fields = fields || "
                        "excluded.fields, everything = max(everything, excluded.everything), reached_at = "
                        "0, reached_record = NULL"));
  put.bind(1, p.number).bind(2, changed).bind(3, std::int64_t{everything});
  return database_.run(put, "noting what is to be read again of " + mapping.object);
}

/// Nobody polls a mapping that only sends, so a column that is new to it is sent from all rows that have something
/// there.
base::Result<void> SqliteStore::send_column(const Prepared& p, const model::FieldMapping& field) {
  const std::vector<std::string> columns = columns_of(field);
  if (columns.empty()) return {};
  std::string filled;
  for (const std::string& column : columns)
    (filled += filled.empty() ? "" : " OR ") += "t." + quoted(p.table.find(column)->name) + " IS NOT NULL";
  return database_.execute("INSERT INTO lockstep_outbox(mapping_id, row_key, changed_at) SELECT " +
                           std::to_string(p.number) + ", CAST(t." + p.key_name + " AS TEXT), " + clock_sql + " FROM " +
                           quoted(p.table.name) + " t WHERE " + of_workspace(p.mapping, p.table, "t.") + " AND (" +
                           filled + ") AND t." + p.key_name +
                           " IS NOT NULL ON CONFLICT (mapping_id, row_key) DO NOTHING");
}

base::Result<void> SqliteStore::reopen_decided(const Prepared& p) {
  ASSIGN_OR_RETURN(const auto any,
                   database_.value("SELECT 1 FROM lockstep_conflicts WHERE mapping_id = ?1 AND decision "
                                   "= 'open' AND resolved_at IS NULL LIMIT 1",
                                   std::to_string(p.number)));
  if (!any) return {};
  std::string decided;
  for (const model::FieldMapping& field : p.mapping.fields)
    if (field.on_conflict != model::ConflictPolicy::manual || field.direction != SyncDirection::both)
      (decided += decided.empty() ? "" : ", ") += literal(field.org_field);
  if (decided.empty()) return {};
  // A deleted row has nothing to offer again: its deletion is to be settled once more.
  RETURN_IF_ERROR(database_.execute(
      "UPDATE lockstep_links SET state = 'row_deleted' WHERE state = 'row_gone' AND mapping_id = " +
      std::to_string(p.number) +
      " AND row_key IN (SELECT row_key FROM lockstep_conflicts WHERE mapping_id = " + std::to_string(p.number) +
      " AND decision = 'open' AND resolved_at IS NULL AND against = 'row_deleted' AND field IN (" + decided + "))"));
  return database_.execute(
      "INSERT INTO lockstep_outbox(mapping_id, row_key, changed_at) SELECT mapping_id, row_key, "
      "coalesce(max(CAST(ROUND((julianday(store_changed_at) - 2440587.5) * 86400000.0) AS INTEGER)), " +
      std::string{clock_sql} + ") FROM lockstep_conflicts WHERE mapping_id = " + std::to_string(p.number) +
      " AND decision = 'open' AND resolved_at IS NULL AND against <> 'row_deleted' AND row_key IS NOT NULL AND field "
      "IN (" +
      decided + ") GROUP BY mapping_id, row_key ON CONFLICT (mapping_id, row_key) DO NOTHING");
}

base::Result<std::optional<core::Sweep>> SqliteStore::sweep(const model::Mapping& mapping) {
  ASSIGN_OR_RETURN(Statement * find, statement("SELECT fields, everything, reached_at, reached_record FROM "
                                               "lockstep_sweeps WHERE mapping_id = ?1"));
  Use use{*find};
  use->bind(1, static_cast<std::int64_t>(mapping.id));
  switch (use->step()) {
    case Statement::Step::failed:
      return std::unexpected(database_.error("reading what is to be read again"));
    case Statement::Step::done:
      return std::optional<core::Sweep>{};
    case Statement::Step::row:
      break;
  }
  core::Sweep sweep;
  sweep.everything = use->integer(1) != 0;
  sweep.reached = {base::Utc{std::chrono::milliseconds{use->integer(2)}},
                   model::RecordId::parse(use->text(3)).value_or(model::RecordId{})};
  const std::string lines = '\n' + std::string{use->text(0)};
  for (std::size_t i = 0; i < mapping.fields.size(); ++i)
    sweep.fields[i] = lines.find('\n' + place_of(mapping.fields[i]) + '\n') != std::string::npos;
  // The fields may have left the mapping since.
  if (!sweep.everything && sweep.fields.none()) return std::optional<core::Sweep>{};
  return std::optional{sweep};
}

base::Result<void> SqliteStore::keep_sweep(const model::Mapping& mapping, const core::WriteSet& writes) {
  if (writes.sweep_done) {
    ASSIGN_OR_RETURN(Statement * over, statement("DELETE FROM lockstep_sweeps WHERE mapping_id = ?1"));
    over->bind(1, static_cast<std::int64_t>(mapping.id));
    return database_.run(*over, "ending a sweep");
  }
  if (!writes.swept_to) return {};
  ASSIGN_OR_RETURN(Statement * keep, statement("UPDATE lockstep_sweeps SET reached_at = ?2, reached_record = ?3 WHERE "
                                               "mapping_id = ?1"));
  keep->bind(1, static_cast<std::int64_t>(mapping.id)).bind(2, milliseconds(writes.swept_to->at));
  keep->bind_or_null(3, writes.swept_to->last.view());
  return database_.run(*keep, "noting how far a sweep has come");
}

}  // namespace store
