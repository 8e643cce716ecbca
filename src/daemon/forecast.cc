#include "daemon/forecast.h"

#include <charconv>

#include "base/log.h"
#include "base/time_text.h"
#include "salesforce/bulk_choice.h"

namespace daemon_process {
namespace {

constexpr std::int64_t calls_per_job = 8;  ///< To make a Bulk query, look at it, and begin its results.
constexpr std::int64_t rows_per_result = 50'000;
constexpr std::int64_t enough_for_any = 1'000;  ///< A load of 50 million records: no need to ask how many there are.
constexpr std::int64_t rows_per_look = 10'000;  ///< Five pages of 2,000 in a Composite call.

std::int64_t calls_to_read(std::int64_t records) {
  if (salesforce::choose_read(records) == salesforce::ReadBy::bulk)
    return calls_per_job + records / rows_per_result + 1;
  return records / rows_per_look + 1;
}

bool has_begun(App& app, const model::Mapping& mapping) {
  const auto position = app.store->position(mapping);
  return !position || !std::holds_alternative<model::Beginning>(*position);
}

/// About how many calls the sending of what waits takes, and one look at what has changed.
std::int64_t calls_to_send(App& app, const core::Integration& integration, std::span<const model::Mapping> mappings) {
  std::int64_t calls = 1;
  const auto backlog = app.store->backlog(integration.id);
  if (!backlog) return calls;
  for (const model::Mapping& mapping : mappings)
    for (const core::Backlog& entry : *backlog)
      if (entry.object == mapping.object && entry.outbox > 0)
        calls += salesforce::RestOrg::calls_for(static_cast<std::size_t>(entry.outbox)) +
                 (entry.outbox + rows_per_look - 1) / rows_per_look;
  return calls;
}

/// Until when a load waits and what it takes, as it stands in a note between two runs.
struct Hold {
  base::Utc until{};
  std::int64_t calls = 0;

  static Hold parse(std::string_view text) {
    Hold hold;
    std::int64_t until = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, until);
    if (read.ec == std::errc{} && read.ptr != end) (void)std::from_chars(read.ptr + 1, end, hold.calls);
    hold.until = base::Utc{std::chrono::milliseconds{until}};
    return hold;
  }
  std::string text() const { return std::to_string(until.time_since_epoch().count()) + ' ' + std::to_string(calls); }
};

/// About how many calls the load takes. An org that does not say how large it is, or does not answer, is met again when
/// the load begins, and treated as its answer deserves then.
std::int64_t ask_for_calls(salesforce::RestOrg& org, const model::Mapping& mapping) {
  if (!mapping.filter.empty()) {
    const auto records = org.count(mapping);
    return records ? calls_to_read(*records) : calls_per_job;
  }
  const auto records = org.record_count(mapping.object);
  return records && *records ? calls_to_read(**records) : calls_per_job;
}

core::RunError told(const App& app, const model::Mapping& mapping, const Hold& hold, bool others) {
  return {"The first load of " + mapping.object + " takes about " + std::to_string(hold.calls) +
              " API calls, more than first loads may make now. It begins by itself after " +
              base::to_iso_seconds(hold.until) +
              (others ? "; other clients of the org have used its calls up."
                      : "; salesforce.api_budget_percent raises what it may."),
          "", std::string{core::budget_exhausted}, app.clock.now()};
}

}  // namespace

base::Result<bool> hold_back_loads(App& app, const core::Integration& integration, Connection& connection,
                                   std::vector<model::Mapping>& mappings, std::vector<core::RunError>& warnings) {
  ASSIGN_OR_RETURN(auto account, connection.budget.account());
  auto& [spending, now] = account;
  const core::BudgetShares shares = budget_shares(app.settings);
  std::int64_t calls = calls_to_send(app, integration, mappings);
  std::vector<model::Mapping> going;
  for (model::Mapping& mapping : mappings) {
    const bool begun = has_begun(app, mapping);
    const std::string name = "load_waits " + mapping.object;
    ASSIGN_OR_RETURN(const std::string kept, app.store->note(integration.id.text, name));
    Hold hold = Hold::parse(kept);
    if (!begun && hold.until <= now) {
      const bool is_plenty = core::allowance(spending, core::Lane::backfill, now, shares).calls >= enough_for_any;
      hold.calls = is_plenty ? calls_per_job : ask_for_calls(connection.org, mapping);
      hold.until = core::load_waits_until(hold.calls, spending, now, shares).value_or(base::Utc{});
    }
    const bool waits = !begun && hold.until > now;
    const std::string keep = waits ? hold.text() : "";
    if (keep != kept)
      RETURN_IF_ERROR(app.store->change_note(integration.id.text, name, [&](const std::string&) { return keep; }));
    if (waits) {
      const core::Allowance allowed = core::allowance(spending, core::Lane::backfill, now, shares);
      warnings.push_back(told(app, mapping, hold, allowed.why == core::Allowance::Why::others));
      continue;
    }
    if (!begun) {
      calls += hold.calls;
      spending.spend(core::Spending::slot_of(now), hold.calls);  // Promised: the next load has so much less.
    }
    going.push_back(std::move(mapping));
  }
  const bool held = going.size() < mappings.size();
  mappings = std::move(going);
  const auto left = connection.budget.left();
  if (left && left->calls < calls)
    base::log(base::LogLevel::warn, "this run takes about " + std::to_string(calls) + " API calls, and " +
                                        std::to_string(std::max<std::int64_t>(0, left->calls)) +
                                        " of the budget are left: what they do not reach waits");
  return held;
}

}  // namespace daemon_process
