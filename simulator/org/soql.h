#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/org/api_error.h"

namespace simulator::soql {

/// A name as it stands in a statement: "Account.Name" and where.
struct Path {
  std::vector<std::string> parts;
  std::size_t at = 0;
  std::string text() const;
};

enum class LiteralKind : std::uint8_t { null, boolean, number, text, date, datetime };
struct Literal {
  LiteralKind kind = LiteralKind::null;
  bool truth = false;
  double number = 0;
  std::int64_t moment = 0;  ///< Days, or milliseconds.
  std::string text = {};    ///< Unescaped.
  std::string like = {};    ///< The same as a pattern: 1 for '%', 2 for '_', their escaped forms as themselves.
  std::size_t at = 0;
};

enum class Op : std::uint8_t { equal, unequal, less, less_equal, greater, greater_equal, like, in, not_in, includes, excludes };
enum class Form : std::uint8_t { comparison, both, either, negation };

struct Condition {
  Form form = Form::comparison;
  std::vector<Condition> parts = {};  ///< Of both, either and negation.
  Path field = {};
  Op op = Op::equal;
  std::vector<Literal> values = {};
};

struct Order {
  Path field;
  bool descending = false;
  bool nulls_last = false;
};

struct Statement {
  std::vector<Path> fields;
  bool count = false;  ///< SELECT COUNT()
  Path object;
  std::optional<Condition> where = {};
  std::vector<Order> order = {};
  std::optional<std::uint64_t> limit = {}, offset = {};
};

inline constexpr std::size_t longest_statement = 100'000, longest_literal = 4'000;

/// Reads the part of SOQL that this org answers: one object, parent fields, WHERE, ORDER BY, LIMIT, OFFSET and
/// COUNT(). MALFORMED_QUERY, in the org's form with a caret, for all else.
Outcome<Statement> parse(std::string_view text);

/// The message with the lines before it: the place in the statement and a caret.
std::string with_caret(std::string_view statement, std::size_t at, std::string_view message);

}  // namespace simulator::soql
