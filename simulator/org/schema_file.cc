#include "simulator/org/schema_file.h"

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "simulator/org/text.h"

namespace simulator {
namespace {

namespace json = boost::json;

/// A JSON object of a describe file and where it stands. Throws base::Error.
class Node {
 public:
  Node(std::string where, const json::value& value) : where_(std::move(where)) {
    if (!value.is_object()) wrong("", "an object");
    object_ = &value.get_object();
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw base::Error{base::ErrorKind::settings, where_ + ": " + what};
  }

  const json::object& raw() const { return *object_; }
  std::string text(std::string_view key) const {
    const json::value* value = object_->if_contains(key);
    if (!value || !value->is_string()) wrong(key, "a text");
    return std::string{value->get_string()};
  }
  std::string text_or_nothing(std::string_view key) const {
    const json::value* value = object_->if_contains(key);
    if (!value || value->is_null()) return {};
    if (!value->is_string()) wrong(key, "a text or null");
    return std::string{value->get_string()};
  }
  bool flag(std::string_view key, bool otherwise) const {
    const json::value* value = object_->if_contains(key);
    if (!value || value->is_null()) return otherwise;
    if (!value->is_bool()) wrong(key, "true or false");
    return value->get_bool();
  }
  int number(std::string_view key) const {
    const json::value* value = object_->if_contains(key);
    if (!value || value->is_null()) return 0;
    boost::system::error_code error;
    const int number = value->to_number<int>(error);
    if (error || number < 0) wrong(key, "a whole number that is not negative");
    return number;
  }
  std::vector<std::string> texts(std::string_view key) const {
    std::vector<std::string> out;
    for (const json::value& each : list(key)) {
      if (!each.is_string()) wrong(key, "a list of texts");
      out.emplace_back(each.get_string());
    }
    return out;
  }
  std::vector<Node> nodes(std::string_view key) const {
    std::vector<Node> out;
    for (const json::value& each : list(key))
      out.emplace_back(where_ + ", " + std::string{key} + "[" + std::to_string(out.size()) + "]", each);
    return out;
  }

 private:
  [[noreturn]] void wrong(std::string_view key, std::string_view wanted) const {
    fail((key.empty() ? "this" : "\"" + std::string{key} + "\"") + " must be " + std::string{wanted});
  }
  const json::array& list(std::string_view key) const {
    static const json::array none;
    const json::value* value = object_->if_contains(key);
    if (!value || value->is_null()) return none;
    if (!value->is_array()) wrong(key, "a list");
    return value->get_array();
  }

