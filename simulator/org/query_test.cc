#include "simulator/org/query_test_support.h"

namespace simulator {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// Two accounts, one below the other, with three contacts, an opportunity and two tasks.
class SmallOrgTest : public QueryTest {
 protected:
  SmallOrgTest() {
    acme = id("Account",
              create("Account", R"({"Name":"Acme","Industry":"Energy","NumberOfEmployees":100,"BillingCity":"Köln"})"));
    blue = id("Account", create("Account", R"({"Name":"blue river","AnnualRevenue":5e6,"ParentId":")" + acme + "\"}"));
    ann = id("Contact",
             create("Contact",
                    R"({"FirstName":"Ann","LastName":"Lee","Email":"ann@example.com","Birthdate":"1990-01-31",)"
                    R"("LeadSource":"Web","MailingCity":"Lyon","AccountId":")" +
                        acme + "\"}",
                    {.user = 2}));
    bob = id("Contact", create("Contact", R"({"FirstName":"Bob","LastName":"O'Neil","DoNotCall":true,"AccountId":")" +
                                              blue + "\"}"));
    cid = id("Contact", create("Contact", R"({"LastName":"Cid","LeadSource":"Other"})"));
    const std::string deal =
        id("Opportunity", create("Opportunity", R"({"Name":"Deal","StageName":"Prospecting","Amount":10.5,)"
                                                R"("CloseDate":"2026-03-02","AccountId":")" +
                                                    acme + "\"}"));
    create("Task", R"({"Subject":"Call","WhoId":")" + ann + R"(","WhatId":")" + acme + "\"}");
    create("Task", R"({"Subject":"Mail","WhatId":")" + deal + "\"}");
    create("Task", R"({"Subject":"Other"})");
  }
  std::vector<std::string> people(const std::string& where) {
    return texts("SELECT LastName FROM Contact WHERE " + where + " ORDER BY LastName", "LastName");
  }
  std::string acme, blue, ann, bob, cid;
};

TEST_F(SmallOrgTest, FiltersByEveryOperator) {
  EXPECT_THAT(people("LastName = 'lee'"), ElementsAre("Lee"));
  EXPECT_THAT(people("LastName != 'lee'"), ElementsAre("Cid", "O'Neil"));
  EXPECT_THAT(people("LastName <> 'lee' AND LastName > 'd'"), ElementsAre("O'Neil"));
  EXPECT_THAT(people("FirstName LIKE '_o%'"), ElementsAre("O'Neil"));
  EXPECT_THAT(people("(NOT FirstName LIKE '_o%')"), ElementsAre("Cid", "Lee"));
  EXPECT_THAT(people("LastName = 'O\\'Neil'"), ElementsAre("O'Neil"));
  EXPECT_THAT(people("FirstName = null"), ElementsAre("Cid"));
  EXPECT_THAT(people("LeadSource IN ('Web', null)"), ElementsAre("Lee", "O'Neil"));
  EXPECT_THAT(people("LeadSource NOT IN ('Web')"), ElementsAre("Cid", "O'Neil"));
  EXPECT_THAT(people("DoNotCall = TRUE"), ElementsAre("O'Neil"));
  EXPECT_THAT(people("DoNotCall = null"), ElementsAre("Cid", "Lee"));
  EXPECT_THAT(people("Birthdate < 1990-02-01 AND Birthdate >= 1990-01-31"), ElementsAre("Lee"));
  EXPECT_THAT(people("CreatedDate = TODAY AND CreatedDate <= 2026-03-01T01:00:00+01:00"),
              ElementsAre("Cid", "Lee", "O'Neil"));
  EXPECT_THAT(people("CreatedDate < TODAY"), IsEmpty());
  EXPECT_THAT(people("Id = '" + bob.substr(0, 15) + "'"), ElementsAre("O'Neil"));
  EXPECT_THAT(people("Id != '" + bob + "' AND AccountId != null"), ElementsAre("Lee"));
  EXPECT_THAT(people("CALENDAR_YEAR(Birthdate) = 1990"), ElementsAre("Lee"));
  EXPECT_THAT(people("HOUR_IN_DAY(CreatedDate) = 0 AND toLabel(LeadSource) = 'web'"), ElementsAre("Lee"));
}

