#include "store/sqlite/prepared.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#define XXH_INLINE_ALL
#include <xxhash.h>

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

/// The fields of a layout, one a line.
std::string spelt(const model::FieldMapping& field) {
  const std::string transform = model::signature(field.transform.get());
  return field.column + '\t' + field.org_field + (transform.empty() ? "" : '\t' + transform) + '\n';
}

/// Calls `visit` with each field of a layout as it was noted, its line end included.
template <class Visit>
void for_each_line(std::string_view fields, Visit visit) {
  while (!fields.empty()) {
    const std::size_t end = fields.find('\n');
    visit(fields.substr(0, end == std::string_view::npos ? end : end + 1));
    fields.remove_prefix(end == std::string_view::npos ? fields.size() : end + 1);
  }
}

base::Result<void> note_layout(Database& database, const Prepared& p, std::uint32_t layout, const std::string& fields) {
  ASSIGN_OR_RETURN(Statement note, database.prepare("INSERT INTO lockstep_layouts(mapping_id, layout, fields) VALUES "
                                                    "(?1, ?2, ?3) ON CONFLICT DO NOTHING"));
  note.bind(1, p.number).bind(2, std::int64_t{layout}).bind(3, fields);
  return database.run(note, "noting the fields of the mapping of " + p.mapping.object);
}

/// Notes the mapping's layout, and learns where the fields of its earlier ones are now.
base::Result<void> learn_layouts(Database& database, Prepared& p) {
  std::vector<std::string> fields;
  for (const model::FieldMapping& field : p.mapping.fields) fields.push_back(spelt(field));
  std::map<std::uint32_t, std::string> layouts;
  {
    ASSIGN_OR_RETURN(Statement find, database.prepare("SELECT layout, fields FROM lockstep_layouts WHERE mapping_id = "
                                                      "?1"));
    find.bind(1, p.number);
    Statement::Step step = find.step();
    for (; step == Statement::Step::row; step = find.step())
      layouts.emplace(static_cast<std::uint32_t>(find.integer(0)), find.text(1));
    if (step == Statement::Step::failed) return std::unexpected(database.error("reading the layouts of a mapping"));
  }
  const bool noted = layouts.erase(p.layout) > 0;
  std::set<std::string> away;
  for (const auto& [layout, lines] : layouts)
    for_each_line(lines, [&](std::string_view line) {
      if (std::ranges::find(fields, line) == fields.end()) away.emplace(line);
    });
  p.away.assign(away.begin(), away.end());
  fields.insert(fields.end(), p.away.begin(), p.away.end());
  for (const auto& [layout, lines] : layouts) {
    std::vector<std::size_t>& places = p.earlier[layout];
    for_each_line(lines, [&](std::string_view line) {
      places.push_back(static_cast<std::size_t>(std::ranges::find(fields, line) - fields.begin()));
    });
  }
  std::string own, all;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    all += fields[i];
    if (i < p.mapping.fields.size()) own += fields[i];
  }
  p.base_layout = p.away.empty() ? p.layout : static_cast<std::uint32_t>(XXH3_64bits(all.data(), all.size()));
  if (!noted) RETURN_IF_ERROR(note_layout(database, p, p.layout, own));
  if (p.away.empty() || layouts.contains(p.base_layout)) return {};
  p.earlier[p.base_layout].resize(fields.size());
  std::iota(p.earlier[p.base_layout].begin(), p.earlier[p.base_layout].end(), std::size_t{0});
  return note_layout(database, p, p.base_layout, all);
}

std::uint32_t layout_of(std::string_view packed) {
  std::uint32_t layout = 0;
  for (unsigned byte = 0; byte < 4 && byte < packed.size(); ++byte)
    layout |= static_cast<std::uint32_t>(static_cast<unsigned char>(packed[byte])) << (8 * byte);
  return layout;
}

}  // namespace

void read_base(const Prepared& p, std::string_view packed, std::span<model::Cell> cells) {
  if (model::unpack_cells(p.layout, packed, cells.first(p.mapping.fields.size()))) return;
  const std::uint32_t layout = layout_of(packed);
  const auto earlier = p.earlier.find(layout);
  if (earlier == p.earlier.end()) return;
  std::vector<model::Cell> then(earlier->second.size());
  if (!model::unpack_cells(layout, packed, then)) return;
  for (std::size_t i = 0; i < then.size(); ++i)
    if (const std::size_t now = earlier->second[i]; now < cells.size()) cells[now] = then[i];
}

