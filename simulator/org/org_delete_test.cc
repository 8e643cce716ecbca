#include "simulator/org/org_test_support.h"

namespace simulator {
namespace {

using namespace std::chrono_literals;

class OrgDeleteTest : public OrgTest {
 protected:
  OrgDeleteTest() {
    parent = create("Account", R"({"Name":"Parent"})");
    const std::string at_parent = R"("AccountId":")" + id("Account", parent) + "\"";
    child = create("Contact", R"({"LastName":"Child",)" + at_parent + "}");
    deal = create("Opportunity", R"({"Name":"Deal","StageName":"Prospecting","CloseDate":"2026-05-01",)" + at_parent + "}");
    call = create("Task", R"({"WhoId":")" + id("Contact", child) + "\"}");
    report = create("Contact", R"({"LastName":"Report","ReportsToId":")" + id("Contact", child) + "\"}");
    subsidiary = create("Account", R"({"Name":"Subsidiary","ParentId":")" + id("Account", parent) + "\"}");
    wait(60s);
  }
  bool is_deleted(std::string_view name, std::uint64_t number) const { return table(name).is_deleted(number); }
  std::uint64_t parent, child, deal, call, report, subsidiary;
};

TEST_F(OrgDeleteTest, TakesTheChildrenAlongAndClearsLookups) {
  ASSERT_TRUE(org.remove(object("Account"), parent).has_value());
  EXPECT_TRUE(is_deleted("Account", parent) && is_deleted("Contact", child) && is_deleted("Opportunity", deal));
  EXPECT_TRUE(is_deleted("Task", call)) << "a child of a child";
  EXPECT_FALSE(is_deleted("Account", subsidiary));
  EXPECT_EQ(value("Account", subsidiary, "ParentId"), "null");
  EXPECT_EQ(value("Contact", report, "ReportsToId"), "null");
  EXPECT_EQ(value("Account", parent, "SystemModstamp"), "2026-03-01T00:01:00.000+0000");
  EXPECT_EQ(org.by_id(object("Contact"), id("Contact", child)).error().code, "ENTITY_IS_DELETED");
}

TEST_F(OrgDeleteTest, UndeleteBringsBackWhatWentAlong) {
  ASSERT_TRUE(org.remove(object("Contact"), child).has_value());
  wait(60s);
  ASSERT_TRUE(org.remove(object("Account"), parent).has_value());
  wait(60s);
  ASSERT_TRUE(org.undelete(object("Account"), parent).has_value());
  EXPECT_FALSE(is_deleted("Account", parent) || is_deleted("Opportunity", deal));
  EXPECT_TRUE(is_deleted("Contact", child)) << "was deleted on its own, before";
  EXPECT_EQ(value("Account", subsidiary, "ParentId"), id("Account", parent));
  EXPECT_EQ(value("Account", parent, "SystemModstamp"), "2026-03-01T00:03:00.000+0000");
  EXPECT_EQ(org.undelete(object("Account"), parent).error().code, "UNDELETE_FAILED");
  ASSERT_TRUE(org.undelete(object("Contact"), child).has_value());
  EXPECT_EQ(value("Contact", child, "AccountId"), id("Account", parent));
}

TEST_F(OrgDeleteTest, UndeleteRefersEachReferenceToTheRecordItLedTo) {
  ASSERT_TRUE(org.remove(object("Account"), parent).has_value());
  EXPECT_EQ(value("Contact", report, "ReportsToId"), "null");
  ASSERT_TRUE(org.undelete(object("Account"), parent).has_value());
  EXPECT_EQ(value("Contact", report, "ReportsToId"), id("Contact", child)) << "it went along with the account";
}

TEST_F(OrgDeleteTest, UndeleteDoesNotRestoreAReferenceToWhatWasPurgedMeanwhile) {
  ASSERT_TRUE(org.remove(object("Account"), parent).has_value());
  ASSERT_TRUE(org.hard_delete(object("Contact"), child).has_value());
  ASSERT_TRUE(org.undelete(object("Account"), parent).has_value());
  EXPECT_EQ(value("Contact", report, "ReportsToId"), "null");
}

TEST_F(OrgDeleteTest, UndeleteDoesNotRestoreAnEdgeToNothing) {
  ASSERT_TRUE(org.remove(object("Contact"), child).has_value());
  ASSERT_TRUE(org.hard_delete(object("Account"), parent).has_value());
  ASSERT_TRUE(org.undelete(object("Contact"), child).has_value());
  EXPECT_EQ(value("Contact", child, "AccountId"), "null");
}