TEST_F(SmallOrgTest, FollowsParents) {
  EXPECT_THAT(people("Account.Name = 'BLUE RIVER'"), ElementsAre("O'Neil"));
  EXPECT_THAT(people("Account.Parent.Industry = 'Energy'"), ElementsAre("O'Neil"));
  EXPECT_THAT(people("Account.Industry = null"), ElementsAre("Cid", "O'Neil")) << "also without an account";
  EXPECT_THAT(people("Account.IsDeleted = false AND AccountId = null"), ElementsAre("Cid"));
  EXPECT_THAT(people("LastName = 'Cid' OR Account.Name = 'Acme'"), ElementsAre("Cid", "Lee"));
  const auto answer = ask("SELECT Id, Account.Parent.Name, Owner.Name, Account.Name FROM Contact ORDER BY LastName");
  EXPECT_THAT(texts(answer, "Account.Parent.Name"), ElementsAre("null", "null", "Acme"));
  EXPECT_THAT(texts(answer, "Account.Name"), ElementsAre("null", "Acme", "blue river"));
  EXPECT_THAT(texts(answer, "Owner.Name"), ElementsAre("Integration User", "Olga Owner", "Integration User"));
  EXPECT_EQ(text_at(answer.at("records").as_array()[1], "Account.attributes.url"),
            std::string{root} + "/sobjects/Account/" + acme);
  EXPECT_EQ(text_at(answer.at("records").as_array()[0], "Account"), "null");
  EXPECT_THAT(texts("SELECT Contact.Account.Name FROM Contact ORDER BY Contact.Account.Name, Id", "Account.Name"),
              ElementsAre("null", "Acme", "blue river"));
  EXPECT_THAT(texts("SELECT c.LastName FROM Contact c, c.Account a WHERE a.Name LIKE 'a%'", "LastName"),
              ElementsAre("Lee"));
}

TEST_F(SmallOrgTest, TakesInFromOnlyParentsOfTheObject) {
  EXPECT_THAT(texts("SELECT LastName FROM Contact c, c.Account a, a.Parent p WHERE p.Name = 'Acme'", "LastName"),
              ElementsAre("O'Neil"));
  EXPECT_THAT(texts("SELECT LastName FROM Contact c, c.Account WHERE Account.Name = 'Acme'", "LastName"),
              ElementsAre("Lee"));
  for (const std::string_view from : {"Contact c, c.Foo f", "Contact c, a.Account a", "Contact c, a.Parent p, c.Account a"})
    EXPECT_EQ(refused("SELECT Id FROM " + std::string{from}),
              "INVALID_TYPE: A driving SObject type has already been set, all other entity types in the FROM clause must "
              "be relationships to the initial object. The driving object is Contact.")
        << from;
}

TEST_F(SmallOrgTest, SeesPolymorphicParentsAsNames) {
  const auto answer = ask("SELECT Subject, Who.Name, Who.Type, What.Name, What.Email FROM Task ORDER BY Subject");
  EXPECT_THAT(texts(answer, "Who.Name"), ElementsAre("Ann Lee", "null", "null"));
  EXPECT_THAT(texts(answer, "Who.Type"), ElementsAre("Contact", "null", "null"));
  EXPECT_THAT(texts(answer, "What.Name"), ElementsAre("Acme", "Deal", "null"));
  EXPECT_THAT(texts(answer, "What.Email"), ElementsAre("null", "null", "null"));
  EXPECT_EQ(text_at(answer.at("records").as_array()[0], "Who.attributes.type"), "Name");
  EXPECT_EQ(text_at(answer.at("records").as_array()[0], "Who.attributes.url"),
            std::string{root} + "/sobjects/Contact/" + ann);
  EXPECT_THAT(texts("SELECT Subject FROM Task WHERE What.Type IN ('Account', 'Lead')", "Subject"), ElementsAre("Call"));
  EXPECT_THAT(texts("SELECT Subject FROM Task WHERE Who.FirstName LIKE 'a%'", "Subject"), ElementsAre("Call"));
  EXPECT_THAT(refused("SELECT Who.Department FROM Task"), HasSubstr("No such column 'Department' on entity 'Name'"));
  EXPECT_THAT(refused("SELECT Who.Account.Name FROM Task"), HasSubstr("Didn't understand relationship 'Who'"));
}

