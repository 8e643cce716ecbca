#include "simulator/org/org_test_support.h"

namespace simulator {
namespace {

using namespace std::chrono_literals;

class OrgWriteTest : public OrgTest {};

TEST_F(OrgWriteTest, ConvertsWhatItIsGivenAndFillsInWhatItOwns) {
  const auto number = create("Contact", R"({"FirstName":"  Ada ","LastName":"Lovelace","Title":""})", {.user = 2});
  EXPECT_EQ(value("Contact", number, "Name"), "Ada Lovelace");
  EXPECT_EQ(value("Contact", number, "Title"), "null");
  EXPECT_EQ(value("Contact", number, "DoNotCall"), "false");
  EXPECT_EQ(value("Contact", number, "OwnerId"), id("User", 2));
  EXPECT_EQ(value("Contact", number, "CreatedById"), id("User", 2));
  wait(5s);
  update("Contact", number, R"({"Title":"Countess"})", {.user = 3});
  EXPECT_EQ(value("Contact", number, "CreatedById"), id("User", 2));
  EXPECT_EQ(value("Contact", number, "LastModifiedById"), id("User", 3));
  EXPECT_EQ(value("Contact", number, "LastModifiedDate"), "2026-03-01T00:00:05.000+0000");
  wait(5s);
  update("Contact", number, R"({"Title":"Countess of Lovelace"})", {.is_automation = true});
  EXPECT_EQ(value("Contact", number, "LastModifiedDate"), "2026-03-01T00:00:05.000+0000");
  EXPECT_EQ(value("Contact", number, "SystemModstamp"), "2026-03-01T00:00:10.000+0000");
}

TEST_F(OrgWriteTest, RefusesWhatDoesNotFitTheField) {
  EXPECT_EQ(refused_create("Contact", R"({"FirstName":"A"})"), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(refused_create("Contact", R"({"LastName":"A","Company":"B"})"), "INVALID_FIELD");
  EXPECT_EQ(refused_create("Contact", R"({"LastName":"A","Name":"B"})"), "INVALID_FIELD_FOR_INSERT_UPDATE");
  EXPECT_EQ(refused_create("Contact", R"({"LastName":"A","Email":"x"})"), "INVALID_EMAIL_ADDRESS");
  EXPECT_EQ(refused_create("Contact", R"({"LastName":"A","CleanStatus":"x"})"), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
  EXPECT_EQ(refused_create("Contact", R"({"LastName":"A","LeadSource":"not in the list"})"), "");
  EXPECT_EQ(refused_create("Contact", R"({"LastName":"A","Birthdate":"2026-02-30"})"), "JSON_PARSER_ERROR");
  EXPECT_EQ(refused_create("Contact", "{\"LastName\":\"" + std::string(81, 'x') + "\"}"), "STRING_TOO_LONG");
  EXPECT_EQ(refused_create("Contact", "{\"LastName\":\"" + std::string(80, 'x') + "\"}"), "");
  EXPECT_EQ(refused_create("Account", R"({"Name":"A","AnnualRevenue":1e18})"), "NUMBER_OUTSIDE_VALID_RANGE");
  const auto number = create("Contact", R"({"LastName":"A"})");
  EXPECT_EQ(refused_update("Contact", number, R"({"LastName":null})"), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(refused_update("Contact", number, R"({"OwnerId":null})"), "REQUIRED_FIELD_MISSING");
}

TEST_F(OrgWriteTest, ChecksWhereAReferenceLeads) {
  const auto account_number = create("Account", R"({"Name":"A"})");
  const std::string account_id = id("Account", account_number);
  const auto with = [](std::string_view field, std::string_view to) {
    return R"({"LastName":"A",")" + std::string{field} + R"(":")" + std::string{to} + "\"}";
  };
  EXPECT_EQ(refused_create("Contact", with("AccountId", account_id)), "");
  EXPECT_EQ(refused_create("Contact", with("AccountId", account_id.substr(0, 15))), "");
  EXPECT_EQ(refused_create("Contact", with("AccountId", account_id.substr(0, 15) + "ZZZ")), "MALFORMED_ID");
  EXPECT_EQ(refused_create("Contact", with("AccountId", id("User", 1))), "FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(refused_create("Contact", with("AccountId", id_text("001", 77))), "INVALID_CROSS_REFERENCE_KEY");
  EXPECT_EQ(refused_create("Contact", with("RecordTypeId", "012000000000000AAA")), "");
  ASSERT_TRUE(org.remove(object("Account"), account_number).has_value());
  EXPECT_EQ(refused_create("Contact", with("AccountId", account_id)), "INVALID_CROSS_REFERENCE_KEY");
}

TEST_F(OrgWriteTest, FollowsAPolymorphicReference) {
  const auto lead_number = create("Lead", R"({"LastName":"L","Company":"C","Email":"lead@example.com"})");
  const auto contact_number = create("Contact", R"({"LastName":"K"})");
  const auto task_number = create("Task", R"({"WhoId":")" + id("Lead", lead_number) + "\"}");
  EXPECT_EQ(value("Task", task_number, "WhoId"), id("Lead", lead_number));
  EXPECT_EQ(value("Task", task_number, "Status"), "Not Started");
  EXPECT_EQ(value("Task", task_number, "Priority"), "Normal");
  update("Task", task_number, R"({"WhoId":")" + id("Contact", contact_number) + R"(","Status":"Completed"})");
  EXPECT_EQ(value("Task", task_number, "IsClosed"), "true");
  const auto named = create("Task", R"({"Who":{"attributes":{"type":"Lead"},"Email":"Lead@Example.com"}})");
  EXPECT_EQ(value("Task", named, "WhoId"), id("Lead", lead_number));
  EXPECT_EQ(refused_create("Task", R"({"WhoId":")" + id("User", 1) + "\"}"), "FIELD_INTEGRITY_EXCEPTION");
}

TEST_F(OrgWriteTest, TakesTheCellsOfAnUpload) {
  create("Account", R"({"Name":"A","Lockstep_Id__c":"acc-1"})");
  const Object& contacts = object("Contact");
  std::vector<Column> columns;
  for (const std::string_view name : {"LastName", "Birthdate", "DoNotCall", "Account.Lockstep_Id__c"})
    columns.push_back(org.column(contacts, name).value());
  const auto write = [&](std::vector<std::string_view> texts) -> Outcome<std::uint64_t> {
    base::Arena arena;
    std::vector<Assignment> values;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto cell = org.read(contacts, columns[i], texts[i], arena);
      if (!cell) return std::unexpected(cell.error());
      values.push_back({columns[i].field, *cell});
    }
    return org.insert(contacts, values);
  };
  const auto number = write({"Ångström", "1815-12-10", "TRUE", "ACC-1"});
  ASSERT_TRUE(number.has_value()) << number.error().message;
  EXPECT_EQ(value("Contact", *number, "Name"), "Ångström");
  EXPECT_EQ(value("Contact", *number, "Birthdate"), "1815-12-10");
  EXPECT_EQ(value("Contact", *number, "DoNotCall"), "true");
  EXPECT_EQ(value("Contact", *number, "AccountId").substr(0, 3), "001");
  EXPECT_EQ(write({"B", "10.12.1815", "", ""}).error().code, "INVALID_TYPE_ON_FIELD_IN_RECORD");
  EXPECT_EQ(write({"B", "", "maybe", ""}).error().code, "INVALID_TYPE_ON_FIELD_IN_RECORD");
  EXPECT_EQ(write({"B", "", "", "acc-2"}).error().code, "INVALID_FIELD");
  EXPECT_EQ(org.column(contacts, "Nope").error().code, "INVALID_FIELD");
  EXPECT_EQ(org.column(contacts, "Account.Name").error().code, "INVALID_FIELD") << "no key of an account";
  EXPECT_TRUE(org.column(object("Task"), "Lead:Who.Email").has_value());
  EXPECT_FALSE(org.column(object("Task"), "Who.Email").has_value()) << "may be a contact or a lead";
}

TEST_F(OrgWriteTest, ReadsNumbersAsUploadsWriteThem) {
  const Object& accounts = object("Account");
  base::Arena arena;
  const auto number = [&](std::string_view field, std::string_view text) {
    const auto cell = org.read(accounts, org.column(accounts, field).value(), text, arena);
    return cell ? cell->number : -1;
  };
  EXPECT_EQ(number("AnnualRevenue", "9.12260031E8"), 912260031);
  EXPECT_EQ(number("AnnualRevenue", "12.0"), 12);
  EXPECT_EQ(number("NumberOfEmployees", "12.0"), 12);
  EXPECT_EQ(number("NumberOfEmployees", "12.5"), -1);
  EXPECT_EQ(number("NumberOfEmployees", "twelve"), -1);
}

TEST_F(OrgWriteTest, KeepsAUniqueKeyOnceAndFreesItInTheBin) {
  const auto number = create("Account", R"({"Name":"A","Lockstep_Id__c":"Key"})");
  EXPECT_EQ(refused_create("Account", R"({"Name":"B","Lockstep_Id__c":"kEY"})"), "DUPLICATE_VALUE");
  const Object& accounts = object("Account");
  const std::size_t key = accounts.at("Lockstep_Id__c");
  const auto written = org.upsert(accounts, key, "KEY", fields(R"({"Name":"C"})"));
  ASSERT_TRUE(written.has_value());
  EXPECT_FALSE(written->created);
  EXPECT_EQ(written->number, number);
  ASSERT_TRUE(org.remove(accounts, number).has_value());
  EXPECT_EQ(refused_create("Account", R"({"Name":"D","Lockstep_Id__c":"key"})"), "");
  EXPECT_EQ(org.by_key(accounts, key, "key").size(), 1u);
}

TEST_F(OrgWriteTest, AStageBringsItsProbability) {
  const auto number = create("Opportunity", R"({"Name":"O","StageName":"Prospecting","CloseDate":"2026-05-01","Amount":200})");
  EXPECT_EQ(value("Opportunity", number, "Probability"), "10.0");
  EXPECT_EQ(value("Opportunity", number, "ExpectedRevenue"), "20.0");
  EXPECT_EQ(value("Opportunity", number, "ForecastCategoryName"), "Pipeline");
  update("Opportunity", number, R"({"StageName":"Closed Won"})");
  EXPECT_EQ(value("Opportunity", number, "IsWon"), "true");
  EXPECT_EQ(value("Opportunity", number, "Probability"), "100.0");
  update("Opportunity", number, R"({"StageName":"Negotiation/Review","Probability":42})");
  EXPECT_EQ(value("Opportunity", number, "Probability"), "42.0");
}

TEST_F(OrgWriteTest, AnEventsTimesAgree) {
  EXPECT_EQ(refused_create("Event", R"({"Subject":"S"})"), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(refused_create("Event", R"({"StartDateTime":"2026-03-02T10:00:00Z"})"), "REQUIRED_FIELD_MISSING");
  const auto number = create("Event", R"({"StartDateTime":"2026-03-02T10:00:00Z","EndDateTime":"2026-03-02T11:30:00Z"})");
  EXPECT_EQ(value("Event", number, "DurationInMinutes"), "90");
  EXPECT_EQ(value("Event", number, "ActivityDateTime"), "2026-03-02T10:00:00.000+0000");
  EXPECT_EQ(value("Event", number, "ActivityDate"), "2026-03-02");
  update("Event", number, R"({"DurationInMinutes":30})");
  EXPECT_EQ(value("Event", number, "EndDateTime"), "2026-03-02T10:30:00.000+0000");
  update("Event", number, R"({"ActivityDateTime":"2026-03-03T08:00:00Z"})");
  EXPECT_EQ(value("Event", number, "EndDateTime"), "2026-03-03T08:30:00.000+0000");
}

TEST_F(OrgWriteTest, ARequestInFlightLocksTheParent) {
  const auto account_number = create("Account", R"({"Name":"A"})");
  const std::string child = R"({"LastName":"C","AccountId":")" + id("Account", account_number) + "\"}";
  const std::uint64_t first = org.locks().begin(), second = org.locks().begin();
  create("Contact", child, {.request = first});
  create("Contact", child, {.request = first});
  EXPECT_EQ(refused_create("Contact", child, {.request = second}), "UNABLE_TO_LOCK_ROW");
  EXPECT_EQ(refused_update("Account", account_number, R"({"Name":"B"})", {.request = second}), "UNABLE_TO_LOCK_ROW");
  EXPECT_EQ(refused_create("Contact", R"({"LastName":"Elsewhere"})", {.request = second}), "");
  org.locks().end(first);
  EXPECT_EQ(refused_create("Contact", child, {.request = second}), "");
}

TEST_F(OrgWriteTest, ATransactionThatIsNotCommittedLeavesNothing) {
  const auto kept = create("Account", R"({"Name":"Before"})");
  const auto live = table("Account").live();
  {
    Org::Transaction all{org};
    create("Account", R"({"Name":"New","Lockstep_Id__c":"new"})");
    update("Account", kept, R"({"Name":"After"})");
    ASSERT_TRUE(org.remove(object("Account"), kept).has_value());
  }
  EXPECT_EQ(table("Account").live(), live);
  EXPECT_EQ(value("Account", kept, "Name"), "Before");
  EXPECT_TRUE(org.by_key(object("Account"), object("Account").at("Lockstep_Id__c"), "new").empty());
}

}  // namespace
}  // namespace simulator
