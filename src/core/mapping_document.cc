#include "core/mapping_document.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/compile_mapping.h"

namespace core {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }
std::string text_of(json::string_view text) { return {text.data(), text.size()}; }

/// A choice of a field or mapping beside its names: how users spell it, and where it is kept.
template <class Setting>
struct Choice {
  std::string_view name, snake;
  std::string Setting::*member;
};
constexpr std::array field_choices = std::to_array<Choice<FieldSetting>>({
    {"crmField", "crm_field", &FieldSetting::crm_field},
    {"salesforceField", "salesforce_field", &FieldSetting::salesforce_field},
    {"direction", "direction", &FieldSetting::direction},
    {"winner", "winner", &FieldSetting::winner},
    {"writeMode", "write_mode", &FieldSetting::write_mode},
});
constexpr std::array mapping_choices = std::to_array<Choice<MappingSetting>>({
    {"objectType", "object_type", &MappingSetting::object_type},
    {"table", "table", &MappingSetting::table},
    {"keyColumn", "key_column", &MappingSetting::key_column},
    {"syncDirection", "sync_direction", &MappingSetting::direction},
    {"conflictResolution", "conflict_resolution", &MappingSetting::conflict_resolution},
    {"onFilterLeave", "on_filter_leave", &MappingSetting::on_filter_leave},
    {"onSalesforceDelete", "on_salesforce_delete", &MappingSetting::on_salesforce_delete},
    {"onCrmDelete", "on_crm_delete", &MappingSetting::on_crm_delete},
});

json::array array_of(std::string_view text) {
  boost::system::error_code failed;
  const json::value value = json::parse(view(text), failed);
  return !failed && value.is_array() ? value.get_array() : json::array{};
}

/// What a user's text says in JSON, or the text itself: then the mapping's check complains about it.
json::value json_or_text(std::string_view text) {
  boost::system::error_code failed;
  json::value value = json::parse(view(text), failed);
  return failed ? json::value(view(text)) : value;
}

FieldSetting field_from(const json::object& object) {
  FieldSetting field;
  for (const auto& choice : field_choices)
    for (const std::string_view name : {choice.name, choice.snake})
      if (const auto* value = object.if_contains(view(name)); value && value->is_string())
        field.*choice.member = text_of(value->get_string());
  if (const auto* transform = object.if_contains("transform"); transform && !transform->is_null())
    field.transform = json::serialize(*transform);
  return field;
}

json::object field_object(const FieldSetting& field, json::object object) {
  for (const auto& choice : field_choices) {
    object.erase(view(choice.snake));
    object.erase(view(choice.name));
  }
  object.erase("transform");
  object["crmField"] = field.crm_field;
  object["salesforceField"] = field.salesforce_field;
  for (const auto& choice : field_choices)
    if (!(field.*choice.member).empty()) object[view(choice.name)] = field.*choice.member;
  if (!field.transform.empty()) object["transform"] = json_or_text(field.transform);
  return object;
}

std::unexpected<base::Error> refuse(std::string message) {
  return base::failure(base::ErrorKind::settings, std::move(message));
}

using Names = std::initializer_list<std::string_view>;

template <class Choices>
std::string names_of(const Choices& choices, Names also) {
  std::string text;
  for (const auto& choice : choices) (text += text.empty() ? "" : ", ") += choice.name;
  for (const std::string_view name : also) (text += ", ") += name;
  return text;
}

/// Takes the choices from `object`; every key must be one of them or of `also`, every value a text.
template <class Setting, class Choices>
base::Result<void> take(const json::object& object, const Choices& choices, Names also,
                        const std::string& place, Setting& setting) {
  for (const auto& entry : object) {
    const std::string key = text_of(entry.key());
    if (std::ranges::find(also, key) != also.end()) continue;
    const auto choice = std::ranges::find_if(choices, [&](const auto& c) { return c.name == key || c.snake == key; });
    if (choice == choices.end())
      return refuse(place + ": there is no key \"" + key + "\"; allowed are " + names_of(choices, also));
    if (!entry.value().is_string()) return refuse(place + ": " + key + " must be a text");
    setting.*choice->member = text_of(entry.value().get_string());
  }
  return {};
}

/// Two blanks a level, one field a line.
void print(const json::value& value, const std::string& indent, std::string& out) {
  const bool deep = value.is_object() && (value.get_object().contains("mappings"));
  if (value.is_array() && !value.get_array().empty()) {
    out += "[\n";
    for (std::size_t i = 0; i < value.get_array().size(); ++i) {
      out += (i > 0 ? ",\n" : "") + indent + "  ";
      print(value.get_array()[i], indent + "  ", out);
    }
    out += "\n" + indent + "]";
  } else if (deep) {
    out += "{\n";
    bool first = true;
    for (const auto& entry : value.get_object()) {
      out += (first ? "" : ",\n") + indent + "  " + json::serialize(entry.key()) + ": ";
      print(entry.value(), indent + "  ", out);
      first = false;
    }
    out += "\n" + indent + "}";
  } else {
    out += json::serialize(value);
  }
}

