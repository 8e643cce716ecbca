#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace salesforce::soql {

/// A value in a condition.
struct Literal {
  enum class Kind : std::uint8_t {
    null,
    boolean,
    number,
    text,      ///< `text` is what it means, without quotes and escapes.
    date,
    datetime,  ///< In UTC, whole seconds.
    relative,  ///< "TODAY", "LAST_N_DAYS:30": depends on the day and on the user's time zone.
  };
  Kind kind = Kind::null;
  std::string text = {};  ///< In canonical spelling; of LIKE the pattern, its own escapes left in.
  std::size_t at = 0;     ///< Where it begins, in bytes.
};

enum class Operator : std::uint8_t {
  equal, unequal, less, less_equal, greater, greater_equal, like, in, not_in, includes, excludes
};

/// A condition as users write it in a filter, read to the last character. Whatever goes into a statement is printed
/// from such a tree, so a filter can hold nothing but comparisons of fields with values.
struct Condition {
  enum class Form : std::uint8_t { comparison, all, any, negation };
  Form form = Form::comparison;
  std::vector<Condition> parts = {};  ///< all, any: two or more; negation: one.
  std::string field = {};             ///< "Industry", "Account.Industry"
  std::size_t at = 0;                 ///< Where the field begins, in bytes.
  Operator op = Operator::equal;
  std::vector<Literal> values = {};   ///< One, or those of a list.
};

/// Longer filters are refused: they have to go into every statement.
inline constexpr std::size_t longest_condition = 10'000;

/// Reads `text`. Errors: `settings`, with the character where it stops making sense, and what may stand there.
/// Refused although SOQL takes it: subqueries, functions, and AND mixed with OR without parentheses (SOQL refuses that
/// too). Source: SOQL and SOSL Reference, "Condition Expression Syntax", "Date Formats and Date Literals".
base::Result<Condition> parse_condition(std::string_view text);

/// As SOQL; parse_condition() of it gives an equal tree but for places.
std::string print(const Condition& condition);

bool same(const Condition& a, const Condition& b);  ///< Places do not count.

/// "character 17": for people, counting from 1 in characters, not bytes.
std::string place_in(std::string_view text, std::size_t at);

}  // namespace salesforce::soql
