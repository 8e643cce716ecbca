#include "core/budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "base/random.h"

namespace core {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf, ::testing::HasSubstr, ::testing::Not;

const base::Utc noon{std::chrono::milliseconds{1'800'000'000'000}};
constexpr std::int64_t limit = 1'000;

Spending spent(std::int64_t calls, std::int64_t org_used = 0) {
  Spending spending;
  spending.heard(org_used, limit, noon);
  spending.spend(Spending::slot_of(noon), calls);
  return spending;
}

TEST(Budget, LeavesToEachLaneWhatTheOnesAfterItMayNotSpend) {
  const BudgetShares shares;
  EXPECT_EQ(allowance(spent(0), Lane::interactive, noon, shares).calls, 500);
  EXPECT_EQ(allowance(spent(0), Lane::incremental, noon, shares).calls, 450);
  EXPECT_EQ(allowance(spent(0), Lane::backfill, noon, shares).calls, 300);
  EXPECT_EQ(allowance(spent(300), Lane::backfill, noon, shares).calls, 0);
  EXPECT_EQ(allowance(spent(300), Lane::incremental, noon, shares).calls, 150);
  EXPECT_EQ(allowance(spent(500), Lane::interactive, noon, shares).calls, 0);
}

TEST(Budget, SaysWhenItGoesOn) {
  Spending spending = spent(400);
  spending.spend(Spending::slot_of(noon + 1h), 100);
  const auto at = [&](Lane lane) { return allowance(spending, lane, noon + 2h, {}).more_at; };
  EXPECT_EQ(at(Lane::interactive), Spending::slot_of(noon) + 15min + 24h);
  EXPECT_GT(allowance(spending, Lane::interactive, *at(Lane::interactive), {}).calls, 0);
  spending.spend(Spending::slot_of(noon + 1h), 300);
  EXPECT_EQ(at(Lane::backfill), Spending::slot_of(noon + 1h) + 15min + 24h) << "the first slot alone is not enough";
}

TEST(Budget, KeepsAReserveOfTheOrgAndHearsAgainWhenOthersSpentTheRest) {
  EXPECT_EQ(allowance(spent(10, 900), Lane::interactive, noon, {}).calls, 50);
  const Allowance none = allowance(spent(10, 960), Lane::interactive, noon, {});
  EXPECT_EQ(none.calls, 0);
  EXPECT_EQ(none.more_at, noon + 15min);
  EXPECT_EQ(allowance(spent(10, 960), Lane::interactive, *none.more_at, {}).calls, 4);
}

TEST(Budget, SpendsLittleBeforeTheOrgSaidItsLimit) {
  Spending spending;
  EXPECT_EQ(allowance(spending, Lane::backfill, noon, {}).calls, 4);
  spending.spend(Spending::slot_of(noon), 4);
  EXPECT_EQ(allowance(spending, Lane::backfill, noon, {}).calls, 0);
}

TEST(Budget, AnOrgThatNeverSaysItsLimitShutsNobodyOut) {
  Spending spending;
  base::Utc now = noon;
  std::int64_t made = 0;
  for (int minute = 0; minute < 30; ++minute) {
    for (Allowance allowed; (allowed = allowance(spending, Lane::incremental, now, {})).calls > 0;) {
      spending.spend(spending.entry_at(now), allowed.calls);
      made += allowed.calls;
    }
    const Allowance none = allowance(spending, Lane::incremental, now, {});
    EXPECT_EQ(none.why, Allowance::Why::unheard);
    ASSERT_TRUE(none.more_at.has_value());
    EXPECT_LE(*none.more_at, now + 1min);
    EXPECT_THAT(explain(none, spending, Lane::incremental, now, {}), HasSubstr("not said its limit"));
    now = *none.more_at;
    spending = Spending::parse(spending.text());
  }
  EXPECT_EQ(made, 30 * 4);
}

TEST(Budget, SaysWhoUsedTheCallsUp) {
  const auto text = [](const Spending& spending, const BudgetShares& shares = {}) {
    const Allowance none = allowance(spending, Lane::interactive, noon, shares);
    EXPECT_EQ(none.calls, 0);
    return explain(none, spending, Lane::interactive, noon, shares);
  };
  EXPECT_THAT(text(spent(500)), HasSubstr("50 % of the org's daily calls are ours"));
  EXPECT_THAT(text(spent(10, 980)), AllOf(HasSubstr("used up by others"), HasSubstr("980 were spent, 10 of them by us"),
                                          Not(HasSubstr("api_budget_percent"))));
  Spending small = spent(3, 3);
  small.org_limit = 100;
  EXPECT_THAT(text(small, {.percent = 1}), AllOf(HasSubstr("is 1 of the org's 100 a day"),
                                                 HasSubstr("api_budget_percent"), Not(HasSubstr("goes on"))));
}

TEST(Budget, AnswersNothingLeftWhereNotOneCallCanBeMade) {
  const Allowance none = allowance(spent(499), Lane::interactive, noon, {});
  EXPECT_EQ(none.calls, 0) << "one is left, and a call may take two";
  EXPECT_EQ(none.more_at, Spending::slot_of(noon) + 15min + 24h);
}

TEST(Budget, IsReadBackAsItWasWritten) {
  Spending spending = spent(7, 30);
  spending.spend(Spending::slot_of(noon - 3h), 5);
  spending.ahead = -1500ms;
  const Spending read = Spending::parse(spending.text());
  EXPECT_EQ(read.text(), spending.text());
  EXPECT_EQ(read.ours(noon), 12);
  EXPECT_EQ(read.org_used, 30);
  EXPECT_EQ(read.ahead, -1500ms);
  for (const char* nonsense : {"", "x", "1 2", "-1 5 0 0", "{\"used\":1}"})
    EXPECT_EQ(Spending::parse(nonsense).text(), Spending{}.text()) << nonsense;
}

TEST(Budget, SlowsTheScheduleDownToWhatADayPaysFor) {
  EXPECT_EQ(paced(15min, 10, spent(100), noon, {}), 15min) << "less than half is spent";
  EXPECT_EQ(paced(15min, 1, spent(300), noon, {}), 15min) << "cheap runs go on";
  EXPECT_EQ(paced(15min, 45, spent(300), noon, {}), 144min) << "ten runs of 45 calls a day";
  EXPECT_EQ(paced(15min, 100'000, spent(300), noon, {}), 6h);
  EXPECT_EQ(paced(12h, 45, spent(300), noon, {}), 12h);
  EXPECT_EQ(paced(15min, 45, Spending{}, noon, {}), 15min) << "the org has not said its limit";
}

TEST(Budget, HoldsAFirstLoadBackUntilItFitsIntoItsLane) {
  const BudgetShares shares;
  const std::int64_t lane = shares.of_lane(Lane::backfill, limit);
  EXPECT_EQ(load_waits_until(lane, spent(0), noon, shares), std::nullopt);
  EXPECT_EQ(load_waits_until(lane + 1, spent(lane - 1), noon, shares), std::nullopt) << "it fits into no day";
  EXPECT_EQ(load_waits_until(9, Spending{}, noon, shares), std::nullopt) << "the org has not said its limit";
  Spending spending = spent(0, lane - 4);
  spending.spend(Spending::slot_of(noon - 20h), 5);
  spending.spend(Spending::slot_of(noon - 10h), lane - 9);
  EXPECT_EQ(load_waits_until(4, spending, noon, shares), std::nullopt);
  const auto until = load_waits_until(9, spending, noon, shares);
  EXPECT_EQ(until, Spending::slot_of(noon - 20h) + Spending::slot + Spending::window) << "five calls come back then";
  EXPECT_EQ(load_waits_until(9, spending, *until, shares), std::nullopt);
  EXPECT_EQ(load_waits_until(9, spent(0, limit), noon, shares), noon + Spending::slot) << "others spent it all";
}

/// Runs of every lane at any time, each asking for what it likes, and the text kept between them.
TEST(BudgetProperty, NoWindowOf24HoursHoldsMoreThanItsShareAndEveryPauseEnds) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::Random random{seed};
    const BudgetShares shares{.percent = static_cast<int>(1 + random.below(90))};
    std::string kept = spent(0).text();
    struct Made {
      base::Utc at;
      std::int64_t calls;
      Lane lane;
    };
    std::deque<Made> made;
    base::Utc now = noon;
    for (int step = 0; step < 1'500; ++step) {
      now += std::chrono::milliseconds{random.below(random.chance(0.02) ? 90'000'000 : 900'000)};
      Spending spending = Spending::parse(kept);
      spending.forget(now);
      const Lane lane = lanes[random.below(3)];
      std::erase_if(made, [&](const Made& each) { return each.at + 24h <= now; });
      std::int64_t in_window = 0;
      for (const Made& each : made) in_window += each.calls;
      spending.heard(in_window, limit, now);
      const Allowance allowed = allowance(spending, lane, now, shares);
      if (allowed.calls <= 0) {
        ASSERT_TRUE(allowed.more_at.has_value());
        ASSERT_GT(*allowed.more_at, now);
        ASSERT_LE(*allowed.more_at, now + 24h + Spending::slot);
        if (shares.of_lane(lane, limit) > 0) {
          ASSERT_GT(allowance(spending, lane, *allowed.more_at, shares).calls, 0);
        }
      } else {
        const auto calls = static_cast<std::int64_t>(1 + random.below(static_cast<std::uint64_t>(allowed.calls)));
        spending.spend(Spending::slot_of(now), calls);
        made.push_back({now, calls, lane});
        ASSERT_LE(in_window + calls, shares.of_lane(lane, limit));
      }
      kept = spending.text();
    }
  }
}

}  // namespace
}  // namespace core
