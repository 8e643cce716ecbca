#include "core/deletes.h"

#include <gtest/gtest.h>

namespace core {
namespace {

using model::Cell;
using model::ConflictPolicy;
using model::DeletePolicy;
using model::Side;

base::Utc at(int second) {
  return base::Utc{std::chrono::seconds{second}};
}

model::Mapping mapping(ConflictPolicy policy = ConflictPolicy::newest_wins) {
  model::Mapping mapping;
  mapping.object = "Contact";
  for (const char* name : {"LastName", "Phone"}) {
    model::FieldMapping field;
    field.column = field.org_field = name;
    field.on_conflict = policy;
    mapping.fields.push_back(std::move(field));
  }
  return mapping;
}

struct Case {
  model::Mapping mapped = mapping();
  std::vector<Cell> base{Cell{"Lane"}, Cell{"1"}}, living{Cell{"Lane"}, Cell{"1"}};
  std::vector<model::SentValue> sent{};
  Side deleted = Side::org;
  DeletePolicy policy = DeletePolicy::follow;
  base::Utc deleted_at = at(100), changed_at = at(50);
  model::FieldSet replaced{};
  std::vector<Conflict> conflicts{};

  Fate fate() {
    conflicts.clear();
    return decide_deletion({&mapped, deleted, policy, deleted_at, base, living, changed_at, sent, replaced}, conflicts);
  }
};

TEST(Deletion, IsFollowedWhereNothingWasEdited) {
  for (const Side side : {Side::org, Side::store}) {
    Case one{.deleted = side};
    EXPECT_EQ(one.fate(), Fate::remove);
    EXPECT_TRUE(one.conflicts.empty());
  }
}

TEST(Deletion, OtherPoliciesNeverDestroy) {
  Case one{.living = {Cell{"Kent"}, Cell{"1"}}};
  one.policy = DeletePolicy::archive;
  EXPECT_EQ(one.fate(), Fate::archive);
  one.policy = DeletePolicy::ignore;
  EXPECT_EQ(one.fate(), Fate::leave);
  one.policy = DeletePolicy::recreate;
  EXPECT_EQ(one.fate(), Fate::make_again);
  EXPECT_TRUE(one.conflicts.empty());
}

TEST(Deletion, AReferenceToAParentThatWasMadeAgainIsNoEdit) {
  Case one{.living = {Cell{"Lane"}, Cell{"2"}}};
  one.mapped.fields[1].role = model::FieldRole::reference;
  one.deleted_at = {};  // Nobody can tell when.
  EXPECT_EQ(one.fate(), Fate::make_again);
  one.replaced.set(1);
  EXPECT_EQ(one.fate(), Fate::remove);
  EXPECT_TRUE(one.conflicts.empty());
}

TEST(Deletion, AgainstAnEditTheNewerWinsAndTheLoserIsKept) {
  Case one{.living = {Cell{"Lane"}, Cell{"2"}}};
  EXPECT_EQ(one.fate(), Fate::remove);
  ASSERT_EQ(one.conflicts.size(), 1u);
  EXPECT_EQ(one.conflicts[0].field, 1u);
  EXPECT_EQ(one.conflicts[0].store, Cell{"2"});
  EXPECT_TRUE(one.conflicts[0].org.is_null());
  EXPECT_EQ(one.conflicts[0].decision, Conflict::Decision::org_won);
  EXPECT_EQ(one.conflicts[0].against, Conflict::Against::record_deleted);
  one.changed_at = at(101);
  EXPECT_EQ(one.fate(), Fate::make_again);
  EXPECT_EQ(one.conflicts.at(0).decision, Conflict::Decision::store_won);
}

TEST(Deletion, WhoseTimeNobodyKnowsIsOlderThanAnyEdit) {
  Case one{.living = {Cell{"Lane"}, Cell{"2"}}, .deleted_at = {}};
  EXPECT_EQ(one.fate(), Fate::make_again);
}

/// It may be hidden from us: made again, it would be there twice.
TEST(Deletion, OfARecordThatVanishedIsAskedAboutWhereItWouldBeUndone) {
  Case one{.deleted_at = vanished};
  EXPECT_EQ(one.fate(), Fate::remove);
  one.living[1] = Cell{"2"};
  for (const base::Utc changed_at : {base::Utc{}, at(50)}) {
    one.changed_at = changed_at;
    EXPECT_EQ(one.fate(), Fate::open);
    ASSERT_EQ(one.conflicts.size(), 1u);
    EXPECT_EQ(one.conflicts[0].decision, Conflict::Decision::open);
  }
  one.mapped = mapping(ConflictPolicy::crm_wins);
  EXPECT_EQ(one.fate(), Fate::open);
  one.mapped = mapping(ConflictPolicy::salesforce_wins);
  EXPECT_EQ(one.fate(), Fate::remove);
  one.policy = DeletePolicy::recreate;
  EXPECT_EQ(one.fate(), Fate::open);
  EXPECT_TRUE(one.conflicts.empty());
}

TEST(Deletion, AgainstAnEditASidesPolicyDecides) {
  for (const Side side : {Side::org, Side::store})
    for (const bool salesforce : {true, false}) {
      Case one{.mapped = mapping(salesforce ? ConflictPolicy::salesforce_wins : ConflictPolicy::crm_wins),
               .living = {Cell{"Kent"}, Cell{"1"}},
               .deleted = side};
      const bool deletion_wins = (side == Side::org) == salesforce;
      EXPECT_EQ(one.fate(), deletion_wins ? Fate::remove : Fate::make_again);
    }
}

TEST(Deletion, IsOpenWhereAPersonDecides) {
  Case one{.mapped = mapping(ConflictPolicy::manual), .living = {Cell{"Kent"}, Cell{"1"}}};
  EXPECT_EQ(one.fate(), Fate::open);
  EXPECT_EQ(one.conflicts.at(0).decision, Conflict::Decision::open);
  one.living = one.base;
  EXPECT_EQ(one.fate(), Fate::remove) << "without an edit there is nothing to decide";
}

TEST(Deletion, OurOwnAnnouncedValueIsNoEdit) {
  Case one{.living = {Cell{"Lane"}, Cell{"2"}}, .sent = {{1, Cell{"2"}}}, .deleted = Side::store};
  EXPECT_EQ(one.fate(), Fate::remove);
  EXPECT_TRUE(one.conflicts.empty());
}

TEST(Deletion, AFieldThatMayNotSpeakIsNoEdit) {
  Case one{.living = {Cell{"Lane"}, Cell{"2"}}};
  one.mapped.fields[1].direction = model::SyncDirection::to_store;
  EXPECT_EQ(one.fate(), Fate::remove);
  EXPECT_TRUE(one.conflicts.empty());
}

}  // namespace
}  // namespace core
