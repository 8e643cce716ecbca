// What operators do to a LocalQueue: bullmq-wire.md section 11.
#include <algorithm>

#include "queue/local/local_queue.h"
#include "queue/local/transact.h"

namespace queue {
namespace {

base::Error wrong_state(const Entry& entry, std::string_view needed) {
  return {base::ErrorKind::precondition,
          "job " + entry.job.id + " is " + std::string{name_of(entry.state)} + ", not " + std::string{needed},
          std::string{code::wrong_state}};
}

/// The time by which clean() judges a job; what has none counts as old.
base::Utc age_of(const Entry& entry) {
  const Job& job = entry.job;
  switch (entry.state) {
    case State::completed:
    case State::failed: return base::Utc{milliseconds{entry.score}};
    case State::delayed: return job.processed_on.value_or(job.timestamp);
    case State::prioritized: return job.timestamp;
    default: return job.finished_on.value_or(job.processed_on.value_or(job.timestamp));
  }
}

}  // namespace

base::Result<void> LocalQueue::drop(const Entry& entry) {
  if (!entry.job.deduplication_id.empty()) {
    ASSIGN_OR_RETURN(const auto owner, shelf_->owner(entry.job.deduplication_id));
    if (owner && owner->job == entry.job.id)
      RETURN_IF_ERROR(shelf_->put_owner(entry.job.deduplication_id, std::nullopt));
  }
  return shelf_->erase(entry.job.id);
}

base::Result<void> LocalQueue::pause() {
  return transact([&](Head& head) -> base::Result<void> {
    head.paused = true;
    return {};
  });
}

base::Result<void> LocalQueue::resume() {
  return transact([&](Head& head) -> base::Result<void> {
    head.paused = false;
    worth_a_look_ = true;
    return {};
  });
}

base::Result<void> LocalQueue::set_concurrency(std::optional<int> most) {
  return transact([&](Head& head) -> base::Result<void> {
    head.concurrency = most;
    worth_a_look_ = true;
    return {};
  });
}

base::Result<void> LocalQueue::set_rate_limit(std::optional<RateLimit> limit) {
  return transact([&](Head& head) -> base::Result<void> {
    head.limit_max = limit ? std::optional{limit->max} : std::nullopt;
    head.limit_duration = limit ? limit->duration : milliseconds{0};
    worth_a_look_ = true;
    return {};
  });
}

base::Result<void> LocalQueue::release_rate_limit() {
  return transact([&](Head& head) -> base::Result<void> {
    head.limit_used = 0;
    head.limit_until = {};
    worth_a_look_ = true;
    return {};
  });
}

base::Result<void> LocalQueue::promote(std::string_view id, base::Utc) {
  return transact([&](Head& head) -> base::Result<void> {
    ASSIGN_OR_RETURN(Entry entry, existing(id));
    if (entry.state != State::delayed) return std::unexpected(wrong_state(entry, "delayed"));
    entry.job.delay = milliseconds{0};
    return enqueue(entry, At::back, head);
  });
}

base::Result<std::int64_t> LocalQueue::promote_all(base::Utc) {
  return transact([&](Head& head) -> base::Result<std::int64_t> {
    ASSIGN_OR_RETURN(auto delayed, shelf_->list(State::delayed, 0, -1, Order::oldest_first));
    for (Entry& entry : delayed) {
      entry.job.delay = milliseconds{0};
      RETURN_IF_ERROR(enqueue(entry, At::back, head));
    }
    return static_cast<std::int64_t>(delayed.size());
  });
}

base::Result<void> LocalQueue::retry_finished(std::string_view id, base::Utc) {
  return transact([&](Head& head) -> base::Result<void> {
    ASSIGN_OR_RETURN(Entry entry, existing(id));
    if (entry.state != State::failed && entry.state != State::completed)
      return std::unexpected(wrong_state(entry, "failed or completed"));
    (entry.state == State::failed ? entry.job.failed_reason : entry.job.return_value).clear();
    entry.job.finished_on.reset();
    entry.job.processed_on.reset();
    return enqueue(entry, own_side(entry.job), head);
  });
}

base::Result<std::int64_t> LocalQueue::retry_all(State finished, base::Utc) {
  return transact([&](Head& head) -> base::Result<std::int64_t> {
    ASSIGN_OR_RETURN(auto entries, shelf_->list(finished, 0, -1, Order::oldest_first));
    for (Entry& entry : entries) {
      (finished == State::failed ? entry.job.failed_reason : entry.job.return_value).clear();
      entry.job.finished_on.reset();
      entry.job.processed_on.reset();
      RETURN_IF_ERROR(enqueue(entry, At::back, head));
    }
    return static_cast<std::int64_t>(entries.size());
  });
}

base::Result<void> LocalQueue::remove(std::string_view id) {
  return transact([&](Head&) -> base::Result<void> {
    ASSIGN_OR_RETURN(const Entry entry, existing(id));
    ASSIGN_OR_RETURN(const bool current, is_current_run(entry.job));
    if (current)
      return base::failure(base::ErrorKind::precondition,
                           "job " + entry.job.id + " is the next run of job scheduler " + entry.job.scheduler +
                               ": remove the scheduler instead",
                           std::string{code::of_scheduler});
    if (!entry.token.empty())
      return base::failure(base::ErrorKind::precondition, "job " + entry.job.id + " is being worked on",
                           std::string{code::job_is_active});
    return drop(entry);
  });
}

base::Result<std::vector<std::string>> LocalQueue::clean(State state, milliseconds grace, std::int64_t limit,
                                                         base::Utc now) {
  return transact([&](Head& head) -> base::Result<std::vector<std::string>> {
    std::vector<std::string> removed;
    if (state == (head.paused ? State::waiting : State::paused)) return removed;
    const bool finished = state == State::completed || state == State::failed;
    ASSIGN_OR_RETURN(const auto entries, shelf_->list(state == State::paused ? State::waiting : state, 0, -1,
                                                      Order::oldest_first));
    for (const Entry& entry : entries) {
      if (limit > 0 && static_cast<std::int64_t>(removed.size()) >= limit) break;
      if (age_of(entry) > now - grace || (state == State::active && !entry.token.empty())) continue;
      ASSIGN_OR_RETURN(const bool current, is_current_run(entry.job));
      if (current && !finished) continue;
      RETURN_IF_ERROR(drop(entry));
      removed.push_back(entry.job.id);
    }
    return removed;
  });
}

base::Result<void> LocalQueue::drain(bool delayed_too) {
  return transact([&](Head&) -> base::Result<void> {
    for (const State state : {State::waiting, State::prioritized, State::delayed}) {
      if (state == State::delayed && !delayed_too) continue;
      ASSIGN_OR_RETURN(const auto entries, shelf_->list(state, 0, -1, Order::oldest_first));
      for (const Entry& entry : entries) {
        ASSIGN_OR_RETURN(const bool current, is_current_run(entry.job));
        if (!current) RETURN_IF_ERROR(drop(entry));
      }
    }
    return {};
  });
}

base::Result<void> LocalQueue::obliterate(bool force) {
  return transact([&](Head& head) -> base::Result<void> {
    if (!head.paused)
      return base::failure(base::ErrorKind::precondition, "the queue must be paused before it is obliterated",
                           std::string{code::not_paused});
    ASSIGN_OR_RETURN(const std::int64_t active, shelf_->count(State::active));
    if (active > 0 && !force)
      return base::failure(base::ErrorKind::precondition, "the queue has active jobs: wait for them, or force it",
                           std::string{code::has_active});
    RETURN_IF_ERROR(shelf_->clear());
    head = Head{};
    return {};
  });
}

base::Result<void> LocalQueue::change_delay(std::string_view id, milliseconds delay, base::Utc now) {
  return transact([&](Head& head) -> base::Result<void> {
    ASSIGN_OR_RETURN(Entry entry, existing(id));
    if (entry.state != State::delayed) return std::unexpected(wrong_state(entry, "delayed"));
    entry.job.delay = delay;
    return schedule(entry, now + delay, head);
  });
}

base::Result<void> LocalQueue::change_priority(std::string_view id, int priority) {
  return transact([&](Head& head) -> base::Result<void> {
    ASSIGN_OR_RETURN(Entry entry, existing(id));
    entry.job.priority = priority;
    if (entry.state != State::waiting && entry.state != State::prioritized) return shelf_->put(entry);
    return enqueue(entry, At::back, head);
  });
}

}  // namespace queue
