#include "daemon/budget.h"

#include <boost/json.hpp>

#include <set>

#include "base/time_text.h"
#include "connection/store_budget.h"

namespace daemon_process {
namespace {

namespace json = boost::json;

json::value time_or_null(const std::optional<base::Utc>& time) {
  if (!time) return nullptr;
  return json::value(base::to_iso(*time));
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string{value.get_string()} : std::string{};
}

/// Calls `each` for one integration of every org.
base::Result<void> for_each_org(core::Registry& registry, const settings::Settings& settings, const base::Clock& clock,
                                const std::function<void(const core::Integration&, json::object)>& each) {
  ASSIGN_OR_RETURN(const auto integrations, registry.integrations());
  std::set<std::string> seen;
  for (const core::Integration& integration : integrations) {
    if (!seen.insert(budget_account(integration)).second) continue;
    ASSIGN_OR_RETURN(auto budget, budget_json(registry, integration, budget_shares(settings), clock));
    each(integration, std::move(budget));
  }
  return {};
}

}  // namespace

base::Result<json::object> budget_json(core::Registry& registry, const core::Integration& integration,
                                       const core::BudgetShares& shares, const base::Clock& clock) {
  ASSIGN_OR_RETURN(const core::Spending spending, connection::read_spending(registry, budget_account(integration)));
  const base::Utc now = clock.now() + spending.ahead;
  json::array lanes;
  core::Allowance scheduled;
  std::string reason;
  for (const core::Lane lane : core::lanes) {
    const core::Allowance allowed = core::allowance(spending, lane, now, shares);
    if (lane == core::Lane::incremental) {
      scheduled = allowed;
      reason = core::explain(allowed, spending, lane, now, shares);
    }
    lanes.push_back({{"lane", core::name_of(lane)},
                     {"share", shares.of_lane(lane, spending.org_limit)},
                     {"left", allowed.calls},
                     {"goes_on_at", time_or_null(allowed.more_at)}});
  }
  const std::int64_t spent = spending.ours(now);
  const bool is_slow =
      spent * 2 >= shares.of_lane(core::Lane::incremental, spending.org_limit) && spending.org_limit > 0;
  return json::object{
      {"state", spending.org_limit == 0 ? "unknown"
                : scheduled.calls <= 0  ? "exhausted"
                : is_slow               ? "slow"
                                        : "ok"},
      {"reason", reason.empty() ? json::value() : json::value(reason)},
      {"org_limit", spending.org_limit},
      {"org_used", spending.org_used},
      {"heard_at", spending.org_limit > 0 ? json::value(base::to_iso(spending.heard_at)) : json::value()},
      {"percent", shares.percent},
      {"share", shares.of_day(spending.org_limit)},
      {"spent", spent},
      {"left", scheduled.calls},
      {"goes_on_at", time_or_null(scheduled.more_at)},
      {"lanes", std::move(lanes)}};
}

base::Result<std::string> budgets_json(core::Registry& registry, const settings::Settings& settings,
                                       const base::Clock& clock) {
  json::array orgs;
  RETURN_IF_ERROR(
      for_each_org(registry, settings, clock, [&](const core::Integration& integration, json::object budget) {
        json::object entry{{"org_id", integration.org_id}};
        for (auto& [key, value] : budget) entry[key] = std::move(value);
        orgs.push_back(std::move(entry));
      }));
  return json::serialize(json::object{{"orgs", std::move(orgs)}});
}

base::Result<std::string> budget_metrics(core::Registry& registry, const settings::Settings& settings,
                                         const base::Clock& clock) {
  struct Metric {
    const char* key;
    const char* name;
    const char* help;
    std::string series = {};
  };
  Metric metrics[] = {{"org_limit", "lockstep_api_budget_org_limit", "API calls the org allows in 24 hours"},
                      {"org_used", "lockstep_api_budget_org_used", "Those that all its clients made, as it said last"},
                      {"share", "lockstep_api_budget_share", "Calls that are ours"},
                      {"spent", "lockstep_api_budget_spent", "Our calls of the last 24 hours"}};
  std::string left;
  RETURN_IF_ERROR(
      for_each_org(registry, settings, clock, [&](const core::Integration& integration, json::object budget) {
        // Ids are letters and digits: nothing to escape.
        const std::string org = "{org=\"" + budget_account(integration) + "\"";
        for (Metric& metric : metrics)
          metric.series +=
              std::string{metric.name} + org + "} " + std::to_string(budget.at(metric.key).as_int64()) + '\n';
        for (const json::value& lane : budget.at("lanes").as_array())
          left += "lockstep_api_budget_left" + org + ",lane=\"" + text_of(lane.at("lane")) + "\"} " +
                  std::to_string(lane.at("left").as_int64()) + '\n';
      }));
  std::string out;
  const auto add = [&](const std::string& name, const char* help, const std::string& series) {
    if (!series.empty()) out += "# HELP " + name + ' ' + help + "\n# TYPE " + name + " gauge\n" + series;
  };
  for (const Metric& metric : metrics) add(metric.name, metric.help, metric.series);
  add("lockstep_api_budget_left", "Calls that a lane may still make", left);
  return out;
}

std::string budget_lines(const json::object& budget) {
  const auto number = [&](const char* key) { return std::to_string(budget.at(key).as_int64()); };
  const std::string reason = text_of(budget.at("reason"));
  if (budget.at("org_limit").as_int64() == 0)
    return "  API budget: the org has not said its limit yet\n" + (reason.empty() ? "" : "  " + reason + "\n");
  // What was spent before the org said its limit, or before the share was lowered, may be more than is ours.
  const bool too_many = budget.at("spent").as_int64() > budget.at("share").as_int64();
  std::string out = "  API budget: " + number("spent") + (too_many ? " calls spent, and ours are " : " of our ") +
                    number("share") + (too_many ? " a day (" : " calls a day spent (") + number("percent") +
                    " % of the org's " + number("org_limit") + ", of which all its clients used " + number("org_used") +
                    ")\n";
  const std::string state = text_of(budget.at("state"));
  if (state == "slow") out += "  more than half is spent: scheduled runs come less often\n";
  if (state == "exhausted")
    out += budget.at("goes_on_at").is_null()
               ? "  no scheduled run goes out\n"
               : "  used up: scheduled runs go on at " + text_of(budget.at("goes_on_at")) + "\n";
  if (!reason.empty()) out += "  " + reason + "\n";
  return out;
}

}  // namespace daemon_process
