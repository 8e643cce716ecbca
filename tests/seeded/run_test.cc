#include <gtest/gtest.h>

#include "core/sync_run.h"
#include "world.h"

namespace seeded {
namespace {

using namespace std::chrono_literals;

core::RunResult run(World& world, TurbulentStore& store) {
  const std::vector<model::Mapping> mappings{world.mapping()};
  return core::run_sync(mappings, {world, store, world.clock(), world.random(),
                                   [&](std::chrono::milliseconds time) { world.pass_time(time); },
                                   [] { return false; }, [](const std::string&) {}});
}

TEST(SyncRun, OneRunBringsBothSidesTogetherAndTheNextMovesNothing) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    World world{seed, {.edit_before = 1, .lost_request = 0, .lost_answer = 0, .crash = 0, .unreadable = 0,
                       .late_commits = false}};
    TurbulentStore store{world};
    for (int i = 0; i < 30; ++i) (void)world.before();
    world.calm();
    const auto first = run(world, store);
    EXPECT_TRUE(first.errors.empty()) << "seed " << seed << ": " << first.errors.front().message;
    EXPECT_EQ(world.verdict(), std::vector<std::string>{}) << "seed " << seed;

    world.pass_time(2s);
    const std::size_t writes = world.org_writes() + world.store().row_writes();
    const auto second = run(world, store);
    EXPECT_EQ(world.org_writes() + world.store().row_writes(), writes) << "seed " << seed;
    ASSERT_EQ(second.objects.size(), 1u);
    EXPECT_EQ(second.objects[0].second.pulled_updated, 0);
  }
}

TEST(SyncRun, AFaultyNetworkDelaysARunAndLosesNothing) {
  int failed = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    World world{seed, {.lost_request = 0.2, .lost_answer = 0.1, .crash = 0, .busy_row = 0.1}};
    TurbulentStore store{world};
    for (int i = 0; i < 5; ++i)
      if (run(world, store).stopped_by) ++failed;
    world.calm();
    for (int i = 0; i < 20; ++i) {
      world.pass_time(1min);
      EXPECT_FALSE(run(world, store).stopped_by);
    }
    EXPECT_EQ(world.verdict(), std::vector<std::string>{}) << "seed " << seed;
    EXPECT_EQ(world.reverted(), std::vector<std::string>{}) << "seed " << seed;
  }
  EXPECT_GT(failed, 0) << "the network was too good to show anything";
}

TEST(SyncRun, ALargePushReadsItsEchoWithAReadingOfItsOwn) {
  World world{1, {}};
  TurbulentStore store{world};
  world.calm();
  ASSERT_TRUE(run(world, store).errors.empty());  // The backfill; from here on a run begins with a look.
  constexpr int rows = 450;
  for (int i = 0; i < rows; ++i) {
    store::MemoryStore::Row row(world.mapping().fields.size());
    row[0] = "row " + std::to_string(i);
    world.store().insert(std::move(row));
  }
  world.pass_time(2s);
  const auto pushing = run(world, store);
  EXPECT_TRUE(pushing.errors.empty());
  EXPECT_EQ(pushing.objects[0].second.pushed_created, rows);
  EXPECT_EQ(pushing.objects[0].second.pulled_unchanged, rows) << "the echo is read in the same run, once";
  EXPECT_EQ(world.store().rows().size(), static_cast<std::size_t>(rows));
  EXPECT_EQ(world.store().outbox_size(), 0u);
}

}  // namespace
}  // namespace seeded
