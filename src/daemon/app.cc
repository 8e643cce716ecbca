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
  const bool any = !integrations.empty();
  std::erase_if(integrations, [&](const core::Integration& i) { return id.empty() ? !i.is_active : i.id.text != id; });
  if (integrations.empty())
    return base::failure(base::ErrorKind::settings,
                         id.empty() && any ? "every integration is paused: `lockstep integration resume` sets it going"
                         : id.empty()      ? "no org is connected yet: run `lockstep connect --flow client-credentials`"
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
