#include "simulator/org/query_test_support.h"

namespace simulator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

/// Opportunities: (stage, amount, close date) and two accounts.
class AggregationTest : public QueryTest {
 protected:
  AggregationTest() {
    const std::string acme = id("Account", create("Account", R"({"Name":"Acme","NumberOfEmployees":10})"));
    const std::string blue = id("Account", create("Account", R"({"Name":"Blue","NumberOfEmployees":5})"));
    deal("Prospecting", "10.10", "2025-12-31", acme);
    deal("Prospecting", "20.20", "2026-01-01", acme);
    deal("Closed Won", "0.30", "2026-02-01", acme);
    deal("Closed Won", "null", "2026-02-02", blue);
    deal("Closed Lost", "5", "2026-07-01", blue);
  }
  void deal(const std::string& stage, const std::string& amount, const std::string& close, const std::string& parent) {
    create("Opportunity", R"({"Name":"Deal","StageName":")" + stage + R"(","Amount":)" + amount + R"(,"CloseDate":")" +
                              close + R"(","AccountId":")" + parent + "\"}");
  }
  /// Each row as "key=value key=value".
  std::vector<std::string> rows(std::string_view statement) {
    std::vector<std::string> out;
    const auto answer = ask(statement);
    for (const auto& record : answer.at("records").as_array()) {
      std::string& row = out.emplace_back();
      for (const auto& [key, value] : record.as_object()) {
        if (key == "attributes") continue;
        row += (row.empty() ? "" : " ") + std::string{key} + "=" + text_at(value, "");
      }
    }
    return out;
  }
};

TEST_F(AggregationTest, WorksOutEachFunction) {
  EXPECT_THAT(rows("SELECT COUNT(Id), COUNT(Amount) n, SUM(Amount), AVG(Amount) mean, MIN(CloseDate), MAX(Amount), "
                   "COUNT_DISTINCT(StageName) FROM Opportunity"),
              ElementsAre("expr0=5 n=4 expr1=35.6 mean=8.9 expr2=2025-12-31 expr3=20.2 expr4=3"));
  EXPECT_THAT(rows("SELECT SUM(NumberOfEmployees), AVG(NumberOfEmployees), MAX(Name) FROM Account"),
              ElementsAre("expr0=15 expr1=7.5 expr2=Blue"));
  EXPECT_THAT(rows("SELECT COUNT(Id), SUM(Amount), MAX(Name) FROM Opportunity WHERE Name = 'none'"),
              ElementsAre("expr0=0 expr1=null expr2=null"));
  EXPECT_THAT(rows("SELECT MIN(StageName), MAX(StageName) FROM Opportunity"),
              ElementsAre("expr0=Prospecting expr1=Closed Lost"))
      << "as the picklist has them";
  EXPECT_THAT(rows("SELECT FORMAT(MAX(Amount)) most, FORMAT(MIN(CloseDate)) FROM Opportunity"),
              ElementsAre("most=$20.20 expr0=12/31/2025"));
  const auto answer = ask("SELECT COUNT(Id) FROM Opportunity");
  EXPECT_THAT(texts(answer, "attributes.type"), ElementsAre("AggregateResult"));
  EXPECT_THAT(texts(answer, "attributes.url"), ElementsAre("missing"));
}

TEST_F(AggregationTest, Groups) {
  EXPECT_THAT(
      rows("SELECT StageName, COUNT(Id) FROM Opportunity GROUP BY StageName ORDER BY StageName"),
      ElementsAre("StageName=Prospecting expr0=2", "StageName=Closed Won expr0=2", "StageName=Closed Lost expr0=1"));
  EXPECT_THAT(rows("SELECT StageName s, SUM(Amount) FROM Opportunity GROUP BY StageName HAVING SUM(Amount) < 10 OR "
                   "StageName = 'x'"),
              UnorderedElementsAre("s=Closed Won expr0=0.3", "s=Closed Lost expr0=5.0"));
  EXPECT_THAT(rows("SELECT Account.Name, COUNT(Id) n FROM Opportunity GROUP BY Account.Name ORDER BY COUNT(Id) DESC"),
              ElementsAre("Name=Acme n=3", "Name=Blue n=2"));
  EXPECT_THAT(rows("SELECT StageName FROM Opportunity GROUP BY StageName ORDER BY MAX(CloseDate) DESC LIMIT 2"),
              ElementsAre("StageName=Closed Lost", "StageName=Closed Won"));
  EXPECT_THAT(rows("SELECT CALENDAR_YEAR(CloseDate) y, CALENDAR_QUARTER(CloseDate), COUNT(Id) FROM Opportunity "
                   "GROUP BY CALENDAR_YEAR(CloseDate), CALENDAR_QUARTER(CloseDate) ORDER BY CALENDAR_YEAR(CloseDate), "
                   "CALENDAR_QUARTER(CloseDate)"),
              ElementsAre("y=2025 expr0=4 expr1=1", "y=2026 expr0=1 expr1=3", "y=2026 expr0=3 expr1=1"));
  EXPECT_THAT(rows("SELECT DAY_ONLY(CreatedDate) d, COUNT(Id) FROM Opportunity GROUP BY DAY_ONLY(CreatedDate)"),
              ElementsAre("d=2026-03-01 expr0=5"));
  EXPECT_EQ(ask("SELECT StageName FROM Opportunity GROUP BY StageName").at("totalSize"), 3);
}

