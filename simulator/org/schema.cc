#include "simulator/org/schema.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "simulator/org/schema_text.h"
#include "simulator/org/text.h"

namespace simulator {
namespace {

constexpr std::array<ObjectText, object_count> object_texts = {{
    {"Account", "Account", "Accounts", "001", account_fields},
    {"Contact", "Contact", "Contacts", "003", contact_fields},
    {"Opportunity", "Opportunity", "Opportunities", "006", opportunity_fields},
    {"User", "User", "Users", "005", user_fields},
}};

constexpr std::array<std::pair<std::string_view, FieldType>, 17> type_names = {{
    {"id", FieldType::id},           {"boolean", FieldType::boolean}, {"string", FieldType::string},
    {"textarea", FieldType::textarea}, {"picklist", FieldType::picklist}, {"reference", FieldType::reference},
    {"currency", FieldType::currency}, {"double", FieldType::real},     {"percent", FieldType::percent},
    {"int", FieldType::integer},     {"date", FieldType::date},       {"datetime", FieldType::datetime},
    {"phone", FieldType::phone},     {"email", FieldType::email},     {"url", FieldType::url},
    {"address", FieldType::address}, {"multipicklist", FieldType::multipicklist},
}};

constexpr std::array<std::pair<std::string_view, Source>, 17> sources = {{
    {"Id", Source::id},
    {"IsDeleted", Source::is_deleted},
    {"CreatedDate", Source::created},
    {"CreatedById", Source::created_by},
    {"LastModifiedDate", Source::modified},
    {"LastModifiedById", Source::modified_by},
    {"SystemModstamp", Source::stamp},
    {"PhotoUrl", Source::photo_url},
    {"OwnerId", Source::owner},
    {"IsClosed", Source::stage_closed},
    {"IsWon", Source::stage_won},
    {"ForecastCategory", Source::stage_category},
    {"ExpectedRevenue", Source::expected_revenue},
    {"FiscalQuarter", Source::fiscal_quarter},
    {"FiscalYear", Source::fiscal_year},
    {"Fiscal", Source::fiscal},
    {"Name", Source::person_name},
}};

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
  const std::string_view name = text.substr(0, open);
  for (const auto& [known, type] : type_names)
    if (known == name) field.type = type;
  if (open != std::string_view::npos) {
    const std::string_view inner = text.substr(open + 1, text.size() - open - 2);
    if (const auto comma = inner.find(','); comma != std::string_view::npos) {
      field.precision = static_cast<int>(number_of(inner.substr(0, comma)));
      field.scale = static_cast<int>(number_of(inner.substr(comma + 1)));
    } else {
      field.length = number_of(inner);
    }
  }
  if (field.type == FieldType::integer) field.precision = 9;
  if (field.type == FieldType::id || field.type == FieldType::reference) field.length = 18;
}

std::string compound_of(std::string_view object, std::string_view name) {
  if ((object == "Contact") && (name == "FirstName" || name == "LastName" || name == "Salutation")) return "Name";
  for (const std::string_view prefix : {"Mailing", "Other", "Billing", "Shipping"})
    if (name.starts_with(prefix))
      for (const std::string_view part :
           {"Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude", "GeocodeAccuracy"})
        if (name.substr(prefix.size()) == part) return std::string{prefix} + "Address";
  return {};
}

Field read_field(std::string_view line, std::string_view object) {
  Field field;
  field.name = next_word(line);
  read_type(next_word(line), field);
  for (const char c : next_word(line)) {
    field.createable = field.createable || c == 'C';
    field.updateable = field.updateable || c == 'U';
    field.required = field.required || c == '!';
    field.defaulted = field.defaulted || c == 'd';
    field.id_lookup = field.id_lookup || c == 'i';
    field.restricted = field.restricted || c == 'r';
    field.filterable = field.filterable && c != '*';
  }
  if (field.type == FieldType::boolean) field.defaulted = true;
  if (field.type == FieldType::id) field.id_lookup = field.defaulted = true;
  if (field.type == FieldType::address) field.source = Source::address;
  if (line.starts_with('=')) {
    field.targets.emplace_back(next_word(line).substr(1));
    field.relationship = field.name.substr(0, field.name.size() - 2);
  }
  while (line.starts_with('|')) {
    line.remove_prefix(1);
    const auto end = line.find('|');
    field.picklist.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(end, line.size()));
  }
  field.label = label_for(field.name);
  field.compound = compound_of(object, field.name);
  field.name_field = field.name == "Name";
  for (const auto& [name, source] : sources)
    if (name == field.name && !(source == Source::person_name && field.createable)) field.source = source;
  return field;
}

}  // namespace

