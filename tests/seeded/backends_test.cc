// The same storm over the real store, and over the simulator's org through the real client.
#include <gtest/gtest.h>

#include <iostream>

#include "storm.h"

namespace seeded {
namespace {

void hold(const char* variable, std::uint64_t otherwise, const Setting& setting) {
  const std::uint64_t histories = histories_for(variable, otherwise);
  std::size_t crashes = 0, port_calls = 0;
  for (std::uint64_t seed = 1; seed <= histories; ++seed) {
    const Outcome outcome = run_storm(seed, setting);
    ASSERT_TRUE(outcome.broken.empty()) << told("seed " + std::to_string(seed), outcome, setting);
    crashes += outcome.crashes;
    port_calls += outcome.port_calls;
    if (seed % 50 == 0) {
      ASSERT_EQ(run_storm(seed, setting).trace, outcome.trace) << "I14: seed " << seed << " gave two traces";
    }
  }
  std::cout << histories << " histories, " << crashes << " crashes, " << port_calls << " port calls\n";
  EXPECT_GT(crashes, histories / 2);
}

TEST(StormOverSqlite, LosesDuplicatesAndFlipsNothing) {
  hold("STORM_SQLITE_HISTORIES", 150, {.backend = Backend::sqlite});
}

TEST(StormOverSqlite, LosesNothingWhileMappingsGrowAndPeopleDecide) {
  Setting setting{.weather = with_changes(), .backend = Backend::sqlite};
  setting.on_conflict = model::ConflictPolicy::manual;
  hold("STORM_CHANGES_HISTORIES", 40, setting);
}

TEST(StormOverSqlite, LosesDuplicatesAndFlipsNothingWhilePeopleDelete) {
  hold("STORM_SQLITE_DELETES_HISTORIES", 60, {.weather = with_deletes(), .backend = Backend::sqlite});
}

/// Every other weather, a little.
TEST(StormOverSqlite, LosesDuplicatesAndFlipsNothingInAnyWeather) {
  for (const char* weather : {"everything", "keyless-deletes", "bulk-deletes", "changes-deletes"}) {
    SCOPED_TRACE(weather);
    Setting setting = *setting_for(weather);
    setting.backend = Backend::sqlite;
    hold("STORM_SQLITE_OTHER_HISTORIES", 30, setting);
  }
}

TEST(StormOverSfsim, LosesDuplicatesAndFlipsNothing) {
  hold("STORM_SFSIM_HISTORIES", 600, {.org = OrgKind::sfsim});
}

TEST(StormOverSfsim, LosesDuplicatesAndFlipsNothingWhilePeopleDeleteMergeAndPurge) {
  for (const char* weather : {"deletes", "everything"}) {
    SCOPED_TRACE(weather);
    Setting setting = *setting_for(weather);
    setting.org = OrgKind::sfsim;
    hold("STORM_SFSIM_DELETES_HISTORIES", 400, setting);
  }
}

TEST(StormOverBoth, LosesDuplicatesAndFlipsNothing) {
  hold("STORM_BOTH_HISTORIES", 60, {.backend = Backend::sqlite, .org = OrgKind::sfsim});
}

}  // namespace
}  // namespace seeded
