// Integrations, mappings, runs and describes: the tables that users read and edit.
#include <algorithm>
#include <array>

#include "base/time_text.h"
#include "core/mapping_document.h"
#include "store/sqlite/registry_json.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/step.h"

namespace store {
namespace {

/// The objects that have a column of their own, in the order of the columns.
constexpr std::array<std::string_view, 5> own_flags = {"Contact", "Account", "Opportunity", "Task", "Event"};

std::optional<base::Utc> moment(const Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : base::parse_iso(row.text(column));
}

core::Integration integration_from(const Statement& row) {
  core::Integration i;
  i.id.text = row.text(0);
  i.workspace = row.text(1);
  i.flow = row.text(2);
  i.login_url = row.text(3);
  i.instance_url = row.text(4);
  i.org_id = row.text(5);
  i.username = row.text(6);
  i.access_token = row.text(7);
  i.refresh_token = row.text(8);
  i.is_active = row.integer(9) != 0;
  i.direction = model::sync_direction_named(row.text(10)).value_or(model::SyncDirection::both);
  i.sync_frequency_minutes = static_cast<int>(row.integer(11));
  i.sync_objects = flags_from(row.text(12));
  for (int flag = 0; flag < 5; ++flag)
    i.sync_objects[std::string{own_flags[static_cast<std::size_t>(flag)]}] = row.integer(13 + flag) != 0;
  i.on_conflict = model::conflict_policy_named(row.text(18)).value_or(model::ConflictPolicy::newest_wins);
  i.filters = filters_from(row.text(19));
  i.sync_status = row.text(20);
  i.last_error = row.text(21);
  i.last_sync_at = moment(row, 22);
  i.next_sync_at = moment(row, 23);
  i.stats = stats_from(row.text(24));
  i.created_at = moment(row, 25).value_or(base::Utc{});
  i.secret = row.text(26);
  i.on_record_deleted = model::delete_policy_named(row.text(27)).value_or(model::DeletePolicy::follow);
  i.on_row_deleted = model::delete_policy_named(row.text(28)).value_or(model::DeletePolicy::follow);
  i.limits = {row.integer(29), static_cast<int>(row.integer(30)), row.integer(31), static_cast<int>(row.integer(32))};
  return i;
}

constexpr const char* run_columns =
    "SELECT id, integration_id, operation, status, started_at, completed_at, duration, api_calls, summary, objects, "
    "sync_errors FROM lockstep_sync_logs";

core::RunRecord run_from(const Statement& row) {
  core::RunRecord run;
  run.id.text = row.text(0);
  run.integration.text = row.text(1);
  run.operation = row.text(2);
  run.status = row.text(3);
  run.started_at = moment(row, 4).value_or(base::Utc{});
  run.completed_at = moment(row, 5);
  run.duration = std::chrono::milliseconds{row.integer(6)};
  run.api_calls = row.integer(7);
  summary_from(row.text(8), run);
  objects_from(row.text(9), run);
  errors_from(row.text(10), run);
  return run;
}

/// A time for a column; the text must outlive the statement's use.
void bind_time(Statement& statement, int at, const std::optional<base::Utc>& time, std::string& text) {
  if (!time) {
    statement.bind_null(at);
    return;
  }
  text = base::to_iso(*time);
  statement.bind(at, text);
}

/// Binds the objects that have a column of their own, from parameter `first` on, and returns the others.
std::map<std::string, bool> bind_own_flags(Statement& statement, int first, const core::Integration& i) {
  std::map<std::string, bool> others = i.sync_objects;
  for (int flag = 0; flag < 5; ++flag) {
    const std::string name{own_flags[static_cast<std::size_t>(flag)]};
    const auto found = i.sync_objects.find(name);
    // Where nothing is said, the documented defaults: tasks and events are off.
    statement.bind(first + flag, std::int64_t{found == i.sync_objects.end() ? flag < 3 : found->second});
    others.erase(name);
  }
  return others;
}

/// What deletes do, and how many of them may be done: six columns from `first` on.
void bind_deletes(Statement& statement, int first, const core::Integration& i) {
  statement.bind(first, model::name_of(i.on_record_deleted)).bind(first + 1, model::name_of(i.on_row_deleted));
  statement.bind(first + 2, i.limits.deletes).bind(first + 3, std::int64_t{i.limits.delete_percent});
  statement.bind(first + 4, i.limits.changes).bind(first + 5, std::int64_t{i.limits.change_percent});
}

}  // namespace

base::Result<std::vector<core::Integration>> SqliteStore::integrations() {
  ASSIGN_OR_RETURN(
      Statement * find,
      statement(
          "SELECT id, workspace_id, flow, login_url, instance_url, org_id, username, access_token, "
          "refresh_token, is_active, sync_direction, sync_frequency, sync_others, sync_contacts, "
          "sync_accounts, sync_opportunities, sync_tasks, sync_events, conflict_resolution, filters, "
          "sync_status, last_error, last_sync_at, next_sync_at, stats, created_at, secret, on_salesforce_delete, "
          "on_crm_delete, max_deletes, "
          "max_delete_percent, max_changes, max_change_percent FROM lockstep_integrations ORDER BY created_at, id"));
  Use use{*find};
  return database_.all(*use, "reading the integrations", [](const Statement& row) { return integration_from(row); });
}

base::Result<void> SqliteStore::save(const core::Integration& i) {
  ASSIGN_OR_RETURN(
      Statement * put,
      statement(
          "REPLACE INTO lockstep_integrations(id, workspace_id, flow, login_url, instance_url, org_id, "
          "username, access_token, refresh_token, is_active, sync_direction, sync_frequency, "
          "sync_others, sync_contacts, sync_accounts, sync_opportunities, sync_tasks, sync_events, "
          "conflict_resolution, filters, sync_status, last_error, last_sync_at, next_sync_at, stats, "
          "created_at, secret, on_salesforce_delete, on_crm_delete, max_deletes, max_delete_percent, max_changes, "
          "max_change_percent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
          "?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33)"));
  Use use{*put};
  const std::string flags = flags_json(bind_own_flags(*use, 14, i)), filters = filters_json(i.filters),
                    stats = stats_json(i.stats);
  const std::string created = base::to_iso(i.created_at == base::Utc{} ? clock_.now() : i.created_at);
  std::string last, next;
  use->bind(1, i.id.text).bind(2, i.workspace).bind(3, i.flow).bind(4, i.login_url).bind(5, i.instance_url);
  use->bind(6, i.org_id).bind(7, i.username).bind(8, i.access_token).bind(9, i.refresh_token);
  use->bind(10, std::int64_t{i.is_active}).bind(11, model::name_of(i.direction));
  use->bind(12, std::int64_t{i.sync_frequency_minutes}).bind(13, flags).bind(19, model::name_of(i.on_conflict));
  use->bind(20, filters).bind(21, i.sync_status).bind(22, i.last_error).bind(25, stats).bind(26, created);
  use->bind(27, i.secret);
  bind_deletes(*use, 28, i);
  bind_time(*use, 23, i.last_sync_at, last);
  bind_time(*use, 24, i.next_sync_at, next);
  return database_.run(*use, "storing integration " + i.id.text);
}

base::Result<void> SqliteStore::save_tokens(const model::IntegrationId& id, std::string_view sealed_access_token,
                                            std::string_view sealed_refresh_token, std::string_view instance_url) {
  ASSIGN_OR_RETURN(Statement * put,
                   statement("UPDATE lockstep_integrations SET access_token = ?2, refresh_token = CASE "
                             "WHEN ?3 = '' THEN refresh_token ELSE ?3 END, instance_url = ?4 WHERE id = "
                             "?1"));
  put->bind(1, id.text).bind(2, sealed_access_token).bind(3, sealed_refresh_token).bind(4, instance_url);
  RETURN_IF_ERROR(database_.run(*put, "storing the tokens of integration " + id.text));
  if (database_.changes() == 0)
    return base::failure(base::ErrorKind::settings,
                         "there is no integration " + id.text + " any more: connect it again with `lockstep connect`");
  return {};
}

base::Result<void> SqliteStore::save_sealed(const core::Integration& i) {
  ASSIGN_OR_RETURN(Statement * put, statement("UPDATE lockstep_integrations SET access_token = ?2, refresh_token = ?3, "
                                              "secret = ?4 WHERE id = ?1"));
  put->bind(1, i.id.text).bind(2, i.access_token).bind(3, i.refresh_token).bind(4, i.secret);
  return database_.run(*put, "storing the sealed secrets of integration " + i.id.text);
}

base::Result<void> SqliteStore::forget_tokens(const model::IntegrationId& id) {
  ASSIGN_OR_RETURN(Statement * put, statement("UPDATE lockstep_integrations SET access_token = '', refresh_token = '', "
                                              "secret = '' WHERE id = ?1"));
  put->bind(1, id.text);
  return database_.run(*put, "removing the tokens of integration " + id.text);
}

base::Result<void> SqliteStore::save_settings(const core::Integration& i) {
  ASSIGN_OR_RETURN(Statement * put,
                   statement("UPDATE lockstep_integrations SET is_active = ?2, sync_direction = ?3, sync_frequency = "
                             "?4, sync_contacts = ?5, sync_accounts = ?6, sync_opportunities = ?7, sync_tasks = ?8, "
                             "sync_events = ?9, sync_others = ?10, conflict_resolution = ?11, filters = ?12, "
                             "on_salesforce_delete = ?13, on_crm_delete = ?14, max_deletes = ?15, max_delete_percent = "
                             "?16, max_changes = ?17, max_change_percent = ?18 WHERE id = ?1"));
  const std::string flags = flags_json(bind_own_flags(*put, 5, i)), filters = filters_json(i.filters);
  put->bind(1, i.id.text).bind(2, std::int64_t{i.is_active}).bind(3, model::name_of(i.direction));
  put->bind(4, std::int64_t{i.sync_frequency_minutes}).bind(10, flags).bind(11, model::name_of(i.on_conflict));
  put->bind(12, filters);
  bind_deletes(*put, 13, i);
  return database_.run(*put, "storing the settings of integration " + i.id.text);
}

base::Result<void> SqliteStore::save_state(const core::Integration& i) {
  ASSIGN_OR_RETURN(Statement * put, statement("UPDATE lockstep_integrations SET sync_status = ?2, last_error = ?3, "
                                              "last_sync_at = ?4, next_sync_at = ?5, stats = ?6 WHERE id = ?1"));
  const std::string stats = stats_json(i.stats);
  std::string last, next;
  put->bind(1, i.id.text).bind(2, i.sync_status).bind(3, i.last_error).bind(6, stats);
  bind_time(*put, 4, i.last_sync_at, last);
  bind_time(*put, 5, i.next_sync_at, next);
  return database_.run(*put, "storing the state of integration " + i.id.text);
}

base::Result<std::vector<core::MappingSetting>> SqliteStore::mappings(const model::IntegrationId& integration) {
  ASSIGN_OR_RETURN(Statement * find,
                   statement("SELECT id, integration_id, workspace_id, object_type, table_name, mappings, match_rules, "
                             "key_column, sync_direction, conflict_resolution, on_filter_leave, on_salesforce_delete, "
                             "on_crm_delete FROM lockstep_field_mappings WHERE integration_id = ?1 ORDER BY id"));
  Use use{*find};
  use->bind(1, integration.text);
  return database_.all(*use, "reading the mappings", [](const Statement& row) {
    return core::MappingSetting{.id = static_cast<model::MappingId>(row.integer(0)),
                                .integration = {std::string{row.text(1)}},
                                .workspace = std::string{row.text(2)},
                                .object_type = std::string{row.text(3)},
                                .table = std::string{row.text(4)},
                                .fields = core::fields_from(row.text(5)),
                                .match_rules = match_rules_from(row.text(6)),
                                .key_column = std::string{row.text(7)},
                                .direction = std::string{row.text(8)},
                                .conflict_resolution = std::string{row.text(9)},
                                .on_filter_leave = std::string{row.text(10)},
                                .on_salesforce_delete = std::string{row.text(11)},
                                .on_crm_delete = std::string{row.text(12)}};
  });
}

base::Result<void> SqliteStore::save(core::MappingSetting& mapping) {
  // An update in place, because REPLACE would drop what a later version keeps beside these columns.
  ASSIGN_OR_RETURN(
      Statement * put,
      statement(
          "INSERT INTO lockstep_field_mappings(id, integration_id, workspace_id, object_type, "
          "table_name, mappings, match_rules, key_column, sync_direction, conflict_resolution, on_filter_leave, "
          "on_salesforce_delete, on_crm_delete) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON "
          "CONFLICT (id) DO UPDATE SET integration_id = ?2, workspace_id = ?3, object_type = ?4, table_name = ?5, "
          "mappings = ?6, match_rules = ?7, key_column = ?8, sync_direction = ?9, conflict_resolution = ?10, "
          "on_filter_leave = ?11, on_salesforce_delete = ?12, on_crm_delete = ?13"));
  ASSIGN_OR_RETURN(const auto before, database_.value("SELECT mappings FROM lockstep_field_mappings WHERE id = ?1",
                                                      std::to_string(static_cast<std::int64_t>(mapping.id))));
  const std::string fields = core::fields_json(mapping.fields, before.value_or("[]"));
  const bool made = mapping.id == model::MappingId{};
  if (made) {
    put->bind_null(1);
  } else {
    put->bind(1, static_cast<std::int64_t>(mapping.id));
  }
  put->bind(2, mapping.integration.text).bind(3, mapping.workspace).bind(4, mapping.object_type);
  const std::string match_rules = mapping.match_rules ? match_rules_json(*mapping.match_rules) : "";
  put->bind(5, mapping.table).bind(6, fields).bind_or_null(7, match_rules).bind(8, mapping.key_column);
  put->bind(9, mapping.direction).bind(10, mapping.conflict_resolution).bind(11, mapping.on_filter_leave);
  put->bind(12, mapping.on_salesforce_delete).bind(13, mapping.on_crm_delete);
  RETURN_IF_ERROR(database_.run(*put, "storing the mapping of " + mapping.object_type));
  if (made) mapping.id = static_cast<model::MappingId>(database_.last_rowid());
  return {};
}

base::Result<void> SqliteStore::save_all(std::vector<core::MappingSetting>& mappings,
                                         const core::Integration& integration,
                                         std::span<const model::MappingId> replaced) {
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
  for (const model::MappingId id : replaced) RETURN_IF_ERROR(forget_mapping(id));
  for (core::MappingSetting& mapping : mappings) RETURN_IF_ERROR(save(mapping));
  RETURN_IF_ERROR(save_settings(integration));
  return transaction.commit();
}

base::Result<void> SqliteStore::save(const core::RunRecord& run) {
  ASSIGN_OR_RETURN(
      Statement * put,
      statement("INSERT INTO lockstep_sync_logs(id, integration_id, operation, status, started_at, "
                "completed_at, duration, api_calls, summary, objects, sync_errors) VALUES (?1, ?2, ?3, ?4, "
                "?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (id) DO UPDATE SET integration_id = ?2, operation "
                "= ?3, status = ?4, started_at = ?5, completed_at = ?6, duration = ?7, api_calls = ?8, "
                "summary = ?9, objects = ?10, sync_errors = ?11"));
  const std::string started = base::to_iso(run.started_at), summary = summary_json(run), objects = objects_json(run),
                    errors = errors_json(run);
  std::string completed;
  put->bind(1, run.id.text).bind(2, run.integration.text).bind(3, run.operation).bind(4, run.status).bind(5, started);
  bind_time(*put, 6, run.completed_at, completed);
  put->bind(7, std::int64_t{run.duration.count()}).bind(8, run.api_calls).bind(9, summary).bind(10, objects);
  put->bind(11, errors);
  return database_.run(*put, "storing run " + run.id.text);
}

base::Result<std::vector<core::RunRecord>> SqliteStore::runs(std::size_t limit) {
  static const std::string sql = std::string{run_columns} + " ORDER BY started_at DESC, rowid DESC LIMIT ?1";
  ASSIGN_OR_RETURN(Statement * find, statement(sql.c_str()));
  Use use{*find};
  use->bind(1, static_cast<std::int64_t>(std::min<std::size_t>(limit, 1'000'000'000)));
  return database_.all(*use, "reading the sync logs", [](const Statement& row) { return run_from(row); });
}

base::Result<std::optional<core::RunRecord>> SqliteStore::run(const model::RunId& id) {
  static const std::string sql = std::string{run_columns} + " WHERE id = ?1";
  ASSIGN_OR_RETURN(Statement * find, statement(sql.c_str()));
  Use use{*find};
  use->bind(1, id.text);
  switch (use->step()) {
    case Statement::Step::failed:
      return std::unexpected(database_.error("reading run " + id.text));
    case Statement::Step::done:
      return std::nullopt;
    case Statement::Step::row:
      break;
  }
  return run_from(*use);
}

base::Result<std::vector<core::Backlog>> SqliteStore::backlog(const model::IntegrationId& integration) {
  // A mapping belongs to the integration of its document; a built-in one to the integration of its workspace.
  ASSIGN_OR_RETURN(
      Statement * find,
      statement(
          "SELECT c.object, (SELECT count(*) FROM lockstep_outbox o WHERE o.mapping_id = c.mapping_id), (SELECT "
          "count(*) FROM lockstep_parked p WHERE p.mapping_id = c.mapping_id), (SELECT count(*) FROM "
          "lockstep_conflicts x WHERE x.mapping_id = c.mapping_id AND x.decision = 'open' AND x.resolved_at IS "
          "NULL), (SELECT count(*) FROM lockstep_links l WHERE l.mapping_id = c.mapping_id) - (SELECT count(*) FROM "
          "lockstep_links l WHERE l.mapping_id = c.mapping_id AND l.state <> 'linked'), (SELECT reached_at FROM "
          "lockstep_checkpoints k WHERE k.mapping_id = c.mapping_id) FROM lockstep_captures c WHERE coalesce("
          "(SELECT f.integration_id = ?1 FROM lockstep_field_mappings f WHERE f.id = c.mapping_id), c.workspace_id "
          "= (SELECT workspace_id FROM lockstep_integrations WHERE id = ?1)) ORDER BY c.mapping_id"));
  Use use{*find};
  use->bind(1, integration.text);
  std::vector<core::Backlog> all;
  while (true) {
    switch (use->step()) {
      case Statement::Step::failed:
        return std::unexpected(database_.error("counting what waits"));
      case Statement::Step::done:
        break;
      case Statement::Step::row: {
        core::Backlog backlog{.object = std::string{use->text(0)},
                              .outbox = use->integer(1),
                              .parked = use->integer(2),
                              .open_conflicts = use->integer(3),
                              .links = use->integer(4),
                              .watermark = {}};
        if (!use->is_null(5)) backlog.watermark = base::Utc{std::chrono::milliseconds{use->integer(5)}};
        all.push_back(std::move(backlog));
        continue;
      }
    }
    break;
  }
  std::ranges::sort(all, {},
                    [](const core::Backlog& b) { return std::pair{model::rank_of_object(b.object), b.object}; });
  return all;
}

base::Result<std::optional<core::Registry::CachedDescribe>> SqliteStore::describe(
    const model::IntegrationId& integration, std::string_view object) {
  ASSIGN_OR_RETURN(Statement * find,
                   statement("SELECT json, fetched_at FROM lockstep_describes WHERE integration_id = ?1 "
                             "AND object = ?2"));
  Use use{*find};
  use->bind(1, integration.text).bind(2, object);
  switch (use->step()) {
    case Statement::Step::failed:
      return std::unexpected(database_.error("reading a describe answer"));
    case Statement::Step::done:
      return std::nullopt;
    case Statement::Step::row:
      break;
  }
  return CachedDescribe{.json = std::string{use->text(0)},
                        .fetched_at = base::Utc{std::chrono::milliseconds{use->integer(1)}}};
}

base::Result<void> SqliteStore::save_describe(const model::IntegrationId& integration, std::string_view object,
                                              const CachedDescribe& describe) {
  ASSIGN_OR_RETURN(Statement * put,
                   statement("REPLACE INTO lockstep_describes(integration_id, object, fetched_at, json) "
                             "VALUES (?1, ?2, ?3, ?4)"));
  put->bind(1, integration.text).bind(2, object).bind(3, milliseconds(describe.fetched_at)).bind(4, describe.json);
  return database_.run(*put, "keeping a describe answer");
}

base::Result<std::string> SqliteStore::note(std::string_view subject, std::string_view name) {
  ASSIGN_OR_RETURN(Statement * find, statement("SELECT value FROM lockstep_notes WHERE subject = ?1 AND name = ?2"));
  Use use{*find};
  use->bind(1, subject).bind(2, name);
  const auto read = use->step();
  if (read == Statement::Step::failed) return std::unexpected(database_.error("reading a note"));
  return read == Statement::Step::row ? std::string{use->text(0)} : std::string{};
}

base::Result<std::string> SqliteStore::change_note(std::string_view subject, std::string_view name,
                                                   const ChangeNote& change) {
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
  ASSIGN_OR_RETURN(const std::string before, note(subject, name));
  std::string after = change(before);
  if (after == before) return after;
  if (after.empty()) {
    ASSIGN_OR_RETURN(Statement * take, statement("DELETE FROM lockstep_notes WHERE subject = ?1 AND name = ?2"));
    take->bind(1, subject).bind(2, name);
    RETURN_IF_ERROR(database_.run(*take, "removing a note"));
  } else {
    ASSIGN_OR_RETURN(Statement * put,
                     statement("REPLACE INTO lockstep_notes(subject, name, value) VALUES (?1, ?2, ?3)"));
    put->bind(1, subject).bind(2, name).bind(3, after);
    RETURN_IF_ERROR(database_.run(*put, "keeping a note"));
  }
  RETURN_IF_ERROR(transaction.commit());
  return after;
}

}  // namespace store
