#include <algorithm>
#include <boost/json.hpp>
#include <initializer_list>

#include "simulator/org/rules.h"

namespace simulator {
namespace {

namespace json = boost::json;

/// One rule of the text, read member by member. Throws ApiError with the rule's place.
class Reader {
 public:
  Reader(const Schema& schema, std::string_view list, std::size_t place, const json::value& rule)
      : schema_(schema), where_(std::string{list} + "[" + std::to_string(place) + "]") {
    if (!rule.is_object()) fail("is no object");
    rule_ = &rule.get_object();
    object_ = schema.find(text("object"));
    if (!object_) fail("names no object of this org: " + text("object"));
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw ApiError{400, "INVALID_RULES", "rules: " + where_ + " " + what};
  }
  void only(std::initializer_list<std::string_view> known) const {
    for (const auto& [key, value] : *rule_)
      if (std::ranges::find(known, std::string_view{key}) == known.end()) fail("has an unknown member: " + std::string{key});
  }

  const Object& object() const { return *object_; }
  const json::value* member(std::string_view key) const { return rule_->if_contains(key); }
  std::string text(std::string_view key, std::optional<std::string> otherwise = std::nullopt) const {
    const json::value* value = member(key);
    if (!value && otherwise) return *otherwise;
    if (!value || !value->is_string()) fail("needs the text \"" + std::string{key} + "\"");
    return std::string{value->get_string()};
  }
  bool flag(std::string_view key) const {
    const json::value* value = member(key);
    if (value && !value->is_bool()) fail("needs true or false for \"" + std::string{key} + "\"");
    return value && value->get_bool();
  }
  std::size_t number(std::string_view key) const {
    const json::value* value = member(key);
    if (!value) return 0;
    boost::system::error_code wrong;
    const auto found = value->to_number<std::size_t>(wrong);
    if (wrong) fail("needs a whole number for \"" + std::string{key} + "\"");
    return found;
  }
  std::size_t field(const Object& object, std::string_view name) const {
    const auto found = object.find_any(name);
    if (!found) fail("names no field of " + object.name + ": " + std::string{name});
    return *found;
  }
  Formula formula(const Object& object, std::string_view text) const {
    auto parsed = Formula::parse(schema_, object, text);
    if (!parsed) fail(": " + parsed.error().message);
    return *std::move(parsed);
  }
  const Schema& schema() const { return schema_; }

