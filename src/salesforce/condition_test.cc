#include "salesforce/condition.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/utf8.h"
#include "salesforce/filter_check.h"
#include "salesforce/soql.h"

namespace salesforce::soql {
namespace {

std::string printed(std::string_view text) {
  const auto condition = parse_condition(text);
  return condition ? print(*condition) : "! " + condition.error().message;
}

std::string refusal(std::string_view text) {
  const auto condition = parse_condition(text);
  if (condition) {
    ADD_FAILURE() << text << " was taken as " << print(*condition);
    return {};
  }
  EXPECT_EQ(condition.error().kind, base::ErrorKind::settings);
  return condition.error().message;
}

TEST(Condition, IsPrintedAsItWasMeant) {
  for (const auto& [text, expected] : std::initializer_list<std::pair<const char*, const char*>>{
           {"Industry='Tech'", "Industry = 'Tech'"},
           {" status__c  <>  'Closed'\n", "status__c != 'Closed'"},
           {"A = 1 and B = true AND C__c = NULL", "(A = 1 AND B = true AND C__c = null)"},
           {"A = 1 AND (B = 2 OR C = 3)", "(A = 1 AND (B = 2 OR C = 3))"},
           {"((A = 1))", "A = 1"},
           {"NOT (A = 1 OR B = 2)", "(NOT (A = 1 OR B = 2))"},
           {"not A in ('x','y')", "(NOT A IN ('x', 'y'))"},
           {"A NOT IN (1, -2.50, +35)", "A NOT IN (1, -2.50, 35)"},
           {"Account.Owner.Name LIKE 'O\\'N%\\_\\\\'", "Account.Owner.Name LIKE 'O\\'N%\\_\\\\'"},
           {"Topics__c INCLUDES ('a;b','c')", "Topics__c INCLUDES ('a;b', 'c')"},
           {"CloseDate >= 2026-01-31", "CloseDate >= 2026-01-31"},
           {"CreatedDate > 2026-01-31T10:11:12+02:00", "CreatedDate > 2026-01-31T08:11:12Z"},
           {"CreatedDate = last_n_days:30", "CreatedDate = LAST_N_DAYS:30"},
           {"CreatedDate = TODAY", "CreatedDate = TODAY"},
           {"Name = 'line\\nbreak \\u0041\\u00e4'", "Name = 'line\\nbreak A\xC3\xA4'"},
           {"A > 1700-01-01 AND A <= 4000-12-31", "(A > 1700-01-01 AND A <= 4000-12-31)"},
           {"A < 4000-12-31T23:59:59Z", "A < 4000-12-31T23:59:59Z"},
           {"Order.Status = 'x' OR group.Name = 'y'", "(Order.Status = 'x' OR group.Name = 'y')"},
           {"Notes = 1 AND Order__c = 2 AND Null__r.In__c = 3", "(Notes = 1 AND Order__c = 2 AND Null__r.In__c = 3)"},
           {"Name = 'say \"hi\"'", "Name = 'say \"hi\"'"},
       }) {
    EXPECT_EQ(printed(text), expected);
    EXPECT_EQ(printed(expected), expected) << "printing is not stable";
  }
}

TEST(Condition, SaysWhereItStopsMakingSense) {
  for (const auto& [text, where, what] : std::initializer_list<std::tuple<const char*, const char*, const char*>>{
           {"", "character 1:", "field name"},
           {"Status", "character 7:", "operator"},
           {"Status = ", "character 10:", "value"},
           {"Status = Active", "character 10:", "'Active'"},
           {"Status = \"Active\"", "character 10:", "single quotes"},
           {"Status = 'Active", "character 10:", "does not close"},
           {"(A = 1", "character 7:", "closed"},
           {"A = 1) OR (B = 2", "character 6:", "ends"},
           {"A = 1 OR B = 2 AND C = 3", "character 16:", "parentheses"},
           {"A = 'it\\'", "character 5:", "does not close"},
           {"A = 'a\\q'", "character 7:", "backslash"},
           {"A = 1; DELETE", "character 6:", "\";\""},
           {"A = 1 -- comment", "character 7:", "\"-\""},
           {"A = 1 /* x */", "character 7:", "\"/\""},
           {"A = 1 LIMIT 1", "character 7:", "LIMIT"},
           {"A = 1 ORDER BY B", "character 7:", "ORDER"},
           {"A IN (SELECT Id FROM Account)", "character 7:", "subqueries"},
           {"SELECT Id FROM Account", "character 1:", "subqueries"},
           {"A = :name", "character 5:", "Apex"},
           {"CALENDAR_YEAR(CreatedDate) = 2026", "character 1:", "functions"},
           {"A IN 'x'", "character 6:", "list"},
           {"A IN ('x' 'y')", "character 11:", "comma"},
           {"A IN ()", "character 7:", "value"},
           {"A = 2026-02-30", "character 5:", "date"},
           {"A = 12abc", "character 5:", "number"},
           {"A = LAST_N_DAYS:", "character 17:", "number"},
           {"A.B.C.D.E.F.G = 1", "character 1:", "five"},
           {"1A = 1", "character 1:", "API name"},
           {"A..B = 1", "character 1:", "field"},
           {"Ä = 1", "character 1:", "field name"},
           {"A = 'ä' x", "character 9:", "\"x\""},
           {"A = 'a\nb'", "character 7:", "line"},
           {"A = 1699-12-31", "character 5:", "1700"},
           {"A = 4001-01-01", "character 5:", "4000"},
           {"A = 0001-01-01T00:00:00Z", "character 5:", "1700"},
           {"A = 1700-01-01T00:30:00+01:00", "character 5:", "1700"},
           {"A = 3e5", "character 5:", "in full"},
           {"IN = 1", "character 1:", "\"IN\" is a word of SOQL"},
           {"A = 1 AND null = 1", "character 11:", "\"null\" is a word of SOQL"},
           {"A = 1 AND OR = 1", "character 11:", "\"OR\" is a word of SOQL"},
           {"Like LIKE 'x'", "character 1:", "word of SOQL"},
           {"includes INCLUDES ('x')", "character 1:", "word of SOQL"},
           {"Account.Excludes = 'x'", "character 9:", "\"Excludes\" is a word of SOQL"},
           {"NOT A.Not = 1", "character 7:", "word of SOQL"},
           {"Order = 1", "character 1:", "word of SOQL"},
           {"A = 'ä\xff'", "character 7:", "UTF-8"},
           {"A = '\xc3'", "character 6:", "UTF-8"},
           {"\xed\xa0\x80 = 1", "character 1:", "UTF-8"},
       }) {
    const std::string message = refusal(text);
    EXPECT_TRUE(message.starts_with(where)) << text << ": " << message;
    EXPECT_TRUE(message.contains(what)) << text << ": " << message;
  }
}

TEST(Condition, IsBounded) {
  EXPECT_TRUE(refusal(std::string(200, '(') + "A = 1" + std::string(200, ')')).contains("deep"));
  std::string many;
  for (int i = 0; i < 200; ++i) many += "NOT ";
  EXPECT_TRUE(refusal(many + "A = 1").contains("deep"));
  EXPECT_TRUE(refusal("A = '" + std::string(5'000, 'x') + "'").contains("4000"));
  EXPECT_TRUE(refusal("A = '" + std::string(20'000, 'x') + "'").contains("10000"));
}

/// Any tree that the parser could have made.
Condition any_condition(int depth) {
  using Kind = Literal::Kind;
  const int roll = *rc::gen::inRange(0, depth > 0 ? 10 : 6);
  Condition out;
  if (roll >= 6) {
    out.form = roll == 6 ? Condition::Form::negation : roll == 7 ? Condition::Form::any : Condition::Form::all;
    const int parts = out.form == Condition::Form::negation ? 1 : *rc::gen::inRange(2, 4);
    for (int i = 0; i < parts; ++i) out.parts.push_back(any_condition(depth - 1));
    return out;
  }
  out.field = *rc::gen::element<std::string>("Name", "Account.Type", "A__c", "Parent__r.Owner.Email");
  out.op = static_cast<Operator>(*rc::gen::inRange(0, 11));
  const bool list = out.op >= Operator::in;
  const int values = list ? *rc::gen::inRange(1, 4) : 1;
  for (int i = 0; i < values; ++i) {
    Literal value;
    value.kind = static_cast<Kind>(*rc::gen::inRange(0, 7));
    switch (value.kind) {
      case Kind::null:
        break;
      case Kind::boolean:
        value.text = *rc::gen::element<std::string>("true", "false");
        break;
      case Kind::number:
        value.text = *rc::gen::element<std::string>("0", "-12.50", "35");
        break;
      case Kind::date:
        value.text = "2024-02-29";
        break;
      case Kind::datetime:
        value.text = "2026-01-31T10:11:12Z";
        break;
      case Kind::relative:
        value.text = *rc::gen::element<std::string>("TODAY", "LAST_N_DAYS:30");
        break;
      case Kind::text:
        value.text = *rc::gen::oneOf(
            rc::gen::map(rc::gen::arbitrary<std::string>(), [](const auto& any) { return base::as_utf8(any); }),
            rc::gen::container<std::string>(
                rc::gen::element('\'', '\\', 'n', 'u', '\n', '\x01', '"', ')', ' ', '%', '_')));
        if (out.op == Operator::like) {
          // A pattern: a backslash stands before '_', '%' or another one.
          std::string pattern;
          for (const char c : value.text) pattern += c == '\\' ? std::string{"\\\\"} : std::string{c};
          value.text = pattern;
        }
        break;
    }
    out.values.push_back(std::move(value));
  }
  return out;
}

RC_GTEST_PROP(ConditionProperty, WhatIsPrintedReadsBackAsTheSameTree, ()) {
  const Condition condition = any_condition(4);
  const std::string text = print(condition);
  const auto back = parse_condition(text);
  if (!back) RC_FAIL(text + ": " + back.error().message);
  // (a AND (b AND c)) stays nested, so trees are equal to the letter.
  RC_ASSERT(same(*back, condition));
}

RC_GTEST_PROP(ConditionProperty, AnyTextIsReadOrRefused, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::element('A', '=', '\'', '(', ')', ' ', '1', '\\', 'N', 'O', 'T', 'I', ',', '-', ':', '\n', '\xC3'));
  if (const auto condition = parse_condition(text)) {
    const auto again = parse_condition(print(*condition));
    RC_ASSERT(again.has_value());
    RC_ASSERT(same(*again, *condition));
  }
}

DescribedField field(std::string name, std::string type, std::string relation = {}, std::vector<std::string> to = {}) {
  DescribedField out;
  out.name = std::move(name);
  out.type = std::move(type);
  out.relationship_name = std::move(relation);
  out.reference_to = std::move(to);
  return out;
}

struct FilterCheck : testing::Test {
  FilterCheck() {
    contact.name = "Contact";
    contact.fields = {field("Id", "id"),
                      field("LastName", "string"),
                      field("Title", "string"),
                      field("Score__c", "double"),
                      field("Active__c", "boolean"),
                      field("Birthdate", "date"),
                      field("CreatedDate", "datetime"),
                      field("Topics__c", "multipicklist"),
                      field("Description", "textarea"),
                      field("AccountId", "reference", "Account", {"Account"}),
                      field("Who__c", "reference", "Who", {"Contact", "Lead"})};
    contact.fields[8].filterable = false;
    account.name = "Account";
    account.fields = {field("Name", "string"), field("Type", "picklist"),
                      field("OwnerId", "reference", "Owner", {"User"})};
  }
  base::Result<std::vector<std::string>> check(std::string_view filter) {
    return check_filter(filter, "Contact", [&](std::string_view object) -> base::Result<const DescribedObject*> {
      if (object == "Contact") return &contact;
      if (object == "Account") return &account;
      return base::failure(base::ErrorKind::settings, "no object " + std::string{object});
    });
  }
  DescribedObject contact, account;
};

TEST_F(FilterCheck, TakesWhatTheFieldsTake) {
  for (const char* good : {"LastName = 'x' AND title LIKE 'C%O'", "Score__c >= 1.5", "Active__c = true",
                           "Birthdate = null", "Birthdate > 2000-01-01", "CreatedDate > 2026-01-31T00:00:00Z",
                           "Topics__c INCLUDES ('a;b')", "AccountId IN ('001000000000001AAA')",
                           "Account.Type != 'Partner'", "account.name = 'x'", "Who.Type = 'Lead'"}) {
    const auto checked = check(good);
    ASSERT_TRUE(checked) << good << ": " << checked.error().message;
    EXPECT_TRUE(checked->empty()) << good;
  }
}

TEST_F(FilterCheck, NamesFieldValuePlaceAndRemedy) {
  for (const auto& [filter, where, what] : std::initializer_list<std::tuple<const char*, const char*, const char*>>{
           {"LastName = 'x' AND Titel = 'y'", "character 20:", "did you mean Title?"},
           {"Company = 'x'", "character 1:", "no field Company on Contact"},
           {"Acount.Type = 'x'", "character 1:", "did you mean Account?"},
           {"Account.Typ = 'x'", "character 1:", "no field Typ on Account; did you mean Type?"},
           {"Score__c = '5'", "character 12:", "a number without quotes, not '5'"},
           {"LastName = 5", "character 12:", "text in single quotes, not 5"},
           {"Active__c = 'true'", "character 13:", "true or false without quotes"},
           {"Active__c = null", "character 13:", "not null"},
           {"Active__c > true", "character 1:", "no order"},
           {"Birthdate = '2000-01-01'", "character 13:", "a date without quotes"},
           {"CreatedDate > 2026-01-31", "character 15:", "a moment without quotes"},
           {"AccountId = '001xx'", "character 13:", "record id"},
           {"Score__c LIKE '1%'", "character 1:", "LIKE is for texts"},
           {"LastName INCLUDES ('x')", "character 1:", "multi-select"},
           {"Description LIKE '%x%'", "character 1:", "cannot be used in a filter"},
           {"Who.Website = 'x'", "character 1:", "several objects"},
       }) {
    const auto checked = check(filter);
    ASSERT_FALSE(checked) << filter;
    EXPECT_EQ(checked.error().kind, base::ErrorKind::settings);
    EXPECT_TRUE(checked.error().message.starts_with(where)) << checked.error().message;
    EXPECT_TRUE(checked.error().message.contains(what)) << checked.error().message;
  }
}

TEST_F(FilterCheck, WarnsOfFiltersThatMoveWithTheDay) {
  const auto checked = check("CreatedDate = LAST_N_DAYS:30");
  ASSERT_TRUE(checked);
  ASSERT_EQ(checked->size(), 1u);
  EXPECT_TRUE(checked->front().contains("LAST_N_DAYS:30")) << checked->front();
}

}  // namespace
}  // namespace salesforce::soql
