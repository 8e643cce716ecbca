#include "daemon/connect.h"
#include "daemon/connection.h"
#include "daemon/mapping_check.h"
#include "daemon/mappings.h"
#include "salesforce/describe.h"

namespace daemon_process {
namespace {

using Object = ConnectReport::Object;

/// Keeps the description, so that the next sync knows of a field that was made just now.
base::Result<Object> look_at(App& app, const core::Integration& integration, salesforce::RestOrg& org,
                             const std::string& name) {
  Object object{.name = name};
  auto json = org.describe(name);
  // Not there, or hidden from this user: the org does not say which.
  if (!json && json.error().kind == base::ErrorKind::precondition) return object;
  if (!json) return std::unexpected(std::move(json).error());
  ASSIGN_OR_RETURN(const auto described, salesforce::parse_describe(*json));
  RETURN_IF_ERROR(app.store->save_describe(integration.id, name, {*std::move(json), app.clock.now()}));
  object.seen = true;
  object.may_create = described.createable;
  object.may_edit = described.updateable;
  for (const auto& field : described.fields)
    object.has_key_field |= field.name == upsert_field && field.external_id && field.updateable;
  return object;
}

void find_missing(const core::Integration& integration, const Object& object, ConnectReport& report) {
  const bool writes = integration.direction != model::SyncDirection::to_store;
  const std::string& name = object.name;
  if (!object.seen) {
    report.missing.push_back(
        name + ": the user " + integration.username +
        " cannot see the object. Give its profile or a permission set \"Read\" on it, or switch the "
        "object off with `lockstep integration set`.");
    return;
  }
  if (writes && (!object.may_create || !object.may_edit))
    report.missing.push_back(name + ": the user may not " + (object.may_create ? "edit" : "create") +
                             " records, so rows are not sent. Give its profile or a permission set \"Create\" and "
                             "\"Edit\" on the object.");
  if (writes && !object.has_key_field) {
    report.without_key_field.push_back(name);
    report.missing.push_back(
        name + ": there is no field " + std::string{upsert_field} +
        " that the user may edit, so each new row is noted and looked for before its record is made, which costs more "
        "calls. `lockstep connect --create-fields` makes the field; or in Setup, Object Manager, " +
        name +
        ", make a Text field of 36 characters, \"External "
        "ID\" and \"Unique\", visible to the user.");
  }
}

/// Fields that the mappings name and the user may not see, as the description that was kept just now has them.
base::Result<void> find_set_aside(App& app, const core::Integration& integration, const std::string& name,
                                  ConnectReport& report) {
  ASSIGN_OR_RETURN(const auto described, app.store->describe(integration.id, name));
  if (!described) return {};
  ASSIGN_OR_RETURN(auto settings, app.store->mappings(integration.id));
  for (const core::MappingSetting& setting : core::one_a_table(std::move(settings))) {
    if (core::object_for(setting.object_type) != name) continue;
    const std::string table = setting.table.empty() ? core::table_for(name) : setting.table;
    ASSIGN_OR_RETURN(const auto schema, schema_from(app, integration, name, table, described->json));
    if (schema.columns.empty()) continue;  // Whose table has another name attaches it next.
    const auto compiled = core::compile_mapping(integration, setting, schema, upsert_field);
    if (!compiled) {
      report.fields_set_aside.push_back(name + ": " + compiled.error().message);
      continue;
    }
    for (const core::RunError& warning : compiled->warnings) report.fields_set_aside.push_back(warning.message);
  }
  return {};
}

}  // namespace

base::Result<ConnectReport> report_on(App& app, const core::Integration& integration, Connection& connection) {
  ConnectReport report;
  salesforce::CurlTransport transport{app.clock, {}, {}, app.settings.salesforce.ca_file, &stop_requested};
  const std::string& version = app.settings.salesforce.api_version;
  ASSIGN_OR_RETURN(report.org, salesforce::org_facts(connection.session, transport, version, &connection.budget));
  if (!report.org.has_version)
    report.missing.push_back("the org has no API version " + version +
                             ": set LOCKSTEP_SALESFORCE_API_VERSION to one from " + report.org.oldest_version + " to " +
                             report.org.newest_version + ".");
  for (const auto& limit : report.org.limits)
    if (limit.name == "DailyApiRequests" && limit.left * 10 < limit.most)
      report.missing.push_back("of the org's " + std::to_string(limit.most) + " API calls a day " +
                               std::to_string(limit.left) +
                               " are left: find out in Setup, \"System Overview\", who uses them up.");
  if (!report.org.has_version) return report;
  ASSIGN_OR_RETURN(const auto identity, connection.session.identity());
  report.user_id = identity.user_id;
  for (const auto& [name, is_on] : integration.sync_objects) {
    if (!is_on) continue;
    ASSIGN_OR_RETURN(auto object, look_at(app, integration, connection.org, name));
    find_missing(integration, object, report);
    if (object.seen) RETURN_IF_ERROR(find_set_aside(app, integration, name, report));
    report.objects.push_back(std::move(object));
  }
  return report;
}

}  // namespace daemon_process
