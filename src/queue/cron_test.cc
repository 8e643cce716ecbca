#include "queue/cron.h"

#include <gtest/gtest.h>

#include "base/time_text.h"

namespace {

using queue::Cron;
using queue::Zone;

base::Utc at(const std::string& text) {
  return *base::parse_iso(text);
}

/// The next times after `from`, as many as are expected.
void expect_times(const std::string& pattern, const std::string& zone, const std::string& from,
                  const std::vector<std::string>& times) {
  const auto cron = Cron::parse(pattern);
  ASSERT_TRUE(cron) << cron.error().message;
  const auto where = Zone::named(zone);
  ASSERT_TRUE(where) << where.error().message;
  base::Utc moment = at(from);
  for (const std::string& time : times) {
    const auto next = cron->next(moment, *where);
    ASSERT_TRUE(next) << pattern;
    EXPECT_EQ(base::to_iso_seconds(*next), time) << pattern << " in " << zone << " after " << base::to_iso(moment);
    moment = *next;
  }
}

TEST(Cron, ComesEveryQuarterOfAnHourAndStrictlyLater) {
  expect_times("*/15 * * * *", "UTC", "2026-11-24T02:01:27.500Z",
               {"2026-11-24T02:15:00Z", "2026-11-24T02:30:00Z", "2026-11-24T02:45:00Z", "2026-11-24T03:00:00Z"});
  expect_times("*/2 * * * * *", "UTC", "2026-11-24T02:01:27.500Z", {"2026-11-24T02:01:28Z", "2026-11-24T02:01:30Z"});
  expect_times("0 3 * * 1-5", "UTC", "2026-11-27T04:00:00Z", {"2026-11-30T03:00:00Z", "2026-12-01T03:00:00Z"});
}

TEST(Cron, TakesEitherOfDayAndWeekday) {
  expect_times("0 0 1,15 * 1", "UTC", "2026-11-24T02:01:00Z",
               {"2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z", "2026-12-07T00:00:00Z", "2026-12-14T00:00:00Z",
                "2026-12-15T00:00:00Z"});
  expect_times("0 0 29 2 *", "UTC", "2026-11-24T00:00:00Z", {"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"});
  expect_times("0 0 L * *", "UTC", "2026-11-24T00:00:00Z",
               {"2026-11-30T00:00:00Z", "2026-12-31T00:00:00Z", "2027-01-31T00:00:00Z"});
  expect_times("0 0 * * MON#2", "UTC", "2026-11-24T00:00:00Z", {"2026-12-14T00:00:00Z", "2027-01-11T00:00:00Z"});
  expect_times("0 0 * * 5L", "UTC", "2026-11-24T00:00:00Z", {"2026-11-27T00:00:00Z", "2026-12-25T00:00:00Z"});
}

TEST(Cron, RunsALeftOutHourAfterTheGapAndADoubledHourOnce) {
  expect_times("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z",
               {"2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"});
  expect_times("30 2 * * *", "Europe/Berlin", "2026-10-24T00:00:00Z",
               {"2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"});
  expect_times("*/15 * * * *", "Europe/Berlin", "2026-10-25T00:40:00Z",
               {"2026-10-25T00:45:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:15:00Z"});
  expect_times("0 2 * * *", "America/New_York", "2026-03-07T12:00:00Z",
               {"2026-03-08T07:00:00Z", "2026-03-09T06:00:00Z"});
  expect_times("0 1 * * *", "America/New_York", "2026-10-31T12:00:00Z",
               {"2026-11-01T05:00:00Z", "2026-11-02T06:00:00Z"});
}

TEST(Cron, RefusesWhatItDoesNotUnderstandAndNamesIt) {
  for (const char* pattern : {"", "*", "* * * *", "* * * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
                              "* * * * 8", "5-1 * * * *", "*/0 * * * *", "*/ * * * *", "1-2-3 * * * *", "? * * * *",
                              "* * W * *", "* * * foo *", "1,,2 * * * *", "* * * * 1#6", "* * * * 1,2#1", "0 0 30 2 *",
                              "* * LL * *", "* * * * L", "@every 5m", "a * * * *", "-5 * * * *"})
    EXPECT_FALSE(Cron::parse(pattern)) << pattern;
  const auto refused = Cron::parse("*/15 25 * * *");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::settings);
  EXPECT_EQ(refused.error().message,
            "cron pattern \"*/15 25 * * *\": \"25\" is no hour: numbers from 0 to 23, *, a-b and /step are allowed, and "
            "lists of them");
}

TEST(Zone, KnowsItsOwnNamesOnly) {
  EXPECT_FALSE(Zone::named("Europe/Nowhere"));
  EXPECT_TRUE(Zone::named(""));
  EXPECT_EQ(Zone::named("Asia/Kolkata")->offset(at("2026-01-01T00:00:00Z")), std::chrono::minutes{330});
}

}  // namespace
