// What a run holds, and how often it tries, does not grow with what went wrong before.
#include <gtest/gtest.h>

#include <algorithm>

#include "storm.h"

namespace seeded {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t account = 0, number = 2;

Setting quiet() {
  Setting setting{.weather = {}, .backend = Backend::sqlite};
  setting.weather.swarm = setting.weather.sparse_objects = false;
  return setting;
}

/// I9. Hourly, two hours later, four …, a day later, and from the eighth time weekly.
TEST(Bounds, WhatTheOrgRefusesIsTriedEverMoreRarely) {
  Choices choices{std::vector<std::uint32_t>{}};
  World world{choices, quiet()};
  world.calm();
  auto& org = dynamic_cast<FakeOrg&>(world.org());
  org.set_rule(true);
  Fields fields(objects()[account].fields.size());
  fields[0] = world.oracle().name(account);
  fields[number] = "v9";
  world.store().insert(account, fields);
  const auto refused = [&] { return std::as_const(org.refusals).at("v9"); };
  for (int hours = 0; hours < 15 * 24; ++hours) {
    ASSERT_TRUE(world.run());
    world.pass_time(1h);
  }
  EXPECT_GE(refused(), 8u) << "it is tried again";
  EXPECT_LE(refused(), 12u);
  ASSERT_EQ(world.store().rows(account).size(), 1u);
  EXPECT_EQ(world.store().rows(account)[0].status, "error");
}

/// I9. As soon as it is worth a try, it is tried.
TEST(Bounds, AnotherValueIsTriedAtOnce) {
  Choices choices{std::vector<std::uint32_t>{}};
  World world{choices, quiet()};
  world.calm();
  dynamic_cast<FakeOrg&>(world.org()).set_rule(true);
  Fields fields(objects()[account].fields.size());
  fields[0] = world.oracle().name(account);
  fields[number] = "v9";
  const std::string row = world.store().insert(account, fields);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(world.run());
  world.store().edit(account, row, number, "v10");
  ASSERT_TRUE(world.run());
  EXPECT_EQ(world.store().rows(account)[0].status, "synced");
}

/// I9. Every attempt announces its values; of a process that always dies before it sends them only so many are kept.
TEST(Bounds, AnnouncedValuesHaveALimit) {
  for (const Backend backend : {Backend::memory, Backend::sqlite}) {
    Choices choices{std::vector<std::uint32_t>{}};
    Setting setting = quiet();
    setting.backend = backend;
    World world{choices, setting};
    world.calm();
    Fields fields(objects()[account].fields.size());
    fields[0] = world.oracle().name(account);
    const std::string row = world.store().insert(account, fields);
    ASSERT_TRUE(world.run());
    std::size_t nth = 1, died_in_time = 0;
    for (int i = 0; i < 250; ++i) {
      world.pass_time(1100ms);
      world.store().edit(account, row, number, world.oracle().edit({}));
      const std::size_t written = world.org_writes(), announced = world.announcements();
      world.crash_before(nth);
      world.run();
      world.crash_no_more();
      if (world.org_writes() == written && world.announcements() > announced) {
        ++died_in_time;
      } else {
        nth = nth % 80 + 1;
      }
    }
    EXPECT_GT(died_in_time, 30u);
    EXPECT_EQ(world.most_announced(), 16u);
    EXPECT_TRUE(world.breaches().empty()) << *world.breaches().begin();
  }
}

}  // namespace
}  // namespace seeded
