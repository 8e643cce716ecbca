#include "daemon/app.h"

#include <algorithm>
#include <filesystem>

#include "connection/session_settings.h"

namespace daemon_process {

std::atomic<bool> stop_requested{false};

int exit_status_for(const base::Error& error) {
  switch (error.kind) {
    case base::ErrorKind::settings:
    case base::ErrorKind::rejected:
      return wrong_usage;
    case base::ErrorKind::unauthorized:
      return sign_in_needed;
    case base::ErrorKind::throttled:
      return budget;
    case base::ErrorKind::unreachable:
    case base::ErrorKind::unknown_fate:
    case base::ErrorKind::corrupt:
    case base::ErrorKind::cancelled:
      return unreachable;
    case base::ErrorKind::precondition:
    case base::ErrorKind::malformed:
      return some_left;
  }
  return bug;
}

base::Result<std::unique_ptr<App>> open_app(settings::Settings settings) {
  auto app = std::unique_ptr<App>(new App{std::move(settings), {}, base::random_from_system(), nullptr, {}});
  ASSIGN_OR_RETURN(app->store, store::SqliteStore::open(app->settings.store.sqlite_path));
  ASSIGN_OR_RETURN(app->keys, open_keys(app->settings));
  return app;
}

base::Result<security::KeyRing> open_keys(const settings::Settings& settings) {
  if (settings.security.encryption_key.empty())
    return security::load_or_create_key_file(
        std::filesystem::path{settings.store.sqlite_path}.replace_filename("lockstep.key"));
  return security::KeyRing::parse(settings.security.encryption_key);
}

base::Error no_org_connected() {
  return {base::ErrorKind::unauthorized, "no org is connected yet: run `lockstep connect` (docs/connect.md)"};
}

base::Result<std::vector<core::Integration>> chosen(App& app, const std::string& id) {
  ASSIGN_OR_RETURN(auto integrations, app.store->integrations());
  const bool any = !integrations.empty();
  std::erase_if(integrations, [&](const core::Integration& i) {
    return id.empty() ? !i.is_active : i.id.text != id && i.workspace != id;
  });
  if (!any) return std::unexpected(no_org_connected());
  if (integrations.empty())
    return base::failure(base::ErrorKind::settings,
                         id.empty() ? "every integration is paused: `lockstep integration resume` sets it going"
                                    : "there is no integration " + id + ": `lockstep status` lists them");
  return integrations;
}

base::Result<salesforce::SessionSettings> session_settings(const App& app, const core::Integration& integration) {
  return connection::session_settings(integration,
                                      {app.settings.salesforce.client_id, app.settings.salesforce.client_secret,
                                       app.settings.salesforce.allowed_domains},
                                      *app.keys);
}

}  // namespace daemon_process
