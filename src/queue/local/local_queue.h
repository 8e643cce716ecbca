#pragma once

#include <condition_variable>
#include <mutex>

#include "queue/local/shelf.h"

namespace queue {

/// The queue's rules over any shelf: BullMQ's semantics without Redis. Memory and embedded queues are this with a shelf
/// of their own, so that they cannot differ in what a job goes through.
///
/// Not here: flows, which other programs make and which need Redis to be shared.
class LocalQueue final : public JobQueue {
 public:
  explicit LocalQueue(std::unique_ptr<Shelf> shelf) : shelf_(std::move(shelf)) {}

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

 private:
  /// Runs `work` as one transaction of the shelf.
  template <class Work>
  auto transact(Work work) -> decltype(work(std::declval<Head&>()));

  enum class At { back, front };
  /// Where the job's own `lifo` puts it; it says nothing about prioritized ones.
  static At own_side(const Job& job) { return job.options.lifo && job.priority == 0 ? At::front : At::back; }
  base::Result<void> place(Entry& entry, State state, std::int64_t score, At at, Head& head);
  base::Result<void> enqueue(Entry& entry, At at, Head& head);  ///< Waiting or prioritized.
  base::Result<void> schedule(Entry& entry, base::Utc due, Head& head);
  base::Result<Entry> existing(std::string_view id);
  base::Result<Entry> held(const Job& job, std::string_view token);  ///< Its lock released.
  base::Result<std::string> store(const NewJob& job, base::Utc now, Head& head);
  base::Result<Taken> take_next(const TakeRequest& request, base::Utc now, Head& head);
  base::Result<void> promote_due(base::Utc now, Head& head);
  base::Result<Taken> finish(Entry entry, State target, const Retention& keep, base::Utc now,
                             const std::optional<TakeRequest>& next, Head& head);
  base::Result<void> retain(State target, const Retention& keep, base::Utc now);
  base::Result<void> release_deduplication(const Job& job);
  base::Result<void> drop(const Entry& entry);
  base::Result<bool> is_current_run(const Job& job);
  base::Result<std::string> add_run(const Scheduler& scheduler, const JobOptions& base, std::int64_t count,
                                    base::Utc now, Head& head);
  base::Result<bool> take_away_run(std::string_view id);
  void announce();  ///< Something may be there to take.

  std::mutex mutex_;  // Guards what follows.
  std::unique_ptr<Shelf> shelf_;
  bool worth_a_look_ = false;  // The running transaction moved a job.

  std::mutex idle_mutex_;  // Guards what follows.
  std::condition_variable idle_;
  bool something_ = false;
  std::uint64_t wakes_ = 0;
};

}  // namespace queue
