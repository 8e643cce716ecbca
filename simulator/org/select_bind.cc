#include <algorithm>

#include "simulator/org/select.h"
#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

using soql::Form;
using soql::Function;
using soql::Op;

constexpr std::uint64_t largest_offset = 2'000, most_records_of_a_field_set = 200;
constexpr int deepest_level = 5, most_child_selects = 20;

/// How many records the condition leaves at most because it names their ids.
std::optional<std::size_t> most_ids(const soql::Condition& condition) {
  if (condition.form == Form::comparison) {
    const bool is_id = condition.left.functions.empty() && same_name(condition.left.field.parts.back(), "Id") &&
                       condition.left.field.parts.size() == 1 && !condition.select;
    return is_id && (condition.op == Op::equal || condition.op == Op::in) ? std::optional{condition.values.size()}
                                                                          : std::nullopt;
  }
  std::optional<std::size_t> out;
  for (const soql::Condition& part : condition.parts) {
    const auto most = condition.form == Form::negation ? std::nullopt : most_ids(part);
    if (condition.form == Form::both) {
      if (most) out = std::min(*most, out.value_or(*most));
    } else if (!most) {
      return std::nullopt;
    } else {
      out = out.value_or(0) + *most;
    }
  }
  return out;
}

/// How the expression is to be shown; without the function that says so.
Look look_of(const Binder& binder, soql::Expression& expression) {
  if (expression.functions.empty()) return Look::plain;
  const Function function = expression.functions.front();
  if (function == Function::convert_currency ||
      (expression.functions.size() > 1 && expression.functions[1] == Function::convert_currency))
    binder.malformed(expression.at, "convertCurrency is only supported in an org with several currencies");
  if (function != Function::to_label && function != Function::format) return Look::plain;
  expression.functions.erase(expression.functions.begin());
  return function == Function::format ? Look::format : Look::label;
}

}  // namespace

Select::Select(const Binder& binder, const Select* parent)
    : object_(binder.object),
      with_deleted_(binder.with_deleted),
      level_(parent != nullptr ? parent->level_ + 1 : 1),
      counts_(binder.statement.count),
      projection_(binder.object) {
  const soql::Statement& statement = binder.statement;
  if (level_ > deepest_level)
    binder.malformed(statement.object.at, "A query may have at most five levels of parents and children");
  binder.check_from();
  bind_window(binder, parent);
  if (counts_) {
    if (parent != nullptr) binder.malformed(statement.object.at, "only root queries support aggregate expressions");
    if (!statement.order.empty())
      binder.malformed(statement.order.front().by.at, "COUNT() cannot be used with ORDER BY");
  }
  const bool aggregates = Aggregation::is_in(statement);
  if (aggregates && parent != nullptr)
    binder.malformed(statement.object.at, "only root queries support aggregate expressions");
  if (!aggregates) bind_items(binder);
  bind_filter(binder);
  if (aggregates) {
    aggregation_.emplace(binder);
    if (!aggregation_->is_grouped() && (limit_ || statement.offset))
      binder.malformed(statement.object.at,
                       std::string{"Non-grouped query that uses overall aggregate functions cannot also use "} +
                           (limit_ ? "LIMIT" : "OFFSET"));
    return;
  }
  if (statement.having) binder.malformed(statement.object.at, "HAVING needs a GROUP BY clause");
  bind_order(binder);
}