base::Result<DocumentMapping> mapping_from(const json::value& value, const std::string& place) {
  if (!value.is_object()) return refuse(place + " must be an object");
  const json::object& object = value.get_object();
  DocumentMapping mapping;
  RETURN_IF_ERROR(take(object, mapping_choices, {"filter", "mappings", "matchRules"}, place, mapping.setting));
  if (const auto* rules = object.if_contains("matchRules")) {
    const auto read = json::try_value_to<std::vector<std::vector<std::string>>>(*rules);
    if (!read) return refuse(place + ": matchRules must be lists of field names: [[\"Email\"], [\"LastName\", \"Phone\"]]");
    mapping.setting.match_rules = *read;
  }
  if (mapping.setting.object_type.empty()) return refuse(place + " names no objectType");
  if (const auto* filter = object.if_contains("filter")) {
    if (!filter->is_string()) return refuse(place + ": filter must be a text");
    mapping.filter = text_of(filter->get_string());
  }
  const auto* fields = object.if_contains("mappings");
  if (!fields || !fields->is_array()) return refuse(place + " has no list \"mappings\" of its fields");
  for (std::size_t i = 0; i < fields->get_array().size(); ++i) {
    const json::value& field = fields->get_array()[i];
    const std::string where = place + ".mappings[" + std::to_string(i) + "]";
    if (!field.is_object()) return refuse(where + " must be an object");
    FieldSetting checked;
    RETURN_IF_ERROR(take(field.get_object(), field_choices, {"transform"}, where, checked));
    mapping.setting.fields.push_back(field_from(field.get_object()));
  }
  return mapping;
}

}  // namespace

std::string fields_json(const std::vector<FieldSetting>& fields, std::string_view before) {
  const json::array standing = array_of(before);
  json::array array;
  for (const FieldSetting& field : fields) {
    json::object kept;
    for (const json::value& value : standing) {
      if (!value.is_object()) continue;
      const FieldSetting same = field_from(value.get_object());
      if (same.crm_field == field.crm_field && same.salesforce_field == field.salesforce_field)
        kept = value.get_object();
    }
    array.push_back(field_object(field, std::move(kept)));
  }
  return json::serialize(array);
}

std::vector<FieldSetting> fields_from(std::string_view text) {
  std::vector<FieldSetting> fields;
  for (const json::value& value : array_of(text))
    fields.push_back(value.is_object() ? field_from(value.get_object()) : FieldSetting{});
  return fields;
}

std::string document_json(std::span<const MappingSetting> settings, const std::map<std::string, std::string>& filters) {
  json::array mappings;
  for (const MappingSetting& setting : settings) {
    json::object object;
    for (const auto& choice : mapping_choices)
      if (!(setting.*choice.member).empty()) object[view(choice.name)] = setting.*choice.member;
    if (const auto filter = filters.find(object_for(setting.object_type)); filter != filters.end())
      object["filter"] = filter->second;
    if (setting.match_rules) object["matchRules"] = json::value_from(*setting.match_rules);
    json::array fields;
    for (const FieldSetting& field : setting.fields) fields.push_back(field_object(field, {}));
    object["mappings"] = std::move(fields);
    mappings.push_back(std::move(object));
  }
  std::string out;
  print(json::object{{"mappings", std::move(mappings)}}, "", out);
  return out + "\n";
}

base::Result<std::vector<DocumentMapping>> document_from(std::string_view text) {
  boost::system::error_code failed;
  const json::value value = json::parse(view(text), failed);
  if (failed) return refuse("it is no JSON: " + failed.message());
  const auto* list = value.is_object() ? value.get_object().if_contains("mappings") : nullptr;
  if (!list || !list->is_array()) return refuse("it has no list \"mappings\", as `lockstep mapping export` writes it");
  std::vector<DocumentMapping> mappings;
  for (std::size_t i = 0; i < list->get_array().size(); ++i) {
    ASSIGN_OR_RETURN(auto mapping, mapping_from(list->get_array()[i], "mappings[" + std::to_string(i) + "]"));
    mappings.push_back(std::move(mapping));
  }
  return mappings;
}

base::Result<FieldSetting> field_from_argument(std::string_view text) {
  const std::string place = "--field " + std::string{text};
  if (text.starts_with('{')) {
    boost::system::error_code failed;
    const json::value value = json::parse(view(text), failed);
    if (failed || !value.is_object()) return refuse(place + ": it is no JSON object");
    FieldSetting checked;
    RETURN_IF_ERROR(take(value.get_object(), field_choices, {"transform"}, place, checked));
    return field_from(value.get_object());
  }
  FieldSetting field;
  bool first = true;
  while (!text.empty()) {
    const bool is_transform = text.starts_with("transform=");
    // JSON may hold semicolons; a bare word is a transform's name.
    const bool is_json = is_transform && text.find_first_of("{[\"") == std::string_view{"transform="}.size();
    const auto end = is_json ? std::string_view::npos : text.find(';');
    const std::string_view part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    const auto equals = part.find('=');
    if (equals == std::string_view::npos)
      return refuse(place + ": write it as crmField=SalesforceField, and more as ;winner=manual");
    const std::string name{part.substr(0, equals)}, value{part.substr(equals + 1)};
    if (first) {
      field.crm_field = name;
      field.salesforce_field = value;
    } else if (is_transform) {
      field.transform = json::serialize(json_or_text(value));
    } else {
      RETURN_IF_ERROR(take(json::object{{name, value}}, field_choices, {}, place, field));
    }
    first = false;
  }
  return field;
}

}  // namespace core
