#include "schedule/due.h"

#include <gtest/gtest.h>

#include <random>

#include "queue/rules.h"

namespace {

using namespace schedule;
using namespace std::chrono_literals;

base::Utc at(int hour, int minute, int second = 0) {
  return base::Utc{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24} + std::chrono::hours{hour} +
                   std::chrono::minutes{minute} + std::chrono::seconds{second}};
}

core::Integration integration(std::optional<base::Utc> next, int frequency = 15) {
  core::Integration made;
  made.id = {"one"};
  made.next_sync_at = next;
  made.sync_frequency_minutes = frequency;
  return made;
}

TEST(Due, IsWhoseTimeHasCome) {
  EXPECT_TRUE(is_due(integration({}), at(12, 0)));
  EXPECT_TRUE(is_due(integration(at(12, 0)), at(12, 0)));
  EXPECT_TRUE(is_due(integration(at(3, 0)), at(12, 0)));
  EXPECT_FALSE(is_due(integration(at(12, 1)), at(12, 0)));
}

TEST(Due, LeavesAloneWhatAPersonMustMend) {
  for (const auto& status : {"needs_reauth", "disconnected"}) {
    core::Integration waiting = integration(at(11, 0));
    waiting.sync_status = status;
    EXPECT_FALSE(is_due(waiting, at(12, 0))) << status;
  }
  core::Integration off = integration(at(11, 0));
  off.is_active = false;
  EXPECT_FALSE(is_due(off, at(12, 0)));
}

TEST(Late, IsWhatNoTickCameFor) {
  EXPECT_TRUE(is_late(integration({}), at(12, 0)));
  EXPECT_FALSE(is_late(integration(at(12, 0)), at(12, 0, 1))) << "its tick may be on the way";
  EXPECT_TRUE(is_late(integration(at(12, 0)), at(12, 0, 2)));
  core::Integration synced = integration(at(12, 15));
  synced.last_sync_at = at(12, 0);
  EXPECT_FALSE(is_late(synced, at(12, 0))) << "a run has just ended";
  EXPECT_FALSE(is_late(synced, at(12, 0, 1)));
  EXPECT_TRUE(is_late(synced, at(9, 0))) << "the clock went back";
}

TEST(FollowsEdits, AtOnceButNotOverAndOver) {
  core::Integration one = integration(at(12, 15));
  EXPECT_TRUE(follows_edits(one, Edits::seen_before, at(12, 0)));
  one.last_sync_at = at(12, 0);
  EXPECT_TRUE(follows_edits(one, Edits::seen_before, at(12, 0, 1)));
  one.last_error = "no answer";
  EXPECT_FALSE(follows_edits(one, Edits::seen_before, at(12, 0, 1)));
  EXPECT_TRUE(follows_edits(one, Edits::seen_before, at(12, 1)));
  EXPECT_TRUE(follows_edits(one, Edits::seen_before, at(9, 0))) << "the clock went back";
  EXPECT_TRUE(follows_edits(one, Edits::new_ones, at(12, 0, 1)));
  one.sync_status = "needs_reauth";
  EXPECT_FALSE(follows_edits(one, Edits::new_ones, at(12, 1)));
  EXPECT_FALSE(follows_edits(one, Edits::seen_before, at(12, 1)));
}

TEST(Due, NoticesAClockThatWentBack) {
  core::Integration synced = integration(at(12, 15));
  synced.last_sync_at = at(12, 0);
  EXPECT_FALSE(is_due(synced, at(12, 1)));
  EXPECT_TRUE(is_due(synced, at(9, 0)));
  EXPECT_EQ(next_sync(synced, at(9, 0)), at(9, 15));
}

