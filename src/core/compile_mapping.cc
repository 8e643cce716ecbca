#include "core/compile_mapping.h"

#include <algorithm>
#include <array>

#include "core/compile_transform.h"

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

/// Where an archived row, or record, says so.
constexpr const char* archive_column = "archived_at";
constexpr const char* archive_field = "Lockstep_Archived__c";

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
  const auto add = [&](const char* crm, const char* salesforce) {
    setting.fields.push_back({crm, salesforce, "", ""});
  };
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
  } else if (object == "Task") {
    add("subject", "Subject"), add("status", "Status"), add("priority", "Priority"), add("dueDate", "ActivityDate");
    add("description", "Description"), add("contactId", "WhoId"), add("opportunityId", "WhatId");
    add("companyId", "WhatId");
  } else if (object == "Event") {
    add("subject", "Subject"), add("location", "Location"), add("startAt", "StartDateTime");
    add("endAt", "EndDateTime"), add("isAllDay", "IsAllDayEvent"), add("description", "Description");
    add("contactId", "WhoId"), add("opportunityId", "WhatId"), add("companyId", "WhatId");
  }
  return setting;
}

std::vector<MappingSetting> one_a_table(std::vector<MappingSetting> settings) {
  const auto place = [](const MappingSetting& setting) {
    const std::string object = object_for(setting.object_type);
    return std::pair{object, setting.table.empty() ? table_for(object) : setting.table};
  };
  std::vector<MappingSetting> out;
  for (MappingSetting& setting : settings) {
    const auto first = std::ranges::find(out, place(setting), place);
    if (first == out.end()) {
      out.push_back(std::move(setting));
      continue;
    }
    for (FieldSetting& field : setting.fields) {
      std::erase_if(first->fields, [&](const FieldSetting& f) {
        return f.crm_field == field.crm_field || f.salesforce_field == field.salesforce_field;
      });
      first->fields.push_back(std::move(field));
    }
    first->also.push_back(setting.id);
  }
  return out;
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
      const bool fits =
          field != mapping.fields.end() &&
          (field->role == model::FieldRole::reference ||
           (field->role == model::FieldRole::plain && model::is_text(field->type.kind) && !field->transform));
      if (fits) {
        ordinals.push_back(static_cast<std::size_t>(field - mapping.fields.begin()));
      } else if (setting.match_rules) {
        compiled.warnings.push_back({mapping.object + ": the match rule with " + name +
                                         " is set aside: map it as a text or reference field, or leave it out",
                                     "",
                                     "INVALID_FIELD",
                                     {}});
      }
    }
    if (ordinals.size() == rule.size() && !rule.empty()) mapping.match_rules.push_back(std::move(ordinals));
  }
}

/// What is left of a field's direction where its mapping only flows one way; nothing if nothing is.
std::optional<model::SyncDirection> within(model::SyncDirection mapping, model::SyncDirection field) {
  using model::SyncDirection;
  if (mapping == SyncDirection::both || mapping == field) return field;
  return field == SyncDirection::both ? std::optional{mapping} : std::nullopt;
}

std::string not_allowed(std::string_view key, std::string_view value, std::string_view allowed) {
  return std::string{key} + " is \"" + std::string{value} + "\"; allowed are " + std::string{allowed};
}
constexpr std::string_view directions = "bidirectional, salesforce_to_crm and crm_to_salesforce";
constexpr std::string_view policies = "newest_wins, salesforce_wins, crm_wins and manual";

/// Turns the fields of one setting into those of a mapping.
class FieldCompiler {
 public:
  FieldCompiler(const Integration& integration, const MappingSetting& setting, const ObjectSchema& schema,
                CompiledMapping& compiled)
      : integration_(integration), setting_(setting), schema_(schema), compiled_(compiled) {}

  base::Result<void> read_rules() {
    model::Mapping& mapping = compiled_.mapping;
    const auto refuse = [&](const std::string& why) {
      return base::failure(base::ErrorKind::settings, schema_.object + ": the mapping's " + why);
    };
    mapping.direction = integration_.direction;
    if (!setting_.direction.empty()) {
      const auto named = model::sync_direction_named(setting_.direction);
      if (!named) return refuse(not_allowed("syncDirection", setting_.direction, directions));
      const auto left = within(integration_.direction, *named);
      if (!left)
        return refuse("syncDirection is " + setting_.direction +
                      ", and its integration's the other way, so nothing "
                      "would flow: change one of them");
      mapping.direction = *left;
    }
    on_conflict_ = integration_.on_conflict;
    if (!setting_.conflict_resolution.empty()) {
      const auto named = model::conflict_policy_named(setting_.conflict_resolution);
      if (!named) return refuse(not_allowed("conflictResolution", setting_.conflict_resolution, policies));
      on_conflict_ = *named;
    }
    if (!setting_.on_filter_leave.empty()) {
      const auto named = model::filter_leave_named(setting_.on_filter_leave);
      if (!named) return refuse(not_allowed("onFilterLeave", setting_.on_filter_leave, "keep, flag and remove"));
      mapping.on_filter_leave = *named;
    }
    return {};
  }

