#include <algorithm>
#include <array>

#include "simulator/org/soql.h"
#include "simulator/org/text.h"

namespace simulator::soql {
namespace {

constexpr auto function_names = std::to_array<std::string_view>({"COUNT",
                                                                 "COUNT_DISTINCT",
                                                                 "SUM",
                                                                 "AVG",
                                                                 "MIN",
                                                                 "MAX",
                                                                 "GROUPING",
                                                                 "CALENDAR_MONTH",
                                                                 "CALENDAR_QUARTER",
                                                                 "CALENDAR_YEAR",
                                                                 "DAY_IN_MONTH",
                                                                 "DAY_IN_WEEK",
                                                                 "DAY_IN_YEAR",
                                                                 "DAY_ONLY",
                                                                 "FISCAL_MONTH",
                                                                 "FISCAL_QUARTER",
                                                                 "FISCAL_YEAR",
                                                                 "HOUR_IN_DAY",
                                                                 "WEEK_IN_MONTH",
                                                                 "WEEK_IN_YEAR",
                                                                 "convertTimezone",
                                                                 "convertCurrency",
                                                                 "FORMAT",
                                                                 "toLabel"});

constexpr auto op_texts = std::to_array<std::string_view>(
    {" = ", " != ", " < ", " <= ", " > ", " >= ", " LIKE ", " IN ", " NOT IN ", " INCLUDES ", " EXCLUDES "});

bool is_boundary(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',';
}

template <class List, class Print>
void append_list(std::string& out, const List& list, const Print& print) {
  bool first = true;
  for (const auto& each : list) {
    if (!first) out += ", ";
    first = false;
    print(each);
  }
}

void append_quoted(std::string& out, const Literal& literal, bool is_pattern) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '\'';
  for (const char c : literal.text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_pattern && c == any_text) {
      out += '%';
    } else if (is_pattern && c == any_character) {
      out += '_';
    } else if (c == '\'' || c == '\\' || (is_pattern && (c == '%' || c == '_'))) {
      (out += '\\') += c;
    } else if (byte < 0x20) {
      ((out += "\\u00") += hex[byte >> 4]) += hex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '\'';
}

void append(std::string& out, const Condition& condition, bool nested) {
  const auto print = [&](const Literal& literal) {
    if (literal.kind == LiteralKind::text) {
      append_quoted(out, literal, condition.op == Op::like);
    } else {
      out += literal.word;
    }
  };
  switch (condition.form) {
    case Form::comparison:
      out += condition.left.text();
      out += op_texts[static_cast<std::size_t>(condition.op)];
      if (condition.op < Op::in) {
        print(condition.values.front());
        return;
      }
      out += '(';
      if (condition.select) {
        out += to_text(*condition.select);
      } else {
        append_list(out, condition.values, print);
      }
      out += ')';
      return;
    case Form::negation:
      out += nested ? "(NOT " : "NOT ";
      append(out, condition.parts.front(), true);
      if (nested) out += ')';
      return;
    default:
      if (nested) out += '(';
      for (std::size_t i = 0; i < condition.parts.size(); ++i) {
        if (i > 0) out += condition.form == Form::both ? " AND " : " OR ";
        append(out, condition.parts[i], true);
      }
      if (nested) out += ')';
  }
}

void append(std::string& out, const TypeOf& type_of) {
  const auto print = [&](const Path& path) { out += path.text(); };
  (out += "TYPEOF ") += type_of.reference.text();
  for (const TypeOf::Case& one : type_of.cases) {
    ((out += " WHEN ") += one.object.text()) += " THEN ";
    append_list(out, one.fields, print);
  }
  if (!type_of.otherwise.empty()) append_list(out += " ELSE ", type_of.otherwise, print);
  out += " END";
}

void append(std::string& out, const Item& item) {
  constexpr std::string_view sets[] = {"FIELDS(ALL)", "FIELDS(CUSTOM)", "FIELDS(STANDARD)"};
  if (item.expression) out += item.expression->text();
  if (item.fields) out += sets[static_cast<std::size_t>(*item.fields)];
  if (item.children) ((out += '(') += to_text(*item.children)) += ')';
  if (item.type_of) append(out, *item.type_of);
  if (!item.alias.empty()) (out += ' ') += item.alias;
}

}  // namespace

std::optional<Function> function_named(std::string_view name) {
  for (std::size_t i = 0; i < function_names.size(); ++i)
    if (same_name(function_names[i], name)) return static_cast<Function>(i);
  return std::nullopt;
}

std::string_view name_of(Function function) {
  return function_names[static_cast<std::size_t>(function)];
}

std::string Path::text() const {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += '.';
    out += part;
  }
  return out;
}

