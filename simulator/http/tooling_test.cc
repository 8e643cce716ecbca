#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/message.h"
#include "simulator/http/busy_site_for_test.h"

namespace simulator {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
namespace json = boost::json;

struct ToolingSite : BusySite {
  http::Response field(const std::string& name, const std::string& metadata) {
    return call("POST", "tooling/sobjects/CustomField",
                R"({"FullName":")" + name + R"(","Metadata":{)" + metadata + "}}");
  }
  void grant(const std::string& object, const std::string& name) {
    const auto profile = query(
        "SELECT PermissionSetId FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = true LIMIT 1");
    ASSERT_EQ(profile.size(), 1);
    make("FieldPermissions", R"({"ParentId":)" + json::serialize(profile.at(0).at("PermissionSetId")) +
                                 R"(,"SobjectType":")" + object + R"(","Field":")" + object + "." + name +
                                 R"(","PermissionsRead":true,"PermissionsEdit":true})");
  }
};

TEST(Tooling, ACustomFieldIsMadeGrantedAndUsed) {
  ToolingSite site;
  const std::string text = R"("type":"Text","label":"Key","length":36,"externalId":true,"unique":true)";
  const auto made = site.field("Contact.Key__c", text);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_THAT(Site::text(made, "id"), testing::StartsWith("00N"));
  EXPECT_EQ(Site::code(site.call("PATCH", "sobjects/Contact/Key__c/k-1", R"({"LastName":"x"})")), "NOT_FOUND")
      << "nobody sees it yet";
  site.grant("Contact", "Key__c");
  EXPECT_EQ(site.call("PATCH", "sobjects/Contact/Key__c/k-1", R"({"LastName":"x"})").status, 201);
  EXPECT_EQ(site.call("PATCH", "sobjects/Contact/Key__c/K-1", R"({"LastName":"y"})").status, 200);
  const auto again = site.field("Contact.Key__c", text);
  EXPECT_EQ(again.status, 400);
  EXPECT_EQ(Site::code(again), "DUPLICATE_DEVELOPER_NAME");
  const auto described = Site::json(site.call("GET", "sobjects/Contact/describe"));
  for (const auto& each : described.at("fields").as_array()) {
    if (each.at("name") != "Key__c") continue;
    EXPECT_TRUE(each.at("externalId").as_bool() && each.at("unique").as_bool() && each.at("idLookup").as_bool());
    EXPECT_EQ(each.at("byteLength").as_int64(), 108);
    EXPECT_EQ(each.at("label").as_string(), "Key");
  }
}

TEST(Tooling, AFieldOfActivityIsOneOfTasksAndEvents) {
  ToolingSite site;
  ASSERT_EQ(site.field("Activity.Key__c", R"("type":"Text","label":"Key","length":36)").status, 201);
  for (const char* object : {"Task", "Event"}) {
    site.grant(object, "Key__c");
    EXPECT_TRUE(site.call("GET", std::string{"sobjects/"} + object + "/describe").body.contains(R"("Key__c")"));
  }
  EXPECT_EQ(site.field("Task.Other__c", R"("type":"Text","label":"Key","length":36)").status, 400);
}

TEST(Tooling, RefusesFieldsThatNoOrgTakes) {
  ToolingSite site;
  const auto code = [&](const std::string& name, const std::string& metadata) {
    return Site::code(site.field(name, metadata));
  };
  EXPECT_EQ(code("Contact.Key", R"("type":"Text","label":"Key","length":36)"), "FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(code("Contact.K__y__c", R"("type":"Text","label":"Key","length":36)"), "FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(code("Contact.Key__c", R"("type":"Text","label":"Key")"), "FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(code("Contact.Key__c", R"("type":"Text","length":36)"), "FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(code("Contact.Key__c", R"("type":"Text","label":"Key","length":256)"), "NUMBER_OUTSIDE_VALID_RANGE");
  EXPECT_EQ(code("Contact.Key__c", R"("type":"Blob","label":"Key")"), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
  EXPECT_EQ(code("Nope.Key__c", R"("type":"Text","label":"Key","length":36)"),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
  EXPECT_EQ(code("Contact.Key__c", R"("type":"Checkbox","label":"Key","unique":true)"), "FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(code("Contact.Key__c", R"("type":"Lookup","label":"Key","referenceTo":"Nope")"),
            "FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(Site::code(site.call("POST", "tooling/sobjects/CustomField", "{}")), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(site.field("Contact.Score__c", R"("type":"Number","label":"Score","precision":10,"scale":2)").status, 201);
  EXPECT_EQ(site.field("Contact.Friend__c",
                       R"("type":"Lookup","label":"Friend","referenceTo":"Contact","relationshipName":"Friends")")
                .status,
            201);
}

}  // namespace
}  // namespace simulator