TEST_F(SmallOrgTest, ChoosesFieldsByTheTypeOfTheParent) {
  const auto answer =
      ask("SELECT TYPEOF What WHEN Account THEN Phone, NumberOfEmployees WHEN Opportunity THEN Amount, "
          "Account.Name END FROM Task ORDER BY Subject");
  EXPECT_THAT(texts(answer, "What.NumberOfEmployees"), ElementsAre("100", "missing", "null"));
  EXPECT_THAT(texts(answer, "What.Account.Name"), ElementsAre("missing", "Acme", "null"));
  EXPECT_EQ(text_at(answer.at("records").as_array()[1], "What.attributes.type"), "Opportunity");
  const auto other =
      ask("SELECT TYPEOF What WHEN Opportunity THEN Amount ELSE Name, Type END FROM Task ORDER BY Subject");
  EXPECT_THAT(texts(other, "What.Type"), ElementsAre("Account", "missing", "null"));
  EXPECT_THAT(texts("SELECT TYPEOF What WHEN Opportunity THEN Amount END FROM Task ORDER BY Subject", "What.Amount"),
              ElementsAre("null", "10.5", "null"));
  EXPECT_THAT(refused("SELECT TYPEOF Account WHEN Account THEN Name END FROM Contact"), HasSubstr("polymorphic"));
  EXPECT_THAT(refused("SELECT What.Name, TYPEOF What WHEN Account THEN Name END FROM Task"), HasSubstr("TYPEOF"));
  EXPECT_THAT(refused("SELECT TYPEOF What WHEN Account THEN Foo END FROM Task"),
              HasSubstr("No such column 'Foo' on entity 'Account'"));
}

TEST_F(SmallOrgTest, OrdersWithNullsFirstAndPicklistsByTheirList) {
  EXPECT_THAT(texts("SELECT FirstName FROM Contact ORDER BY FirstName", "FirstName"),
              ElementsAre("null", "Ann", "Bob"));
  EXPECT_THAT(texts("SELECT FirstName FROM Contact ORDER BY FirstName DESC", "FirstName"),
              ElementsAre("null", "Bob", "Ann"));
  EXPECT_THAT(texts("SELECT FirstName FROM Contact ORDER BY FirstName DESC NULLS LAST", "FirstName"),
              ElementsAre("Bob", "Ann", "null"));
  EXPECT_THAT(texts("SELECT Name FROM Account ORDER BY Name DESC", "Name"), ElementsAre("blue river", "Acme"));
  EXPECT_THAT(texts("SELECT LeadSource FROM Contact ORDER BY LeadSource NULLS LAST", "LeadSource"),
              ElementsAre("Web", "Other", "null"))
      << "as the picklist has them, and not by letters";
  EXPECT_THAT(texts("SELECT LastName FROM Contact ORDER BY Account.Name NULLS LAST, LastName", "LastName"),
              ElementsAre("Cid", "Lee", "O'Neil"))
      << "NULLS LAST means nothing for parents";
  EXPECT_THAT(
      texts("SELECT LastName FROM Contact ORDER BY Birthdate DESC NULLS LAST, LastName LIMIT 1 OFFSET 1", "LastName"),
      ElementsAre("Cid"));
  EXPECT_THAT(refused("SELECT Id FROM Contact ORDER BY Description"),
              "MALFORMED_QUERY: field 'Description' can not be sorted in a query call");
  EXPECT_THAT(refused("SELECT Id FROM Contact ORDER BY Foo"), HasSubstr("No such column 'Foo'"));
}

