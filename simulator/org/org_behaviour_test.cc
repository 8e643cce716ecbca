#include "simulator/org/describe.h"
#include "simulator/org/org_test_support.h"

namespace simulator {
namespace {

using namespace std::chrono_literals;

class OrgBehaviourTest : public OrgTest {
 protected:
  std::string query(std::string_view statement) {
    const auto answer = org.query(statement, false, 2000, "/services/data/v66.0");
    return answer ? *answer : answer.error().code;
  }
};

TEST_F(OrgBehaviourTest, AValueChangesWithoutAStamp) {
  const auto number = create("Account", R"({"Name":"A"})");
  wait(1min);
  ASSERT_TRUE(org.set_silently(object("Account"), number, fields(R"({"Rating":"Hot","JigsawCompanyId":"x"})")).has_value());
  EXPECT_EQ(value("Account", number, "Rating"), "Hot");
  EXPECT_EQ(value("Account", number, "JigsawCompanyId"), "x") << "a read-only field";
  EXPECT_EQ(value("Account", number, "SystemModstamp"), "2026-03-01T00:00:00.000+0000");
}

TEST_F(OrgBehaviourTest, AHiddenFieldIsNotThereForTheApi) {
  const auto number = create("Contact", R"({"LastName":"A","Title":"T"})");
  const Object& contacts = object("Contact");
  org.hide_field(contacts, contacts.at("Title"), true);
  EXPECT_EQ(query("SELECT Title FROM Contact"), "INVALID_FIELD");
  EXPECT_EQ(describe(org.schema(), contacts, "").find("\"Title\""), std::string::npos);
  EXPECT_EQ(refused_update("Contact", number, R"({"Title":"U"})"), "INVALID_FIELD");
  EXPECT_EQ(value("Contact", number, "Title"), "T");
  org.hide_field(contacts, contacts.at("Title"), false);
  EXPECT_TRUE(query("SELECT Title FROM Contact").contains("\"Title\":\"T\""));
}

TEST_F(OrgBehaviourTest, AHiddenRecordIsNotThereForTheApi) {
  const auto account_number = create("Account", R"({"Name":"A","Lockstep_Id__c":"k"})");
  org.hide({account, account_number}, true);
  EXPECT_EQ(org.by_id(object("Account"), id("Account", account_number)).error().code, "NOT_FOUND");
  EXPECT_TRUE(org.by_id(object("Account"), id("Account", account_number), {.is_administrator = true}).has_value());
  EXPECT_TRUE(org.by_key(object("Account"), object("Account").at("Lockstep_Id__c"), "k").empty());
  EXPECT_TRUE(query("SELECT Id FROM Account").contains("\"totalSize\":0"));
  EXPECT_TRUE(query("SELECT Id FROM Account WHERE Lockstep_Id__c = 'k'").contains("\"totalSize\":0"));
  EXPECT_EQ(refused_create("Contact", R"({"LastName":"C","AccountId":")" + id("Account", account_number) + "\"}"),
            "INVALID_CROSS_REFERENCE_KEY");
  EXPECT_EQ(refused_create("Account", R"({"Name":"B","Lockstep_Id__c":"k"})"), "DUPLICATE_VALUE")
      << "uniqueness knows no visibility";
  org.hide({account, account_number}, false);
  EXPECT_TRUE(query("SELECT Id FROM Account").contains("\"totalSize\":1"));
}

TEST_F(OrgBehaviourTest, ANewFieldIsInvisibleUntilAPermissionSetGrantsIt) {
  Field score;
  score.name = "Score__c";
  score.type = FieldType::real;
  score.precision = 10;
  score.scale = 2;
  score.custom = score.createable = score.updateable = true;
  const Object& contacts = object("Contact");
  complete(contacts, score);
  org.add_field(contacts, score);
  const auto number = create("Contact", R"({"LastName":"A"})");
  EXPECT_EQ(query("SELECT Score__c FROM Contact"), "INVALID_FIELD");
  EXPECT_EQ(refused_update("Contact", number, R"({"Score__c":1})"), "INVALID_FIELD");
  const std::string grant = R"("SobjectType":"Contact","Field":"Contact.Score__c",)";
  const std::string set = R"({"ParentId":")" + id("PermissionSet", 1) + "\",";
  EXPECT_EQ(refused_create("FieldPermissions", set + grant + R"("PermissionsEdit":true})"), "FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(refused_create("FieldPermissions", set + R"("SobjectType":"Contact","Field":"Contact.Nope__c","PermissionsRead":true})"),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
  const auto permission = create("FieldPermissions", set + grant + R"("PermissionsRead":true})");
  EXPECT_EQ(refused_create("FieldPermissions", set + grant + R"("PermissionsRead":true})"), "DUPLICATE_VALUE");
  EXPECT_TRUE(query("SELECT Score__c FROM Contact").contains("\"Score__c\":null"));
  EXPECT_EQ(refused_update("Contact", number, R"({"Score__c":1})"), "INVALID_FIELD_FOR_INSERT_UPDATE");
  update("FieldPermissions", permission, R"({"PermissionsEdit":true})");
  update("Contact", number, R"({"Score__c":1.5})");
  EXPECT_EQ(value("Contact", number, "Score__c"), "1.5");
  {
    Org::Transaction all{org};
    ASSERT_TRUE(org.remove(object("FieldPermissions"), permission).has_value());
    EXPECT_EQ(query("SELECT Score__c FROM Contact"), "INVALID_FIELD");
  }
  EXPECT_TRUE(query("SELECT Score__c FROM Contact").contains("1.5"));
}

