#include <algorithm>
#include <map>
#include <set>

#include "base/random.h"
#include "base/time_text.h"
#include "simulator/org/query_test_support.h"

namespace simulator {
namespace {

using Json = boost::json::value;
using soql::Condition;
using soql::Form;
using soql::Literal;
using soql::LiteralKind;
using soql::Op;

/// What SOQL means, said once more as plainly as can be: over the records as JSON, one after the other.
class Naive {
 public:
  Naive(const Schema& schema, const Object& object) : schema_(schema), object_(object) {}

  bool holds(const Condition& condition, const Json& record) const {
    const auto part_holds = [&](const Condition& part) { return holds(part, record); };
    switch (condition.form) {
      case Form::both:
        return std::ranges::all_of(condition.parts, part_holds);
      case Form::either:
        return std::ranges::any_of(condition.parts, part_holds);
      case Form::negation:
        return !holds(condition.parts.front(), record);
      case Form::comparison:
        return compare(condition, record);
    }
    return false;
  }

  /// Of two records by one key of ORDER BY: -1, 0, 1.
  int order(const soql::Order& by, const Json& a, const Json& b) const {
    const auto [field, nulls_movable] = field_of(by.by.field);
    const Json x = at(by.by.field, a), y = at(by.by.field, b);
    const bool nulls_last = nulls_movable && by.nulls_last.value_or(false);
    if (x.is_null() != y.is_null()) return x.is_null() == nulls_last ? 1 : -1;
    if (x.is_null()) return 0;
    int out = 0;
    if (field->type == FieldType::picklist) {
      const auto rank = [&](const Json& v) {
        return std::ranges::find(field->picklist, std::string{v.as_string()}, &PicklistValue::value) -
               field->picklist.begin();
      };
      out = sign(rank(x) - rank(y));
    } else {
      out = against(x, comparable(*field, y), *field);
    }
    return by.descending ? -out : out;
  }

 private:
  struct Comparable {
    std::string text;
    double number = 0;
  };
  static int sign(auto difference) { return difference < 0 ? -1 : difference > 0 ? 1 : 0; }

  std::pair<const Field*, bool> field_of(const soql::Path& path) const {
    const Object* here = &object_;
    for (std::size_t i = 0; i + 1 < path.parts.size(); ++i)
      here = schema_.find(here->fields[*here->find_relation(path.parts[i])].targets.front());
    const Field* field = &here->fields[*here->find(path.parts.back())];
    return {field, path.parts.size() == 1 && field->type != FieldType::reference};
  }

  static Json at(const soql::Path& path, const Json& record) {
    const Json* here = &record;
    for (const std::string& part : path.parts) {
      if (here->is_null()) return nullptr;
      here = &here->as_object().at(part);
    }
    return *here;
  }

  /// ASCII letters only: the data holds no others.
  static std::string upper(std::string text) {
    for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    return text;
  }
  static bool is_exact(const Field& field) {
    return field.type == FieldType::id || field.type == FieldType::reference || field.type == FieldType::date ||
           field.type == FieldType::datetime;
  }
  /// Ids and times as their texts, whose order is theirs.
  static Comparable comparable(const Field& field, const Json& v) {
    if (v.is_string()) return {is_exact(field) ? std::string{v.as_string()} : upper(std::string{v.as_string()})};
    return {"", v.is_bool() ? (v.as_bool() ? 1.0 : 0.0) : v.to_number<double>()};
  }
  static Comparable comparable(const Field& field, const Literal& literal) {
    Comparable out;
    switch (literal.kind) {
      case LiteralKind::date:
        append_date(out.text, literal.moment);
        return out;
      case LiteralKind::datetime:
        append_datetime(out.text, literal.moment);
        return out;
      case LiteralKind::boolean:
        return {"", literal.truth ? 1.0 : 0.0};
      case LiteralKind::number:
        return {"", literal.number};
      default:
        if (field.type == FieldType::id || field.type == FieldType::reference)
          return {literal.text.substr(0, 15) + id_checksum(literal.text.substr(0, 15))};
        return {upper(literal.text)};
    }
  }
  static int against(const Json& v, const Comparable& other, const Field& field) {
    const Comparable own = comparable(field, v);
    if (field.type == FieldType::id || field.type == FieldType::reference)
      return sign(own.text.substr(0, 15).compare(other.text.substr(0, 15)));
    return v.is_string() ? sign(own.text.compare(other.text)) : sign(own.number - other.number);
  }