TEST_F(SmallOrgTest, KeepsTheWindow) {
  EXPECT_EQ(ask("SELECT Id FROM Contact LIMIT 2").at("totalSize"), 2);
  EXPECT_EQ(ask("SELECT Id FROM Contact LIMIT 0").at("totalSize"), 0);
  EXPECT_EQ(ask("SELECT Id FROM Contact OFFSET 2").at("totalSize"), 1);
  EXPECT_EQ(ask("SELECT Id FROM Contact OFFSET 2000").at("totalSize"), 0);
  EXPECT_EQ(refused("SELECT Id FROM Contact OFFSET 2001"),
            "NUMBER_OUTSIDE_VALID_RANGE: Maximum SOQL offset allowed is 2000");
  EXPECT_EQ(ask("SELECT COUNT() FROM Contact").at("totalSize"), 3);
  EXPECT_EQ(ask("SELECT COUNT() FROM Contact LIMIT 2").at("totalSize"), 2);
  EXPECT_TRUE(ask("SELECT COUNT() FROM Contact").at("records").as_array().empty());
  EXPECT_THAT(refused("SELECT COUNT() FROM Contact ORDER BY Id"), HasSubstr("MALFORMED_QUERY"));
}

TEST_F(SmallOrgTest, JoinsBySubSelects) {
  EXPECT_THAT(people("AccountId IN (SELECT Id FROM Account WHERE Industry = 'Energy')"), ElementsAre("Lee"));
  EXPECT_THAT(people("AccountId NOT IN (SELECT Id FROM Account WHERE Industry = 'Energy') AND AccountId != null"),
              ElementsAre("O'Neil"));
  EXPECT_THAT(
      texts("SELECT Name FROM Account WHERE Id IN (SELECT AccountId FROM Contact WHERE DoNotCall = true)", "Name"),
      ElementsAre("blue river"));
  EXPECT_THAT(
      texts("SELECT Name FROM Account WHERE Id NOT IN (SELECT AccountId FROM Contact WHERE DoNotCall = true) AND "
            "(Id IN (SELECT AccountId FROM Opportunity))",
            "Name"),
      ElementsAre("Acme"));
  EXPECT_THAT(
      texts("SELECT Subject FROM Task WHERE WhoId IN (SELECT Id FROM Contact WHERE LastName = 'Lee')", "Subject"),
      ElementsAre("Call"));
}

TEST_F(SmallOrgTest, RefusesSubSelectsTheOrgDoesNotTake) {
  const auto malformed = [](const std::string& text) { return "MALFORMED_QUERY: " + text; };
  const std::string from = "SELECT Id FROM Account WHERE ";
  EXPECT_EQ(
      refused(from + "Name IN (SELECT AccountId FROM Contact)"),
      malformed(
          "The left operand field in the where expression for outer query should be an id field, cannot use: 'Name'"));
  EXPECT_EQ(refused("SELECT Id FROM Contact WHERE Account.Id IN (SELECT AccountId FROM Opportunity)"),
            malformed("The left operand cannot have more than one level of relationships"));
  EXPECT_EQ(refused(from + "Id IN (SELECT LastName FROM Contact)"),
            malformed("semi join sub-selects can only query id fields, cannot use: 'LastName'"));
  EXPECT_EQ(refused(from + "Id IN (SELECT Account.Id FROM Contact)"),
            malformed("semi join sub-selects can only query id fields, cannot use: 'Account.Id'"));
  EXPECT_EQ(refused(from + "Id IN (SELECT ParentId FROM Account)"),
            malformed("The inner and outer selects should not be on the same object type"));
  EXPECT_EQ(
      refused(from + "Id IN (SELECT OwnerId FROM Contact)"),
      malformed(
          "The selected field 'OwnerId' in the subquery and the left operand field in the where expression in the "
          "outer query 'Id' should point to the same object type"));
  EXPECT_EQ(refused(from + "Id IN (SELECT WhatId FROM Task)"),
            malformed("Entity 'Task' is not supported for semi join inner selects"));
  EXPECT_EQ(refused(from + "Id IN (SELECT AccountId FROM Contact WHERE Id IN (SELECT ContactId FROM Opportunity))"),
            malformed("Nesting of semi join sub-selects is not supported"));
  EXPECT_EQ(refused(from + "Name = 'x' OR Id IN (SELECT AccountId FROM Contact)"),
            malformed("Semi join sub-selects are not allowed with the 'OR' operator"));
  const std::string nested = malformed(
      "Semi join sub-selects are only allowed at the top level WHERE expressions and not in "
      "nested WHERE expressions.");
  EXPECT_EQ(refused(from + "Name = 'x' AND (Name = 'y' OR Id IN (SELECT AccountId FROM Contact))"), nested);
  EXPECT_EQ(refused(from + "(Name = 'x' AND Id IN (SELECT AccountId FROM Contact)) OR Name = 'y'"), nested);
  EXPECT_EQ(refused(from + "NOT Id IN (SELECT AccountId FROM Contact)"), nested);
  const std::string join = "Id IN (SELECT AccountId FROM Contact)";
  EXPECT_EQ(refused(from + join + " AND " + join), "");
  EXPECT_EQ(refused(from + join + " AND " + join + " AND " + join),
            malformed("Maximum 2 semi join sub-selects are allowed."));
}

