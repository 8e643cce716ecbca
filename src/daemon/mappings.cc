#include "daemon/mappings.h"

#include <algorithm>

#include "core/compile_mapping.h"
#include "salesforce/describe.h"

namespace daemon_process {
namespace {

constexpr std::string_view upsert_field = "Lockstep_Id__c";
constexpr std::chrono::hours describe_keeps{24};

/// Both sides' schemas, the org's no older than `keeps`.
base::Result<core::ObjectSchema> schema_of(App& app, const core::Integration& integration, salesforce::RestOrg& org,
                                           const std::string& object, const std::string& table,
                                           std::chrono::milliseconds keeps) {
  ASSIGN_OR_RETURN(auto cached, app.store->describe(integration.id, object));
  const base::Utc now = app.clock.now();
  if (!cached || now - cached->fetched_at >= keeps) {
    ASSIGN_OR_RETURN(std::string json, org.describe(object));
    cached = core::Registry::CachedDescribe{std::move(json), now};
    RETURN_IF_ERROR(app.store->save_describe(integration.id, object, *cached));
  }
  ASSIGN_OR_RETURN(const auto described, salesforce::parse_describe(cached->json));
  core::ObjectSchema schema;
  schema.object = object;
  for (const auto& field : described.fields)
    schema.org_fields.push_back({field.name, field.field_type,
                                 field.createable && field.updateable && !field.calculated, field.relationship_name,
                                 field.reference_to.size() == 1 ? field.reference_to.front() : std::string{}});
  ASSIGN_OR_RETURN(schema.columns, app.store->columns(table));
  return schema;
}

}  // namespace

base::Result<std::vector<model::Mapping>> mappings_for(App& app, const core::Integration& integration,
                                                       salesforce::RestOrg& org, const SyncRequest& request,
                                                       std::vector<core::RunError>& warnings) {
  ASSIGN_OR_RETURN(auto settings, app.store->mappings(integration.id));
  std::ranges::stable_sort(settings, {}, [](const core::MappingSetting& setting) {
    return model::rank_of_object(core::object_for(setting.object_type));
  });
  for (const std::string& asked : request.objects)
    if (std::ranges::none_of(settings, [&](const auto& s) { return core::object_for(s.object_type) == core::object_for(asked); })) {
      std::string known;
      for (const auto& s : settings) (known += known.empty() ? "" : ", ") += core::object_for(s.object_type);
      return base::failure(base::ErrorKind::settings, "--object " + asked + ": no such mapping; there are " + known);
    }
  const auto is_asked = [&](const std::string& object) {
    return request.objects.empty() ||
           std::ranges::any_of(request.objects, [&](const auto& asked) { return core::object_for(asked) == object; });
  };
  std::vector<model::Mapping> mappings;
  for (const core::MappingSetting& setting : settings) {
    const std::string object = core::object_for(setting.object_type);
    const auto on = integration.sync_objects.find(object);
    if (on != integration.sync_objects.end() && !on->second) continue;
    if (!is_asked(object)) continue;
    const auto warn = [&](const base::Error& error) {
      warnings.push_back({error.message, "", error.service_code, app.clock.now()});
    };
    const std::string table = setting.table.empty() ? core::table_for(object) : setting.table;
    const auto compile = [&](std::chrono::milliseconds keeps) -> base::Result<core::CompiledMapping> {
      ASSIGN_OR_RETURN(const auto schema, schema_of(app, integration, org, object, table, keeps));
      return core::compile_mapping(integration, setting, schema, upsert_field);
    };
    auto compiled = compile(describe_keeps);
    // What is missing may have been made since the org was last asked.
    if (compiled && (!compiled->warnings.empty() || compiled->mapping.upsert_field.empty()))
      compiled = compile(std::chrono::milliseconds{0});
    if (!compiled) {
      if (core::advice_for(compiled.error(), 99).what == core::Advice::Do::end_run)
        return std::unexpected(compiled.error());
      warn(compiled.error());
      continue;
    }
    for (core::RunError& warning : compiled->warnings) {
      warning.timestamp = app.clock.now();
      warnings.push_back(std::move(warning));
    }
    if (request.direction) compiled->mapping.direction = *request.direction;
    if (compiled->mapping.upsert_field.empty() && compiled->mapping.direction != model::SyncDirection::to_store) {
      compiled->mapping.direction = model::SyncDirection::to_store;
      warn({base::ErrorKind::settings, object + " has no field " + std::string{upsert_field} +
                                           " that the sync user can write, so nothing is sent there: create it (Text 36, "
                                           "External ID, Unique) and grant access to it"});
    }
    if (auto prepared = app.store->prepare(compiled->mapping); !prepared) {
      warn(prepared.error());
      continue;
    }
    mappings.push_back(std::move(compiled->mapping));
  }
  return mappings;
}

}  // namespace daemon_process
