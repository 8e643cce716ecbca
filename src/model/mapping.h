#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/field.h"
#include "model/grid.h"
#include "model/ids.h"
#include "model/transform.h"

namespace model {

enum class Side { org, store };

/// What decides when both sides changed one field to different values.
/// Spelt in settings `newest_wins`, `salesforce_wins`, `crm_wins`, `manual`.
enum class ConflictPolicy { newest_wins, salesforce_wins, crm_wins, manual };

/// Spelt `bidirectional`, `salesforce_to_crm`, `crm_to_salesforce`.
enum class SyncDirection { both, to_store, to_org };

/// Spelt `always`, `if_empty`: whether a value may replace another, or only fill what is empty.
enum class WriteMode { always, if_empty };

/// What becomes of the row when its record no longer matches the mapping's filter. Spelt `keep` (it stays; its edits
/// still go their way, the record's come with them), `flag` (it stays in step, and says so), `remove` (it goes, and
/// comes back with the record).
enum class FilterLeave { keep, flag, remove };

/// What happens to one side's copy when the other side's is deleted.
/// Spelt in settings `delete`, `archive`, `ignore`, `recreate`.
enum class DeletePolicy {
  follow,    ///< It is deleted too: a record goes to the recycle bin, a row is kept by us so that it can come back.
  archive,   ///< It stays, marked as archived, and is no longer synced.
  ignore,    ///< It stays as it is, and is no longer synced.
  recreate,  ///< It stays, and the deleted one is made again from it.
};

std::string_view name_of(DeletePolicy policy);
std::optional<DeletePolicy> delete_policy_named(std::string_view name);
std::string_view name_of(ConflictPolicy policy);
std::string_view name_of(SyncDirection direction);
std::string_view name_of(WriteMode mode);
std::optional<WriteMode> write_mode_named(std::string_view name);
std::string_view name_of(FilterLeave choice);
std::optional<FilterLeave> filter_leave_named(std::string_view name);
std::optional<ConflictPolicy> conflict_policy_named(std::string_view name);
std::optional<SyncDirection> sync_direction_named(std::string_view name);

/// What a field means beside its value.
enum class FieldRole {
  plain,
  reference,    ///< AccountId ↔ company_id: the org holds a record id, the store the key of that record's row.
  parent_name,  ///< Account.Name ↔ company: read through the reference `via`, written by writing that reference.
};

struct FieldMapping {
  std::string column;     ///< "first_name". Empty for a constant that is only sent.
  std::string org_field;  ///< "FirstName", "Account.Name". Empty for a constant that is only stored.
  FieldType type;         ///< Of the cells: the record's own, after what the transform does to it.
  FieldRole role = FieldRole::plain;
  std::string parent_object;  ///< References and parent names: "Account".
  std::string relationship;   ///< References: what the org calls the way to the parent, "Account", "Parent__r".
  /// References that may lead to several objects: the id prefix of this one, "001". Ids of other objects read as
  /// null here; of several columns of one such field the first that is filled counts (see shadow()).
  std::string parent_prefix;
  bool required = false;  ///< References: the org takes no new record without it.
  bool deferred = false;  ///< References: the parent comes at the same time or later (see core/order.h).
  std::size_t via = 0;    ///< Parent names: ordinal of the reference they go through.
  SyncDirection direction = SyncDirection::both;
  ConflictPolicy on_conflict = ConflictPolicy::newest_wins;
  WriteMode write_mode = WriteMode::always;
  std::shared_ptr<const Transform> transform;  ///< Null for most: what follows is then as it is for every field.
  std::vector<std::string> more_columns;       ///< Joined to `column` by blanks, in this order; only sent.
  std::optional<std::size_t> name_pair;        ///< The field for the other part of the full name in `column`.

  /// How the column keeps the values: a value map stands for texts of its own.
  FieldKind column_kind() const;
};

/// The cell of what stands in the record. Nothing if it is no value of the type, or has no way back through the
/// transform. Borrows from `raw` where nothing changes, else from `arena`.
inline std::optional<Cell> org_cell(const FieldMapping& field, Raw raw, base::Arena& arena);
/// The same for what stands in the column (or is joined from several).
inline std::optional<Cell> row_cell(const FieldMapping& field, Raw raw, base::Arena& arena);
/// The same for a part of the full name in the column; see split_name() for what was agreed on.
std::optional<Cell> row_name_cell(const FieldMapping& field, Raw full, Raw agreed_first, Raw agreed_last,
                                  base::Arena& arena);
/// What the column of field `i` is to hold when its record's cells are these: both parts of a name.
Cell column_value(std::span<const FieldMapping> fields, std::size_t i, std::span<const Cell> cells, base::Arena& arena);

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
  FilterLeave on_filter_leave = FilterLeave::keep;
  bool shows_author = false;  ///< The object has LastModifiedById.
  SyncDirection direction = SyncDirection::both;
  std::vector<FieldMapping> fields;
  /// How a record and a row that nothing links yet are known to be the same one: by ordinals of fields that are all
  /// equal and not empty, tried in order. None: never.
  std::vector<std::vector<std::size_t>> match_rules;

  DeletePolicy on_record_deleted = DeletePolicy::follow;  ///< What becomes of the row.
  DeletePolicy on_row_deleted = DeletePolicy::follow;     ///< What becomes of the record.
  std::string archive_column;  ///< Takes the time at which a row was archived; empty: rows cannot be marked.
  std::string archive_field;   ///< A check box of the org; empty: records cannot be marked.
  bool shows_deleted = false;  ///< The object has IsDeleted: polls show what lies in the recycle bin.
  bool shows_merged = false;   ///< The object has MasterRecordId: a merged record names the one that took its place.

  std::optional<std::size_t> ordinal_of_column(std::string_view column) const;

  /// Whether it matters which records leave the filter, so that the changes of all records are looked at.
  bool follows_filter() const {
    return !filter.empty() && on_filter_leave != FilterLeave::keep && direction != SyncDirection::to_org;
  }

  /// Identifies the fields and their order: a packed base is read back only under the layout it was written with.
  std::uint32_t layout() const;
};

std::optional<Cell> transformed_org_cell(const FieldMapping& field, Raw raw, base::Arena& arena);
std::optional<Cell> transformed_row_cell(const FieldMapping& field, Raw raw, base::Arena& arena);

inline std::optional<Cell> org_cell(const FieldMapping& field, Raw raw, base::Arena& arena) {
  if (field.transform) return transformed_org_cell(field, raw, arena);
  return raw ? canonical(field.type, *raw, arena) : canonical_null(field.type);
}
inline std::optional<Cell> row_cell(const FieldMapping& field, Raw raw, base::Arena& arena) {
  if (field.transform) return transformed_row_cell(field, raw, arena);
  return raw ? canonical(field.type, *raw, arena) : canonical_null(field.type);
}
/// Of the columns that stand for one org field, the store counts the first that is filled: the others become null.
/// `cells` are a row's, as wide as the mapping.
void shadow(const Mapping& mapping, std::span<Cell> cells);

/// The objects in the order in which parents come before their children.
/// Source: Account ← Contact, Opportunity ← Task, Event by AccountId, WhoId and WhatId.
int rank_of_object(std::string_view object);

}  // namespace model
