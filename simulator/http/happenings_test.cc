#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/message.h"
#include "simulator/http/busy_site_for_test.h"

namespace simulator {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
namespace json = boost::json;

TEST(Happenings, AMergeLeavesTheWinnersIdWithTheLoser) {
  BusySite site;
  const std::string winner = site.make("Account", R"({"Name":"Winner"})"),
                    loser = site.make("Account", R"({"Name":"Loser"})");
  const std::string child = site.make("Contact", R"({"LastName":"Child","AccountId":)" + quoted(loser) + "}");
  const auto merged =
      site.happens("as/olga@sfsim.example.com/merge", R"({"master":)" + quoted(winner) + R"(,"losers":[)" +
                                                          quoted(loser) + R"(],"values":{"Phone":"7"}})");
  ASSERT_EQ(merged.status, 200) << merged.body;
  EXPECT_EQ(site.read("Contact/" + child).at("AccountId").as_string(), winner);
  EXPECT_EQ(site.read("Account/" + winner).at("Phone").as_string(), "7");
  EXPECT_EQ(site.read("Account/" + winner).at("LastModifiedById").as_string(), "005SF0000000002YAA");
  const auto gone = site.query("SELECT MasterRecordId, IsDeleted FROM Account WHERE Id = '" + loser + "'", "queryAll");
  EXPECT_EQ(gone.at(0).at("MasterRecordId").as_string(), winner);
  EXPECT_EQ(site.happens("merge", R"({"master":)" + quoted(winner) + R"(,"losers":[)" + quoted(child) + "]}").status,
            400);
  EXPECT_EQ(site.happens("merge", "{}").status, 400);
}

TEST(Happenings, TheRecycleBinGivesBackAndForgets) {
  BusySite site;
  const std::string first = site.make("Account", R"({"Name":"First"})"),
                    second = site.make("Account", R"({"Name":"Second"})");
  site.call("DELETE", "sobjects/Account/" + first);
  const std::string both = R"({"ids":[)" + quoted(first) + "," + quoted(second) + "]}";
  const auto undeleted = Site::json(site.happens("undelete", both));
  EXPECT_TRUE(undeleted.at(0).at("success").as_bool());
  EXPECT_EQ(undeleted.at(1).at("errors").at(0).at("statusCode").as_string(), "UNDELETE_FAILED");
  EXPECT_EQ(site.call("GET", "sobjects/Account/" + first).status, 200);
  site.call("DELETE", "sobjects/Account/" + first);
  EXPECT_THAT(site.happens("empty-recycle-bin").body, HasSubstr(R"("purged":1)"));
  EXPECT_TRUE(site.query("SELECT Id FROM Account WHERE Id = '" + first + "'", "queryAll").empty());
  EXPECT_EQ(site.happens("hard-delete", R"({"ids":[)" + quoted(second) + "]}").status, 200);
  EXPECT_TRUE(site.query("SELECT Id FROM Account WHERE Id = '" + second + "'", "queryAll").empty());
}

TEST(Happenings, AConvertedLeadCanNoLongerBeChanged) {
  BusySite site;
  const std::string id = site.make("Lead", R"({"LastName":"Lee","Company":"Lee Ltd"})");
  const auto done = site.happens("convert-lead", R"({"lead":)" + quoted(id) + R"(,"opportunity":"Big one"})");
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(site.read("Opportunity/" + Site::text(done, "opportunityId")).at("Name").as_string(), "Big one");
  const auto converted = site.read("Lead/" + id);
  EXPECT_TRUE(converted.at("IsConverted").as_bool());
  EXPECT_EQ(converted.at("ConvertedAccountId").as_string(), Site::text(done, "accountId"));
  EXPECT_EQ(Site::code(site.call("PATCH", "sobjects/Lead/" + id, R"({"Title":"x"})")), "CANNOT_UPDATE_CONVERTED_LEAD");
  const std::string other = site.make("Lead", R"({"LastName":"Ray","Company":"Ray Ltd"})");
  const auto without =
      site.happens("convert-lead", R"({"lead":)" + quoted(other) + R"(,"opportunity":false,"account":)" +
                                       quoted(Site::text(done, "accountId")) + "}");
  EXPECT_EQ(Site::text(without, "accountId"), Site::text(done, "accountId"));
  EXPECT_TRUE(Site::json(without).at("opportunityId").is_null());
}

TEST(Happenings, RulesAreSetReadAndRefused) {
  BusySite site;
  const std::string rules = R"json({"validations":[
      {"object":"Contact","name":"mail","condition":"ISBLANK(Email)","message":"No mail","field":"Email"}],"duplicates":[
      {"object":"Account","name":"same","fields":["Name"],"allow_save":true,"message":"Use one of these records?"}]})json";
  ASSERT_EQ(site.ask("PUT", "/__sim/rules", rules).status, 200);
  const auto refused = site.call("POST", "sobjects/Contact", R"({"LastName":"x"})");
  EXPECT_EQ(Site::code(refused), "FIELD_CUSTOM_VALIDATION_EXCEPTION");
  EXPECT_THAT(refused.body, HasSubstr("No mail"));
  site.make("Account", R"({"Name":"Twin"})");
  const auto twin = site.call("POST", "sobjects/Account", R"({"Name":"Twin"})");
  EXPECT_EQ(Site::code(twin), "DUPLICATES_DETECTED");
  EXPECT_THAT(twin.body, HasSubstr(R"("duplicateResut":{)")) << "misspelt as on the wire";
  EXPECT_EQ(
      site.call("POST", "sobjects/Account", R"({"Name":"Twin"})", {{"sforce-duplicate-rule-header", "allowSave=true"}})
          .status,
      201);
  EXPECT_EQ(site.ask("PUT", "/__sim/rules", R"({"validations":[{"object":"Nope"}]})").status, 400);
  EXPECT_THAT(site.ask("GET", "/__sim/rules").body, HasSubstr("ISBLANK(Email)")) << "the old ones stay";
  site.ask("DELETE", "/__sim/rules");
  EXPECT_EQ(site.call("POST", "sobjects/Contact", R"({"LastName":"x"})").status, 201);
}

