#include "salesforce/describe.h"

#include "salesforce/json.h"

namespace salesforce {
namespace {

std::int32_t int_at(JsonObject& object, std::string_view key) {
  std::int64_t value = 0;
  if (object.find_field_unordered(key).get_int64().get(value)) return 0;
  return static_cast<std::int32_t>(value);
}

DescribedField read_field(JsonObject& object) {
  DescribedField field;  // in describe's own order of keys, so that one pass finds them
  field.calculated = bool_at(object, "calculated");
  field.createable = bool_at(object, "createable");
  field.defaulted_on_create = bool_at(object, "defaultedOnCreate");
  field.external_id = bool_at(object, "externalId");
  if (bool filterable = true; !object.find_field_unordered("filterable").get_bool().get(filterable))
    field.filterable = filterable;
  field.label = text_at(object, "label");
  const std::int32_t length = int_at(object, "length");
  field.name = text_at(object, "name");
  field.nillable = bool_at(object, "nillable");
  if (JsonArray targets; !object.find_field_unordered("referenceTo").get_array().get(targets)) {
    for (auto target : targets) {
      std::string_view name;
      if (target.get_string().get(name)) break;
      field.reference_to.emplace_back(name);
    }
  }
  field.relationship_name = text_at(object, "relationshipName");
  const std::int32_t scale = int_at(object, "scale");
  field.type = text_at(object, "type");
  field.unique = bool_at(object, "unique");
  field.updateable = bool_at(object, "updateable");
  field.field_type = field_type_for(field.type, scale, length);
  return field;
}

}  // namespace

model::FieldType field_type_for(std::string_view type, std::int32_t scale, std::int32_t length) {
  using model::FieldKind;
  if (type == "boolean") return {.kind = FieldKind::boolean};
  if (type == "int" || type == "long") return {.kind = FieldKind::number, .scale = 0};
  if (type == "currency" || type == "double" || type == "percent") return {.kind = FieldKind::number, .scale = scale};
  if (type == "date") return {.kind = FieldKind::date};
  if (type == "datetime") return {.kind = FieldKind::datetime};
  if (type == "multipicklist") return {.kind = FieldKind::multi, .scale = 0, .length = length};
  if (type == "time") return {.kind = FieldKind::time};
  if (type == "email") return {.kind = FieldKind::email, .scale = 0, .length = length};
  if (type == "phone") return {.kind = FieldKind::phone, .scale = 0, .length = length};
  if (type == "reference" || type == "id") return {.kind = FieldKind::reference};
  return {.kind = FieldKind::text, .scale = 0, .length = length};
}

base::Result<DescribedObject> parse_describe(std::string json) {
  const auto broken = [] {
    return base::failure(base::ErrorKind::malformed,
                         "Salesforce's description of an object could not be read: it is cut short or has another "
                         "form.");
  };
  JsonReader reader;
  JsonObject root;
  if (!reader.open_whole(json) || reader.root().get_object().get(root)) return broken();
  DescribedObject described;
  described.createable = bool_at(root, "createable");
  JsonArray fields;
  if (root.find_field_unordered("fields").get_array().get(fields)) return broken();
  for (auto element : fields) {
    JsonObject object;
    if (element.get_object().get(object)) return broken();
    described.fields.push_back(read_field(object));
    if (described.fields.back().name.empty() || described.fields.back().type.empty()) return broken();
  }
  described.key_prefix = text_at(root, "keyPrefix");
  described.label = text_at(root, "label");
  described.name = text_at(root, "name");
  described.updateable = bool_at(root, "updateable");
  if (described.name.empty()) return broken();
  return described;
}

}  // namespace salesforce
