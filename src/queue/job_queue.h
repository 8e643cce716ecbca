#pragma once

#include <span>

#include "queue/job.h"

namespace queue {

/// What a worker says when it asks for a job.
struct TakeRequest {
  std::string token;           ///< Of the lock; of this process and this job alone.
  milliseconds lock{30'000};   ///< How long the lock holds unless it is extended.
  std::string worker = {};     ///< Its name; shown.
};

struct Taken {
  std::optional<Job> job;
  std::optional<milliseconds> limited_for;  ///< The queue's rate limit: nothing is given out that long.
  std::optional<base::Utc> next_due;        ///< When there is no job: the time of the next delayed one.
};

/// What a failed attempt leaves on its job.
struct Failure {
  std::string reason;                   ///< Plain text.
  std::vector<std::string> stacktrace;  ///< The job's whole list, this attempt's entry last. See failure_of().
};

/// Queue-wide settings and state.
struct QueueSettings {
  bool paused = false;
  std::optional<int> concurrency;  ///< At most so many active jobs, all workers together.
  std::optional<int> limit_max;    ///< With `limit_duration`: at most so many starts in that time.
  milliseconds limit_duration{0};
  milliseconds limited_for{0};     ///< What is left of a limit that is in force.
};

struct LogPage {
  std::vector<std::string> rows;  ///< Oldest first.
  std::int64_t count = 0;         ///< Of all rows there are.
};

/// Finished jobs per minute, newest first, as BullMQ keeps them.
struct Metrics {
  std::int64_t count = 0;
  base::Utc previous_at{};
  std::int64_t previous_count = 0;
  std::vector<std::int64_t> data;
};

/// A connected worker, of any program.
struct WorkerInfo {
  std::string id;
  std::string name;  ///< Empty: none given.
  std::string address;
  std::chrono::seconds age{0};
};

/// The server behind the queue, where there is one: the `key:value` lines of Redis's INFO.
using ServerInfo = std::map<std::string, std::string>;

/// A queue of jobs with BullMQ's states and promises: at least once, first in first out within a priority, locks that
/// expire, retries, delays, schedulers, retention.
///
/// Every call is one atomic step: dying anywhere leaves a job in exactly one state. What the time is, the caller says
/// (`now`); it must be near to what the other users of the queue say. May be used by several threads at once; calls
/// take turns, and wait() holds up nobody.
///
/// Errors: `precondition` with one of queue::code when the job or queue is not as the call needs it, `unreachable`
/// when nothing was done, `unknown_fate` when an answer was lost, `rejected` for a job that no queue takes.
class JobQueue {
 public:
  virtual ~JobQueue() = default;

  // Producers.

  /// Adds a job and returns its id: that of the existing one where its id or deduplication id is taken.
  virtual base::Result<std::string> add(const NewJob& job, base::Utc now) = 0;

  // Workers.

  /// Gives out the next job under the lock of `request`, or says why there is none.
  virtual base::Result<Taken> take(const TakeRequest& request, base::Utc now) = 0;

  /// Returns when there may be a job, when `at_most` is over, or when wake() is called. A hint only.
  virtual base::Result<void> wait(milliseconds at_most) = 0;
  virtual void wake() = 0;  ///< Ends every wait() in progress, from any thread.

  /// Ends the job well; then, if asked, takes the next one in the same step.
  virtual base::Result<Taken> complete(const Job& job, std::string_view token, std::string_view return_value_json,
                                       const Retention& keep, base::Utc now,
                                       const std::optional<TakeRequest>& next = {}) = 0;
  /// Ends the job for good as failed.
  virtual base::Result<Taken> fail(const Job& job, std::string_view token, const Failure& failure,
                                   const Retention& keep, base::Utc now,
                                   const std::optional<TakeRequest>& next = {}) = 0;
  /// Ends a failed attempt of a job that is tried again after `delay`; zero: at once, behind the others.
  virtual base::Result<void> retry(const Job& job, std::string_view token, const Failure& failure, milliseconds delay,
                                   base::Utc now) = 0;
  /// Puts the job off by `delay` without counting an attempt.
  virtual base::Result<void> postpone(const Job& job, std::string_view token, milliseconds delay, base::Utc now) = 0;
  /// Hands the job back, next in line, without counting an attempt.
  virtual base::Result<void> give_back(const Job& job, std::string_view token, base::Utc now) = 0;

  struct Held {
    std::string id, token;
  };
  /// Extends locks; returns the ids of those that are lost.
  virtual base::Result<std::vector<std::string>> extend(std::span<const Held> held, milliseconds lock,
                                                        base::Utc now) = 0;
  /// Hands out again what active jobs have lost their lock since the last check; their ids. Does nothing when somebody
  /// checked within `interval`. A job that stalls more than `most` times is failed by whoever takes it next.
  virtual base::Result<std::vector<std::string>> check_stalled(milliseconds interval, int most, base::Utc now) = 0;

