#pragma once

#include <optional>
#include <string>

#include "queue/job.h"

namespace schedule {

/// Why a run ended before its work was done.
enum class Cut {
  none,
  shutdown,  ///< The daemon ends.
  turn,      ///< Others have waited long enough.
};

/// What becomes of a job.
struct Verdict {
  enum class Do { complete, fail, postpone, give_back } what;
  queue::milliseconds delay{0};  ///< postpone only.
  std::string reason = {};       ///< fail and postpone: for people.
};

/// What becomes of the job of a run that ended with `error`, or without one. What passes by itself (the org's limits,
/// its API budget, another process that syncs the integration) puts the job off to when it makes sense; everything else
/// that ended the run fails it, and the next tick brings another.
Verdict verdict_for(const std::optional<base::Error>& error, Cut cut);

}  // namespace schedule
