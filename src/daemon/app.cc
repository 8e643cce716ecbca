#include "daemon/app.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <thread>

#include "core/compile_mapping.h"
#include "salesforce/describe.h"

namespace daemon_process {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view upsert_field = "Lockstep_Id__c";
constexpr std::chrono::seconds lease_time{60};
constexpr std::chrono::hours describe_keeps{24};
constexpr std::array<std::string_view, 3> default_objects = {"Account", "Contact", "Opportunity"};

salesforce::SessionSettings session_settings(const App& app, const core::Integration& integration) {
  return {integration.login_url,
          integration.flow == "refresh-token" ? salesforce::Flow::refresh_token
                                              : salesforce::Flow::client_credentials,
          app.settings.salesforce.client_id, app.settings.salesforce.client_secret};
}

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

/// The mappings of a run in the order of their dependencies, with a warning for what cannot be synced.
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

std::string stat_name(std::string_view object) {
  if (object == "Account") return "accountsSynced";
  if (object == "Contact") return "contactsSynced";
  if (object == "Opportunity") return "opportunitiesSynced";
  return std::string{object} + "Synced";
}

/// Keeps the lease alive beside a long run, and lets go of it at the end.
class HeldLease {
 public:
  HeldLease(App& app, core::Lease lease) : app_(app), lease_(std::move(lease)) { app_.store->bind(lease_); }
  ~HeldLease() {
    app_.store->bind(std::nullopt);
    (void)app_.store->release_lease(lease_);
  }
  HeldLease(const HeldLease&) = delete;
  HeldLease& operator=(const HeldLease&) = delete;
  void renew() {
    if (app_.clock.elapsed() - renewed_ < lease_time / 4) return;
    renewed_ = app_.clock.elapsed();
    (void)app_.store->renew_lease(lease_, app_.clock.now(), lease_time);
  }

 private:
  App& app_;
  core::Lease lease_;
  std::chrono::nanoseconds renewed_ = app_.clock.elapsed();
};

}  // namespace

std::atomic<bool> stop_requested{false};

int exit_status_for(const base::Error& error) {
  switch (error.kind) {
    case base::ErrorKind::settings:
    case base::ErrorKind::rejected: return wrong_usage;
    case base::ErrorKind::unauthorized: return sign_in_needed;
    case base::ErrorKind::throttled: return budget;
    case base::ErrorKind::unreachable:
    case base::ErrorKind::unknown_fate:
    case base::ErrorKind::corrupt:
    case base::ErrorKind::cancelled: return unreachable;
    case base::ErrorKind::precondition:
    case base::ErrorKind::malformed: return some_left;
  }
  return bug;
}

base::Result<salesforce::Credentials> StoreVault::load() {
  ASSIGN_OR_RETURN(const auto integrations, registry_.integrations());
  const auto found = std::ranges::find(integrations, id_, &core::Integration::id);
  if (found == integrations.end()) return salesforce::Credentials{};
  salesforce::Credentials credentials;
  credentials.instance_url = found->instance_url;
  if (!found->access_token.empty()) {
    ASSIGN_OR_RETURN(const auto secret, keys_.open(found->access_token, place("access_token")));
    credentials.access_token = secret.reveal();
  }
  if (!found->refresh_token.empty()) {
    ASSIGN_OR_RETURN(const auto secret, keys_.open(found->refresh_token, place("refresh_token")));
    credentials.refresh_token = secret.reveal();
  }
  return credentials;
}

base::Result<void> StoreVault::save(const salesforce::Credentials& credentials) {
  const auto sealed = [&](const std::string& text, const char* column) {
    return text.empty() ? std::string{} : keys_.seal(text, place(column));
  };
  return registry_.save_tokens(id_, sealed(credentials.access_token, "access_token"),
                               sealed(credentials.refresh_token, "refresh_token"), credentials.instance_url);
}

base::Result<std::unique_ptr<App>> open_app(settings::Settings settings) {
  auto app = std::unique_ptr<App>(new App{std::move(settings), {}, base::random_from_system(), nullptr, {}});
  ASSIGN_OR_RETURN(app->store, store::SqliteStore::open(app->settings.store.sqlite_path));
  if (app->settings.security.encryption_key.empty()) {
    const auto path = std::filesystem::path{app->settings.store.sqlite_path}.replace_filename("lockstep.key");
    ASSIGN_OR_RETURN(app->keys, security::load_or_create_key_file(path));
  } else {
    ASSIGN_OR_RETURN(app->keys, security::KeyRing::parse(app->settings.security.encryption_key));
  }
  return app;
}

base::Result<std::vector<core::Integration>> chosen(App& app, const std::string& id) {
  ASSIGN_OR_RETURN(auto integrations, app.store->integrations());
  std::erase_if(integrations, [&](const core::Integration& i) { return id.empty() ? !i.is_active : i.id.text != id; });
  if (integrations.empty())
    return base::failure(base::ErrorKind::settings,
                         id.empty() ? "no org is connected yet: run `lockstep connect --flow client-credentials`"
                                    : "there is no integration " + id + ": `lockstep status` lists them");
  return integrations;
}

