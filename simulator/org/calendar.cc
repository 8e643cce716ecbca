#include "simulator/org/calendar.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "simulator/org/text.h"

namespace simulator {
namespace {

using namespace std::chrono;

constexpr std::int64_t hour_ms = 3'600'000;

std::int64_t floor_to(std::int64_t value, std::int64_t unit) {
  return (value >= 0 ? value : value - unit + 1) / unit;
}

year_month_day civil(std::int64_t day) {
  return year_month_day{sys_days{days{day}}};
}

std::int64_t number_of(const sys_days& day) {
  return day.time_since_epoch().count();
}

/// The first day of a month that is counted from January of the year 0, kept within the days the org knows.
std::int64_t first_of_month(std::int64_t month_number) {
  const std::int64_t in = std::clamp(month_number, std::int64_t{1699} * 12, std::int64_t{4001} * 12);
  return number_of(sys_days{year{static_cast<int>(in / 12)} / static_cast<int>(in % 12 + 1) / 1});
}

std::int64_t months_in(Period::Unit unit) {
  return unit == Period::Unit::month ? 1 : unit == Period::Unit::quarter ? 3 : 12;
}

}  // namespace

Zone::Zone(std::string_view name) {
  if (name == "Europe/Berlin") {
    rule_ = Rule::european;
    standard_ = hour_ms;
  } else if (name == "America/Los_Angeles") {
    rule_ = Rule::american;
    standard_ = -8 * hour_ms;
  }
}

std::int64_t Zone::local_of(std::int64_t utc_ms) const {
  if (rule_ == Rule::none) return utc_ms;
  const year at = civil(floor_to(utc_ms, day_ms)).year();
  const auto ms_of = [](const sys_days& day) { return number_of(day) * day_ms; };
  std::int64_t from = 0, until = 0;
  if (rule_ == Rule::european) {  // all zones change at one moment
    from = ms_of(sys_days{at / March / Sunday[last]}) + hour_ms;
    until = ms_of(sys_days{at / October / Sunday[last]}) + hour_ms;
  } else {  // at two o'clock of the wall
    from = ms_of(sys_days{at / March / Sunday[2]}) + 2 * hour_ms - standard_;
    until = ms_of(sys_days{at / November / Sunday[1]}) + hour_ms - standard_;
  }
  return utc_ms + standard_ + (utc_ms >= from && utc_ms < until ? hour_ms : 0);
}

std::int64_t Zone::utc_of_day(std::int64_t local_day) const {
  const std::int64_t wall = local_day * day_ms;
  // Summer time changes neither of these zones at midnight, so one of the two offsets is right.
  const std::int64_t summer = wall - standard_ - hour_ms;
  return rule_ != Rule::none && local_of(summer) == wall ? summer : wall - standard_;
}

std::optional<Period> period_named(std::string_view name, std::optional<std::int64_t> number) {
  using Unit = Period::Unit;
  if (!number) {
    constexpr auto days_around =
        std::to_array<std::pair<std::string_view, Period>>({{"TODAY", {Unit::day, 0, 0}},
                                                            {"YESTERDAY", {Unit::day, -1, -1}},
                                                            {"TOMORROW", {Unit::day, 1, 1}},
                                                            {"LAST_90_DAYS", {Unit::day, -90, 0}},
                                                            {"NEXT_90_DAYS", {Unit::day, 1, 90}}});
    for (const auto& [known, period] : days_around)
      if (same_name(known, name)) return period;
  }
  constexpr auto units = std::to_array<std::pair<std::string_view, Unit>>({{"DAY", Unit::day},
                                                                           {"WEEK", Unit::week},
                                                                           {"MONTH", Unit::month},
                                                                           {"QUARTER", Unit::quarter},
                                                                           {"YEAR", Unit::year},
                                                                           {"FISCAL_QUARTER", Unit::quarter},
                                                                           {"FISCAL_YEAR", Unit::year}});
  for (const auto& [unit_name, unit] : units) {
    const std::string word{unit_name};
    if (number) {
      const std::int64_t n = *number;
      if (same_name("LAST_N_" + word + "S", name)) return Period{unit, -n, unit == Unit::day ? 0 : -1};
      if (same_name("NEXT_N_" + word + "S", name)) return Period{unit, 1, n};
      if (same_name("N_" + word + "S_AGO", name)) return Period{unit, -n, -n};
    } else if (unit != Unit::day) {
      if (same_name("THIS_" + word, name)) return Period{unit, 0, 0};
      if (same_name("LAST_" + word, name)) return Period{unit, -1, -1};
      if (same_name("NEXT_" + word, name)) return Period{unit, 1, 1};
    }
  }
  return std::nullopt;
}

Days days_of(const Period& period, std::int64_t today, unsigned week_starts) {
  switch (period.unit) {
    case Period::Unit::day:
      return {today + period.first, today + period.last + 1};
    case Period::Unit::week: {
      const auto in_week =
          static_cast<std::int64_t>((weekday{sys_days{days{today}}}.c_encoding() + 7 - week_starts) % 7);
      const std::int64_t start = today - in_week;
      return {start + 7 * period.first, start + 7 * (period.last + 1)};
    }
    default: {
      const std::int64_t width = months_in(period.unit);
      const year_month_day date = civil(today);
      const std::int64_t month_number = std::int64_t{int{date.year()}} * 12 + unsigned{date.month()} - 1;
      const std::int64_t start = floor_to(month_number, width);
      return {first_of_month((start + period.first) * width), first_of_month((start + period.last + 1) * width)};
    }
  }
}

int part_of(std::int64_t local_ms, DatePart part) {
  const std::int64_t day = floor_to(local_ms, day_ms);
  const year_month_day date = civil(day);
  const int in_month = static_cast<int>(unsigned{date.day()});
  const int in_year = static_cast<int>(day - number_of(sys_days{date.year() / January / 1})) + 1;
  switch (part) {
    case DatePart::month:
      return static_cast<int>(unsigned{date.month()});
    case DatePart::quarter:
      return static_cast<int>((unsigned{date.month()} - 1) / 3 + 1);
    case DatePart::year:
      return int{date.year()};
    case DatePart::day_in_month:
      return in_month;
    case DatePart::day_in_week:
      return static_cast<int>(weekday{sys_days{date}}.c_encoding()) + 1;
    case DatePart::day_in_year:
      return in_year;
    case DatePart::hour_in_day:
      return static_cast<int>((local_ms - day * day_ms) / hour_ms);
    case DatePart::week_in_month:
      return (in_month - 1) / 7 + 1;
    case DatePart::week_in_year:
      return (in_year - 1) / 7 + 1;
  }
  return 0;
}

}  // namespace simulator
