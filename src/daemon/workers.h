#pragma once

#include <atomic>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/outages.h"
#include "daemon/app.h"
#include "queue/job_queue.h"
#include "schedule/order.h"
#include "schedule/verdict.h"

namespace daemon_process {

/// What all jobs of the queue keep: one rule for each, since a queue applies the rule of whoever finishes to all.
queue::JobOptions kept_by(const settings::Settings&);

/// Takes jobs and does them, `queue.concurrency` at a time, each on a store connection of its own, and keeps their
/// locks alive.
///
/// A job whose lock is lost is told to stop at the end of its page; what it writes until then is fenced by the
/// integration's lease. Locks of dead workers are looked for every `queue.stalled_interval_ms`.
class Workers {
 public:
  /// Borrows all. Errors: as opening the store.
  static base::Result<std::unique_ptr<Workers>> start(const settings::Settings&, queue::JobQueue&, base::Outages&);
  ~Workers();

  /// Waits for the jobs in hand, which end with their page once `stop_requested` is set, and are handed back. False:
  /// some did not in time; they have been handed back all the same, and the process must end at once.
  bool drain(std::chrono::milliseconds at_most);

 private:
  /// A job in hand.
  struct Held {
    queue::Job job;
    std::string token;
    std::chrono::nanoseconds since{};
    std::atomic<bool> lost = false;
    std::atomic<bool> give_way = false;  ///< Others have waited long enough.
  };
  struct Outcome {
    schedule::Verdict verdict;
    std::string return_value = {};
  };

  Workers(const settings::Settings&, queue::JobQueue&, base::Outages&);
  void work(App& app);
  void keep();
  void keep_locks();
  void share_turns();
  void handle(App& app, const queue::Job& job, const std::string& token);
  Outcome do_job(App& app, Held& held);
  Outcome fan_out(App& app, const queue::Job& job);
  Outcome sync(App& app, Held& held, const schedule::Order& order);
  base::Result<void> settle(App& app, const queue::Job& job, const std::string& token, const Outcome& outcome);
  std::function<void(const std::string&)> progress_of(const queue::Job& job);
  void pause(std::chrono::milliseconds time);

  const settings::Settings& settings_;
  queue::JobQueue& queue_;
  base::Outages& outages_;
  const base::SystemClock clock_;
  const std::chrono::milliseconds lock_, stalled_;
  std::vector<std::unique_ptr<App>> apps_;  ///< One a thread.

  std::mutex mutex_;  // Guards what follows.
  std::condition_variable changed_;
  std::list<Held*> held_;
  std::size_t working_ = 0;  ///< Threads that have not ended.
  bool stopping_ = false;

  std::jthread keeper_;
  std::vector<std::jthread> threads_;
};

}  // namespace daemon_process