  void add(const FieldSetting& field) {
    model::FieldMapping out;
    out.on_conflict = on_conflict_;
    if (auto why = compile(field, out)) {
      if (!why->empty()) set_aside(field, *why);
      return;
    }
    compiled_.mapping.fields.push_back(std::move(out));
  }

  /// Fields that share a column stand for the parts of one full name.
  void pair_names() {
    auto& fields = compiled_.mapping.fields;
    for (std::size_t i = 0; i < fields.size(); ++i)
      for (std::size_t k = 0; k < fields.size(); ++k)
        if (i != k && is_part(fields[i]) && is_part(fields[k]) && fields[i].column == fields[k].column &&
            fields[i].transform->part != fields[k].transform->part)
          fields[i].name_pair = k;
  }

 private:
  static bool is_part(const model::FieldMapping& field) {
    return field.transform && field.transform->part != model::NamePart::none;
  }

  void set_aside(const FieldSetting& field, const std::string& why) {
    compiled_.warnings.push_back(
        {schema_.object + ": the mapping " + field.crm_field + " = " + field.salesforce_field + " is set aside: " + why,
         "",
         "INVALID_FIELD",
         {},
         schema_.object,
         field.salesforce_field});
  }

  bool has_column(std::string_view name) const {
    return std::ranges::find(schema_.columns, name) != schema_.columns.end();
  }

  /// The table's spelling of a column, "firstName" or "first_name"; nothing if there is none.
  std::optional<std::string> column(const std::string& name) const {
    if (has_column(name)) return name;
    if (auto snake = snake_case(name); has_column(snake)) return snake;
    return std::nullopt;
  }

  std::string no_column(const std::string& name) const {
    return "the table " + compiled_.mapping.table + " has no column " + snake_case(name) +
           "; add it or correct crmField";
  }

  /// Why the field is set aside; an empty text: it is simply left out. Nothing: it is compiled.
  std::optional<std::string> compile(const FieldSetting& field, model::FieldMapping& out) {
    if (auto why = read_choices(field, out)) return why;
    out.org_field = field.salesforce_field;
    // The standard Contact has no Company: the existing job's default means the account.
    if (schema_.object == "Contact" && out.org_field == "Company" && !org_field(schema_, "Company"))
      out.org_field = "Account.Name";
    const bool through_parent = out.org_field.find('.') != std::string::npos;
    const OrgField* described = nullptr;
    if (!through_parent && !out.org_field.empty()) {
      described = org_field(schema_, out.org_field);
      if (!described)
        return schema_.object + " has no field " + out.org_field +
               " that the sync user can see; correct salesforceField, create the field or grant access";
      out.type = described->type;
      if (!described->writable) {
        if (!within(model::SyncDirection::to_store, out.direction))
          return "the sync user cannot write " + out.org_field +
                 " (a formula, or access is missing), and crm_to_salesforce is its only direction";
        out.direction = model::SyncDirection::to_store;
      }
    }
    bool is_constant = false;
    if (auto why = read_transform(field, out, described != nullptr, is_constant)) return why;
    if (auto why = read_column(field, out, is_constant)) return why;
    if (through_parent) return read_parent_name(out);
    if (described && described->type.kind == model::FieldKind::reference) return read_reference(*described, out);
    return std::nullopt;
  }

  std::optional<std::string> read_choices(const FieldSetting& field, model::FieldMapping& out) const {
    out.direction = compiled_.mapping.direction;
    if (!field.direction.empty()) {
      const auto direction = model::sync_direction_named(field.direction);
      if (!direction) return not_allowed("direction", field.direction, directions);
      const auto left = within(compiled_.mapping.direction, *direction);
      if (!left) return "its direction is " + field.direction + ", and the mapping only flows the other way";
      out.direction = *left;
    }
    if (!field.winner.empty()) {
      const auto winner = model::conflict_policy_named(field.winner);
      if (!winner) return not_allowed("winner", field.winner, policies);
      out.on_conflict = *winner;
    }
    if (!field.write_mode.empty()) {
      const auto mode = model::write_mode_named(field.write_mode);
      if (!mode) return not_allowed("writeMode", field.write_mode, "always and if_empty");
      out.write_mode = *mode;
    }
    return std::nullopt;
  }

