// Whatever a client does to a mapped table, every row that holds something else afterwards is in the outbox.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "base/random.h"
#include "store/sqlite/sqlite_store.h"

namespace store {
namespace {

using Rows = std::map<std::string, std::string>;  ///< What the mapped columns of each row hold, by key.

struct Shape {
  const char* table;
  const char* sql;
  bool text_keys;
  bool has_workspace;
  bool has_status;
};

constexpr Shape shapes[] = {
    {"plain",
     "CREATE TABLE plain(id INTEGER PRIMARY KEY, a TEXT, b TEXT COLLATE NOCASE, email TEXT UNIQUE, other TEXT, "
     "workspace_id TEXT)",
     false, true, false},
    {"by_name",
     "CREATE TABLE by_name(id TEXT PRIMARY KEY, a TEXT, b INTEGER, email TEXT COLLATE NOCASE, other TEXT, workspace_id "
     "TEXT NOT NULL DEFAULT 'default', salesforce_sync_status TEXT, updated_at TEXT, UNIQUE (email, a))",
     true, true, true},
    {"replacing",
     "CREATE TABLE replacing(id INTEGER NOT NULL, a TEXT, b TEXT UNIQUE ON CONFLICT REPLACE, email TEXT UNIQUE, other, "
     "workspace_id TEXT DEFAULT 'default', salesforce_sync_status TEXT DEFAULT 'pending', PRIMARY KEY (id)) WITHOUT "
     "ROWID",
     false, true, true},
    {"by_uuid", "CREATE TABLE by_uuid(id UUID PRIMARY KEY, a TEXT, b NUMERIC, email TEXT, other)", true, false, false},
    {"odd\"name",
     "CREATE TABLE \"odd\"\"name\"(id INTEGER PRIMARY KEY, a TEXT, b TEXT, email TEXT UNIQUE, other TEXT, "
     "salesforce_sync_status TEXT, salesforce_sync_error TEXT)",
     false, false, true}};

/// A client of the database that knows nothing of Lockstep.
class Client {
 public:
  Client(const std::string& path, const Shape& shape) : shape_(shape), table_(quoted(shape.table)) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &handle_), SQLITE_OK);
    run("PRAGMA synchronous = OFF");
    run(shape.sql);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { sqlite3_close(handle_); }

  std::string run(const std::string& sql) {
    return sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK ? "" : sqlite3_errmsg(handle_);
  }

  Rows read(const std::string& sql) {
    Rows rows;
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sql;
    while (sqlite3_step(statement) == SQLITE_ROW) rows[text(statement, 0)] = text(statement, 1);
    sqlite3_finalize(statement);
    return rows;
  }

  Rows rows() {
    return read("SELECT CAST(id AS TEXT), quote(a) || ' ' || quote(b) || ' ' || quote(email) FROM " + table_ +
                " WHERE id IS NOT NULL" + (shape_.has_workspace ? " AND workspace_id = 'default'" : ""));
  }
  Rows outbox() { return read("SELECT row_key, seq FROM lockstep_outbox WHERE mapping_id = 9"); }
  std::int64_t last_seq() {
    const Rows found = read("SELECT 'seq', seq FROM sqlite_sequence WHERE name = 'lockstep_outbox'");
    return found.empty() ? 0 : std::stoll(found.at("seq"));
  }

  std::string any_statement(base::Random& random) {
    const std::string place = shape_.has_workspace ? ", workspace_id" : "";
    const auto row = [&] {
      std::string values = "(" + key(random) + ", " + value(random) + ", " + value(random) + ", " + email(random);
      if (shape_.has_workspace) values += random.chance(0.2) ? ", 'other'" : ", 'default'";
      return values + ")";
    };
    const std::string into = " INTO " + table_ + "(id, a, b, email" + place + ") VALUES ";
    switch (random.below(8)) {
      case 0:
      case 1:
        return "INSERT" + rule(random) + into + row();
      case 2:
        return "REPLACE" + into + row() + ", " + row();
      case 3:
        return "UPDATE" + rule(random) + " " + table_ + " SET a = " + value(random) + ", other = " + value(random) +
               (random.chance(0.5) ? ", email = " + email(random) : "") +
               (random.chance(0.5) ? " WHERE id >= " + key(random) : "");
      case 4:
        return "UPDATE" + rule(random) + " " + table_ + " SET b = " + value(random) + " WHERE id = " + key(random);
      case 5:
        return "DELETE FROM " + table_ + (random.chance(0.1) ? "" : " WHERE id = " + key(random));
      case 6:
        return "UPDATE" + rule(random) + " " + table_ + " SET id = " + key(random) +
               (shape_.has_workspace && random.chance(0.4) ? ", workspace_id = 'other'" : "") +
               " WHERE id = " + key(random);
      default:
        return "INSERT" + into + row() + " ON CONFLICT DO UPDATE SET a = excluded.a, b = excluded.b";
    }
  }