 private:
  const Schema& schema_;
  const std::string where_;
  const json::object* rule_ = nullptr;
  const Object* object_ = nullptr;
};

Rules::Validation read_validation(const Reader& rule) {
  rule.only({"object", "name", "condition", "message", "field"});
  Rules::Validation out{rule.object().index, rule.text("name", ""), rule.text("message"), {},
                        rule.formula(rule.object(), rule.text("condition"))};
  if (rule.member("field")) out.fields.push_back(rule.object().fields[rule.field(rule.object(), rule.text("field"))].name);
  return out;
}

Rules::Duplicate read_duplicate(const Reader& rule) {
  rule.only({"object", "name", "fields", "allow_save", "message"});
  const std::string standard = "Standard_" + rule.object().name + "_Duplicate_Rule";
  Rules::Duplicate out{rule.object().index, rule.text("name", standard), rule.text("message", "Use one of these records?"), {},
                       rule.flag("allow_save")};
  const json::value* fields = rule.member("fields");
  if (!fields || !fields->is_array() || fields->get_array().empty()) rule.fail("needs a list of \"fields\"");
  for (const json::value& name : fields->get_array()) {
    if (!name.is_string()) rule.fail("needs names of fields");
    out.fields.push_back(rule.field(rule.object(), name.get_string()));
  }
  return out;
}

Rules::FieldUpdate read_update(const Reader& rule) {
  rule.only({"object", "name", "when", "set"});
  Rules::FieldUpdate out{rule.object().index, {}, {}};
  if (rule.member("when")) out.when = rule.formula(rule.object(), rule.text("when"));
  const json::value* set = rule.member("set");
  if (!set || !set->is_object()) rule.fail("needs an object \"set\" of fields and formulas");
  for (const auto& [name, formula] : set->get_object()) {
    if (!formula.is_string()) rule.fail("needs a formula for " + std::string{name});
    const std::size_t place = rule.field(rule.object(), name);
    if (rule.object().fields[place].source != Source::stored) rule.fail("cannot set " + std::string{name});
    out.set.emplace_back(place, rule.formula(rule.object(), formula.get_string()));
  }
  return out;
}

Rules::Computed read_computed(const Reader& rule) {
  Rules::Computed out;
  out.object = rule.object().index;
  out.field.name = rule.text("field");
  out.field.label = rule.text("label", out.field.name);
  const auto type = field_type(rule.text("type", "double"));
  if (!type) rule.fail("has no type of a field: " + rule.text("type"));
  out.field.type = *type;
  out.field.length = rule.number("length");
  out.field.precision = static_cast<int>(rule.member("precision") ? rule.number("precision") : 18);
  out.field.scale = static_cast<int>(rule.number("scale"));
  if (!out.field.is_number() && out.field.type == FieldType::string && out.field.length == 0) out.field.length = 255;
  out.field.custom = true;
  return out;
}

Rules::Computed read_formula(const Reader& rule) {
  rule.only({"object", "field", "label", "type", "length", "precision", "scale", "formula"});
  Rules::Computed out = read_computed(rule);
  out.formula = rule.text("formula");
  rule.formula(rule.object(), out.formula);
  return out;
}

Rules::Computed read_roll_up(const Reader& rule) {
  rule.only({"object", "field", "label", "type", "length", "precision", "scale", "children", "operation", "of", "where"});
  Rules::Computed out = read_computed(rule);
  const std::string children = rule.text("children");
  const auto dot = children.find('.');
  const Object* child = rule.schema().find(children.substr(0, dot));
  if (!child || dot == std::string::npos) rule.fail("needs \"children\" such as \"Opportunity.AccountId\"");
  out.children = Schema::Child{child, rule.field(*child, children.substr(dot + 1))};
  if (!out.children->reference().leads_to(rule.object().index)) rule.fail(children + " does not lead to " + rule.object().name);
  out.operation = rule.text("operation");
  if (out.operation != "count" && out.operation != "sum" && out.operation != "min" && out.operation != "max")
    rule.fail("knows count, sum, min and max, not " + out.operation);
  if (out.operation != "count") out.of = rule.field(*child, rule.text("of"));
  out.where = rule.text("where", "");
  if (!out.where.empty()) rule.formula(*child, out.where);
  return out;
}

}  // namespace

Outcome<Rules> Rules::parse(const Schema& schema, std::string_view text) {
  boost::system::error_code wrong;
  const json::value given = json::parse({text.data(), text.size()}, wrong);
  if (wrong || !given.is_object()) return refusal(400, "INVALID_RULES", "rules: no JSON object: " + wrong.message());
  Rules out;
  out.text_ = text;
  try {
    for (const auto& [key, list] : given.get_object()) {
      const std::string_view name = key;
      if (!list.is_array()) return refusal(400, "INVALID_RULES", "rules: " + std::string{name} + " is no list");
      for (std::size_t place = 0; place < list.get_array().size(); ++place) {
        const Reader rule{schema, name, place, list.get_array()[place]};
        if (name == "validations") {
          out.validations_.push_back(read_validation(rule));
        } else if (name == "duplicates") {
          out.duplicates_.push_back(read_duplicate(rule));
        } else if (name == "updates") {
          out.updates_.push_back(read_update(rule));
        } else if (name == "formulas") {
          out.computed_.push_back(read_formula(rule));
        } else if (name == "roll_ups") {
          out.computed_.push_back(read_roll_up(rule));
        } else {
          rule.fail("is of no known kind: validations, duplicates, updates, formulas, roll_ups");
        }
      }
    }
  } catch (ApiError& error) {
    return std::unexpected(std::move(error));
  }
  return out;
}

}  // namespace simulator
