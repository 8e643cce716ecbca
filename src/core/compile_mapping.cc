#include "core/compile_mapping.h"

#include <algorithm>
#include <array>

namespace core {
namespace {

struct KnownObject {
  std::string_view object, table;
  std::array<std::string_view, 3> also;
};
constexpr std::array<KnownObject, 5> known_objects = {{{"Account", "companies", {"account", "company", "companies"}},
                                                       {"Contact", "contacts", {"contact", "contacts", ""}},
                                                       {"Opportunity", "opportunities", {"opportunity", "deal", ""}},
                                                       {"Task", "tasks", {"task", "", ""}},
                                                       {"Event", "events", {"event", "", ""}}}};

/// "firstName" → "first_name".
std::string snake_case(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      if (!text.empty()) text += '_';
      text += static_cast<char>(c - 'A' + 'a');
    } else {
      text += c;
    }
  }
  return text;
}

const OrgField* org_field(const ObjectSchema& schema, std::string_view name) {
  const auto found = std::ranges::find(schema.org_fields, name, &OrgField::name);
  return found == schema.org_fields.end() ? nullptr : &*found;
}

std::string joined(const std::vector<FieldSetting>& fields) {
  std::string text;
  for (const FieldSetting& field : fields) (text += text.empty() ? "" : ", ") += field.salesforce_field;
  return text;
}

}  // namespace

std::string object_for(std::string_view object_type) {
  for (const KnownObject& known : known_objects)
    if (std::ranges::find(known.also, object_type) != known.also.end() && !object_type.empty())
      return std::string{known.object};
  return std::string{object_type};
}

std::string table_for(std::string_view object) {
  const auto found = std::ranges::find(known_objects, object, &KnownObject::object);
  return found == known_objects.end() ? snake_case(object) : std::string{found->table};
}

MappingSetting default_mapping(const Integration& integration, std::string_view object) {
  MappingSetting setting;
  setting.integration = integration.id;
  setting.workspace = integration.workspace;
  setting.object_type = std::string{object};
  const auto add = [&](const char* crm, const char* salesforce) { setting.fields.push_back({crm, salesforce, "", ""}); };
  if (object == "Account") {
    add("name", "Name"), add("website", "Website"), add("phone", "Phone"), add("industry", "Industry");
    add("billingStreet", "BillingStreet"), add("billingCity", "BillingCity"), add("billingState", "BillingState");
    add("billingPostalCode", "BillingPostalCode"), add("billingCountry", "BillingCountry");
  } else if (object == "Contact") {
    add("firstName", "FirstName"), add("lastName", "LastName"), add("email", "Email"), add("phone", "Phone");
    add("title", "Title"), add("companyId", "AccountId"), add("company", "Account.Name");
  } else if (object == "Opportunity") {
    add("name", "Name"), add("stage", "StageName"), add("amount", "Amount"), add("closeDate", "CloseDate");
    add("companyId", "AccountId");
  }
  return setting;
}

std::vector<std::vector<std::string>> default_match_rules(std::string_view object) {
  if (object == "Contact" || object == "Lead") return {{"Email"}};
  if (object == "Account") return {{"Name", "Website"}};
  if (object == "Opportunity") return {{"Name", "AccountId"}};
  return {};
}

namespace {

/// The rules in ordinals. A rule with a field that is not mapped cannot recognise anything; of the defaults that is
/// no fault of the user's.
void compile_match_rules(const MappingSetting& setting, CompiledMapping& compiled) {
  model::Mapping& mapping = compiled.mapping;
  for (const auto& rule : setting.match_rules.value_or(default_match_rules(mapping.object))) {
    std::vector<std::size_t> ordinals;
    for (const std::string& name : rule) {
      const auto field = std::ranges::find(mapping.fields, name, &model::FieldMapping::org_field);
      const bool fits = field != mapping.fields.end() && (field->role == model::FieldRole::reference ||
                                                          (field->role == model::FieldRole::plain &&
                                                           field->type.kind == model::FieldKind::text));
      if (fits) {
        ordinals.push_back(static_cast<std::size_t>(field - mapping.fields.begin()));
      } else if (setting.match_rules) {
        compiled.warnings.push_back({mapping.object + ": the match rule with " + name +
                                         " is set aside: map it as a text or reference field, or leave it out",
                                     "", "INVALID_FIELD", {}});
      }
    }
    if (ordinals.size() == rule.size() && !rule.empty()) mapping.match_rules.push_back(std::move(ordinals));
  }
}

}  // namespace

