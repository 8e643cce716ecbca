// Job schedulers: bullmq-wire.md section 13.
#include "queue/local/local_queue.h"
#include "queue/local/transact.h"
#include "queue/rules.h"

namespace queue {

base::Result<bool> LocalQueue::is_current_run(const Job& job) {
  if (job.scheduler.empty()) return false;
  ASSIGN_OR_RETURN(const auto scheduler, shelf_->scheduler(job.scheduler));
  return scheduler && run_id(scheduler->id, scheduler->next) == job.id;
}

base::Result<std::string> LocalQueue::add_run(const Scheduler& scheduler, const JobOptions& base, std::int64_t count,
                                              base::Utc now, Head& head) {
  return store({scheduler.name.empty() ? scheduler.id : scheduler.name, scheduler.data,
                run_options(base, scheduler.repeat, count, scheduler.id, scheduler.next, now)},
               now, head);
}

/// Removes a run that nobody has taken yet. False: it is being worked on, has ended, or is unknown.
base::Result<bool> LocalQueue::take_away_run(std::string_view id) {
  ASSIGN_OR_RETURN(const auto entry, shelf_->find(id));
  if (!entry || (entry->state != State::delayed && entry->state != State::waiting &&
                 entry->state != State::prioritized))
    return false;
  RETURN_IF_ERROR(drop(*entry));
  return true;
}

base::Result<std::string> LocalQueue::upsert_scheduler(const Scheduler& wanted, base::Utc now, First first) {
  RETURN_IF_ERROR(check_scheduler(wanted, now));
  Scheduler scheduler = wanted;
  scheduler.options = without_run(std::move(scheduler.options));
  std::optional<base::Utc> by_pattern = now;
  if (!wanted.repeat.pattern.empty() && first == First::at_its_time) {
    ASSIGN_OR_RETURN(by_pattern, next_by_pattern(wanted.repeat, now));
  }
  return transact([&](Head& head) -> base::Result<std::string> {
    ASSIGN_OR_RETURN(const auto stored, shelf_->scheduler(wanted.id));
    const bool every = wanted.repeat.pattern.empty();
    const bool same_interval = stored && every && stored->repeat.every == wanted.repeat.every;
    const auto slot_taken = [&](base::Utc at) -> base::Result<bool> {
      if (stored && stored->next == at) return false;  // Judged below.
      ASSIGN_OR_RETURN(const auto there, shelf_->find(run_id(wanted.id, at)));
      return there.has_value();
    };
    const auto refused = [&] {
      return base::failure(base::ErrorKind::precondition,
                           "job scheduler " + wanted.id + ": the job of its next time exists already",
                           std::string{code::slot_taken});
    };
    const NextEvery slot = every ? next_every(same_interval ? std::optional{stored->next} : std::nullopt, wanted.repeat, now)
                                 : NextEvery{*by_pattern, {}};
    scheduler.next = slot.next;
    if (every) {
      for (int steps = 0;; ++steps) {
        ASSIGN_OR_RETURN(const bool taken, slot_taken(scheduler.next));
        if (!taken) break;
        if (steps == 32) return refused();
        scheduler.next += wanted.repeat.every;
      }
    } else {
      ASSIGN_OR_RETURN(const bool taken, slot_taken(scheduler.next));
      if (taken) return refused();
    }
    bool replaced = false;
    if (stored) {
      ASSIGN_OR_RETURN(replaced, take_away_run(run_id(stored->id, stored->next)));
      if (!replaced && scheduler.next == stored->next) {
        ASSIGN_OR_RETURN(const auto there, shelf_->find(run_id(stored->id, stored->next)));
        if (there && !every) return refused();
        if (there) scheduler.next += wanted.repeat.every;
      }
    }
    if (replaced && same_interval) {
      scheduler.next = stored->next;
      scheduler.repeat.offset = stored->repeat.offset;
    } else if (every) {
      scheduler.repeat.offset = slot.offset;
    }
    scheduler.iterations = stored ? stored->iterations : 1;
    RETURN_IF_ERROR(shelf_->put(scheduler));
    return add_run(scheduler, scheduler.options, 1, now, head);
  });
}

base::Result<std::string> LocalQueue::advance(const Job& run, base::Utc now) {
  if (run.scheduler.empty() || is_last_run(run, now)) return std::string{};
  std::optional<base::Utc> by_pattern;
  if (run.options.repeat && !run.options.repeat->pattern.empty()) {
    ASSIGN_OR_RETURN(by_pattern, next_by_pattern(*run.options.repeat, std::max(now, run.options.previous.value_or(now))));
    if (!by_pattern) return std::string{};
  }
  return transact([&](Head& head) -> base::Result<std::string> {
    ASSIGN_OR_RETURN(auto scheduler, shelf_->scheduler(run.scheduler));
    if (!scheduler || run.id != run_id(scheduler->id, scheduler->next)) return std::string{};
    scheduler->next = by_pattern ? *by_pattern : next_every(scheduler->next, scheduler->repeat, now).next;
    ASSIGN_OR_RETURN(const auto there, shelf_->find(run_id(scheduler->id, scheduler->next)));
    if (there) return std::string{};
    ++scheduler->iterations;
    RETURN_IF_ERROR(shelf_->put(*scheduler));
    const std::int64_t count = run.options.repeat ? run.options.repeat->count : 0;
    ASSIGN_OR_RETURN(const std::string id, add_run(*scheduler, run.options, count + 1, now, head));
    ASSIGN_OR_RETURN(auto entry, shelf_->find(run.id));
    if (entry) {
      entry->job.next_run = id;
      RETURN_IF_ERROR(shelf_->put(*entry));
    }
    return id;
  });
}

base::Result<void> LocalQueue::remove_scheduler(std::string_view id) {
  return transact([&](Head&) -> base::Result<void> {
    ASSIGN_OR_RETURN(const auto scheduler, shelf_->scheduler(id));
    if (!scheduler)
      return base::failure(base::ErrorKind::precondition, "there is no job scheduler " + std::string{id},
                           std::string{code::scheduler_missing});
    ASSIGN_OR_RETURN(const auto entry, shelf_->find(run_id(id, scheduler->next)));
    if (entry && entry->state == State::delayed) RETURN_IF_ERROR(drop(*entry));
    return shelf_->erase_scheduler(id);
  });
}

}  // namespace queue
