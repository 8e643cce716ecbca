#pragma once

#include <atomic>
#include <memory>

#include "board/board.h"
#include "daemon/app.h"
#include "daemon/connect_pages.h"
#include "signin/gate.h"

namespace daemon_process {

/// Everything that `lockstep serve` answers over HTTP. Open to all: /healthz, /readyz, the sign-in and
/// Salesforce's callback; the rest stands behind it.
class Web {
 public:
  /// `queue`: shown at /admin/queues; borrowed. Errors: as opening the store, and `settings` for
  /// security.admin_password_hash and security.tokens.
  static base::Result<std::unique_ptr<Web>> open(const App&, queue::JobQueue& queue, bool queue_has_server);

  /// Where the server came to listen: only then is it known which host names are ours.
  void listens_on(std::uint16_t port);

  http::Response answer(const http::Request&);

  /// A one-time password for the terminal while nobody has chosen one.
  std::optional<std::string> first_password() { return gate_->setup(); }

  std::atomic<bool> store_answers{true};  ///< Set by whoever uses the store; /readyz says it.

 private:
  Web(const App& app, std::unique_ptr<store::SqliteStore> registry, queue::JobQueue& queue, bool queue_has_server);

  const settings::Settings& settings_;
  const base::Clock& clock_;
  const std::unique_ptr<store::SqliteStore> registry_;  ///< Our own: requests come from other threads.
  std::mutex registry_mutex_;
  queue::JobQueue& queue_;
  signin::GateOptions gate_options_;
  std::unique_ptr<signin::Gate> gate_;
  board::Board board_;
  ConnectPages connect_;
};

}  // namespace daemon_process
