#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace simulator {

/// A day as its number since 1970, a moment in milliseconds since 1970: the forms cells have.
inline constexpr std::int64_t day_ms = 86'400'000;
inline constexpr std::int64_t first_day = -98'615, last_day = 741'807;  ///< 1700-01-01 and 4000-12-31.

/// What a clock on the wall shows there. Knows the zones that the field TimeZoneSidKey of a user offers; others are
/// taken for UTC.
class Zone {
 public:
  Zone() = default;
  explicit Zone(std::string_view name);
  std::int64_t local_of(std::int64_t utc_ms) const;       ///< As milliseconds of a clock without a zone.
  std::int64_t utc_of_day(std::int64_t local_day) const;  ///< When that day begins there.

 private:
  enum class Rule : std::uint8_t { none, european, american } rule_ = Rule::none;
  std::int64_t standard_ = 0;
};

/// Who asks, and when: what relative dates and date functions depend on.
struct Asking {
  base::Utc now{};
  std::uint64_t user_number = 1;
  Zone zone{};
  unsigned week_starts = 0;  ///< 0 is Sunday.
};

/// A span of days relative to today, as a date literal names it: LAST_N_DAYS:30 is the days from -30 to 0.
struct Period {
  enum class Unit : std::uint8_t { day, week, month, quarter, year } unit = Unit::day;
  std::int64_t first = 0, last = 0;
  bool operator==(const Period&) const = default;
};

/// Literals with a number after a colon are among them; `number` is then its value, and without a number there is none
/// for them. The fiscal year of this org is the calendar year.
std::optional<Period> period_named(std::string_view name, std::optional<std::int64_t> number);

/// Days in [first, end).
struct Days {
  std::int64_t first = 0, end = 0;
};
Days days_of(const Period& period, std::int64_t today, unsigned week_starts);

enum class DatePart : std::uint8_t {
  month,
  quarter,
  year,
  day_in_month,
  day_in_week,
  day_in_year,
  hour_in_day,
  week_in_month,
  week_in_year
};
/// The part of a moment on a clock without a zone. Weeks are counted from the first day of the month or year.
int part_of(std::int64_t local_ms, DatePart part);

}  // namespace simulator
