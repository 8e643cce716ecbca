#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/ports/store.h"
#include "model/mapping.h"
#include "store/sqlite/database.h"
#include "store/sqlite/table.h"

namespace store {

/// The table that a reference or a parent's name points to.
struct Parent {
  std::int64_t mapping = 0;
  Affinity key_affinity = Affinity::none;
  Statement by_key;   ///< Whether there is a row of that key.
  Statement by_name;  ///< Record ids of the linked rows of a name, two at most. Empty if no column holds the name.
};

/// The columns in which a row shows how its sync stands; quoted, empty where the table has none.
struct SyncColumns {
  std::string record, status, error, synced_at, updated_at;
};

/// A mapping with what belongs to it in the database.
struct Prepared {
  model::Mapping mapping;
  Table table;
  std::int64_t number = 0;  ///< The mapping's id.
  std::uint32_t layout = 0;
  const Column* key = nullptr;
  std::string key_name;                ///< Quoted.
  std::string of_workspace;            ///< A condition; "1" for every row.
  const Column* workspace = nullptr;   ///< Null where the table has no such column.
  std::vector<const Column*> columns;  ///< One a field; null for a constant that is only sent.
  /// What read_row gives after the key and one value a field: the further columns of joined fields, field by field.
  std::vector<std::size_t> joined;
  model::FieldSet followers;              ///< Parts of a name whose column the other part writes.
  std::optional<std::size_t> name_field;  ///< The field that holds the record's Name.
  SyncColumns sync;
  /// Fields of earlier layouts that the mapping has not got now. They may come back (a field may be hidden for a day),
  /// so a base keeps what was agreed on about them, behind the mapping's own fields and under `base_layout`.
  std::vector<std::string> away;
  std::uint32_t base_layout = 0;
  /// Where the fields of other layouts stand in a base, by layout and their ordinal there.
  std::unordered_map<std::uint32_t, std::vector<std::size_t>> earlier;
  std::vector<std::string> stamped;  ///< Columns that default to the time: bound, since the default costs as much
                                     ///< as the rest of the row. Quoted.
  bool generates_key = false;        ///< The table gives the key no default, and it can be a UUID: we make one.
  std::vector<std::unique_ptr<Parent>> parents;  ///< One a field; null where there is none or it is not prepared.

  Statement read_row;
  Statement load_row;
  std::vector<Statement> match;  ///< One a match rule: keys of the unlinked rows that fit, see match_sql().
  std::unordered_map<model::FieldSet, Statement> inserts, updates;

  /// True for the key under which a link goes on whose row is gone, since SQLite gave the row's own key to another row:
  /// "31#17", with the link's number.
  bool outlived(std::string_view row) const { return table.rowid_key && row.contains('#'); }
  /// The key by which rows of other tables refer to a row, or did.
  std::string_view referred_by(std::string_view row) const {
    return outlived(row) ? row.substr(0, row.find('#')) : row;
  }
  bool is_new_row_field(std::size_t field) const {
    return mapping.fields[field].direction != model::SyncDirection::to_org;
  }
  /// The fields that name the columns to write for `fields`: each column once.
  model::FieldSet writers(model::FieldSet fields) const;
};

/// A merge base or a list of announced values, written under this layout or an earlier one. The cells borrow from
/// `packed`; fields that the writer did not know are null. Wider `cells` than the mapping also get the fields that are
/// away.
void read_base(const Prepared& mapping, std::string_view packed, std::span<model::Cell> cells);
/// Packs a new base together with what `before`, the base that it replaces, holds of the fields that are away.
void pack_base(const Prepared& mapping, std::span<const model::Cell> cells, std::string_view before, std::string& out);
std::vector<model::SentValue> read_sent(const Prepared& mapping, std::string_view packed);

/// Fills in all but the parents. The mapping has been checked against the table.
base::Result<std::unique_ptr<Prepared>> make_prepared(Database& database, const model::Mapping& mapping, Table table);

/// The statement that inserts a row with `fields`: parameters are the fields in order, then the workspace (if the
/// table has one), the key (if generated or `with_key`), then record id, status, error and synced_at as far as there
/// are columns, then the time for every stamped column. Where the key is not the rowid the statement returns it.
std::string insert_sql(const Prepared& mapping, const model::FieldSet& fields, bool with_key = false);

/// The statement that finds unlinked rows by a match rule: parameters are the mapping's number, then the rule's values
/// in order, text in lower case. Three keys at most: one is a match, more are too many.
std::string match_sql(const Prepared& mapping, const std::vector<std::size_t>& rule);

/// Text as match rules compare it: without regard to case and to blanks around it.
std::string matched_text_sql(std::string_view quoted_column);

/// The statement that updates a row: parameters are the fields in order, record id, status, error and synced_at as
/// far as there are columns, then the key. Empty when there is nothing to set.
std::string update_sql(const Prepared& mapping, const model::FieldSet& fields);

}  // namespace store
