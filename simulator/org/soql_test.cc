#include "simulator/org/soql.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "simulator/org/text.h"

namespace simulator::soql {
namespace {

/// The statement as it is understood, or the code and the last line of the refusal.
std::string understood(std::string_view text) {
  const auto statement = parse(text);
  if (statement) return to_text(*statement);
  const std::string& message = statement.error().message;
  return statement.error().code + ": " + message.substr(message.rfind('\n') + 1);
}

TEST(Soql, ReadsEveryClause) {
  for (const std::string_view text :
       {"SELECT Id, Account.Owner.Name FROM Contact", "SELECT COUNT() FROM Contact c, c.Account a, a.Owner WHERE a.Name = 'x'",
        "SELECT Id FROM Contact USING SCOPE mine WHERE (NOT LastName LIKE 'a\\_%') AND Email IN ('a', null)",
        "SELECT Id, (SELECT Id FROM Contacts WHERE Email != null ORDER BY Name DESC NULLS LAST LIMIT 5) FROM Account",
        "SELECT FIELDS(ALL), toLabel(LeadSource) l FROM Contact LIMIT 200",
        "SELECT TYPEOF What WHEN Account THEN Phone, Name WHEN Opportunity THEN Amount ELSE Name END FROM Task",
        "SELECT CALENDAR_YEAR(convertTimezone(CreatedDate)), FORMAT(MIN(Amount)) m FROM Opportunity GROUP BY ROLLUP("
        "CALENDAR_YEAR(convertTimezone(CreatedDate))) HAVING COUNT(Id) > 1 AND (SUM(Amount) >= -2.5 OR MAX(Name) != "
        "'x') "
        "ORDER BY COUNT(Id) DESC, GROUPING(CloseDate) NULLS FIRST LIMIT 3 OFFSET 4",
        "SELECT Id FROM Account WHERE Id NOT IN (SELECT AccountId FROM Contact WHERE Birthdate < LAST_N_DAYS:30)",
        "SELECT Id FROM X__c WHERE M__c INCLUDES ('a;b', 'c') AND D__c >= 2026-01-31T10:11:12+02:00 AND B__c = TRUE",
        "SELECT Order.Status FROM OrderItem WHERE Order.Status = 'x' ORDER BY Order.Status",
        "SELECT Id FROM Group FOR VIEW", "SELECT Id FROM Order LIMIT 1 FOR REFERENCE",
        "SELECT Id FROM Contact WHERE A__c = 1 OR (B__c = 2 AND (C__c = 3 OR D__c = USD5))"})
    EXPECT_EQ(understood(text), text);
}

TEST(Soql, TakesWordsInAnyCaseAndAnyBlanks) {
  EXPECT_EQ(understood("select\tid\nFROM contact wHeRe not(a__c<>1)order by a__c asc nulls last"),
            "SELECT id FROM contact WHERE NOT a__c != 1 ORDER BY a__c NULLS LAST");
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE a__c=true AND b__c=Null"),
            "SELECT Id FROM Contact WHERE a__c = true AND b__c = Null");
}

TEST(Soql, ReadsEscapesOfTexts) {
  const auto literal = [](const std::string& written, const char* op = " = ") -> std::string {
    const auto statement = parse("SELECT Id FROM X WHERE a__c" + std::string{op} + "'" + written + "'");
    return statement ? statement->where->values.front().text : statement.error().message;
  };
  EXPECT_EQ(literal(R"(O\'Br\"ien\\ \n\R\t\B\f \u00e4\u20AC)"), "O'Br\"ien\\ \n\r\t\b\f ä€");
  EXPECT_EQ(literal("50%_"), "50%_");
  EXPECT_EQ(literal("50\\%_%", " LIKE "), std::string{"50%"} + any_character + any_text);
  EXPECT_EQ(literal("a\\%"), "Invalid string literal 'a\\%'. Illegal character sequence '\\%' in string literal.");
  EXPECT_EQ(literal("a\\ud800"),
            "Invalid string literal 'a\\ud800'. Illegal character sequence '\\u' in string literal.");
  EXPECT_EQ(literal(std::string(4000, 'x')).size(), 4000u);
  EXPECT_NE(literal(std::string(4001, 'x')).find("4000"), std::string::npos);
}

TEST(Soql, RefusesWhatIsNotWellFormed) {
  const auto unexpected = [](const std::string& token) { return "MALFORMED_QUERY: unexpected token: '" + token + "'"; };
  EXPECT_EQ(understood("SELECT Id"), unexpected("<EOF>"));
  EXPECT_EQ(understood("SELECT Id, FROM Contact"), unexpected("FROM"));
  EXPECT_EQ(understood("SELECT Id FORM Contact"), unexpected("Contact"));
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE a = 1 AND b = 2 OR c = 3"), unexpected("OR"));
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE NOT a = 1 AND b = 2"), unexpected("AND"));
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE a = 1 AND NOT b = 2"), unexpected("NOT"));
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE a == 1"), unexpected("="));
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE a IS NULL"), unexpected("IS"));
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE a = foo"), unexpected("foo"));
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE a = 1e3"), unexpected("1e3"));
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE a IN ()"), unexpected(")"));
  EXPECT_EQ(understood("SELECT Id FROM Contact LIMIT x"), unexpected("x"));
  EXPECT_EQ(understood("SELECT Id FROM Contact WITH SECURITY_ENFORCED"), unexpected("WITH"));
  EXPECT_EQ(understood("SELECT Id FROM Contact LIMIT 1 LIMIT 2"), unexpected("LIMIT"));
  EXPECT_EQ(understood("SELECT LOWER(Name) FROM Contact"), unexpected("("));
  EXPECT_EQ(understood("DELETE FROM Contact"), unexpected("DELETE"));
  EXPECT_EQ(understood("SELECT Id FROM Contact LIMIT 2147483648"),
            "MALFORMED_QUERY: numeric value out of range: 2147483648");
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE (a = 1"),
            "MALFORMED_QUERY: expecting a right parentheses, found '<EOF>'");
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE a = :b"),
            "MALFORMED_QUERY: Bind variables only allowed in Apex code");
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE a IN :b"),
            "MALFORMED_QUERY: Bind variables only allowed in Apex code");
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE a = \"b\""),
            "MALFORMED_QUERY: line 1:33 no viable alternative at character '\"'");
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE a = 'b"),
            "MALFORMED_QUERY: line 1:35 mismatched character '<EOF>' expecting '''");
  EXPECT_EQ(understood("SELECT Id FROM Contact ALL ROWS"), "MALFORMED_QUERY: ALL ROWS not allowed in this context");
  EXPECT_EQ(understood("SELECT Id FROM Contact FOR UPDATE"), "MALFORMED_QUERY: FOR UPDATE not allowed in this context");
  EXPECT_EQ(understood("SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact LIMIT 1)"),
            "MALFORMED_QUERY: missing value at 'LIMIT'");
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE a = 2026-02-30"), "MALFORMED_QUERY: Invalid date: 2026-02-30");
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE a = 2026-02-03T10:00:00"),
            "MALFORMED_QUERY: Invalid datetime: 2026-02-03T10:00:00")
      << "without a zone";
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE a > 1699-12-31"), "MALFORMED_QUERY: Invalid date: 1699-12-31");
  EXPECT_EQ(understood(" "), "MALFORMED_QUERY: A query string has to be specified");
  EXPECT_EQ(understood("SELECT Id FROM Contact WHERE a = '\xC3'"), "MALFORMED_QUERY: The query is not valid UTF-8");
}

