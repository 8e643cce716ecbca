#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace queue {

using std::chrono::milliseconds;

/// Where a job stands, as BullMQ names it.
enum class State {
  waiting,           ///< Next in line, first in first out.
  paused,            ///< The same while the queue is paused.
  prioritized,       ///< Waiting with a priority: taken when nothing waits without one, lowest number first.
  delayed,           ///< Not before its time.
  active,            ///< Some worker has it, under a lock.
  completed,
  failed,
  waiting_children,  ///< A flow's parent; only other programs make these.
};
std::string_view name_of(State state);  ///< "waiting", "waiting-children", …
std::optional<State> state_named(std::string_view name);
inline constexpr State all_states[] = {State::active,    State::waiting, State::waiting_children, State::prioritized,
                                       State::completed, State::failed,  State::delayed,          State::paused};

/// How to space the tries of a failing job.
struct Backoff {
  std::string type = "fixed";  ///< "fixed" or "exponential"; another one fails the job for good.
  milliseconds delay{0};
  double jitter = 0;           ///< 0 to 1: the share of the delay that is left to chance.
};

/// Which finished jobs stay. One queue's jobs should all carry the same: the rule of the job that finishes is applied
/// to all.
struct Retention {
  std::optional<std::int64_t> count;            ///< The newest so many; nothing: any number.
  std::optional<std::chrono::seconds> age;      ///< Younger than this; nothing: any age.
  std::int64_t limit = 1000;                    ///< At most so many are removed for their age at one finish.
  friend bool operator==(const Retention&, const Retention&) = default;
};

/// As long as a job with this id has not finished, another one of the same id is not added.
struct Deduplication {
  std::string id;
  std::optional<milliseconds> ttl;  ///< For this long instead, whatever becomes of the job.
};

/// When a job scheduler's runs come: by a cron pattern or at a fixed interval.
struct Repeat {
  std::string pattern = {};         ///< For Cron; empty: `every`.
  milliseconds every{0};
  std::string tz = {};              ///< IANA name; empty: the process's own zone.
  std::optional<std::int64_t> limit = {};  ///< At most so many runs.
  std::optional<base::Utc> start = {}, end = {};
  std::optional<milliseconds> offset = {};  ///< Of `every` slots, from the epoch.
  std::int64_t count = 0;           ///< Of a run: which one it is, from 1.
  friend bool operator==(const Repeat&, const Repeat&) = default;
};

/// A job's options, with BullMQ's meanings. What we do not know of another program's options is kept as it is.
struct JobOptions {
  int attempts = 0;                 ///< Tries in all; 0 and 1 both mean one.
  std::optional<Backoff> backoff;
  std::optional<Retention> on_complete, on_fail;  ///< Nothing: as the worker says.
  milliseconds delay{0};
  int priority = 0;                 ///< 0: none; 1 is the most urgent, 2097151 the least.
  bool lifo = false;                ///< Next in line instead of last.
  std::string id;                   ///< Empty: a number. A job of an id that exists is not added again.
  std::optional<base::Utc> timestamp;  ///< Instead of now.
  std::optional<int> stack_traces;  ///< Keep the last so many.
  std::optional<int> log_rows;      ///< Keep the last so many.
  std::optional<Deduplication> deduplication;
  std::optional<Repeat> repeat;     ///< A scheduler's run only.
  std::optional<base::Utc> previous;  ///< A scheduler's run by pattern only: its own time.
  std::string scheduler;            ///< A scheduler's run only: `repeatJobKey`.
  std::string others;               ///< JSON object of what else is there; empty for nothing.
};
inline constexpr int lowest_priority = 2'097'151;

/// Reads an options object in BullMQ's stored spelling or in its users' ("de" or "deduplication").
/// Errors: `malformed`, naming the option; numbers outside their range too.
base::Result<JobOptions> options_from_json(std::string_view json);

enum class Spelling { stored, shown };
/// The object as BullMQ stores it, or with the long names that people know.
std::string options_json(const JobOptions& options, Spelling spelling = Spelling::stored);

struct NewJob {
  std::string name;
  std::string data = "{}";  ///< JSON text.
  JobOptions options = {};
};

/// A job as it stands in the queue.
struct Job {
  std::string id;
  std::string name;
  std::string data = "{}";          ///< JSON text.
  JobOptions options;
  base::Utc timestamp{};            ///< When it was added.
  milliseconds delay{0};            ///< From `timestamp`, or from its last failure.
  int priority = 0;
  std::optional<base::Utc> processed_on, finished_on;
  std::string processed_by;         ///< The worker's name, if it has one.
  int attempts_made = 0;            ///< Attempts that ended.
  int attempts_started = 0;
  int stalled = 0;                  ///< How often its worker was lost.
  std::string progress = "0";       ///< JSON text.
  std::string return_value;         ///< JSON text; empty unless completed.
  std::string failed_reason;        ///< Of the last failed attempt, also after a later success.
  std::vector<std::string> stacktrace;  ///< One entry a failed attempt, oldest first.
  std::string deferred_failure;     ///< Whoever takes the job fails it with this text.
  std::string scheduler;            ///< The scheduler that made it.
  std::string deduplication_id;
  std::string parent_key;           ///< A flow's child.
  std::string next_run;             ///< A scheduler's run: the id of the run after it.
};

/// A job scheduler: makes the next job each time its last one is taken.
struct Scheduler {
  std::string id;                   ///< Without ':'.
  Repeat repeat;
  std::string name;                 ///< Of its jobs; empty: as the id.
  std::string data = "{}";          ///< JSON text of its jobs.
  JobOptions options = {};          ///< Of its jobs; without repeat, id, delay and times.
  base::Utc next{};                 ///< The run that is queued or being worked on.
  std::int64_t iterations = 0;
};

/// What is wrong besides an Error's kind (`precondition` unless said otherwise), as its `service_code`.
namespace code {
inline constexpr std::string_view job_missing = "JOB_MISSING";
inline constexpr std::string_view lock_missing = "LOCK_MISSING";   ///< Expired; the job may be another worker's by now.
inline constexpr std::string_view lock_taken = "LOCK_TAKEN";       ///< Another worker has the job.
inline constexpr std::string_view wrong_state = "WRONG_STATE";     ///< The job is not in the state that this needs.
inline constexpr std::string_view job_is_active = "JOB_IS_ACTIVE"; ///< A locked job cannot be removed.
inline constexpr std::string_view of_scheduler = "BELONGS_TO_SCHEDULER";  ///< A scheduler's current run.
inline constexpr std::string_view scheduler_missing = "SCHEDULER_MISSING";
inline constexpr std::string_view slot_taken = "SCHEDULER_SLOT_TAKEN";
inline constexpr std::string_view not_paused = "QUEUE_NOT_PAUSED";
inline constexpr std::string_view has_active = "QUEUE_HAS_ACTIVE_JOBS";
inline constexpr std::string_view has_children = "HAS_CHILDREN";   ///< A flow's parent whose children are not done.
}  // namespace code

/// True if the job is not this worker's any more, so that it must not touch it again.
bool is_lost(const base::Error& error);

}  // namespace queue
