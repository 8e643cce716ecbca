#pragma once

#include <memory>

#include "queue/job_queue.h"

namespace queue {

/// A job with its place. Within a state jobs are in the order of (score, seq); the first is the next or the oldest.
struct Entry {
  Job job;
  State state = State::waiting;  ///< Never `paused`: that is `waiting` in a paused queue.
  std::int64_t score = 0;
  std::int64_t seq = 0;
  std::string token = {};        ///< Of the lock; empty: none.
  base::Utc locked_until{};
  bool suspected = false;        ///< Active at the last check for stalled jobs and not heard of since.
};

/// What is kept once a queue.
struct Head {
  bool paused = false;
  std::optional<int> concurrency;
  std::optional<int> limit_max;
  milliseconds limit_duration{0};
  std::int64_t limit_used = 0;       ///< Starts in the running window.
  base::Utc limit_until{};           ///< The window's end.
  base::Utc checked_until{};         ///< No check for stalled jobs before.
  std::int64_t last_id = 0;
  std::int64_t last_seq = 0;
  Metrics completed, failed;
};

/// Where a LocalQueue keeps its jobs. One queue's; used by one thread at a time. Between begin() and commit() nobody
/// else writes; rollback() undoes all since begin().
class Shelf {
 public:
  virtual ~Shelf() = default;
  virtual base::Result<void> begin() = 0;
  virtual base::Result<void> commit() = 0;
  virtual void rollback() = 0;

  virtual base::Result<Head> head() = 0;
  virtual base::Result<void> put(const Head& head) = 0;

  virtual base::Result<std::optional<Entry>> find(std::string_view id) = 0;
  virtual base::Result<void> put(const Entry& entry) = 0;  ///< Inserts or replaces by the job's id.
  virtual base::Result<void> erase(std::string_view id) = 0;  ///< With its log.
  virtual base::Result<std::int64_t> count(State state) = 0;
  virtual base::Result<std::vector<Entry>> list(State state, std::int64_t skip, std::int64_t limit,
                                                JobQueue::Order order) = 0;

  virtual base::Result<void> log(std::string_view id, std::string_view row, std::optional<int> keep) = 0;
  virtual base::Result<LogPage> logs(std::string_view id, std::int64_t first, std::int64_t last) = 0;

  struct Owner {
    std::string job;
    std::optional<base::Utc> until;
  };
  virtual base::Result<std::optional<Owner>> owner(std::string_view deduplication_id) = 0;
  virtual base::Result<void> put_owner(std::string_view deduplication_id, const std::optional<Owner>& owner) = 0;

  virtual base::Result<std::vector<Scheduler>> schedulers() = 0;  ///< Next run first.
  virtual base::Result<std::optional<Scheduler>> scheduler(std::string_view id) = 0;
  virtual base::Result<void> put(const Scheduler& scheduler) = 0;
  virtual base::Result<void> erase_scheduler(std::string_view id) = 0;

  virtual base::Result<void> clear() = 0;  ///< Everything of this queue.

  /// True if another process has written since this was asked last. Asked by an idle worker.
  virtual bool changed_elsewhere() { return false; }
};

/// `first` to `last` as in a Redis range, in a list of `size`: where it begins and how many it holds.
struct Range {
  std::int64_t skip, limit;
};
Range range_of(std::int64_t first, std::int64_t last, std::int64_t size);

}  // namespace queue
