#pragma once

#include <algorithm>
#include <functional>
#include <thread>

#include "connection/store_budget.h"
#include "connection/store_job_journal.h"
#include "daemon/app.h"
#include "daemon/budget.h"

namespace daemon_process {

/// Waits in small steps, with `meanwhile` between them. False: we are asked to stop.
inline bool wait_unless_stopped(std::chrono::milliseconds time, const std::function<void()>& meanwhile = [] {}) {
  constexpr std::chrono::milliseconds step{200};
  for (; time.count() > 0 && !stop_requested.load(); time -= step) {
    std::this_thread::sleep_for(std::min(time, step));
    meanwhile();
  }
  return !stop_requested.load();
}

/// The way to one integration's org, for the length of one command.
class Connection {
 public:
  /// `wait` waits for the org, and answers false when we are asked to stop.
  static base::Result<std::unique_ptr<Connection>> open(
      App& app, const core::Integration& integration,
      std::function<bool(std::chrono::milliseconds)> wait =
          [](std::chrono::milliseconds time) { return wait_unless_stopped(time); },
      core::Lane lane = core::Lane::interactive) {
    ASSIGN_OR_RETURN(auto settings, session_settings(app, integration));
    // A connection of its own, since tokens are renewed from whichever thread meets an expired one.
    ASSIGN_OR_RETURN(auto registry, store::SqliteStore::open(app.settings.store.sqlite_path, {.cache_kib = 256}));
    // And another, since calls are counted while that one may be in use.
    ASSIGN_OR_RETURN(auto accounts, store::SqliteStore::open(app.settings.store.sqlite_path, {.cache_kib = 256}));
    return std::unique_ptr<Connection>(new Connection{app, integration, lane, std::move(settings), std::move(registry),
                                                      std::move(accounts), std::move(wait)});
  }

 private:
  const std::unique_ptr<store::SqliteStore> registry_, accounts_;
  salesforce::CurlTransport sign_in_transport_, wire_;
  connection::GuardedTransport transport_;
  connection::StoreVault vault_;
  connection::StoreJobJournal journal_;

 public:
  connection::StoreBudget budget;
  salesforce::Session session;
  salesforce::RestOrg org;

 private:
  Connection(App& app, const core::Integration& integration, core::Lane lane, salesforce::SessionSettings settings,
             std::unique_ptr<store::SqliteStore> registry, std::unique_ptr<store::SqliteStore> accounts,
             std::function<bool(std::chrono::milliseconds)> wait)
      : registry_{std::move(registry)},
        accounts_{std::move(accounts)},
        sign_in_transport_{app.clock, {}, {}, app.settings.salesforce.ca_file, &stop_requested},
        wire_{app.clock, {}, {}, app.settings.salesforce.ca_file, &stop_requested},
        transport_{wire_, app.clock, app.breakers->of(integration.org_id)},
        vault_{*registry_, *app.keys, integration.id, app.clock},
        journal_{*app.store, integration.id},
        budget{*accounts_, budget_account(integration), budget_shares(app.settings), lane, app.clock},
        session{std::move(settings), vault_, sign_in_transport_, app.clock},
        org{session, transport_, app.settings.salesforce.api_version,
            salesforce::BulkAccess{&journal_,
                                   [&app](std::stop_token stop) -> std::unique_ptr<salesforce::Transport> {
                                     return std::make_unique<salesforce::CurlTransport>(
                                         app.clock, salesforce::Deadlines{}, std::move(stop),
                                         app.settings.salesforce.ca_file);
                                   },
                                   std::move(wait)},
            &budget} {}
};

/// Keeps the lease alive beside a long run, and lets go of it at the end.
class HeldLease {
 public:
  static constexpr std::chrono::seconds time{60};  ///< How long a lease outlives its process.

  HeldLease(App& app, core::Lease lease) : app_(app), lease_(std::move(lease)) { app_.store->bind(lease_); }
  ~HeldLease() {
    app_.store->bind(std::nullopt);
    (void)app_.store->release_lease(lease_);
  }
  HeldLease(const HeldLease&) = delete;
  HeldLease& operator=(const HeldLease&) = delete;
  void renew() {
    if (age() < time / 4) return;
    (void)renew_now();
  }
  /// `cancelled` once somebody else may have taken over: asked before each write to the org.
  base::Result<void> still_ours() {
    if (age() < time / 2) return {};
    return renew_now();
  }

 private:
  /// By both clocks: a machine that slept counts that in one of them only.
  std::chrono::nanoseconds age() const {
    return std::max<std::chrono::nanoseconds>(app_.clock.elapsed() - renewed_, app_.clock.now() - renewed_at_);
  }
  base::Result<void> renew_now() {
    RETURN_IF_ERROR(app_.store->renew_lease(lease_, app_.clock.now(), time));
    renewed_ = app_.clock.elapsed();
    renewed_at_ = app_.clock.now();
    return {};
  }

  App& app_;
  core::Lease lease_;
  std::chrono::nanoseconds renewed_ = app_.clock.elapsed();
  base::Utc renewed_at_ = app_.clock.now();
};

}  // namespace daemon_process
