#include "salesforce/soql.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>

#include "salesforce/fakes_for_test.h"

namespace salesforce::soql {
namespace {

using std::chrono::seconds;

/// Reads a literal by the rules of the SOQL reference, written without a look at quote().
std::optional<std::string> unquote(std::string_view literal) {
  if (literal.size() < 2 || literal.front() != '\'' || literal.back() != '\'') return std::nullopt;
  literal = literal.substr(1, literal.size() - 2);
  std::string text;
  while (!literal.empty()) {
    if (literal[0] == '\'' || literal[0] == '\n' || literal[0] == '\r') return std::nullopt;
    if (literal[0] != '\\') {
      text += literal[0];
      literal.remove_prefix(1);
      continue;
    }
    if (literal.size() < 2) return std::nullopt;
    const std::string_view from = "'\\\"nNrRtTbBfF", to = "'\\\"\n\n\r\r\t\t\b\b\f\f";
    if (const auto at = from.find(literal[1]); at != std::string_view::npos) {
      text += to[at];
      literal.remove_prefix(2);
    } else if (literal[1] == 'u' && literal.size() >= 6) {
      text += static_cast<char>(std::stoi(std::string{literal.substr(2, 4)}, nullptr, 16));
      literal.remove_prefix(6);
    } else {
      return std::nullopt;
    }
  }
  return text;
}

RC_GTEST_PROP(SoqlProperty, AQuotedTextReadsBackAsItself, (const std::string& text)) {
  RC_ASSERT(unquote(quote(text)) == text);
}

RC_GTEST_PROP(SoqlProperty, AQuotedTextOfAwkwardCharactersReadsBackAsItself, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::element('\'', '\\', 'n', 'u', '0', '\n', '\r', '\x01', '"'));
  RC_ASSERT(unquote(quote(text)) == text);
}

TEST(Soql, QuotesAsTheReferenceSays) {
  EXPECT_EQ(quote("O'Neil"), "'O\\'Neil'");
  EXPECT_EQ(quote("a\\b\n"), "'a\\\\b\\n'");
  EXPECT_EQ(quote(std::string_view{"\x01", 1}), "'\\u0001'");
}

TEST(Soql, TakesNamesAndNothingElseAsIdentifiers) {
  for (const std::string_view good : {"Name", "Account.Name", "My_Field__c", "Parent__r.Owner.Name", "A1"})
    EXPECT_TRUE(is_identifier(good)) << good;
  for (const std::string_view bad :
       {"", ".", "Name.", ".Name", "A..B", "1A", "_A", "A B", "A,B", "A'", "Näme", "A(", "A-B"})
    EXPECT_FALSE(is_identifier(bad)) << bad;
  EXPECT_FALSE(is_identifier(std::string(61, 'a')));
}

TEST(Soql, KeepsDatetimesWithinTheYearsTheOrgTakes) {
  using namespace std::chrono;
  EXPECT_EQ(datetime(sys_days{year{2026} / 1 / 31} + hours{10} + milliseconds{999}), "2026-01-31T10:00:00Z");
  EXPECT_EQ(datetime(sys_days{year{1} / 1 / 1}), "1700-01-01T00:00:00Z");
  EXPECT_EQ(datetime(sys_days{year{5000} / 1 / 1}), "4000-12-31T23:59:59Z");
}

TEST(Soql, ReadsFromTheBeginningWithoutACondition) {
  EXPECT_EQ(keyset_query(contacts(), {}, 2000).value(),
            "SELECT Id, SystemModstamp, Lockstep_Id__c, FirstName, LastName, Score__c, HasOptedOutOfEmail, Birthdate, "
            "Seen__c, Account.Name FROM Contact ORDER BY SystemModstamp ASC, Id ASC LIMIT 2000");
}

TEST(Soql, GoesOnBehindTheLastRecordOfASecond) {
  model::Mapping mapping = contacts();
  mapping.upsert_field.clear();
  mapping.fields = {field("last_name", "LastName")};
  const model::Keyset after{base::Utc{seconds{1769854272}}, id_of("003xx0000000001AAA")};
  EXPECT_EQ(keyset_query(mapping, after, 5).value(),
            "SELECT Id, SystemModstamp, LastName FROM Contact WHERE ((SystemModstamp = 2026-01-31T10:11:12Z AND Id > "
            "'003xx0000000001AAA') OR SystemModstamp > 2026-01-31T10:11:12Z) ORDER BY SystemModstamp ASC, Id ASC "
            "LIMIT 5");
}

TEST(Soql, PutsTheFilterInParenthesesOfItsOwn) {
  model::Mapping mapping = contacts();
  mapping.fields.clear();
  mapping.upsert_field.clear();
  mapping.filter = "A__c = 1 OR B__c = ')'";
  EXPECT_EQ(keyset_query(mapping, {base::Utc{seconds{60}}, {}}, 5).value(),
            "SELECT Id, SystemModstamp FROM Contact WHERE (A__c = 1 OR B__c = ')') AND SystemModstamp >= "
            "1970-01-01T00:01:00Z ORDER BY SystemModstamp ASC, Id ASC LIMIT 5");
  EXPECT_EQ(keyset_query(mapping, {}, 5).value(),
            "SELECT Id, SystemModstamp FROM Contact WHERE (A__c = 1 OR B__c = ')') ORDER BY SystemModstamp ASC, Id "
            "ASC LIMIT 5");
}

TEST(Soql, RefusesAFilterThatWouldLeaveItsParentheses) {
  for (const char* filter : {"A = 1) OR (B = 2", "A = 'x", "(A = 1", "A = 'it\\'"}) {
    model::Mapping mapping = contacts();
    mapping.filter = filter;
    const auto query = keyset_query(mapping, {}, 5);
    ASSERT_FALSE(query) << filter;
    EXPECT_EQ(query.error().kind, base::ErrorKind::settings);
  }
}

TEST(Soql, RefusesNamesThatAreNoIdentifiers) {
  model::Mapping mapping = contacts();
  mapping.fields[0].org_field = "Name FROM User --";
  EXPECT_EQ(keyset_query(mapping, {}, 5).error().kind, base::ErrorKind::settings);
  mapping = contacts();
  mapping.object = "Contact.Account";
  EXPECT_EQ(keyset_query(mapping, {}, 5).error().kind, base::ErrorKind::settings);
  mapping = contacts();
  mapping.upsert_field = "Id'";
  EXPECT_EQ(keyset_query(mapping, {}, 5).error().kind, base::ErrorKind::settings);
}

TEST(Soql, SelectsAFieldOnceHoweverOftenItIsMapped) {
  model::Mapping mapping = contacts();
  mapping.fields = {field("a", "LastName"), field("b", "lastname"), field("c", "Lockstep_Id__c"), field("d", "Id")};
  EXPECT_EQ(selected_fields(mapping), (std::vector<std::string>{"Id", "SystemModstamp", "Lockstep_Id__c", "LastName"}));
}

TEST(Soql, AsksWhichRecordsMatchTheFilter) {
  model::Mapping mapping = contacts();
  mapping.filter = "A__c = 1 OR B__c = ')'";
  EXPECT_EQ(fitting_query(mapping, std::vector{id_of("003xx0000000001AAA"), id_of("003xx0000000002AAA")}).value(),
            "SELECT Id FROM Contact WHERE (A__c = 1 OR B__c = ')') AND Id IN "
            "('003xx0000000001AAA','003xx0000000002AAA')");
  mapping.filter = "A = 1) OR (B = 2";
  EXPECT_EQ(fitting_query(mapping, {}).error().kind, base::ErrorKind::settings);
}

TEST(Soql, AsksForRecordsThatAreLikeRowsWhateverTheFilterSays) {
  model::Mapping mapping = contacts();
  mapping.fields = {field("last_name", "LastName"), field("email", "Email")};
  mapping.upsert_field.clear();
  mapping.filter = "A__c = 1";
  const std::vector<model::Cell> ann{model::Cell{"O'Neil"}, model::Cell{"ann@x.com"}},
      bea{model::Cell{"Lee"}, model::Cell{"') OR (Id != '"}};
  const std::vector<std::span<const model::Cell>> rows{ann, bea};
  const std::string begin = "SELECT Id, SystemModstamp, LastName, Email FROM Contact WHERE ";
  EXPECT_EQ(alike_query(mapping, std::vector<std::size_t>{1}, rows).value(),
            begin + R"(Email IN ('ann@x.com','\') OR (Id != \''))");
  EXPECT_EQ(alike_query(mapping, std::vector<std::size_t>{0, 1}, rows).value(),
            begin + R"((LastName = 'O\'Neil' AND Email = 'ann@x.com') OR )" +
                R"((LastName = 'Lee' AND Email = '\') OR (Id != \''))");
  const std::vector<model::Cell> empty{model::Cell{"Lee"}, model::Cell{}};
  EXPECT_EQ(
      alike_query(mapping, std::vector<std::size_t>{1}, std::vector<std::span<const model::Cell>>{empty}).error().kind,
      base::ErrorKind::settings);
}

TEST(Soql, AsksWhenOurRecordsWereCreatedOnce) {
  model::Mapping mapping = contacts();
  const auto selects = [&] {
    const std::string query = created_query(mapping, "005000000000001AAA", {}).value();
    const std::string names = query.substr(0, query.find(" FROM "));
    return std::pair{names.find("CreatedDate") != std::string::npos,
                     names.find("CreatedDate") == names.rfind("CreatedDate")};
  };
  EXPECT_EQ(selects(), (std::pair{true, true}));
  mapping.fields.emplace_back().org_field = "CreatedDate";
  EXPECT_EQ(selects(), (std::pair{true, true}));
}

TEST(Soql, LooksUpKeysAmongTheDeletedToo) {
  EXPECT_EQ(lookup_query(contacts(), std::vector<std::string_view>{"k1", "k'2"}).value(),
            "SELECT Id, IsDeleted, Lockstep_Id__c FROM Contact WHERE Lockstep_Id__c IN ('k1','k\\'2')");
}

}  // namespace
}  // namespace salesforce::soql
