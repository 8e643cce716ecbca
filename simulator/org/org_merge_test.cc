#include "simulator/org/org_test_support.h"

namespace simulator {
namespace {

using namespace std::chrono_literals;

class OrgMergeTest : public OrgTest {};

TEST_F(OrgMergeTest, TheWinnerInheritsTheChildren) {
  const auto winner = create("Account", R"({"Name":"Winner"})"), loser = create("Account", R"({"Name":"Loser"})");
  const auto child = create("Contact", R"({"LastName":"C","AccountId":")" + id("Account", loser) + "\"}");
  const auto part = create("Account", R"({"Name":"Part","ParentId":")" + id("Account", loser) + "\"}");
  update("Account", winner, R"({"ParentId":")" + id("Account", loser) + "\"}");
  wait(1min);
  const std::uint64_t losers[] = {loser};
  ASSERT_TRUE(org.merge(object("Account"), winner, losers, fields(R"({"Phone":"1"})"), {.user = 2}).has_value());
  EXPECT_TRUE(table("Account").is_deleted(loser));
  EXPECT_EQ(value("Account", loser, "MasterRecordId"), id("Account", winner));
  EXPECT_EQ(value("Account", winner, "MasterRecordId"), "null");
  EXPECT_EQ(value("Account", winner, "Phone"), "1");
  EXPECT_EQ(value("Account", winner, "ParentId"), "null") << "nothing is its own parent";
  EXPECT_EQ(value("Contact", child, "AccountId"), id("Account", winner));
  EXPECT_EQ(value("Contact", child, "LastModifiedById"), id("User", 2));
  EXPECT_EQ(value("Contact", child, "SystemModstamp"), "2026-03-01T00:01:00.000+0000");
  EXPECT_EQ(value("Account", part, "ParentId"), id("Account", winner));
}

TEST_F(OrgMergeTest, RefusesWhatCannotBeMergedAndThenChangesNothing) {
  const auto a = create("Account", R"({"Name":"A"})"), b = create("Account", R"({"Name":"B"})");
  const auto gone = create("Account", R"({"Name":"Gone"})");
  ASSERT_TRUE(org.remove(object("Account"), gone).has_value());
  const auto code = [&](std::vector<std::uint64_t> losers, std::string_view values = "{}") {
    const auto done = org.merge(object("Account"), a, losers, fields(values));
    return done ? "" : done.error().code;
  };
  EXPECT_EQ(code({}), "INVALID_MERGE_RECORD");
  EXPECT_EQ(code({a}), "INVALID_MERGE_RECORD");
  EXPECT_EQ(code({gone}), "INVALID_MERGE_RECORD");
  EXPECT_EQ(code({b, b}), "INVALID_MERGE_RECORD");
  EXPECT_EQ(code({b}, R"({"Name":null})"), "REQUIRED_FIELD_MISSING");
  EXPECT_TRUE(table("Account").is_living(b));
  const auto task_number = create("Task", "{}");
  const std::uint64_t losers[] = {task_number};
  EXPECT_EQ(org.merge(object("Task"), task_number, losers, {}).error().code, "MERGE_FAILED");
}

TEST_F(OrgMergeTest, ALeadBecomesAnAccountAContactAndAnOpportunity) {
  const auto number = create("Lead", R"({"FirstName":"Ada","LastName":"L","Company":"Engines","Email":"ada@example.com",
                                         "City":"London","AnnualRevenue":5})", {.user = 3});
  const auto call = create("Task", R"({"WhoId":")" + id("Lead", number) + "\"}");
  wait(1min);
  const auto made = org.convert_lead(number, {});
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ(value("Account", made->account, "Name"), "Engines");
  EXPECT_EQ(value("Account", made->account, "BillingCity"), "London");
  EXPECT_EQ(value("Contact", made->contact, "Email"), "ada@example.com");
  EXPECT_EQ(value("Contact", made->contact, "AccountId"), id("Account", made->account));
  EXPECT_EQ(value("Contact", made->contact, "OwnerId"), id("User", 3));
  EXPECT_EQ(value("Opportunity", made->opportunity, "CloseDate"), "2026-03-31");
  EXPECT_EQ(value("Task", call, "WhoId"), id("Contact", made->contact));
  EXPECT_EQ(value("Lead", number, "IsConverted"), "true");
  EXPECT_EQ(value("Lead", number, "ConvertedDate"), "2026-03-01");
  EXPECT_EQ(value("Lead", number, "ConvertedOpportunityId"), id("Opportunity", made->opportunity));
  EXPECT_EQ(value("Lead", number, "SystemModstamp"), value("Account", made->account, "SystemModstamp"));
  EXPECT_EQ(refused_update("Lead", number, R"({"Title":"T"})"), "CANNOT_UPDATE_CONVERTED_LEAD");
  EXPECT_EQ(org.convert_lead(number, {}).error().code, "CANNOT_UPDATE_CONVERTED_LEAD");
}

TEST_F(OrgMergeTest, AConversionUsesWhatIsThereAndFailsAsAWhole) {
  const auto account_number = create("Account", R"({"Name":"There"})");
  const auto number = create("Lead", R"({"LastName":"L","Company":"C"})");
  const auto contacts = table("Contact").live();
  EXPECT_EQ(org.convert_lead(number, {.status = "Open"}).error().code, "INVALID_STATUS");
  const auto made = org.convert_lead(number, {.account = account_number, .makes_opportunity = false});
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->account, account_number);
  EXPECT_EQ(made->opportunity, 0u);
  EXPECT_EQ(value("Lead", number, "ConvertedOpportunityId"), "null");
  EXPECT_EQ(table("Contact").live(), contacts + 1);
}

}  // namespace
}  // namespace simulator
