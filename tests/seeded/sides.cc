#include "sides.h"

namespace seeded {

const std::vector<ObjectSpec>& objects() {
  static const std::vector<ObjectSpec> all = {{"Account",
                                               "storm_accounts",
                                               "001",
                                               {{"name", "Name"},
                                                {.column = "site", .org_field = "Site", .folds = true},
                                                {"number", "AccountNumber"},
                                                {"parent_id", "ParentId", 0}},
                                               true},
                                              {"Contact",
                                               "storm_contacts",
                                               "003",
                                               {{"last_name", "LastName"},
                                                {.column = "title", .org_field = "Title", .folds = true},
                                                {"department", "Department"},
                                                {"account_id", "AccountId", 0, true},
                                                {"manager_id", "ReportsToId", 1}},
                                               true},
                                              {"Task",
                                               "storm_tasks",
                                               "00T",
                                               {{"subject", "Subject"},
                                                {"note", "Description"},
                                                {"contact_id", "WhoId", 1, false, true},
                                                {"account_id", "WhatId", 0, true, true}},
                                               false}};
  return all;
}

std::string spelt(const FieldSpec& field, std::string value) {
  if (field.folds && (value.back() - '0') % 2 == 0) value.front() = 'V';
  return value;
}

Text folded(Text value) {
  if (value && value->starts_with('V')) value->front() = 'v';
  return value;
}

model::Mapping mapping_of(std::size_t object, bool with_key) {
  const ObjectSpec& spec = objects()[object];
  model::Mapping mapping;
  mapping.id = static_cast<model::MappingId>(object + 1);
  mapping.object = spec.object;
  mapping.table = spec.table;
  mapping.workspace = "default";
  if (with_key) mapping.upsert_field = "Lockstep_Id__c";
  mapping.shows_deleted = true;
  mapping.shows_merged = spec.merges;
  mapping.archive_column = "archived_at";
  for (const FieldSpec& field : spec.fields) {
    model::FieldMapping mapped;
    mapped.column = field.column;
    mapped.org_field = field.org_field;
    if (field.folds) mapped.type.kind = model::FieldKind::email;
    if (field.parent != no_parent) {
      mapped.type.kind = model::FieldKind::reference;
      mapped.role = model::FieldRole::reference;
      mapped.parent_object = objects()[field.parent].object;
      if (field.many_parents) mapped.parent_prefix = objects()[field.parent].prefix;
    }
    mapping.fields.push_back(std::move(mapped));
  }
  return mapping;
}

}  // namespace seeded
