#include "salesforce/org_facts.h"

#include <gtest/gtest.h>

#include "salesforce/fakes_for_test.h"

namespace salesforce {
namespace {

class OrgFactsTest : public testing::Test {
 protected:
  MemoryVault vault;
  ScriptedTransport login, rest;
  base::SystemClock clock;
  Session session{
      {.login_url = "https://acme.my.salesforce.com", .flow = Flow::web, .client_id = "id"}, vault, login, clock};
  void SetUp() override { vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com"); }
};

TEST_F(OrgFactsTest, AreReadFromVersionsOrganizationAndLimits) {
  rest.then(200, R"([{"label":"Summer '21","version":"31.0"},{"version":"62.0"},{"version":"66.0"}])")
      .then(200, R"({"totalSize":1,"done":true,"records":[{"attributes":{},"Name":"Acme","OrganizationType":)"
                 R"("Developer Edition","IsSandbox":true,"InstanceName":"EU46"}]})")
      .then(200, R"({"DataStorageMB":{"Max":5,"Remaining":4},"DailyApiRequests":{"Max":15000,"Remaining":14998}})");
  const auto facts = org_facts(session, rest, "62.0");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->name + "|" + facts->edition + "|" + facts->instance, "Acme|Developer Edition|EU46");
  EXPECT_TRUE(facts->sandbox && facts->has_version);
  EXPECT_EQ(facts->oldest_version + " " + facts->newest_version, "31.0 66.0");
  ASSERT_EQ(facts->limits.size(), 2u);
  EXPECT_EQ(facts->limits[0].name, "DailyApiRequests");
  EXPECT_EQ(facts->limits[0].left, 14998);
}

TEST_F(OrgFactsTest, LeaveOutWhatTheUserMayNotSeeAndAskWithAVersionThatThereIs) {
  rest.then(200, R"([{"version":"64.0"},{"version":"66.0"}])")
      .then(400, R"([{"errorCode":"INVALID_TYPE","message":"sObject type 'Organization' is not supported."}])")
      .then(403, R"([{"errorCode":"FUNCTIONALITY_NOT_ENABLED","message":"no"}])");
  const auto facts = org_facts(session, rest, "62.0");
  ASSERT_TRUE(facts);
  EXPECT_FALSE(facts->has_version);
  EXPECT_TRUE(facts->limits.empty() && facts->name.empty());
  EXPECT_TRUE(rest.sent.at(1).url.contains("/v66.0/query")) << rest.sent[1].url;
}

TEST_F(OrgFactsTest, AKeyFieldIsMadeAndShownToTheUsersProfile) {
  rest.then(201, R"({"id":"00N000000000001AAA","success":true,"errors":[]})")
      .then(200, R"({"records":[{"PermissionSetId":"0PS000000000001AAA"}]})")
      .then(201, R"({"id":"01k000000000001AAA","success":true,"errors":[]})");
  ASSERT_TRUE(create_key_field(session, rest, "62.0", "Contact", "Lockstep_Id__c", "005000000000001AAA"));
  EXPECT_TRUE(rest.sent.at(0).url.ends_with("/services/data/v62.0/tooling/sobjects/CustomField"));
  EXPECT_EQ(rest.sent[0].body,
            R"({"FullName":"Contact.Lockstep_Id__c","Metadata":{"label":"Lockstep Id","type":"Text","length":36,)"
            R"("externalId":true,"unique":true,"caseSensitive":false,)"
            R"("description":"Lockstep's key of the row that this record is kept in step with. Do not edit."}})");
  EXPECT_EQ(rest.sent.at(2).body,
            R"({"ParentId":"0PS000000000001AAA","SobjectType":"Contact","Field":"Contact.Lockstep_Id__c",)"
            R"("PermissionsRead":true,"PermissionsEdit":true})");
}

TEST_F(OrgFactsTest, AKeyFieldThatIsThereIsOnlyShown) {
  rest.then(400, R"([{"errorCode":"DUPLICATE_DEVELOPER_NAME","message":"There is already a field"}])")
      .then(200, R"({"records":[{"PermissionSetId":"0PS000000000001AAA"}]})")
      .then(400, R"([{"errorCode":"DUPLICATE_VALUE","message":"duplicate"}])");
  EXPECT_TRUE(create_key_field(session, rest, "62.0", "Task", "Lockstep_Id__c", "005000000000001AAA"));
  EXPECT_TRUE(rest.sent.at(0).body.contains("\"Activity.Lockstep_Id__c\""));
  EXPECT_TRUE(rest.sent.at(2).body.contains("\"Task.Lockstep_Id__c\""));
}

TEST_F(OrgFactsTest, WhatCannotBeMadeIsAnErrorAndNamesAreChecked) {
  rest.then(403, R"([{"errorCode":"INSUFFICIENT_ACCESS","message":"insufficient access rights"}])");
  EXPECT_FALSE(create_key_field(session, rest, "62.0", "Contact", "Lockstep_Id__c", "005000000000001AAA"));
  EXPECT_FALSE(create_key_field(session, rest, "62.0", "Contact'", "Lockstep_Id__c", "005"));
  EXPECT_FALSE(create_key_field(session, rest, "62.0", "Contact", "LockstepId", "005"));
  EXPECT_EQ(rest.sent.size(), 1u);
}

}  // namespace
}  // namespace salesforce