std::string Expression::text() const {
  std::string out;
  for (const Function function : functions) (out += name_of(function)) += '(';
  return (out += field.text()).append(functions.size(), ')');
}

std::string to_text(const Statement& statement) {
  std::string out = "SELECT ";
  if (statement.count) out += "COUNT()";
  append_list(out, statement.items, [&](const Item& item) { append(out, item); });
  (out += " FROM ") += statement.object.text();
  for (const auto& [alias, parent] : statement.aliases)
    if (parent.parts.empty()) {
      (out += ' ') += alias;
    } else {
      (out += ", ") += parent.text();
      if (!alias.empty()) (out += ' ') += alias;
    }
  if (statement.scope) (out += " USING SCOPE ") += statement.scope->text();
  if (statement.where) append(out += " WHERE ", *statement.where, false);
  if (statement.grouping != Grouping::none) {
    out += " GROUP BY ";
    if (statement.grouping == Grouping::rollup) out += "ROLLUP(";
    if (statement.grouping == Grouping::cube) out += "CUBE(";
    append_list(out, statement.groups, [&](const Expression& group) { out += group.text(); });
    if (statement.grouping != Grouping::plain) out += ')';
  }
  if (statement.having) append(out += " HAVING ", *statement.having, false);
  if (!statement.order.empty()) out += " ORDER BY ";
  append_list(out, statement.order, [&](const Order& order) {
    out += order.by.text();
    if (order.descending) out += " DESC";
    if (order.nulls_last) out += *order.nulls_last ? " NULLS LAST" : " NULLS FIRST";
  });
  if (statement.limit) (out += " LIMIT ") += std::to_string(*statement.limit);
  if (statement.offset) (out += " OFFSET ") += std::to_string(*statement.offset);
  constexpr std::string_view purposes[] = {"", " FOR VIEW", " FOR REFERENCE", " FOR UPDATE"};
  return out += purposes[static_cast<std::size_t>(statement.purpose)];
}

std::string with_caret(std::string_view statement, std::size_t at, std::string_view message) {
  at = std::min(at, statement.size());
  const auto line_start = at == 0 ? 0 : statement.rfind('\n', at - 1) + 1;  // npos + 1 is 0
  const std::size_t line_end = std::min(statement.find('\n', at), statement.size());
  // Recorded answers show thirty characters to either side, and then the rest of the word.
  constexpr std::size_t around = 30;
  std::size_t first = std::max(line_start, at - std::min(at, around)), last = std::min(line_end, at + around);
  while (first > line_start && !is_boundary(statement[first - 1])) --first;
  while (last < line_end && !is_boundary(statement[last])) ++last;
  const auto row = std::ranges::count(statement.substr(0, at), '\n') + 1;
  std::string out = "\n";
  out += statement.substr(first, last - first);
  out += '\n';
  out.append(characters(statement.substr(first, at - first)), ' ');
  out += "^\nERROR at Row:" + std::to_string(row) +
         ":Column:" + std::to_string(characters(statement.substr(line_start, at - line_start)) + 1) + "\n";
  return out += message;
}

}  // namespace simulator::soql
