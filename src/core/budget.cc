#include "core/budget.h"

#include <charconv>

#include "base/time_text.h"

namespace core {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::int64_t calls_to_hear = 4;  ///< So many go out where the org's own count is not known, or is old.
constexpr std::chrono::minutes hearing{1};  ///< And so often, until the org has said its limit.

/// Takes the next number of a text of numbers.
std::optional<std::int64_t> next_number(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

std::string_view name_of(Lane lane) {
  switch (lane) {
    case Lane::interactive:
      return "interactive";
    case Lane::incremental:
      return "incremental";
    case Lane::backfill:
      return "backfill";
  }
  return "";
}

std::int64_t BudgetShares::of_lane(Lane lane, std::int64_t org_limit) const {
  const std::int64_t all = of_day(org_limit);
  if (lane == Lane::incremental) return all * incremental / 100;
  if (lane == Lane::backfill) return all * backfill / 100;
  return all;
}

Spending Spending::parse(std::string_view text) {
  Spending out;
  const auto used = next_number(text), limit = next_number(text), at = next_number(text), ahead = next_number(text);
  if (!ahead || *used < 0 || *limit < 0) return {};
  out.heard(*used, *limit, base::Utc{milliseconds{*at}});
  out.ahead = milliseconds{*ahead};
  for (;;) {
    const auto begin = next_number(text);
    const auto calls = begin ? next_number(text) : std::nullopt;
    if (!calls) return out;
    out.spend(base::Utc{milliseconds{*begin}}, *calls);
  }
}

std::string Spending::text() const {
  std::string out = std::to_string(org_used) + ' ' + std::to_string(org_limit) + ' ' +
                    std::to_string(heard_at.time_since_epoch().count()) + ' ' + std::to_string(ahead.count());
  for (const auto& [begin, calls] : slots_)
    out += '\n' + std::to_string(begin.time_since_epoch().count()) + ' ' + std::to_string(calls);
  return out;
}

base::Utc Spending::entry_at(base::Utc moment) const {
  return org_limit > 0 ? slot_of(moment) : base::Utc{hearing * (moment.time_since_epoch() / hearing)};
}

void Spending::spend(base::Utc slot_begin, std::int64_t calls) {
  std::int64_t& slot_calls = slots_[slot_begin];
  slot_calls = std::max<std::int64_t>(0, slot_calls + calls);
  if (slot_calls == 0) slots_.erase(slot_begin);
}

void Spending::forget(base::Utc now) {
  std::erase_if(slots_, [&](const auto& each) { return each.first + slot + window <= now; });
}

void Spending::heard(std::int64_t used, std::int64_t limit, base::Utc at) {
  org_used = used;
  org_limit = limit;
  heard_at = at;
}

std::int64_t Spending::ours(base::Utc now) const {
  std::int64_t sum = 0;
  for (const auto& [begin, calls] : slots_) sum += begin + slot + window > now ? calls : 0;
  return sum;
}

std::int64_t Spending::entered(base::Utc since, base::Utc now) const {
  std::int64_t sum = 0;
  for (const auto& [begin, calls] : slots_) sum += begin > since && begin <= now ? calls : 0;
  return sum;
}

std::optional<base::Utc> Spending::when_back(std::int64_t calls, base::Utc now) const {
  std::int64_t back = 0;
  for (const auto& [begin, spent] : slots_) {
    if (begin + slot + window <= now) continue;
    if ((back += spent) >= calls) return begin + slot + window;
  }
  return std::nullopt;
}

Allowance allowance(const Spending& spending, Lane lane, base::Utc now, const BudgetShares& shares) {
  using Why = Allowance::Why;
  if (spending.org_limit == 0) {
    // An org that refuses us, or a proxy before it, may never say: that must not shut us out once it is mended.
    const std::int64_t left = calls_to_hear - spending.entered(now - hearing, now);
    if (left >= exchanges_per_call) return {left};
    return {0, spending.entry_at(now) + hearing, Why::unheard};
  }
  const std::int64_t share = shares.of_lane(lane, spending.org_limit);
  const std::int64_t left = share - spending.ours(now);
  if (share < exchanges_per_call) return {0, std::nullopt, Why::too_small};
  if (left < exchanges_per_call)
    return {0, spending.when_back(exchanges_per_call - left, now).value_or(now + Spending::slot), Why::spent};
  const std::int64_t reserve = spending.org_limit * shares.org_reserve / 100;
  const std::int64_t in_org = spending.org_limit - reserve - spending.org_used;
  if (in_org >= exchanges_per_call) return {std::min(left, in_org)};
  // Others spent it. When theirs come back nobody tells us but an answer.
  const base::Utc hear_at = spending.heard_at + Spending::slot;
  if (now >= hear_at) return {std::min(left, calls_to_hear)};
  return {0, hear_at, Why::others};
}

std::string explain(const Allowance& allowed, const Spending& spending, Lane lane, base::Utc now,
                    const BudgetShares& shares) {
  using Why = Allowance::Why;
  const auto number = [](std::int64_t calls) { return std::to_string(calls); };
  const std::string at = allowed.more_at ? base::to_iso_seconds(*allowed.more_at) : std::string{};
  switch (allowed.why) {
    case Why::none:
      return {};
    case Why::unheard:
      return "The org has not said its limit of API calls yet, so only a few calls a minute go out to hear it. It goes "
             "on by itself at " +
             at + ".";
    case Why::spent:
      return "The API budget for " + std::string{name_of(lane)} + " calls is used up: " + number(shares.percent) +
             " % of the org's daily calls are ours. It goes on by itself at " + at +
             "; salesforce.api_budget_percent raises it.";
    case Why::too_small:
      return "The API budget for " + std::string{name_of(lane)} + " calls is " +
             number(shares.of_lane(lane, spending.org_limit)) + " of the org's " + number(spending.org_limit) +
             " a day, which does not pay for a single call. Raise salesforce.api_budget_percent, which is " +
             number(shares.percent) + ".";
    case Why::others:
      return "The org's API calls are used up by others: of its " + number(spending.org_limit) + " a day, " +
             number(spending.org_used) + " were spent, " + number(std::min(spending.ours(now), spending.org_used)) +
             " of them by us, and the last " + number(shares.org_reserve) +
             " % are left alone. Setup, \"System Overview\" and \"API Usage\", says who uses them. The org is asked "
             "again by itself at " +
             at + ".";
  }
  return {};
}

std::optional<base::Utc> load_waits_until(std::int64_t calls, const Spending& spending, base::Utc now,
                                          const BudgetShares& shares) {
  const std::int64_t share = shares.of_lane(Lane::backfill, spending.org_limit);
  if (calls > share) return std::nullopt;
  const Allowance allowed = allowance(spending, Lane::backfill, now, shares);
  if (allowed.calls >= calls) return std::nullopt;
  const std::int64_t too_many = spending.ours(now) + calls - share;
  // Otherwise others spent it, and nobody says when theirs come back: look again a little later.
  const auto back = too_many > 0 ? spending.when_back(too_many, now) : std::nullopt;
  return std::max(back.value_or(now + Spending::slot), allowed.more_at.value_or(now));
}

std::chrono::minutes paced(std::chrono::minutes usual, std::int64_t calls, const Spending& spending, base::Utc now,
                           const BudgetShares& shares) {
  const std::int64_t share = shares.of_lane(Lane::incremental, spending.org_limit);
  if (share <= 0 || spending.ours(now) * 2 < share) return usual;
  constexpr std::chrono::minutes day = Spending::window, longest = 6h;
  const std::chrono::minutes affordable{std::min(calls, share) * day.count() / share};
  return std::max(usual, std::min(affordable, longest));
}

}  // namespace core
