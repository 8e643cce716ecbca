#include "simulator/org/schema.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "simulator/org/schema_text.h"
#include "simulator/org/text.h"

namespace simulator {
namespace {

constexpr std::array<std::pair<std::string_view, FieldType>, 24> type_names = {{
    {"id", FieldType::id},
    {"boolean", FieldType::boolean},
    {"string", FieldType::string},
    {"textarea", FieldType::textarea},
    {"picklist", FieldType::picklist},
    {"multipicklist", FieldType::multipicklist},
    {"combobox", FieldType::combobox},
    {"reference", FieldType::reference},
    {"currency", FieldType::currency},
    {"double", FieldType::real},
    {"percent", FieldType::percent},
    {"int", FieldType::integer},
    {"long", FieldType::integer},
    {"date", FieldType::date},
    {"datetime", FieldType::datetime},
    {"time", FieldType::time},
    {"phone", FieldType::phone},
    {"email", FieldType::email},
    {"url", FieldType::url},
    {"address", FieldType::address},
    {"location", FieldType::location},
    {"base64", FieldType::base64},
    {"encryptedstring", FieldType::encrypted},
    {"anyType", FieldType::any},
}};

struct NamedSource {
  std::string_view object, name;  ///< No object: of every one.
  Source source;
};
constexpr auto sources = std::to_array<NamedSource>({
    {"", "Id", Source::id},
    {"", "IsDeleted", Source::is_deleted},
    {"", "CreatedDate", Source::created},
    {"", "CreatedById", Source::created_by},
    {"", "LastModifiedDate", Source::modified},
    {"", "LastModifiedById", Source::modified_by},
    {"", "SystemModstamp", Source::stamp},
    {"", "PhotoUrl", Source::photo_url},
    {"", "OwnerId", Source::owner},
    {"", "LastActivityDate", Source::last_activity},
    {"Contact", "Name", Source::person_name},
    {"Lead", "Name", Source::person_name},
    {"User", "Name", Source::person_name},
    {"Opportunity", "IsClosed", Source::stage_closed},
    {"Opportunity", "IsWon", Source::stage_won},
    {"Opportunity", "ForecastCategory", Source::stage_category},
    {"Opportunity", "ExpectedRevenue", Source::expected_revenue},
    {"Opportunity", "FiscalQuarter", Source::fiscal_quarter},
    {"Opportunity", "FiscalYear", Source::fiscal_year},
    {"Opportunity", "Fiscal", Source::fiscal},
    {"Task", "IsClosed", Source::task_closed},
    {"Task", "IsHighPriority", Source::task_high_priority},
    {"Task", "AccountId", Source::activity_account},
    {"Event", "AccountId", Source::activity_account},
});

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

/// "MailingPostalCode" → "Mailing Postal Code", "AccountId" → "Account ID".
std::string label_for(std::string_view name) {
  if (name == "Id") return "Record ID";
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (i > 0 && is_upper(name[i]) && (!is_upper(name[i - 1]) || (i + 1 < name.size() && !is_upper(name[i + 1]))))
      out += ' ';
    out += name[i];
  }
  if (out.ends_with(" Id")) out.back() = 'D';
  return out;
}

std::string_view next_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

std::size_t number_of(std::string_view text) {
  std::size_t value = 0;
  for (const char c : text) value = value * 10 + static_cast<std::size_t>(c - '0');
  return value;
}

void read_type(std::string_view text, Field& field) {
  const auto open = text.find('(');
  field.type = field_type(text.substr(0, open)).value();
  if (open == std::string_view::npos) return;
  const std::string_view inner = text.substr(open + 1, text.size() - open - 2);
  if (const auto comma = inner.find(','); comma != std::string_view::npos) {
    field.precision = static_cast<int>(number_of(inner.substr(0, comma)));
    field.scale = static_cast<int>(number_of(inner.substr(comma + 1)));
  } else {
    field.length = number_of(inner);
  }
}

void read_targets(std::string_view text, Field& field) {
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    field.targets.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void read_picklist(std::string_view text, Field& field) {
  while (text.starts_with('|')) {
    text.remove_prefix(1);
    const auto end = std::min(text.find('|'), text.size());
    std::string_view value = text.substr(0, end);
    const bool is_default = value.starts_with('*');
    if (is_default) value.remove_prefix(1);
    field.picklist.push_back({std::string{value}, std::string{value}, true, is_default});
    if (is_default) field.default_value = value;
    text.remove_prefix(end);
  }
}

std::string compound_of(const Object& object, std::string_view name) {
  const bool is_person = object.index == contact || object.index == lead || object.index == user;
  if (is_person && (name == "FirstName" || name == "LastName" || name == "Salutation")) return "Name";
  constexpr std::string_view parts[] = {"Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude",
                                        "GeocodeAccuracy"};
  for (const std::string_view prefix : {"Mailing", "Other", "Billing", "Shipping"})
    if (name.starts_with(prefix) && std::ranges::find(parts, name.substr(prefix.size())) != std::end(parts))
      return std::string{prefix} + "Address";
  return object.index == lead && std::ranges::find(parts, name) != std::end(parts) ? "Address" : "";
}

Field read_field(std::string_view line, const Object& object) {
  Field field;
  field.name = next_word(line);
  read_type(next_word(line), field);
  bool searchable = true;
  for (const char c : next_word(line)) {
    field.createable = field.createable || c == 'C';
    field.updateable = field.updateable || c == 'U';
    field.required = field.required || c == '!';
    field.defaulted = field.defaulted || c == 'd';
    field.id_lookup = field.id_lookup || c == 'i';
    field.restricted = field.restricted || c == 'r';
    searchable = searchable && c != '*';
  }
  field.filterable = searchable;
  if (line.starts_with('=')) read_targets(next_word(line).substr(1), field);
  if (line.starts_with('>')) {
    std::string_view name = next_word(line).substr(1);
    field.cascade_delete = name.ends_with('!');
    if (field.cascade_delete) name.remove_suffix(1);
    field.child_relationship = name;
  }
  read_picklist(line, field);
  field.name_field = field.name == "Name" || ((object.index == task || object.index == event) && field.name == "Subject");
  complete(object, field);
  return field;
}

Field upsert_field() {
  Field key;
  key.name = "Lockstep_Id__c";
  key.label = "Lockstep Id";
  key.length = 64;
  key.createable = key.updateable = key.external_id = key.unique = key.id_lookup = key.custom = true;
  return key;
}

Object standard_object(const ObjectText& text, std::size_t index, bool with_upsert_field) {
  Object object;
  object.index = static_cast<std::uint16_t>(index);
  object.name = text.name;
  object.label = text.label;
  object.plural = text.plural;
  object.prefix = text.prefix;
  const bool is_data = index <= event && index != user;
  const bool is_setup = index >= permission_set;  // permission sets and what belongs to them
  object.deletable = is_data || is_setup;
  object.createable = object.deletable || index == user;  // users are never deleted, only deactivated
  object.updateable = object.createable && index != permission_set_assignment;
  object.undeletable = object.searchable = object.layoutable = is_data;
  object.replicateable = is_data || index == user;
  object.mergeable = index == account || index == contact || index == lead;
  std::string_view lines = text.fields;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    if (!line.empty()) object.fields.push_back(read_field(line, object));
  }
  if (with_upsert_field && is_data) {
    object.fields.push_back(upsert_field());
    complete(object, object.fields.back());
  }
  return object;
}

}  // namespace

