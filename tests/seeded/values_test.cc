// Values of every kind, which both sides spell differently, and fields with rules of their own.
#include <gtest/gtest.h>

#include "storm.h"

namespace seeded {
namespace {

void hold(const char* weather, Backend backend, const char* variable, std::uint64_t otherwise) {
  Setting setting = *setting_for(weather);
  setting.backend = backend;
  for (std::uint64_t seed = 1; seed <= histories_for(variable, otherwise); ++seed) {
    const Outcome outcome = run_storm(seed, setting);
    ASSERT_TRUE(outcome.broken.empty()) << told(std::string{weather} + " " + std::to_string(seed), outcome, setting);
  }
}

TEST(StormOfKinds, TakesNoSpellingForAnEdit) {
  hold("kinds", Backend::memory, "STORM_KINDS_HISTORIES", 500);
}
TEST(StormOfKinds, OverSqlite) {
  hold("kinds", Backend::sqlite, "STORM_KINDS_SQLITE_HISTORIES", 25);
}
TEST(StormOfKinds, FollowsTheRulesOfEachField) {
  hold("policies", Backend::memory, "STORM_POLICIES_HISTORIES", 500);
}
TEST(StormOfKinds, FollowsTheRulesOfEachFieldOverSqlite) {
  hold("policies", Backend::sqlite, "STORM_POLICIES_SQLITE_HISTORIES", 25);
}
TEST(StormOfKinds, WhilePeopleDelete) {
  hold("kinds-deletes", Backend::memory, "STORM_KINDS_DELETES_HISTORIES", 300);
}

/// I11 with rows that are set aside, and others that wait for them.
TEST(StormOfRefusals, EveryRowSaysHowItStands) {
  hold("refusals", Backend::memory, "STORM_REFUSALS_HISTORIES", 600);
}
TEST(StormOfRefusals, EveryRowSaysHowItStandsOverSqlite) {
  hold("refusals", Backend::sqlite, "STORM_REFUSALS_SQLITE_HISTORIES", 25);
}

}  // namespace
}  // namespace seeded
