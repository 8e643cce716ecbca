#include "daemon/mappings.h"

#include <algorithm>

#include "core/order.h"
#include "daemon/mapping_check.h"

namespace daemon_process {
namespace {

constexpr std::chrono::hours describe_keeps{24}, upsert_field_patience{1};

/// An object that was switched on without a mapping starts with the default one.
base::Result<void> add_missing(App& app, const core::Integration& integration,
                               std::vector<core::MappingSetting>& settings) {
  for (const auto& [object, on] : integration.sync_objects) {
    const auto is_it = [&](const core::MappingSetting& s) { return core::object_for(s.object_type) == object; };
    if (!on || std::ranges::any_of(settings, is_it)) continue;
    core::MappingSetting setting = core::default_mapping(integration, object);
    if (setting.fields.empty()) continue;
    RETURN_IF_ERROR(app.store->save(setting));
    settings.push_back(std::move(setting));
  }
  return {};
}

/// One of the integration's mappings as it was last seen to fit; nothing if it was never synced or fits no more.
base::Result<std::optional<model::Mapping>> known_mapping(App& app, const core::Integration& integration,
                                                          const core::MappingSetting& setting) {
  const std::string object = core::object_for(setting.object_type);
  ASSIGN_OR_RETURN(const auto described, app.store->describe(integration.id, object));
  if (!described) return std::nullopt;
  const std::string table = setting.table.empty() ? core::table_for(object) : setting.table;
  ASSIGN_OR_RETURN(const auto schema, schema_from(app, integration, object, table, described->json));
  auto compiled = core::compile_mapping(integration, setting, schema, upsert_field);
  return compiled ? std::optional{std::move(compiled->mapping)} : std::nullopt;
}

/// A mapping that this run leaves alone, if it has links. The store must know it all the same: its rows refer to rows
/// of the others, and its records would go along with theirs.
base::Result<void> prepare_beside(App& app, const core::Integration& integration, const core::MappingSetting& setting,
                                  std::vector<model::Mapping>& beside) {
  ASSIGN_OR_RETURN(auto mapping, known_mapping(app, integration, setting));
  if (!mapping) return {};
  ASSIGN_OR_RETURN(const auto linked, app.store->links(*mapping, core::LinkState::linked, 0, 1));
  if (linked.rows.empty()) return {};
  // What is wrong with it is said by the runs that it is part of.
  if (app.store->prepare(*mapping)) beside.push_back(*std::move(mapping));
  return {};
}

}  // namespace

base::Result<std::vector<model::Mapping>> mappings_for(App& app, const core::Integration& integration,
                                                       salesforce::RestOrg& org, const SyncRequest& request,
                                                       std::vector<core::RunError>& warnings,
                                                       std::vector<model::Mapping>* beside) {
  ASSIGN_OR_RETURN(auto documents, app.store->mappings(integration.id));
  std::vector<core::MappingSetting> settings = core::one_a_table(std::move(documents));
  RETURN_IF_ERROR(add_missing(app, integration, settings));
  std::ranges::stable_sort(settings, {}, [](const core::MappingSetting& setting) {
    return model::rank_of_object(core::object_for(setting.object_type));
  });
  for (const std::string& asked : request.objects)
    if (std::ranges::none_of(
            settings, [&](const auto& s) { return core::object_for(s.object_type) == core::object_for(asked); })) {
      std::string known;
      for (const auto& s : settings) (known += known.empty() ? "" : ", ") += core::object_for(s.object_type);
      return base::failure(base::ErrorKind::settings, "--object " + asked + ": no such mapping; there are " + known);
    }
  const auto is_asked = [&](const std::string& object) {
    return request.objects.empty() ||
           std::ranges::any_of(request.objects, [&](const auto& asked) { return core::object_for(asked) == object; });
  };
  std::vector<model::Mapping> mappings, others;
  for (const core::MappingSetting& setting : settings) {
    const std::string object = core::object_for(setting.object_type);
    const auto on = integration.sync_objects.find(object);
    if ((on != integration.sync_objects.end() && !on->second) || !is_asked(object)) {
      RETURN_IF_ERROR(prepare_beside(app, integration, setting, others));
      continue;
    }
    const auto warn = [&](const base::Error& error) {
      warnings.push_back({error.message, "", error.service_code, app.clock.now(), object});
    };
    const std::string table = setting.table.empty() ? core::table_for(object) : setting.table;
    const auto compile = [&](std::chrono::milliseconds keeps) -> base::Result<core::CompiledMapping> {
      ASSIGN_OR_RETURN(const auto schema, schema_of(app, integration, org, object, table, keeps));
      return core::compile_mapping(integration, setting, schema, upsert_field);
    };
    auto compiled = compile(request.fresh ? std::chrono::hours{0} : describe_keeps);
    // What is missing may have been made since the org was last asked.
    if (compiled && !compiled->warnings.empty()) compiled = compile(std::chrono::milliseconds{0});
    // Without the field for our key creates cost more; an admin may make it any day.
    if (compiled && compiled->mapping.upsert_field.empty()) compiled = compile(upsert_field_patience);
    if (!compiled) {
      if (core::ends_run(compiled.error())) return std::unexpected(compiled.error());
      warn(compiled.error());
      continue;
    }
    for (core::RunError& warning : compiled->warnings) {
      warning.timestamp = app.clock.now();
      warnings.push_back(std::move(warning));
    }
    if (auto prepared = app.store->prepare(compiled->mapping); !prepared) {
      warn(prepared.error());
      continue;
    }
    mappings.push_back(std::move(compiled->mapping));
  }
  core::put_in_order(mappings);
  if (beside) *beside = std::move(others);
  return mappings;
}

base::Result<std::vector<model::Mapping>> known_mappings(App& app, const core::Integration& integration) {
  ASSIGN_OR_RETURN(auto documents, app.store->mappings(integration.id));
  std::vector<model::Mapping> mappings;
  for (const core::MappingSetting& setting : core::one_a_table(std::move(documents))) {
    ASSIGN_OR_RETURN(auto mapping, known_mapping(app, integration, setting));
    if (mapping && app.store->prepare(*mapping)) mappings.push_back(*std::move(mapping));
  }
  return mappings;
}

}  // namespace daemon_process
