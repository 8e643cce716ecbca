#include "core/resolve.h"
#include "store/sqlite/test_support.h"

namespace store {
namespace {

using core::Choice;
using model::Cell;

class Journal : public testing::Test {
 protected:
  Journal() {
    integration_.id = {"i1"};
    need(store_->save(integration_));
    need(store_->prepare(mapping_));
    need(store_->settle(mapping_, test_page(1, {"Lane"}), [](const core::Known& known) {
      static const core::Observation page = test_page(1, {"Lane"});
      return take_page(page, known);
    }));
    store_->name_run({"run-1"});
  }
  core::Settlement settlement() {
    core::Settlement s;
    s.at = 0;
    return s;
  }
  void keep(const core::Settlement& s, const std::string& row = "1") {
    const std::vector<model::RowKey> rows = {{row}};
    need(store_->update(mapping_, rows, [&](const core::Known&) {
      core::WriteSet writes;
      writes.settlements.push_back(s);
      return writes;
    }));
  }
  /// The application changes the row, and a look finds that the org has changed too.
  core::ConflictEntry open_conflict() {
    client_.run("UPDATE contacts SET last_name = 'Kent' WHERE id = 1");
    auto s = settlement();
    core::Conflict conflict{0, Cell{"Lane"}, Cell{"Luthor"}, Cell{"Kent"}, core::Conflict::Decision::open};
    conflict.org_changed_at = base::Utc{std::chrono::seconds{1'700'000'100}};
    conflict.org_changed_by = *model::RecordId::parse("005000000000001AAA");
    s.conflicts.push_back(conflict);
    s.acknowledge = need(store_->outbox(mapping_, {}, 10)).at(0).seq;
    keep(s);
    return need(store_->conflicts(integration_.id, {})).at(0);
  }
  std::string row() {
    return client_.one("SELECT last_name || '|' || salesforce_sync_status FROM contacts WHERE id = 1");
  }
  Cell base_of_row(base::Arena& arena) {
    Cell base;
    const std::vector<model::RowKey> rows = {{"1"}};
    need(store_->update(mapping_, rows, [&](const core::Known& known) {
      base = Cell{arena.copy(std::as_const(known.bases)[0][0].text())};
      return core::WriteSet{};
    }));
    return base;
  }

  TestFolder folder_;
  core::Integration integration_;
  const model::Mapping mapping_ = test_mapping();
  std::unique_ptr<SqliteStore> store_ = need(SqliteStore::open(folder_.file()));
  Client client_{folder_.file()};
  base::Arena arena_;
};

TEST_F(Journal, AConflictTellsBothValuesWhoAndWhen) {
  const auto conflict = open_conflict();
  EXPECT_EQ(conflict.object, "Contact");
  EXPECT_EQ(conflict.field, "LastName");
  EXPECT_EQ(conflict.column, "last_name");
  EXPECT_EQ(conflict.row.text, "1");
  EXPECT_EQ(conflict.record, test_record(1));
  EXPECT_EQ(conflict.base, "Lane");
  EXPECT_EQ(conflict.org, "Luthor");
  EXPECT_EQ(conflict.store, "Kent");
  EXPECT_EQ(conflict.org_changed_at, base::Utc{std::chrono::seconds{1'700'000'100}});
  EXPECT_EQ(conflict.org_changed_by.view(), "005000000000001AAA");
  EXPECT_FALSE(conflict.store_changed_at);
  EXPECT_EQ(conflict.run, "run-1");
  EXPECT_EQ(row(), "Kent|conflict");

  core::EntryFilter filter;
  filter.object = "Account";
  EXPECT_TRUE(need(store_->conflicts(integration_.id, filter)).empty());
  filter.object = "Contact";
  filter.field = "LASTNAME";
  EXPECT_EQ(need(store_->conflicts(integration_.id, filter)).size(), 1u);
  filter.after = conflict.id;
  EXPECT_TRUE(need(store_->conflicts(integration_.id, filter)).empty());
  EXPECT_TRUE(need(store_->conflicts({"other"}, {})).empty());
}

TEST_F(Journal, TakingOneSideMakesItsValueTheOnlyEdit) {
  need(core::resolve_conflict(*store_, mapping_, open_conflict(), {Choice::Take::org, {}, "took the org's, by ann"}));
  EXPECT_EQ(base_of_row(arena_), Cell{"Kent"}) << "the row counts as unchanged, so the org's value comes over";
  EXPECT_EQ(row(), "Kent|pending");
  EXPECT_EQ(need(store_->outbox(mapping_, {}, 10)).size(), 1u);
  EXPECT_TRUE(need(store_->conflicts(integration_.id, {})).empty());
  core::EntryFilter settled;
  settled.settled_too = true;
  const auto conflict = need(store_->conflicts(integration_.id, settled)).at(0);
  EXPECT_TRUE(conflict.resolved_at);
  EXPECT_EQ(conflict.resolution, "took the org's, by ann");
  const auto again = core::resolve_conflict(*store_, mapping_, conflict, {Choice::Take::store, {}, ""});
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("settled already"), std::string::npos);
}

TEST_F(Journal, TakingTheRowsSideOrAnotherValueMakesTheOrgTheUnchangedOne) {
  need(core::resolve_conflict(*store_, mapping_, open_conflict(), {Choice::Take::store, {}, "by ann"}));
  EXPECT_EQ(base_of_row(arena_), Cell{"Luthor"});
  EXPECT_EQ(row(), "Kent|pending");
}

TEST_F(Journal, AnotherValueIsWrittenToTheRow) {
  need(core::resolve_conflict(*store_, mapping_, open_conflict(), {Choice::Take::value, " Lane-Kent ", "by ann"}));
  EXPECT_EQ(base_of_row(arena_), Cell{"Luthor"});
  EXPECT_EQ(row(), "Lane-Kent|pending");
}

TEST_F(Journal, AChoiceIsForWhatWasShown) {
  const auto conflict = open_conflict();
  client_.run("UPDATE contacts SET last_name = 'Later' WHERE id = 1");
  const auto settled = core::resolve_conflict(*store_, mapping_, conflict, {Choice::Take::org, {}, ""});
  ASSERT_FALSE(settled);
  EXPECT_EQ(settled.error().kind, base::ErrorKind::precondition);
  EXPECT_EQ(row(), "Later|pending");
  EXPECT_EQ(need(store_->conflicts(integration_.id, {})).size(), 1u);
}

TEST_F(Journal, WhatIsParkedKeepsItsRequestAndAttempts) {
  client_.run("UPDATE contacts SET email = 'x' WHERE id = 1");
  auto s = settlement();
  s.parked = core::Parked{{base::ErrorKind::rejected, "refused", "INVALID_EMAIL_ADDRESS"},
                          base::Utc{std::chrono::milliseconds{4'000'000'000'000}},
                          {},
                          R"({"Email":"x"})"};
  keep(s);
  s.parked->request.clear();
  keep(s);
  const auto parked = need(store_->parked(integration_.id, {}));
  ASSERT_EQ(parked.size(), 1u);
  EXPECT_EQ(parked[0].row.text, "1");
  EXPECT_EQ(parked[0].code, "INVALID_EMAIL_ADDRESS");
  EXPECT_EQ(parked[0].request, R"({"Email":"x"})") << "the last one that was sent";
  EXPECT_EQ(parked[0].attempts, 2);
  EXPECT_EQ(parked[0].run, "run-1");
  EXPECT_TRUE(need(store_->outbox(mapping_, {}, 10)).empty());
  const std::vector<model::RowKey> rows = {{"1"}};
  need(store_->update(mapping_, rows, [](const core::Known& known) {
    EXPECT_EQ(known.heads[0].attempts, 2);
    return core::WriteSet{};
  }));

  core::EntryFilter filter;
  filter.code = "OTHER";
  EXPECT_TRUE(need(store_->parked(integration_.id, filter)).empty());
  need(store_->retry({parked[0].id}));
  EXPECT_EQ(need(store_->outbox(mapping_, {}, 10)).size(), 1u) << "at once";
  need(store_->discard({parked[0].id}));
  EXPECT_TRUE(need(store_->parked(integration_.id, {})).empty());
}

TEST_F(Journal, ARecordThatStaysUnreadableIsTriedEverMoreRarely) {
  const auto park = [&] {
    need(store_->settle(mapping_, test_page(1, {}), [](const core::Known&) {
      core::WriteSet writes;
      writes.unreadable.push_back({test_record(9), {base::ErrorKind::malformed, "unreadable"}});
      return writes;
    }));
    return need(store_->parked(integration_.id, {})).at(0);
  };
  const auto first = park(), second = park();
  EXPECT_EQ(second.attempts, 2);
  EXPECT_GT(second.retry_at - first.retry_at, std::chrono::minutes{50});
  EXPECT_EQ(second.record, test_record(9));
}

std::vector<std::string> actions(const std::vector<core::HistoryEntry>& entries) {
  std::vector<std::string> out;
  for (const auto& entry : entries) out.push_back(entry.action);
  return out;
}
using Actions = std::vector<std::string>;

TEST_F(Journal, TheHistoryIsFoundUnderEitherNameNewestFirst) {
  auto s = settlement();
  s.sent_to_org = {{1, Cell{}, Cell{"lane@x.com"}, false}};
  s.request = "req-7";
  s.record = test_record(1);
  keep(s);
  const auto by_row = need(store_->history("1", 10)), by_table = need(store_->history("contacts/1", 10));
  EXPECT_EQ(actions(by_row), (Actions{"record_updated", "row_created"}));
  EXPECT_EQ(actions(by_table), actions(by_row));
  EXPECT_EQ(actions(need(store_->history("Contact/1", 10))), actions(by_row));
  EXPECT_EQ(actions(need(store_->history(test_record(1).view(), 10))), actions(by_row));
  EXPECT_EQ(actions(need(store_->history(test_record(1).view().substr(0, 15), 10))), actions(by_row));
  EXPECT_TRUE(need(store_->history("companies/1", 10)).empty());
  EXPECT_TRUE(need(store_->history("2", 10)).empty());
  EXPECT_EQ(need(store_->history("1", 1)).size(), 1u);
  EXPECT_EQ(by_row[0].request, "req-7");
  EXPECT_EQ(by_row[0].run, "run-1");
  EXPECT_EQ(by_row[0].record, test_record(1));
  EXPECT_EQ(by_row[1].row.text, "1");
}

TEST_F(Journal, TheFirstLoadIsOneEntryAPageAndKnownForEachOfItsRecords) {
  EXPECT_TRUE(need(store_->load(mapping_, test_page(10, {"a", "b", "c"}), model::Watermark{})));
  EXPECT_TRUE(need(store_->load(mapping_, test_page(20, {"d"}), model::Watermark{})));
  EXPECT_EQ(client_.one("SELECT count(*) FROM lockstep_history WHERE first_link IS NOT NULL"), "2");
  for (const std::size_t number : {10u, 11u, 12u, 20u}) {
    const auto entries = need(store_->history(test_record(number).view(), 10));
    EXPECT_EQ(actions(entries), Actions{"row_created"}) << number;
    if (!entries.empty()) {
      EXPECT_EQ(entries[0].details, "{\"first_load\":true}");
      EXPECT_FALSE(entries[0].row.text.empty());
    }
  }
}

TEST_F(Journal, WhatIsOlderIsForgottenALittleAtATime) {
  for (int i = 0; i < 5; ++i) {
    auto s = settlement();
    s.sent_to_org = {{1, Cell{}, Cell{"x"}, false}};
    keep(s);
  }
  client_.run("UPDATE lockstep_history SET at = 1000 WHERE history_id <= 4");
  const base::Utc cut{std::chrono::milliseconds{5000}};
  EXPECT_EQ(need(store_->forget_history(cut, 3)), 3);
  EXPECT_EQ(need(store_->forget_history(cut, 3)), 1);
  EXPECT_EQ(need(store_->forget_history(cut, 3)), 0);
  EXPECT_EQ(client_.one("SELECT count(*) FROM lockstep_history"), "2");
}

TEST_F(Journal, ARefusedSettlementIsToldAsParkedAndNotAsDone) {
  client_.run("CREATE UNIQUE INDEX one_name ON contacts(last_name); INSERT INTO contacts(last_name) VALUES ('Taken')");
  const auto page = test_page(1, {"Taken"});
  const auto refused =
      need(store_->settle(mapping_, page, [&](const core::Known& known) { return take_page(page, known); }));
  EXPECT_EQ(refused.size(), 1u);
  EXPECT_EQ(actions(need(store_->history("contacts/1", 10))), (Actions{"parked", "row_created"}));
  EXPECT_EQ(need(store_->parked(integration_.id, {})).at(0).request, R"({"LastName":"Taken","Email":null})");
}

}  // namespace
}  // namespace store