TEST(Happenings, SilentChangesMoveNoStampAndHiddenThingsVanish) {
  BusySite site;
  const std::string id = site.make("Account", R"({"Name":"Quiet","Phone":"1"})"),
                    where = " FROM Account WHERE Id = '" + id + "'";
  const auto before = site.read("Account/" + id).at("SystemModstamp");
  site.clock.advance(10s);
  ASSERT_EQ(site.happens("silent", R"({"id":)" + quoted(id) + R"(,"values":{"Phone":"2"}})").status, 200);
  EXPECT_EQ(site.read("Account/" + id).at("Phone").as_string(), "2");
  EXPECT_EQ(site.read("Account/" + id).at("SystemModstamp"), before);
  site.happens("hidden", R"({"field":"Account.Phone","hidden":true})");
  EXPECT_EQ(Site::code(site.call("GET", "query?q=" + http::percent_encode("SELECT Phone" + where))), "INVALID_FIELD");
  EXPECT_FALSE(site.call("GET", "sobjects/Account/describe").body.contains(R"("name":"Phone")"));
  site.happens("hidden", R"({"field":"Account.Phone","hidden":false})");
  EXPECT_EQ(site.query("SELECT Phone" + where).size(), 1);
  site.happens("hidden", R"({"id":)" + quoted(id) + R"(,"hidden":true})");
  EXPECT_TRUE(site.query("SELECT Id" + where).empty());
  EXPECT_EQ(site.happens("hidden", R"({"field":"Account.Nope","hidden":true})").status, 400);
}

