#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <thread>

#include "base/time_text.h"
#include "core/integration_setting.h"
#include "daemon/command.h"
#include "daemon/connection.h"
#include "salesforce/condition.h"
#include "salesforce/filter_check.h"

namespace daemon_process {
namespace {

namespace json = boost::json;

struct Options {
  std::string integration;
  std::vector<std::string> changes;
  bool as_json = false;
};

/// The one that is meant, active or not.
base::Result<core::Integration> meant(App& app, const std::string& id) {
  ASSIGN_OR_RETURN(auto integrations, app.store->integrations());
  if (id.empty() && integrations.size() == 1) return std::move(integrations.front());
  std::string known;
  for (core::Integration& integration : integrations) {
    if (integration.id.text == id || (!id.empty() && integration.workspace == id)) return std::move(integration);
    (known += known.empty() ? "" : ", ") += integration.id.text + " (workspace " + integration.workspace + ")";
  }
  if (integrations.empty())
    return std::unexpected(no_org_connected());
  return base::failure(base::ErrorKind::settings,
                       (id.empty() ? "there are several integrations" : "there is no integration " + id) +
                           "; name one with --integration: " + known);
}

json::object short_json(const core::Integration& integration) {
  const auto time = [](const std::optional<base::Utc>& at) {
    return at ? json::value(base::to_iso(*at)) : json::value(nullptr);
  };
  return {{"id", integration.id.text},
          {"workspaceId", integration.workspace},
          {"orgId", integration.org_id},
          {"username", integration.username},
          {"flow", integration.flow},
          {"isActive", integration.is_active},
          {"syncStatus", integration.sync_status},
          {"lastError", integration.last_error},
          {"lastSyncAt", time(integration.last_sync_at)},
          {"nextSyncAt", time(integration.next_sync_at)}};
}

int list(App& app, const Options& options) {
  const auto integrations = app.store->integrations();
  if (!integrations) return tell(integrations.error());
  json::array out;
  for (const core::Integration& integration : *integrations) {
    if (options.as_json) {
      out.push_back(short_json(integration));
      continue;
    }
    std::printf("%s  workspace %s, org %s as %s, %s, %s\n", integration.id.text.c_str(), integration.workspace.c_str(),
                integration.org_id.c_str(), integration.username.c_str(), integration.is_active ? "active" : "paused",
                integration.sync_status.c_str());
  }
  if (options.as_json) std::printf("%s\n", json::serialize(out).c_str());
  return done;
}

int show(App& app, const Options& options) {
  const auto integration = meant(app, options.integration);
  if (!integration) return tell(integration.error());
  json::object out = short_json(*integration);
  out["instanceUrl"] = integration->instance_url;
  for (const auto& [name, value] : core::settings_of(*integration)) out[name] = value;
  if (options.as_json) {
    std::printf("%s\n", json::serialize(out).c_str());
    return done;
  }
  for (const auto& [name, value] : out)
    std::printf("%-20s %s\n", std::string{name}.c_str(),
                value.is_string() ? value.as_string().c_str() : json::serialize(value).c_str());
  return done;
}

/// Filters go into every statement, so they are checked against the org before they are kept.
base::Result<void> check_filters(App& app, const core::Integration& before, const core::Integration& after) {
  std::unique_ptr<Connection> connection;
  std::map<std::string, salesforce::DescribedObject, std::less<>> known;
  const auto describe = [&](std::string_view object) -> base::Result<const salesforce::DescribedObject*> {
    if (const auto found = known.find(object); found != known.end()) return &found->second;
    ASSIGN_OR_RETURN(std::string text, connection->org.describe(object));
    ASSIGN_OR_RETURN(auto described, salesforce::parse_describe(std::move(text)));
    return &known.emplace(object, std::move(described)).first->second;
  };
  for (const auto& [object, filter] : after.filters) {
    if (const auto old = before.filters.find(object); old != before.filters.end() && old->second == filter) continue;
    if (const auto parsed = salesforce::soql::parse_condition(filter); !parsed) return std::unexpected(parsed.error());
    if (!connection) {
      ASSIGN_OR_RETURN(connection, Connection::open(app, after));
    }
    ASSIGN_OR_RETURN(const auto odd, salesforce::check_filter(filter, object, describe));
    for (const std::string& sentence : odd) std::fprintf(stderr, "lockstep: %s\n", sentence.c_str());
  }
  return {};
}

int set(App& app, const Options& options) {
  const auto before = meant(app, options.integration);
  if (!before) return tell(before.error());
  core::Integration after = *before;
  for (const std::string& change : options.changes) {
    const auto equals = change.find('=');
    if (equals == std::string::npos)
      return tell({base::ErrorKind::settings, "\"" + change + "\" is no KEY=VALUE, such as syncFrequency=30"});
    if (const auto changed = core::set_setting(after, change.substr(0, equals), change.substr(equals + 1)); !changed)
      return tell(changed.error());
  }
  if (const auto checked = check_filters(app, *before, after); !checked) return tell(checked.error());
  if (const auto saved = app.store->save_settings(after); !saved) return tell(saved.error());
  return done;
}

int set_active(App& app, const Options& options, bool active) {
  auto integration = meant(app, options.integration);
  if (!integration) return tell(integration.error());
  if (active && integration->sync_status == "disconnected")
    return tell({base::ErrorKind::unauthorized,
                 "workspace " + integration->workspace + " is disconnected: connect it again with `lockstep connect`"});
  integration->is_active = active;
  if (const auto saved = app.store->save_settings(*integration); !saved) return tell(saved.error());
  std::printf("workspace %s is %s\n", integration->workspace.c_str(), active ? "active" : "paused");
  return done;
}

/// The tokens are of no more use to anybody, here or in Salesforce. Rows, links and mappings stay.
int disconnect(App& app, const Options& options) {
  auto integration = meant(app, options.integration);
  if (!integration) return tell(integration.error());
  connection::StoreVault vault{*app.store, *app.keys, integration->id, app.clock};
  const auto held = vault.load();
  const auto sign_in = session_settings(app, *integration);
  if (held && sign_in) {
    salesforce::CurlTransport transport{app.clock, {}, {}, app.settings.salesforce.ca_file};
    const auto& token = held->refresh_token.empty() ? held->access_token : held->refresh_token;
    if (!token.empty())
      if (const auto revoked = salesforce::revoke(transport, *sign_in, token); !revoked)
        std::fprintf(stderr, "lockstep: %s\n", revoked.error().message.c_str());
  }
  if (const auto forgotten = app.store->forget_tokens(integration->id); !forgotten) return tell(forgotten.error());
  integration->is_active = false;
  integration->sync_status = "disconnected";
  if (const auto saved = app.store->save_settings(*integration); !saved) return tell(saved.error());
  if (const auto saved = app.store->save_state(*integration); !saved) return tell(saved.error());
  std::printf("workspace %s is disconnected; its rows and links stay\n", integration->workspace.c_str());
  return done;
}

}  // namespace

void add_integration(CLI::App& cli, Commands& commands) {
  auto* parent = cli.add_subcommand("integration", "An integration's settings: show, change, pause, disconnect");
  parent->require_subcommand(1);
  parent->footer("Examples:\n  lockstep integration show\n  lockstep integration set syncFrequency=30");
  const auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* what, const char* example, int (*run)(App&, const Options&)) {
    auto* command = parent->add_subcommand(name, what);
    command->footer(std::string{"Example: lockstep integration "} + example);
    if (std::string_view{name} != "list")
      command->add_option("--integration", options->integration, "Its id or workspace, where there are several");
    commands.push_back({command, [options, run](App& app) { return run(app, *options); }});
    return command;
  };
  add("list", "All of them", "list --json", list)->add_flag("--json", options->as_json);
  add("show", "All its settings", "show", show)->add_flag("--json", options->as_json);
  add("set", "Change settings, as KEY=VALUE", "set syncFrequency=30 \"contactFilter=Title != null\"", set)
      ->add_option("changes", options->changes, "KEY=VALUE")
      ->required();
  add("pause", "Sync it no more until it is resumed", "pause",
      [](App& app, const Options& o) { return set_active(app, o, false); });
  add("resume", "Go on", "resume", [](App& app, const Options& o) { return set_active(app, o, true); });
  add("disconnect", "Revoke its tokens and forget them", "disconnect", disconnect);
}

}  // namespace daemon_process