  std::optional<std::string> read_transform(const FieldSetting& field, model::FieldMapping& out, bool plain,
                                            bool& is_constant) const {
    if (field.transform.empty()) {
      return plain || out.org_field.find('.') != std::string::npos
                 ? std::nullopt
                 : std::optional<std::string>{"salesforceField is empty; name a field of " + schema_.object};
    }
    if (plain && out.type.kind == model::FieldKind::reference)
      return "a reference to another record takes no transform";
    if (!plain && !out.org_field.empty()) return "a field of the parent record takes no transform";
    auto transform = compile_transform(field.transform, out.direction, out.type);
    if (!transform) return transform.error().message;
    is_constant = transform->is_constant;
    if (out.org_field.empty() && !(is_constant && out.direction == model::SyncDirection::to_store))
      return "salesforceField is empty; only a constant for the direction salesforce_to_crm needs none";
    for (const std::string& name : transform->more_columns) {
      const auto found = column(name);
      if (!found) return no_column(name);
      out.more_columns.push_back(*found);
    }
    out.transform = std::move(transform->transform);
    if (out.direction == model::SyncDirection::to_store && out.column_kind() != out.type.kind)
      out.type = {};  // What is compared is what the map makes of the value.
    return std::nullopt;
  }

  std::optional<std::string> read_column(const FieldSetting& field, model::FieldMapping& out, bool is_constant) const {
    if (field.crm_field.empty() && is_constant && out.direction == model::SyncDirection::to_org) return std::nullopt;
    const auto found = column(field.crm_field);
    if (!found) return no_column(field.crm_field);
    out.column = *found;
    return std::nullopt;
  }

  std::optional<std::string> read_parent_name(model::FieldMapping& out) const {
    const auto& fields = compiled_.mapping.fields;
    const std::string relationship = out.org_field.substr(0, out.org_field.find('.'));
    const auto via = std::ranges::find_if(fields, [&](const model::FieldMapping& f) {
      const OrgField* reference = org_field(schema_, f.org_field);
      return f.role == model::FieldRole::reference && reference && reference->relationship_name == relationship;
    });
    if (via == fields.end()) return "map the reference " + relationship + "Id before it";
    out.role = model::FieldRole::parent_name;
    out.parent_object = via->parent_object;
    out.via = static_cast<std::size_t>(via - fields.begin());
    return std::nullopt;
  }

  std::optional<std::string> read_reference(const OrgField& described, model::FieldMapping& out) const {
    out.role = model::FieldRole::reference;
    out.required = described.required;
    out.relationship = described.relationship_name;
    out.parent_object = described.reference_to;
    if (out.parent_object.empty()) {
      out.parent_object = target_of(described, out.column);
      if (out.parent_object.empty())
        return "it may refer to several objects, and the column's name says none of them; call it after the object: "
               "company_id, contact_id, opportunity_id";
      out.parent_prefix = prefix_of(out.parent_object);
      if (out.parent_prefix.empty()) return "";  // Not described, so not synced.
    }
    const auto synced = integration_.sync_objects.find(out.parent_object);
    if (synced == integration_.sync_objects.end() || !synced->second) return "";
    return std::nullopt;
  }

  /// Which of a field's objects a column means: "company_id" is an Account's, "zone_id" a Zone__c's.
  static std::string target_of(const OrgField& described, std::string_view column) {
    if (column.ends_with("_id")) column.remove_suffix(3);
    for (const std::string& target : described.targets) {
      std::string_view plain = target;
      if (plain.ends_with("__c")) plain.remove_suffix(3);
      if (object_for(column) == target || snake_case(plain) == column) return target;
    }
    return {};
  }

  /// Source: Salesforce Help, "Standard Field Record ID Prefix Decoder".
  std::string prefix_of(const std::string& object) const {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> standard = {
        {{"Account", "001"}, {"Contact", "003"}, {"Lead", "00Q"}, {"Opportunity", "006"}, {"User", "005"}}};
    const auto found = std::ranges::find(standard, object, &std::pair<std::string_view, std::string_view>::first);
    if (found != standard.end()) return std::string{found->second};
    const auto described = schema_.prefixes.find(object);
    return described == schema_.prefixes.end() ? std::string{} : described->second;
  }

