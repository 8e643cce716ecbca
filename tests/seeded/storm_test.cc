#include "storm.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

namespace seeded {
namespace {

/// STORM_HISTORIES=n runs any number; STORM_SEED=n runs that one alone and tells its history;
/// STORM_CHOICES="3 0 1 …" replays a shrunk one.
const char* environment(const char* name) {
  return std::getenv(name);
}

std::uint64_t number(const char* name, std::uint64_t otherwise) {
  const char* text = environment(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::string seed_told(std::uint64_t seed, const Outcome& outcome, const Setting& setting) {
  return told("seed " + std::to_string(seed) + " (replay: STORM_SEED=" + std::to_string(seed) + "; add \"fair " +
                  std::to_string(seed) + "\" to tests/seeded/corpus.txt)",
              outcome, setting);
}

TEST(Storm, WhatOnceBrokeHolds) {
  std::ifstream file{STORM_CORPUS};
  ASSERT_TRUE(file.is_open()) << STORM_CORPUS;
  std::size_t held = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words{line};
    std::string weather, org;
    std::uint64_t seed = 0;
    words >> weather >> seed >> org;
    auto setting = setting_for(weather);
    ASSERT_TRUE(setting && seed > 0 && (org.empty() || org == "sfsim")) << line;
    if (org == "sfsim") setting->org = OrgKind::sfsim;
    const Outcome outcome = run_storm(seed, *setting);
    ASSERT_TRUE(outcome.broken.empty()) << told(line, outcome, *setting);
    ++held;
  }
  EXPECT_GT(held, 0u);
}

/// Nothing breaks in `histories` of that weather.
void hold(const std::string& weather, std::uint64_t histories) {
  const Setting setting = setting_for(weather).value();
  for (std::uint64_t seed = 1; seed <= histories; ++seed) {
    const Outcome outcome = run_storm(seed, setting);
    ASSERT_TRUE(outcome.broken.empty()) << told(weather + " " + std::to_string(seed), outcome, setting);
  }
}

TEST(Storm, LosesDuplicatesAndFlipsNothing) {
  if (const char* list = environment("STORM_CHOICES")) {
    std::istringstream numbers{list};
    std::vector<std::uint32_t> choices;
    for (std::uint32_t each; numbers >> each;) choices.push_back(each);
    const Outcome outcome = run_storm(Choices{choices}, {.trace = true});
    ASSERT_TRUE(outcome.broken.empty()) << told("choices", outcome, {});
    return;
  }
  if (const auto seed = number("STORM_SEED", 0)) {
    const Outcome outcome = run_storm(seed, {.trace = true});
    ASSERT_TRUE(outcome.broken.empty()) << seed_told(seed, outcome, {});
    return;
  }
  const auto histories = number("STORM_HISTORIES", fair_histories), first = number("STORM_FIRST", 1);
  std::size_t crashes = 0, failed_runs = 0, port_calls = 0;
  for (std::uint64_t seed = first; seed < first + histories; ++seed) {
    const Outcome outcome = run_storm(seed, {});
    ASSERT_TRUE(outcome.broken.empty()) << seed_told(seed, outcome, {});
    crashes += outcome.crashes;
    failed_runs += outcome.failed_runs;
    port_calls += outcome.port_calls;
    if (seed % 50 == 0) {
      ASSERT_EQ(run_storm(seed, {}).trace, outcome.trace) << "I14: seed " << seed << " gave two traces";
      ASSERT_EQ(run_storm(Choices{outcome.choices}, {}).trace, outcome.trace)
          << "I14: the choices of seed " << seed << " gave another trace";
    }
  }
  std::cout << "seeds " << first << " to " << first + histories - 1 << ": " << crashes << " crashes, " << failed_runs
            << " failed runs, " << port_calls << " port calls\n";
  EXPECT_GT(crashes, histories) << "the weather was too fair to show anything";
  EXPECT_GT(failed_runs, histories);
}

TEST(Storm, LosesDuplicatesAndFlipsNothingWhilePeopleDelete) {
  hold("deletes", histories_for("STORM_DELETES_HISTORIES", 3'500));
}

TEST(Storm, LosesDuplicatesAndFlipsNothingWhilePeopleMergeTakeBackAndPurge) {
  hold("everything", histories_for("STORM_EVERYTHING_HISTORIES", 4'000));
}

TEST(Storm, LosesDuplicatesAndFlipsNothingWithoutAKeyField) {
  hold("keyless", histories_for("STORM_KEYLESS_HISTORIES", 700));
  hold("keyless-deletes", histories_for("STORM_KEYLESS_HISTORIES", 700));
}

TEST(Storm, LosesDuplicatesAndFlipsNothingWhilePeopleDeleteAndItReadsInBulk) {
  hold("bulk-deletes", histories_for("STORM_BULK_DELETES_HISTORIES", 600));
}

TEST(Storm, LosesDuplicatesAndFlipsNothingWhileReadingInBulk) {
  const Setting setting{.weather = with_bulk_reads()};
  const auto histories = histories_for("STORM_BULK_HISTORIES", 2'000);
  std::size_t records = 0;
  for (std::uint64_t seed = 1; seed <= histories; ++seed) {
    const Outcome outcome = run_storm(seed, setting);
    ASSERT_TRUE(outcome.broken.empty()) << told("seed " + std::to_string(seed), outcome, setting);
    records += outcome.bulk_records;
  }
  std::cout << histories << " histories, " << records << " records read in bulk\n";
  EXPECT_GT(records, histories) << "too few to show anything";
}

}  // namespace
}  // namespace seeded