TEST(Happenings, ALateTransactionIsSeenWhenItCommitsWithOldStamps) {
  BusySite site;
  const std::string known = site.make("Contact", R"({"LastName":"Known"})");
  const std::string number = std::to_string(Site::json(site.happens("late")).at("transaction").as_int64());
  const auto late = site.happens("late/" + number, R"({"object":"Contact","values":{"LastName":"Late"}})");
  ASSERT_EQ(late.status, 200) << late.body;
  EXPECT_EQ(site.happens("late/" + number, R"({"id":)" + quoted(known) + R"(,"values":{"Title":"x"}})").status, 200);
  EXPECT_EQ(Site::code(site.call("PATCH", "sobjects/Contact/" + known, R"({"Title":"y"})")), "UNABLE_TO_LOCK_ROW");
  site.clock.advance(60s);
  const std::string soon = site.make("Contact", R"({"LastName":"Soon"})");
  EXPECT_TRUE(site.query("SELECT Id FROM Contact WHERE LastName = 'Late'").empty());
  EXPECT_EQ(site.happens("late/" + number + "/commit").status, 200);
  const auto rows = site.query("SELECT LastName FROM Contact ORDER BY SystemModstamp DESC LIMIT 1");
  EXPECT_EQ(rows.at(0).at("LastName").as_string(), "Soon") << "the late record lies behind it";
  EXPECT_EQ(site.query("SELECT Id FROM Contact WHERE LastName = 'Late'").size(), 1);
  EXPECT_EQ(site.happens("late/" + number + "/commit").status, 404);
  EXPECT_EQ(site.happens("nonsense").status, 404);
  EXPECT_EQ(site.ask("GET", "/__sim/merge").status, 405);
}

TEST(Users, AreMadeChangedAndDeactivatedButNotDeleted) {
  BusySite site;
  const std::string person =
      R"({"Username":"new@sfsim.example.com","LastName":"New","Email":"new@sfsim.example.com","Alias":"new",
      "CommunityNickname":"new","TimeZoneSidKey":"GMT","LocaleSidKey":"en_US","LanguageLocaleKey":"en_US","EmailEncodingKey":"UTF-8","IsActive":true})";
  const std::string id = site.make("User", person);
  EXPECT_EQ(site.call("PATCH", "sobjects/User/" + id, R"({"Title":"Head"})").status, 204);
  EXPECT_EQ(site.read("User/" + id).at("Title").as_string(), "Head");
  EXPECT_EQ(Site::code(site.call("POST", "sobjects/User", R"({"LastName":"x"})")), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(site.make("Account", R"({"Name":"Owned","OwnerId":)" + quoted(id) + "}").size(), 18);
  EXPECT_EQ(site.call("PATCH", "sobjects/User/" + id, R"({"IsActive":false})").status, 204);
  EXPECT_EQ(Site::code(site.call("POST", "sobjects/Account", R"({"Name":"Owned","OwnerId":)" + quoted(id) + "}")),
            "INACTIVE_OWNER_OR_USER");
  EXPECT_GE(site.call("DELETE", "sobjects/User/" + id).status, 400);
}

TEST(Users, WhoAsksDecidesWhatIsMine) {
  BusySite site;
  site.make("Account", R"({"Name":"Ours"})");
  site.ask("POST", "/__sim/as/olga@sfsim.example.com/sobjects/Account", R"({"Name":"Hers"})");
  const std::string mine = "query?q=" + http::percent_encode("SELECT Name FROM Account USING SCOPE mine");
  EXPECT_THAT(site.call("GET", mine).body, testing::AllOf(HasSubstr("Ours"), testing::Not(HasSubstr("Hers"))));
  EXPECT_THAT(site.ask("GET", "/__sim/as/olga@sfsim.example.com/" + mine).body,
              testing::AllOf(HasSubstr("Hers"), testing::Not(HasSubstr("Ours"))));
}

}  // namespace
}  // namespace simulator
