// Rows that the org already has, pushed by a process that dies before its n-th port call, for every n: none is made
// twice.
#include <gtest/gtest.h>

#include <set>

#include "storm.h"

namespace seeded {
namespace {

using namespace std::chrono_literals;

enum : std::size_t { account, contact };

struct Case {
  OrgKind org;
  bool with_key;
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << (one.org == OrgKind::fake ? "fake" : "sfsim") << (one.with_key ? "" : ", keyless");
}

Fields fields(World& world, const std::string& value) {
  Fields fields(objects()[contact].fields.size());
  fields[0] = world.oracle().name(contact);
  fields[1] = value;
  return fields;
}

struct Sides {
  std::size_t records = 0, rows_with_a_record_of_their_own = 0, parked = 0;
};

/// Two rows that the org has, one that it has twice, one that it has not; the run dies before its `nth` port call.
Sides push_and_die(const Case& one, bool looks, std::size_t nth, bool& died) {
  Setting setting{.backend = Backend::sqlite, .org = one.org, .match = true};
  setting.weather = Weather{.without_key = one.with_key ? 0.0 : 1.0, .swarm = false, .sparse_objects = false};
  setting.weather.push_only = true;
  setting.safeguards.look_for_twins = looks;
  Choices choices{{0, one.with_key ? 0u : 1u}};
  World world{choices, setting};
  world.calm();
  for (const char* value : {"known", "met", "double"}) {
    const Fields both = fields(world, value);
    CHECK(world.org().create(contact, both, 0ms));
    world.store().insert(contact, both);
  }
  Fields other = fields(world, "double");
  CHECK(world.org().create(contact, other, 0ms));
  world.store().insert(contact, fields(world, "fresh"));
  world.pass_time(3s);
  world.crash_before(nth);
  world.run();
  died = world.crashes > 0;
  world.crash_no_more();
  for (int i = 0; i < 4; ++i) {
    world.pass_time(20min);  // A create without a key is waited for.
    EXPECT_TRUE(world.run());
  }
  Sides sides;
  std::set<std::string> own;
  for (const RecordView& record : world.org().records(contact)) sides.records += !record.deleted;
  for (const RowView& row : world.store().rows(contact))
    if (row.record) own.insert(*row.record);
  sides.rows_with_a_record_of_their_own = own.size();
  for (const model::Mapping& mapping : world.mappings()) sides.parked += world.store().parked(mapping);
  return sides;
}

class Twins : public testing::TestWithParam<Case> {};

TEST_P(Twins, AreNeverMadeWhereverAProcessDies) {
  std::size_t deaths = 0;
  for (std::size_t nth = 1;; ++nth) {
    bool died = false;
    const Sides sides = push_and_die(GetParam(), true, nth, died);
    ASSERT_EQ(sides.records, 5u) << "dead before port call " << nth;
    ASSERT_EQ(sides.rows_with_a_record_of_their_own, 3u) << "dead before port call " << nth;
    ASSERT_EQ(sides.parked, 1u) << "what may be either of two is set aside; dead before port call " << nth;
    if (!died) break;
    ++deaths;
  }
  EXPECT_GT(deaths, 10u) << "the run made too few calls to show anything";
}

TEST_P(Twins, AreMadeByAPushThatDoesNotLook) {
  bool died = false;
  EXPECT_EQ(push_and_die(GetParam(), false, 1'000'000, died).records, 8u);
}

INSTANTIATE_TEST_SUITE_P(OverSqlite, Twins,
                         testing::Values(Case{OrgKind::fake, true}, Case{OrgKind::fake, false},
                                         Case{OrgKind::sfsim, true}));

}  // namespace
}  // namespace seeded
