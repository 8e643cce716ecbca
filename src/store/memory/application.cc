// The application's side: its tables, and the capture of its edits.
#include "base/time_text.h"
#include "store/memory/internals.h"

namespace store {
namespace {

constexpr std::string_view status_column = "salesforce_sync_status";

}  // namespace

MemoryStore::MemoryStore(const base::Clock& clock) : clock_(clock) {
  create_table("companies", {"name", "website", "phone", "industry", "billing_street", "billing_city", "billing_state",
                             "billing_postal_code", "billing_country", "description"});
  create_table("contacts", {"first_name", "last_name", "email", "phone", "title", "company", "company_id"});
  create_table("opportunities", {"name", "stage", "amount", "close_date", "company_id", "description"});
  create_table("tasks", {"subject", "status", "priority", "due_date", "description", "contact_id", "company_id",
                         "opportunity_id"});
  create_table("events", {"subject", "location", "start_at", "end_at", "is_all_day", "description", "contact_id",
                          "company_id", "opportunity_id"});
}

MemoryStore::~MemoryStore() = default;

void MemoryStore::create_table(const std::string& name, const std::vector<std::string>& columns) {
  Table& made = tables_[name];
  made.name = name;
  made.columns = columns;
  for (const char* own : {"id", "workspace_id", "updated_at", "archived_at", "salesforce_id", "salesforce_sync_status",
                          "salesforce_sync_error", "salesforce_synced_at"})
    made.columns.emplace_back(own);
}

void MemoryStore::make_unique(const std::string& name, const std::string& column) {
  table(name)->unique.insert(table(name)->at(column));
}

MemoryStore::Table* MemoryStore::table(std::string_view name) {
  const auto found = tables_.find(name);
  return found == tables_.end() ? nullptr : &found->second;
}
const MemoryStore::Table* MemoryStore::table(std::string_view name) const {
  const auto found = tables_.find(name);
  return found == tables_.end() ? nullptr : &found->second;
}

std::string MemoryStore::insert(const std::string& name, const Values& values) {
  Table& in = *table(name);
  std::vector<Text> row(in.columns.size());
  row[in.at("workspace_id")] = "default";
  for (const auto& [column, value] : values) row[in.at(column)] = value;
  Text& id = row[in.at("id")];
  const Key key = id ? number_of(*id) : in.last_key + 1;
  in.last_key = std::max(in.last_key, key);
  id = std::to_string(key);
  in.rows[key] = std::move(row);
  note(in, key, nullptr);
  return std::to_string(key);
}

bool MemoryStore::update(const std::string& name, const std::string& key, const Values& values) {
  Table& in = *table(name);
  const auto row = in.rows.find(number_of(key));
  if (row == in.rows.end()) return false;
  std::set<std::size_t> changed;
  for (const auto& [column, value] : values) {
    const std::size_t at = in.at(column);
    if (row->second[at] != value) changed.insert(at);
    row->second[at] = value;
  }
  if (values.contains(status_column) && row->second[in.at(status_column)] == "pending")
    changed.insert(in.at(status_column));
  note(in, row->first, &changed);
  return true;
}

bool MemoryStore::erase(const std::string& name, const std::string& key) {
  Table& in = *table(name);
  const auto row = in.rows.find(number_of(key));
  if (row == in.rows.end()) return false;
  for (auto& [id, mapped] : mappings_)
    if (mapped.table == &in && mapped.is_mine(row->second)) enqueue(mapped, key, clock_.now());
  in.rows.erase(row);
  return true;
}

MemoryStore::Text MemoryStore::cell(const std::string& name, const std::string& key, const std::string& column) const {
  const Table& in = *table(name);
  const auto row = in.rows.find(number_of(key));
  return row == in.rows.end() ? std::nullopt : row->second[in.at(column)];
}

std::vector<std::string> MemoryStore::keys(const std::string& name) const {
  std::vector<std::string> keys;
  for (const auto& [key, row] : table(name)->rows) keys.push_back(std::to_string(key));
  return keys;
}

void MemoryStore::note(const Table& in, Key key, const std::set<std::size_t>* changed) {
  std::vector<Text>& row = tables_.at(in.name).rows.at(key);
  for (auto& [id, mapped] : mappings_) {
    if (mapped.table != &in) continue;
    if (!mapped.is_mine(row)) continue;
    const bool touched = !changed || changed->contains(in.at(status_column)) ||
                         std::ranges::any_of(mapped.columns, [&](std::size_t c) { return changed->contains(c); });
    if (!touched) continue;
    row[in.at(status_column)] = "pending";
    row[in.at("updated_at")] = base::to_iso(clock_.now());
    enqueue(mapped, std::to_string(key), clock_.now());
  }
}

void MemoryStore::enqueue(Mapped& mapped, const std::string& row, base::Utc changed_at) {
  mapped.outbox[row] = {static_cast<model::OutboxSeq>(++last_seq_), changed_at};
}

base::Result<std::vector<std::string>> MemoryStore::columns(std::string_view name) {
  const Table* found = table(name);
  return found ? found->columns : std::vector<std::string>{};
}

base::Result<void> MemoryStore::prepare(const model::Mapping& mapping) {
  Table* in = table(mapping.table);
  if (!in)
    return base::failure(base::ErrorKind::settings,
                         "mapping of " + mapping.object + ": there is no table " + mapping.table);
  for (const model::FieldMapping& field : mapping.fields)
    if (in->at(field.column) == no_column)
      return base::failure(base::ErrorKind::settings,
                           "mapping of " + mapping.object + ": " + mapping.table + " has no column " + field.column);
  const auto [found, made] = mappings_.try_emplace(mapping.id);
  Mapped& mapped = found->second;
  mapped.mapping = mapping;
  mapped.table = in;
  mapped.layout = mapping.layout();
  mapped.columns.clear();
  mapped.name_field = no_column;
  auto& layout = mapped.layouts[mapped.layout];
  layout.clear();
  for (std::size_t i = 0; i < mapping.fields.size(); ++i) {
    mapped.columns.push_back(in->at(mapping.fields[i].column));
    layout.emplace_back(mapping.fields[i].column, mapping.fields[i].org_field);
    if (mapping.fields[i].org_field == "Name") mapped.name_field = i;
  }
  if (made)
    for (const auto& [key, row] : in->rows)
      if (mapped.is_mine(row)) enqueue(mapped, std::to_string(key), clock_.now());
  return {};
}

MemoryStore::Mapped& MemoryStore::mapped(const model::Mapping& mapping) {
  const auto found = mappings_.find(mapping.id);
  CHECK(found != mappings_.end() && found->second.layout == mapping.layout());
  return found->second;
}

MemoryStore::Mapped* MemoryStore::parent_of(const Mapped& child, std::size_t field) {
  const model::FieldMapping& to = child.mapping.fields[field];
  if (to.role == model::FieldRole::plain) return nullptr;
  for (auto& [id, other] : mappings_)
    if (other.mapping.object == to.parent_object && other.mapping.workspace == child.mapping.workspace) return &other;
  return nullptr;
}

base::Result<void> MemoryStore::check_lease() const {
  if (epoch_ >= newest_epoch_) return {};
  return base::failure(base::ErrorKind::cancelled, "the lease was taken over; this run must stop");
}

std::size_t MemoryStore::outbox_size(const model::Mapping& mapping) const {
  const auto found = mappings_.find(mapping.id);
  return found == mappings_.end() ? 0 : found->second.outbox.size();
}

std::size_t MemoryStore::parked(const model::Mapping& mapping) const {
  const auto found = mappings_.find(mapping.id);
  return found == mappings_.end() ? 0 : found->second.parked_rows.size() + found->second.parked_records.size();
}

}  // namespace store
