#include "simulator/org/rules.h"

#include "simulator/org/org_test_support.h"

namespace simulator {
namespace {

using namespace std::chrono_literals;

class RulesTest : public OrgTest {
 protected:
  void set(std::string_view rules) {
    const auto done = org.set_rules(rules);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
};

TEST_F(RulesTest, AValidationRefusesAndLeavesNothing) {
  set(R"({"validations":[{"object":"Contact","condition":"ISBLANK(Email) && Account.Industry = 'Energy'",
                          "message":"We need an address","field":"Email"}]})");
  const auto parent = create("Account", R"({"Name":"A","Industry":"Energy"})");
  const std::string contact_json = R"({"LastName":"L","AccountId":")" + id("Account", parent) + "\"";
  const auto live = table("Contact").live();
  const auto refused = org.insert(object("Contact"), fields(contact_json + "}"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "FIELD_CUSTOM_VALIDATION_EXCEPTION");
  EXPECT_EQ(refused.error().message, "We need an address");
  EXPECT_EQ(refused.error().fields, std::vector<std::string>{"Email"});
  EXPECT_EQ(table("Contact").live(), live);
  const auto number = create("Contact", contact_json + R"(,"Email":"a@example.com"})");
  EXPECT_EQ(refused_update("Contact", number, R"({"Email":null,"Title":"T"})"), "FIELD_CUSTOM_VALIDATION_EXCEPTION");
  EXPECT_EQ(value("Contact", number, "Title"), "null");
  set("{}");
  update("Contact", number, R"({"Email":null})");
}

TEST_F(RulesTest, ADuplicateIsFoundByAllItsFields) {
  set(R"({"duplicates":[{"object":"Contact","fields":["LastName","Email"],"allow_save":true}]})");
  const auto first = create("Contact", R"({"LastName":"L","Email":"a@example.com"})");
  create("Contact", R"({"LastName":"M","Email":"a@example.com"})");
  create("Contact", R"({"LastName":"L"})");
  create("Contact", R"({"LastName":"L"})");
  const std::string again = R"({"LastName":"l","Email":"A@example.com"})";
  const auto refused = org.insert(object("Contact"), fields(again));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "DUPLICATES_DETECTED");
  const auto detail = boost::json::parse(refused.error().duplicates).as_object();
  EXPECT_TRUE(detail.at("allowSave").as_bool());
  EXPECT_EQ(detail.at("duplicateRule").as_string(), "Standard_Contact_Duplicate_Rule");
  EXPECT_EQ(detail.at("matchResults").as_array()[0].at("matchRecords").as_array()[0].at("record").at("Id").as_string(),
            id("Contact", first));
  const auto second = create("Contact", again, {.saves_duplicates = true});
  update("Contact", second, R"({"Title":"an edit of other fields"})");
  EXPECT_EQ(refused_update("Contact", second, R"({"Email":"a@Example.com","Title":"U"})"), "") << "the address is the same";
  ASSERT_TRUE(org.remove(object("Contact"), first).has_value());
  ASSERT_TRUE(org.remove(object("Contact"), second).has_value());
  create("Contact", again);
}

TEST_F(RulesTest, ARuleThatBlocksCannotBeOverruled) {
  set(R"({"duplicates":[{"object":"Account","name":"No_Twins","fields":["Name"],"message":"Twin"}]})");
  create("Account", R"({"Name":"A"})");
  EXPECT_EQ(refused_create("Account", R"({"Name":"A"})", {.saves_duplicates = true}), "DUPLICATES_DETECTED");
}

TEST_F(RulesTest, AnUpdateHappensInTheSameTransaction) {
  set(R"rules({"updates":[{"object":"Contact","when":"ISNEW() || ISCHANGED(Title)",
                      "set":{"Department":"UPPER(Title)","Description":"\"was \" & PRIORVALUE(Title)"}}],
          "validations":[{"object":"Contact","condition":"Department = 'BAD'","message":"no"}]})rules");
  const auto number = create("Contact", R"({"LastName":"L","Title":"cto"})");
  EXPECT_EQ(value("Contact", number, "Department"), "CTO");
  wait(1s);
  update("Contact", number, R"({"Title":"ceo"})", {.user = 2});
  EXPECT_EQ(value("Contact", number, "Department"), "CEO");
  EXPECT_EQ(value("Contact", number, "Description"), "was cto");
  EXPECT_EQ(value("Contact", number, "LastModifiedById"), id("User", 2));
  EXPECT_EQ(refused_update("Contact", number, R"({"Title":"bad"})"), "FIELD_CUSTOM_VALIDATION_EXCEPTION");
  EXPECT_EQ(value("Contact", number, "Department"), "CEO");
  update("Contact", number, R"({"Department":"by hand"})");
  EXPECT_EQ(value("Contact", number, "Department"), "by hand");
}

