#include "sides.h"

#include <algorithm>

#include "core/compile_transform.h"

namespace seeded {

namespace {

using model::FieldKind;

const FieldSpec amount{.column = "amount", .org_field = "Amount__c", .kind = FieldKind::number, .scale = 2};
const FieldSpec since{.column = "since", .org_field = "Since__c", .kind = FieldKind::date};
const FieldSpec seen{.column = "seen", .org_field = "Seen__c", .kind = FieldKind::datetime};
const FieldSpec active{.column = "active", .org_field = "Active__c", .kind = FieldKind::boolean};
const FieldSpec tags{.column = "tags", .org_field = "Tags__c", .kind = FieldKind::multi};
/// Shorter in the org than what people write into the row.
const FieldSpec code{
    .column = "code", .org_field = "Code__c", .length = 8, .transform = R"(["trim", {"truncate": 8}])"};

/// `between`: plain fields of each object, before the last one.
std::vector<ObjectSpec> objects_with(const std::vector<std::vector<FieldSpec>>& between) {
  std::vector<ObjectSpec> all = {{"Account",
                                  "storm_accounts",
                                  "001",
                                  {{"name", "Name"},
                                   {.column = "site", .org_field = "Site", .kind = FieldKind::email},
                                   {"number", "AccountNumber"},
                                   {"parent_id", "ParentId", 0}},
                                  true},
                                 {"Contact",
                                  "storm_contacts",
                                  "003",
                                  {{"last_name", "LastName"},
                                   {.column = "title", .org_field = "Title", .kind = FieldKind::email},
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
  for (std::size_t i = 0; i < between.size(); ++i) {
    auto& fields = all[i].fields;
    const auto reference = std::ranges::find_if(fields, [](const FieldSpec& f) { return f.parent != no_parent; });
    fields.insert(std::prev(reference), between[i].begin(), between[i].end());
  }
  return all;
}

bool every_kind = false;

}  // namespace

const std::vector<ObjectSpec>& objects() {
  static const std::vector<ObjectSpec> texts = objects_with({}),
                                       kinds = objects_with(
                                           {{amount, since, active}, {seen, tags, code}, {amount, seen, active}});
  return every_kind ? kinds : texts;
}

void use_every_kind(bool on) {
  every_kind = on;
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
    mapped.type = {field.kind, field.scale, field.length};
    if (!field.transform.empty())
      mapped.transform = core::compile_transform(field.transform, mapped.direction, mapped.type)->transform;
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
