#pragma once

#include "queue/job.h"
#include "queue/redis/connection.h"

namespace queue {

/// A job from its hash: names and values in turn. What cannot be understood is left at its default, since one foreign
/// job must not hide the others.
Job job_from(std::string id, const Reply& hash);

/// A scheduler from its hash and its score in `repeat`.
Scheduler scheduler_from(std::string id, const Reply& hash, base::Utc next);

/// The key that holds a state's jobs, behind the queue's prefix.
std::string_view key_of(State state);

std::string stacktrace_json(const std::vector<std::string>& stacktrace);

/// The digits that a text begins with; what is behind them, and a text without any, counts as nothing.
std::int64_t number(std::string_view text);
inline base::Utc moment(std::string_view text) {
  return base::Utc{milliseconds{number(text)}};
}
inline std::string ms(base::Utc at) {
  return std::to_string(at.time_since_epoch().count());
}
inline std::string ms(milliseconds duration) {
  return std::to_string(duration.count());
}

}  // namespace queue
