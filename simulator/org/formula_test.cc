#include "simulator/org/formula.h"

#include "simulator/org/org_test_support.h"

namespace simulator {
namespace {

class FormulaTest : public OrgTest {
 protected:
  FormulaTest() {
    const auto parent = create("Account", R"({"Name":"Engines","Industry":"Energy","AnnualRevenue":250})");
    number = create("Contact", R"({"FirstName":"Ada","LastName":"Lovelace","Email":"ada@example.com","Birthdate":"1990-12-10",
                                   "AccountId":")" + id("Account", parent) + "\"}");
  }
  /// The value as text; "?" and the message if it cannot be parsed.
  std::string evaluate(std::string_view text, const Row* before = nullptr) {
    const auto formula = Formula::parse(org.schema(), object("Contact"), text);
    if (!formula) return "? " + formula.error().message;
    base::Arena arena;
    const Cell cell = formula->evaluate({org.world(), {contact, number}, before, clock.now()}, arena);
    std::string out;
    append_cell(org.world(), cell, object("Contact").fields[object("Contact").at("LastName")], out);
    return out;
  }
  std::uint64_t number;
};

TEST_F(FormulaTest, CalculatesByTheUsualPrecedence) {
  EXPECT_EQ(evaluate("1 + 2 * 3 - 4 / 2"), "5.0");
  EXPECT_EQ(evaluate("(1 + 2) * -3"), "-9.0");
  EXPECT_EQ(evaluate("2 ^ 3 ^ 1 = 8 && 1 < 2 || FALSE"), "true");
  EXPECT_EQ(evaluate("1 / 0"), "null");
  EXPECT_EQ(evaluate("!(1 >= 2) /* a remark */ && 3 <> 4"), "true");
  EXPECT_EQ(evaluate("ROUND(2.345, 2) + MOD(7, 4) + MAX(1, 5, 3) + ABS(-1)"), "11.35");
}

TEST_F(FormulaTest, ReadsTheRecordAndItsParents) {
  EXPECT_EQ(evaluate("FirstName & \" \" & LastName = Name"), "true");
  EXPECT_EQ(evaluate("Account.Industry"), "\"Energy\"");
  EXPECT_EQ(evaluate("account.annualrevenue / 100"), "2.5");
  EXPECT_EQ(evaluate("ReportsTo.LastName"), "null");
  EXPECT_EQ(evaluate("ISBLANK(Title) && Title = \"\""), "true");
  EXPECT_EQ(evaluate("IF(ISPICKVAL(Account.Industry, 'Energy'), 'e', 'other')"), "\"e\"");
  EXPECT_EQ(evaluate("CASE(FirstName, 'Bob', 1, 'Ada', 2, 3)"), "2.0");
  EXPECT_EQ(evaluate("CASE(FirstName, 'Bob', 1, 'Eve', 2, 3)"), "3.0");
}

TEST_F(FormulaTest, WorksOnTextAndDays) {
  EXPECT_EQ(evaluate("UPPER(LEFT(FirstName, 2)) & RIGHT(LastName, 3) & MID(LastName, 2, 2)"), "\"ADaceov\"");
  EXPECT_EQ(evaluate("CONTAINS(Email, '@example') && BEGINS(Email, 'ada') && LEN(FirstName) = 3"), "true");
  EXPECT_EQ(evaluate("SUBSTITUTE(FirstName, 'a', 'oo') & TEXT(FIND('l', LastName))"), "\"Adoo5\"");
  EXPECT_EQ(evaluate("REGEX(Email, '[a-z]+@[a-z.]+')"), "true");
  EXPECT_EQ(evaluate("VALUE('12.5') * 2"), "25.0");
  EXPECT_EQ(evaluate("YEAR(Birthdate) + MONTH(Birthdate) * DAY(Birthdate)"), "2110.0");
  EXPECT_EQ(evaluate("TODAY() - DATE(2026, 2, 27)"), "2.0");
  EXPECT_EQ(evaluate("Birthdate + 1 = DATE(1990, 12, 11)"), "true");
  EXPECT_EQ(evaluate("NOW() > CreatedDate - 1"), "true");
  EXPECT_EQ(evaluate("DATE(2026, 2, 30)"), "null");
}

TEST_F(FormulaTest, KnowsWhatTheRecordWas) {
  const Row before = table("Contact").copy(number);
  EXPECT_EQ(evaluate("ISNEW() && NOT(ISCHANGED(LastName))"), "true");
  update("Contact", number, R"({"LastName":"King"})");
  EXPECT_EQ(evaluate("ISCHANGED(LastName) && PRIORVALUE(LastName) = 'Lovelace' && !ISCHANGED(FirstName)", &before), "true");
}

TEST_F(FormulaTest, SaysWhereItIsWrong) {
  for (const std::string_view text :
       {"", "1 +", "(1", "'open", "Nope", "Account.Nope", "Nope.Name", "FOO(1)", "LEN()", "LEN(1, 2)", "1 2", "ISCHANGED(1)",
        "ISCHANGED(Account.Name)", "NEGATIVE", "@", "Owner..Name"})
    EXPECT_TRUE(evaluate(text).starts_with("? Formula, character ")) << text << " → " << evaluate(text);
  EXPECT_EQ(evaluate("1 + Nope").substr(0, 22), "? Formula, character 9");
  EXPECT_TRUE(evaluate(std::string(5000, '(')).starts_with("? ")) << "no endless nesting";
}

}  // namespace
}  // namespace simulator
