#include <algorithm>
#include <array>

#include "connection/memory_vault.h"
#include "core/compile_mapping.h"
#include "daemon/app.h"

namespace daemon_process {
namespace {

constexpr std::array<std::string_view, 3> default_objects = {"Account", "Contact", "Opportunity"};

}  // namespace

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
  connection::MemoryVault memory;
  memory.held.refresh_token = base::Secret{request.refresh_token};
  salesforce::CurlTransport transport{app.clock};
  core::Integration any_org = integration;
  any_org.org_id.clear();
  ASSIGN_OR_RETURN(auto settings, session_settings(app, any_org));
  salesforce::Session session{std::move(settings), memory, transport, app.clock};
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
  connection::StoreVault vault{*app.store, *app.keys, integration.id, app.clock};
  RETURN_IF_ERROR(vault.save(memory.held));
  // Whatever stood against the old sign-in is over; what was learned about rotation stays.
  RETURN_IF_ERROR(vault.save(salesforce::Renewal{.rotation = memory.noted.rotation}));
  ASSIGN_OR_RETURN(const auto mappings, app.store->mappings(integration.id));
  if (mappings.empty())
    for (const auto object : default_objects) {
      core::MappingSetting setting = core::default_mapping(integration, object);
      RETURN_IF_ERROR(app.store->save(setting));
    }
  return integration;
}

}  // namespace daemon_process