TEST_F(SmallOrgTest, ExpandsFieldSets) {
  const auto standard = ask("SELECT FIELDS(STANDARD) FROM Contact").at("records").as_array()[0].as_object();
  EXPECT_TRUE(standard.contains("LastName") && standard.contains("MailingAddress") &&
              !standard.contains("Lockstep_Id__c"));
  const auto custom = ask("SELECT FIELDS(CUSTOM) FROM Contact LIMIT 200").at("records").as_array()[0].as_object();
  EXPECT_EQ(custom.size(), 2u);
  EXPECT_TRUE(custom.contains("Lockstep_Id__c"));
  const auto every = ask("SELECT FIELDS(ALL) FROM Contact LIMIT 1").at("records").as_array()[0].as_object();
  EXPECT_EQ(every.size(), standard.size() + 1);
  const std::string limit = "MALFORMED_QUERY: The SOQL FIELDS function must have a LIMIT of at most 200";
  EXPECT_EQ(refused("SELECT FIELDS(ALL) FROM Contact"), limit);
  EXPECT_EQ(refused("SELECT FIELDS(CUSTOM) FROM Contact LIMIT 201"), limit);
  EXPECT_EQ(refused("SELECT FIELDS(ALL) FROM Contact WHERE Id IN ('" + ann + "','" + bob + "') AND LastName != 'x'"),
            "");
  EXPECT_EQ(refused("SELECT FIELDS(ALL) FROM Contact WHERE Id = '" + ann + "' OR Id = '" + bob + "'"), "");
  EXPECT_EQ(refused("SELECT FIELDS(ALL) FROM Contact WHERE Id = '" + ann + "' OR LastName = 'x'"), limit);
  EXPECT_EQ(refused("SELECT Id, FIELDS(ALL) FROM Contact LIMIT 200"), "INVALID_FIELD: duplicate field selected: Id");
  EXPECT_EQ(refused("SELECT FIELDS(CUSTOM) FROM User LIMIT 200"),
            "MALFORMED_QUERY: 'FIELDS(...)' expansion function must result in at least one field being selected.");
  EXPECT_EQ(refused("SELECT Id, FIELDS(CUSTOM) FROM User LIMIT 200"), "");
}

