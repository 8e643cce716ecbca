#include <algorithm>
#include <chrono>

#include "simulator/org/org.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

constexpr std::size_t most_ids = 600'000;
constexpr int updated_days = 30, deleted_days = 15;

base::Utc at(std::uint32_t second) {
  return base::Utc{std::chrono::seconds{second}};
}

std::uint32_t second_of(base::Utc moment) {
  return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(moment).time_since_epoch().count());
}

base::Utc whole_minute(base::Utc moment) {
  return std::chrono::floor<std::chrono::minutes>(moment);
}

std::unexpected<ApiError> bad_date(std::string message) {
  return refusal(400, "INVALID_REPLICATION_DATE", std::move(message));
}

}  // namespace

/// What does not depend on the records: the checks of the window, and how far it is covered.
Outcome<Replicated> Org::window(const Object& object, base::Utc start, base::Utc end, int days) const {
  if (!object.replicateable)
    return refusal(400, "INVALID_TYPE_FOR_OPERATION", "object type '" + object.name + "' is not replicateable");
  if (end - start < unconfirmed::shortest_replication_window) return bad_date("startDate must be at least a minute before endDate");
  const base::Utc now = whole_minute(clock_.now());
  if (start < now - std::chrono::days{days}) return bad_date("startDate is more than " + std::to_string(days) + " days ago");
  if (start > now) return bad_date("startDate is in the future");
  const auto purge = last_purge_.find(object.index);
  Replicated out;
  out.earliest_available = at(purge == last_purge_.end() ? began_ : purge->second);
  out.latest_covered = std::min(end, now);
  // Rows of a transaction that is still open will carry stamps that lie behind us.
  for (const auto& [id, late] : late_) out.latest_covered = std::min(out.latest_covered, whole_minute(at(late.opened)));
  return out;
}

Outcome<Replicated> Org::updated(const Object& object, base::Utc start, base::Utc end) const {
  start = whole_minute(start);
  end = whole_minute(end);
  auto out = window(object, start, end, updated_days);
  if (!out) return out;
  const Table& rows = world_.tables[object.index];
  rows.walk({second_of(start), 0}, second_of(end) - 1, [&](std::uint64_t number) {
    if (!rows.is_deleted(number) && !rows.is_hidden(number)) out->numbers.push_back(number);
    return out->numbers.size() <= most_ids;
  });
  if (out->numbers.size() > most_ids)
    return refusal(400, "EXCEEDED_ID_LIMIT", "there are more than 600000 ids in this window");
  return out;
}

Outcome<Replicated> Org::deleted(const Object& object, base::Utc start, base::Utc end) const {
  start = whole_minute(start);
  end = whole_minute(end);
  auto out = window(object, start, end, deleted_days);
  if (!out) return out;
  if (out->earliest_available > end) return bad_date("endDate lies before the earliest deletion that is still known");
  const Table& rows = world_.tables[object.index];
  rows.walk({second_of(start), 0}, second_of(end) - 1, [&](std::uint64_t number) {
    if (rows.is_deleted(number) && !rows.is_hidden(number)) out->numbers.push_back(number);
    return out->numbers.size() <= most_ids;
  });
  if (out->numbers.size() > most_ids)
    return refusal(400, "EXCEEDED_ID_LIMIT", "there are more than 600000 ids in this window");
  return out;
}

}  // namespace simulator
