// Our next cron times against those of cron-parser, read from standard input as cron_cases.mjs prints them.
#include <gtest/gtest.h>

#include <iostream>
#include <sstream>

#include "base/time_text.h"
#include "queue/cron.h"

namespace {

std::string text_of(std::optional<base::Utc> time) {
  return time ? std::to_string(time->time_since_epoch().count()) : "never";
}

TEST(CronOracle, AgreesWithCronParser) {
  std::string line;
  int cases = 0, wrong = 0;
  for (; std::getline(std::cin, line); ++cases) {
    std::istringstream fields{line};
    std::string pattern, zone, instant, expected;
    std::getline(fields, pattern, '\t');
    std::getline(fields, zone, '\t');
    std::getline(fields, instant, '\t');
    const auto cron = queue::Cron::parse(pattern);
    const auto where = queue::Zone::named(zone);
    ASSERT_TRUE(where) << where.error().message;
    base::Utc moment{std::chrono::milliseconds{std::stoll(instant)}};
    while (std::getline(fields, expected, '\t')) {
      const std::string found = cron ? text_of(cron->next(moment, *where)) : "refused";
      if (found != expected) {
        ++wrong;
        ADD_FAILURE() << pattern << " in " << zone << " after " << base::to_iso(moment) << " (" << instant
                      << "): expected " << expected << ", found " << found;
        break;
      }
      if (found == "never" || found == "refused") break;
      moment = base::Utc{std::chrono::milliseconds{std::stoll(found)}};
    }
    ASSERT_LT(wrong, 20) << "too many differences to go on";
  }
  std::cout << cases << " patterns and instants\n";
  EXPECT_GE(cases, 10'000);
}

}  // namespace