TEST_F(SmallOrgTest, ShowsValuesAsTheyAreReadOrWritten) {
  const auto answer =
      ask("SELECT Name, BillingAddress, AnnualRevenue, NumberOfEmployees, FORMAT(AnnualRevenue) shown, "
          "FORMAT(CreatedDate) made, toLabel(Industry) FROM Account ORDER BY Name");
  EXPECT_THAT(texts(answer, "BillingAddress.city"), ElementsAre("Köln", "null"));
  EXPECT_THAT(texts(answer, "BillingAddress.postalCode"), ElementsAre("null", "null"));
  EXPECT_THAT(texts(answer, "NumberOfEmployees"), ElementsAre("100", "null"));
  EXPECT_THAT(texts(answer, "shown"), ElementsAre("null", "$5,000,000.00"));
  EXPECT_THAT(texts(answer, "made"), ElementsAre("3/1/2026, 12:00 AM", "3/1/2026, 12:00 AM"));
  EXPECT_THAT(texts(answer, "Industry"), ElementsAre("Energy", "null"));
  EXPECT_EQ(text_at(answer.at("records").as_array()[0], "attributes.type"), "Account");
  EXPECT_EQ(refused("SELECT Name, toLabel(Name) FROM Account"), "INVALID_FIELD: duplicate field selected: Name");
  EXPECT_EQ(refused("SELECT Name, name FROM Account"), "INVALID_FIELD: duplicate field selected: name");
  EXPECT_EQ(refused("SELECT Name n FROM Account"), "MALFORMED_QUERY: only aggregate expressions use field aliasing");
  EXPECT_THAT(refused("SELECT CALENDAR_YEAR(CreatedDate) FROM Account"), HasSubstr("MALFORMED_QUERY"));
  EXPECT_THAT(refused("SELECT convertCurrency(AnnualRevenue) FROM Account"), HasSubstr("MALFORMED_QUERY"));
}

TEST_F(SmallOrgTest, KeepsToTheScope) {
  EXPECT_THAT(texts("SELECT LastName FROM Contact USING SCOPE mine WHERE LastName != 'Cid'", "LastName"),
              ElementsAre("O'Neil"));
  EXPECT_EQ(ask("SELECT Id FROM Contact USING SCOPE everything").at("totalSize"), 3);
  const auto olgas = org.query("SELECT COUNT() FROM Contact USING SCOPE mine", false, 2000, root, {.user = 2});
  ASSERT_TRUE(olgas.has_value());
  EXPECT_THAT(*olgas, HasSubstr("\"totalSize\":1"));
  EXPECT_EQ(refused("SELECT Id FROM Contact USING SCOPE team"),
            "INVALID_QUERY_SCOPE: The scope is not supported: team");
}

TEST_F(SmallOrgTest, ReadsRelativeDatesInTheZoneOfTheUser) {
  const auto count = [&](const std::string& where, const char* zone) {
    Asking asking = org.asking();
    asking.zone = Zone{zone};
    const auto rows = RowSet::make(org.world(), asking, "SELECT Id FROM Contact WHERE " + where, false);
    return rows ? rows->size() : 99;
  };
  const char *greenwich = "GMT", *angeles = "America/Los_Angeles";
  wait(3h);  // three in the morning in Greenwich, and still the day before in Los Angeles
  EXPECT_EQ(count("CreatedDate = TODAY", greenwich), 3u);
  EXPECT_EQ(count("CreatedDate = TODAY", angeles), 3u);
  wait(6h);  // now it is the next day there too
  EXPECT_EQ(count("CreatedDate = TODAY", greenwich), 3u);
  EXPECT_EQ(count("CreatedDate = TODAY", angeles), 0u);
  EXPECT_EQ(count("CreatedDate = YESTERDAY", angeles), 3u);
  EXPECT_EQ(count("DAY_ONLY(convertTimezone(CreatedDate)) = 2026-02-28", angeles), 3u);
  EXPECT_EQ(count("DAY_ONLY(convertTimezone(CreatedDate)) = 2026-02-28", greenwich), 0u);
  EXPECT_EQ(count("DAY_ONLY(CreatedDate) = 2026-02-28", angeles), 0u);
}

TEST_F(SmallOrgTest, FindsDeletedRecordsOnlyWhenAskedTo) {
  ASSERT_TRUE(org.remove(object("Contact"), *org.by_id(object("Contact"), bob)).has_value());
  EXPECT_THAT(people("LastName != null"), ElementsAre("Cid", "Lee"));
  const auto everything = ask("SELECT LastName, IsDeleted FROM Contact ORDER BY LastName", true);
  EXPECT_THAT(texts(everything, "LastName"), ElementsAre("Cid", "Lee", "O'Neil"));
  EXPECT_THAT(texts(everything, "IsDeleted"), ElementsAre("false", "false", "true"));
  EXPECT_EQ(ask("SELECT Id FROM Contact WHERE IsDeleted = true").at("totalSize"), 0);
  EXPECT_EQ(ask("SELECT Id FROM Contact WHERE IsDeleted = true", true).at("totalSize"), 1);
  EXPECT_EQ(ask("SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact)").at("totalSize"), 1);
}

