#include "core/filter_leave.h"

#include <gtest/gtest.h>

namespace core {
namespace {

using model::Cell;
using model::ConflictPolicy;
using model::FilterLeave;

model::Mapping mapping(FilterLeave choice) {
  model::Mapping mapping;
  mapping.object = "Contact";
  mapping.filter = "Title != null";
  mapping.on_filter_leave = choice;
  for (const char* name : {"LastName", "Phone"}) {
    model::FieldMapping field;
    field.column = field.org_field = name;
    mapping.fields.push_back(std::move(field));
  }
  return mapping;
}

TEST(FilterLeave, OnlyChoicesThatNeedItFollowTheFilter) {
  EXPECT_FALSE(mapping(FilterLeave::keep).follows_filter());
  EXPECT_TRUE(mapping(FilterLeave::flag).follows_filter());
  model::Mapping one = mapping(FilterLeave::remove);
  EXPECT_TRUE(one.follows_filter());
  one.direction = model::SyncDirection::to_org;
  EXPECT_FALSE(one.follows_filter()) << "nothing is read";
  one = mapping(FilterLeave::remove);
  one.filter.clear();
  EXPECT_FALSE(one.follows_filter());
}

TEST(FilterLeave, WhoLeavesIsFlaggedOrToBeRemovedAndComesBack) {
  const model::Mapping flags = mapping(FilterLeave::flag), removes = mapping(FilterLeave::remove);
  EXPECT_EQ(new_place(flags, FilterPlace::inside, false), FilterPlace::flagged);
  EXPECT_EQ(new_place(removes, FilterPlace::inside, false), FilterPlace::leaving);
  EXPECT_EQ(new_place(removes, FilterPlace::leaving, false), std::nullopt);
  EXPECT_EQ(new_place(removes, FilterPlace::outside, false), std::nullopt) << "it never was inside";
  for (const FilterPlace place : {FilterPlace::flagged, FilterPlace::leaving, FilterPlace::outside})
    EXPECT_EQ(new_place(removes, place, true), FilterPlace::inside);
  EXPECT_EQ(new_place(flags, FilterPlace::inside, true), std::nullopt);
  // Another choice since.
  EXPECT_EQ(new_place(removes, FilterPlace::flagged, false), FilterPlace::leaving);
  EXPECT_EQ(new_place(flags, FilterPlace::leaving, false), FilterPlace::flagged);
}

TEST(FilterLeave, AFilterReachesOutThroughARelationship) {
  EXPECT_TRUE(reaches_out("Account.Industry = 'Banking'"));
  EXPECT_TRUE(reaches_out("Title = 'x' AND Account.Owner.Name = 'Ann'"));
  EXPECT_FALSE(reaches_out("Email = 'ann@example.com' AND Amount > 1.5"));
  EXPECT_FALSE(reaches_out(R"(Title = 'it\'s a.b')"));
  EXPECT_FALSE(reaches_out(""));
}

struct Leaver {
  model::Mapping mapped = mapping(FilterLeave::remove);
  KnownHead head{};
  std::vector<Cell> base{Cell{"Lane"}, Cell{"1"}}, row{Cell{"Lane"}, Cell{"1"}};
  std::vector<Conflict> conflicts{};
  bool may() {
    conflicts.clear();
    return may_leave(mapped, head, base, row, {}, conflicts);
  }
};

TEST(FilterLeave, ARowLeavesOnceSalesforceHasItsEdits) {
  Leaver one;
  EXPECT_TRUE(one.may());
  one.head.pending = model::OutboxSeq{7};
  EXPECT_FALSE(one.may()) << "the push comes first";
  one.mapped.direction = model::SyncDirection::to_store;
  EXPECT_TRUE(one.may()) << "nobody will ever send it";
}

TEST(FilterLeave, ARowWithAnEditThatIsSetAsideOrUndecidedStays) {
  Leaver one{.row = {Cell{"Lane"}, Cell{"2"}}};
  one.head.parked = true;
  EXPECT_FALSE(one.may());
  one.head.parked = false;
  one.mapped.fields[1].on_conflict = ConflictPolicy::manual;
  EXPECT_FALSE(one.may());
  one.row[1] = Cell{"1"};
  one.head.parked = true;
  EXPECT_TRUE(one.may()) << "what is parked is no edit";
}

TEST(FilterLeave, AnEditThatNothingSendsIsKeptAsTheLoser) {
  Leaver one{.row = {Cell{"Lane"}, Cell{"2"}}};
  EXPECT_TRUE(one.may());
  ASSERT_EQ(one.conflicts.size(), 1u);
  EXPECT_EQ(one.conflicts[0].store, Cell{"2"});
  EXPECT_EQ(one.conflicts[0].decision, Conflict::Decision::org_won);
}

}  // namespace
}  // namespace core
