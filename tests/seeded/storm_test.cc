#include "storm.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace seeded {
namespace {

/// Histories of the main run. STORM_HISTORIES=n runs any number; STORM_SEED=n runs that one alone.
std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::string told(std::uint64_t seed, const Outcome& outcome) {
  std::string text = "seed " + std::to_string(seed) + " (replay: STORM_SEED=" + std::to_string(seed) + ")";
  for (const std::string& broken : outcome.broken) text += "\n  " + broken;
  return text;
}

TEST(Storm, LosesDuplicatesAndFlipsNothing) {
  if (const auto seed = number_from_environment("STORM_SEED", 0)) {
    const Outcome outcome = run_storm(seed, {}, {});
    ASSERT_TRUE(outcome.broken.empty()) << told(seed, outcome);
    return;
  }
  const auto histories = number_from_environment("STORM_HISTORIES", 20'000);
  std::size_t crashes = 0, errors = 0;
  for (std::uint64_t seed = 1; seed <= histories; ++seed) {
    const Outcome outcome = run_storm(seed, {}, {});
    ASSERT_TRUE(outcome.broken.empty()) << told(seed, outcome);
    crashes += outcome.crashes;
    errors += outcome.errors;
    if (seed % 50 == 0) {
      ASSERT_EQ(run_storm(seed, {}, {}).trace, outcome.trace) << "I14: seed " << seed << " gave two traces";
    }
  }
  std::cout << histories << " histories, " << crashes << " crashes, " << errors << " failed steps\n";
  EXPECT_GT(crashes, histories) << "the weather was too fair to show anything";
  EXPECT_GT(errors, histories);
}

/// Takes one safeguard away and expects a storm to notice within `most` seeds.
void expect_caught(bool core::Safeguards::*safeguard, std::uint64_t most, core::Safeguards safeguards = {},
                   const Weather& weather = {}) {
  safeguards.*safeguard = false;
  for (std::uint64_t seed = 1; seed <= most; ++seed) {
    const Outcome outcome = run_storm(seed, safeguards, weather);
    if (!outcome.broken.empty()) {
      std::cout << "caught by " << told(seed, outcome) << "\n";
      return;
    }
  }
  FAIL() << "no storm of " << most << " noticed that it is missing";
}

TEST(Sharpness, WithoutMergeBase) { expect_caught(&core::Safeguards::merge_base, 1'000); }
TEST(Sharpness, WithoutAcknowledgingOnlyWhatIsDone) {
  expect_caught(&core::Safeguards::acknowledge_done_only, 10'000);
}
TEST(Sharpness, WithoutConditionalWrites) { expect_caught(&core::Safeguards::conditional_writes, 10'000); }
TEST(Sharpness, WithoutWaitingOutTheSecond) { expect_caught(&core::Safeguards::wait_out_the_second, 20'000); }
TEST(Sharpness, WithoutRecordingTheLoserFirst) { expect_caught(&core::Safeguards::record_loser_first, 20'000); }
TEST(Sharpness, WithoutAnnouncingWrites) { expect_caught(&core::Safeguards::announce_before_write, 10'000); }
TEST(Sharpness, WithoutAKeptUpsertKey) { expect_caught(&core::Safeguards::create_by_kept_key, 10'000); }
TEST(Sharpness, WithoutPassingWhatCannotBeRead) { expect_caught(&core::Safeguards::pass_unreadable, 10'000); }
TEST(Sharpness, WithoutLookingBack) { expect_caught(&core::Safeguards::look_back, 10'000); }

/// A pull of our own write would find an edit whose entry is gone; a mapping that only pushes has no such help.
const Weather push_only{.push_only = true};

TEST(Sharpness, NothingIsMissedByAMappingThatOnlyPushes) {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    const Outcome outcome = run_storm(seed, {}, push_only);
    ASSERT_TRUE(outcome.broken.empty()) << told(seed, outcome);
  }
}
TEST(Sharpness, WithoutAcknowledgingBySeq) {
  expect_caught(&core::Safeguards::acknowledge_by_seq, 10'000, {}, push_only);
}

/// First loads by Bulk jobs, whose pages come in no order and hold what was true some time ago.
const Weather bulk_reads{.bulk_reads = true, .reset = 0.1};

TEST(Storm, LosesDuplicatesAndFlipsNothingWhileReadingInBulk) {
  std::size_t pages = 0;
  for (std::uint64_t seed = 1; seed <= 4'000; ++seed) {
    const Outcome outcome = run_storm(seed, {}, bulk_reads);
    ASSERT_TRUE(outcome.broken.empty()) << told(seed, outcome);
    pages += outcome.bulk_pages;
  }
  std::cout << pages << " pages read in bulk\n";
  EXPECT_GT(pages, 4'000u) << "too few to show anything";
}
TEST(Sharpness, WithoutPushingOnlyAfterABulkReading) {
  expect_caught(&core::Safeguards::push_after_bulk, 10'000, {}, bulk_reads);
}

/// Writes that take effect long after they were sent, as a Bulk job's do. Nothing but waiting for them helps.
Weather with_slow_jobs(bool awaited) {
  return {.push_only = true, .slow_job = 0.15, .slow_jobs_are_awaited = awaited};
}

TEST(Sharpness, NothingIsFlippedByJobsThatAreAwaited) {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    const Outcome outcome = run_storm(seed, {}, with_slow_jobs(true));
    ASSERT_TRUE(outcome.broken.empty()) << told(seed, outcome);
  }
}
TEST(Sharpness, WithoutAwaitingJobs) {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    const Outcome outcome = run_storm(seed, {}, with_slow_jobs(false));
    if (outcome.broken.empty()) continue;
    std::cout << "caught by " << told(seed, outcome) << "\n";
    return;
  }
  FAIL() << "no storm noticed a write that came late";
}

/// Looking back also hides the two mistakes below; without late commits it can be left out to see them alone.
const Weather prompt_commits{.late_commits = false};
const core::Safeguards no_look_back{.look_back = false};

TEST(Sharpness, NothingIsMissedWithoutLookingBackWhenCommitsArePrompt) {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    const Outcome outcome = run_storm(seed, no_look_back, prompt_commits);
    ASSERT_TRUE(outcome.broken.empty()) << told(seed, outcome);
  }
}
TEST(Sharpness, WithoutLeavingTheRunningSecond) {
  expect_caught(&core::Safeguards::leave_running_second, 20'000, no_look_back, prompt_commits);
}
TEST(Sharpness, WithoutStoringThePositionWithItsRows) {
  expect_caught(&core::Safeguards::position_with_rows, 20'000, no_look_back, prompt_commits);
}

}  // namespace
}  // namespace seeded