TEST_F(OrgBehaviourTest, APermissionSetCountsOnceItIsAssigned) {
  Field code;
  code.name = "Code__c";
  code.length = 20;
  code.custom = code.createable = code.updateable = code.external_id = true;
  complete(object("Account"), code);
  org.add_field(object("Account"), code);
  const auto set = create("PermissionSet", R"({"Name":"Sync","Label":"Sync"})");
  create("FieldPermissions", R"({"ParentId":")" + id("PermissionSet", set) +
                                 R"(","SobjectType":"Account","Field":"Account.Code__c","PermissionsRead":true,"PermissionsEdit":true})");
  EXPECT_EQ(query("SELECT Code__c FROM Account"), "INVALID_FIELD");
  create("PermissionSetAssignment", R"({"PermissionSetId":")" + id("PermissionSet", set) + R"(","AssigneeId":")" +
                                        id("User", 1) + "\"}");
  const auto number = create("Account", R"({"Name":"A","Code__c":"c-1"})");
  EXPECT_EQ(org.by_key(object("Account"), object("Account").at("Code__c"), "C-1"), std::vector{number});
}

TEST_F(OrgBehaviourTest, ALateTransactionShowsItsOldStampsOnlyWhenItIsCommitted) {
  const auto known = create("Contact", R"({"LastName":"Known"})");
  const auto late = org.open_late();
  std::uint64_t made = 0;
  ASSERT_TRUE(org.write_late(late, {.user = 2}, [&](const Caller& caller) -> Outcome<void> {
                   const auto number = org.insert(object("Contact"), fields(R"({"LastName":"Late"})"), caller);
                   if (!number) return std::unexpected(number.error());
                   made = *number;
                   return org.update(object("Contact"), known, fields(R"({"Title":"late"})"), caller);
                 }).has_value());
  wait(1min);
  ASSERT_TRUE(org.write_late(late, {.user = 2}, [&](const Caller& caller) {
                   return org.update(object("Contact"), made, fields(R"({"Title":"second"})"), caller);
                 }).has_value());
  EXPECT_FALSE(table("Contact").exists(made));
  EXPECT_EQ(value("Contact", known, "Title"), "null");
  EXPECT_EQ(refused_update("Contact", known, R"({"Phone":"1"})"), "UNABLE_TO_LOCK_ROW");
  const auto between = create("Contact", R"({"LastName":"Between"})");
  wait(5min);
  ASSERT_TRUE(org.end_late(late, true).has_value());
  EXPECT_EQ(value("Contact", known, "Title"), "late");
  EXPECT_EQ(value("Contact", known, "SystemModstamp"), "2026-03-01T00:00:00.000+0000");
  EXPECT_EQ(value("Contact", made, "SystemModstamp"), "2026-03-01T00:01:00.000+0000");
  EXPECT_EQ(value("Contact", made, "CreatedById"), id("User", 2));
  EXPECT_EQ(value("Contact", between, "SystemModstamp"), "2026-03-01T00:01:00.000+0000");
  EXPECT_EQ(refused_update("Contact", known, R"({"Phone":"1"})"), "");
  EXPECT_EQ(org.end_late(late, true).error().code, "NOT_FOUND");
}

TEST_F(OrgBehaviourTest, ALateTransactionMayBeGivenUp) {
  const auto number = create("Account", R"({"Name":"A"})");
  const auto late = org.open_late();
  ASSERT_TRUE(org.write_late(late, {}, [&](const Caller& caller) {
                   return org.remove(object("Account"), number, caller);
                 }).has_value());
  EXPECT_TRUE(table("Account").is_living(number));
  ASSERT_TRUE(org.end_late(late, false).has_value());
  EXPECT_TRUE(table("Account").is_living(number));
  update("Account", number, R"({"Name":"B"})");
}

}  // namespace
}  // namespace simulator
