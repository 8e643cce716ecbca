#include "simulator/org/calendar.h"

#include <gtest/gtest.h>

#include <string>

#include "base/time_text.h"

namespace simulator {
namespace {

std::int64_t day(std::string_view date) {
  return base::parse_iso(date)->time_since_epoch().count() / day_ms;
}

std::string date(std::int64_t day_number) {
  return base::to_iso(base::Utc{std::chrono::milliseconds{day_number * day_ms}}).substr(0, 10);
}

/// "first..last" as seen on Wednesday, 11 March 2026.
std::string span(std::string_view name, std::optional<std::int64_t> number = {}, unsigned week_starts = 0) {
  const auto period = period_named(name, number);
  if (!period) return "unknown";
  const Days days = days_of(*period, day("2026-03-11"), week_starts);
  return date(days.first) + ".." + date(days.end - 1);
}

TEST(Period, NamesDaysAroundToday) {
  EXPECT_EQ(span("TODAY"), "2026-03-11..2026-03-11");
  EXPECT_EQ(span("yesterday"), "2026-03-10..2026-03-10");
  EXPECT_EQ(span("TOMORROW"), "2026-03-12..2026-03-12");
  EXPECT_EQ(span("LAST_90_DAYS"), "2025-12-11..2026-03-11");
  EXPECT_EQ(span("NEXT_90_DAYS"), "2026-03-12..2026-06-09");
  EXPECT_EQ(span("LAST_N_DAYS", 1), "2026-03-10..2026-03-11") << "today is among them";
  EXPECT_EQ(span("NEXT_N_DAYS", 2), "2026-03-12..2026-03-13");
  EXPECT_EQ(span("N_DAYS_AGO", 25), "2026-02-14..2026-02-14");
}

TEST(Period, NamesWeeksThatBeginWhereTheUserSaysSo) {
  EXPECT_EQ(span("THIS_WEEK"), "2026-03-08..2026-03-14");
  EXPECT_EQ(span("THIS_WEEK", {}, 1), "2026-03-09..2026-03-15");
  EXPECT_EQ(span("LAST_WEEK"), "2026-03-01..2026-03-07");
  EXPECT_EQ(span("NEXT_N_WEEKS", 2), "2026-03-15..2026-03-28");
  EXPECT_EQ(span("LAST_N_WEEKS", 1), "2026-03-01..2026-03-07") << "this week is not among them";
  EXPECT_EQ(span("N_WEEKS_AGO", 2), "2026-02-22..2026-02-28");
}

TEST(Period, NamesMonthsQuartersAndYears) {
  EXPECT_EQ(span("LAST_MONTH"), "2026-02-01..2026-02-28");
  EXPECT_EQ(span("NEXT_N_MONTHS", 2), "2026-04-01..2026-05-31");
  EXPECT_EQ(span("LAST_N_MONTHS", 3), "2025-12-01..2026-02-28");
  EXPECT_EQ(span("N_MONTHS_AGO", 25), "2024-02-01..2024-02-29");
  EXPECT_EQ(span("THIS_QUARTER"), "2026-01-01..2026-03-31");
  EXPECT_EQ(span("LAST_QUARTER"), "2025-10-01..2025-12-31");
  EXPECT_EQ(span("NEXT_FISCAL_QUARTER"), "2026-04-01..2026-06-30");
  EXPECT_EQ(span("N_FISCAL_QUARTERS_AGO", 5), "2024-10-01..2024-12-31");
  EXPECT_EQ(span("THIS_YEAR"), "2026-01-01..2026-12-31");
  EXPECT_EQ(span("LAST_N_YEARS", 2), "2024-01-01..2025-12-31");
  EXPECT_EQ(span("NEXT_N_FISCAL_YEARS", 2), "2027-01-01..2028-12-31");
}

TEST(Period, DoesNotKnowOthersAndStaysWithinTheOrgsTime) {
  for (const char* name : {"LAST_N_DAYS", "THIS_DAY", "N_DAYS_AGO", "TODAY_", "", "LAST_N_WEEK"})
    EXPECT_EQ(span(name), "unknown") << name;
  EXPECT_EQ(span("TODAY", 1), "unknown");
  EXPECT_EQ(span("N_YEARS_AGO", 2'000'000'000).substr(0, 4), "1699");
  EXPECT_EQ(span("NEXT_N_MONTHS", 2'000'000'000).substr(12, 4), "4000");
}

TEST(Zone, KnowsSummerTime) {
  const auto local = [](const char* zone, std::string_view utc) {
    return base::to_iso(base::Utc{std::chrono::milliseconds{
                            Zone{zone}.local_of(base::parse_iso(utc)->time_since_epoch().count())}})
        .substr(0, 16);
  };
  EXPECT_EQ(local("GMT", "2026-07-01T12:00:00Z"), "2026-07-01T12:00");
  EXPECT_EQ(local("Europe/Berlin", "2026-03-29T00:59:59Z"), "2026-03-29T01:59");
  EXPECT_EQ(local("Europe/Berlin", "2026-03-29T01:00:00Z"), "2026-03-29T03:00");
  EXPECT_EQ(local("Europe/Berlin", "2026-10-25T00:59:59Z"), "2026-10-25T02:59");
  EXPECT_EQ(local("Europe/Berlin", "2026-10-25T01:00:00Z"), "2026-10-25T02:00");
  EXPECT_EQ(local("America/Los_Angeles", "2026-03-08T09:59:59Z"), "2026-03-08T01:59");
  EXPECT_EQ(local("America/Los_Angeles", "2026-03-08T10:00:00Z"), "2026-03-08T03:00");
  EXPECT_EQ(local("America/Los_Angeles", "2026-11-01T09:00:00Z"), "2026-11-01T01:00");
}

TEST(Zone, BeginsEveryDayAtItsMidnight) {
  for (const char* name : {"GMT", "Europe/Berlin", "America/Los_Angeles"}) {
    const Zone zone{name};
    for (std::int64_t each = day("2025-01-01"); each < day("2027-01-01"); ++each)
      EXPECT_EQ(zone.local_of(zone.utc_of_day(each)), each * day_ms) << name << " " << date(each);
  }
}

TEST(DatePart, CountsAsTheOrgDoes) {
  const auto part = [](std::string_view moment, DatePart which) {
    return part_of(base::parse_iso(moment)->time_since_epoch().count(), which);
  };
  EXPECT_EQ(part("2009-02-01", DatePart::day_in_year), 32);
  EXPECT_EQ(part("2026-03-08", DatePart::day_in_week), 1) << "Sunday";
  EXPECT_EQ(part("2026-03-14", DatePart::day_in_week), 7);
  EXPECT_EQ(part("2026-04-10", DatePart::week_in_month), 2);
  EXPECT_EQ(part("2026-01-07", DatePart::week_in_year), 1);
  EXPECT_EQ(part("2026-01-08", DatePart::week_in_year), 2);
  EXPECT_EQ(part("2026-05-01", DatePart::quarter), 2);
  EXPECT_EQ(part("2026-05-31", DatePart::month), 5);
  EXPECT_EQ(part("2026-05-31", DatePart::day_in_month), 31);
  EXPECT_EQ(part("2026-05-31T18:23:10Z", DatePart::hour_in_day), 18);
  EXPECT_EQ(part("1969-12-31T18:23:10Z", DatePart::hour_in_day), 18);
  EXPECT_EQ(part("1969-12-31T18:23:10Z", DatePart::year), 1969);
}

}  // namespace
}  // namespace simulator