void pack_base(const Prepared& p, std::span<const model::Cell> cells, std::string_view before, std::string& out) {
  if (p.away.empty()) return model::pack_cells(p.layout, cells, out);
  std::vector<model::Cell> all(p.mapping.fields.size() + p.away.size());
  read_base(p, before, all);
  std::ranges::copy(cells, all.begin());
  model::pack_cells(p.base_layout, all, out);
}

std::vector<model::SentValue> read_sent(const Prepared& p, std::string_view packed) {
  const std::uint32_t layout = layout_of(packed);
  const auto earlier = p.earlier.find(layout);
  std::vector<model::SentValue> sent = model::unpack_sent(layout, packed);
  if (layout == p.layout) return sent;
  if (earlier == p.earlier.end()) return {};
  std::vector<model::SentValue> still;
  for (const model::SentValue& value : sent)
    if (value.field < earlier->second.size() && earlier->second[value.field] < p.mapping.fields.size())
      still.push_back({earlier->second[value.field], value.value, value.at, value.over});
  return still;
}

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
  p.generates_key = takes_uuid(*p.key) && !p.key->has_default;
  for (const Column& column : p.table.columns) {
    const bool mapped = std::ranges::any_of(
        mapping.fields, [&](const model::FieldMapping& field) { return p.table.find(field.column) == &column; });
    if (column.defaults_to_now && !mapped) p.stamped.push_back(quoted(column.name));
  }
  p.parents.resize(mapping.fields.size());
  std::string names;
  for (std::size_t i = 0; i < mapping.fields.size(); ++i) {
    const model::FieldMapping& field = mapping.fields[i];
    p.columns.push_back(field.column.empty() ? nullptr : p.table.find(field.column));
    if (field.org_field == "Name" && p.columns.back() && !field.transform) p.name_field = i;
    (names += ", ") += p.columns.back() ? quoted(p.columns.back()->name) : "NULL";
    if (field.name_pair && *field.name_pair < i) p.followers.set(i);
  }
  for (std::size_t i = 0; i < mapping.fields.size(); ++i)
    for (const std::string& column : mapping.fields[i].more_columns) {
      p.joined.push_back(i);
      (names += ", ") += quoted(p.table.find(column)->name);
    }
  RETURN_IF_ERROR(learn_layouts(database, p));
  ASSIGN_OR_RETURN(p.read_row, database.prepare("SELECT " + p.key_name + names + " FROM " + quoted(p.table.name) +
                                                " WHERE " + p.key_name + " = ?1 AND " + p.of_workspace));
  model::FieldSet loaded;
  for (std::size_t i = 0; i < mapping.fields.size(); ++i) loaded[i] = p.is_new_row_field(i);
  ASSIGN_OR_RETURN(p.load_row, database.prepare(insert_sql(p, p.writers(loaded))));
  return prepared;
}

model::FieldSet Prepared::writers(model::FieldSet fields) const {
  for (std::size_t i = 0; followers.any() && i < columns.size(); ++i) {
    if (!followers[i] || !fields[i]) continue;
    fields.reset(i);
    fields.set(*mapping.fields[i].name_pair);
  }
  return fields;
}

std::string insert_sql(const Prepared& p, const model::FieldSet& fields, bool with_key) {
  std::string names, places;
  const auto add = [&](const std::string& name) {
    (names += names.empty() ? "" : ", ") += name;
    places += places.empty() ? "?" : ", ?";
  };
  for (std::size_t i = 0; i < p.columns.size(); ++i)
    if (fields[i]) add(quoted(p.columns[i]->name));
  if (p.workspace) add(quoted(p.workspace->name));
  if (p.generates_key || with_key) add(p.key_name);
  for (const std::string* name : {&p.sync.record, &p.sync.status, &p.sync.error, &p.sync.synced_at})
    if (!name->empty()) add(*name);
  for (const std::string& name : p.stamped) add(name);
  // ABORT, whatever the table says: its own REPLACE would remove another row, its IGNORE leave ours out.
  std::string sql = "INSERT OR ABORT INTO " + quoted(p.table.name);
  sql += names.empty() ? " DEFAULT VALUES" : "(" + names + ") VALUES (" + places + ")";
  if (!p.table.rowid_key) sql += " RETURNING " + p.key_name;
  return sql;
}

std::string update_sql(const Prepared& p, const model::FieldSet& fields) {
  std::string sets;
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
  return "UPDATE OR ABORT " + quoted(p.table.name) + " SET " + sets + " WHERE " + p.key_name + " = ? AND " +
         p.of_workspace;
}

}  // namespace store
