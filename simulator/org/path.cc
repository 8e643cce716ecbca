#include "simulator/org/path.h"

#include <array>

#include "simulator/org/text.h"

namespace simulator {
namespace {

constexpr std::size_t most_hops = 5;

std::string quoted(std::string_view text) {
  return "'" + std::string{text} + "'";
}

std::string no_such_column(std::string_view column, std::string_view entity) {
  return "No such column " + quoted(column) + " on entity " + quoted(entity) +
         ". If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. "
         "Please reference your WSDL or the describe call for the appropriate names.";
}

/// The fields of the object Name, by which queries see the end of a polymorphic reference.
const std::vector<Field>& name_fields() {
  static const std::vector<Field> fields = [] {
    struct Known {
      std::string_view name;
      FieldType type;
      std::size_t length;
    };
    constexpr auto known = std::to_array<Known>({{"Id", FieldType::id, 18},
                                                 {"Name", FieldType::string, 255},
                                                 {"Type", FieldType::picklist, 40},
                                                 {"FirstName", FieldType::string, 40},
                                                 {"LastName", FieldType::string, 80},
                                                 {"Email", FieldType::email, 80},
                                                 {"Phone", FieldType::phone, 40},
                                                 {"Title", FieldType::string, 128},
                                                 {"Username", FieldType::string, 80},
                                                 {"Alias", FieldType::string, 8},
                                                 {"IsActive", FieldType::boolean, 0}});
    std::vector<Field> out;
    for (const Known& each : known) {
      Field field;
      field.name = each.name;
      field.type = each.type;
      field.length = each.length;
      (field.json_key += quoted_json(field.name)) += ':';
      out.push_back(std::move(field));
    }
    return out;
  }();
  return fields;
}

/// Fills in what lies behind the polymorphic reference at the end of `path`. False if Name has no such field.
bool end_in_name(const World& world, std::string_view column, FieldPath& path) {
  for (std::size_t place = 0; place < name_fields().size(); ++place) {
    const Field& field = name_fields()[place];
    if (!same_name(field.name, column)) continue;
    path.field = place;
    path.description = &field;
    for (const Object& object : world.schema.objects()) {
      const bool is_type = field.name == "Type";
      path.by_object.push_back(is_type ? type_field : object.find(field.name).value_or(no_field));
    }
    return true;
  }
  return false;
}

}  // namespace

Outcome<FieldPath> resolve(const World& world, const Object& object, const soql::Path& path,
                           std::string_view statement) {
  const auto refuse = [&](const std::string& message) {
    return refusal(400, "INVALID_FIELD", soql::with_caret(statement, path.at, message));
  };
  if (path.parts.size() > most_hops + 1)
    return refuse("Cannot have more than 5 levels of relationships in a field path: " + path.text());
  FieldPath out;
  const Object* here = &object;
  for (std::size_t i = 0; i + 1 < path.parts.size(); ++i) {
    const auto hop = here->find_relation(path.parts[i]);
    const bool is_last = i + 2 == path.parts.size();
    const Field* reference = hop ? &here->fields[*hop] : nullptr;
    if (!reference || reference->target_objects.empty() || (reference->is_polymorphic() && !is_last))
      return refuse("Didn't understand relationship " + quoted(path.parts[i]) +
                    " in field path. If you are attempting to use a custom relationship, be sure to append the '__r' "
                    "after the custom relationship name. Please reference your WSDL or the describe call for the "
                    "appropriate names.");
    out.hops.push_back(*hop);
    if (!reference->is_polymorphic()) {
      here = &world.schema[reference->target_objects.front()];
      continue;
    }
    if (!end_in_name(world, path.parts.back(), out)) return refuse(no_such_column(path.parts.back(), "Name"));
    return out;
  }
  const auto field = here->find(path.parts.back());
  if (!field) return refuse(no_such_column(path.parts.back(), here->name));
  out.field = *field;
  out.description = &here->fields[*field];
  return out;
}

bool is_seen(const World& world, RecordKey parent) {
  const Table& table = world.tables[parent.object];
  return table.exists(parent.number) && !table.is_hidden(parent.number);
}

Cell cell_at(const World& world, RecordKey record, const FieldPath& path, base::Arena& arena) {
  const auto nothing = [&path] { return path.description->type == FieldType::boolean ? Cell::of(false) : Cell{}; };
  for (const std::size_t hop : path.hops) {
    const Cell parent = world.tables[record.object].cell(record.number, hop, arena);
    if (parent.is_null() || !is_seen(world, parent.key)) return nothing();
    record = parent.key;
  }
  std::size_t field = path.field;
  if (!path.by_object.empty()) {
    field = path.by_object[record.object];
    if (field == type_field) return Cell::of(std::string_view{world.schema[record.object].name});
    if (field == no_field) return nothing();
  }
  return world.tables[record.object].cell(record.number, field, arena);
}

}  // namespace simulator