  const Integration& integration_;
  const MappingSetting& setting_;
  const ObjectSchema& schema_;
  CompiledMapping& compiled_;
  model::ConflictPolicy on_conflict_ = model::ConflictPolicy::newest_wins;
};

/// What deletes do, and what the org lets us see of them.
void compile_deletes(const Integration& integration, const MappingSetting& setting, const ObjectSchema& schema,
                     CompiledMapping& compiled) {
  model::Mapping& mapping = compiled.mapping;
  const auto warn = [&](const std::string& message) {
    compiled.warnings.push_back({schema.object + ": " + message, "", "INVALID_SETTING", {}});
  };
  const auto choose = [&](const std::string& text, model::DeletePolicy otherwise, std::string_view name) {
    const auto policy = model::delete_policy_named(text);
    if (!text.empty() && !policy)
      warn(std::string{name} + " is \"" + text +
           "\"; allowed are delete, archive, ignore and recreate. Until then it is " +
           std::string{model::name_of(model::DeletePolicy::ignore)});
    return text.empty() ? otherwise : policy.value_or(model::DeletePolicy::ignore);
  };
  mapping.on_record_deleted = choose(setting.on_salesforce_delete, integration.on_record_deleted, "onSalesforceDelete");
  mapping.on_row_deleted = choose(setting.on_crm_delete, integration.on_row_deleted, "onCrmDelete");
  if (std::ranges::find(schema.columns, archive_column) != schema.columns.end() &&
      !mapping.ordinal_of_column(archive_column))
    mapping.archive_column = archive_column;
  if (const OrgField* mark = org_field(schema, archive_field);
      mark && mark->writable && mark->type.kind == model::FieldKind::boolean)
    mapping.archive_field = archive_field;
  if (mapping.on_record_deleted == model::DeletePolicy::archive && mapping.archive_column.empty())
    warn("rows are to be archived when their records are deleted, and table " + mapping.table + " has no column " +
         std::string{archive_column} +
         " to say so; they stay unmarked: add the column, or choose another onSalesforceDelete");
  if (mapping.on_row_deleted == model::DeletePolicy::archive && mapping.archive_field.empty()) {
    warn("records are to be archived when their rows are deleted, and " + schema.object + " has no check box " +
         std::string{archive_field} +
         " that the sync user can write; they stay unmarked: create it, or choose another "
         "onCrmDelete");
    mapping.on_row_deleted = model::DeletePolicy::ignore;
  }
  mapping.shows_deleted = org_field(schema, "IsDeleted") != nullptr;
  mapping.shows_merged = mapping.shows_deleted && org_field(schema, "MasterRecordId") != nullptr;
}

}  // namespace

base::Result<CompiledMapping> compile_mapping(const Integration& integration, const MappingSetting& setting,
                                              const ObjectSchema& schema, std::string_view upsert_field) {
  CompiledMapping compiled;
  model::Mapping& mapping = compiled.mapping;
  mapping.id = setting.id;
  mapping.object = schema.object;
  mapping.table = setting.table.empty() ? table_for(schema.object) : setting.table;
  if (!setting.key_column.empty()) mapping.key_column = setting.key_column;
  mapping.workspace = integration.workspace;
  if (const auto filter = integration.filters.find(schema.object); filter != integration.filters.end())
    mapping.filter = filter->second;
  if (schema.columns.empty())
    return base::failure(base::ErrorKind::settings, "the store has no table " + mapping.table + " for " +
                                                        schema.object + ": create it, or name another in the mapping");
  mapping.shows_author = org_field(schema, "LastModifiedById") != nullptr;
  if (org_field(schema, upsert_field)) mapping.upsert_field = std::string{upsert_field};

  FieldCompiler fields{integration, setting, schema, compiled};
  RETURN_IF_ERROR(fields.read_rules());
  for (const FieldSetting& field : setting.fields) fields.add(field);
  fields.pair_names();
  if (mapping.fields.empty())
    return base::failure(base::ErrorKind::settings,
                         schema.object + ": none of its mapped fields can be synced (" + joined(setting.fields) + ")" +
                             (compiled.warnings.empty() ? "" : "; " + compiled.warnings.front().message));
  if (mapping.fields.size() > model::max_fields)
    return base::failure(base::ErrorKind::settings, schema.object + ": a mapping may have 512 fields at most");
  compile_match_rules(setting, compiled);
  compile_deletes(integration, setting, schema, compiled);
  return compiled;
}

}  // namespace core
