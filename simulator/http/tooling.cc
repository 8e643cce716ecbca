#include "simulator/http/tooling.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>

#include "simulator/http/answers.h"
#include "simulator/org/ids.h"
#include "simulator/org/text.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::string_view custom_field_prefix = "00N";
constexpr std::size_t longest_text = 255, longest_name = 40;

/// What a type of the Metadata API is in describe, and what it must say of itself.
struct Kind {
  std::string_view name;
  FieldType type;
  std::size_t length = 0;  ///< Of those that always have the same.
  bool needs_length = false, needs_precision = false;
};
constexpr Kind kinds[] = {
    {"Text", FieldType::string, 0, true},
    {"TextArea", FieldType::textarea, 255},
    {"LongTextArea", FieldType::textarea, 0, true},
    {"Email", FieldType::email, 80},
    {"Phone", FieldType::phone, 40},
    {"Url", FieldType::url, 255},
    {"Number", FieldType::real, 0, false, true},
    {"Currency", FieldType::currency, 0, false, true},
    {"Percent", FieldType::percent, 0, false, true},
    {"Checkbox", FieldType::boolean},
    {"Date", FieldType::date},
    {"DateTime", FieldType::datetime},
    {"Time", FieldType::time},
    {"Picklist", FieldType::picklist, 255},
    {"MultiselectPicklist", FieldType::multipicklist, 4'099},
    {"Lookup", FieldType::reference, 18},
};

std::unexpected<ApiError> wrong(std::string message, std::string field) {
  return refusal(400, "FIELD_INTEGRITY_EXCEPTION", std::move(message), {std::move(field)});
}

std::size_t number_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_int64() && value->as_int64() > 0 ? static_cast<std::size_t>(value->as_int64()) : 0;
}

bool is_custom_name(std::string_view name) {
  if (!name.ends_with("__c")) return false;
  name.remove_suffix(3);
  return !name.empty() && name.size() <= longest_name && std::isalpha(static_cast<unsigned char>(name.front())) != 0 &&
         name.back() != '_' && !name.contains("__") &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

std::vector<PicklistValue> values_in(const json::object& metadata) {
  std::vector<PicklistValue> out;
  const json::value* set = metadata.if_contains("valueSet");
  const json::value* definition =
      set && set->is_object() ? set->as_object().if_contains("valueSetDefinition") : nullptr;
  const json::value* list =
      definition && definition->is_object() ? definition->as_object().if_contains("value") : nullptr;
  if (!list || !list->is_array()) return out;
  for (const json::value& each : list->as_array()) {
    if (!each.is_object()) continue;
    std::string name = text_at(each.as_object(), "valueName"), label = text_at(each.as_object(), "label");
    if (name.empty()) name = text_at(each.as_object(), "fullName");
    if (label.empty()) label = name;
    if (!name.empty()) out.push_back({name, label, true, is_set(each.as_object(), "default")});
  }
  return out;
}

Outcome<void> read_lookup(const json::object& metadata, Field& field) {
  field.targets = {text_at(metadata, "referenceTo")};
  if (field.targets.front().empty())
    return wrong("Must specify 'referenceTo' for a CustomField of type Lookup", "ReferenceTo");
  field.restricted_delete = text_at(metadata, "deleteConstraint") == "Restrict";
  field.cascade_delete = text_at(metadata, "deleteConstraint") == "Cascade";
  if (const std::string children = text_at(metadata, "relationshipName"); !children.empty())
    field.child_relationship = children + "__r";
  return {};
}

Outcome<Field> field_of(const std::string& name, const json::object& metadata) {
  const std::string type = text_at(metadata, "type");
  const auto kind = std::ranges::find(kinds, type, &Kind::name);
  if (kind == std::end(kinds))
    return refusal(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                   "Type: bad value for restricted picklist field: " + type, {"Type"});
  Field field;
  field.name = name;
  field.type = kind->type;
  field.label = text_at(metadata, "label");
  if (field.label.empty()) return wrong("Must specify a non-empty label for the CustomField", "Label");
  field.length = kind->needs_length ? number_at(metadata, "length") : kind->length;
  if (kind->needs_length && field.length == 0)
    return wrong("Must specify 'length' for a CustomField of type " + type, "Length");
  if (type == "Text" && field.length > longest_text)
    return refusal(400, "NUMBER_OUTSIDE_VALID_RANGE",
                   "Length: value outside of valid range on numeric field: " + std::to_string(field.length),
                   {"Length"});
  if (kind->needs_precision) {
    const json::value* scale = metadata.if_contains("scale");
    field.precision = static_cast<int>(number_at(metadata, "precision"));
    if (field.precision == 0 || !scale)
      return wrong("Must specify 'precision' and 'scale' for a CustomField of type " + type, "Precision");
    field.scale = static_cast<int>(number_at(metadata, "scale"));
    if (field.precision > 18 || field.scale > field.precision)
      return wrong("precision and scale do not fit together", "Precision");
  }
  const bool may_be_a_key = type == "Text" || type == "Number" || type == "Email";
  field.external_id = is_set(metadata, "externalId");
  field.unique = is_set(metadata, "unique");
  field.case_sensitive = is_set(metadata, "caseSensitive");
  if ((field.external_id || field.unique) && !may_be_a_key)
    return wrong("A CustomField of type " + type + " can be neither an external id nor unique", "ExternalId");
  field.id_lookup = field.external_id;
  field.required = is_set(metadata, "required");
  field.filterable = type != "LongTextArea";
  field.picklist = values_in(metadata);
  if (const json::value* set = metadata.if_contains("valueSet"); set && set->is_object())
    field.restricted = is_set(set->as_object(), "restricted");
  field.custom = field.createable = field.updateable = true;
  if (field.type == FieldType::reference)
    if (auto read = read_lookup(metadata, field); !read) return std::unexpected(std::move(read).error());
  return field;
}

}  // namespace

