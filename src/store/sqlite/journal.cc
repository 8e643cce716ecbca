// What people look at: conflicts, what is parked, and the history.
#include <algorithm>

#include "base/time_text.h"
#include "core/compile_mapping.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/step.h"

namespace store {
namespace {

core::Text text_at(const Statement& row, int column) {
  return row.is_null(column) ? core::Text{} : core::Text{std::string{row.text(column)}};
}

std::optional<base::Utc> time_at(const Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : base::parse_iso(row.text(column));
}

base::Utc utc_at(const Statement& row, int column) {
  return base::Utc{std::chrono::milliseconds{row.integer(column)}};
}

model::RecordId record_at(const Statement& row, int column) {
  return model::RecordId::parse(row.text(column)).value_or(model::RecordId{});
}

/// Which mappings an integration has: those of its documents, and built-in ones of its workspace.
constexpr const char* of_integration =
    "coalesce((SELECT f.integration_id = ?1 FROM lockstep_field_mappings f WHERE f.id = c.mapping_id), c.workspace_id "
    "= "
    "(SELECT workspace_id FROM lockstep_integrations WHERE id = ?1))";

/// A list of numbers for an IN.
std::string listed(const std::vector<std::int64_t>& ids) {
  std::string text;
  for (const std::int64_t id : ids) (text += text.empty() ? "" : ",") += std::to_string(id);
  return text;
}

}  // namespace

base::Result<std::vector<core::ConflictEntry>> SqliteStore::conflicts(const model::IntegrationId& integration,
                                                                      const core::EntryFilter& filter) {
  std::string sql =
      "SELECT x.conflict_id, x.mapping_id, c.object, x.field, x.column_name, x.row_key, x.record_id, x.base_value, "
      "x.org_value, x.store_value, x.decision, x.at, x.org_changed_at, x.store_changed_at, x.org_changed_by, x.run_id, "
      "x.resolved_at, x.resolution, x.against FROM lockstep_conflicts x JOIN lockstep_captures c USING (mapping_id) "
      "WHERE " +
      std::string{of_integration} + " AND x.conflict_id > ?2";
  if (!filter.settled_too) sql += " AND x.decision = 'open' AND x.resolved_at IS NULL";
  if (!filter.ids.empty()) sql += " AND x.conflict_id IN (" + listed(filter.ids) + ")";
  if (!filter.object.empty()) sql += " AND c.object = ?3";
  if (!filter.field.empty()) sql += " AND (x.field = ?4 COLLATE NOCASE OR x.column_name = ?4 COLLATE NOCASE)";
  if (!filter.row.empty()) sql += " AND x.row_key = ?6";
  ASSIGN_OR_RETURN(Statement find, database_.prepare(sql + " ORDER BY x.conflict_id LIMIT ?5"));
  find.bind(1, integration.text).bind(2, filter.after).bind(5, static_cast<std::int64_t>(filter.limit));
  if (!filter.object.empty()) find.bind(3, filter.object);
  if (!filter.field.empty()) find.bind(4, filter.field);
  if (!filter.row.empty()) find.bind(6, filter.row);
  return database_.all(find, "reading the conflicts", [](const Statement& row) {
    return core::ConflictEntry{.id = row.integer(0),
                               .mapping = static_cast<model::MappingId>(row.integer(1)),
                               .object = std::string{row.text(2)},
                               .field = std::string{row.text(3)},
                               .column = std::string{row.text(4)},
                               .row = {std::string{row.text(5)}},
                               .record = record_at(row, 6),
                               .base = text_at(row, 7),
                               .org = text_at(row, 8),
                               .store = text_at(row, 9),
                               .decision = std::string{row.text(10)},
                               .against = std::string{row.text(18)},
                               .at = time_at(row, 11).value_or(base::Utc{}),
                               .org_changed_at = time_at(row, 12),
                               .store_changed_at = time_at(row, 13),
                               .org_changed_by = record_at(row, 14),
                               .run = std::string{row.text(15)},
                               .resolved_at = time_at(row, 16),
                               .resolution = std::string{row.text(17)}};
  });
}

base::Result<std::vector<core::ParkedEntry>> SqliteStore::parked(const model::IntegrationId& integration,
                                                                 const core::EntryFilter& filter) {
  std::string sql =
      "SELECT x.parked_id, x.mapping_id, c.object, c.table_name, x.row_key, x.record_id, x.kind, x.service_code, "
      "x.message, x.request, x.run_id, x.parked_at, x.retry_at, x.waits_for, x.attempts FROM lockstep_parked x "
      "JOIN lockstep_captures c USING (mapping_id) WHERE " +
      std::string{of_integration} + " AND x.parked_id > ?2";
  if (!filter.ids.empty()) sql += " AND x.parked_id IN (" + listed(filter.ids) + ")";
  if (!filter.object.empty()) sql += " AND c.object = ?3";
  if (!filter.code.empty()) sql += " AND x.service_code = ?4";
  ASSIGN_OR_RETURN(Statement find, database_.prepare(sql + " ORDER BY x.parked_id LIMIT ?5"));
  find.bind(1, integration.text).bind(2, filter.after).bind(5, static_cast<std::int64_t>(filter.limit));
  if (!filter.object.empty()) find.bind(3, filter.object);
  if (!filter.code.empty()) find.bind(4, filter.code);
  return database_.all(find, "reading what is parked", [](const Statement& row) {
    return core::ParkedEntry{.id = row.integer(0),
                             .mapping = static_cast<model::MappingId>(row.integer(1)),
                             .object = std::string{row.text(2)},
                             .table = std::string{row.text(3)},
                             .row = {std::string{row.text(4)}},
                             .record = record_at(row, 5),
                             .kind = std::string{row.text(6)},
                             .code = std::string{row.text(7)},
                             .message = std::string{row.text(8)},
                             .request = std::string{row.text(9)},
                             .run = std::string{row.text(10)},
                             .parked_at = time_at(row, 11).value_or(base::Utc{}),
                             .retry_at = utc_at(row, 12),
                             .waits_for = record_at(row, 13),
                             .attempts = static_cast<int>(row.integer(14))};
  });
}

base::Result<void> SqliteStore::retry(const std::vector<std::int64_t>& parked) {
  const std::string chosen = " FROM lockstep_parked p WHERE p.parked_id IN (" + listed(parked) + ")";
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
  // A row has its outbox entry at once, so that a daemon sees that there is work.
  RETURN_IF_ERROR(
      database_.execute("INSERT INTO lockstep_outbox(mapping_id, row_key, changed_at) SELECT p.mapping_id, "
                        "p.row_key, p.changed_at" +
                        chosen +
                        " AND p.row_key IS NOT NULL ORDER BY p.parked_id ON CONFLICT (mapping_id, row_key) "
                        "DO NOTHING"));
  RETURN_IF_ERROR(
      database_.execute("UPDATE lockstep_parked SET retry_at = 1 WHERE parked_id IN (" + listed(parked) + ")"));
  return transaction.commit();
}

base::Result<void> SqliteStore::discard(const std::vector<std::int64_t>& parked) {
  return database_.execute("DELETE FROM lockstep_parked WHERE parked_id IN (" + listed(parked) + ")");
}

// --- history

base::Result<void> SqliteStore::note(Step& step, const core::Settlement& s) {
  const Prepared& p = step.mapping;
  const auto note = core::history_note(p.mapping, step.known.heads[s.at], step.known.rows[s.at], step.known.bases[s.at],
                                       s, step.opened);
  if (!note) return {};
  return write_history(p.mapping, step.found[s.at].row_key, s.record ? s.record : step.record(s.at), *note, s.request);
}

base::Result<void> SqliteStore::write_history(const model::Mapping& mapping, std::string_view row,
                                              model::RecordId record, const core::HistoryNote& note,
                                              std::string_view request) {
  ASSIGN_OR_RETURN(
      Statement * put,
      statement("INSERT INTO lockstep_history(at, mapping_id, row_key, record_id, action, details, run_id, "
                "request) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
  put->bind(1, milliseconds(clock_.now())).bind(2, static_cast<std::int64_t>(mapping.id)).bind_or_null(3, row);
  put->bind_or_null(4, record.view()).bind(5, note.action).bind(6, note.details).bind_or_null(7, run_);
  put->bind_or_null(8, request);
  return database_.run(*put, "writing the history");
}

/// One entry a page: the links made together have numbers that follow one another.
base::Result<void> SqliteStore::note_load(const model::Mapping& mapping, std::int64_t first_link,
                                          std::int64_t last_link) {
  ASSIGN_OR_RETURN(
      Statement * put,
      statement("INSERT INTO lockstep_history(at, mapping_id, first_link, last_link, action, details, run_id) "
                "VALUES (?1, ?2, ?3, ?4, 'row_created', '{\"first_load\":true}', ?5)"));
  put->bind(1, milliseconds(clock_.now())).bind(2, static_cast<std::int64_t>(mapping.id)).bind(3, first_link);
  put->bind(4, last_link).bind_or_null(5, run_);
  return database_.run(*put, "writing the history");
}

base::Result<std::vector<core::HistoryEntry>> SqliteStore::history(std::string_view key, std::size_t limit) {
  const auto slash = key.find('/');
  const std::string where{slash == std::string_view::npos ? std::string_view{} : key.substr(0, slash)};
  const std::string_view what = slash == std::string_view::npos ? key : key.substr(slash + 1);
  const auto record = model::RecordId::parse(what);
  const std::string object = core::object_for(where);
  // The pairs that the key may mean, living or forgotten; then all that was written of each under either name.
  ASSIGN_OR_RETURN(
      Statement * find,
      statement(
          "WITH pair(mapping_id, row_key, record_id, link_id) AS (SELECT mapping_id, row_key, record_id, link_id FROM "
          "lockstep_links WHERE record_id = ?2 OR row_key = ?1 UNION SELECT mapping_id, row_key, record_id, NULL FROM "
          "lockstep_history WHERE record_id = ?2 OR row_key = ?1), named(mapping_id, object, row_key, record_id, "
          "link_id) AS (SELECT p.mapping_id, c.object, p.row_key, p.record_id, p.link_id FROM pair p JOIN "
          "lockstep_captures c USING (mapping_id) WHERE ?3 = '' OR c.table_name = ?3 COLLATE NOCASE OR c.object = ?4 "
          "COLLATE NOCASE), seen(history_id, object, row_key, record_id) AS (SELECT h.history_id, n.object, n.row_key, "
          "n.record_id FROM named n JOIN lockstep_history h ON h.mapping_id = n.mapping_id AND h.row_key = n.row_key "
          "UNION SELECT h.history_id, n.object, n.row_key, n.record_id FROM named n JOIN lockstep_history h ON "
          "h.mapping_id = n.mapping_id AND h.record_id = n.record_id UNION SELECT h.history_id, n.object, n.row_key, "
          "n.record_id FROM named n JOIN lockstep_history h ON h.mapping_id = n.mapping_id AND n.link_id BETWEEN "
          "h.first_link AND h.last_link) SELECT h.history_id, h.at, s.object, coalesce(h.row_key, max(s.row_key)), "
          "coalesce(h.record_id, max(s.record_id)), h.action, h.details, h.run_id, h.request FROM seen s JOIN "
          "lockstep_history h USING (history_id) GROUP BY h.history_id ORDER BY h.history_id DESC LIMIT ?5"));
  Use use{*find};
  use->bind(1, what).bind_or_null(2, record ? record->view() : std::string_view{}).bind(3, where).bind(4, object);
  use->bind(5, static_cast<std::int64_t>(limit));
  return database_.all(*use, "reading the history", [](const Statement& row) {
    return core::HistoryEntry{.id = row.integer(0),
                              .at = utc_at(row, 1),
                              .object = std::string{row.text(2)},
                              .row = {std::string{row.text(3)}},
                              .record = record_at(row, 4),
                              .action = std::string{row.text(5)},
                              .details = std::string{row.text(6)},
                              .run = std::string{row.text(7)},
                              .request = std::string{row.text(8)}};
  });
}

base::Result<std::int64_t> SqliteStore::forget_history(base::Utc before, std::size_t most) {
  // Numbers grow with time, so the oldest stand first.
  ASSIGN_OR_RETURN(Statement * drop,
                   statement("DELETE FROM lockstep_history WHERE history_id IN (SELECT history_id FROM "
                             "lockstep_history ORDER BY history_id LIMIT ?2) AND at < ?1"));
  drop->bind(1, milliseconds(before)).bind(2, static_cast<std::int64_t>(most));
  RETURN_IF_ERROR(database_.run(*drop, "forgetting old history"));
  return database_.changes();
}

}  // namespace store
