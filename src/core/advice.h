#pragma once

#include <chrono>

#include "base/error.h"
#include "base/random.h"

namespace core {

/// What to do about a failed step.
struct Advice {
  enum class Do { again, end_object, end_run } what;
  std::chrono::milliseconds after{0};
  bool smaller = false;  ///< Again, with less at a time.
};

/// Longest pause inside a run; what has to wait longer waits for a later run.
inline constexpr std::chrono::seconds longest_pause{60};

/// The one policy of repeats. Unknown fates are repeated: every step can be. `attempt` counts from 1, `chance` from 0
/// to 1 spreads the waits of those who failed together.
///
///   unreachable, unknown_fate   4 attempts; what does not answer is looked at again by a later run
///   throttled                   8 attempts, unless the other side asks for more than a minute
///   unauthorized, corrupt, cancelled    the run ends
///   precondition, rejected, malformed, settings   this object ends for the run, the others go on
///
/// The n-th wait is half to all of 2ⁿ⁻¹ seconds, at most a minute; not less than the other side asks
/// for, plus the spread. Source: salesforce-wire.md section 16, class B.
Advice advice_for(const base::Error& error, int attempt, double chance = 1.0);

/// True for what no other object of the run would be spared.
bool ends_run(const base::Error& error);

/// A number from 0 to 1 for advice_for().
inline double chance_from(base::Random& random) {
  return static_cast<double>(random.below(1'000'001)) / 1e6;
}

}  // namespace core