TEST(Soql, BoundsTheSizeOfAStatement) {
  const auto padded = [](std::size_t size) {
    std::string text = "SELECT Id FROM Contact";
    return text.append(size - text.size(), ' ');
  };
  EXPECT_EQ(understood(padded(100'000)), "SELECT Id FROM Contact");
  EXPECT_EQ(understood(padded(100'001)), "MALFORMED_QUERY: SOQL statements cannot be longer than 100000 characters.");
  const std::string deep =
      "SELECT Id FROM Contact WHERE " + std::string(20'000, '(') + "a = 1" + std::string(20'000, ')');
  EXPECT_EQ(understood(deep).substr(0, 21), "QUERY_TOO_COMPLICATED");
  std::string nested = "SELECT Id FROM Contact";
  for (int i = 0; i < 3'000; ++i) nested = "SELECT (" + nested + ") FROM Contact";
  EXPECT_EQ(understood(nested).substr(0, 21), "QUERY_TOO_COMPLICATED");
}

TEST(Soql, PointsAtThePlace) {
  const std::string statement = "SELECT Id, Foo FROM Contact";
  EXPECT_EQ(with_caret(statement, 11, "why"),
            "\nSELECT Id, Foo FROM Contact\n           ^\nERROR at Row:1:Column:12\nwhy");
  // As recorded: thirty characters, then to the end of the word.
  EXPECT_EQ(
      with_caret("SELECT CreatedById,OCE__ActualCap__c,TPI_Product__c,Name,OCE__JobId__c,More__c FROM X", 37, "why"),
      "\nCreatedById,OCE__ActualCap__c,TPI_Product__c,Name,OCE__JobId__c\n                              ^\n"
      "ERROR at Row:1:Column:38\nwhy");
  EXPECT_EQ(with_caret("SELECT Id\nFROM Foo\nLIMIT 1", 15, "why"), "\nFROM Foo\n     ^\nERROR at Row:2:Column:6\nwhy");
  EXPECT_EQ(with_caret("SELECT 'ä', x", 12, "why"), "\nSELECT 'ä', x\n           ^\nERROR at Row:1:Column:12\nwhy");
}

/// Any statement of the grammar, its names and values from short lists.
class AnyStatement {
 public:
  explicit AnyStatement(std::uint64_t seed) : random_(seed) {}

  std::string select(int depth) {
    std::string out = "SELECT ";
    const bool groups = depth == 0 && random_.chance(0.3);
    for (std::uint64_t i = 0, count = 1 + random_.below(3); i < count; ++i) {
      if (i > 0) out += ", ";
      if (depth < 2 && random_.chance(0.15)) {
        out += "(" + select(depth + 1) + ")";
      } else {
        out += expression() + (random_.chance(0.2) ? " alias" + std::to_string(i) : "");
      }
    }
    out += " FROM " + any({"Contact", "Account", "Group", "Things__c"}) + (random_.chance(0.2) ? " a" : "");
    if (random_.chance(0.1)) out += " USING SCOPE mine";
    if (random_.chance(0.7)) out += " WHERE " + condition(0, depth);
    if (groups) out += " GROUP BY " + any({"Name", "ROLLUP(Name, Id)", "CUBE(Name)"});
    if (groups && random_.chance(0.5)) out += " HAVING " + condition(1, 9);
    if (random_.chance(0.4))
      out += " ORDER BY " + expression() + any({"", " DESC", " NULLS LAST", " DESC NULLS FIRST"});
    if (random_.chance(0.3)) out += " LIMIT " + std::to_string(random_.below(3000));
    if (random_.chance(0.2)) out += " OFFSET 7";
    if (random_.chance(0.1)) out += any({" FOR VIEW", " FOR REFERENCE"});
    return out;
  }

 private:
  std::string any(std::initializer_list<const char*> list) { return *(list.begin() + random_.below(list.size())); }
  std::string expression() {
    return any({"Id", "Name", "Account.Owner.Name", "COUNT(Id)", "FORMAT(MIN(Amount))", "toLabel(Name)",
                "CALENDAR_YEAR(convertTimezone(CreatedDate))", "X__r.Y__c"});
  }
  std::string value(bool is_pattern) {
    if (is_pattern) return any({"'a%'", R"('\%\_%_\\')", R"('\'')"});
    return any({"'x'", R"('it\'s \\ \n \u00e4')", "null", "TRUE", "12", "-0.5", "2026-01-31", "2026-01-31T10:11:12Z",
                "2026-01-31T10:11:12.500+01:00", "TODAY", "LAST_N_DAYS:30", "''", "EUR5"});
  }
  std::string condition(int depth, int select_depth) {
    const auto kind = depth > 3 ? 0 : random_.below(5);
    if (kind == 1) return "NOT (" + condition(depth + 1, select_depth) + ")";
    if (kind > 2) {
      std::string out, joint = any({" AND ", " OR "});
      for (std::uint64_t i = 0, count = 2 + random_.below(2); i < count; ++i)
        out += (i > 0 ? joint : "") + "(" + condition(depth + 1, select_depth) + ")";
      return out;
    }
    const std::string left = expression();
    if (select_depth < 2 && random_.chance(0.1)) return left + any({" IN (", " NOT IN ("}) + "SELECT Id FROM Account)";
    if (random_.chance(0.2)) return left + " LIKE " + value(true);
    if (random_.chance(0.3))
      return left + any({" IN (", " NOT IN (", " INCLUDES (", " EXCLUDES ("}) + value(false) + "," + value(false) + ")";
    return left + any({" = ", "!=", " <> ", "<", "<=", " > ", " >="}) + value(false);
  }

  base::Random random_;
};

TEST(SoqlProperty, UnderstandsWhatItWrites) {
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    const std::string text = AnyStatement{seed}.select(0);
    const auto first = parse(text);
    ASSERT_TRUE(first.has_value()) << "seed " << seed << ": " << text << "\n" << first.error().message;
    const std::string written = to_text(*first);
    const auto second = parse(written);
    ASSERT_TRUE(second.has_value()) << "seed " << seed << ": " << text << "\nwritten as " << written;
    EXPECT_EQ(to_text(*second), written) << "seed " << seed << ": " << text;
  }
}

}  // namespace
}  // namespace simulator::soql
