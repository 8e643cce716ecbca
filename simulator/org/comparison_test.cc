#include "simulator/org/comparison.h"

#include <gtest/gtest.h>

#include "base/time_text.h"
#include "simulator/org/text.h"

namespace simulator {
namespace {

using soql::Literal;
using soql::LiteralKind;
using soql::Op;

class ComparisonTest : public testing::Test {
 protected:
  static Field field(FieldType type, bool case_sensitive = false) {
    Field out;
    out.name = "F__c";
    out.type = type;
    out.length = type == FieldType::string || type == FieldType::multipicklist ? 80 : 0;
    out.case_sensitive = case_sensitive;
    return out;
  }
  static Literal text(std::string value) { return {.kind = LiteralKind::text, .text = std::move(value)}; }
  static Literal null() { return {}; }
  static Literal pattern(std::string value) {
    for (char& c : value) c = c == '*' ? any_text : c == '?' ? any_character : c;
    return text(std::move(value));
  }
  Comparison make(const Field& type, Op op, std::vector<Literal> values) const {
    return {world, asking, type, type.name, op, values, "F__c", 0};
  }
  bool holds(const Field& type, Op op, std::vector<Literal> values, const Cell& cell) const {
    return make(type, op, std::move(values)).holds(world, cell);
  }
  std::string refusal(const Field& type, Op op, std::vector<Literal> values) const {
    try {
      make(type, op, std::move(values));
    } catch (const ApiError& error) {
      return error.code + ": " + error.message.substr(error.message.rfind('\n') + 1);
    }
    return "";
  }

