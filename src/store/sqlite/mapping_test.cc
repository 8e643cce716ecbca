// Tables with names, keys and values of the application's own.
#include "core/compile_transform.h"
#include "store/sqlite/test_support.h"

namespace store {
namespace {

using model::Cell;
using model::SyncDirection;

class OwnTables : public testing::Test {
 protected:
  model::FieldMapping field(const char* column, const char* org_field, const char* transform = "",
                            SyncDirection direction = SyncDirection::both) {
    model::FieldMapping made = test_field(column, org_field);
    made.direction = direction;
    if (*transform != '\0') {
      auto compiled = need(core::compile_transform(transform, direction, made.type));
      made.transform = compiled.transform;
      made.more_columns = compiled.more_columns;
    }
    return made;
  }
  /// Record 1 with these values, stored as a pull would.
  void pull(const std::vector<std::string>& values) {
    core::Observation page;
    page.restart(mapping_.fields.size());
    const auto cells = page.cells.add();
    for (std::size_t i = 0; i < values.size(); ++i)
      if (const auto cell = model::org_cell(mapping_.fields[i], values[i], page.cells.text())) cells[i] = *cell;
    page.heads.push_back({test_record(1), {}, base::Utc{std::chrono::seconds{1'700'000'000}}});
    need(store_->settle(mapping_, page, [&](const core::Known& known) {
      core::Settlement s;
      for (std::size_t i = 0; i < mapping_.fields.size(); ++i)
        s.columns[i] = mapping_.fields[i].direction != SyncDirection::to_org;
      s.values = page.cells[0];
      s.insert_row = !known.heads[0].row_exists;
      s.link = core::LinkState::linked;
      s.record = page.heads[0].id;
      s.base = page.cells[0];
      core::WriteSet writes;
      writes.settlements.push_back(std::move(s));
      return writes;
    }));
  }
  /// What the core sees of row 1.
  std::vector<std::string> row() {
    std::vector<std::string> texts;
    const std::vector<model::RowKey> rows = {{"1"}};
    need(store_->update(mapping_, rows, [&](const core::Known& known) {
      texts.clear();
      for (const Cell& cell : std::as_const(known.rows)[0])
        texts.push_back(cell.has_text() ? std::string{cell.text()} : "NULL");
      return core::WriteSet{};
    }));
    return texts;
  }
  using Texts = std::vector<std::string>;

  TestFolder folder_;
  model::Mapping mapping_ = test_mapping();
  std::unique_ptr<SqliteStore> store_ = need(SqliteStore::open(folder_.file()));
  Client client_{folder_.file()};
};

TEST_F(OwnTables, AFullNameStandsForTwoFieldsAndKeepsItsBorder) {
  client_.run("CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT, email TEXT)");
  mapping_ = test_mapping(7, "people");
  mapping_.fields = {field("name", "FirstName", R"({"split":"first"})"), field("email", "Email"),
                     field("name", "LastName", R"({"split":"last"})")};
  mapping_.fields[0].name_pair = 2;
  mapping_.fields[2].name_pair = 0;
  need(store_->prepare(mapping_));
  pull({"Ann", "a@x.com", "van der Berg"});
  EXPECT_EQ(client_.one("SELECT name FROM people"), "Ann van der Berg");
  EXPECT_EQ(row(), (Texts{"Ann", "a@x.com", "van der Berg"})) << "no edit, though the last blank stands elsewhere";
  client_.run("UPDATE people SET name = 'Anna van der Berg'");
  EXPECT_EQ(row(), (Texts{"Anna", "a@x.com", "van der Berg"}));
  client_.run("UPDATE people SET name = 'Ann van der Berg'");
  pull({"Ann", "a@x.com", "Lee"});
  EXPECT_EQ(client_.one("SELECT name FROM people"), "Ann Lee");

  // A pull of one part leaves the other as the row has it.
  client_.run("UPDATE people SET name = 'Mary Lee'");
  core::Observation page;
  page.restart(3);
  page.cells.add()[2] = Cell{"Smith"};
  page.heads.push_back({test_record(1), {}, {}});
  need(store_->settle(mapping_, page, [&](const core::Known&) {
    core::Settlement s;
    s.columns.set(2);
    s.values = page.cells[0];
    core::WriteSet writes;
    writes.settlements.push_back(std::move(s));
    return writes;
  }));
  EXPECT_EQ(client_.one("SELECT name FROM people"), "Mary Smith");
}

TEST_F(OwnTables, AFullNameIsLoadedOnce) {
  client_.run("CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT)");
  mapping_ = test_mapping(7, "people");
  mapping_.fields = {field("name", "LastName", R"({"split":"last"})"),
                     field("name", "FirstName", R"({"split":"first"})")};
  mapping_.fields[0].name_pair = 1;
  mapping_.fields[1].name_pair = 0;
  need(store_->prepare(mapping_));
  core::Observation page;
  page.restart(2);
  const auto cells = page.cells.add();
  cells[0] = Cell{"Lee Jones"};
  cells[1] = Cell{"Ann"};
  page.heads.push_back({test_record(1), {}, {}});
  EXPECT_TRUE(need(store_->load(mapping_, page, model::Watermark{})));
  EXPECT_EQ(client_.one("SELECT name FROM people"), "Ann Lee Jones");
  EXPECT_EQ(row(), (Texts{"Lee Jones", "Ann"}));
}

TEST_F(OwnTables, ValuesAreStoredAsTheApplicationSpellsThem) {
  client_.run("CREATE TABLE deals(id INTEGER PRIMARY KEY, state TEXT, code TEXT, source TEXT)");
  mapping_ = test_mapping(7, "deals");
  mapping_.fields = {field("state", "IsWon", R"({"toSalesforce":{"won":true,"open":false}})"),
                     field("code", "Code__c", "\"upper\""),
                     field("source", "LeadSource", R"({"constant":"Salesforce"})", SyncDirection::to_store)};
  mapping_.fields[0].type.kind = model::FieldKind::boolean;
  need(store_->prepare(mapping_));
  pull({"true", "ab", "ignored"});
  EXPECT_EQ(client_.one("SELECT state || code || source FROM deals"), "wonABSalesforce");
  client_.run("UPDATE deals SET state = 'open', code = 'ab'");
  EXPECT_EQ(row(), (Texts{"false", "AB", "Salesforce"})) << "a row's lower case is no edit";
}

TEST_F(OwnTables, SeveralColumnsAreSentAsOneAndEachIsWatched) {
  client_.run("CREATE TABLE people(id INTEGER PRIMARY KEY, first TEXT, middle TEXT, last TEXT)");
  mapping_ = test_mapping(7, "people");
  mapping_.fields = {field("last", "LastName"),
                     field("first", "Full_Name__c", R"({"join":["middle","last"]})", SyncDirection::to_org),
                     field("", "LeadSource", R"({"constant":"CRM"})", SyncDirection::to_org)};
  need(store_->prepare(mapping_));
  client_.run("INSERT INTO people VALUES (1, 'Ann', NULL, 'Lee')");
  EXPECT_EQ(row(), (Texts{"Lee", "Ann Lee", "CRM"}));
  client_.run("DELETE FROM lockstep_outbox; UPDATE people SET middle = 'B.'");
  EXPECT_EQ(client_.one("SELECT count(*) FROM lockstep_outbox"), "1");
  EXPECT_EQ(row(), (Texts{"Lee", "Ann B. Lee", "CRM"}));
}

TEST_F(OwnTables, AKeyOfSeveralColumnsIsRefusedWithTheReason) {
  client_.run(
      "CREATE TABLE pairs(a INTEGER, b INTEGER, code TEXT UNIQUE, last_name TEXT, email TEXT, PRIMARY KEY (a, b));"
      "CREATE TABLE plain(uuid TEXT PRIMARY KEY, x); CREATE TABLE bare(x)");
  EXPECT_EQ(need(store_->primary_key("plain")), "uuid");
  EXPECT_EQ(need(store_->primary_key("bare")), "");
  const auto key = store_->primary_key("pairs");
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().kind, base::ErrorKind::settings);
  EXPECT_NE(key.error().message.find("several columns (a, b)"), std::string::npos) << key.error().message;
  EXPECT_FALSE(store_->primary_key("nothing"));

  mapping_ = test_mapping(7, "pairs");
  mapping_.key_column = "a";
  EXPECT_FALSE(store_->check(mapping_));
  mapping_.key_column = "code";
  EXPECT_TRUE(store_->check(mapping_)) << "one unique column does";
}

TEST_F(OwnTables, LinksAreNotCarriedOverToAnotherTable) {
  need(store_->prepare(mapping_));
  const core::Observation page = test_page(1, {"Lane"});
  need(store_->settle(mapping_, page, [&](const core::Known& known) { return take_page(page, known); }));
  client_.run("CREATE TABLE people(id INTEGER PRIMARY KEY, last_name TEXT, email TEXT)");
  model::Mapping moved = test_mapping(7, "people");
  const auto prepared = store_->prepare(moved);
  ASSERT_FALSE(prepared) << "row 1 of people is not the row that the link knows";
  EXPECT_NE(prepared.error().message.find("--replace"), std::string::npos) << prepared.error().message;
  client_.run("ALTER TABLE contacts RENAME TO folks");
  moved.table = "folks";
  EXPECT_TRUE(store_->prepare(moved)) << "the same rows under another name";
}

TEST_F(OwnTables, AReplacedMappingIsForgottenAndTheRowsStay) {
  core::Integration integration;
  integration.id = {"i1"};
  need(store_->save(integration));
  core::MappingSetting setting;
  setting.integration = integration.id;
  setting.object_type = "Contact";
  setting.fields = {{"last_name", "LastName", "", ""}, {"email", "Email", "", ""}};
  std::vector<core::MappingSetting> settings = {setting};
  need(store_->save_all(settings, integration, {}));
  mapping_.id = settings[0].id;
  need(store_->prepare(mapping_));
  const core::Observation page = test_page(1, {"Lane"});
  need(store_->settle(mapping_, page, [&](const core::Known& known) { return take_page(page, known); }));
  const std::string id = std::to_string(static_cast<std::int64_t>(settings[0].id));
  client_.run("INSERT INTO lockstep_aliases(mapping_id, record_id, row_key) VALUES (" + id +
              ", 'former', '1'); INSERT INTO lockstep_tombstones VALUES (" + id + ", '2', '\"id\"', '2', 'then')");
  const std::vector replaced = {settings[0].id};
  std::vector<core::MappingSetting> others = {setting};
  integration.filters["Contact"] = "Title != null";
  need(store_->save_all(others, integration, replaced));
  EXPECT_NE(others[0].id, replaced[0]);
  EXPECT_EQ(need(store_->mappings(integration.id)).size(), 1u);
  EXPECT_EQ(need(store_->integrations())[0].filters.at("Contact"), "Title != null");
  for (const char* table : {"links", "aliases", "tombstones"})
    EXPECT_EQ(client_.one("SELECT count(*) FROM lockstep_" + std::string{table}), "0") << table;
  EXPECT_EQ(client_.one("SELECT count(*) FROM contacts"), "1");
  client_.run("UPDATE contacts SET last_name = 'Kent'");
  EXPECT_EQ(client_.one("SELECT count(*) FROM lockstep_outbox"), "0") << "nobody watches for the forgotten mapping";
}

TEST_F(OwnTables, ALineEndAroundAnAddressIsNoOtherAddress) {
  mapping_.match_rules = {{1}};
  client_.run("INSERT INTO contacts(last_name, email) VALUES ('Lane', ' Lane@example.com' || char(13, 10))");
  // As an earlier program left it.
  client_.run("CREATE INDEX lockstep_match_contacts_email ON contacts(lower(trim(email)))");
  need(store_->prepare(mapping_));
  auto page = test_page(1, {"Lane"});
  page.cells[0][1] = model::Cell{"lane@example.com"};
  need(store_->settle(mapping_, page, [&](const core::Known& known) {
    EXPECT_TRUE(known.heads[0].row_exists);
    EXPECT_EQ(known.heads[0].row.text, "1");
    return core::WriteSet{};
  }));
  EXPECT_EQ(client_.one("SELECT count(*) FROM sqlite_schema WHERE name = 'lockstep_match_contacts_email' AND sql LIKE "
                        "'%char(9%'"),
            "1");
}

}  // namespace
}  // namespace store
