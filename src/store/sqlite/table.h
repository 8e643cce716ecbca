#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/mapping.h"
#include "store/sqlite/database.h"

namespace store {

/// How SQLite stores what is written to a column. Source: sqlite.org/datatype3.html section 3.1.
enum class Affinity { text, numeric, integer, real, none };

inline bool is_numeric(Affinity affinity) {
  return affinity != Affinity::text && affinity != Affinity::none;
}

struct Column {
  std::string name;
  std::string type;  ///< As declared.
  Affinity affinity = Affinity::none;
  bool not_null = false;
  bool has_default = false;
  bool defaults_to_now = false;  ///< The default is the time as we spell it.
  bool is_key = false;           ///< Part of the primary key.
};

/// An application table as it stands in the database.
struct Table {
  std::string name;  ///< In the table's own spelling.
  bool is_view = false;
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> unique;  ///< Columns of every unique index but the key's own.
  bool rowid_key = false;                        ///< The key is the rowid itself (INTEGER PRIMARY KEY).
  bool reuses_keys = false;                      ///< … and SQLite gives the last row's again once that row is gone.
  bool has_foreign_keys = false;

  /// ASCII case does not count in SQL names. Null if there is none.
  const Column* find(std::string_view column) const;
};

/// The columns that a field is read from: none for a constant, several for a joined one.
std::vector<std::string> columns_of(const model::FieldMapping& field);

/// Nothing when there is no such table or view.
base::Result<std::optional<Table>> describe_table(Database& database, std::string_view name);

/// True if a UUID that we make can be the key of a new row: text, or a type that says so.
bool takes_uuid(const Column& key);

/// Checks that `mapping` can be kept in `table`: key and columns are there and fit.
/// Errors: `settings`, naming what is missing and what there is.
base::Result<void> check_mapping(const model::Mapping& mapping, const std::optional<Table>& table);

}  // namespace store
