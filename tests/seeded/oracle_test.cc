// The oracle itself: what it must notice, shown to it.
#include <gtest/gtest.h>

#include <algorithm>

#include "storm.h"

namespace seeded {
namespace {

using model::ConflictPolicy;
using model::FieldKind;
using model::Side;
using model::SyncDirection;
using model::WriteMode;

bool names(const std::vector<std::string>& broken, std::string_view what) {
  return std::ranges::any_of(broken, [&](const std::string& one) { return one.contains(what); });
}

/// One pair called A1 with one field under `rule`.
struct Pair {
  Oracle oracle;
  std::string name = oracle.name(0);
  explicit Pair(const FieldRule& rule) { oracle.set_rule('A', 1, rule); }

  std::vector<std::string> at_rest(const Text& org, const Text& store) const {
    return oracle.verdict({{name, {{name, org}}}}, {{name, {{name, store}}}}, {}, {}, {}, true);
  }
  void overwrites(Side side, const Text& before, const Text& after) {
    oracle.overwrote(name, 1, side, "field", before, after);
  }
};

TEST(Oracle, BothSidesMustBeEqualUnlessTheRuleForbidsTheWrite) {
  Pair both{{}}, filled{{.write_mode = WriteMode::if_empty}}, into_store{{.direction = SyncDirection::to_store}},
      into_org{{.direction = SyncDirection::to_org}};
  for (Pair* pair : {&both, &filled, &into_store, &into_org}) {
    const Text one = pair->oracle.edit({}), seen = pair->oracle.edit(one), other = pair->oracle.edit({});
    EXPECT_FALSE(names(pair->at_rest(one, one), "I5"));
    EXPECT_EQ(names(pair->at_rest(one, other), "I5"), pair != &filled);
    EXPECT_EQ(names(pair->at_rest(one, seen), "I5"), pair == &both || pair == &into_org);
    EXPECT_EQ(names(pair->at_rest(seen, one), "I5"), pair == &both || pair == &into_store);
    EXPECT_EQ(names(pair->at_rest({}, one), "I5"), pair != &into_store);
    EXPECT_EQ(names(pair->at_rest(one, {}), "I5"), pair != &into_org);
  }
}

TEST(Oracle, WritesMustKeepToTheRule) {
  const auto breaks = [](const FieldRule& rule, Side side, bool announced = false) {
    Pair pair{rule};
    const Text loser = pair.oracle.edit({}), winner = pair.oracle.edit({});
    if (announced) pair.oracle.announced(loser);
    pair.overwrites(side, loser, winner);
    return names(pair.at_rest(winner, winner), "I4");
  };
  EXPECT_FALSE(breaks({}, Side::org));
  EXPECT_TRUE(breaks({.write_mode = WriteMode::if_empty}, Side::store));
  EXPECT_TRUE(breaks({.direction = SyncDirection::to_store}, Side::org));
  EXPECT_FALSE(breaks({.direction = SyncDirection::to_store}, Side::store));
  EXPECT_TRUE(breaks({.on_conflict = ConflictPolicy::salesforce_wins}, Side::org));
  EXPECT_FALSE(breaks({.on_conflict = ConflictPolicy::salesforce_wins}, Side::store));
  EXPECT_TRUE(breaks({.on_conflict = ConflictPolicy::crm_wins}, Side::store));
  EXPECT_FALSE(breaks({.on_conflict = ConflictPolicy::crm_wins}, Side::store, true)) << "it may have been overtaken";
  EXPECT_TRUE(breaks({.on_conflict = ConflictPolicy::manual}, Side::org));
}

TEST(Oracle, WritesMustChangeMoreThanTheSpelling) {
  Pair pair{{.kind = FieldKind::number}};
  const Text value = pair.oracle.edit({});
  pair.overwrites(Side::store, value, value);
  EXPECT_TRUE(names(pair.at_rest(value, value), "only spelt anew"));
}

TEST(Oracle, OldValuesMustNotComeBack) {
  Pair pair{{}};
  const Text old = pair.oracle.edit({}), later = pair.oracle.edit(old);
  pair.overwrites(Side::org, later, old);
  EXPECT_TRUE(names(pair.at_rest(old, old), "I4"));
  EXPECT_TRUE(names(pair.at_rest(old, old), "I3 edit lost: " + *later));
}

TEST(Oracle, TicksThatNobodyContradictsMustStay) {
  const FieldRule box{.kind = FieldKind::boolean};
  const auto lost = [](Pair& pair) { return names(pair.at_rest("no", "no"), "I3 a tick"); };
  Pair one_side{box}, both{box}, contradicted{box};
  one_side.oracle.ticked(one_side.name, 1, Side::org, true);
  EXPECT_TRUE(lost(one_side));
  for (const Side side : {Side::org, Side::store}) both.oracle.ticked(both.name, 1, side, true);
  EXPECT_TRUE(lost(both));
  contradicted.oracle.ticked(contradicted.name, 1, Side::org, true);
  contradicted.oracle.ticked(contradicted.name, 1, Side::store, false);
  EXPECT_FALSE(lost(contradicted));
}

Setting plain() {
  Setting setting;
  setting.weather.swarm = setting.weather.sparse_objects = false;
  return setting;
}

TEST(World, ARowThatSaysOtherwiseThanItIsIsNoticed) {
  Choices choices{std::vector<std::uint32_t>{}};
  World world{choices, plain()};
  world.calm();
  ASSERT_TRUE(world.run());
  Fields fields(objects()[0].fields.size());
  fields[0] = world.oracle().name(0);
  world.store().insert(0, fields);
  EXPECT_TRUE(names(world.verdict(), "I11 row A1 says pending"));
  ASSERT_TRUE(world.run());
  EXPECT_FALSE(names(world.verdict(), "I11"));
}

TEST(World, HoldingTooMuchIsNoticed) {
  Choices choices{std::vector<std::uint32_t>{}};
  World world{choices, plain()};
  world.expect_at_most(3, 3, "things");
  EXPECT_FALSE(names(world.verdict(), "I9"));
  world.expect_at_most(3, 4, "things");
  EXPECT_TRUE(names(world.verdict(), "I9 4 things"));
}

/// Every kind of value is read back from what either side writes.
TEST(Values, AreReadBackHoweverTheyAreSpelt) {
  use_every_kind(true);
  for (const ObjectSpec& object : objects())
    for (const FieldSpec& field : object.fields) {
      if (field.parent != no_parent || field.kind == FieldKind::boolean) continue;
      for (int n = 1; n < 2'000; ++n) {
        const std::string edit = "v" + std::to_string(n);
        ASSERT_EQ(folded(Text{spelt_in_store(field, edit)}), edit) << field.column;
        ASSERT_EQ(folded(Text{spelt_in_org(field, edit)}), edit) << field.column;
        ASSERT_EQ(folded(kept_by_org(field, spelt_in_store(field, edit))), edit) << field.column;
      }
    }
  use_every_kind(false);
}

}  // namespace
}  // namespace seeded
