#pragma once

#include <boost/json/object.hpp>

#include "core/budget.h"
#include "daemon/app.h"

namespace daemon_process {

inline core::BudgetShares budget_shares(const settings::Settings& settings) {
  return {.percent = settings.salesforce.api_budget_percent};
}

/// Whose calls are counted together: those to one org.
inline const std::string& budget_account(const core::Integration& integration) {
  return integration.org_id.empty() ? integration.id.text : integration.org_id;
}

/// One org's budget as `status --json`, the API and the metrics show it:
/// {"state":"unknown|ok|slow|exhausted","reason","org_limit","org_used","heard_at","percent","share","spent","left","goes_on_at",
///  "lanes":[{"lane","share","left","goes_on_at"}]}. `state`, `reason` (why nothing is left), `left` and
/// `goes_on_at` are those of scheduled runs;
/// counts are calls of the last 24 hours, times are by the org's clock, null where there is nothing to say.
base::Result<boost::json::object> budget_json(core::Registry& registry, const core::Integration& integration,
                                              const core::BudgetShares& shares, const base::Clock& clock);

/// The same of every integration's org: the answer of GET /api/v1/budget.
base::Result<std::string> budgets_json(core::Registry& registry, const settings::Settings& settings,
                                       const base::Clock& clock);

/// The same as a page of Prometheus metrics (lockstep_api_budget_…), one series an org.
base::Result<std::string> budget_metrics(core::Registry& registry, const settings::Settings& settings,
                                         const base::Clock& clock);

/// The lines of `lockstep status`.
std::string budget_lines(const boost::json::object& budget);

}  // namespace daemon_process
