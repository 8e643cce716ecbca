#include "simulator/http/faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace simulator {
namespace {

using testing::HasSubstr;

constexpr std::string_view row = "/services/data/v62.0/sobjects/Contact/003";

/// How often each of `calls` calls of the path was answered 503.
std::string pattern(Faults& faults, int calls, std::string_view path = row) {
  std::string seen;
  for (int call = 0; call < calls; ++call) seen += faults.decide("GET", path, path).answer ? 'x' : '.';
  return seen;
}

std::string pattern(const std::string& rule, int calls, std::string_view path = row) {
  Faults faults;
  EXPECT_EQ(faults.set(R"({"seed":7,"rules":[{"effect":"unavailable")" + rule + "}]}"), std::nullopt);
  return pattern(faults, calls, path);
}

TEST(Faults, CountAfterEveryAndProbabilityChooseTheCalls) {
  EXPECT_EQ(pattern("", 4), "xxxx");
  EXPECT_EQ(pattern(R"(,"count":2)", 4), "xx..");
  EXPECT_EQ(pattern(R"(,"after":2,"count":1)", 5), "..x..");
  EXPECT_EQ(pattern(R"(,"every":3)", 7), "x..x..x");
  EXPECT_EQ(pattern(R"(,"after":1,"every":2,"count":2)", 7), ".x.x...");
  EXPECT_EQ(pattern(R"(,"probability":0)", 4), "....");
  const std::string some = pattern(R"(,"probability":0.5)", 1000);
  EXPECT_NEAR(static_cast<double>(std::ranges::count(some, 'x')), 500, 100);
  EXPECT_EQ(some, pattern(R"(,"probability":0.5)", 1000)) << "equal seeds, equal faults";
}

TEST(Faults, MethodPathAndObjectSelect) {
  Faults faults;
  ASSERT_EQ(faults.set(R"({"rules":[{"effect":"unavailable","method":"PATCH","path":"/sobjects","object":"Contact"}]})"), std::nullopt);
  EXPECT_TRUE(faults.decide("PATCH", row, row).answer);
  EXPECT_FALSE(faults.decide("GET", row, row).answer);
  EXPECT_FALSE(faults.decide("PATCH", "/services/data/v62.0/query", "q=Contact").answer);
  EXPECT_FALSE(faults.decide("PATCH", "/services/data/v62.0/sobjects/Account", "/services/data/v62.0/sobjects/Account").answer);
}

TEST(Faults, SigningInIsSparedUnlessItIsMeant) {
  constexpr std::string_view token = "/services/oauth2/token";
  EXPECT_EQ(pattern("", 2, token), "..");
  EXPECT_EQ(pattern(R"(,"path":"/oauth2/token","count":1)", 2, token), "x.");
  Faults faults;
  ASSERT_EQ(faults.set(R"({"rules":[{"effect":"maintenance","retry_after_s":30}]})"), std::nullopt);
  const auto answer = faults.decide("POST", token, token).answer;
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->html);
  EXPECT_EQ(answer->error.status, 503);
  EXPECT_EQ(answer->retry_after_s, 30);
}

TEST(Faults, EffectsAddUpAndTheFirstAnswerCounts) {
  Faults faults;
  ASSERT_EQ(faults.set(R"({"rules":[{"effect":"latency","latency_ms":20},{"effect":"too_many_requests","latency_ms":5},
      {"effect":"error","status":502,"code":"X"},{"effect":"cut_body","bytes":9},{"effect":"slow","bytes_per_second":50},
      {"effect":"expire_token"},{"effect":"cut_after"}]})"), std::nullopt);
  const Misfortune all = faults.decide("GET", row, row);
  EXPECT_EQ(all.latency.count(), 25);
  ASSERT_TRUE(all.answer);
  EXPECT_EQ(all.answer->error.status, 429);
  EXPECT_EQ(all.cut_body_at, 9);
  EXPECT_EQ(all.bytes_per_second, 50);
  EXPECT_TRUE(all.expire_token && all.cut_after && !all.cut_before && !all.cut_csv);
}

TEST(Faults, RowsFailByTheirShareWithTheErrorThatIsNamed) {
  Faults faults;
  ASSERT_EQ(faults.set(R"({"rules":[{"effect":"fail_rows","share":0.25,"code":"STRING_TOO_LONG","message":"too long"}]})"), std::nullopt);
  const Misfortune misfortune = faults.decide("POST", row, row);
  int failed = 0;
  for (int at = 0; at < 1000; ++at)
    if (const auto error = faults.row(misfortune)) {
      ++failed;
      EXPECT_EQ(error->code, "STRING_TOO_LONG");
      EXPECT_EQ(error->message, "too long");
    }
  EXPECT_NEAR(failed, 250, 60);
  ASSERT_EQ(faults.set(R"({"rules":[{"effect":"lock_rows"}]})"), std::nullopt);
  EXPECT_EQ(faults.row(faults.decide("POST", row, row))->code, "UNABLE_TO_LOCK_ROW");
  faults.clear();
  EXPECT_FALSE(faults.row(faults.decide("POST", row, row)));
}

TEST(Faults, SayWhatIsWrongWithARuleAndKeepTheOldOnes) {
  Faults faults;
  ASSERT_EQ(faults.set(R"({"rules":[{"effect":"unavailable"}]})"), std::nullopt);
  EXPECT_THAT(*faults.set("nonsense"), HasSubstr("rules"));
  EXPECT_THAT(*faults.set(R"({"rules":[{"effect":"explode"}]})"), HasSubstr("unknown effect: \"explode\""));
  EXPECT_THAT(*faults.set(R"({"rules":[{"count":1}]})"), HasSubstr("effect"));
  EXPECT_THAT(*faults.set(R"({"rules":[{"effect":"error","status":200}]})"), HasSubstr("status"));
  EXPECT_THAT(*faults.set(R"({"rules":[{"effect":"slow","nth":1}]})"), HasSubstr("nth"));
  EXPECT_EQ(pattern(faults, 2), "xx");
}

}  // namespace
}  // namespace simulator