  static bool like(std::string_view text, std::string_view pattern) {
    if (pattern.empty()) return text.empty();
    if (pattern[0] == any_text)
      return like(text, pattern.substr(1)) || (!text.empty() && like(text.substr(1), pattern));
    return !text.empty() && (pattern[0] == any_character || pattern[0] == text[0]) &&
           like(text.substr(1), pattern.substr(1));
  }

  bool compare(const Condition& condition, const Json& record) const {
    const auto [field, own] = field_of(condition.left.field);
    Json v = at(condition.left.field, record);
    if (v.is_null() && field->type == FieldType::boolean) v = false;
    const auto equals = [&](const Literal& literal) {
      const bool is_null =
          literal.kind == LiteralKind::null || (literal.kind == LiteralKind::text && literal.text.empty());
      if (is_null && v.is_bool()) return !v.as_bool();
      if (is_null || v.is_null()) return is_null && v.is_null();
      return against(v, comparable(*field, literal), *field) == 0;
    };
    const Literal& first = condition.values.front();
    switch (condition.op) {
      case Op::equal:
      case Op::in:
        return std::ranges::any_of(condition.values, equals);
      case Op::unequal:
      case Op::not_in:
        return std::ranges::none_of(condition.values, equals);
      case Op::like:
        return !v.is_null() && like(upper(std::string{v.as_string()}), upper(first.text));
      default:
        break;
    }
    if (v.is_null()) return false;
    const int order = against(v, comparable(*field, first), *field);
    return condition.op == Op::less         ? order < 0
           : condition.op == Op::less_equal ? order <= 0
           : condition.op == Op::greater    ? order > 0
                                            : order >= 0;
  }

  const Schema& schema_;
  const Object& object_;
};

/// An org that lived: records made in bursts within one second, changed, deleted, brought back, some of them sample
/// data.
class QueryProperty : public QueryTest {
 protected:
  QueryProperty() : QueryTest({.sample = {.contacts = 60}, .schema = {}}) {}

  void live(base::Random& random) {
    for (int i = 0; i < 12; ++i) accounts_.push_back(id("Account", create("Account", account(random))));
    for (int i = 0; i < 120; ++i) {
      if (random.chance(0.2)) wait(std::chrono::seconds{random.below(3)});
      const auto number = create("Contact", contact(random, i));
      ids_.push_back(id("Contact", number));
      if (random.chance(0.15)) {
        EXPECT_TRUE(org.remove(object("Contact"), number).has_value());
      }
      if (random.chance(0.2)) {
        const std::uint64_t sample = 1 + random.below(60);
        if (table("Contact").is_living(sample)) update("Contact", sample, R"({"Title":"changed","DoNotCall":true})");
      }
    }
    for (int i = 0; i < 3; ++i) ids_.push_back(id("Contact", 1 + random.below(60)));
    all_ = ask("SELECT Id, FirstName, LastName, Email, Title, LeadSource, Birthdate, DoNotCall, AccountId, "
               "CreatedDate, SystemModstamp, "
               "IsDeleted, Lockstep_Id__c, Account.Name, Account.AnnualRevenue, Account.IsDeleted, "
               "Account.NumberOfEmployees "
               "FROM Contact",
               true)
               .at("records")
               .as_array();
  }

  std::string any(base::Random& random, std::initializer_list<const char*> list) {
    return *(list.begin() + random.below(list.size()));
  }
  std::string account(base::Random& random) {
    return R"({"Name":")" + any(random, {"Acme", "acme 2", "Blue", "Zeta"}) + R"(","AnnualRevenue":)" +
           any(random, {"null", "0", "10", "2500000"}) + R"(,"NumberOfEmployees":)" +
           any(random, {"null", "5", "100"}) + "}";
  }
  std::string contact(base::Random& random, int number) {
    const std::string parent = random.chance(0.3) ? "null" : "\"" + accounts_[random.below(accounts_.size())] + "\"";
    return R"({"LastName":")" + any(random, {"Lee", "LEE", "O'Neil", "Smith", "smithe", "A_b%"}) + R"(","FirstName":)" +
           any(random, {"null", "\"Ann\"", "\"ann\"", "\"Bob\""}) + R"(,"LeadSource":)" +
           any(random, {"null", "\"Web\"", "\"Other\""}) + R"(,"Email":)" +
           any(random, {"null", "\"a@example.com\"", "\"B@example.com\""}) + R"(,"Birthdate":)" +
           any(random, {"null", "\"1990-01-31\"", "\"1991-02-01\""}) + R"(,"DoNotCall":)" +
           any(random, {"true", "false"}) + R"(,"AccountId":)" + parent + R"(,"Lockstep_Id__c":)" +
           (random.chance(0.5) ? "null" : "\"key-" + std::to_string(number) + "\"") + "}";
  }