TEST_F(SmallOrgTest, SaysWhatItDoesNotKnow) {
  EXPECT_EQ(whole_refusal("SELECT Foo FROM Contact"),
            "\nSELECT Foo FROM Contact\n       ^\nERROR at Row:1:Column:8\nNo such column 'Foo' on entity 'Contact'. "
            "If you are "
            "attempting to use a custom field, be sure to append the '__c' after the custom field name. Please "
            "reference your "
            "WSDL or the describe call for the appropriate names.");
  EXPECT_EQ(whole_refusal("SELECT Id FROM Foo"),
            "\nSELECT Id FROM Foo\n               ^\nERROR at Row:1:Column:16\nsObject type 'Foo' is not supported. If "
            "you are "
            "attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference "
            "your WSDL "
            "or the describe call for the appropriate names.");
  EXPECT_THAT(refused("SELECT Id FROM Foo"), testing::StartsWith("INVALID_TYPE"));
  EXPECT_THAT(refused("SELECT Foo.Name FROM Contact"),
              testing::StartsWith("INVALID_FIELD: Didn't understand relationship 'Foo'"));
  EXPECT_THAT(refused("SELECT Account.Foo FROM Contact"), HasSubstr("No such column 'Foo' on entity 'Account'"));
  EXPECT_THAT(refused("SELECT Company FROM Contact"), testing::StartsWith("INVALID_FIELD"));
  EXPECT_EQ(refused("SELECT Id FROM Contact WHERE Description = 'x'"),
            "INVALID_FIELD: field 'Description' can not be filtered in a query call");
  EXPECT_EQ(refused("SELECT Id FROM Contact WHERE MailingAddress = 'x'"),
            "INVALID_FIELD: Address fields can only be filtered using Distance expressions");
  EXPECT_THAT(refused("SELECT ReportsTo.ReportsTo.ReportsTo.ReportsTo.ReportsTo.ReportsTo.Name FROM Contact"),
              testing::StartsWith("INVALID_FIELD"));
  EXPECT_EQ(refused("SELECT ReportsTo.ReportsTo.ReportsTo.ReportsTo.ReportsTo.Name FROM Contact"), "");
}

TEST_F(SmallOrgTest, HandsRowsOutWithoutJson) {
  const auto rows = RowSet::make(org.world(), org.asking(),
                                 "SELECT Id, Account.Name, Birthdate FROM Contact ORDER BY LastName", false);
  ASSERT_TRUE(rows.has_value());
  ASSERT_EQ(rows->columns().size(), 3u);
  EXPECT_EQ(rows->columns()[1].header, "Account.Name");
  ASSERT_EQ(rows->size(), 3u);
  base::Arena arena;
  std::vector<Cell> cells;
  ASSERT_TRUE(rows->read(org.world(), 0, cells, arena));
  EXPECT_TRUE(cells[1].is_null());
  ASSERT_TRUE(org.remove(object("Contact"), *org.by_id(object("Contact"), bob)).has_value());
  ASSERT_TRUE(rows->read(org.world(), 1, cells, arena));
  EXPECT_EQ(cells[1].text, "Acme");
  EXPECT_EQ(cells[2].kind, Kind::date);
  EXPECT_FALSE(rows->read(org.world(), 2, cells, arena)) << "it was deleted since";
  for (const std::string_view refused_statement :
       {"SELECT COUNT() FROM Contact", "SELECT COUNT(Id) FROM Contact",
        "SELECT LeadSource FROM Contact GROUP BY LeadSource", "SELECT Id FROM Contact OFFSET 1",
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account", "SELECT MailingAddress FROM Contact",
        "SELECT TYPEOF What WHEN Account THEN Name END FROM Task"}) {
    const auto none = RowSet::make(org.world(), org.asking(), refused_statement, false);
    EXPECT_EQ(none ? "" : none.error().code, "FUNCTIONALITY_NOT_ENABLED") << refused_statement;
  }
}

}  // namespace
}  // namespace simulator
