#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "store/sqlite/sqlite_store.h"

namespace store {

/// A folder of its own for each test, gone afterwards.
class TestFolder {
 public:
  TestFolder() {
    static int number = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("lockstep_sqlite_" + std::to_string(getpid()) + "_" + std::to_string(++number));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name = "store.db") const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// The application: any SQL client, with SQLite as it comes.
class Client {
 public:
  explicit Client(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &handle_), SQLITE_OK);
    sqlite3_busy_timeout(handle_, 5000);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { sqlite3_close(handle_); }

  /// The first column of every row, "NULL" for null; the error's text where one occurs.
  std::vector<std::string> run(const std::string& sql) {
    std::vector<std::string> found;
    const auto add = [](void* to, int, char** values, char**) {
      static_cast<std::vector<std::string>*>(to)->push_back(values[0] ? values[0] : "NULL");
      return 0;
    };
    char* error = nullptr;
    if (sqlite3_exec(handle_, sql.c_str(), add, &found, &error) != SQLITE_OK) found = {std::string{"error: "} + error};
    sqlite3_free(error);
    return found;
  }
  std::string one(const std::string& sql) {
    const auto found = run(sql);
    return found.size() == 1 ? found[0] : std::to_string(found.size()) + " rows";
  }

 private:
  sqlite3* handle_ = nullptr;
};

template <class T>
T need(base::Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

inline model::FieldMapping test_field(std::string column, std::string org_field,
                                      model::FieldKind kind = model::FieldKind::text) {
  model::FieldMapping made;
  made.column = std::move(column);
  made.org_field = std::move(org_field);
  made.type.kind = kind;
  return made;
}

/// Contacts with last name and e-mail.
inline model::Mapping test_mapping(std::int64_t id = 7, std::string table = "contacts") {
  model::Mapping mapping;
  mapping.id = model::MappingId{id};
  mapping.object = "Contact";
  mapping.table = std::move(table);
  mapping.workspace = "default";
  mapping.fields = {test_field("last_name", "LastName"), test_field("email", "Email")};
  return mapping;
}

inline model::RecordId test_record(std::size_t number) {
  const std::string digits = std::to_string(number);
  return *model::RecordId::parse("003" + std::string(12 - digits.size(), '0') + digits);
}

/// Records of test_mapping(), last names given.
inline core::Observation test_page(std::size_t from, const std::vector<std::string>& names) {
  core::Observation page;
  page.restart(2);
  for (std::size_t i = 0; i < names.size(); ++i) {
    page.cells.add()[0] = model::Cell{page.cells.text().copy(names[i])};
    page.heads.push_back({test_record(from + i), {}, base::Utc{std::chrono::seconds{1'700'000'000}}});
  }
  return page;
}

/// Stores every record of the page with link and base, in its row or a new one.
inline core::WriteSet take_page(const core::Observation& page, const core::Known& known) {
  core::WriteSet writes;
  for (std::size_t i = 0; i < page.size(); ++i) {
    core::Settlement s;
    s.at = i;
    s.columns.set(0);
    s.columns.set(1);
    s.values = page.cells[i];
    s.insert_row = !known.heads[i].row_exists;
    s.link = core::LinkState::linked;
    s.record = page.heads[i].id;
    s.stamp = page.heads[i].stamp;
    s.base = page.cells[i];
    writes.settlements.push_back(std::move(s));
  }
  return writes;
}

}  // namespace store
