#include <algorithm>

#include "simulator/org/aggregation.h"
#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

using soql::Function;

constexpr std::size_t most_rolled_up = 3, most_groups = 32;

const Field& field_of_type(FieldType type) {
  static const Field whole = [] {
    Field out;
    out.type = FieldType::integer;
    return out;
  }();
  static const Field real = [] {
    Field out;
    out.type = FieldType::real;
    out.scale = 2;
    return out;
  }();
  return type == FieldType::integer ? whole : real;
}

bool is_aggregate(const soql::Expression& expression) {
  return std::ranges::any_of(expression.functions, soql::is_aggregate);
}

}  // namespace

bool Aggregation::is_in(const soql::Statement& statement) {
  return statement.grouping != soql::Grouping::none || std::ranges::any_of(statement.items, [](const soql::Item& item) {
           return item.expression && is_aggregate(*item.expression);
         });
}

const Field& Aggregation::Aggregate::type() const {
  switch (function) {
    case Function::count:
    case Function::count_distinct:
    case Function::grouping:
      return field_of_type(FieldType::integer);
    case Function::avg:
      return field_of_type(FieldType::real);
    case Function::sum:
      return term.type().type == FieldType::integer && !unconfirmed::sum_of_integers_is_whole
                 ? field_of_type(FieldType::real)
                 : term.type();
    default:
      return term.type();
  }
}

Aggregation::Aggregation(const Binder& binder) : grouping_(binder.statement.grouping) {
  bind_groups(binder);
  bind_outputs(binder);
  if (binder.statement.having)
    having_ = tree_of<Test>(*binder.statement.having, [&](const soql::Condition& condition) {
      if (condition.select) binder.malformed(condition.at, "Semi-joins are only supported in WHERE clauses");
      const std::size_t slot = slot_of(binder, condition.left, "Field must be grouped or aggregated: ");
      return Test{slot, Comparison{binder.world, binder.asking, type_of(slot), condition.left.text(), condition.op,
                                   condition.values, binder.text, condition.left.at}};
    });
  for (const soql::Order& order : binder.statement.order)
    order_.push_back({slot_of(binder, order.by, "Ordered field must be grouped or aggregated: "),
                      {order.descending, order.nulls_last.value_or(false)}});
}

void Aggregation::bind_groups(const Binder& binder) {
  for (const soql::Expression& expression : binder.statement.groups) {
    if (is_aggregate(expression)) binder.malformed(expression.at, "unexpected token: '('");
    Term term = binder.term(expression);
    if (!term.function && !term.field().is_groupable())
      binder.malformed(expression.at, "field '" + term.field().name + "' can not be grouped in a query call");
    groups_.push_back(std::move(term));
  }
  if (groups_.size() > most_groups) throw ApiError{400, "QUERY_TOO_COMPLICATED", "GROUP BY takes at most 32 fields"};
  if (grouping_ != soql::Grouping::plain && groups_.size() > most_rolled_up)
    binder.malformed(binder.statement.groups.front().at, "ROLLUP and CUBE take at most three fields");
}

std::size_t Aggregation::group_slot(const Term& term) const {
  return static_cast<std::size_t>(std::ranges::find(groups_, term) - groups_.begin());
}

/// Adds the aggregate if it is not there yet.
std::size_t Aggregation::aggregate_slot(const Binder& binder, const soql::Expression& expression) {
  const Function function = expression.functions.front();
  if (expression.functions.size() != 1)
    binder.malformed(expression.at, "Aggregate functions take a field: " + expression.text());
  soql::Expression argument = expression;
  argument.functions.clear();
  Aggregate added{function, binder.term(argument)};
  const Field& field = added.term.field();
  added.group = group_slot(added.term);
  const bool is_group = added.group < groups_.size();
  if (function == Function::grouping) {
    if (!is_group || grouping_ == soql::Grouping::plain || grouping_ == soql::Grouping::none)
      binder.malformed(expression.at, "GROUPING needs a field of ROLLUP or CUBE: " + argument.text());
  } else {
    const bool needs_number = function == Function::sum || function == Function::avg;
    if (!field.is_aggregatable() || (needs_number && !field.is_number()))
      binder.malformed(expression.at, "field " + field.name + " does not support aggregate operator " +
                                          std::string{soql::name_of(function)});
    if (is_group && function != Function::count && unconfirmed::grouped_field_is_not_aggregated)
      binder.malformed(expression.at, "Grouped field should not be aggregated: " + argument.text());
  }
  for (std::size_t i = 0; i < aggregates_.size(); ++i)
    if (aggregates_[i].function == function && aggregates_[i].term == added.term) return groups_.size() + i;
  aggregates_.push_back(std::move(added));
  return groups_.size() + aggregates_.size() - 1;
}

std::size_t Aggregation::slot_of(const Binder& binder, const soql::Expression& expression, std::string_view refusal) {
  if (!expression.functions.empty() && soql::is_aggregate(expression.functions.front()))
    return aggregate_slot(binder, expression);
  const Term term = binder.term(expression);
  std::size_t slot = group_slot(term);
  if (slot == groups_.size()) binder.malformed(expression.at, std::string{refusal} + expression.text());
  return slot;
}

void Aggregation::add_output(const Binder& binder, const soql::Item& item, std::size_t& unnamed) {
  soql::Expression expression = *item.expression;
  Output out;
  if (!expression.functions.empty()) {
    const Function outer = expression.functions.front();
    if (outer == Function::format || outer == Function::to_label) {
      out.look = outer == Function::format ? Look::format : Look::label;
      expression.functions.erase(expression.functions.begin());
    }
  }
  out.slot = slot_of(binder, expression, "Field must be grouped or aggregated: ");
  out.key = item.alias;
  if (out.key.empty()) {
    const bool is_plain = expression.functions.empty();
    out.key = is_plain ? groups_[out.slot].field().name : "expr" + std::to_string(unnamed++);
  }
  for (const Output& other : outputs_)
    if (same_name(other.key, out.key)) binder.malformed(item.at, "duplicate alias: " + out.key);
  outputs_.push_back(std::move(out));
}

void Aggregation::bind_outputs(const Binder& binder) {
  std::size_t unnamed = 0;
  for (const soql::Item& item : binder.statement.items) {
    if (item.children) binder.malformed(item.at, "Child queries are not allowed with GROUP BY or aggregate functions");
    if (item.type_of) binder.malformed(item.at, "TYPEOF is not allowed with GROUP BY or aggregate functions");
    if (item.fields) {
      soql::Item first{.expression = soql::Expression{}};
      first.at = first.expression->at = item.at;
      for (const Field& field : binder.object.fields) {
        first.expression->field = {{field.name}, item.at};
        add_output(binder, first, unnamed);
      }
      continue;
    }
    add_output(binder, item, unnamed);
  }
}

}  // namespace simulator