 private:
  static std::string text(sqlite3_stmt* statement, int column) {
    const auto* bytes = sqlite3_column_text(statement, column);
    return bytes ? static_cast<const char*>(static_cast<const void*>(bytes)) : "";
  }
  template <std::size_t N>
  static std::string one_of(base::Random& random, const char* const (&choices)[N]) {
    return choices[random.below(N)];
  }
  std::string key(base::Random& random) const {
    const std::string number = std::to_string(1 + random.below(6));
    return shape_.text_keys ? "'k" + number + "'" : number;
  }
  static std::string value(base::Random& random) {
    return one_of(random, {"'x'", "'X'", "'y'", "1", "'1'", "NULL", "''", "'a b'", "2", "x'00'"});
  }
  static std::string email(base::Random& random) { return one_of(random, {"'p'", "'P'", "'q'", "NULL", "'r'", "'s'"}); }
  static std::string rule(base::Random& random) {
    return one_of(random, {"", " OR REPLACE", " OR IGNORE", " OR FAIL", " OR ABORT", " OR ROLLBACK"});
  }

  const Shape& shape_;
  const std::string table_;
  sqlite3* handle_ = nullptr;
};

class Folder {
 public:
  Folder() { std::filesystem::create_directories(path_); }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("lockstep_capture_" + std::to_string(getpid()));
};

model::Mapping mapping_of(const char* table) {
  model::Mapping mapping;
  mapping.id = model::MappingId{9};
  mapping.object = "Thing__c";
  mapping.table = table;
  mapping.workspace = "default";
  for (const char* column : {"a", "b", "email"}) {
    model::FieldMapping field;
    field.column = field.org_field = column;
    mapping.fields.push_back(std::move(field));
  }
  return mapping;
}

TEST(CaptureProperty, EveryRowThatHoldsSomethingElseIsInTheOutbox) {
  const Folder folder;
  int number = 0;
  for (const Shape& shape : shapes) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
      const std::string path = folder.path() / (std::to_string(++number) + ".db");
      base::Random random(seed);
      Client client(path, shape);
      if (seed % 3 == 0) client.run("PRAGMA recursive_triggers = ON");
      auto opened = SqliteStore::open(path);
      ASSERT_TRUE(opened) << opened.error().message;
      const auto prepared = (*opened)->prepare(mapping_of(shape.table));
      ASSERT_TRUE(prepared) << prepared.error().message;
      for (int step = 0; step < 60; ++step) {
        const Rows before = client.rows();
        const std::int64_t seq = client.last_seq();
        const std::string sql = client.any_statement(random);
        const std::string refused = client.run(sql);
        // The application's own rules may refuse a statement, ours never.
        EXPECT_TRUE(refused.empty() || refused.find("constraint") != std::string::npos ||
                    refused.find("mismatch") != std::string::npos)
            << sql << ": " << refused;
        const Rows after = client.rows(), outbox = client.outbox();
        std::set<std::string> changed;
        for (const auto& [key, held] : before)
          if (const auto now = after.find(key); now == after.end() || now->second != held) changed.insert(key);
        for (const auto& [key, held] : after)
          if (!before.contains(key)) changed.insert(key);
        for (const std::string& key : changed) {
          const auto entry = outbox.find(key);
          ASSERT_NE(entry, outbox.end()) << shape.table << " seed " << seed << " row " << key << ": " << sql;
          ASSERT_GT(std::stoll(entry->second), seq) << shape.table << " seed " << seed << " row " << key << ": " << sql;
        }
        if (shape.has_status) {
          const Rows status =
              client.read("SELECT CAST(id AS TEXT), salesforce_sync_status FROM " + quoted(shape.table));
          for (const std::string& key : changed) {
            if (after.contains(key)) {
              EXPECT_EQ(status.at(key), "pending") << sql;
            }
          }
        }
        if (random.chance(0.1)) client.run("DELETE FROM lockstep_outbox");
      }
    }
  }
}

}  // namespace
}  // namespace store
