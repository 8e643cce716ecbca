#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "connection/guarded_transport.h"
#include "connection/store_vault.h"
#include "core/budget.h"
#include "core/sync_run.h"
#include "salesforce/auth.h"
#include "salesforce/curl_transport.h"
#include "salesforce/rest_org.h"
#include "security/seal.h"
#include "settings/settings.h"
#include "store/sqlite/sqlite_store.h"

namespace daemon_process {

/// Exit statuses of design.md section 3.
enum ExitStatus { done = 0, some_left = 1, wrong_usage = 2, sign_in_needed = 3, budget = 4, unreachable = 5, bug = 70 };

int exit_status_for(const base::Error&);

/// The signal handlers set it; runs finish their page and end.
extern std::atomic<bool> stop_requested;

/// The store, the keys and the settings: what every command needs.
struct App {
  settings::Settings settings;
  base::SystemClock clock;
  base::Random random;
  std::unique_ptr<store::SqliteStore> store;
  std::optional<security::KeyRing> keys;
  std::shared_ptr<connection::Breakers> breakers = std::make_shared<connection::Breakers>();
};

base::Result<std::unique_ptr<App>> open_app(settings::Settings);
/// The keys that the settings name, or the key file beside the store, made if there is none.
base::Result<security::KeyRing> open_keys(const settings::Settings&);

/// How the integration's user signs in, with the settings' client.
base::Result<salesforce::SessionSettings> session_settings(const App&, const core::Integration&);

struct SyncRequest {
  std::string integration;           ///< Empty: the only one, or every active one.
  std::vector<std::string> objects;  ///< Empty: all that are switched on.
  std::optional<model::SyncDirection> direction;
  core::Lane lane = core::Lane::incremental;  ///< Whose part of the API budget it may spend.
  bool allow_mass_change = false;             ///< The brake is off for this run.
  std::function<void(const std::string&)> progress;
  std::function<bool()> stopping = {};  ///< Besides stop_requested: ends the run with the page in hand.
  bool fresh = false;                   ///< The org's schemas are asked for anew.
};
/// Syncs one integration and writes its log. The outer error means that no run took place.
base::Result<core::RunRecord> sync_once(App&, core::Integration&, const SyncRequest&, std::optional<base::Error>& end);

/// What a command that needs an org says while there is none: `unauthorized`.
base::Error no_org_connected();

/// The integrations a command is about. Errors: no_org_connected(); `settings` when none has that id, or all are
/// paused.
base::Result<std::vector<core::Integration>> chosen(App&, const std::string& id);

/// Schedules runs and answers HTTP until told to stop.
int serve(App&);

std::string run_json(const core::RunRecord&);
base::Result<std::string> status_json(App&);

}  // namespace daemon_process