TEST_F(AggregationTest, GroupsNullsAndLettersOfBothCases) {
  for (const char* name : {"null", "\"aa\"", "\"AA\""})
    create("Contact", R"({"LastName":"x","FirstName":)" + std::string{name} + "}");
  EXPECT_THAT(rows("SELECT FirstName, COUNT(Id) n FROM Contact GROUP BY FirstName ORDER BY FirstName"),
              ElementsAre("FirstName=null n=1", "FirstName=aa n=2"));
}

TEST_F(AggregationTest, RollsUp) {
  EXPECT_THAT(rows("SELECT Account.Name, StageName, GROUPING(StageName) g, COUNT(Id) n FROM Opportunity GROUP BY "
                   "ROLLUP(Account.Name, StageName) ORDER BY GROUPING(Account.Name), Account.Name, "
                   "GROUPING(StageName), StageName"),
              ElementsAre("Name=Acme StageName=Prospecting g=0 n=2", "Name=Acme StageName=Closed Won g=0 n=1",
                          "Name=Acme StageName=null g=1 n=3", "Name=Blue StageName=Closed Won g=0 n=1",
                          "Name=Blue StageName=Closed Lost g=0 n=1", "Name=Blue StageName=null g=1 n=2",
                          "Name=null StageName=null g=1 n=5"));
  EXPECT_EQ(
      rows("SELECT Account.Name, StageName, COUNT(Id) FROM Opportunity GROUP BY CUBE(Account.Name, StageName)").size(),
      4u + 2u + 3u + 1u);
}

TEST_F(AggregationTest, RefusesWhatCannotBeGrouped) {
  const auto malformed = [](const std::string& text) { return "MALFORMED_QUERY: " + text; };
  EXPECT_EQ(refused("SELECT Name, COUNT(Id) FROM Opportunity"), malformed("Field must be grouped or aggregated: Name"));
  EXPECT_EQ(refused("SELECT FIELDS(ALL), MIN(Amount) FROM Opportunity GROUP BY Id LIMIT 200"),
            malformed("Field must be grouped or aggregated: IsDeleted"));
  EXPECT_EQ(refused("SELECT COUNT(Id) FROM Opportunity GROUP BY Amount"),
            malformed("field 'Amount' can not be grouped in a query call"));
  EXPECT_EQ(refused("SELECT COUNT(Id) FROM Opportunity GROUP BY CreatedDate"),
            malformed("field 'CreatedDate' can not be grouped in a query call"));
  EXPECT_EQ(refused("SELECT COUNT(IsWon) FROM Opportunity"),
            malformed("field IsWon does not support aggregate operator COUNT"));
  EXPECT_EQ(refused("SELECT SUM(Name) FROM Opportunity"),
            malformed("field Name does not support aggregate operator SUM"));
  EXPECT_EQ(refused("SELECT COUNT(Id) FROM Opportunity LIMIT 1"),
            malformed("Non-grouped query that uses overall aggregate functions cannot also use LIMIT"));
  EXPECT_EQ(refused("SELECT StageName, COUNT(Id) FROM Opportunity GROUP BY StageName ORDER BY Name"),
            malformed("Ordered field must be grouped or aggregated: Name"));
  EXPECT_EQ(refused("SELECT COUNT(Id) n, SUM(Amount) n FROM Opportunity"), malformed("duplicate alias: n"));
  EXPECT_EQ(refused("SELECT StageName, MAX(StageName) FROM Opportunity GROUP BY StageName"),
            malformed("Grouped field should not be aggregated: StageName"));
  EXPECT_EQ(refused("SELECT Id, (SELECT COUNT(Id) FROM Opportunities) FROM Account"),
            malformed("only root queries support aggregate expressions"));
  EXPECT_THAT(refused("SELECT Id FROM Opportunity WHERE COUNT(Id) > 1"), HasSubstr("MALFORMED_QUERY"));
  EXPECT_THAT(refused("SELECT Id FROM Opportunity HAVING COUNT(Id) > 1"), HasSubstr("HAVING"));
  EXPECT_THAT(refused("SELECT StageName FROM Opportunity GROUP BY StageName HAVING Name = 'x'"),
              HasSubstr("Field must be grouped or aggregated: Name"));
  EXPECT_THAT(refused("SELECT StageName FROM Opportunity GROUP BY ROLLUP(StageName, Type, LeadSource, Id)"),
              HasSubstr("three"));
  EXPECT_THAT(refused("SELECT CALENDAR_YEAR(CreatedDate), Amount FROM Opportunity"), HasSubstr("MALFORMED_QUERY"));
}

class ManyGroupsTest : public QueryTest {
 protected:
  ManyGroupsTest() : QueryTest({.sample = {.contacts = 3'000}, .schema = {}}) {}
};

TEST_F(ManyGroupsTest, AreNotPaged) {
  EXPECT_EQ(refused("SELECT Id, COUNT(LastName) FROM Contact GROUP BY Id"),
            "EXCEEDED_ID_LIMIT: Aggregate query does not support queryMore(), use LIMIT to restrict the results to a "
            "single batch");
  EXPECT_EQ(ask("SELECT Id, COUNT(LastName) FROM Contact GROUP BY Id LIMIT 2000").at("records").as_array().size(),
            2000u);
  EXPECT_EQ(ask("SELECT LastName, COUNT(Id) FROM Contact GROUP BY LastName").at("totalSize"), 32);
}

}  // namespace
}  // namespace simulator
