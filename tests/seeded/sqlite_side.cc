#include "sqlite_side.h"

#include <sqlite3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "store/sqlite/sqlite_store.h"

namespace seeded {
namespace {

const base::Clock* storm_clock = nullptr;

/// SQLite's clock is the storm's: julianday('now') is asked for every edit that the triggers see.
int current_time(sqlite3_vfs*, sqlite3_int64* milliseconds) {
  constexpr sqlite3_int64 epoch = 210'866'760'000'000;  // 1970-01-01 in Julian milliseconds
  *milliseconds = epoch + storm_clock->now().time_since_epoch().count();
  return SQLITE_OK;
}

void use_storm_clock(const base::Clock& clock) {
  storm_clock = &clock;
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs copy = *sqlite3_vfs_find(nullptr);
    copy.zName = "unix-excl";  // By that name it knows that all connections are in this process, and asks no kernel.
    copy.pNext = nullptr;
    copy.xCurrentTimeInt64 = current_time;
    return copy;
  }();
  static const int registered = sqlite3_vfs_register(&vfs, 1);
  CHECK(registered == SQLITE_OK);
}

std::string type_of(const FieldSpec& field) {
  if (field.kind == model::FieldKind::number) return " REAL";
  return field.parent != no_parent || field.kind == model::FieldKind::boolean ? " INTEGER" : " TEXT";
}

/// A file system in memory, where a commit waits for no disk.
std::string fresh_path() {
  static int number = 0;
  const std::string folder = std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
  return folder + "/lockstep_storm_" + std::to_string(getpid()) + "_" + std::to_string(++number) + ".db";
}

/// The file as every history begins with it: the application's tables and ours, empty.
std::string first_image(const base::Clock& clock) {
  const std::string path = fresh_path();
  std::string tables;
  for (const ObjectSpec& spec : objects()) {
    std::string columns;
    for (const FieldSpec& field : spec.fields) columns += ", " + field.column + type_of(field);
    tables += "CREATE TABLE " + spec.table +
              "(id INTEGER PRIMARY KEY AUTOINCREMENT, workspace_id TEXT NOT NULL DEFAULT 'default'" + columns +
              ", archived_at TEXT, updated_at TEXT, salesforce_id TEXT, salesforce_sync_status TEXT "
              "DEFAULT 'pending', salesforce_sync_error TEXT, salesforce_synced_at TEXT);";
  }
  sqlite3* application = nullptr;
  CHECK(sqlite3_open(path.c_str(), &application) == SQLITE_OK);
  CHECK(sqlite3_exec(application, tables.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(application);
  {
    auto opened = store::SqliteStore::open(path, {.cache_kib = 256, .clock = &clock});
    CHECK(opened.has_value());
    core::Integration integration;
    integration.id = {"storm"};
    CHECK((*opened)->save(integration).has_value());
  }
  std::ifstream file{path, std::ios::binary};
  std::string image{std::istreambuf_iterator<char>{file}, {}};
  std::remove(path.c_str());
  return image;
}

}  // namespace

SqliteSide::SqliteSide(const base::Clock& clock) : clock_(clock), path_(fresh_path()) {
  use_storm_clock(clock);
  static const std::string image = first_image(clock);
  std::ofstream{path_, std::ios::binary} << image;
  CHECK(sqlite3_open(path_.c_str(), &application_) == SQLITE_OK);
  sqlite3_busy_timeout(application_, 1000);
  auto opened = store::SqliteStore::open(path_, {.cache_kib = 256, .clock = &clock});
  CHECK(opened.has_value());
  processes_.push_back(std::move(*opened));
}

SqliteSide::~SqliteSide() {
  processes_.clear();
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(application_);
  for (const char* end : {"", "-wal", "-shm"}) std::remove((path_ + end).c_str());
}

Process SqliteSide::start() {
  if (processes_.size() > 2) processes_.erase(processes_.begin());
  auto opened = store::SqliteStore::open(path_, {.cache_kib = 256, .clock = &clock_});
  CHECK(opened.has_value());
  processes_.push_back(std::move(*opened));
  const auto store = processes_.back();  // Lives for as long as the process, however many take over from it.
  // What held it is this same process, so only time frees it: each begins long after the one before has ended.
  const auto lease =
      store->take_lease({"storm"}, base::Utc{std::chrono::hours{1'000'000 + ++started_}}, std::chrono::seconds{1});
  CHECK(lease.has_value());
  store->bind(*lease);
  return {store.get(), [this, store, held = *lease]() -> base::Result<void> {
            return store->renew_lease(held, clock_.now(), std::chrono::seconds{60});
          }};
}

base::Result<void> SqliteSide::prepare(const model::Mapping& mapping) {
  return processes_.back()->prepare(mapping);
}

std::vector<std::vector<Text>> SqliteSide::run(const std::string& sql, const Fields& parameters) {
  sqlite3_stmt*& statement = statements_[sql];
  if (!statement && sqlite3_prepare_v2(application_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK)
    base::die((sql + ": " + sqlite3_errmsg(application_)).c_str(), __FILE__, __LINE__);
  int at = 0;
  for (const Text& value : parameters) {
    ++at;
    if (value)
      sqlite3_bind_text64(statement, at, value->data(), value->size(), SQLITE_STATIC, SQLITE_UTF8);
    else
      sqlite3_bind_null(statement, at);
  }
  std::vector<std::vector<Text>> found;
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    auto& row = found.emplace_back();
    for (int column = 0; column < sqlite3_column_count(statement); ++column) {
      const auto* text = sqlite3_column_text(statement, column);
      row.push_back(text ? Text{std::string{static_cast<const char*>(static_cast<const void*>(text))}} : std::nullopt);
    }
  }
  if (code != SQLITE_DONE) base::die((sql + ": " + sqlite3_errmsg(application_)).c_str(), __FILE__, __LINE__);
  sqlite3_reset(statement);
  return found;
}

std::vector<RowView> SqliteSide::rows(std::size_t object) {
  const ObjectSpec& spec = objects()[object];
  std::string columns;
  for (const FieldSpec& field : spec.fields) columns += ", " + field.column;
  std::vector<RowView> rows;
  for (auto& cells : run("SELECT id, salesforce_sync_status, salesforce_id, salesforce_sync_error" + columns +
                         " FROM " + spec.table + " ORDER BY id")) {
    RowView& row = rows.emplace_back();
    row.key = *cells[0];
    row.status = cells[1];
    row.record = cells[2];
    row.error = cells[3];
    row.fields.assign(cells.begin() + 4, cells.end());
  }
  return rows;
}

std::string SqliteSide::insert(std::size_t object, const Fields& fields, const std::string& key) {
  const ObjectSpec& spec = objects()[object];
  std::string columns = "id", places = "?";
  Fields values{key.empty() ? Text{} : Text{key}};
  for (std::size_t f = 0; f < fields.size(); ++f) {
    columns += ", " + spec.fields[f].column;
    places += ", ?";
    values.push_back(fields[f]);
  }
  run("INSERT INTO " + spec.table + "(" + columns + ") VALUES (" + places + ")", values);
  return std::to_string(sqlite3_last_insert_rowid(application_));
}

void SqliteSide::edit(std::size_t object, const std::string& key, std::size_t field, const Text& value) {
  const ObjectSpec& spec = objects()[object];
  run("UPDATE " + spec.table + " SET " + spec.fields[field].column + " = ? WHERE id = " + key, {value});
}

void SqliteSide::erase(std::size_t object, const std::string& key) {
  run("DELETE FROM " + objects()[object].table + " WHERE id = " + key);
}

std::vector<ConflictView> SqliteSide::conflicts() {
  std::vector<ConflictView> views;
  for (const auto& row : run("SELECT mapping_id, row_key, org_value, store_value, decision = 'open' AND resolved_at IS "
                             "NULL FROM lockstep_conflicts"))
    views.push_back({std::stoul(row[0].value_or("1")) - 1, row[1].value_or(""), row[2], row[3], row[4] == "1"});
  return views;
}

std::vector<core::ConflictEntry> SqliteSide::inbox() {
  std::vector<core::ConflictEntry> entries;
  for (const auto& row : run("SELECT conflict_id, mapping_id, field, row_key, base_value, org_value, store_value FROM "
                             "lockstep_conflicts WHERE decision = 'open' AND resolved_at IS NULL AND field <> '' AND "
                             "row_key IS NOT NULL ORDER BY conflict_id")) {
    core::ConflictEntry& entry = entries.emplace_back();
    entry.id = std::stoll(*row[0]);
    entry.mapping = static_cast<model::MappingId>(std::stoll(*row[1]));
    entry.field = row[2].value_or("");
    entry.row = {*row[3]};
    entry.base = row[4];
    entry.org = row[5];
    entry.store = row[6];
    entry.decision = "open";
  }
  return entries;
}

core::Registry& SqliteSide::registry() {
  return *processes_.front();
}

core::Store* SqliteSide::desk() {
  return processes_.back().get();
}

std::size_t SqliteSide::count(const std::string& table, const model::Mapping& mapping) {
  return std::stoul(*run("SELECT count(*) FROM " + table +
                         " WHERE mapping_id = " + std::to_string(static_cast<std::int64_t>(mapping.id)))[0][0]);
}

std::size_t SqliteSide::outbox(const model::Mapping& mapping) {
  return count("lockstep_outbox", mapping);
}
std::size_t SqliteSide::parked(const model::Mapping& mapping) {
  return count("lockstep_parked", mapping);
}

}  // namespace seeded
