// Tables that the application made have rules of their own: clauses, triggers and bytes that ours have not.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>

#include "store/sqlite/sqlite_store.h"

namespace store {
namespace {

using core::Known;
using core::LinkState;
using core::Settlement;
using core::WriteSet;
using model::Cell;
using model::RecordId;

RecordId record(int number) {
  const std::string digits = std::to_string(number);
  return *RecordId::parse("003" + std::string(12 - digits.size(), '0') + digits);
}

core::Observation observe(int number, std::vector<std::string> values) {
  core::Observation observed;
  observed.restart(values.size());
  const auto row = observed.cells.add();
  for (std::size_t i = 0; i < values.size(); ++i) row[i] = Cell{observed.cells.text().copy(values[i])};
  observed.heads.push_back({record(number), {}, base::Utc{std::chrono::seconds{1'700'000'000}}});
  return observed;
}

class OwnRules : public testing::Test {
 protected:
  OwnRules() {
    std::filesystem::create_directories(folder_);
    EXPECT_EQ(sqlite3_open((folder_ / "store.db").c_str(), &application_), SQLITE_OK);
  }
  ~OwnRules() override {
    store_.reset();
    sqlite3_close(application_);
    std::filesystem::remove_all(folder_);
  }

  /// Makes the table, opens the store and maps the columns.
  void attach(const std::string& sql, const std::vector<std::string>& columns) {
    run(sql);
    auto opened = SqliteStore::open(folder_ / "store.db");
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
    map(columns);
  }

  void map(const std::vector<std::string>& columns) {
    mapping_ = {};
    mapping_.id = model::MappingId{7};
    mapping_.object = "Contact";
    mapping_.table = "people";
    mapping_.workspace = "default";
    for (const std::string& column : columns) {
      model::FieldMapping field;
      field.column = field.org_field = column;
      mapping_.fields.push_back(std::move(field));
    }
    const auto prepared = store_->prepare(mapping_);
    ASSERT_TRUE(prepared) << prepared.error().message;
  }

  std::string run(const std::string& sql) {
    std::string first;
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(application_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
        << sql << ": " << sqlite3_errmsg(application_);
    if (sqlite3_step(statement) == SQLITE_ROW)
      if (const auto* text = sqlite3_column_text(statement, 0))
        first = static_cast<const char*>(static_cast<const void*>(text));
    EXPECT_EQ(sqlite3_finalize(statement), SQLITE_OK) << sql << ": " << sqlite3_errmsg(application_);
    return first;
  }

  std::vector<core::Refused> take(const core::Observation& observed) {
    auto refused = store_->settle(mapping_, observed, [&](const Known& known) {
      Settlement s;
      for (std::size_t i = 0; i < observed.cells.width(); ++i) s.columns[i] = true;
      s.values = observed.cells[0];
      s.insert_row = !known.heads[0].row_exists;
      s.link = LinkState::linked;
      s.record = observed.heads[0].id;
      s.base = observed.cells[0];
      WriteSet writes;
      writes.settlements.push_back(std::move(s));
      return writes;
    });
    EXPECT_TRUE(refused) << (refused ? "" : refused.error().message);
    return refused ? *std::move(refused) : std::vector<core::Refused>{};
  }

  Known look(const core::Observation& observed, std::vector<std::string>& base) {
    Known heads;
    EXPECT_TRUE(store_->settle(mapping_, observed, [&](const Known& known) {
      heads.heads = known.heads;
      base.clear();
      for (const Cell& cell : known.bases[0]) base.emplace_back(cell.text());
      return WriteSet{};
    }));
    return heads;
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("lockstep_own_rules_" + std::to_string(getpid()));
  sqlite3* application_ = nullptr;
  std::unique_ptr<SqliteStore> store_;
  model::Mapping mapping_;
};

TEST_F(OwnRules, AColumnThatReplacesRowsDoesNotReplaceThemForUs) {
  attach("CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT, email TEXT UNIQUE ON CONFLICT REPLACE)",
         {"name", "email"});
  run("INSERT INTO people(name, email) VALUES ('Ann', 'a@example.com')");
  const auto refused = take(observe(1, {"Bob", "a@example.com"}));
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].error.service_code, "SQLITE_CONSTRAINT_UNIQUE");
  EXPECT_NE(refused[0].error.message.find("people.email"), std::string::npos) << refused[0].error.message;
  EXPECT_EQ(run("SELECT group_concat(name) FROM people"), "Ann");
}

TEST_F(OwnRules, ARowThatATableLeavesOutIsRefusedAndLinksNoOther) {
  attach("CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT NOT NULL ON CONFLICT IGNORE)", {"name"});
  ASSERT_TRUE(take(observe(1, {"Ann"})).empty());
  run("CREATE TRIGGER picky BEFORE INSERT ON people WHEN NEW.name = 'Bob' BEGIN SELECT RAISE(IGNORE); END");
  const auto refused = take(observe(2, {"Bob"}));
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].error.service_code, "SQLITE_CONSTRAINT_TRIGGER");
  EXPECT_EQ(run("SELECT count(*) FROM lockstep_links"), "1");
  const auto loaded = store_->load(mapping_, observe(2, {"Bob"}), model::Beginning{});
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(*loaded);
}

TEST_F(OwnRules, AnUpdateThatATriggerIgnoresMovesNoBase) {
  attach("CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT)", {"name"});
  ASSERT_TRUE(take(observe(1, {"Ann"})).empty());
  run("CREATE TRIGGER frozen BEFORE UPDATE OF name ON people BEGIN SELECT RAISE(IGNORE); END");
  EXPECT_EQ(take(observe(1, {"Anna"})).size(), 1u);
  std::vector<std::string> base;
  const Known known = look(observe(1, {"Anna"}), base);
  EXPECT_EQ(base, std::vector<std::string>{"Ann"});
  EXPECT_TRUE(known.heads[0].parked);
}

TEST_F(OwnRules, WhatWasAgreedOnOutlivesAChangeOfTheMapping) {
  attach("CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT, email TEXT, title TEXT)", {"name", "email"});
  ASSERT_TRUE(take(observe(1, {"Ann", "a@example.com"})).empty());
  map({"title", "email", "name"});
  std::vector<std::string> base;
  look(observe(1, {"", "", ""}), base);
  EXPECT_EQ(base, (std::vector<std::string>{"", "a@example.com", "Ann"}));
  map({"name"});
  look(observe(1, {""}), base);
  EXPECT_EQ(base, std::vector<std::string>{"Ann"});
}

TEST_F(OwnRules, TextThatTheOrgCannotTakeIsReported) {
  attach("CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT)", {"name"});
  ASSERT_TRUE(take(observe(1, {"Ann"})).empty());
  for (const char* bytes : {"c328", "416200", "eda080", "f8888080", "c3"}) {
    run("UPDATE people SET name = CAST(x'" + std::string{bytes} + "' AS TEXT)");
    std::vector<std::string> base;
    const Known known = look(observe(1, {"Ann"}), base);
    ASSERT_TRUE(known.heads[0].unreadable) << bytes;
    EXPECT_EQ(known.heads[0].unreadable->service_code, "INVALID_VALUE");
  }
  run("UPDATE people SET name = 'Zoë 🙂 名'");
  std::vector<std::string> base;
  EXPECT_FALSE(look(observe(1, {"Ann"}), base).heads[0].unreadable);
}

TEST_F(OwnRules, ASavedMappingKeepsWhatTheUserWroteBeside) {
  attach("CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT)", {"name"});
  run("INSERT INTO lockstep_field_mappings(id, integration_id, object_type, mappings) VALUES (70, 'i', 'contact', "
      "'[{\"crmField\": \"name\", \"salesforceField\": \"LastName\", \"writeMode\": \"if_empty\"}]')");
  auto settings = store_->mappings({"i"});
  ASSERT_TRUE(settings);
  ASSERT_EQ(settings->size(), 1u);
  settings->front().fields.front().winner = "salesforce_wins";
  ASSERT_TRUE(store_->save(settings->front()));
  EXPECT_EQ(run("SELECT json_extract(mappings, '$[0].writeMode') || json_extract(mappings, '$[0].winner') FROM "
                "lockstep_field_mappings"),
            "if_emptysalesforce_wins");
}

}  // namespace
}  // namespace store
