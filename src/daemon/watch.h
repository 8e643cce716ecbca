#pragma once

#include <map>

#include "base/outages.h"
#include "daemon/app.h"
#include "queue/job_queue.h"
#include "schedule/order.h"

namespace daemon_process {

/// Puts jobs for what no tick waits for: edited rows, a new connection, a run whose tick never came. Keeps the group's
/// one scheduler entry as the settings and the integrations want it. Every daemon of a group does this; a job that is
/// there already is not put twice.
class Watch {
 public:
  Watch(App& app, queue::JobQueue& queue, base::Outages& outages);  ///< Borrows all.

  /// One look, about once a second. False: the store did not answer.
  bool look();

 private:
  /// What was put last for an integration.
  struct Put {
    std::chrono::nanoseconds at{};
    std::optional<base::Utc> last_sync_at;
    std::int64_t outbox = 0;
  };

  void keep_scheduler(const std::vector<core::Integration>& integrations);
  void consider(const core::Integration& integration);
  base::Result<std::int64_t> edited_rows(const core::Integration& integration);

  App& app_;
  queue::JobQueue& queue_;
  base::Outages& outages_;
  std::map<model::IntegrationId, Put> put_;
  std::map<model::IntegrationId, std::int64_t> rows_;  ///< Edited ones at the last look.
  std::chrono::nanoseconds scheduler_kept_{};
  std::optional<queue::Repeat> repeat_;
};

}  // namespace daemon_process