base::Result<CompiledMapping> compile_mapping(const Integration& integration, const MappingSetting& setting,
                                              const ObjectSchema& schema, std::string_view upsert_field) {
  CompiledMapping compiled;
  model::Mapping& mapping = compiled.mapping;
  mapping.id = setting.id;
  mapping.object = schema.object;
  mapping.table = setting.table.empty() ? table_for(schema.object) : setting.table;
  mapping.workspace = integration.workspace;
  mapping.direction = integration.direction;
  if (const auto filter = integration.filters.find(schema.object); filter != integration.filters.end())
    mapping.filter = filter->second;
  if (schema.columns.empty())
    return base::failure(base::ErrorKind::settings, "the store has no table " + mapping.table + " for " +
                                                        schema.object + ": create it, or name another in the mapping");
  if (org_field(schema, upsert_field)) mapping.upsert_field = std::string{upsert_field};

  const auto set_aside = [&](const FieldSetting& field, const std::string& why) {
    compiled.warnings.push_back({schema.object + ": the mapping " + field.crm_field + " = " + field.salesforce_field +
                                     " is set aside: " + why,
                                 "",
                                 "INVALID_FIELD",
                                 {}});
  };
  for (const FieldSetting& field : setting.fields) {
    model::FieldMapping out;
    out.column = field.crm_field;
    if (std::ranges::find(schema.columns, out.column) == schema.columns.end()) out.column = snake_case(out.column);
    if (std::ranges::find(schema.columns, out.column) == schema.columns.end()) {
      set_aside(field, "the table " + mapping.table + " has no column " + out.column + "; add it or correct crmField");
      continue;
    }
    out.org_field = field.salesforce_field;
    // The standard Contact has no Company: the existing job's default means the account.
    if (schema.object == "Contact" && out.org_field == "Company" && !org_field(schema, "Company"))
      out.org_field = "Account.Name";
    out.direction = integration.direction;
    if (!field.direction.empty()) {
      const auto direction = model::sync_direction_named(field.direction);
      if (!direction) {
        set_aside(field, "direction is \"" + field.direction +
                             "\"; allowed are bidirectional, salesforce_to_crm and crm_to_salesforce");
        continue;
      }
      out.direction = *direction;
    }
    out.on_conflict = integration.on_conflict;
    if (!field.winner.empty()) {
      const auto winner = model::conflict_policy_named(field.winner);
      if (!winner) {
        set_aside(field, "winner is \"" + field.winner +
                             "\"; allowed are newest_wins, salesforce_wins, crm_wins and manual");
        continue;
      }
      out.on_conflict = *winner;
    }
    if (const auto dot = out.org_field.find('.'); dot != std::string::npos) {
      const std::string relationship = out.org_field.substr(0, dot);
      const auto via = std::ranges::find_if(mapping.fields, [&](const model::FieldMapping& f) {
        const OrgField* reference = org_field(schema, f.org_field);
        return f.role == model::FieldRole::reference && reference && reference->relationship_name == relationship;
      });
      if (via == mapping.fields.end()) {
        set_aside(field, "map the reference " + relationship + "Id before it");
        continue;
      }
      out.role = model::FieldRole::parent_name;
      out.parent_object = via->parent_object;
      out.via = static_cast<std::size_t>(via - mapping.fields.begin());
    } else {
      const OrgField* described = org_field(schema, out.org_field);
      if (!described) {
        set_aside(field, schema.object + " has no field " + out.org_field +
                             " that the sync user can see; correct salesforceField, create the field or grant access");
        continue;
      }
      out.type = described->type;
      if (described->type.kind == model::FieldKind::reference) {
        out.role = model::FieldRole::reference;
        out.parent_object = described->reference_to;
        if (out.parent_object.empty()) {
          set_aside(field, "it may refer to several objects, which is not supported yet");
          continue;
        }
        if (const auto synced = integration.sync_objects.find(out.parent_object);
            synced == integration.sync_objects.end() || !synced->second)
          continue;
      }
      if (!described->writable) out.direction = model::SyncDirection::to_store;
    }
    mapping.fields.push_back(std::move(out));
  }
  if (mapping.fields.empty())
    return base::failure(base::ErrorKind::settings,
                         schema.object + ": none of its mapped fields can be synced (" + joined(setting.fields) + ")");
  if (mapping.fields.size() > model::max_fields)
    return base::failure(base::ErrorKind::settings, schema.object + ": a mapping may have 512 fields at most");
  compile_match_rules(setting, compiled);
  return compiled;
}

}  // namespace core
