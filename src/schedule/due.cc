#include "schedule/due.h"

#include <algorithm>

#include "queue/rules.h"

namespace schedule {
namespace {

using namespace std::chrono_literals;

std::chrono::minutes frequency_of(const core::Integration& integration) {
  return std::chrono::minutes{std::max(1, integration.sync_frequency_minutes)};
}

bool runs_by_itself(const core::Integration& integration) {
  return integration.is_active && integration.sync_status != "needs_reauth" &&
         integration.sync_status != "disconnected";
}

}  // namespace

bool follows_edits(const core::Integration& integration, Edits edits, base::Utc now) {
  if (!runs_by_itself(integration)) return false;
  if (edits == Edits::new_ones || integration.last_error.empty() || !integration.last_sync_at) return true;
  return now >= *integration.last_sync_at + 60s || now < *integration.last_sync_at;
}

bool is_due(const core::Integration& integration, base::Utc now) {
  if (!runs_by_itself(integration)) return false;
  const bool clock_went_back = integration.last_sync_at && *integration.last_sync_at > now;
  return !integration.next_sync_at || *integration.next_sync_at <= now || clock_went_back;
}

bool is_late(const core::Integration& integration, base::Utc now) {
  constexpr auto tick_takes = 2s;
  const auto& next = integration.next_sync_at;
  return is_due(integration, now) && !(next && *next <= now && *next > now - tick_takes);
}

base::Utc next_sync(const core::Integration& integration, base::Utc started) {
  const auto frequency = frequency_of(integration);
  const base::Utc fresh = std::chrono::floor<std::chrono::minutes>(started) + frequency;
  if (!integration.next_sync_at) return fresh;
  const base::Utc planned = *integration.next_sync_at;
  if (planned > started) return std::min(planned, fresh);
  // A grid that lies off the whole minutes was begun by a connect; the first run puts it on them.
  if (planned != std::chrono::floor<std::chrono::minutes>(planned)) return fresh;
  return planned + ((started - planned) / frequency + 1) * frequency;
}

base::Result<int> minutes_of(const std::string& pattern, base::Utc now) {
  const queue::Repeat repeat{.pattern = pattern};
  ASSIGN_OR_RETURN(const auto first, queue::next_by_pattern(repeat, now));
  if (!first) return 1;
  ASSIGN_OR_RETURN(const auto second, queue::next_by_pattern(repeat, *first));
  if (!second) return 1;
  return std::max(1, static_cast<int>(std::chrono::ceil<std::chrono::minutes>(*second - *first).count()));
}

base::Result<queue::Scheduler> scheduler_for(const std::string& pattern,
                                             std::span<const core::Integration> integrations,
                                             const queue::JobOptions& kept, base::Utc now) {
  queue::Scheduler scheduler{.id = "salesforce-sync",
                             .repeat = {.pattern = pattern},
                             .name = "salesforce-sync",
                             .data = R"({"trigger":"schedule"})",
                             .options = kept};
  ASSIGN_OR_RETURN(const int gap, minutes_of(pattern, now));
  auto shortest = std::chrono::minutes{gap};
  for (const core::Integration& integration : integrations)
    if (integration.is_active) shortest = std::min(shortest, frequency_of(integration));
  if (shortest < std::chrono::minutes{gap}) scheduler.repeat = {.every = shortest};
  return scheduler;
}

bool lies_ahead(const queue::Scheduler& stored, base::Utc now) {
  if (stored.repeat.pattern.empty()) return stored.next > now + stored.repeat.every;
  const auto next = queue::next_by_pattern(stored.repeat, now);
  return next && *next && stored.next > **next;
}

}  // namespace schedule
