#pragma once

#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "core/budget.h"
#include "salesforce/api_usage.h"

namespace salesforce {

/// Lets calls out to the org as far as the API budget goes. May be used from several threads.
class CallBudget {
 public:
  static constexpr int most_exchanges = core::exchanges_per_call;

  virtual ~CallBudget() = default;

  /// Before each call, for most_exchanges. `throttled` with the code core::budget_exhausted when there is none left.
  /// `backfill`: of a first load, which leaves something for the others.
  virtual base::Result<void> admit(bool backfill) = 0;

  /// After it: how often it reached the org, what that said of its limit (`most` is 0 if nothing), and its clock.
  virtual void settle(int exchanges, const ApiUsage& said, std::optional<base::Utc> date) = 0;

  /// The org's clock, from an answer that costs nothing.
  virtual void hear_time(base::Utc date) = 0;
};

}  // namespace salesforce