std::string_view name_of(FieldType type) {
  for (const auto& [name, known] : type_names)
    if (known == type) return name;
  return "anyType";
}

std::optional<FieldType> field_type(std::string_view name) {
  for (const auto& [known, type] : type_names)
    if (known == name) return type;
  return std::nullopt;
}

bool Field::has_value(std::string_view picklist_value) const {
  return std::ranges::any_of(picklist, [&](const PicklistValue& each) { return each.active && each.value == picklist_value; });
}

bool Field::leads_to(std::uint16_t object) const {
  return std::ranges::find(target_objects, object) != target_objects.end();
}

void set_source(const Object& object, Field& field) {
  for (const NamedSource& each : sources)
    if (each.name == field.name && (each.object.empty() || each.object == object.name)) field.source = each.source;
  if (field.type == FieldType::address) field.source = Source::address;
  if (field.type == FieldType::location) field.source = Source::location;
  if (field.calculated && field.source == Source::stored) field.source = Source::formula;
}

void complete(const Object& object, Field& field) {
  set_source(object, field);
  switch (field.source) {
    case Source::id:
    case Source::is_deleted:
    case Source::created:
    case Source::created_by:
    case Source::modified:
    case Source::modified_by:
    case Source::stamp:
    case Source::owner:
      field.defaulted = true;
      break;
    default:
      break;
  }
  if (field.type == FieldType::boolean) field.defaulted = true;
  if (field.type == FieldType::id) field.id_lookup = true;
  if (field.type == FieldType::integer) field.precision = 9;
  if (field.type == FieldType::id || field.type == FieldType::reference) field.length = 18;
  field.nillable = !field.required && !field.defaulted && field.source != Source::person_name;
  field.required = field.required && field.createable;
  if (field.label.empty()) field.label = label_for(field.name);
  if (field.compound.empty()) field.compound = compound_of(object, field.name);
  const bool is_compound = field.type == FieldType::address || field.type == FieldType::location;
  const bool is_set = field.type == FieldType::multipicklist;
  field.sortable = field.filterable && !is_compound && !is_set;
  field.aggregatable = field.filterable && !is_compound && !is_set && field.type != FieldType::boolean;
  field.groupable = field.filterable && !is_compound && !is_set && field.type != FieldType::datetime &&
                    (!field.is_number() || field.type == FieldType::integer);
  if (!field.targets.empty() && field.relationship.empty())
    field.relationship = field.name.ends_with("__c") ? field.name.substr(0, field.name.size() - 1) + 'r'
                                                     : field.name.substr(0, field.name.size() - 2);
}