TEST_F(RulesTest, FormulasAndRollUpsChangeWithoutAStamp) {
  set(R"({"formulas":[{"object":"Contact","field":"Greeting__c","type":"string","formula":"\"Dear \" & FirstName & \" of \" & Account.Name"}],
          "roll_ups":[{"object":"Account","field":"Won__c","type":"currency","scale":2,"children":"Opportunity.AccountId",
                       "operation":"sum","of":"Amount","where":"IsWon"},
                      {"object":"Account","field":"Deals__c","type":"double","children":"Opportunity.AccountId","operation":"count"},
                      {"object":"Account","field":"Last_Close__c","type":"date","children":"Opportunity.AccountId","operation":"max","of":"CloseDate"}]})");
  const auto parent = create("Account", R"({"Name":"A"})");
  const std::string at = R"("AccountId":")" + id("Account", parent) + "\"";
  const auto person = create("Contact", R"({"FirstName":"Ada","LastName":"L",)" + at + "}");
  EXPECT_EQ(value("Account", parent, "Won__c"), "0.0");
  wait(1min);
  const std::string deal = R"({"Name":"D","CloseDate":"2026-05-01","Amount":10.5,)" + at + R"(,"StageName":)";
  create("Opportunity", deal + R"("Closed Won"})");
  create("Opportunity", deal + R"("Prospecting"})");
  const auto lost = create("Opportunity", R"({"Name":"D","CloseDate":"2027-05-01","StageName":"Closed Won","Amount":1,)" + at + "}");
  EXPECT_EQ(value("Account", parent, "Won__c"), "11.5");
  EXPECT_EQ(value("Account", parent, "Deals__c"), "3.0");
  EXPECT_EQ(value("Account", parent, "Last_Close__c"), "2027-05-01");
  ASSERT_TRUE(org.remove(object("Opportunity"), lost).has_value());
  EXPECT_EQ(value("Account", parent, "Won__c"), "10.5");
  update("Account", parent, R"({"Name":"B"})");
  EXPECT_EQ(value("Contact", person, "Greeting__c"), "Dear Ada of B");
  EXPECT_EQ(value("Contact", person, "SystemModstamp"), "2026-03-01T00:00:00.000+0000");
  EXPECT_EQ(refused_update("Contact", person, R"({"Greeting__c":"x"})"), "INVALID_FIELD_FOR_INSERT_UPDATE");
  const auto found = org.query("SELECT Id FROM Contact WHERE Greeting__c = 'Dear Ada of B'", false, 200, "");
  EXPECT_TRUE(found.has_value() && found->contains("\"totalSize\":1"));
}

TEST_F(RulesTest, SaysWhichRuleIsWrongAndKeepsTheOldOnes) {
  set(R"({"validations":[{"object":"Account","condition":"TRUE","message":"closed"}]})");
  for (const std::string_view wrong : {
           "[]", "{", R"({"validations":{}})", R"({"nonsense":[{"object":"Account"}]})",
           R"({"validations":[{"object":"Nope","condition":"TRUE","message":"m"}]})",
           R"({"validations":[{"object":"Account","condition":"Nope","message":"m"}]})",
           R"({"validations":[{"object":"Account","condition":"TRUE"}]})",
           R"({"validations":[{"object":"Account","condition":"TRUE","message":"m","severity":1}]})",
           R"({"duplicates":[{"object":"Account","fields":["Nope"]}]})", R"({"duplicates":[{"object":"Account","fields":[]}]})",
           R"({"updates":[{"object":"Account","set":{"Id":"1"}}]})", R"({"updates":[{"object":"Account"}]})",
           R"({"formulas":[{"object":"Account","field":"F__c","formula":"1 +"}]})",
           R"({"roll_ups":[{"object":"Account","field":"F__c","children":"Contact.ReportsToId","operation":"count"}]})",
           R"({"roll_ups":[{"object":"Account","field":"F__c","children":"Contact.AccountId","operation":"median"}]})"}) {
    const auto done = org.set_rules(wrong);
    ASSERT_FALSE(done.has_value()) << wrong;
    EXPECT_TRUE(done.error().message.starts_with("rules: ")) << done.error().message;
  }
  EXPECT_EQ(refused_create("Account", R"({"Name":"A"})"), "FIELD_CUSTOM_VALIDATION_EXCEPTION");
}

}  // namespace
}  // namespace simulator
