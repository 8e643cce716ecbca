#pragma once

#include "daemon/app.h"

namespace daemon_process {

/// The way to one integration's org, for the length of one command.
struct Connection {
  Connection(App& app, const core::Integration& integration)
      : sign_in_transport{app.clock},
        transport{app.clock},
        vault{*app.store, *app.keys, integration.id},
        session{session_settings(app, integration), vault, sign_in_transport},
        org{session, transport, app.settings.salesforce.api_version} {}

  salesforce::CurlTransport sign_in_transport, transport;
  StoreVault vault;
  salesforce::Session session;
  salesforce::RestOrg org;
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
    if (app_.clock.elapsed() - renewed_ < time / 4) return;
    renewed_ = app_.clock.elapsed();
    (void)app_.store->renew_lease(lease_, app_.clock.now(), time);
  }

 private:
  App& app_;
  core::Lease lease_;
  std::chrono::nanoseconds renewed_ = app_.clock.elapsed();
};

}  // namespace daemon_process