void Select::bind_window(const Binder& binder, const Select* parent) {
  limit_ = binder.statement.limit;
  offset_ = binder.statement.offset.value_or(0);
  if (offset_ > largest_offset)
    throw ApiError{400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"};
  if (binder.statement.offset && parent != nullptr && parent->limit_ != 1)
    binder.malformed(binder.statement.object.at, "OFFSET is only allowed in a child query if its parent has LIMIT 1");
}

void Select::bind_items(const Binder& binder) {
  for (const soql::Item& item : binder.statement.items) {
    if (item.expression) bind_expression(binder, item);
    if (item.fields) bind_fields(binder, *item.fields);
    if (item.children) bind_children(binder, item);
    if (item.type_of) bind_type_of(binder, *item.type_of);
  }
  if (!counts_ && outputs_.empty() && children_.empty() && !has_type_of_)
    throw ApiError{400, "MALFORMED_QUERY",
                   "'FIELDS(...)' expansion function must result in at least one field being selected."};
}

void Select::bind_expression(const Binder& binder, const soql::Item& item) {
  soql::Expression expression = *item.expression;
  const Look look = look_of(binder, expression);
  if (!expression.functions.empty()) {
    const Function function = expression.functions.front();
    if (soql::is_date_function(function))
      binder.malformed(item.at, "Date functions in a SELECT must be in the GROUP BY clause too: " + expression.text());
    binder.term(expression);  // which refuses it
  }
  if (!item.alias.empty() && look == Look::plain)
    binder.malformed(item.at, "only aggregate expressions use field aliasing");
  add_output(binder, {expression.field.text(), binder.term(expression), look}, item.alias);
}

void Select::add_output(const Binder& binder, Output output, std::string_view alias) {
  std::string name = alias.empty() ? output.term.name : folded(alias);
  if (std::ranges::find(selected_, name) != selected_.end())
    throw ApiError{400, "INVALID_FIELD", "duplicate field selected: " + output.header};
  selected_.push_back(std::move(name));
  projection_.add(binder.world, output.term.path, alias, output.look);
  outputs_.push_back(std::move(output));
}

void Select::bind_fields(const Binder& binder, soql::FieldSet set) {
  const soql::Statement& statement = binder.statement;
  const auto ids = statement.where ? most_ids(*statement.where) : std::nullopt;
  const bool is_bounded =
      (limit_ && *limit_ <= most_records_of_a_field_set) || (ids && *ids <= most_records_of_a_field_set);
  if (set != soql::FieldSet::standard && !is_bounded)
    throw ApiError{400, "MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200"};
  for (const Field& field : object_.fields) {
    const bool is_wanted = set == soql::FieldSet::all || field.custom == (set == soql::FieldSet::custom);
    if (!is_wanted || !object_.find(field.name)) continue;
    soql::Expression expression;
    expression.field.parts.push_back(field.name);
    add_output(binder, {field.name, binder.term(expression)}, {});
  }
}

void Select::bind_children(const Binder& binder, const soql::Item& item) {
  const soql::Path& path = item.children->object;
  const std::string& name = path.parts.back();
  const bool is_of_parent =
      path.parts.size() == 1 ||
      (path.parts.size() == 2 &&
       (same_name(path.parts[0], object_.name) || std::ranges::any_of(binder.statement.aliases, [&](const auto& a) {
          return same_name(a.first, path.parts[0]);
        })));
  const auto child = is_of_parent ? binder.world.schema.find_child(object_, name) : std::nullopt;
  if (!child)
    binder.refuse("INVALID_TYPE", path.at,
                  "Didn't understand relationship '" + name +
                      "' in FROM part of query call. If you are attempting to use a custom relationship, be sure to "
                      "append the '__r' after the custom relationship name. Please reference your WSDL or the describe "
                      "call for the appropriate names.");
  const std::string key = child->object->fields[child->field].child_relationship;
  if (++binder.tally.child_selects > most_child_selects)
    binder.malformed(item.at, "A query may have at most 20 child queries");
  if (std::ranges::find(selected_, "(" + folded(key)) != selected_.end())
    throw ApiError{400, "INVALID_FIELD", "duplicate field selected: " + key};
  selected_.push_back("(" + folded(key));
  const Binder inner{binder.world, binder.asking,  binder.text,   binder.with_deleted,
                     binder.tally, *child->object, *item.children};
  projection_.add_children(key, children_.size());
  children_.push_back({child->field, std::make_unique<const Select>(inner, this)});
}

void Select::bind_type_of(const Binder& binder, const soql::TypeOf& type_of) {
  const soql::Path& path = type_of.reference;
  soql::Path id = path;
  id.parts.emplace_back("Id");
  FieldPath reference = binder.path(id);  // the relationship, and Id behind it
  if (reference.by_object.empty())
    binder.malformed(path.at,
                     "TYPEOF is only allowed for a polymorphic relationship, and not for '" + path.text() + "'");
  const std::string name = folded(path.text());
  for (const std::string& other : selected_)
    if (other == name || other.starts_with(name + "."))
      binder.malformed(path.at, "A relationship in TYPEOF cannot also be selected: " + path.text());
  selected_.push_back(name);
  Projection::Choice choice;
  choice.by_object.resize(binder.world.schema.objects().size());
  for (const soql::TypeOf::Case& one : type_of.cases) {
    const Object& object = object_named(binder.world, one.object, binder.text);
    auto& projection = choice.by_object[object.index];
    if (projection) binder.malformed(one.object.at, "TYPEOF names the object twice: " + object.name);
    projection = std::make_unique<Projection>(object);
    for (const soql::Path& field : one.fields) {
      auto found = resolve(binder.world, object, field, binder.text);
      if (!found) throw std::move(found).error();
      projection->add(binder.world, *found);
    }
  }
  if (!type_of.otherwise.empty()) {
    choice.otherwise = std::make_unique<Projection>(nullptr);
    for (const soql::Path& field : type_of.otherwise) {
      soql::Path full = path;
      full.parts.insert(full.parts.end(), field.parts.begin(), field.parts.end());
      FieldPath found = binder.path(full);
      found.hops.clear();
      choice.otherwise->add(binder.world, found);
    }
  }
  has_type_of_ = true;
  const Object* owner = &object_;
  reference.field = reference.hops.back();
  reference.hops.pop_back();
  for (const std::size_t hop : reference.hops) owner = &binder.world.schema[owner->fields[hop].target_objects.front()];
  reference.description = &owner->fields[reference.field];
  projection_.add_choice(binder.world, reference, std::move(choice));
}

void Select::bind_filter(const Binder& binder) {
  const soql::Statement& statement = binder.statement;
  std::optional<soql::Condition> mine;
  if (statement.scope && !same_name(statement.scope->parts.front(), "everything")) {
    if (!same_name(statement.scope->parts.front(), "mine") || !object_.find("OwnerId"))
      throw ApiError{400, "INVALID_QUERY_SCOPE", "The scope is not supported: " + statement.scope->text()};
    mine.emplace();
    mine->left.field.parts = {"OwnerId"};
    mine->values.push_back({.kind = soql::LiteralKind::text,
                            .text = id_text(binder.world.schema[user].prefix, binder.asking.user_number)});
  }
  if (mine && statement.where) {
    soql::Condition both{.form = Form::both};
    both.parts = {*std::move(mine), *statement.where};
    filter_.emplace(binder, both);
  } else if (mine || statement.where) {
    filter_.emplace(binder, mine ? *mine : *statement.where);
  }
}

void Select::bind_order(const Binder& binder) {
  for (const soql::Order& order : binder.statement.order) {
    Term term = binder.term(order.by);
    if (!term.field().is_sortable())
      binder.malformed(order.by.at, "field '" + term.field().name + "' can not be sorted in a query call");
    const bool is_related = !term.path.hops.empty() || term.field().type == FieldType::reference;
    order_.push_back({std::move(term), {order.descending, order.nulls_last.value_or(false) && !is_related}});
  }
}

}  // namespace simulator