TEST(NextSync, StaysOnItsGridHoweverLongRunsTake) {
  EXPECT_EQ(next_sync(integration({}), at(12, 0, 7)), at(12, 15));
  EXPECT_EQ(next_sync(integration(at(12, 15)), at(12, 15, 3)), at(12, 30));
  EXPECT_EQ(next_sync(integration(at(12, 15)), at(12, 21, 3)), at(12, 30));
  EXPECT_EQ(next_sync(integration(at(12, 15)), at(13, 1)), at(13, 15)) << "missed slots are left out";
  EXPECT_EQ(next_sync(integration(at(12, 7, 31)), at(12, 7, 33)), at(12, 22)) << "a connect begins the grid";
}

TEST(NextSync, IsNotMovedByARunAtSomebodysWish) {
  EXPECT_EQ(next_sync(integration(at(12, 15)), at(12, 4)), at(12, 15));
}

TEST(NextSync, FollowsAChangedFrequencyAtOnce) {
  EXPECT_EQ(next_sync(integration(at(18, 0), 5), at(12, 4)), at(12, 9));
}

// Ticks of the schedule and runs of any length, over months and through whatever the clock does: at every tick an
// integration whose frequency the schedule matches is due.
TEST(NextSync, NeverMissesATick) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  core::Integration one = integration({});
  base::Utc tick = at(12, 0);
  for (int i = 0; i < 5'000; ++i) {
    ASSERT_TRUE(is_due(one, tick + std::chrono::milliseconds{random() % 50}));
    const base::Utc started = tick + std::chrono::milliseconds{random() % 60'000};
    one.next_sync_at = next_sync(one, started);
    one.last_sync_at = started + std::chrono::milliseconds{random() % 800'000};
    const auto next = queue::next_by_pattern({.pattern = "*/15 * * * *"}, tick);
    ASSERT_TRUE(next && *next);
    tick = **next;
    if (random() % 100 == 0) {  // Somebody sets the clock, by a quarter of an hour or by days.
      const auto jump = std::chrono::minutes{15} * (static_cast<int>(random() % 400) - 200);
      tick += jump;
    }
  }
}

TEST(SchedulerFor, GoesByTheScheduleOrByAShorterFrequency) {
  const std::vector usual{integration({}), integration({}, 60)};
  auto scheduler = scheduler_for("*/15 * * * *", usual, {}, at(12, 4));
  ASSERT_TRUE(scheduler);
  EXPECT_EQ(scheduler->repeat.pattern, "*/15 * * * *");
  EXPECT_EQ(scheduler->data, R"({"trigger":"schedule"})");
  std::vector quick{integration({}), integration({}, 5)};
  scheduler = scheduler_for("*/15 * * * *", quick, {}, at(12, 4));
  ASSERT_TRUE(scheduler);
  EXPECT_TRUE(scheduler->repeat.pattern.empty());
  EXPECT_EQ(scheduler->repeat.every, 5min);
  quick[1].is_active = false;
  EXPECT_EQ(scheduler_for("*/15 * * * *", quick, {}, at(12, 4))->repeat.pattern, "*/15 * * * *");
  EXPECT_FALSE(scheduler_for("every now and then", {}, {}, at(12, 4)));
}

TEST(MinutesOf, ReadsTheGapOfASchedule) {
  EXPECT_EQ(minutes_of("*/15 * * * *", at(12, 4)), 15);
  EXPECT_EQ(minutes_of("0 * * * *", at(12, 4)), 60);
  EXPECT_EQ(minutes_of("* * * * *", at(12, 4)), 1);
}

TEST(LiesAhead, FindsASchedulerThatAClockLeftBehind) {
  queue::Scheduler stored;
  stored.repeat = {.pattern = "*/15 * * * *"};
  stored.next = at(12, 15);
  EXPECT_FALSE(lies_ahead(stored, at(12, 4)));
  EXPECT_FALSE(lies_ahead(stored, at(13, 0))) << "late is not ahead";
  EXPECT_TRUE(lies_ahead(stored, at(11, 50)));
  stored.repeat = {.every = 5min};
  EXPECT_FALSE(lies_ahead(stored, at(12, 11)));
  EXPECT_TRUE(lies_ahead(stored, at(12, 1)));
}

}  // namespace
