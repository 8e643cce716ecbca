#include "daemon/connect.h"

#include <algorithm>
#include <array>

#include "connection/memory_vault.h"
#include "connection/session_settings.h"
#include "core/compile_mapping.h"
#include "salesforce/jwt.h"
#include "schedule/due.h"

namespace daemon_process {
namespace {

constexpr std::array<std::string_view, 3> default_objects = {"Account", "Contact", "Opportunity"};

core::Integration new_integration(const App& app) {
  core::Integration integration;
  integration.id = {security::random_hex(12)};
  integration.created_at = app.clock.now();
  integration.sync_frequency_minutes = schedule::minutes_of(app.settings.sync.schedule, app.clock.now()).value_or(15);
  for (const auto object : default_objects) integration.sync_objects[std::string{object}] = true;
  integration.sync_objects["Task"] = integration.sync_objects["Event"] = false;
  return integration;
}

}  // namespace

base::Result<ConnectDraft> draft_connection(const App& app, core::Registry& registry, const ConnectRequest& request) {
  if (request.workspace.empty() || request.workspace.size() > 200 ||
      std::ranges::any_of(request.workspace, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    return base::failure(base::ErrorKind::settings,
                         "the name of a workspace has 1 to 200 bytes and no control characters: see --workspace");
  ASSIGN_OR_RETURN(auto integrations, registry.integrations());
  const auto same = std::ranges::find(integrations, request.workspace, &core::Integration::workspace);
  const bool known = same != integrations.end();
  ConnectDraft draft{known ? *same : new_integration(app), {}};
  core::Integration& integration = draft.integration;
  integration.workspace = request.workspace;
  integration.flow = request.flow;
  integration.login_url =
      request.login_url.empty() ? app.settings.salesforce.login_url : salesforce::without_slash(request.login_url);
  RETURN_IF_ERROR(salesforce::check_login_url(integration.login_url));
  integration.username = request.username;
  integration.is_active = true;
  integration.sync_status = "idle";
  integration.last_error.clear();
  if (!request.private_key.empty()) RETURN_IF_ERROR(salesforce::check_private_key(request.private_key));
  integration.secret =
      connection::seal(*app.keys, integration.id, {.private_key = request.private_key, .password = request.password});
  core::Integration any_org = integration;
  any_org.org_id.clear();
  ASSIGN_OR_RETURN(draft.sign_in, session_settings(app, any_org));
  return draft;
}

base::Result<core::Integration> finish_connection(const App& app, core::Registry& registry, ConnectDraft draft,
                                                  const std::optional<salesforce::Grant>& grant,
                                                  const base::Secret& refresh_token) {
  core::Integration& integration = draft.integration;
  connection::MemoryVault memory;
  memory.held.refresh_token = refresh_token;
  salesforce::CurlTransport transport{app.clock, {}, {}, app.settings.salesforce.ca_file, &stop_requested};
  if (grant) {
    ASSIGN_OR_RETURN(auto issued, salesforce::request_tokens(transport, draft.sign_in, *grant, app.clock));
    if (issued.credentials.refresh_token.empty())
      return base::failure(base::ErrorKind::settings,
                           "Salesforce gave no refresh token, so the connection would end within hours. Add the scope "
                           "\"Perform requests at any time (refresh_token, offline_access)\" to the app, and let its "
                           "refresh token policy be \"valid until revoked\"; then connect again.");
    memory.held.refresh_token = issued.credentials.refresh_token;
  }
  salesforce::Session session{draft.sign_in, memory, transport, app.clock};
  ASSIGN_OR_RETURN(const auto identity, session.identity());
  if (!integration.org_id.empty() && integration.org_id != identity.org_id)
    return base::failure(base::ErrorKind::settings, "workspace " + integration.workspace + " is connected to org " +
                                                        integration.org_id + ", and this sign-in belongs to org " +
                                                        identity.org_id + ": use --workspace for a second org");
  if (stop_requested)
    return base::failure(base::ErrorKind::cancelled,
                         "interrupted: nothing was stored, and no org is connected by this");
  integration.org_id = identity.org_id;
  integration.username = identity.username;
  integration.next_sync_at = app.clock.now();
  integration.instance_url = memory.held.instance_url;
  RETURN_IF_ERROR(registry.save(integration));
  connection::StoreVault vault{registry, *app.keys, integration.id, app.clock};
  RETURN_IF_ERROR(vault.save(memory.held));
  // Whatever stood against the old sign-in is over; what was learned about rotation stays.
  RETURN_IF_ERROR(vault.save(salesforce::Renewal{.rotation = memory.noted.rotation}));
  ASSIGN_OR_RETURN(const auto mappings, registry.mappings(integration.id));
  if (mappings.empty())
    for (const auto object : default_objects) {
      core::MappingSetting setting = core::default_mapping(integration, object);
      RETURN_IF_ERROR(registry.save(setting));
    }
  return integration;
}

base::Result<core::Integration> connect(App& app, const ConnectRequest& request) {
  ASSIGN_OR_RETURN(auto draft, draft_connection(app, *app.store, request));
  return finish_connection(app, *app.store, std::move(draft), std::nullopt, request.refresh_token);
}

salesforce::Consent consent_for(const ConnectDraft& draft, std::string redirect_uri) {
  return salesforce::ask_consent(draft.sign_in, std::move(redirect_uri), security::random_hex(24),
                                 base::Secret{security::random_hex(48)});
}

std::string redirect_uri_of(const settings::Settings& settings) {
  return settings.salesforce.redirect_uri.empty() ? settings.server.public_url + std::string{callback_path}
                                                  : settings.salesforce.redirect_uri;
}

}  // namespace daemon_process