TEST_F(OrgDeleteTest, UndeleteRespectsAKeyThatWasTakenMeanwhile) {
  update("Account", parent, R"({"Lockstep_Id__c":"k"})");
  ASSERT_TRUE(org.remove(object("Account"), parent).has_value());
  create("Account", R"({"Name":"Other","Lockstep_Id__c":"k"})");
  EXPECT_EQ(org.undelete(object("Account"), parent).error().code, "DUPLICATE_VALUE");
  EXPECT_TRUE(is_deleted("Account", parent) && is_deleted("Contact", child)) << "all or nothing";
}

/// A transaction that is committed later has what it read: what others made of it meanwhile would be undone, under an
/// older stamp.
TEST_F(OrgDeleteTest, NothingIsChangedBesideARecordWhileSomebodyHoldsIt) {
  const auto hold = [&](std::string_view name, std::uint64_t number) {
    const std::uint64_t late = org.open_late();
    EXPECT_TRUE(org.write_late(late, {.user = 2}, [&](const Caller& caller) {
                     return org.update(object(name), number, fields(R"({"Description":"late"})"), caller);
                   }).has_value());
    return late;
  };
  const std::uint64_t cleared = hold("Contact", report);
  EXPECT_EQ(org.remove(object("Contact"), child).error().code, "UNABLE_TO_LOCK_ROW");
  EXPECT_EQ(org.hard_delete(object("Contact"), child).error().code, "UNABLE_TO_LOCK_ROW");
  const auto other = create("Contact", R"({"LastName":"Other"})");
  EXPECT_EQ(org.merge(object("Contact"), other, {&child, 1}, {}).error().code, "UNABLE_TO_LOCK_ROW");
  EXPECT_FALSE(is_deleted("Contact", child) || is_deleted("Task", call)) << "all or nothing";
  ASSERT_TRUE(org.end_late(cleared, true).has_value());
  EXPECT_EQ(value("Contact", report, "ReportsToId"), id("Contact", child));

  const std::uint64_t along = hold("Task", call);
  EXPECT_EQ(org.remove(object("Account"), parent).error().code, "UNABLE_TO_LOCK_ROW") << "a child of a child";
  ASSERT_TRUE(org.end_late(along, true).has_value());

  ASSERT_TRUE(org.remove(object("Account"), parent).has_value());
  const std::uint64_t referring = hold("Contact", report);
  EXPECT_EQ(org.undelete(object("Account"), parent).error().code, "UNABLE_TO_LOCK_ROW");
  EXPECT_TRUE(is_deleted("Account", parent));
  ASSERT_TRUE(org.end_late(referring, true).has_value());
  EXPECT_TRUE(org.undelete(object("Account"), parent).has_value());
}

TEST_F(OrgDeleteTest, TheBinIsEmptiedAfterFifteenDays) {
  ASSERT_TRUE(org.remove(object("Account"), parent).has_value());
  wait(15 * 24h - 1s);
  org.pass_time();
  EXPECT_TRUE(table("Account").exists(parent));
  wait(1s);
  org.pass_time();
  EXPECT_FALSE(table("Account").exists(parent) || table("Contact").exists(child));
  EXPECT_EQ(org.by_id(object("Account"), id("Account", parent)).error().code, "NOT_FOUND");
}

TEST_F(OrgDeleteTest, ABroughtBackRecordStaysWhenItsFirstTermIsOver) {
  ASSERT_TRUE(org.remove(object("Account"), parent).has_value());
  wait(24h);
  ASSERT_TRUE(org.undelete(object("Account"), parent).has_value());
  ASSERT_TRUE(org.remove(object("Account"), parent).has_value());
  wait(14 * 24h);
  org.pass_time();
  EXPECT_TRUE(table("Account").exists(parent));
  wait(24h);
  org.pass_time();
  EXPECT_FALSE(table("Account").exists(parent));
}

TEST_F(OrgDeleteTest, EmptyingTheBinLeavesTheLiving) {
  ASSERT_TRUE(org.remove(object("Contact"), child).has_value());
  EXPECT_EQ(org.empty_recycle_bin(), 2u) << "the contact and its task";
  EXPECT_FALSE(table("Contact").exists(child));
  EXPECT_TRUE(table("Account").is_living(parent));
}

TEST_F(OrgDeleteTest, ARolledBackHardDeleteBringsTheRecordBack) {
  {
    Org::Transaction all{org};
    ASSERT_TRUE(org.hard_delete(object("Account"), parent).has_value());
    EXPECT_FALSE(table("Account").exists(parent));
  }
  EXPECT_TRUE(table("Account").is_living(parent) && table("Contact").is_living(child));
}

}  // namespace
}  // namespace simulator
