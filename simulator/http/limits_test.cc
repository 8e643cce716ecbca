#include "simulator/http/limits.h"

#include <gtest/gtest.h>

#include "simulator/http/site_for_test.h"

namespace simulator {
namespace {

using namespace std::chrono_literals;

TEST(Limits, GiveBackWhatWasUsedADayAgo) {
  base::ManualClock clock{base::Utc{1'800'000'000s}};
  Limits limits{clock};
  limits.set_max("DailyApiRequests", 10);
  EXPECT_TRUE(limits.spend("DailyApiRequests", 6));
  clock.advance(12h);
  EXPECT_TRUE(limits.spend("DailyApiRequests", 4));
  EXPECT_FALSE(limits.spend("DailyApiRequests"));
  EXPECT_EQ(limits.usage(), "api-usage=10/10");
  clock.advance(12h - 1min);
  EXPECT_FALSE(limits.spend("DailyApiRequests"));
  clock.advance(1min);
  EXPECT_EQ(limits.used("DailyApiRequests"), 4);
  EXPECT_TRUE(limits.spend("DailyApiRequests", 6));
  clock.advance(24h);
  EXPECT_EQ(limits.used("DailyApiRequests"), 0);
}

TEST(Limits, LimitsResourceAndHeaderAgreeAndTheLastCallIsRefused) {
  ApiOptions options;
  options.daily_calls = 2;
  Site site{options};
  const auto first = site.call("GET", "limits");
  EXPECT_EQ(Site::json(first).at("DailyApiRequests").at("Remaining").as_int64(), 1);
  EXPECT_EQ(Site::header(first, "Sforce-Limit-Info"), "api-usage=1/2");
  EXPECT_EQ(site.call("GET", "sobjects").status, 200);
  const auto refused = site.call("GET", "sobjects");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(Site::code(refused), "REQUEST_LIMIT_EXCEEDED");
  EXPECT_EQ(Site::header(refused, "Sforce-Limit-Info"), "api-usage=2/2");
  EXPECT_EQ(site.ask("GET", "/services/data").status, 200);
  site.clock.advance(24h);
  site.forget_session();
  EXPECT_EQ(site.call("GET", "sobjects").status, 200);
}

TEST(Limits, WhatIsLeftCanBeSetAndComesBackAfterADay) {
  Site site;
  const auto left = [&](const char* name) {
    return Site::json(site.call("GET", "limits")).at(name).at("Remaining").as_int64();
  };
  EXPECT_EQ(left("DailyDeliveredPlatformEvents"), 25'000);
  EXPECT_EQ(site.ask("PUT", "/__sim/limits", R"({"DailyDeliveredPlatformEvents":{"Max":10000,"Remaining":12}})").status,
            200);
  EXPECT_EQ(left("DailyDeliveredPlatformEvents"), 12);
  EXPECT_EQ(site.ask("PUT", "/__sim/limits", R"({"DailyApiRequests":{"Max":100,"Remaining":1}})").status, 200);
  EXPECT_EQ(site.call("GET", "sobjects").status, 200);
  EXPECT_EQ(site.call("GET", "sobjects").status, 403);
  for (const char* wrong : {R"({"DailyApiRequests":{"Max":1,"Remaining":2}})", R"({"DailyApiRequests":{"Max":1}})",
                            R"({"long_calls":{"Max":1,"Remaining":1}})", R"({"DailyApiRequests":-1})"})
    EXPECT_EQ(site.ask("PUT", "/__sim/limits", wrong).status, 400) << wrong;
  site.clock.advance(24h);
  site.forget_session();
  EXPECT_EQ(left("DailyDeliveredPlatformEvents"), 10'000);
}

TEST(Limits, CanBeSetAndAreKeptWhenANameIsWrong) {
  Site site;
  EXPECT_EQ(site.ask("PUT", "/__sim/limits", R"({"DailyApiRequests":5,"NoSuch":1})").status, 400);
  EXPECT_EQ(site.api.limits().max("DailyApiRequests"), 100'000);
  EXPECT_EQ(site.ask("PUT", "/__sim/limits", R"({"DailyApiRequests":0})").status, 200);
  EXPECT_EQ(site.call("GET", "sobjects").status, 403);
  EXPECT_EQ(site.ask("PUT", "/__sim/limits", R"({"DailyApiRequests":5})").status, 200);
  EXPECT_EQ(site.call("GET", "sobjects").status, 200);
}

}  // namespace
}  // namespace simulator
