// Any text as a user's filter: it is refused, or what is printed of it means the same, to us and to a parser that
// other hands wrote (the simulator's), which takes whatever we take.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "salesforce/condition.h"
#include "simulator/org/soql.h"

namespace {

using salesforce::soql::Condition;
using salesforce::soql::Literal;

/// Both hold the same comparisons in the same order, text for text.
bool agree(const Condition& ours, const simulator::soql::Condition& theirs) {
  if (ours.form != Condition::Form::comparison) {
    if (ours.parts.size() != theirs.parts.size()) return false;
    for (std::size_t i = 0; i < ours.parts.size(); ++i)
      if (!agree(ours.parts[i], theirs.parts[i])) return false;
    return true;
  }
  if (theirs.form != simulator::soql::Form::comparison || theirs.left.text() != ours.field) return false;
  if (ours.values.size() != theirs.values.size()) return false;
  if (ours.op == salesforce::soql::Operator::like) return true;  // they keep patterns in a form of their own
  for (std::size_t i = 0; i < ours.values.size(); ++i)
    if (ours.values[i].kind == Literal::Kind::text && ours.values[i].text != theirs.values[i].text) return false;
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto condition = salesforce::soql::parse_condition(text);
  if (!condition) {
    CHECK(condition.error().message.starts_with("character ") || text.size() > salesforce::soql::longest_condition);
    return 0;
  }
  const std::string printed = salesforce::soql::print(*condition);
  const auto again = salesforce::soql::parse_condition(printed);
  CHECK(again || printed.size() > salesforce::soql::longest_condition);
  if (again) CHECK(salesforce::soql::same(*again, *condition));

  const auto statement = simulator::soql::parse("SELECT Id FROM Contact WHERE " + printed + " LIMIT 7");
  CHECK(statement && statement->limit == 7u && statement->where && agree(*condition, *statement->where));
  return 0;
}
