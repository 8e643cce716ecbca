// Records leave filters and come back: the storm of with_filters() over every backend, and what it is for.
#include <gtest/gtest.h>

#include <iostream>

#include "storm.h"

namespace seeded {
namespace {

void hold(const char* variable, std::uint64_t otherwise, Setting setting, const Weather& weather = with_filters()) {
  setting.weather = weather;
  for (std::uint64_t seed = 1; seed <= histories_for(variable, otherwise); ++seed) {
    const Outcome outcome = run_storm(seed, setting);
    ASSERT_TRUE(outcome.broken.empty()) << told("seed " + std::to_string(seed), outcome, setting);
  }
}

TEST(StormWithFilters, LosesDuplicatesAndFlipsNothing) {
  hold("STORM_FILTERS_HISTORIES", 800, {});
}
TEST(StormWithFilters, OverSqlite) {
  hold("STORM_FILTERS_SQLITE_HISTORIES", 60, {.backend = Backend::sqlite});
}
TEST(StormWithFilters, OverSfsim) {
  hold("STORM_FILTERS_SFSIM_HISTORIES", 80, {.org = OrgKind::sfsim});
}
TEST(StormWithFilters, WhilePeopleDeleteAndMove) {
  hold("STORM_FILTERS_DELETES_HISTORIES", 800, {}, with_filters_and_deletes());
}
TEST(StormWithFilters, WhereEverythingThatLeavesIsRemoved) {
  hold("STORM_FILTERS_REMOVE_HISTORIES", 400, {.on_filter_leave = model::FilterLeave::remove});
}

/// An edit that was not sent goes with its row.
TEST(StormWithFilters, NoticesWhenRowsLeaveBeforeTheirEditsAreSent) {
  Setting setting{.weather = with_filters(), .on_filter_leave = model::FilterLeave::remove};
  setting.safeguards.leave_after_push = false;
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    const Outcome outcome = run_storm(seed, setting);
    if (outcome.broken.empty()) continue;
    std::cout << "caught by seed " << seed << ": " << outcome.broken.front() << std::endl;
    return;
  }
  FAIL() << "no storm noticed";
}

}  // namespace
}  // namespace seeded
