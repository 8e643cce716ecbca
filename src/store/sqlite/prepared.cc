#include "store/sqlite/prepared.h"

#include <algorithm>

#include "store/sqlite/capture.h"
#include "store/sqlite/schema.h"

namespace store {
namespace {

SyncColumns sync_columns(const model::Mapping& mapping, const Table& table) {
  const auto column = [&](std::string_view name) {
    const Column* found = table.find(name);
    const bool mapped = found && std::ranges::any_of(mapping.fields, [&](const model::FieldMapping& field) {
                          return table.find(field.column) == found;
                        });
    return found && !mapped ? quoted(found->name) : std::string{};
  };
  SyncColumns sync{.record = column("salesforce_id"),
                   .status = column("salesforce_sync_status"),
                   .error = column("salesforce_sync_error"),
                   .synced_at = column("salesforce_synced_at"),
                   .updated_at = column("updated_at")};
  // Epoch numbers are the application's own way to keep time.
  if (const Column* touched = table.find("updated_at"); touched && is_numeric(touched->affinity)) sync.updated_at = {};
  return sync;
}

}  // namespace

base::Result<std::unique_ptr<Prepared>> make_prepared(Database& database, const model::Mapping& mapping, Table table) {
  auto prepared = std::make_unique<Prepared>();
  Prepared& p = *prepared;
  p.mapping = mapping;
  p.table = std::move(table);
  p.number = static_cast<std::int64_t>(mapping.id);
  p.layout = mapping.layout();
  p.key = p.table.find(mapping.key_column);
  p.key_name = quoted(p.key->name);
  p.of_workspace = of_workspace(p.mapping, p.table, "");
  p.workspace = mapping.workspace.empty() ? nullptr : p.table.find("workspace_id");
  p.sync = sync_columns(mapping, p.table);
  p.generates_key = p.key->affinity == Affinity::text && !p.key->has_default;
  for (const Column& column : p.table.columns) {
    const bool mapped = std::ranges::any_of(
        mapping.fields, [&](const model::FieldMapping& field) { return p.table.find(field.column) == &column; });
    if (column.defaults_to_now && !mapped) p.stamped.push_back(quoted(column.name));
  }
  p.parents.resize(mapping.fields.size());
  std::string names;
  for (std::size_t i = 0; i < mapping.fields.size(); ++i) {
    p.columns.push_back(p.table.find(mapping.fields[i].column));
    if (mapping.fields[i].org_field == "Name") p.name_field = i;
    (names += ", ") += quoted(p.columns.back()->name);
  }
  ASSIGN_OR_RETURN(p.read_row, database.prepare("SELECT " + p.key_name + names + " FROM " + quoted(p.table.name) +
                                                " WHERE " + p.key_name + " = ?1 AND " + p.of_workspace));
  model::FieldSet loaded;
  for (std::size_t i = 0; i < mapping.fields.size(); ++i) loaded[i] = p.is_new_row_field(i);
  ASSIGN_OR_RETURN(p.load_row, database.prepare(insert_sql(p, loaded)));
  return prepared;
}

std::string insert_sql(const Prepared& p, const model::FieldSet& fields) {
  std::string names, places;
  const auto add = [&](const std::string& name) {
    (names += names.empty() ? "" : ", ") += name;
    places += places.empty() ? "?" : ", ?";
  };
  for (std::size_t i = 0; i < p.columns.size(); ++i)
    if (fields[i]) add(quoted(p.columns[i]->name));
  if (p.workspace) add(quoted(p.workspace->name));
  if (p.generates_key) add(p.key_name);
  for (const std::string* name : {&p.sync.record, &p.sync.status, &p.sync.error, &p.sync.synced_at})
    if (!name->empty()) add(*name);
  for (const std::string& name : p.stamped) add(name);
  std::string sql = "INSERT INTO " + quoted(p.table.name);
  sql += names.empty() ? " DEFAULT VALUES" : "(" + names + ") VALUES (" + places + ")";
  if (!p.table.rowid_key) sql += " RETURNING " + p.key_name;
  return sql;
}

std::string update_sql(const Prepared& p, const model::FieldSet& fields) {
  std::string sets, differs;
  const auto set = [&sets](const std::string& name, std::string_view value = "?") {
    ((sets += sets.empty() ? "" : ", ") += name + " = ") += value;
  };
  for (std::size_t i = 0; i < p.columns.size(); ++i)
    if (fields[i]) set(quoted(p.columns[i]->name));
  for (const std::string* name : {&p.sync.record, &p.sync.status, &p.sync.error})
    if (!name->empty()) set(*name);
  // Null leaves the time of the last sync.
  if (!p.sync.synced_at.empty()) set(p.sync.synced_at, "COALESCE(?, " + p.sync.synced_at + ")");
  if (sets.empty()) return {};
  if (fields.any() && !p.sync.updated_at.empty()) set(p.sync.updated_at, clock_text_sql);
  return "UPDATE " + quoted(p.table.name) + " SET " + sets + " WHERE " + p.key_name + " = ? AND " + p.of_workspace;
}

}  // namespace store