  std::string moment(base::Random& random) {
    const std::string text{all_[random.below(all_.size())].at("SystemModstamp").as_string()};
    const base::Utc exact = *base::parse_iso(text);
    return base::to_iso_seconds(exact + std::chrono::seconds{random.below(3)} - std::chrono::seconds{1});
  }
  std::string quoted_id(base::Random& random) {
    const std::string full = random.chance(0.2)
                                 ? any(random, {"003000000000000AAA", "003zzzzzzzzzzzz", "001000000000000AAA"})
                                 : ids_[random.below(ids_.size())];
    return "'" + full.substr(0, random.chance(0.3) ? 15 : 18) + "'";
  }
  std::string comparison(base::Random& random) {
    const std::string range = any(random, {" = ", " != ", " < ", " <= ", " > ", " >= "}),
                      same = any(random, {" = ", " != "});
    const auto list = [&](const auto& make) {
      std::string out = any(random, {" IN (", " NOT IN ("});
      for (std::uint64_t i = 0, count = 1 + random.below(4); i < count; ++i) out += (i > 0 ? "," : "") + make();
      return out + ")";
    };
    const auto word = [&] {
      return any(random,
                 {"'lee'", "'Lee'", "'Ann'", "'bob'", "'Smith'", "'o\\'neil'", "'m'", "''", "null", "'Web'", "'acme'"});
    };
    const auto no_null = [&] { return any(random, {"'lee'", "'ANN'", "'m'", "'Web'", "'O'"}); };
    const std::string text_field =
        any(random, {"LastName", "FirstName", "LeadSource", "Account.Name", "Title", "Email"});
    switch (random.below(14)) {
      case 0:
        return text_field + same + word();
      case 1:
        return text_field + any(random, {" < ", " <= ", " > ", " >= "}) + no_null();
      case 2:
        return text_field + " LIKE " + any(random, {"'l%'", "'%e'", "'_ob'", "'%'", "'a\\_b\\%'", "'%m_th%'", "'lee'"});
      case 3:
        return text_field + list(word);
      case 4:
        return "Birthdate" + range + any(random, {"1990-01-31", "1990-12-31"});
      case 5:
        return "DoNotCall" + same + any(random, {"true", "false", "null"});
      case 6:
        return any(random, {"SystemModstamp", "CreatedDate"}) + range + moment(random);
      case 7:
        return "SystemModstamp" + list([&] { return moment(random); });
      case 8:
        return "Id" + range + quoted_id(random);
      case 9:
        return "Id" + list([&] { return quoted_id(random); });
      case 10:
        return "AccountId" + list([&] {
                 return random.chance(0.2) ? "null" : "'" + accounts_[random.below(accounts_.size())] + "'";
               });
      case 11:
        return "Lockstep_Id__c" + list([&] { return "'KEY-" + std::to_string(random.below(130)) + "'"; });
      case 12:
        return any(random, {"Account.AnnualRevenue", "Account.NumberOfEmployees"}) + range +
               any(random, {"0", "10", "99.5", "-1"});
      default:
        return any(random, {"IsDeleted", "Account.IsDeleted"}) + same + any(random, {"true", "false"});
    }
  }
  std::string condition(base::Random& random, int depth) {
    if (random.chance(0.1)) {  // how a poll goes on
      const std::string from = moment(random);
      return "(SystemModstamp > " + from + " OR (SystemModstamp = " + from + " AND Id > " + quoted_id(random) + "))";
    }
    const auto kind = depth > 2 ? 0 : random.below(6);
    if (kind == 5) return "(NOT " + condition(random, depth + 1) + ")";
    if (kind < 3) return comparison(random);
    const std::string joint = any(random, {" AND ", " OR "});
    std::string out = "(" + condition(random, depth + 1);
    for (std::uint64_t i = 0, more = 1 + random.below(2); i < more; ++i) out += joint + condition(random, depth + 1);
    return out + ")";
  }
  std::string order(base::Random& random) {
    if (random.chance(0.3)) return "";
    if (random.chance(0.3))
      return any(random,
                 {" ORDER BY SystemModstamp, Id", " ORDER BY Id", " ORDER BY SystemModstamp", " ORDER BY Id DESC"});
    std::string out = " ORDER BY ";
    for (std::uint64_t i = 0, count = 1 + random.below(3); i < count; ++i)
      out += (i > 0 ? ", " : "") +
             any(random, {"LastName", "FirstName", "LeadSource", "Birthdate", "Account.Name", "AccountId",
                          "CreatedDate", "DoNotCall", "Account.AnnualRevenue"}) +
             any(random, {"", " DESC", " NULLS LAST", " DESC NULLS LAST", " ASC NULLS FIRST"});
    return out;
  }

