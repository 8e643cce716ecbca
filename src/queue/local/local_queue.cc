#include "queue/local/local_queue.h"

#include <algorithm>

#include "queue/local/transact.h"
#include "queue/rules.h"

namespace queue {
namespace {

constexpr std::size_t metric_minutes = 1440;

/// One more finished job. Source: bullmq-wire.md section 16.
void count_finished(Metrics& metrics, base::Utc now) {
  const std::int64_t before = metrics.count++;
  if (metrics.previous_at == base::Utc{}) {
    metrics.previous_at = now;
    return;
  }
  const auto minute = [](base::Utc at) { return std::chrono::floor<std::chrono::minutes>(at); };
  const auto gone = std::min<std::int64_t>((minute(now) - minute(metrics.previous_at)).count(), metric_minutes);
  if (gone <= 0) return;
  std::vector<std::int64_t> data(static_cast<std::size_t>(gone), 0);
  data.back() = before - metrics.previous_count;
  metrics.data.insert(metrics.data.begin(), data.begin(), data.end());
  metrics.data.resize(std::min(metrics.data.size(), metric_minutes));
  metrics.previous_count = before;
  metrics.previous_at = now;
}

base::Error missing(std::string_view id) {
  return {base::ErrorKind::precondition, "there is no job " + std::string{id} + " (any more)",
          std::string{code::job_missing}};
}

}  // namespace

Range range_of(std::int64_t first, std::int64_t last, std::int64_t size) {
  if (first < 0) first = std::max<std::int64_t>(0, first + size);
  if (last < 0) last += size;
  last = std::min(last, size - 1);
  return {first, std::max<std::int64_t>(0, last - first + 1)};
}

// Places.

base::Result<void> LocalQueue::place(Entry& entry, State state, std::int64_t score, At at, Head& head) {
  entry.state = state;
  entry.score = score;
  entry.seq = at == At::back ? ++head.last_seq : -++head.last_seq;
  worth_a_look_ = true;
  return shelf_->put(entry);
}

base::Result<void> LocalQueue::enqueue(Entry& entry, At at, Head& head) {
  const bool plain = entry.job.priority == 0;
  return place(entry, plain ? State::waiting : State::prioritized, entry.job.priority, at, head);
}

base::Result<void> LocalQueue::schedule(Entry& entry, base::Utc due, Head& head) {
  return place(entry, State::delayed, due.time_since_epoch().count(), At::back, head);
}

base::Result<Entry> LocalQueue::existing(std::string_view id) {
  ASSIGN_OR_RETURN(auto found, shelf_->find(id));
  if (!found) return std::unexpected(missing(id));
  return *std::move(found);
}

base::Result<Entry> LocalQueue::held(const Job& job, std::string_view token) {
  ASSIGN_OR_RETURN(Entry entry, existing(job.id));
  const auto lost = [&](std::string_view why, std::string_view its) {
    return std::unexpected(base::Error{base::ErrorKind::precondition,
                                       "job " + job.id + " is not this worker's any more: " + std::string{why},
                                       std::string{its}});
  };
  if (entry.token.empty()) return lost("its lock is gone", code::lock_missing);
  if (entry.token != token) return lost("another worker has it", code::lock_taken);
  if (entry.state != State::active) return lost("it is not active", code::wrong_state);
  entry.token.clear();
  entry.suspected = false;
  return entry;
}

// Adding.

base::Result<std::string> LocalQueue::store(const NewJob& job, base::Utc now, Head& head) {
  const std::string number = std::to_string(++head.last_id);
  const std::string id = job.options.id.empty() ? number : job.options.id;
  ASSIGN_OR_RETURN(const auto same, shelf_->find(id));
  if (same) return id;
  if (const auto& wanted = job.options.deduplication) {
    ASSIGN_OR_RETURN(const auto owner, shelf_->owner(wanted->id));
    if (owner && (!owner->until || *owner->until > now)) return owner->job;
    const auto until = wanted->ttl ? std::optional{now + *wanted->ttl} : std::nullopt;
    RETURN_IF_ERROR(shelf_->put_owner(wanted->id, Shelf::Owner{id, until}));
  }
  Entry entry;
  entry.job.id = id;
  entry.job.name = job.name;
  entry.job.data = job.data;
  entry.job.options = job.options;
  entry.job.timestamp = job.options.timestamp.value_or(now);
  entry.job.delay = std::max(milliseconds{0}, job.options.delay);
  entry.job.priority = job.options.priority;
  entry.job.scheduler = job.options.scheduler;
  if (job.options.deduplication) entry.job.deduplication_id = job.options.deduplication->id;
  if (entry.job.delay.count() > 0) {
    RETURN_IF_ERROR(schedule(entry, entry.job.timestamp + entry.job.delay, head));
  } else {
    RETURN_IF_ERROR(enqueue(entry, own_side(entry.job), head));
  }
  return id;
}

base::Result<std::string> LocalQueue::add(const NewJob& job, base::Utc now) {
  RETURN_IF_ERROR(check_new_job(job));
  return transact([&](Head& head) { return store(job, now, head); });
}

// Taking.

base::Result<void> LocalQueue::promote_due(base::Utc now, Head& head) {
  constexpr std::int64_t most = 1000;
  ASSIGN_OR_RETURN(const auto delayed, shelf_->list(State::delayed, 0, most, Order::oldest_first));
  for (Entry entry : delayed) {
    if (entry.score > now.time_since_epoch().count()) break;
    entry.job.delay = milliseconds{0};
    RETURN_IF_ERROR(enqueue(entry, At::back, head));
  }
  return {};
}

base::Result<Taken> LocalQueue::take_next(const TakeRequest& request, base::Utc now, Head& head) {
  RETURN_IF_ERROR(promote_due(now, head));
  Taken taken;
  if (head.limit_max && head.limit_until > now && head.limit_used >= *head.limit_max) {
    taken.limited_for = head.limit_until - now;
    return taken;
  }
  if (head.paused) return taken;
  if (head.concurrency) {
    ASSIGN_OR_RETURN(const auto active, shelf_->count(State::active));
    if (active >= *head.concurrency) return taken;
  }
  ASSIGN_OR_RETURN(auto found, shelf_->list(State::waiting, 0, 1, Order::oldest_first));
  if (found.empty()) {
    ASSIGN_OR_RETURN(found, shelf_->list(State::prioritized, 0, 1, Order::oldest_first));
  }
  if (found.empty()) {
    ASSIGN_OR_RETURN(const auto delayed, shelf_->list(State::delayed, 0, 1, Order::oldest_first));
    if (!delayed.empty()) taken.next_due = base::Utc{milliseconds{delayed.front().score}};
    return taken;
  }
  if (head.limit_max) {
    if (head.limit_until <= now) {
      head.limit_used = 0;
      head.limit_until = now + head.limit_duration;
    }
    ++head.limit_used;
  }
  Entry& entry = found.front();
  entry.token = request.token;
  entry.locked_until = now + request.lock;
  entry.suspected = false;
  entry.job.processed_on = now;
  if (!request.worker.empty()) entry.job.processed_by = request.worker;
  ++entry.job.attempts_started;
  RETURN_IF_ERROR(place(entry, State::active, 0, At::back, head));
  taken.job = std::move(entry.job);
  return taken;
}

base::Result<Taken> LocalQueue::take(const TakeRequest& request, base::Utc now) {
  return transact([&](Head& head) { return take_next(request, now, head); });
}

// Ending an attempt.

base::Result<void> LocalQueue::release_deduplication(const Job& job) {
  if (job.deduplication_id.empty()) return {};
  ASSIGN_OR_RETURN(const auto owner, shelf_->owner(job.deduplication_id));
  if (owner && owner->job == job.id && !owner->until)
    RETURN_IF_ERROR(shelf_->put_owner(job.deduplication_id, std::nullopt));
  return {};
}

base::Result<void> LocalQueue::retain(State target, const Retention& keep, base::Utc now) {
  if (keep.age) {
    const std::int64_t oldest = (now - *keep.age).time_since_epoch().count();
    ASSIGN_OR_RETURN(const auto entries, shelf_->list(target, 0, keep.limit, Order::oldest_first));
    for (const Entry& entry : entries)
      if (entry.score <= oldest) RETURN_IF_ERROR(shelf_->erase(entry.job.id));
  }
  if (!keep.count) return {};
  ASSIGN_OR_RETURN(const std::int64_t count, shelf_->count(target));
  if (count <= *keep.count) return {};
  ASSIGN_OR_RETURN(const auto entries, shelf_->list(target, 0, count - *keep.count, Order::oldest_first));
  for (const Entry& entry : entries) RETURN_IF_ERROR(shelf_->erase(entry.job.id));
  return {};
}

base::Result<Taken> LocalQueue::finish(Entry entry, State target, const Retention& keep, base::Utc now,
                                       const std::optional<TakeRequest>& next, Head& head) {
  RETURN_IF_ERROR(release_deduplication(entry.job));
  ++entry.job.attempts_made;
  entry.job.finished_on = now;
  if (target == State::failed) entry.job.deferred_failure.clear();
  if (keep.count == 0) {
    RETURN_IF_ERROR(shelf_->erase(entry.job.id));
  } else {
    RETURN_IF_ERROR(place(entry, target, now.time_since_epoch().count(), At::back, head));
    RETURN_IF_ERROR(retain(target, keep, now));
  }
  count_finished(target == State::completed ? head.completed : head.failed, now);
  if (!next) return Taken{};
  return take_next(*next, now, head);
}

base::Result<Taken> LocalQueue::complete(const Job& job, std::string_view token, std::string_view return_value_json,
                                         const Retention& keep, base::Utc now, const std::optional<TakeRequest>& next) {
  return transact([&](Head& head) -> base::Result<Taken> {
    ASSIGN_OR_RETURN(Entry entry, held(job, token));
    entry.job.return_value = return_value_json.empty() ? "null" : return_value_json;
    return finish(std::move(entry), State::completed, keep, now, next, head);
  });
}

base::Result<Taken> LocalQueue::fail(const Job& job, std::string_view token, const Failure& failure,
                                     const Retention& keep, base::Utc now, const std::optional<TakeRequest>& next) {
  return transact([&](Head& head) -> base::Result<Taken> {
    ASSIGN_OR_RETURN(Entry entry, held(job, token));
    entry.job.failed_reason = failure.reason;
    entry.job.stacktrace = failure.stacktrace;
    return finish(std::move(entry), State::failed, keep, now, next, head);
  });
}

base::Result<void> LocalQueue::retry(const Job& job, std::string_view token, const Failure& failure,
                                     milliseconds delay, base::Utc now) {
  return transact([&](Head& head) -> base::Result<void> {
    ASSIGN_OR_RETURN(Entry entry, held(job, token));
    entry.job.failed_reason = failure.reason;
    entry.job.stacktrace = failure.stacktrace;
    ++entry.job.attempts_made;
    if (delay.count() <= 0) {
      RETURN_IF_ERROR(promote_due(now, head));
      return enqueue(entry, own_side(entry.job), head);
    }
    entry.job.delay = delay;
    return schedule(entry, now + delay, head);
  });
}

base::Result<void> LocalQueue::postpone(const Job& job, std::string_view token, milliseconds delay, base::Utc now) {
  return transact([&](Head& head) -> base::Result<void> {
    ASSIGN_OR_RETURN(Entry entry, held(job, token));
    entry.job.delay = delay;
    return schedule(entry, now + delay, head);
  });
}

base::Result<void> LocalQueue::give_back(const Job& job, std::string_view token, base::Utc) {
  return transact([&](Head& head) -> base::Result<void> {
    ASSIGN_OR_RETURN(Entry entry, held(job, token));
    return enqueue(entry, At::front, head);
  });
}

// Locks.

base::Result<std::vector<std::string>> LocalQueue::extend(std::span<const Held> held_locks, milliseconds lock,
                                                          base::Utc now) {
  return transact([&](Head&) -> base::Result<std::vector<std::string>> {
    std::vector<std::string> lost;
    for (const Held& one : held_locks) {
      ASSIGN_OR_RETURN(auto entry, shelf_->find(one.id));
      if (!entry || entry->state != State::active || entry->token != one.token) {
        lost.push_back(one.id);
        continue;
      }
      entry->locked_until = now + lock;
      entry->suspected = false;
      RETURN_IF_ERROR(shelf_->put(*entry));
    }
    return lost;
  });
}

base::Result<std::vector<std::string>> LocalQueue::check_stalled(milliseconds interval, int most, base::Utc now) {
  return transact([&](Head& head) -> base::Result<std::vector<std::string>> {
    std::vector<std::string> stalled;
    // A mark from the future was made before somebody set the clock back.
    if (head.checked_until > now && head.checked_until <= now + interval) return stalled;
    head.checked_until = now + interval;
    ASSIGN_OR_RETURN(auto active, shelf_->list(State::active, 0, -1, Order::oldest_first));
    for (Entry& entry : active) {
      if (!entry.suspected) {
        entry.suspected = true;
        RETURN_IF_ERROR(shelf_->put(entry));
        continue;
      }
      if (!entry.token.empty() && entry.locked_until > now) continue;
      entry.token.clear();
      entry.suspected = false;
      ++entry.job.stalled;
      bool of_scheduler = false;
      if (!entry.job.scheduler.empty()) {
        ASSIGN_OR_RETURN(const auto scheduler, shelf_->scheduler(entry.job.scheduler));
        of_scheduler = scheduler.has_value();
      }
      if (entry.job.stalled > most && !of_scheduler)
        entry.job.deferred_failure = "job stalled more than allowable limit";
      RETURN_IF_ERROR(place(entry, State::waiting, 0, At::front, head));
      stalled.push_back(entry.job.id);
    }
    return stalled;
  });
}

// Waiting for work.

void LocalQueue::announce() {
  {
    const std::lock_guard lock{idle_mutex_};
    something_ = true;
  }
  idle_.notify_one();
}

void LocalQueue::wake() {
  {
    const std::lock_guard lock{idle_mutex_};
    ++wakes_;
  }
  idle_.notify_all();
}

base::Result<void> LocalQueue::wait(milliseconds at_most) {
  // Other processes are looked for; SQLite has no way to be told.
  constexpr milliseconds look{100};
  const auto until = std::chrono::steady_clock::now() + at_most;
  std::unique_lock idle{idle_mutex_};
  const std::uint64_t before = wakes_;
  while (!something_ && wakes_ == before) {
    const auto left = until - std::chrono::steady_clock::now();
    if (left <= std::chrono::steady_clock::duration::zero()) return {};
    idle_.wait_for(idle, std::min<std::chrono::steady_clock::duration>(left, look));
    if (something_) break;
    idle.unlock();
    {
      const std::lock_guard lock{mutex_};
      if (shelf_->changed_elsewhere()) return {};
    }
    idle.lock();
  }
  // One idle worker goes and looks; taking a job makes it worth another look, for the next one.
  something_ = false;
  return {};
}

}  // namespace queue