std::string_view name_of(FieldType type) {
  for (const auto& [name, known] : type_names)
    if (known == type) return name;
  return "anyType";
}

bool Field::is_sortable() const {
  return filterable && type != FieldType::address && type != FieldType::multipicklist;
}

bool Field::is_groupable() const {
  return is_sortable() && type != FieldType::datetime && !(is_number() && type != FieldType::integer);
}

bool Field::is_aggregatable() const {
  return is_sortable() && type != FieldType::boolean;
}

std::optional<std::size_t> Object::find(std::string_view field_name) const {
  const auto found = by_name_.find(folded(field_name));
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::size_t> Object::find_relation(std::string_view relationship) const {
  const auto found = by_relationship_.find(folded(relationship));
  if (found == by_relationship_.end()) return std::nullopt;
  return found->second;
}

std::size_t Object::at(std::string_view field_name) const {
  const auto found = find(field_name);
  CHECK(found.has_value());
  return *found;
}

Schema::Schema(const SchemaOptions& options) {
  for (std::size_t i = 0; i < object_count; ++i) {
    const ObjectText& text = object_texts[i];
    Object& object = objects_[i];
    object.index = static_cast<std::uint8_t>(i);
    object.name = text.name;
    object.label = text.label;
    object.plural = text.plural;
    object.prefix = text.prefix;
    object.writable = i != user;
    std::string_view lines = text.fields;
    while (!lines.empty()) {
      const std::string_view line = lines.substr(0, lines.find('\n'));
      lines.remove_prefix(std::min(line.size() + 1, lines.size()));
      if (!line.empty()) object.fields.push_back(read_field(line, text.name));
    }
    if (options.upsert_field && object.writable) {
      Field key;
      key.name = "Lockstep_Id__c";
      key.label = "Lockstep Id";
      key.length = 64;
      key.createable = key.updateable = key.external_id = key.unique = key.id_lookup = key.custom = true;
      object.fields.push_back(std::move(key));
    }
    for (std::size_t place = 0; place < object.fields.size(); ++place) {
      Field& field = object.fields[place];
      (field.json_key += quoted_json(field.name)) += ':';
      object.by_name_.emplace(folded(field.name), place);
      if (field.name == "AccountId") field.child_relationship = object.plural;
      if (object.index == account && field.name == "ParentId") field.child_relationship = "ChildAccounts";
      if (!field.relationship.empty()) object.by_relationship_.emplace(folded(field.relationship), place);
    }
  }
}

const Object* Schema::find(std::string_view name) const {
  for (const Object& object : objects_)
    if (same_name(object.name, name)) return &object;
  return nullptr;
}

const Object* Schema::with_prefix(std::string_view prefix) const {
  for (const Object& object : objects_)
    if (object.prefix == prefix) return &object;
  return nullptr;
}

std::optional<Schema::Child> Schema::find_child(const Object& parent, std::string_view relationship) const {
  if (relationship.empty()) return std::nullopt;
  for (const Object& object : objects_)
    for (std::size_t place = 0; place < object.fields.size(); ++place) {
      const Field& field = object.fields[place];
      if (same_name(field.child_relationship, relationship) &&
          std::ranges::find(field.targets, parent.name) != field.targets.end())
        return Child{&object, place};
    }
  return std::nullopt;
}

}  // namespace simulator