  World world{Schema{SchemaOptions{}}, SampleOptions{}, 1'700'000'000};
  Asking asking{.now = *base::parse_iso("2026-03-11T23:30:00Z")};
};

TEST_F(ComparisonTest, TextDisregardsCaseUnlessTheFieldKnowsIt) {
  const Field plain = field(FieldType::string), exact = field(FieldType::string, true);
  EXPECT_TRUE(holds(plain, Op::equal, {text("ÄBC")}, Cell::of(std::string_view{"äbc"})));
  EXPECT_FALSE(holds(exact, Op::equal, {text("ABC")}, Cell::of(std::string_view{"abc"})));
  EXPECT_TRUE(holds(plain, Op::in, {text("x"), text("ABC")}, Cell::of(std::string_view{"abc"})));
  EXPECT_TRUE(holds(plain, Op::like, {pattern("A*C")}, Cell::of(std::string_view{"abbc"})));
  EXPECT_FALSE(holds(exact, Op::like, {pattern("A*C")}, Cell::of(std::string_view{"abbc"})));
  EXPECT_TRUE(holds(plain, Op::less, {text("B")}, Cell::of(std::string_view{"a"})));
  EXPECT_TRUE(holds(plain, Op::greater, {text("a")}, Cell::of(std::string_view{"B"})));
  EXPECT_TRUE(holds(exact, Op::less, {text("a")}, Cell::of(std::string_view{"B"})));
}

TEST_F(ComparisonTest, NullIsEqualOnlyToNull) {
  const Field type = field(FieldType::string);
  const Cell some = Cell::of(std::string_view{"a"});
  EXPECT_TRUE(holds(type, Op::equal, {null()}, {}));
  EXPECT_FALSE(holds(type, Op::equal, {null()}, some));
  EXPECT_TRUE(holds(type, Op::equal, {text("")}, {})) << "the org keeps no empty text";
  EXPECT_FALSE(holds(type, Op::unequal, {null()}, {}));
  EXPECT_TRUE(holds(type, Op::unequal, {null()}, some));
  EXPECT_TRUE(holds(type, Op::unequal, {text("b")}, {}));
  EXPECT_TRUE(holds(type, Op::not_in, {text("b")}, {}));
  EXPECT_FALSE(holds(type, Op::not_in, {text("b"), null()}, {}));
  EXPECT_TRUE(holds(type, Op::in, {text("b"), null()}, {}));
  EXPECT_FALSE(holds(type, Op::like, {pattern("*")}, {}));
  EXPECT_FALSE(holds(field(FieldType::real), Op::less, {{.kind = LiteralKind::number, .number = 5}}, {}));
  EXPECT_TRUE(holds(field(FieldType::boolean), Op::equal, {null()}, Cell::of(false)));
  EXPECT_TRUE(holds(field(FieldType::boolean), Op::unequal, {null()}, Cell::of(true)));
}

TEST_F(ComparisonTest, MultiSelectPicklistsAreSets) {
  const Field type = field(FieldType::multipicklist);
  const Cell cell = Cell::of(std::string_view{"BBB;AAA;DDD"});
  EXPECT_TRUE(holds(type, Op::equal, {text("aaa;bbb;ddd")}, cell));
  EXPECT_FALSE(holds(type, Op::equal, {text("AAA;BBB")}, cell));
  EXPECT_TRUE(holds(type, Op::unequal, {text("AAA;BBB")}, cell));
  EXPECT_TRUE(holds(type, Op::includes, {text("AAA;BBB"), text("CCC")}, cell));
  EXPECT_TRUE(holds(type, Op::includes, {text("AAA;BBB"), text("CCC")}, Cell::of(std::string_view{"CCC;EEE"})));
  EXPECT_FALSE(holds(type, Op::includes, {text("AAA;CCC")}, cell));
  EXPECT_FALSE(holds(type, Op::excludes, {text("AAA;BBB")}, cell));
  EXPECT_TRUE(holds(type, Op::excludes, {text("AAA;CCC")}, cell));
  EXPECT_FALSE(holds(type, Op::includes, {text("AAA")}, {}));
  EXPECT_TRUE(holds(type, Op::excludes, {text("AAA")}, {}));
}

TEST_F(ComparisonTest, APeriodIsASpan) {
  const auto literal = [](Period period) { return Literal{.kind = LiteralKind::period, .period = period}; };
  const Literal this_month = literal({Period::Unit::month, 0, 0}), today = literal({});
  const auto day = [](std::string_view date) {
    return Cell::day(base::parse_iso(date)->time_since_epoch().count() / day_ms);
  };
  const auto at = [](std::string_view moment) { return Cell::at(base::parse_iso(moment)->time_since_epoch().count()); };
  const Field date = field(FieldType::date), moment = field(FieldType::datetime);
  EXPECT_TRUE(holds(date, Op::equal, {this_month}, day("2026-03-31")));
  EXPECT_FALSE(holds(date, Op::equal, {this_month}, day("2026-04-01")));
  EXPECT_TRUE(holds(date, Op::unequal, {this_month}, day("2026-04-01")));
  EXPECT_TRUE(holds(date, Op::less, {this_month}, day("2026-02-28")));
  EXPECT_FALSE(holds(date, Op::less, {this_month}, day("2026-03-01")));
  EXPECT_TRUE(holds(date, Op::less_equal, {this_month}, day("2026-03-31")));
  EXPECT_FALSE(holds(date, Op::greater, {this_month}, day("2026-03-31")));
  EXPECT_TRUE(holds(date, Op::greater_equal, {this_month}, day("2026-03-01")));
  EXPECT_TRUE(holds(date, Op::in, {today, this_month}, day("2026-03-02")));
  EXPECT_TRUE(holds(moment, Op::equal, {today}, at("2026-03-11T00:00:00Z")));
  EXPECT_FALSE(holds(moment, Op::equal, {today}, at("2026-03-12T00:00:00Z")));
  asking.zone = Zone{"Europe/Berlin"};  // where it is half past midnight on the twelfth
  EXPECT_FALSE(holds(moment, Op::equal, {today}, at("2026-03-11T22:59:59Z")));
  EXPECT_TRUE(holds(moment, Op::equal, {today}, at("2026-03-11T23:00:00Z")));
  EXPECT_TRUE(holds(date, Op::equal, {today}, day("2026-03-12")));
}

TEST_F(ComparisonTest, ManyMomentsAreFound) {
  std::vector<Literal> values;
  for (std::int64_t i = 0; i < 500; ++i)
    values.push_back({.kind = LiteralKind::datetime, .moment = (i * 37 % 500) * 1000});
  const Comparison comparison = make(field(FieldType::datetime), Op::in, values);
  EXPECT_TRUE(comparison.holds(world, Cell::at(0)));
  EXPECT_TRUE(comparison.holds(world, Cell::at(499'000)));
  EXPECT_FALSE(comparison.holds(world, Cell::at(499'001)));
  EXPECT_FALSE(comparison.holds(world, Cell::at(500'000)));
  EXPECT_FALSE(comparison.holds(world, Cell::at(-1)));
}

TEST_F(ComparisonTest, IdsComeInTwoLengths) {
  const Field type = field(FieldType::reference);
  const std::string id = id_text("001", 77);
  const Cell cell = Cell::of(RecordKey{account, 77});
  EXPECT_TRUE(holds(type, Op::equal, {text(id)}, cell));
  EXPECT_TRUE(holds(type, Op::equal, {text(id.substr(0, 15))}, cell));
  EXPECT_FALSE(holds(type, Op::equal, {text(id_text("003", 77))}, cell));
  EXPECT_TRUE(holds(type, Op::greater, {text(id_text("001", 76))}, cell));
  EXPECT_FALSE(holds(type, Op::greater, {text(id)}, cell));
  EXPECT_TRUE(holds(type, Op::greater_equal, {text(id)}, cell));
  EXPECT_TRUE(holds(type, Op::less, {text(id_text("003", 1))}, cell));
  EXPECT_TRUE(holds(type, Op::greater, {text("000000000000000AAA")}, cell));
  EXPECT_EQ(refusal(type, Op::equal, {text("abc")}), "INVALID_QUERY_FILTER_OPERATOR: invalid ID field: abc");
  EXPECT_EQ(refusal(type, Op::equal, {text(id.substr(0, 15) + "ZZZ")}),
            "INVALID_QUERY_FILTER_OPERATOR: invalid ID field: " + id.substr(0, 15) + "ZZZ");
}

TEST_F(ComparisonTest, RefusesValuesOfAnotherType) {
  const auto wrong = [](const char* type, bool quotes) {
    return std::string{"INVALID_FIELD: value of filter criterion for field 'F__c' must be of type "} + type +
           " and should " + (quotes ? "" : "not ") + "be enclosed in quotes";
  };
  const Literal number{.kind = LiteralKind::number}, date{.kind = LiteralKind::date},
      moment{.kind = LiteralKind::datetime};
  EXPECT_EQ(refusal(field(FieldType::string), Op::equal, {number}), wrong("string", true));
  EXPECT_EQ(refusal(field(FieldType::integer), Op::equal, {text("1")}), wrong("int", false));
  EXPECT_EQ(refusal(field(FieldType::currency), Op::equal, {text("1")}), wrong("currency", false));
  EXPECT_EQ(refusal(field(FieldType::boolean), Op::equal, {text("true")}), wrong("boolean", false));
  EXPECT_EQ(refusal(field(FieldType::datetime), Op::equal, {date}), wrong("dateTime", false));
  EXPECT_EQ(refusal(field(FieldType::date), Op::equal, {moment}), wrong("date", false));
  EXPECT_EQ(refusal(field(FieldType::reference), Op::equal, {number}), wrong("ID", true));
}

TEST_F(ComparisonTest, RefusesOperatorsThatMakeNoSense) {
  const auto wrong = [](const std::string& what) { return "INVALID_QUERY_FILTER_OPERATOR: " + what; };
  EXPECT_EQ(refusal(field(FieldType::id), Op::like, {text("0")}), wrong("invalid operator on id field"));
  EXPECT_EQ(refusal(field(FieldType::boolean), Op::less, {{.kind = LiteralKind::boolean}}),
            wrong("invalid operator on boolean field"));
  EXPECT_EQ(refusal(field(FieldType::date), Op::like, {text("2026")}), wrong("invalid operator on date field"));
  EXPECT_EQ(refusal(field(FieldType::multipicklist), Op::like, {text("a")}),
            wrong("invalid operator on multipicklist field"));
  EXPECT_EQ(refusal(field(FieldType::string), Op::includes, {text("a")}),
            wrong("includes or excludes operator only valid on multipicklist field"));
  EXPECT_EQ(refusal(field(FieldType::string), Op::less, {null()}), wrong("invalid operator with null"));
}

}  // namespace
}  // namespace simulator
