#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

#include "store/sqlite/sqlite_store.h"
#include "store_under_test.h"

namespace {

using contract::Row;

std::string fresh_folder() {
  static std::atomic<int> number = 0;
  const auto folder = std::filesystem::temp_directory_path() /
                      ("lockstep_contract_" + std::to_string(getpid()) + "_" + std::to_string(++number));
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

/// The application is a second connection that knows nothing of Lockstep.
class SqliteUnderTest final : public contract::StoreUnderTest {
 public:
  SqliteUnderTest() {
    reopen();
    EXPECT_EQ(sqlite3_open(path().c_str(), &application_), SQLITE_OK);
    sqlite3_busy_timeout(application_, 5000);
  }
  ~SqliteUnderTest() override {
    sqlite3_close(application_);
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  core::Store& store() override { return *store_; }
  void reopen() override {
    store_.reset();
    auto opened = store::SqliteStore::open(path());
    if (!opened) {
      ADD_FAILURE() << opened.error().message;
      std::abort();
    }
    store_ = *std::move(opened);
  }

  std::string insert(const std::string& table, const Row& row) override {
    std::string names, places;
    for (const auto& [name, value] : row) {
      (names += names.empty() ? "" : ",") += name;
      places += places.empty() ? "?" : ",?";
    }
    run("INSERT INTO " + table + "(" + names + ") VALUES (" + places + ")", row);
    return std::to_string(sqlite3_last_insert_rowid(application_));
  }
  void update(const std::string& table, const std::string& key, const Row& row) override {
    std::string sets;
    for (const auto& [name, value] : row) sets += (sets.empty() ? "" : ",") + name + " = ?";
    run("UPDATE " + table + " SET " + sets + " WHERE id = " + key, row);
  }
  void erase(const std::string& table, const std::string& key) override {
    run("DELETE FROM " + table + " WHERE id = " + key, {});
  }
  std::optional<std::string> cell(const std::string& table, const std::string& key,
                                  const std::string& column) override {
    const auto found = run("SELECT " + column + " FROM " + table + " WHERE id = " + key, {});
    EXPECT_EQ(found.size(), 1u);
    return found.empty() ? std::nullopt : found.front();
  }
  std::vector<std::string> keys(const std::string& table) override {
    std::vector<std::string> keys;
    for (const auto& key : run("SELECT id FROM " + table + " ORDER BY id", {})) keys.push_back(key.value_or(""));
    return keys;
  }
  std::size_t outbox_size(const model::Mapping& mapping) override {
    const auto found = run("SELECT count(*) FROM lockstep_outbox WHERE mapping_id = " +
                               std::to_string(static_cast<std::int64_t>(mapping.id)),
                           {});
    return std::stoul(found.front().value_or("0"));
  }
  bool forbid_duplicates(const std::string& table, const std::string& column) override {
    run("CREATE UNIQUE INDEX one_" + column + " ON " + table + "(" + column + ")", {});
    return true;
  }

 private:
  std::string path() const { return folder_ + "/store.db"; }

  std::vector<std::optional<std::string>> run(const std::string& sql, const Row& row) {
    std::vector<std::optional<std::string>> found;
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(application_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
        << sql << ": " << sqlite3_errmsg(application_);
    int at = 0;
    for (const auto& [name, value] : row) {
      ++at;
      if (value)
        sqlite3_bind_text64(statement, at, value->data(), value->size(), SQLITE_STATIC, SQLITE_UTF8);
      else
        sqlite3_bind_null(statement, at);
    }
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
      const auto* text = sqlite3_column_text(statement, 0);
      found.push_back(text ? std::optional{std::string{static_cast<const char*>(static_cast<const void*>(text))}}
                           : std::nullopt);
    }
    EXPECT_EQ(code, SQLITE_DONE) << sql << ": " << sqlite3_errmsg(application_);
    sqlite3_finalize(statement);
    return found;
  }

  const std::string folder_ = fresh_folder();
  std::unique_ptr<store::SqliteStore> store_;
  sqlite3* application_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract,
                         testing::Values(contract::Backend{"sqlite",
                                                           [] { return std::make_unique<SqliteUnderTest>(); }}),
                         [](const auto& backend) { return backend.param.name; });

}  // namespace
