#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "simulator/org/api_error.h"
#include "simulator/org/calendar.h"

/// SOQL as it is written. Names are not yet known to exist; see Query for their meaning. `at` is where something
/// stands in the statement, in bytes.
namespace simulator::soql {

inline constexpr std::size_t longest_statement = 100'000, longest_literal = 4'000;

/// A name as it stands in a statement: "Account.Name".
struct Path {
  std::vector<std::string> parts = {};
  std::size_t at = 0;
  std::string text() const;
};

enum class Function : std::uint8_t {
  count,
  count_distinct,
  sum,
  avg,
  min,
  max,
  grouping,
  calendar_month,
  calendar_quarter,
  calendar_year,
  day_in_month,
  day_in_week,
  day_in_year,
  day_only,
  fiscal_month,
  fiscal_quarter,
  fiscal_year,
  hour_in_day,
  week_in_month,
  week_in_year,
  convert_timezone,
  convert_currency,
  format,
  to_label
};
std::optional<Function> function_named(std::string_view name);  ///< Without regard to case.
std::string_view name_of(Function function);
inline bool is_aggregate(Function f) {
  return f <= Function::grouping;
}
inline bool is_date_function(Function f) {
  return f >= Function::calendar_month && f <= Function::week_in_year;
}

/// A field, or functions of it, the outermost first: FORMAT(MIN(CloseDate)).
struct Expression {
  std::vector<Function> functions = {};
  Path field = {};
  std::size_t at = 0;
  std::string text() const;
};

enum class LiteralKind : std::uint8_t { null, boolean, number, text, date, datetime, period, currency };
struct Literal {
  LiteralKind kind = LiteralKind::null;
  bool truth = false;
  double number = 0;
  std::int64_t moment = 0;  ///< Days, or milliseconds.
  Period period = {};
  std::string text = {};  ///< Unescaped; of a pattern, with any_text and any_character. A currency's code.
  std::string word = {};  ///< As it was written, but for text.
  std::size_t at = 0;
};

struct Statement;

enum class Op : std::uint8_t {
  equal,
  unequal,
  less,
  less_equal,
  greater,
  greater_equal,
  like,
  in,
  not_in,
  includes,
  excludes
};
enum class Form : std::uint8_t { comparison, both, either, negation };
struct Condition {
  Form form = Form::comparison;
  std::vector<Condition> parts = {};  ///< Of both, either and negation.
  Expression left = {};
  Op op = Op::equal;
  std::vector<Literal> values = {};
  std::shared_ptr<const Statement> select = {};  ///< IN (SELECT …)
  std::size_t at = 0;                            ///< Of a negation; of the sub-select.
};

struct Order {
  Expression by;
  bool descending = false;
  std::optional<bool> nulls_last = {};
};

struct TypeOf {
  Path reference = {};
  struct Case {
    Path object;
    std::vector<Path> fields;
  };
  std::vector<Case> cases = {};
  std::vector<Path> otherwise = {};
};

enum class FieldSet : std::uint8_t { all, custom, standard };

/// One of the things a SELECT lists; exactly one of its members is given.
struct Item {
  std::optional<Expression> expression = {};
  std::optional<FieldSet> fields = {};
  std::shared_ptr<const Statement> children = {};
  std::optional<TypeOf> type_of = {};
  std::string alias = {};  ///< Of an expression.
  std::size_t at = 0;
};

enum class Grouping : std::uint8_t { none, plain, rollup, cube };
enum class Purpose : std::uint8_t { none, view, reference, update };

struct Statement {
  std::vector<Item> items = {};
  bool count = false;  ///< SELECT COUNT()
  Path object = {};
  /// Names for the object, and after it for parents of it: FROM Contact c, c.Account a. A parent may go without.
  std::vector<std::pair<std::string, Path>> aliases = {};
  std::optional<Path> scope = {};
  std::optional<Condition> where = {};
  Grouping grouping = Grouping::none;
  std::vector<Expression> groups = {};
  std::optional<Condition> having = {};
  std::vector<Order> order = {};
  std::optional<std::uint64_t> limit = {}, offset = {};
  Purpose purpose = Purpose::none;
};

/// MALFORMED_QUERY or INVALID_FIELD in the org's form.
Outcome<Statement> parse(std::string_view text);

/// The statement in one form of writing: parse() gives it back.
std::string to_text(const Statement& statement);

/// The message after the line of the statement and a caret below the place: how the org names a place.
std::string with_caret(std::string_view statement, std::size_t at, std::string_view message);

}  // namespace simulator::soql