std::optional<std::size_t> Object::visible(const std::unordered_map<std::string, std::size_t>& names,
                                           std::string_view field_name) const {
  const auto found = names.find(folded(field_name));
  if (found == names.end() || fields[found->second].hidden) return std::nullopt;
  return found->second;
}

std::optional<std::size_t> Object::find(std::string_view field_name) const {
  return visible(by_name_, field_name);
}

std::optional<std::size_t> Object::find_relation(std::string_view relationship) const {
  return visible(by_relationship_, relationship);
}

std::optional<std::size_t> Object::find_any(std::string_view field_name) const {
  const auto found = by_name_.find(folded(field_name));
  return found == by_name_.end() ? std::nullopt : std::optional{found->second};
}

std::size_t Object::at(std::string_view field_name) const {
  const auto found = find_any(field_name);
  CHECK(found.has_value());
  return *found;
}

std::optional<std::size_t> Object::with_source(Source source) const {
  const auto found = std::ranges::find(fields, source, &Field::source);
  if (found == fields.end()) return std::nullopt;
  return static_cast<std::size_t>(found - fields.begin());
}

Schema::Schema(const SchemaOptions& options) {
  for (const ObjectText& text : standard_objects()) put(standard_object(text, objects_.size(), options.upsert_field));
  link();
}

void Schema::put(Object object) {
  const auto old = by_name_.find(folded(object.name));
  if (old != by_name_.end()) {
    object.index = old->second;
    objects_[old->second] = std::move(object);
    return;
  }
  object.index = static_cast<std::uint16_t>(objects_.size());
  by_name_.emplace(folded(object.name), object.index);
  objects_.push_back(std::move(object));
}

void Schema::link() {
  children_.assign(objects_.size(), {});
  by_prefix_.clear();
  for (Object& object : objects_) by_prefix_.emplace(object.prefix, object.index);
  for (Object& object : objects_) {
    object.by_name_.clear();
    object.by_relationship_.clear();
    object.required_.clear();
    object.filled_in_.clear();
    object.unique_.clear();
    for (std::size_t field = 0; field < object.fields.size(); ++field) link_field(object, field);
  }
}

void Schema::link_field(Object& object, std::size_t place) {
  Field& field = object.fields[place];
  field.json_key = quoted_json(field.name) + ':';
  field.target_objects.clear();
  for (const std::string& name : field.targets)
    if (const Object* target = find(name)) {
      field.target_objects.push_back(target->index);
      children_[target->index].push_back({&object, place});
    }
  object.by_name_.emplace(folded(field.name), place);
  if (!field.relationship.empty()) object.by_relationship_.emplace(folded(field.relationship), place);
  if (field.required) object.required_.push_back(place);
  if (field.unique) object.unique_.push_back(place);
  if (field.auto_number || field.source == Source::owner || !field.default_value.empty()) object.filled_in_.push_back(place);
}

std::size_t Schema::add_field(std::size_t object, Field field) {
  objects_[object].fields.push_back(std::move(field));
  const std::size_t place = objects_[object].fields.size() - 1;
  link_field(objects_[object], place);
  return place;
}

const Object* Schema::find(std::string_view name) const {
  const auto found = by_name_.find(folded(name));
  return found == by_name_.end() ? nullptr : &objects_[found->second];
}

std::optional<Schema::Child> Schema::find_child(const Object& parent, std::string_view relationship) const {
  if (relationship.empty()) return std::nullopt;
  for (const Child& child : children_of(parent))
    if (!child.reference().hidden && same_name(child.reference().child_relationship, relationship)) return child;
  return std::nullopt;
}

const Object* Schema::with_prefix(std::string_view prefix) const {
  const auto found = by_prefix_.find(std::string{prefix});
  return found == by_prefix_.end() ? nullptr : &objects_[found->second];
}

}  // namespace simulator
