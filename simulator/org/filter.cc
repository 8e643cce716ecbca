#include "simulator/org/filter.h"

#include "simulator/org/scan.h"
#include "simulator/org/text.h"

namespace simulator {
namespace {

using soql::Form;
using soql::Op;

constexpr std::size_t most_semi_joins = 2;

std::string quoted(std::string_view text) {
  return "'" + std::string{text} + "'";
}

/// Sub-selects may only be joined by AND, and only to the whole WHERE.
enum class Standing : std::uint8_t { top, below_or, nested };
void check_places(const Binder& binder, const soql::Condition& whole, const soql::Condition& condition,
                  Standing standing, std::size_t& count) {
  if (condition.select) {
    if (standing == Standing::below_or)
      binder.malformed(condition.at, "Semi join sub-selects are not allowed with the 'OR' operator");
    if (standing == Standing::nested)
      binder.malformed(condition.at,
                       "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested "
                       "WHERE expressions.");
    if (++count > most_semi_joins) binder.malformed(condition.at, "Maximum 2 semi join sub-selects are allowed.");
  }
  const bool is_whole = &condition == &whole;
  const Standing below = condition.form == Form::both && standing == Standing::top ? Standing::top
                         : condition.form == Form::either && is_whole              ? Standing::below_or
                                                                                   : Standing::nested;
  for (const soql::Condition& part : condition.parts) check_places(binder, whole, part, below, count);
}

bool point_to_common_object(const Object& object, const Field& left, const Object& inner, const Field& selected) {
  const auto targets = [](const Object& owner, const Field& field) {
    return field.type == FieldType::id ? std::vector{owner.name} : field.targets;
  };
  const std::vector<std::string> own = targets(object, left), other = targets(inner, selected);
  return std::ranges::find_first_of(own, other) != own.end();
}

Comparison semi_join(const Binder& outer, const soql::Condition& condition, const Field& left) {
  const soql::Statement& select = *condition.select;
  const auto refuse = [&](std::size_t at, const std::string& message) { outer.malformed(at, message); };
  if (condition.left.field.parts.size() > 1)
    refuse(condition.left.at, "The left operand cannot have more than one level of relationships");
  if (left.type != FieldType::id && left.type != FieldType::reference)
    refuse(condition.left.at,
           "The left operand field in the where expression for outer query should be an id field, cannot use: " +
               quoted(condition.left.text()));
  const Object& object = object_named(outer.world, select.object, outer.text);
  for (const std::string_view name : {"Task", "Event", "Note", "Attachment", "ActivityHistory", "OpenActivity"})
    if (object.name == name)
      refuse(select.object.at, "Entity " + quoted(name) + " is not supported for semi join inner selects");
  if (&object == &outer.object)
    refuse(select.object.at, "The inner and outer selects should not be on the same object type");
  if (select.count || select.items.size() != 1 || !select.items.front().expression)
    refuse(condition.at, "semi join sub-selects can only select a single id field");
  const soql::Expression& item = *select.items.front().expression;
  Binder inner{outer.world, outer.asking, outer.text, outer.with_deleted, outer.tally, object, select};
  const Term selected = inner.term(item);
  const FieldType type = selected.type().type;
  if (!selected.path.hops.empty() || (type != FieldType::id && type != FieldType::reference))
    refuse(item.at, "semi join sub-selects can only query id fields, cannot use: " + quoted(item.text()));
  if (!point_to_common_object(outer.object, left, object, selected.field()))
    refuse(condition.at, "The selected field " + quoted(item.text()) +
                             " in the subquery and the left operand field in the where expression in the outer query " +
                             quoted(condition.left.text()) + " should point to the same object type");
  if (select.where) {
    const auto is_nested = [](const auto& self, const soql::Condition& each) -> bool {
      return each.select != nullptr ||
             std::ranges::any_of(each.parts, [&self](const soql::Condition& part) { return self(self, part); });
    };
    if (is_nested(is_nested, *select.where)) refuse(condition.at, "Nesting of semi join sub-selects is not supported");
  }
  std::optional<Filter> filter;
  if (select.where) filter.emplace(inner, *select.where);
  std::unordered_set<std::uint64_t> keys;
  base::Arena arena;
  const Search search{outer.world, outer.asking, object, filter ? &*filter : nullptr, outer.with_deleted};
  Scan{search, WalkOrder::any}.each([&](std::uint64_t number) {
    arena.clear();
    const Cell cell = value_of(outer.world, outer.asking, {object.index, number}, selected, arena);
    if (!cell.is_null()) keys.insert(cell.key.packed());
    return true;
  });
  return Comparison{condition.op, std::move(keys)};
}

Test test_of(const Binder& binder, const soql::Condition& condition) {
  const auto& functions = condition.left.functions;
  soql::Expression left = condition.left;
  if (!functions.empty() && soql::is_aggregate(functions.front()))
    binder.malformed(condition.left.at, "Aggregate functions are not supported in a WHERE clause: " + left.text());
  const bool by_label = functions.size() == 1 && functions.front() == soql::Function::to_label;
  if (by_label) left.functions.clear();  // labels and values are the same text in this org
  Term term = binder.term(left);
  const Field& field = term.field();
  const std::string name = condition.left.functions.empty() ? field.name : condition.left.text();
  if (field.type == FieldType::address)
    binder.refuse("INVALID_FIELD", condition.left.at, "Address fields can only be filtered using Distance expressions");
  if (!field.filterable)
    binder.refuse("INVALID_FIELD", condition.left.at, "field '" + field.name + "' can not be filtered in a query call");
  if (condition.select) return {std::move(term), semi_join(binder, condition, field)};
  const Field& type = term.type();
  return {std::move(term), Comparison{binder.world, binder.asking, type, name, condition.op, condition.values,
                                      binder.text, condition.left.at}};
}

}  // namespace

Filter::Filter(const Binder& binder, const soql::Condition& condition) {
  std::size_t semi_joins = 0;
  check_places(binder, condition, condition, Standing::top, semi_joins);
  tree_ = tree_of<Test>(condition, [&](const soql::Condition& each) { return test_of(binder, each); });
}

}  // namespace simulator
