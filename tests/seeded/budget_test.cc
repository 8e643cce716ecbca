// The day's calls as the org counts them, while processes die, clocks jump and other programs call too.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "sfsim_side.h"
#include "storm.h"

namespace seeded {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t calls_a_day = 200;

struct Outspent {
  std::vector<std::string> broken;
  std::size_t refused_runs = 0;
};

/// Three days with more to do than the budget allows, then quiet ones.
Outspent run_days(std::uint64_t seed, bool budgeted) {
  Choices choices{seed};
  Setting setting{.org = OrgKind::sfsim, .daily_calls = calls_a_day, .budgeted = budgeted};
  setting.weather.swarm = setting.weather.sparse_objects = false;
  setting.weather.exhausted = setting.weather.long_pause = 0;
  setting.weather.crash = setting.weather.lost_request = setting.weather.lost_answer = 0.004;  // Most runs get far.
  World world{choices, setting};
  auto& org = dynamic_cast<SfsimSide&>(world.org());
  Outspent outcome;
  for (int run = 0; run < 25; ++run) {
    world.run();
    outcome.refused_runs += org.is_out_of_calls() ? 1 : 0;
    if (choices.below(6) == 0) org.others_call(choices.below(20));
    world.pass_time(choices.below(5) == 0 ? 9h : 5min);
    world.somebody_acts();
  }
  world.calm();
  world.mend();
  for (int day = 0; day < 12; ++day) {
    world.pass_time(25h);
    if (!world.run()) outcome.broken.emplace_back("a run fails in calm weather");
  }
  for (std::string& one : world.verdict()) outcome.broken.push_back(std::move(one));
  return outcome;
}

/// I10, and what had to wait for calls is done once there are more.
TEST(StormOfCalls, KeepsToTheBudgetAndCatchesUp) {
  std::size_t refused_runs = 0;
  const auto histories = histories_for("STORM_BUDGET_HISTORIES", 12);
  for (std::uint64_t seed = 1; seed <= histories; ++seed) {
    const Outspent outcome = run_days(seed, true);
    for (const std::string& broken : outcome.broken) ADD_FAILURE() << "seed " << seed << ": " << broken;
    ASSERT_TRUE(outcome.broken.empty());
    refused_runs += outcome.refused_runs;
  }
  std::cout << histories << " histories, " << refused_runs << " runs that ended without calls left\n";
  EXPECT_GT(refused_runs, histories) << "the budget was too large to show anything";
}

TEST(StormOfCalls, NoticesWhenThereIsNoBudget) {
  Outspent outcome;
  for (std::uint64_t seed = 1; seed <= 5 && outcome.broken.empty(); ++seed) outcome = run_days(seed, false);
  EXPECT_TRUE(std::ranges::any_of(outcome.broken, [](const std::string& one) { return one.starts_with("I10"); }));
}

}  // namespace
}  // namespace seeded