  std::string where_;
  const json::object* object_ = nullptr;
};

std::string default_of(const Node& node) {
  const json::value* value = node.raw().if_contains("defaultValue");
  if (!value || value->is_null() || *value == false) return {};  // what a boolean is anyway
  return value->is_string() ? std::string{value->get_string()} : json::serialize(*value);
}

Field field_of(const Node& node, const Object& object) {
  Field field;
  field.name = node.text("name");
  const std::string type = node.text("type");
  const auto known = field_type(type);
  if (!known && type != "complexvalue") node.fail("\"type\" of " + field.name + " is not known: " + type);
  field.type = known.value_or(FieldType::any);
  field.label = node.text_or_nothing("label");
  if (field.label.empty()) field.label = field.name;
  field.length = static_cast<std::size_t>(node.number("length"));
  field.precision = node.number("precision");
  field.scale = node.number("scale");
  field.nillable = node.flag("nillable", true);
  field.createable = node.flag("createable", false);
  field.updateable = node.flag("updateable", false);
  field.defaulted = node.flag("defaultedOnCreate", field.type == FieldType::boolean);
  field.external_id = node.flag("externalId", false);
  field.id_lookup = node.flag("idLookup", field.type == FieldType::id || field.external_id);
  field.unique = node.flag("unique", false);
  field.case_sensitive = node.flag("caseSensitive", false);
  field.custom = node.flag("custom", field.name.ends_with("__c"));
  field.calculated = node.flag("calculated", false);
  field.auto_number = node.flag("autoNumber", false);
  field.name_field = node.flag("nameField", false);
  field.filterable = node.flag("filterable", true);
  field.sortable = node.flag("sortable", field.filterable);
  field.groupable = node.flag("groupable", false);
  field.aggregatable = node.flag("aggregatable", field.filterable);
  field.restricted = node.flag("restrictedPicklist", false);
  field.cascade_delete = node.flag("cascadeDelete", false);
  field.restricted_delete = node.flag("restrictedDelete", false);
  field.targets = node.texts("referenceTo");
  field.relationship = node.text_or_nothing("relationshipName");
  field.compound = node.text_or_nothing("compoundFieldName");
  field.formula = node.text_or_nothing("calculatedFormula");
  field.default_value = default_of(node);
  for (const Node& value : node.nodes("picklistValues")) {
    const std::string name = value.text("value"), label = value.text_or_nothing("label");
    field.picklist.push_back({name, label.empty() ? name : label, value.flag("active", true), value.flag("defaultValue", false)});
    if (field.picklist.back().is_default && field.default_value.empty()) field.default_value = name;
  }
  field.required = field.createable && !field.nillable && !field.defaulted;
  field.described = json::serialize(node.raw());
  set_source(object, field);
  return field;
}

Object object_of(const Node& node) {
  Object object;
  object.name = node.text("name");
  object.label = node.text_or_nothing("label");
  if (object.label.empty()) object.label = object.name;
  object.plural = node.text_or_nothing("labelPlural");
  if (object.plural.empty()) object.plural = object.label + "s";
  object.prefix = node.text_or_nothing("keyPrefix");
  if (!object.prefix.empty() && object.prefix.size() != 3) node.fail("\"keyPrefix\" must have three characters: " + object.prefix);
  object.createable = node.flag("createable", true);
  object.updateable = node.flag("updateable", true);
  object.deletable = node.flag("deletable", true);
  object.undeletable = node.flag("undeletable", true);
  object.queryable = node.flag("queryable", true);
  object.replicateable = node.flag("replicateable", true);
  object.mergeable = node.flag("mergeable", false);
  object.searchable = node.flag("searchable", true);
  object.layoutable = node.flag("layoutable", true);
  object.custom = node.flag("custom", object.name.ends_with("__c"));
  if (!node.raw().contains("fields")) node.fail("\"fields\" is missing; is this a describe of one object?");
  std::map<std::string, std::size_t> seen;
  for (const Node& field : node.nodes("fields")) {
    object.fields.push_back(field_of(field, object));
    if (!seen.emplace(folded(object.fields.back().name), 0).second) field.fail("the field " + object.fields.back().name + " is there twice");
  }
  if (!seen.contains("id")) node.fail("\"fields\" has no field Id");
  if (object.mergeable && !seen.contains("masterrecordid")) object.mergeable = false;
  json::object rest = node.raw();
  rest["fields"] = nullptr;
  object.described = json::serialize(rest);
  return object;
}

/// What the parents' files say of their children; of other custom references the name is made up as Setup does.
void name_children(Schema& schema, const std::vector<DescribedObject>& described) {
  for (const DescribedObject& parent : described)
    for (const DescribedObject::Child& child : parent.children) {
      const Object* object = schema.find(child.object);
      const auto place = object ? object->find_any(child.field) : std::nullopt;
      if (!place) continue;
      Field& field = schema.field(object->index, *place);
      field.child_relationship = child.relationship;
      field.cascade_delete = child.cascade_delete;
      field.restricted_delete = child.restricted_delete;
    }
  for (const Object& object : schema.objects())
    for (std::size_t place = 0; place < object.fields.size(); ++place) {
      Field& field = schema.field(object.index, place);
      if (!field.custom || field.described.empty() || field.targets.empty() || !field.child_relationship.empty()) continue;
      std::string name;
      std::ranges::copy_if(object.plural, std::back_inserter(name), [](char c) { return c != ' '; });
      field.child_relationship = name + "__r";
    }
}

std::string free_prefix(const Schema& schema, std::size_t from) {
  for (std::size_t at = from;; ++at) {
    std::string prefix = "zz0";
    prefix[2] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[at % 62];
    prefix[1] = static_cast<char>('z' - at / 62);
    if (std::ranges::find(schema.objects(), prefix, &Object::prefix) == schema.objects().end()) return prefix;
  }
}

}  // namespace

base::Result<DescribedObject> read_describe(std::string_view text, std::string_view file) {
  boost::system::error_code wrong;
  const json::value document = json::parse({text.data(), text.size()}, wrong);
  if (wrong) return base::failure(base::ErrorKind::settings, std::string{file} + ": this is no JSON: " + wrong.message());
  try {
    const json::value* value = &document;
    if (const json::object* outer = document.if_object())
      if (const json::value* result = outer->if_contains("result")) value = result;
    const Node node{std::string{file}, *value};
    DescribedObject out{object_of(node), {}};
    for (const Node& child : node.nodes("childRelationships"))
      out.children.push_back({child.text("childSObject"), child.text("field"), child.text_or_nothing("relationshipName"),
                              child.flag("cascadeDelete", false), child.flag("restrictedDelete", false)});
    return out;
  } catch (base::Error& error) {
    return std::unexpected(std::move(error));
  }
}

base::Result<void> load_describe_files(const std::string& directory, Schema& schema) {
  std::error_code wrong;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{directory, wrong})
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  if (wrong) return base::failure(base::ErrorKind::settings, directory + ": " + wrong.message());
  if (files.empty())
    return base::failure(base::ErrorKind::settings,
                         directory + ": there is no describe file (*.json); `sf sobject describe --json` writes one");
  std::ranges::sort(files);
  std::vector<DescribedObject> described;
  std::map<std::string, std::string> file_of;
  for (const auto& path : files) {
    std::ifstream file{path};
    auto read = read_describe(std::string{std::istreambuf_iterator<char>{file}, {}}, path.string());
    if (!read) return std::unexpected(std::move(read).error());
    const auto [other, is_new] = file_of.emplace(folded(read->object.name), path.string());
    if (!is_new)
      return base::failure(base::ErrorKind::settings, path.string() + ": \"name\" " + read->object.name + " is also in " + other->second);
    described.push_back(*std::move(read));
  }
  for (const DescribedObject& each : described) {
    Object object = each.object;
    if (object.prefix.empty()) {
      const Object* replaced = schema.find(object.name);
      object.prefix = replaced ? replaced->prefix : free_prefix(schema, schema.objects().size());
    }
    const Object* holder = nullptr;
    for (const Object& other : schema.objects())
      if (other.prefix == object.prefix && !same_name(other.name, object.name)) holder = &other;
    if (holder)
      return base::failure(base::ErrorKind::settings, file_of[folded(object.name)] + ": \"keyPrefix\" " + object.prefix +
                                                          " belongs to " + holder->name);
    schema.put(std::move(object));
  }
  schema.link();
  name_children(schema, described);
  return {};
}

base::Result<Schema> make_schema(const SchemaOptions& options) {
  Schema schema{options};
  if (!options.directory.empty()) RETURN_IF_ERROR(load_describe_files(options.directory, schema));
  return schema;
}

}  // namespace simulator
