#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "queue/job_queue.h"
#include "queue/redis/connection.h"
#include "queue/redis_address.h"

namespace queue {

struct RedisQueueOptions {
  RedisAddress address;
  std::string prefix = "bull";
  std::string name;
  std::string worker = {};  ///< Shown where workers are listed; empty: none.
  /// Longest wait() at a time: a connection that died in silence would cost more.
  milliseconds longest_wait = std::chrono::seconds{10};
};

/// A queue in BullMQ 5's layout, so that Node producers, workers, QueueEvents and Bull Board share it: see
/// docs/queue.md. Makes its connections when first used and again when they are lost.
class RedisQueue final : public JobQueue {
 public:
  explicit RedisQueue(RedisQueueOptions options);

  base::Result<std::string> add(const NewJob& job, base::Utc now) override;

  base::Result<Taken> take(const TakeRequest& request, base::Utc now) override;
  base::Result<void> wait(milliseconds at_most) override;
  void wake() override;
  base::Result<Taken> complete(const Job& job, std::string_view token, std::string_view return_value_json,
                               const Retention& keep, base::Utc now, const std::optional<TakeRequest>& next) override;
  base::Result<Taken> fail(const Job& job, std::string_view token, const Failure& failure, const Retention& keep,
                           base::Utc now, const std::optional<TakeRequest>& next) override;
  base::Result<void> retry(const Job& job, std::string_view token, const Failure& failure, milliseconds delay,
                           base::Utc now) override;
  base::Result<void> postpone(const Job& job, std::string_view token, milliseconds delay, base::Utc now) override;
  base::Result<void> give_back(const Job& job, std::string_view token, base::Utc now) override;
  base::Result<std::vector<std::string>> extend(std::span<const Held> held, milliseconds lock, base::Utc now) override;
  base::Result<std::vector<std::string>> check_stalled(milliseconds interval, int most, base::Utc now) override;
  base::Result<std::string> advance(const Job& run, base::Utc now) override;
  base::Result<void> set_progress(std::string_view id, std::string_view json) override;
  base::Result<void> log(std::string_view id, std::string_view row, std::optional<int> keep) override;
  base::Result<void> set_data(std::string_view id, std::string_view json) override;

  base::Result<std::map<State, std::int64_t>> counts() override;
  base::Result<std::vector<Job>> jobs(State state, std::int64_t first, std::int64_t last, Order order) override;
  base::Result<std::optional<Job>> job(std::string_view id) override;
  base::Result<std::optional<State>> state_of(std::string_view id) override;
  base::Result<LogPage> logs(std::string_view id, std::int64_t first, std::int64_t last) override;
  base::Result<QueueSettings> settings(base::Utc now) override;
  base::Result<std::vector<Scheduler>> schedulers() override;
  base::Result<std::optional<Scheduler>> scheduler(std::string_view id) override;
  base::Result<std::optional<Metrics>> metrics(State finished) override;
  base::Result<std::optional<std::vector<WorkerInfo>>> workers() override;
  base::Result<std::optional<ServerInfo>> server_info() override;

  base::Result<void> pause() override;
  base::Result<void> resume() override;
  base::Result<void> set_concurrency(std::optional<int> most) override;
  base::Result<void> set_rate_limit(std::optional<RateLimit> limit) override;
  base::Result<void> release_rate_limit() override;
  base::Result<void> promote(std::string_view id, base::Utc now) override;
  base::Result<std::int64_t> promote_all(base::Utc now) override;
  base::Result<void> retry_finished(std::string_view id, base::Utc now) override;
  base::Result<std::int64_t> retry_all(State finished, base::Utc now) override;
  base::Result<void> remove(std::string_view id) override;
  base::Result<std::vector<std::string>> clean(State state, milliseconds grace, std::int64_t limit,
                                               base::Utc now) override;
  base::Result<void> drain(bool delayed_too) override;
  base::Result<void> obliterate(bool force) override;
  base::Result<void> change_delay(std::string_view id, milliseconds delay, base::Utc now) override;
  base::Result<void> change_priority(std::string_view id, int priority) override;
  base::Result<std::string> upsert_scheduler(const Scheduler& scheduler, base::Utc now, First first) override;
  base::Result<void> remove_scheduler(std::string_view id) override;

  /// What is wrong with the server as the home of a queue, for its administrator; see health.h.
  base::Result<std::vector<std::string>> server_warnings();

 private:
  using Arguments = Connection::Arguments;

  std::string key(std::string_view name) const { return keys_ + std::string{name}; }
  base::Result<Reply> command(const Arguments& arguments);
  base::Result<std::vector<Reply>> pipeline(std::span<const Arguments> commands);
  /// Runs a script of lua/ with the queue's prefix and these arguments.
  base::Result<Reply> run(std::string_view name, const Arguments& arguments);
  base::Result<Reply> run_locked(std::string_view name, const Arguments& arguments);
  /// The same where the answer is a count or one of the codes of bullmq-wire.md section 10.
  base::Result<std::int64_t> run_on(std::string_view name, std::string_view id, const Arguments& arguments);
  base::Result<Taken> finish(const Job& job, std::string_view token, std::string_view set, std::string_view value,
                             std::string_view trace, const Retention& keep, base::Utc now,
                             const std::optional<TakeRequest>& next);
  base::Result<void> requeue(const Job& job, std::string_view token, std::string_view how, milliseconds delay,
                             const Failure& failure, base::Utc now);
  base::Result<void> introduce();

  const RedisQueueOptions options_;
  const std::string keys_;  ///< "bull:name:"

  std::mutex mutex_;  // Guards what follows.
  Connection commands_;
  std::uint64_t introduced_ = 0;  // The connection on which introduce() was done.

  // One idle thread listens on its own connection; the others wait for their turn.
  std::mutex idle_mutex_;  // Guards what follows; listener_ belongs to the thread that set listening_.
  std::condition_variable idle_;
  bool listening_ = false;
  std::uint64_t wakes_ = 0;
  Connection listener_;
};

}  // namespace queue
