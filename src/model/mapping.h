#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/field.h"
#include "model/grid.h"
#include "model/ids.h"

namespace model {

enum class Side { org, store };

/// What decides when both sides changed one field to different values.
/// Spelt in settings `newest_wins`, `salesforce_wins`, `crm_wins`, `manual`.
enum class ConflictPolicy { newest_wins, salesforce_wins, crm_wins, manual };

/// Spelt `bidirectional`, `salesforce_to_crm`, `crm_to_salesforce`.
enum class SyncDirection { both, to_store, to_org };

std::string_view name_of(ConflictPolicy policy);
std::string_view name_of(SyncDirection direction);
std::optional<ConflictPolicy> conflict_policy_named(std::string_view name);
std::optional<SyncDirection> sync_direction_named(std::string_view name);

/// What a field means beside its value.
enum class FieldRole {
  plain,
  reference,    ///< AccountId ↔ company_id: the org holds a record id, the store the key of that record's row.
  parent_name,  ///< Account.Name ↔ company: read through the reference `via`, written by writing that reference.
};

struct FieldMapping {
  std::string column;     ///< "first_name"
  std::string org_field;  ///< "FirstName", "Account.Name"
  FieldType type;
  FieldRole role = FieldRole::plain;
  std::string parent_object;  ///< References and parent names: "Account".
  std::size_t via = 0;        ///< Parent names: ordinal of the reference they go through.
  SyncDirection direction = SyncDirection::both;
  ConflictPolicy on_conflict = ConflictPolicy::newest_wins;
};

/// One object of one integration: which table, which fields, which rules. A field's ordinal is its place in
/// `fields`; grids, bases and writes of this mapping all count by it.
struct Mapping {
  MappingId id{};
  std::string object;             ///< SObject API name: "Contact".
  std::string table;              ///< "contacts"
  std::string key_column = "id";  ///< The table's primary key.
  std::string workspace;          ///< Only rows of this workspace belong to the mapping.
  std::string upsert_field;       ///< External id field that carries our key: "Lockstep_Id__c".
  std::string filter;             ///< SOQL condition, checked; empty for all records.
  SyncDirection direction = SyncDirection::both;
  std::vector<FieldMapping> fields;
  /// How a record and a row that nothing links yet are known to be the same one: by ordinals of fields that are all
  /// equal and not empty, tried in order. None: never.
  std::vector<std::vector<std::size_t>> match_rules;

  std::optional<std::size_t> ordinal_of_column(std::string_view column) const;

  /// Identifies the fields and their order: a packed base is read back only under the layout it was written with.
  std::uint32_t layout() const;
};

/// The objects in the order in which parents come before their children.
/// Source: Account ← Contact, Opportunity ← Task, Event by AccountId, WhoId and WhatId.
int rank_of_object(std::string_view object);

}  // namespace model
