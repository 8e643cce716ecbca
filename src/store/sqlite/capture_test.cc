#include "store/sqlite/test_support.h"

namespace store {
namespace {

using testing::Test;

class Capture : public Test {
 protected:
  Capture() : store_(need(SqliteStore::open(folder_.file()))), client_(folder_.file()) {}

  void prepare() { need(store_->prepare(mapping_)); }
  /// Every waiting edit is done, every row is shown as synced.
  void settle_all() {
    client_.run("DELETE FROM lockstep_outbox");
    client_.run("UPDATE contacts SET salesforce_sync_status = 'synced'");
    ASSERT_EQ(client_.one("SELECT count(*) FROM lockstep_outbox"), "0");
  }
  std::vector<std::string> waiting() { return client_.run("SELECT row_key FROM lockstep_outbox ORDER BY seq"); }
  using Keys = std::vector<std::string>;

  TestFolder folder_;
  model::Mapping mapping_ = test_mapping();
  std::unique_ptr<SqliteStore> store_;
  Client client_;
};

TEST_F(Capture, SeesEveryRowOfAStatement) {
  prepare();
  client_.run("INSERT INTO contacts(last_name) VALUES ('a'), ('b'), ('c')");
  EXPECT_EQ(waiting(), (Keys{"1", "2", "3"}));
  settle_all();
  client_.run("UPDATE contacts SET last_name = upper(last_name) WHERE id > 1");
  EXPECT_EQ(waiting(), (Keys{"2", "3"}));
  client_.run("DELETE FROM contacts");
  EXPECT_EQ(waiting(), (Keys{"1", "2", "3"}));
}

TEST_F(Capture, MarksAnEditedRowPendingAndTouched) {
  prepare();
  client_.run("INSERT INTO contacts(last_name, updated_at, salesforce_sync_status) VALUES ('a', 'then', 'synced')");
  EXPECT_EQ(client_.one("SELECT salesforce_sync_status FROM contacts"), "pending");
  settle_all();
  client_.run("UPDATE contacts SET last_name = 'b'");
  EXPECT_EQ(client_.one("SELECT salesforce_sync_status FROM contacts"), "pending");
  EXPECT_NE(client_.one("SELECT updated_at FROM contacts"), "then");
  client_.run("UPDATE contacts SET last_name = 'c', updated_at = 'mine'");
  EXPECT_EQ(client_.one("SELECT updated_at FROM contacts"), "mine");
  settle_all();
  client_.run("UPDATE contacts SET title = 'Dr.'");
  EXPECT_EQ(client_.one("SELECT salesforce_sync_status FROM contacts"), "synced");
}

TEST_F(Capture, TakesPendingSetByTheApplicationAsAnEdit) {
  prepare();
  client_.run("INSERT INTO contacts(last_name) VALUES ('a')");
  settle_all();
  client_.run("UPDATE contacts SET salesforce_sync_status = 'pending'");
  EXPECT_EQ(waiting(), Keys{"1"});
}

TEST_F(Capture, LeavesAWriteThatChangesNothingAlone) {
  prepare();
  client_.run("INSERT INTO contacts(last_name) VALUES ('a')");
  settle_all();
  client_.run("UPDATE contacts SET last_name = last_name, email = NULL");
  EXPECT_EQ(waiting(), Keys{});
}

TEST_F(Capture, KeepsTheNewerEditUnderAnyConflictClause) {
  prepare();
  client_.run("INSERT INTO contacts(last_name) VALUES ('a')");
  const auto before = std::stoll(client_.one("SELECT seq FROM lockstep_outbox"));
  client_.run("UPDATE OR IGNORE contacts SET last_name = 'b'");
  const auto after = std::stoll(client_.one("SELECT seq FROM lockstep_outbox"));
  EXPECT_GT(after, before);
  client_.run("REPLACE INTO contacts(id, last_name) VALUES (1, 'c')");
  EXPECT_GT(std::stoll(client_.one("SELECT seq FROM lockstep_outbox")), after);
  client_.run("INSERT INTO contacts(id, last_name) VALUES (1, 'd') ON CONFLICT (id) DO UPDATE SET last_name = 'e'");
  EXPECT_EQ(waiting(), Keys{"1"});
}

TEST_F(Capture, SeesTheRowThatReplaceRemovesSilently) {
  client_.run("CREATE UNIQUE INDEX one_email ON contacts(email)");
  prepare();
  client_.run("INSERT INTO contacts(last_name, email) VALUES ('a', 'x'), ('b', 'y')");
  settle_all();
  client_.run("REPLACE INTO contacts(last_name, email) VALUES ('c', 'x')");
  EXPECT_EQ(client_.run("SELECT id FROM contacts ORDER BY id"), (Keys{"2", "3"}));
  EXPECT_EQ(waiting(), (Keys{"1", "3"}));
  settle_all();
  client_.run("UPDATE OR REPLACE contacts SET email = 'y' WHERE id = 3");
  EXPECT_EQ(client_.run("SELECT id FROM contacts ORDER BY id"), Keys{"3"});
  EXPECT_EQ(waiting(), (Keys{"2", "3"}));
}

TEST_F(Capture, AnEditThatIsRolledBackIsNone) {
  prepare();
  client_.run("BEGIN; INSERT INTO contacts(last_name) VALUES ('a'); ROLLBACK");
  EXPECT_EQ(waiting(), Keys{});
}

TEST_F(Capture, FollowsARowToItsNewKeyAndWorkspace) {
  prepare();
  const auto page = test_page(1, {"Lane"});
  need(store_->settle(mapping_, page, [&](const core::Known& known) { return take_page(page, known); }));
  client_.run("UPDATE contacts SET id = 50");
  EXPECT_EQ(client_.one("SELECT row_key FROM lockstep_links"), "50");
  EXPECT_EQ(waiting(), (Keys{"1", "50"}));
  settle_all();
  client_.run("UPDATE contacts SET workspace_id = 'other'");
  EXPECT_EQ(waiting(), Keys{"50"});
  settle_all();
  client_.run("UPDATE contacts SET last_name = 'not ours any more'");
  EXPECT_EQ(waiting(), Keys{});
}

TEST_F(Capture, WhatIsSetAsideAboutARowFollowsItToItsNewKey) {
  prepare();
  const auto page = test_page(1, {"Lane", "Kent"});
  need(store_->settle(mapping_, page, [&](const core::Known& known) { return take_page(page, known); }));
  client_.run(
      "INSERT INTO lockstep_conflicts(mapping_id, field, column_name, row_key, decision, at) VALUES (7, 'Email', "
      "'email', '1', 'open', 'now'); INSERT INTO lockstep_parked(mapping_id, row_key, kind, message, parked_at, "
      "retry_at) VALUES (7, '1', 'rejected', 'no', 'now', 0), (7, '50', 'rejected', 'of a row that is gone', 'now', "
      "0); INSERT INTO lockstep_aliases(mapping_id, record_id, row_key) VALUES (7, 'former', '1')");
  client_.run("UPDATE contacts SET id = 50 WHERE id = 1");
  for (const char* table : {"conflicts", "parked", "aliases"})
    EXPECT_EQ(client_.run("SELECT row_key FROM lockstep_" + std::string{table}), Keys{"50"}) << table;
  EXPECT_EQ(client_.one("SELECT message FROM lockstep_parked"), "no");
  client_.run("UPDATE contacts SET last_name = 'Lang'");
  EXPECT_EQ(client_.one("SELECT row_key FROM lockstep_parked"), "50");
  client_.run("DELETE FROM contacts WHERE id = 2; UPDATE contacts SET id = 2 WHERE id = 50");
  EXPECT_EQ(client_.run("SELECT row_key FROM lockstep_links ORDER BY link_id"), (Keys{"50", "2"}));
  EXPECT_EQ(client_.one("SELECT row_key FROM lockstep_conflicts"), "50") << "the new key has a link of its own";
}

/// A table whose keys SQLite gives again, with the row of record 1 in it.
class ReusedKeys : public Capture {
 protected:
  ReusedKeys() {
    client_.run("CREATE TABLE people(no INTEGER PRIMARY KEY, last_name TEXT, email TEXT, notes TEXT)");
    mapping_ = test_mapping(8, "people");
    mapping_.key_column = "no";
    prepare();
    take(test_page(1, {"Builder"}));
    client_.run("UPDATE people SET notes = 'ours'; DELETE FROM lockstep_outbox");
  }
  void take(const core::Observation& page) {
    EXPECT_TRUE(
        need(store_->settle(mapping_, page, [&](const core::Known& known) { return take_page(page, known); })).empty());
  }
  core::KnownHead head_of(const std::string& row) {
    core::KnownHead head;
    const std::vector<model::RowKey> rows = {{row}};
    need(store_->update(mapping_, rows, [&](const core::Known& known) {
      head = known.heads[0];
      return core::WriteSet{};
    }));
    return head;
  }
  Keys links() { return client_.run("SELECT row_key || ' ' || record_id FROM lockstep_links ORDER BY link_id"); }
  static std::string link(const std::string& row, std::size_t record) { return row + ' ' + test_record(record).str(); }
};

TEST_F(ReusedKeys, TheNextRowUnderAGoneRowsKeyIsAnother) {
  client_.run("DELETE FROM people; INSERT INTO people(last_name) VALUES ('Adams')");
  ASSERT_EQ(client_.one("SELECT no FROM people"), "1");
  EXPECT_EQ(links(), Keys{link("1#1", 1)});
  EXPECT_EQ(waiting(), (Keys{"1#1", "1"}));
  const auto gone = head_of("1#1"), next = head_of("1");
  EXPECT_EQ(gone.link, core::LinkState::linked);
  EXPECT_EQ(gone.record, test_record(1));
  EXPECT_FALSE(gone.row_exists);
  EXPECT_EQ(next.link, core::LinkState::none);
  EXPECT_TRUE(next.row_exists);
  take(test_page(1, {"Builder"}));
  EXPECT_EQ(client_.run("SELECT no || last_name FROM people"), (Keys{"1Adams", "2Builder"}))
      << "a record that outlives its row gets a row with a key of its own";
  EXPECT_EQ(links(), Keys{link("2", 1)});
}

TEST_F(ReusedKeys, ARowThatIsPutBackUnderItsKeyIsTheSame) {
  for (const char* statement : {"DELETE FROM people; INSERT INTO people(no, last_name) VALUES (1, 'Mason')",
                                "REPLACE INTO people(no, last_name) VALUES (1, 'Smith')",
                                "INSERT INTO people(no) VALUES (1) ON CONFLICT DO UPDATE SET last_name = 'Baker'"}) {
    client_.run(statement);
    EXPECT_EQ(links(), Keys{link("1", 1)}) << statement;
    EXPECT_EQ(waiting(), Keys{"1"}) << statement;
  }
}

TEST_F(ReusedKeys, OurOwnNewRowsTakeNoLinkAway) {
  client_.run("DELETE FROM people");
  EXPECT_FALSE(need(store_->load(mapping_, test_page(2, {"Lane"}), model::Watermark{}))) << "which fires no triggers";
  take(test_page(2, {"Lane"}));
  EXPECT_EQ(links(), (Keys{link("1#1", 1), link("1", 2)}));
  client_.run("DELETE FROM people");
  auto page = test_page(3, {"Kent"});
  const auto known_one = test_page(2, {"Lane"});
  page.heads.push_back(known_one.heads[0]);
  page.cells.add()[0] = model::Cell{"Lane"};
  need(store_->settle(mapping_, page, [&](const core::Known& known) {
    core::WriteSet writes = take_page(page, known);
    writes.settlements[1].insert_row = false;
    writes.settlements[1].columns.reset();
    writes.settlements[1].link = core::LinkState::row_deleted;
    return writes;
  }));
  EXPECT_EQ(links(), (Keys{link("1#1", 1), link("1#2", 2), link("1", 3)}));
}

TEST_F(ReusedKeys, ARowThatWeRemovedComesBackBesideTheNext) {
  const auto page = test_page(1, {"Builder"});
  need(store_->settle(mapping_, page, [&](const core::Known&) {
    core::WriteSet writes;
    core::Settlement gone;
    gone.remove_row = true;
    gone.link = core::LinkState::both_gone;
    writes.settlements.push_back(std::move(gone));
    return writes;
  }));
  client_.run("INSERT INTO people(last_name) VALUES ('Adams')");
  take(page);
  EXPECT_EQ(client_.run("SELECT no || ' ' || last_name || ' ' || coalesce(notes, '-') FROM people"),
            (Keys{"1 Adams -", "2 Builder ours"}));
  EXPECT_EQ(links(), Keys{link("2", 1)});
}

TEST_F(Capture, NewRowsGetAUuidWhereTheKeySaysSo) {
  client_.run("CREATE TABLE people(id UUID PRIMARY KEY, last_name TEXT, email TEXT)");
  mapping_ = test_mapping(8, "people");
  need(store_->check(mapping_));
  prepare();
  const auto page = test_page(1, {"Lane", "Kent"});
  EXPECT_TRUE(
      need(store_->settle(mapping_, page, [&](const core::Known& known) { return take_page(page, known); })).empty());
  EXPECT_TRUE(need(store_->load(mapping_, test_page(10, {"Olsen"}), model::Watermark{})));
  EXPECT_EQ(
      client_.one("SELECT count(*) FROM lockstep_links l JOIN people p ON p.id = l.row_key AND length(p.id) = 36"),
      "3");
}

TEST_F(Capture, SaysBeforehandWhereNewRowsWouldGetNoKey) {
  client_.run("CREATE TABLE people(id INT PRIMARY KEY, last_name TEXT, email TEXT)");
  mapping_ = test_mapping(8, "people");
  const auto checked = store_->check(mapping_);
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("gives new rows no key"), std::string::npos) << checked.error().message;
  mapping_.direction = model::SyncDirection::to_org;
  need(store_->check(mapping_));
}

TEST_F(Capture, TellsSpellingsApartThatTheColumnCallsEqual) {
  client_.run("CREATE TABLE people(id INTEGER PRIMARY KEY, last_name TEXT COLLATE NOCASE, email TEXT)");
  mapping_ = test_mapping(8, "people");
  prepare();
  client_.run("INSERT INTO people(last_name) VALUES ('lane'); DELETE FROM lockstep_outbox");
  client_.run("UPDATE people SET last_name = 'Lane'");
  EXPECT_EQ(waiting(), Keys{"1"});
}

TEST_F(Capture, IsSetUpAgainWhenTheApplicationRebuiltItsTable) {
  prepare();
  client_.run("INSERT INTO contacts(last_name) VALUES ('a'), ('b')");
  settle_all();
  prepare();
  EXPECT_EQ(waiting(), Keys{});
  client_.run(
      "CREATE TABLE next AS SELECT * FROM contacts; DROP TABLE contacts; "
      "CREATE TABLE contacts(id INTEGER PRIMARY KEY, workspace_id TEXT, last_name TEXT, email TEXT); "
      "INSERT INTO contacts SELECT id, workspace_id, last_name, email FROM next");
  client_.run("UPDATE contacts SET last_name = 'unseen' WHERE id = 2");
  prepare();
  EXPECT_EQ(waiting(), (Keys{"1", "2"})) << "nobody knows which of them were edited";
  client_.run("DELETE FROM lockstep_outbox; UPDATE contacts SET last_name = 'seen' WHERE id = 2");
  EXPECT_EQ(waiting(), Keys{"2"});
}

TEST_F(Capture, WorksOnATableOfTheUsersOwnWithTextKeysAndOddNames) {
  client_.run("CREATE TABLE \"my \"\"people\"(uuid TEXT PRIMARY KEY, \"last name\" TEXT, mail TEXT, age NUMERIC)");
  client_.run("INSERT INTO \"my \"\"people\" VALUES ('it''s-1', 'Lane', NULL, 30)");
  mapping_ = test_mapping(9, "my \"people");
  mapping_.key_column = "uuid";
  mapping_.fields = {test_field("last name", "LastName"), test_field("mail", "Email")};
  prepare();
  EXPECT_EQ(waiting(), Keys{"it's-1"});
  const std::vector<model::RowKey> rows = {{"it's-1"}};
  need(store_->update(mapping_, rows, [](const core::Known& known) {
    EXPECT_TRUE(known.heads[0].row_exists);
    EXPECT_EQ(known.rows[0][0], model::Cell{"Lane"});
    return core::WriteSet{};
  }));
  const auto page = test_page(1, {"Kent", "Luthor"});
  need(store_->settle(mapping_, page, [&](const core::Known& known) { return take_page(page, known); }));
  EXPECT_TRUE(need(store_->load(mapping_, test_page(10, {"Olsen"}), model::Watermark{})));
  EXPECT_EQ(client_.run("SELECT \"last name\" FROM \"my \"\"people\" ORDER BY 1"),
            (Keys{"Kent", "Lane", "Luthor", "Olsen"}));
  EXPECT_EQ(client_.one("SELECT count(*) FROM \"my \"\"people\" WHERE length(uuid) = 36"), "3");
  EXPECT_EQ(client_.one("SELECT count(*) FROM lockstep_links l JOIN \"my \"\"people\" p ON p.uuid = l.row_key"), "3");
  client_.run("INSERT INTO \"my \"\"people\"(uuid) VALUES (NULL)");
  EXPECT_EQ(client_.one("SELECT count(*) FROM \"my \"\"people\""), "5") << "an application's statement never fails";
}

TEST_F(Capture, NamesWhatAMappingLacks) {
  const auto fails = [&](const char* expected) {
    const auto prepared = store_->prepare(mapping_);
    ASSERT_FALSE(prepared);
    EXPECT_EQ(prepared.error().kind, base::ErrorKind::settings);
    EXPECT_NE(prepared.error().message.find(expected), std::string::npos) << prepared.error().message;
  };
  mapping_ = test_mapping(8, "nothing");
  fails("there is no such table");
  mapping_ = test_mapping();
  mapping_.key_column = "uuid";
  fails("no key column uuid; it has id, workspace_id");
  mapping_.key_column = "email";
  fails("email identifies no row");
  mapping_ = test_mapping();
  mapping_.fields[1].column = "mail";
  fails("no column mail (mapped to Email)");
  client_.run("CREATE VIEW v AS SELECT * FROM contacts");
  mapping_ = test_mapping(8, "v");
  fails("it is a view");
  mapping_ = test_mapping(8, "lockstep_links");
  fails("not the application's");
}

TEST_F(Capture, AColumnThatWouldChangeAValueRefusesIt) {
  client_.run("CREATE TABLE odd(id INTEGER PRIMARY KEY, last_name INTEGER, email TEXT)");
  mapping_ = test_mapping(8, "odd");
  prepare();
  const auto page = test_page(1, {"12", "0123", "Lane"});
  const auto refused =
      need(store_->settle(mapping_, page, [&](const core::Known& known) { return take_page(page, known); }));
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].at, 1u);
  EXPECT_NE(refused[0].error.message.find("last_name (INTEGER)"), std::string::npos);
  EXPECT_EQ(client_.run("SELECT last_name FROM odd ORDER BY id"), (Keys{"12", "Lane"}));
}

TEST_F(Capture, AForeignKeyRefusesOneRowAndNotThePage) {
  client_.run(
      "CREATE TABLE mails(mail TEXT PRIMARY KEY); CREATE TABLE owned(id INTEGER PRIMARY KEY, last_name TEXT "
      "REFERENCES mails(mail) DEFERRABLE INITIALLY DEFERRED, email TEXT); INSERT INTO mails VALUES ('ok')");
  mapping_ = test_mapping(8, "owned");
  prepare();
  const auto page = test_page(1, {"ok", "missing", "ok"});
  const auto refused =
      need(store_->settle(mapping_, page, [&](const core::Known& known) { return take_page(page, known); }));
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].at, 1u);
  EXPECT_EQ(client_.one("SELECT count(*) FROM owned"), "2");
  EXPECT_FALSE(need(store_->load(mapping_, test_page(20, {"ok", "missing"}), model::Watermark{})));
  EXPECT_EQ(client_.one("SELECT count(*) FROM owned"), "2");
}

}  // namespace
}  // namespace store
