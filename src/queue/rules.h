#pragma once

#include "base/random.h"
#include "queue/job_queue.h"

namespace queue {

// What is decided beside the queue, the same for every implementation. All pure.

/// Refuses a job that no queue may take: an id that could be taken for a number or another key, data that is no JSON,
/// a priority out of range, a way of deduplication that we do not do. Errors: `rejected`.
base::Result<void> check_new_job(const NewJob& job);

/// Which finished jobs stay when `job` ends: its own rule, else the worker's.
Retention retention_for(const Job& job, State target, const Retention& standard);

/// After how long a failed attempt is tried again; nothing: never. `unrecoverable`: another try cannot help.
std::optional<milliseconds> retry_after(const Job& job, bool unrecoverable, base::Random& random);

/// What a failed attempt writes: the reason, and `trace` behind the earlier ones, as many as the job's options keep.
Failure failure_of(const Job& job, std::string reason, std::string trace);

/// The first time after `from` and the start at which a pattern's scheduler runs; nothing when it has ended.
/// Errors: `settings` for a pattern or zone that is wrong.
base::Result<std::optional<base::Utc>> next_by_pattern(const Repeat& repeat, base::Utc from);

/// The next run of a scheduler with an interval, and where its slots lie from then on.
struct NextEvery {
  base::Utc next;
  milliseconds offset;
};
/// `previous`: the run before, nothing at the start or when the interval changed.
NextEvery next_every(std::optional<base::Utc> previous, const Repeat& repeat, base::Utc now);

/// Refuses a scheduler that cannot run. Errors: `settings`, naming what is wrong.
base::Result<void> check_scheduler(const Scheduler& scheduler, base::Utc now);

/// The id of a scheduler's run.
std::string run_id(std::string_view scheduler, base::Utc at);

/// What a run's options are made from: those of the template or of the run before, without what is each run's own.
JobOptions without_run(JobOptions options);

/// The `repeat` option as BullMQ stores it.
std::string repeat_json(const Repeat& repeat);

/// The options of a run. `count`: which one it is.
JobOptions run_options(JobOptions base, const Repeat& repeat, std::int64_t count, std::string_view scheduler,
                       base::Utc at, base::Utc now);

/// True if advancing past this run makes no further one: its limit is reached or its end has come.
bool is_last_run(const Job& run, base::Utc now);

/// True if the stored scheduler already does what is wanted.
bool same_schedule(const Scheduler& stored, const Scheduler& wanted);

}  // namespace queue