  /// Makes the scheduler's next run; to be called after taking a job that has a `scheduler`, before running it.
  /// The new run's id; empty when there is none (the job is not the current run, or the last).
  virtual base::Result<std::string> advance(const Job& run, base::Utc now) = 0;

  virtual base::Result<void> set_progress(std::string_view id, std::string_view json) = 0;
  virtual base::Result<void> log(std::string_view id, std::string_view row, std::optional<int> keep = {}) = 0;
  virtual base::Result<void> set_data(std::string_view id, std::string_view json) = 0;

  // Reading.

  virtual base::Result<std::map<State, std::int64_t>> counts() = 0;  ///< Every state has an entry.
  enum class Order { newest_first, oldest_first };
  /// Jobs `first` to `last` of a state, both counted from 0 and included; `last` -1 is the end. Waiting jobs do not
  /// hold those of a paused queue: ask for both.
  virtual base::Result<std::vector<Job>> jobs(State state, std::int64_t first, std::int64_t last,
                                              Order order = Order::newest_first) = 0;
  virtual base::Result<std::optional<Job>> job(std::string_view id) = 0;
  /// Nothing for an unknown job. A paused job counts as waiting.
  virtual base::Result<std::optional<State>> state_of(std::string_view id) = 0;
  /// Log rows `first` to `last`; no rows for an unknown job.
  virtual base::Result<LogPage> logs(std::string_view id, std::int64_t first = 0, std::int64_t last = -1) = 0;
  virtual base::Result<QueueSettings> settings(base::Utc now) = 0;
  virtual base::Result<std::vector<Scheduler>> schedulers() = 0;  ///< Next run first.
  virtual base::Result<std::optional<Scheduler>> scheduler(std::string_view id) = 0;
  /// `completed` or `failed`; nothing where none are kept.
  virtual base::Result<std::optional<Metrics>> metrics(State finished) = 0;
  virtual base::Result<std::optional<std::vector<WorkerInfo>>> workers() = 0;  ///< Nothing: not known.
  virtual base::Result<std::optional<ServerInfo>> server_info() = 0;           ///< Nothing: there is no server.

  // Operators.

  virtual base::Result<void> pause() = 0;  ///< Active jobs go on; nothing new is given out.
  virtual base::Result<void> resume() = 0;
  virtual base::Result<void> set_concurrency(std::optional<int> most) = 0;
  struct RateLimit {
    int max;
    milliseconds duration;
  };
  virtual base::Result<void> set_rate_limit(std::optional<RateLimit> limit) = 0;
  virtual base::Result<void> release_rate_limit() = 0;  ///< Ends the limit that is in force.

  virtual base::Result<void> promote(std::string_view id, base::Utc now) = 0;  ///< A delayed job waits at once.
  virtual base::Result<std::int64_t> promote_all(base::Utc now) = 0;           ///< How many.
  /// A failed or completed job waits again. Its attempts stay as they are.
  virtual base::Result<void> retry_finished(std::string_view id, base::Utc now) = 0;
  virtual base::Result<std::int64_t> retry_all(State finished, base::Utc now) = 0;  ///< How many.
  virtual base::Result<void> remove(std::string_view id) = 0;
  /// Removes jobs of a state that are older than `grace`, oldest first, at most `limit` (0: all). Active ones only
  /// without a lock, and never a scheduler's current run. Their ids.
  virtual base::Result<std::vector<std::string>> clean(State state, milliseconds grace, std::int64_t limit,
                                                       base::Utc now) = 0;
  /// Removes what waits, and what is delayed if asked, but schedulers' current runs.
  virtual base::Result<void> drain(bool delayed_too) = 0;
  /// Removes everything. The queue must be paused and, unless `force`, nothing active.
  virtual base::Result<void> obliterate(bool force) = 0;
  virtual base::Result<void> change_delay(std::string_view id, milliseconds delay, base::Utc now) = 0;
  virtual base::Result<void> change_priority(std::string_view id, int priority) = 0;

  enum class First { at_its_time, now };
  /// Makes or replaces the scheduler of that id and its next run, and returns that run's id. A run that came due
  /// unseen is lost by it when the scheduler goes by pattern: see ensure_scheduler().
  virtual base::Result<std::string> upsert_scheduler(const Scheduler& scheduler, base::Utc now,
                                                     First first = First::at_its_time) = 0;
  virtual base::Result<void> remove_scheduler(std::string_view id) = 0;
};

/// Makes the scheduler if there is none, or if the one there is differs: a run that came due while nobody worked stays.
/// True if something was written.
base::Result<bool> ensure_scheduler(JobQueue& queue, const Scheduler& wanted, base::Utc now);

}  // namespace queue
