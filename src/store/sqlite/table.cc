#include "store/sqlite/table.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "store/sqlite/schema.h"

namespace store {
namespace {

using base::ErrorKind;

bool equal_names(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string upper(std::string_view text) {
  std::string upper;
  for (const char c : text) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

Affinity affinity_of(std::string_view declared) {
  const std::string type = upper(declared);
  const auto holds = [&type](std::string_view part) { return type.find(part) != std::string::npos; };
  if (holds("INT")) return Affinity::integer;
  if (holds("CHAR") || holds("CLOB") || holds("TEXT")) return Affinity::text;
  if (type.empty() || holds("BLOB") || type == "ANY") return Affinity::none;
  if (holds("REAL") || holds("FLOA") || holds("DOUB")) return Affinity::real;
  return Affinity::numeric;
}

base::Result<void> read_indexes(Database& database, Table& table) {
  bool key_has_index = false;
  ASSIGN_OR_RETURN(Statement list, database.prepare("SELECT name, \"unique\", origin FROM pragma_index_list(?1)"));
  ASSIGN_OR_RETURN(Statement info, database.prepare("SELECT name FROM pragma_index_info(?1) ORDER BY seqno"));
  list.bind(1, table.name);
  while (true) {
    const auto step = list.step();
    if (step == Statement::Step::failed) return std::unexpected(database.error("reading the indexes of " + table.name));
    if (step == Statement::Step::done) break;
    if (list.text(2) == "pk") key_has_index = true;
    if (list.integer(1) == 0) continue;
    std::vector<std::string> columns;
    bool plain = true;
    const std::string index{list.text(0)};
    Use use{info};
    use->bind(1, index);
    while (use->step() == Statement::Step::row) {
      plain = plain && !use->is_null(0);  // Null: an expression.
      columns.emplace_back(use->text(0));
    }
    if (plain && !columns.empty()) table.unique.push_back(std::move(columns));
  }
  const auto keys = std::ranges::count_if(table.columns, &Column::is_key);
  const auto key = std::ranges::find_if(table.columns, &Column::is_key);
  table.rowid_key = keys == 1 && !key_has_index && equal_names(key->type, "INTEGER");
  if (!table.rowid_key) return {};
  key->has_default = true;
  ASSIGN_OR_RETURN(const auto sql,
                   database.value("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1", table.name));
  table.reuses_keys = sql && upper(*sql).find("AUTOINCREMENT") == std::string::npos;
  return {};
}

}  // namespace

std::vector<std::string> columns_of(const model::FieldMapping& field) {
  std::vector<std::string> columns = field.more_columns;
  if (!field.column.empty()) columns.insert(columns.begin(), field.column);
  return columns;
}

bool takes_uuid(const Column& key) {
  if (key.affinity == Affinity::text) return true;
  const std::string type = upper(key.type);
  return std::ranges::any_of(std::to_array({"UUID", "GUID", "UNIQUEIDENTIFIER"}),
                             [&](const char* name) { return type.find(name) != std::string::npos; });
}

const Column* Table::find(std::string_view column) const {
  const auto found = std::ranges::find_if(columns, [&](const Column& c) { return equal_names(c.name, column); });
  return found == columns.end() ? nullptr : &*found;
}

base::Result<std::optional<Table>> describe_table(Database& database, std::string_view name) {
  Table table;
  {
    ASSIGN_OR_RETURN(Statement find, database.prepare("SELECT name, type FROM sqlite_schema WHERE type IN ('table', "
                                                      "'view') AND name = ?1 COLLATE NOCASE"));
    find.bind(1, name);
    switch (find.step()) {
      case Statement::Step::failed:
        return std::unexpected(database.error("looking for a table"));
      case Statement::Step::done:
        return std::nullopt;
      case Statement::Step::row:
        break;
    }
    table.name = find.text(0);
    table.is_view = find.text(1) == "view";
  }
  ASSIGN_OR_RETURN(Statement info, database.prepare("SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM "
                                                    "pragma_table_xinfo(?1)"));
  info.bind(1, table.name);
  while (true) {
    const auto step = info.step();
    if (step == Statement::Step::failed) return std::unexpected(database.error("reading the columns of " + table.name));
    if (step == Statement::Step::done) break;
    if (info.integer(5) == 1) continue;  // A virtual table's hidden column.
    table.columns.push_back({.name = std::string{info.text(0)},
                             .type = std::string{info.text(1)},
                             .affinity = affinity_of(info.text(1)),
                             .not_null = info.integer(2) != 0,
                             .has_default = !info.is_null(3),
                             .defaults_to_now = info.text(3) == clock_text_sql,
                             .is_key = info.integer(4) != 0});
  }
  ASSIGN_OR_RETURN(const auto foreign, database.value("SELECT 1 FROM pragma_foreign_key_list(?1) LIMIT 1", table.name));
  table.has_foreign_keys = foreign.has_value();
  if (!table.is_view) RETURN_IF_ERROR(read_indexes(database, table));
  return table;
}

base::Result<void> check_mapping(const model::Mapping& mapping, const std::optional<Table>& table) {
  const std::string what = "mapping of " + mapping.object + " to table " + mapping.table + ": ";
  if (mapping.table.starts_with("lockstep_") || mapping.table.starts_with("sqlite_"))
    return base::failure(ErrorKind::settings, what + "that table is not the application's; name one of yours");
  if (!table)
    return base::failure(
        ErrorKind::settings,
        what + "there is no such table; create it, or name another one with `lockstep mapping attach`");
  if (table->is_view)
    return base::failure(ErrorKind::settings,
                         what + "it is a view, whose edits cannot be seen; attach the table behind it");
  const auto names = [&table] {
    std::string text;
    for (const Column& column : table->columns) (text += text.empty() ? "" : ", ") += column.name;
    return text;
  };
  const Column* key = table->find(mapping.key_column);
  if (!key)
    return base::failure(ErrorKind::settings, what + "there is no key column " + mapping.key_column + "; it has " +
                                                  names() + ": name its primary key with `lockstep mapping attach`");
  const bool alone = std::ranges::count_if(table->columns, &Column::is_key) == 1;
  const bool unique = (key->is_key && alone) || std::ranges::any_of(table->unique, [&](const auto& columns) {
                        return columns.size() == 1 && equal_names(columns.front(), key->name);
                      });
  if (!unique)
    return base::failure(ErrorKind::settings, what + "the column " + mapping.key_column +
                                                  " identifies no row; name the primary key, or make a unique index "
                                                  "on the column");
  if (equal_names(key->type, "BLOB"))
    return base::failure(ErrorKind::settings,
                         what + "the key column " + mapping.key_column + " holds BLOBs; keys must be numbers or text");
  for (const model::FieldMapping& field : mapping.fields) {
    for (const std::string& column : columns_of(field))
      if (!table->find(column))
        return base::failure(ErrorKind::settings, what + "there is no column " + column + " (mapped to " +
                                                      field.org_field + "); it has " + names() +
                                                      ": add the column or change the mapping");
    if (field.role == model::FieldRole::parent_name && field.via >= mapping.fields.size())
      return base::failure(ErrorKind::settings, what + field.column +
                                                    " stands for a parent, but the mapping has no "
                                                    "reference that it goes through");
  }
  return {};
}

}  // namespace store
