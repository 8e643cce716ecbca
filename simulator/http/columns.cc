#include "simulator/http/columns.h"

#include <algorithm>
#include <boost/json.hpp>

namespace simulator {
namespace {

namespace json = boost::json;

std::string_view apex_type(const Field& field) {
  switch (field.type) {
    case FieldType::id:
    case FieldType::reference:
      return "Id";
    case FieldType::boolean:
      return "Boolean";
    case FieldType::integer:
      return "Integer";
    case FieldType::date:
      return "Date";
    case FieldType::datetime:
      return "Datetime";
    case FieldType::address:
      return "Address";
    default:
      return field.is_number() ? "Double" : "String";
  }
}

/// `field` is null for what is no field: a parent, children, a count.
json::object column(std::string_view name, std::string_view shown, const Field* field, bool is_aggregate) {
  const std::string_view type = field ? apex_type(*field) : "";
  return {{"aggregate", is_aggregate},
          {"apexType", field ? json::value(type) : json::value{}},
          {"booleanType", type == "Boolean"},
          {"columnName", name},
          {"custom", field && field->custom},
          {"displayName", shown},
          {"foreignKeyName", field && !field->relationship.empty() ? json::value(field->relationship) : json::value{}},
          {"insertable", field && field->createable},
          {"joinColumns", json::array{}},
          {"numberType", type == "Double" || type == "Integer"},
          {"textType", type == "String" || type == "Id"},
          {"updatable", field && field->updateable}};
}

/// Puts "Account.Owner.Name" below the columns of its parents, which are made once.
void add(json::array& columns, std::string_view path, const Field& field) {
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) {
    columns.push_back(column(path, path, &field, false));
    return;
  }
  const std::string_view parent = path.substr(0, dot);
  auto found = std::ranges::find_if(columns, [&](const json::value& each) {
    return std::string_view{each.at("columnName").as_string()} == parent && !each.at("joinColumns").as_array().empty();
  });
  if (found == columns.end()) {
    columns.push_back(column(parent, parent, nullptr, false));
    found = columns.end() - 1;
  }
  add(found->at("joinColumns").as_array(), path.substr(dot + 1), field);
}

json::array columns_of_groups(const soql::Statement& statement) {
  json::array columns;
  int unnamed = 0;
  for (const soql::Item& item : statement.items) {
    if (!item.expression) continue;
    const std::string text = item.expression->text();
    const bool is_function = !item.expression->functions.empty();
    const std::string name = !item.alias.empty() ? item.alias
                             : is_function       ? "expr" + std::to_string(unnamed++)
                                                 : item.expression->field.parts.back();
    columns.push_back(column(name, is_function ? text : name, nullptr, is_function));
  }
  return columns;
}

json::array columns_of(const soql::Statement& statement, const Select& select) {
  if (select.aggregation()) return columns_of_groups(statement);
  json::array columns;
  const auto& outputs = select.outputs();
  // FIELDS(…) stands for as many outputs as no other item accounts for.
  const auto named = static_cast<std::size_t>(std::ranges::count_if(statement.items, [](const soql::Item& item) { return item.expression.has_value(); }));
  std::size_t of_sets = outputs.size() - std::min(named, outputs.size()), next = 0, child = 0;
  const auto take = [&](std::size_t count) {
    for (; count > 0 && next < outputs.size(); --count, ++next) add(columns, outputs[next].header, outputs[next].term.type());
  };
  for (const soql::Item& item : statement.items) {
    if (item.expression) take(1);
    if (item.fields) take(std::exchange(of_sets, 0));
    if (!item.children || child >= select.children().size()) continue;
    const std::string& name = item.children->object.parts.back();
    json::object children = column(name, name, nullptr, true);
    children["joinColumns"] = columns_of(*item.children, *select.children()[child++].select);
    columns.push_back(std::move(children));
  }
  return columns;
}

}  // namespace

Outcome<std::string> query_columns_json(const Org& org, const Caller& caller, std::string_view text, bool with_deleted) {
  const auto select = make_query(org.world(), asking_of(org.world(), org.clock().now(), caller.user), text, with_deleted);
  if (!select) return std::unexpected(select.error());
  const auto statement = soql::parse(text);
  if (!statement) return std::unexpected(statement.error());
  const Object& object = (*select)->object();
  const auto is_id = [](const Select::Output& output) { return output.term.type().type == FieldType::id; };
  const bool grouped = (*select)->aggregation() && (*select)->aggregation()->is_grouped();
  return json::serialize(json::object{{"columnMetadata", (*select)->counts() ? json::array{} : columns_of(*statement, **select)},
                                      {"entityName", object.name},
                                      {"groupBy", grouped},
                                      {"idSelected", std::ranges::any_of((*select)->outputs(), is_id)},
                                      {"keyPrefix", object.prefix}});
}

}  // namespace simulator
