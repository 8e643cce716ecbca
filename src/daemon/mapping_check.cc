#include "daemon/mapping_check.h"

#include <algorithm>

#include "salesforce/describe.h"
#include "salesforce/filter_check.h"

namespace daemon_process {
namespace {

using model::SyncDirection;

/// Fields that a new record must have and nothing of ours fills.
void find_required(const core::ObjectSchema& schema, const model::Mapping& mapping, CheckedMapping& checked) {
  if (mapping.direction == SyncDirection::to_store) return;
  std::string names;
  for (const core::OrgField& field : schema.org_fields) {
    const auto fills = [&](const model::FieldMapping& f) {
      return f.org_field == field.name && f.direction != SyncDirection::to_store;
    };
    if (field.required && std::ranges::none_of(mapping.fields, fills))
      (names += names.empty() ? "" : ", ") += field.name;
  }
  if (!names.empty())
    checked.blind_spots.push_back("a new " + mapping.object + " needs " + names +
                                  ", which nothing fills: rows without a record will be parked; map a column or a "
                                  "constant to it");
}

void find_read_only(const core::ObjectSchema& schema, const core::MappingSetting& setting,
                    const model::Mapping& mapping, CheckedMapping& checked) {
  if (mapping.direction == SyncDirection::to_store) return;
  for (const model::FieldMapping& field : mapping.fields) {
    const auto described = std::ranges::find(schema.org_fields, field.org_field, &core::OrgField::name);
    const auto wanted = std::ranges::find(setting.fields, field.org_field, &core::FieldSetting::salesforce_field);
    const bool one_way = wanted != setting.fields.end() && wanted->direction == "salesforce_to_crm";
    if (described == schema.org_fields.end() || described->writable || one_way) continue;
    checked.blind_spots.push_back(mapping.object + "." + field.org_field +
                                  " is read-only for the sync user, so edits of " + mapping.table + "." + field.column +
                                  " stay in the CRM; grant edit access, or set its direction to salesforce_to_crm");
  }
}

base::Result<void> find_hidden_rows(salesforce::RestOrg& org, model::Mapping mapping, CheckedMapping& checked) {
  mapping.filter.clear();
  ASSIGN_OR_RETURN(const auto total, org.record_count(mapping.object));
  if (!total) return {};
  ASSIGN_OR_RETURN(const std::int64_t visible, org.count(mapping));
  if (visible < *total)
    checked.blind_spots.push_back("the sync user sees " + std::to_string(visible) + " of about " +
                                  std::to_string(*total) + " " + mapping.object +
                                  " records; give it \"View All\" on the object if the others belong to the sync");
  return {};
}

/// The org's own word on the fields and the filter: a poll for one record.
std::optional<base::Error> try_query(salesforce::RestOrg& org, const model::Mapping& mapping) {
  const core::PageRequest request{&mapping, {}, 1};
  const auto pages = org.fetch(std::span{&request, 1});
  return pages.front() ? std::nullopt : std::optional{pages.front().error()};
}

/// Names the place in the filter that is wrong, which the org's own refusal does not.
std::optional<base::Error> check_condition(salesforce::RestOrg& org, const model::Mapping& mapping) {
  if (mapping.filter.empty()) return std::nullopt;
  std::map<std::string, salesforce::DescribedObject, std::less<>> known;
  const auto describe = [&](std::string_view object) -> base::Result<const salesforce::DescribedObject*> {
    if (const auto found = known.find(object); found != known.end()) return &found->second;
    ASSIGN_OR_RETURN(std::string text, org.describe(object));
    ASSIGN_OR_RETURN(auto described, salesforce::parse_describe(std::move(text)));
    return &known.emplace(object, std::move(described)).first->second;
  };
  const auto odd = salesforce::check_filter(mapping.filter, mapping.object, describe);
  return odd ? std::nullopt : std::optional{odd.error()};
}

std::string plain_name(std::string_view name) {
  if (name.ends_with("__c")) name.remove_suffix(3);
  std::string plain;
  for (const char c : name)
    if (c != '_') plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return plain;
}

}  // namespace

base::Result<core::ObjectSchema> schema_of(App& app, const core::Integration& integration, salesforce::RestOrg& org,
                                           const std::string& object, const std::string& table,
                                           std::chrono::milliseconds keeps) {
  ASSIGN_OR_RETURN(auto cached, app.store->describe(integration.id, object));
  const base::Utc now = app.clock.now();
  if (!cached || now - cached->fetched_at >= keeps) {
    ASSIGN_OR_RETURN(std::string json, org.describe(object));
    cached = core::Registry::CachedDescribe{std::move(json), now};
    RETURN_IF_ERROR(app.store->save_describe(integration.id, object, *cached));
  }
  return schema_from(app, integration, object, table, cached->json);
}

base::Result<core::ObjectSchema> schema_from(App& app, const core::Integration& integration, const std::string& object,
                                             const std::string& table, const std::string& describe) {
  ASSIGN_OR_RETURN(const auto described, salesforce::parse_describe(describe));
  core::ObjectSchema schema;
  schema.object = object;
  for (const auto& field : described.fields)
    schema.org_fields.push_back({field.name, field.field_type,
                                 field.createable && field.updateable && !field.calculated, field.relationship_name,
                                 field.reference_to.size() == 1 ? field.reference_to.front() : std::string{},
                                 field.createable && !field.nillable && !field.defaulted_on_create,
                                 field.reference_to.size() > 1 ? field.reference_to : std::vector<std::string>{}});
  // Of custom objects, as far as they were described: what their ids begin with is known from nowhere else.
  for (const auto& [other, on] : integration.sync_objects) {
    if (!on || other == object || !other.ends_with("__c")) continue;
    ASSIGN_OR_RETURN(const auto known, app.store->describe(integration.id, other));
    if (!known) continue;
    if (const auto parsed = salesforce::parse_describe(known->json)) schema.prefixes[other] = parsed->key_prefix;
  }
  ASSIGN_OR_RETURN(schema.columns, app.store->columns(table));
  return schema;
}

base::Result<CheckedMapping> check_mapping(App& app, const core::Integration& integration, salesforce::RestOrg& org,
                                           const core::MappingSetting& setting) {
  CheckedMapping checked;
  checked.setting = setting;
  checked.object = core::object_for(setting.object_type);
  checked.table = setting.table.empty() ? core::table_for(checked.object) : setting.table;
  const auto is_ours = [](const base::Error& error) {
    return error.kind == base::ErrorKind::settings || error.kind == base::ErrorKind::rejected ||
           error.kind == base::ErrorKind::precondition;
  };
  auto schema = schema_of(app, integration, org, checked.object, checked.table, std::chrono::milliseconds{0});
  if (!schema) {
    // No such object, or none that the sync user may see.
    if (!is_ours(schema.error())) return std::unexpected(schema.error());
    checked.error = schema.error();
    return checked;
  }
  auto compiled = core::compile_mapping(integration, setting, *schema, upsert_field);
  if (!compiled) {
    checked.error = compiled.error();
    return checked;
  }
  const model::Mapping& mapping = compiled->mapping;
  checked.set_aside = std::move(compiled->warnings);
  checked.fields = mapping.fields.size();
  if (auto fits = app.store->check(mapping); !fits) {
    if (!is_ours(fits.error())) return std::unexpected(fits.error());
    checked.error = fits.error();
    return checked;
  }
  checked.error = check_condition(org, mapping);
  if (!checked.error) checked.error = try_query(org, mapping);
  if (checked.error && !is_ours(*checked.error)) return std::unexpected(*checked.error);
  if (checked.error) return checked;
  if (mapping.upsert_field.empty() && mapping.direction != SyncDirection::to_store)
    checked.blind_spots.push_back(mapping.object + " has no field " + std::string{upsert_field} +
                                  " that the sync user can write; create it (Text 36, External ID, Unique) and grant "
                                  "access to it");
  find_required(*schema, mapping, checked);
  find_read_only(*schema, setting, mapping, checked);
  RETURN_IF_ERROR(find_hidden_rows(org, mapping, checked));
  return checked;
}

base::Result<Saved> save_mappings(App& app, const core::Integration& integration, salesforce::RestOrg& org,
                                  std::vector<core::MappingSetting> settings,
                                  std::span<const model::MappingId> replaced, bool force) {
  Saved saved;
  bool good = true;
  for (const core::MappingSetting& setting : settings) {
    // What is switched off waits for its table or its field, and is checked when it is switched on.
    const auto on = integration.sync_objects.find(core::object_for(setting.object_type));
    if (on != integration.sync_objects.end() && !on->second) continue;
    ASSIGN_OR_RETURN(auto checked, check_mapping(app, integration, org, setting));
    good = good && !checked.error && (force || checked.set_aside.empty());
    saved.checked.push_back(std::move(checked));
  }
  if (!good) return saved;
  RETURN_IF_ERROR(app.store->save_all(settings, integration, replaced));
  saved.stored = true;
  return saved;
}

std::vector<core::FieldSetting> fields_by_name(const core::ObjectSchema& schema, const std::string& key_column) {
  std::vector<core::FieldSetting> fields;
  for (const std::string& column : schema.columns) {
    if (column == key_column || column.starts_with("salesforce_") || column == "workspace_id") continue;
    const std::string plain = plain_name(column);
    const auto same = [&](const core::OrgField& field) { return plain_name(field.name) == plain && field.writable; };
    if (const auto field = std::ranges::find_if(schema.org_fields, same); field != schema.org_fields.end())
      fields.push_back({column, field->name, "", ""});
  }
  return fields;
}

}  // namespace daemon_process