base::Result<core::Integration> connect(App& app, const ConnectRequest& request) {
  ASSIGN_OR_RETURN(auto integrations, app.store->integrations());
  const auto same = std::ranges::find(integrations, request.workspace, &core::Integration::workspace);
  core::Integration integration;
  const bool known = same != integrations.end();
  if (known) {
    integration = *same;
  } else {
    integration.id = {security::random_hex(12)};
    integration.created_at = app.clock.now();
    for (const auto object : default_objects) integration.sync_objects[std::string{object}] = true;
    integration.sync_objects["Task"] = integration.sync_objects["Event"] = false;
  }
  integration.workspace = request.workspace;
  integration.flow = request.flow;
  integration.login_url = request.login_url.empty() ? app.settings.salesforce.login_url : request.login_url;
  integration.is_active = true;
  integration.sync_status = "idle";

  // Sign in before anything is stored, so that a wrong secret leaves an existing connection as it was.
  struct Memory final : salesforce::Vault {
    salesforce::Credentials held;
    base::Result<salesforce::Credentials> load() override { return held; }
    base::Result<void> save(const salesforce::Credentials& c) override {
      if (!c.refresh_token.empty()) held.refresh_token = c.refresh_token;
      held.access_token = c.access_token;
      held.instance_url = c.instance_url;
      return {};
    }
  } memory;
  memory.held.refresh_token = request.refresh_token;
  salesforce::CurlTransport transport{app.clock};
  salesforce::Session session{session_settings(app, integration), memory, transport};
  ASSIGN_OR_RETURN(const auto identity, session.identity());
  if (known && !integration.org_id.empty() && integration.org_id != identity.org_id)
    return base::failure(base::ErrorKind::settings,
                         "workspace " + request.workspace + " is connected to org " + integration.org_id +
                             ", and this sign-in belongs to org " + identity.org_id +
                             ": use --workspace for a second org");
  integration.org_id = identity.org_id;
  integration.username = identity.username;
  integration.next_sync_at = app.clock.now();
  integration.instance_url = memory.held.instance_url;
  RETURN_IF_ERROR(app.store->save(integration));
  StoreVault vault{*app.store, *app.keys, integration.id};
  RETURN_IF_ERROR(vault.save(memory.held));
  ASSIGN_OR_RETURN(const auto mappings, app.store->mappings(integration.id));
  if (mappings.empty())
    for (const auto object : default_objects) {
      core::MappingSetting setting = core::default_mapping(integration, object);
      RETURN_IF_ERROR(app.store->save(setting));
    }
  return integration;
}

base::Result<core::RunRecord> sync_once(App& app, core::Integration& integration, const SyncRequest& request,
                                        std::optional<base::Error>& end) {
  ASSIGN_OR_RETURN(const auto lease, app.store->take_lease(integration.id, app.clock.now(), lease_time));
  HeldLease held{app, lease};
  core::RunRecord run;
  run.id = {security::random_hex(12)};
  run.integration = integration.id;
  run.started_at = app.clock.now();
  const auto started = app.clock.elapsed();
  RETURN_IF_ERROR(app.store->save(run));

  salesforce::CurlTransport sign_in_transport{app.clock}, transport{app.clock};
  StoreVault vault{*app.store, *app.keys, integration.id};
  salesforce::Session session{session_settings(app, integration), vault, sign_in_transport};
  salesforce::RestOrg org{session, transport, app.settings.salesforce.api_version};

  core::RunResult result;
  std::vector<core::RunError> warnings;
  auto mappings = mappings_for(app, integration, org, request, warnings);
  if (!mappings) {
    result.stopped_by = mappings.error();
    result.errors.push_back({mappings.error().message, "", mappings.error().service_code, app.clock.now()});
  } else {
    const core::RunWorld world{org,
                               *app.store,
                               app.clock,
                               app.random,
                               [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); },
                               [] { return stop_requested.load(); },
                               [&](const std::string& line) {
                                 held.renew();
                                 if (request.progress) request.progress(line);
                               }};
    result = core::run_sync(*mappings, world);
  }
  run.objects = std::move(result.objects);
  run.sync_errors = std::move(warnings);
  run.sync_errors.insert(run.sync_errors.end(), result.errors.begin(), result.errors.end());
  run.errors = std::ranges::count_if(run.sync_errors, [](const core::RunError& error) { return error.record.empty(); });
  std::int64_t parked = 0;
  for (const auto& [object, counts] : run.objects) {
    const std::int64_t moved = counts.pulled_created + counts.pulled_updated + counts.pushed_created +
                               counts.pushed_updated;
    run.successful += moved;
    parked += counts.parked;
    integration.stats[stat_name(object)] += moved;
  }
  run.errors += parked;
  run.api_calls = org.calls();
  run.completed_at = app.clock.now();
  run.duration = std::chrono::duration_cast<std::chrono::milliseconds>(app.clock.elapsed() - started);
  run.status = result.stopped_by ? "failed" : run.errors > 0 ? "partial" : "completed";
  end = result.stopped_by;

  integration.sync_status = !result.stopped_by ? "idle"
                            : result.stopped_by->kind == base::ErrorKind::unauthorized ? "needs_reauth"
                                                                                       : "error";
  integration.last_error = run.sync_errors.empty() ? "" : run.sync_errors.back().message;
  integration.last_sync_at = run.completed_at;
  integration.next_sync_at = *run.completed_at + std::chrono::minutes{integration.sync_frequency_minutes};
  integration.stats["totalSynced"] += run.successful;
  integration.stats["syncErrors"] += run.errors;
  integration.stats["lastSyncDuration"] = run.duration.count();
  RETURN_IF_ERROR(app.store->save(run));
  RETURN_IF_ERROR(app.store->save_state(integration));
  return run;
}

}  // namespace daemon_process