Reply Tooling::answer(const Call& call) {
  if (call.path.size() != 3 || !same_name(call.path[2], "CustomField")) return refuse(not_found_error);
  if (call.method != "POST") return refuse(method_not_allowed(call.method));
  const auto request = object_in(call.body);
  if (!request) return refuse(bad_json_error);
  const auto id = make_field(*request);
  if (!id) return refuse(id.error());
  return {201,
          json::serialize(json::object{{"id", *id},
                                       {"success", true},
                                       {"errors", json::array{}},
                                       {"warnings", json::array{}},
                                       {"infos", json::array{}}}),
          {{"Location", call.root + "/tooling/sobjects/CustomField/" + *id}}};
}

Outcome<std::string> Tooling::make_field(const json::object& request) {
  const std::string full = text_at(request, "FullName");
  const json::value* metadata = request.if_contains("Metadata");
  if (full.empty() || !metadata || !metadata->is_object()) {
    const std::string missing = full.empty() ? "FullName" : "Metadata";
    return refusal(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [" + missing + "]", {missing});
  }
  const auto dot = full.find('.');
  const std::string owner = full.substr(0, dot), name = dot == std::string::npos ? "" : full.substr(dot + 1);
  if (!is_custom_name(name))
    return wrong(
        "The name of a custom field begins with a letter, has letters, digits and single underscores, and ends in "
        "__c: " +
            full,
        "FullName");
  std::vector<const Object*> objects;
  for (const std::string& each : owner == "Activity" ? std::vector<std::string>{"Task", "Event"} : std::vector{owner})
    if (const Object* object = org_.schema().find(each); object && owner != "Task" && owner != "Event")
      objects.push_back(object);
  if (objects.empty())
    return refusal(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                   "Entity Enumeration Or ID: bad value for restricted picklist field: " + owner, {"TableEnumOrId"});
  for (const Object* object : objects)
    if (object->find_any(name))
      return refusal(400, "DUPLICATE_DEVELOPER_NAME",
                     "There is already a field named " + name.substr(0, name.size() - 3) + " on " + object->label + ".",
                     {"DeveloperName"});
  auto field = field_of(name, metadata->as_object());
  if (!field) return std::unexpected(std::move(field).error());
  if (field->type == FieldType::reference && !org_.schema().find(field->targets.front()))
    return wrong("referenceTo value of '" + field->targets.front() + "' does not resolve to a valid sObject type",
                 "ReferenceTo");
  for (const Object* object : objects) {
    Field own = *field;
    complete(*object, own);
    org_.add_field(*object, std::move(own));
  }
  return id_text(custom_field_prefix, ++made_);
}

}  // namespace simulator
