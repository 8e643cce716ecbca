// Values that are entered again, by whoever did not know of the first time.
#include <gtest/gtest.h>

#include "storm.h"

namespace seeded {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t contact = 1, title = 1;

class EnteredAgain : public testing::TestWithParam<Backend> {};

/// A row goes from one value to another and back while the process dies in the push of it; hours later somebody in the
/// org enters the value that may or may not have been sent. That is an edit like any other.
TEST_P(EnteredAgain, AnEditOfTheOrgIsNoEchoOfAnAttemptLongAgo) {
  bool died = true;
  for (std::size_t nth = 1; died; ++nth) {
    SCOPED_TRACE("the process dies before its port call " + std::to_string(nth));
    Choices choices{std::vector<std::uint32_t>{}};
    World world{choices, {.weather = {.swarm = false, .sparse_objects = false}, .backend = GetParam()}};
    world.calm();
    Fields fields(objects()[contact].fields.size());
    fields[0] = world.oracle().name(contact);
    fields[title] = "Clerk";
    const std::string row = world.store().insert(contact, fields);
    const auto rest = [&] {
      for (int i = 0; i < 3; ++i) {
        world.pass_time(20min);
        world.run();
      }
    };
    rest();
    world.store().edit(contact, row, title, "Chief");
    world.pass_time(5s);
    const std::size_t crashes = world.crashes;
    world.crash_before(nth);
    world.run();
    world.crash_no_more();
    died = world.crashes > crashes;
    world.store().edit(contact, row, title, "Clerk");
    rest();
    EXPECT_EQ(world.org().records(contact)[0].fields[title], "Clerk");
    ASSERT_TRUE(world.org().edit(contact, world.org().records(contact)[0].id, title, "Chief", 0ms));
    rest();
    EXPECT_EQ(world.store().rows(contact)[0].fields[title], "Chief");
    EXPECT_EQ(world.org().records(contact)[0].fields[title], "Chief");
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, EnteredAgain, testing::Values(Backend::memory, Backend::sqlite));

}  // namespace
}  // namespace seeded