  std::vector<std::string> accounts_, ids_;
  boost::json::array all_;
};

TEST_F(QueryProperty, AgreesWithAPlainReadingOfTheStatement) {
  constexpr std::uint64_t seed = 20'260'301;
  base::Random random{seed};
  live(random);
  const Naive naive{org.schema(), object("Contact")};
  std::size_t found = 0, all_or_nothing = 0;
  for (int round = 0; round < 3'000; ++round) {
    const bool with_deleted = random.chance(0.3);
    std::string statement =
        "SELECT Id FROM Contact" + (random.chance(0.95) ? " WHERE " + condition(random, 0) : "") + order(random);
    const std::uint64_t limit = random.chance(0.4) ? random.below(40) : 1'000'000,
                        offset = random.chance(0.2) ? random.below(20) : 0;
    if (limit < 1'000'000) statement += " LIMIT " + std::to_string(limit);
    if (offset > 0) statement += " OFFSET " + std::to_string(offset);
    SCOPED_TRACE("seed " + std::to_string(seed) + " round " + std::to_string(round) + ": " + statement +
                 (with_deleted ? " (queryAll)" : ""));
    const auto parsed = soql::parse(statement);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;

    std::map<std::string, const Json*> wanted;
    for (const Json& record : all_)
      if ((with_deleted || !record.at("IsDeleted").as_bool()) &&
          (!parsed->where || naive.holds(*parsed->where, record)))
        wanted.emplace(record.at("Id").as_string(), &record);
    const auto answer = ask(statement, with_deleted);
    const std::vector<std::string> ids = texts(answer, "Id");
    EXPECT_EQ(ids.size(), std::min<std::size_t>(limit, wanted.size() - std::min<std::size_t>(offset, wanted.size())));
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size()) << "a record comes twice";
    for (const std::string& each : ids) EXPECT_TRUE(wanted.contains(each)) << each << " does not match";

    // In order, and nothing that was left out comes before something that is there.
    const auto before = [&](const Json& a, const Json& b) {
      for (const soql::Order& by : parsed->order)
        if (const int order = naive.order(by, a, b); order != 0) return order < 0;
      return false;
    };
    for (std::size_t i = 1; i < ids.size() && !HasFailure(); ++i)
      EXPECT_FALSE(before(*wanted[ids[i]], *wanted[ids[i - 1]])) << "wrong order at " << i;
    if (offset == 0 && !ids.empty() && !HasFailure()) {
      for (const auto& [each, record] : wanted)
        EXPECT_FALSE(std::ranges::find(ids, each) == ids.end() && before(*record, *wanted[ids.back()]))
            << each << " was left out";
    }
    if (HasFailure()) return;
    found += ids.size();
    all_or_nothing += ids.empty() || wanted.size() == all_.size() ? 1 : 0;
  }
  // The rounds are worth something only if most of them find some records and leave others.
  EXPECT_GT(found, 20'000u);
  EXPECT_LT(all_or_nothing, 1'500u);
}

}  // namespace
}  // namespace simulator
