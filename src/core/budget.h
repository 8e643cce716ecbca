#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace core {

/// Whose calls they are. What a lane leaves alone stays for those before it.
enum class Lane {
  interactive,  ///< Somebody asked and waits.
  incremental,  ///< A scheduled run.
  backfill,     ///< A first load, which can wait.
};
std::string_view name_of(Lane lane);
inline constexpr Lane lanes[] = {Lane::interactive, Lane::incremental, Lane::backfill};

/// How much of the org's daily calls we may spend. The org counts the calls of all its clients in the last 24 hours.
struct BudgetShares {
  int percent = 50;      ///< Of the org's limit: all that we ever spend. Hard.
  int incremental = 90;  ///< Percent of ours that scheduled runs may bring it to.
  int backfill = 60;     ///< The same for first loads.
  int org_reserve = 5;   ///< Percent of the org's limit that is left alone, whoever spent the rest.

  std::int64_t of_day(std::int64_t org_limit) const { return org_limit * percent / 100; }
  std::int64_t of_lane(Lane lane, std::int64_t org_limit) const;
};

/// One call can reach the org twice: once more with a new token. So nothing goes out with less than this left.
inline constexpr int exchanges_per_call = 2;

/// What was spent, by the org's clock: ours by quarters of an hour (by minutes while the org has not said its limit),
/// everybody's as the org said last. Plain text in a note that all processes of one org share.
class Spending {
 public:
  static constexpr std::chrono::minutes slot{15};
  static constexpr std::chrono::hours window{24};

  /// Reads what text() wrote. Anything else is an empty one: the org's own count then says what is left.
  static Spending parse(std::string_view text);
  std::string text() const;

  /// The beginning of a moment's slot.
  static base::Utc slot_of(base::Utc moment) { return base::Utc{slot * (moment.time_since_epoch() / slot)}; }
  /// Where a call that is made at that moment is entered.
  base::Utc entry_at(base::Utc moment) const;

  /// Enters calls into a slot; takes them out again when negative.
  void spend(base::Utc slot_begin, std::int64_t calls);
  /// Drops what no longer counts.
  void forget(base::Utc now);
  void heard(std::int64_t used, std::int64_t limit, base::Utc at);

  /// Our calls that may still count. A slot counts until its last moment is 24 hours past.
  std::int64_t ours(base::Utc now) const;
  /// Those of them that were entered after `since` and not after `now`.
  std::int64_t entered(base::Utc since, base::Utc now) const;
  /// When so many of `calls` that count now will not count any more.
  std::optional<base::Utc> when_back(std::int64_t calls, base::Utc now) const;

  std::int64_t org_used = 0, org_limit = 0;  ///< 0: the org has not said yet.
  base::Utc heard_at{};
  std::chrono::milliseconds ahead{0};  ///< The org's clock minus ours, when it answered last.

 private:
  std::map<base::Utc, std::int64_t> slots_;
};

/// What a lane may spend now; and with nothing left, when there is more, if ever, and what it is that is missing.
struct Allowance {
  enum class Why {
    none,
    unheard,    ///< The org has not said its limit.
    spent,      ///< Our share is used up.
    too_small,  ///< Our share does not pay for a single call.
    others,     ///< Other clients of the org used its calls up.
  };
  std::int64_t calls = 0;
  std::optional<base::Utc> more_at = std::nullopt;
  Why why = Why::none;
};

/// Pure. With a limit that the org never said, a few calls a minute to hear it. When the org said that others spent it
/// all, nothing until a slot later; then a few calls to hear again.
Allowance allowance(const Spending&, Lane, base::Utc now, const BudgetShares&);

/// For people: why a lane with nothing left has nothing left, and what to do about it, in whole sentences.
std::string explain(const Allowance&, const Spending&, Lane, base::Utc now, const BudgetShares&);

/// When a first load of about `calls` may begin without using its lane up half way; nothing: now. One that takes more
/// than a whole day of its lane never fits, and goes as far as each day lets it.
std::optional<base::Utc> load_waits_until(std::int64_t calls, const Spending&, base::Utc now, const BudgetShares&);

/// How long to the next scheduled run, when the last one took `calls`: `usual` while less than half of the lane's
/// share is spent; beyond that no oftener than a whole day of such runs can be paid for. At most six hours.
std::chrono::minutes paced(std::chrono::minutes usual, std::int64_t calls, const Spending&, base::Utc now,
                           const BudgetShares&);

/// The `service_code` of a call that the budget did not let out.
inline constexpr std::string_view budget_exhausted = "API_BUDGET_EXHAUSTED";

}  // namespace core
