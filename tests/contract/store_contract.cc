// What every core::Store promises (see core/ports/store.h), asked of each backend: capture, settling and loading.
#include "store_contract_support.h"

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreContract);

namespace contract {

StoreContract::StoreContract() : accounts_(accounts()), contacts_(contacts()), opportunities_(opportunities()) {}

void StoreContract::prepare_all() {
  for (const auto* mapping : {&accounts_, &contacts_, &opportunities_}) need(store().prepare(*mapping));
}

void StoreContract::take(const model::Mapping& mapping, const core::Observation& observed) {
  const auto refused =
      need(store().settle(mapping, observed, [&](const Known& known) { return take_all(observed, known); }));
  EXPECT_TRUE(refused.empty());
}

void StoreContract::look(const model::Mapping& mapping, const std::string& row,
                         const std::function<void(const Known&)>& check) {
  const std::vector<RowKey> rows = {{row}};
  need(store().update(mapping, rows, [&](const Known& known) {
    check(known);
    return WriteSet{};
  }));
}

std::vector<core::Refused> StoreContract::keep(const model::Mapping& mapping, const std::string& row,
                                               const Settlement& settlement) {
  const std::vector<RowKey> rows = {{row}};
  return need(store().update(mapping, rows, [&](const Known&) {
    WriteSet writes;
    writes.settlements.push_back(settlement);
    return writes;
  }));
}

std::vector<core::OutboxEntry> StoreContract::waiting(const model::Mapping& mapping) {
  return need(store().outbox(mapping, OutboxSeq::none, 1000));
}

core::OutboxEntry StoreContract::only_entry(const model::Mapping& mapping) {
  const auto entries = waiting(mapping);
  EXPECT_EQ(entries.size(), 1u);
  return entries.empty() ? core::OutboxEntry{} : entries.front();
}

std::string StoreContract::linked_company(RecordId record, const std::string& name) {
  take(accounts_, observe({{record, {name, ""}}}, 2));
  return app_->keys("companies").back();
}

std::string StoreContract::linked_contact(RecordId record, const std::string& name) {
  take(contacts_, observe({{record, {name, "", "", ""}}}, 4));
  return app_->keys("contacts").back();
}

// --- tables and capture

TEST_P(StoreContract, NamesTheColumnsOfATableAndNoneOfAnother) {
  const auto columns = need(store().columns("contacts"));
  for (const char* name : {"id", "workspace_id", "last_name", "company_id", "salesforce_id", "salesforce_sync_status"})
    EXPECT_NE(std::ranges::find(columns, name), columns.end()) << name;
  EXPECT_TRUE(need(store().columns("no_such_table")).empty());
}

TEST_P(StoreContract, SaysWhichTableOrColumnIsMissing) {
  model::Mapping mapping = contacts_;
  mapping.table = "no_such_table";
  auto prepared = store().prepare(mapping);
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().kind, base::ErrorKind::settings);
  EXPECT_NE(prepared.error().message.find("no_such_table"), std::string::npos);
  mapping = contacts_;
  mapping.fields[email].column = "no_such_column";
  prepared = store().prepare(mapping);
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().kind, base::ErrorKind::settings);
  EXPECT_NE(prepared.error().message.find("no_such_column"), std::string::npos);
}

TEST_P(StoreContract, RowsThatExistEnterTheOutboxTheFirstTimeOnly) {
  const auto key = app_->insert("contacts", {{"last_name", "Old"}});
  app_->insert("contacts", {{"last_name", "Foreign"}, {"workspace_id", "other"}});
  prepare_all();
  const auto entry = only_entry(contacts_);
  EXPECT_EQ(entry.row.text, key);
  Settlement done;
  done.acknowledge = entry.seq;
  keep(contacts_, key, done);
  prepare_all();
  app_->reopen();
  prepare_all();
  EXPECT_TRUE(waiting(contacts_).empty());
}

TEST_P(StoreContract, EveryEditOfAMappedColumnEntersTheOutbox) {
  prepare_all();
  const auto key = app_->insert("contacts", {{"last_name", "Lane"}});
  const auto made = only_entry(contacts_);
  EXPECT_EQ(made.row.text, key);
  EXPECT_FALSE(made.record);
  EXPECT_GT(made.changed_at, base::Utc{});
  app_->update("contacts", key, {{"email", "lane@example.com"}});
  const auto edited = only_entry(contacts_);
  EXPECT_GT(edited.seq, made.seq);
  app_->erase("contacts", key);
  const auto erased = only_entry(contacts_);
  EXPECT_EQ(erased.row.text, key);
  EXPECT_GT(erased.seq, edited.seq);
  EXPECT_EQ(app_->outbox_size(contacts_), 1u);
  EXPECT_TRUE(waiting(accounts_).empty());
}

TEST_P(StoreContract, AnEditOfAnotherColumnOrWorkspaceDoesNot) {
  prepare_all();
  const auto key = app_->insert("contacts", {{"last_name", "Lane"}});
  Settlement done;
  done.acknowledge = only_entry(contacts_).seq;
  keep(contacts_, key, done);
  app_->update("contacts", key, {{"title", "Dr."}});
  const auto foreign = app_->insert("contacts", {{"last_name", "Other"}, {"workspace_id", "other"}});
  app_->update("contacts", foreign, {{"last_name", "Another"}});
  EXPECT_TRUE(waiting(contacts_).empty());
}

TEST_P(StoreContract, AColumnAddedToTheMappingIsWatchedFromThenOn) {
  prepare_all();
  const auto key = app_->insert("contacts", {{"last_name", "Lane"}});
  Settlement done;
  done.acknowledge = only_entry(contacts_).seq;
  keep(contacts_, key, done);
  model::Mapping wider = contacts_;
  wider.fields.push_back(field("title", "Title"));
  need(store().prepare(wider));
  EXPECT_TRUE(waiting(wider).empty());
  app_->update("contacts", key, {{"title", "Dr."}});
  EXPECT_EQ(waiting(wider).size(), 1u);
}

TEST_P(StoreContract, TheOutboxIsReadInOrderAndInPages) {
  prepare_all();
  std::vector<std::string> keys;
  for (int i = 0; i < 5; ++i) keys.push_back(app_->insert("contacts", {{"last_name", std::to_string(i)}}));
  app_->update("contacts", keys[0], {{"last_name", "again"}});
  std::rotate(keys.begin(), keys.begin() + 1, keys.end());
  std::vector<std::string> seen;
  auto after = OutboxSeq::none;
  while (true) {
    const auto page = need(store().outbox(contacts_, after, 2));
    if (page.empty()) break;
    EXPECT_LE(page.size(), 2u);
    for (const auto& entry : page) {
      EXPECT_GT(entry.seq, after);
      after = entry.seq;
      seen.push_back(entry.row.text);
    }
  }
  EXPECT_EQ(seen, keys);
}

TEST_P(StoreContract, AnEditMadeMeanwhileOutlivesTheAcknowledgementOfTheOlder) {
  prepare_all();
  const auto key = app_->insert("contacts", {{"last_name", "Lane"}});
  const auto older = only_entry(contacts_);
  app_->update("contacts", key, {{"last_name", "Kent"}});
  Settlement done;
  done.acknowledge = older.seq;
  keep(contacts_, key, done);
  EXPECT_GT(only_entry(contacts_).seq, older.seq);
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_status"), "pending");
  done.acknowledge = only_entry(contacts_).seq;
  keep(contacts_, key, done);
  EXPECT_TRUE(waiting(contacts_).empty());
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_status"), "synced");
}

TEST_P(StoreContract, ANumberOfTheOutboxIsNeverUsedAgain) {
  prepare_all();
  const auto key = app_->insert("contacts", {{"last_name", "Lane"}});
  const auto first = only_entry(contacts_);
  Settlement done;
  done.acknowledge = first.seq;
  keep(contacts_, key, done);
  app_->reopen();
  prepare_all();
  app_->update("contacts", key, {{"last_name", "Kent"}});
  EXPECT_GT(only_entry(contacts_).seq, first.seq);
}

// --- settle

TEST_P(StoreContract, SettlingStoresRowLinkBaseAndPositionTogether) {
  prepare_all();
  const auto observed = observe({{contact(1), {"Lane", "lane@example.com", "", ""}}}, 4);
  need(store().settle(contacts_, observed, [&](const Known& known) {
    EXPECT_EQ(known.heads[0].link, LinkState::none);
    EXPECT_FALSE(known.heads[0].row_exists);
    EXPECT_TRUE(known.bases[0][last_name].is_null());
    WriteSet writes = take_all(observed, known);
    writes.position = reached(1);
    return writes;
  }));
  app_->reopen();
  prepare_all();
  const auto keys = app_->keys("contacts");
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(app_->cell("contacts", keys[0], "last_name"), "Lane");
  EXPECT_EQ(app_->cell("contacts", keys[0], "workspace_id"), "default");
  EXPECT_EQ(app_->cell("contacts", keys[0], "salesforce_id"), contact(1).str());
  EXPECT_EQ(app_->cell("contacts", keys[0], "salesforce_sync_status"), "synced");
  EXPECT_TRUE(app_->cell("contacts", keys[0], "salesforce_synced_at"));
  EXPECT_EQ(need(store().position(contacts_)), reached(1));
  EXPECT_EQ(need(store().position(accounts_)), model::Position{model::Beginning{}});
  EXPECT_TRUE(waiting(contacts_).empty()) << "our own write came back as an edit";
  need(store().settle(contacts_, observed, [&](const Known& known) {
    EXPECT_EQ(known.heads[0].link, LinkState::linked);
    EXPECT_TRUE(known.heads[0].row_exists);
    EXPECT_EQ(known.heads[0].row.text, keys[0]);
    EXPECT_EQ(known.heads[0].record, contact(1));
    EXPECT_TRUE(std::ranges::equal(known.bases[0], observed.cells[0]));
    EXPECT_TRUE(std::ranges::equal(known.rows[0], observed.cells[0]));
    return WriteSet{};
  }));
}

TEST_P(StoreContract, APositionIsReadBackAsItWasStored) {
  prepare_all();
  const model::Position position = model::Watermark{.reached = {at(9), contact(4)},
                                                    .revisit_from = {at(5), {}},
                                                    .sweep_from = at(2),
                                                    .swept_at = at(3),
                                                    .backfilling = true};
  need(store().settle(contacts_, observe({}, 4), [&](const Known&) {
    WriteSet writes;
    writes.position = position;
    return writes;
  }));
  app_->reopen();
  EXPECT_EQ(need(store().position(contacts_)), position);
  prepare_all();
  const model::Position in_bulk = model::BulkPlace{"750000000000001AAA", "MTAwMDA", 4'000, at(7)};
  need(store().update(contacts_, {}, [&](const core::Known&) { return core::WriteSet{.position = in_bulk}; }));
  EXPECT_EQ(need(store().position(contacts_)), in_bulk);
}

TEST_P(StoreContract, OnlyTheNamedColumnsAreWritten) {
  prepare_all();
  const auto key = linked_contact(contact(1), "Lane");
  app_->update("contacts", key, {{"email", "kept@example.com"}});
  const auto observed = observe({{contact(1), {"Kent", "other@example.com", "", ""}}}, 4);
  need(store().settle(contacts_, observed, [&](const Known&) {
    WriteSet writes;
    Settlement s;
    s.columns.set(last_name);
    s.values = observed.cells[0];
    writes.settlements.push_back(std::move(s));
    return writes;
  }));
  EXPECT_EQ(app_->cell("contacts", key, "last_name"), "Kent");
  EXPECT_EQ(app_->cell("contacts", key, "email"), "kept@example.com");
  EXPECT_EQ(waiting(contacts_).size(), 1u) << "the edit of the e-mail waits still";
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_status"), "pending");
}

TEST_P(StoreContract, ARecordIsFoundByTheKeyThatWasAnnouncedForIt) {
  prepare_all();
  const auto key = app_->insert("contacts", {{"last_name", "Lane"}});
  Settlement announced;
  announced.link = LinkState::creating;
  announced.upsert_key = "key-1";
  const std::vector<model::SentValue> sent = {{last_name, Cell{"Lane"}}, {email, Cell{}}};
  announced.sent = sent;
  keep(contacts_, key, announced);
  app_->reopen();
  prepare_all();
  const auto entry = only_entry(contacts_);
  EXPECT_EQ(entry.upsert_key, "key-1");
  EXPECT_FALSE(entry.record);
  auto observed = observe({{contact(7), {"Lane", "", "", ""}}}, 4);
  observed.heads[0].upsert_key = "key-1";
  need(store().settle(contacts_, observed, [&](const Known& known) {
    EXPECT_EQ(known.heads[0].link, LinkState::creating);
    EXPECT_EQ(known.heads[0].row.text, key);
    EXPECT_TRUE(known.heads[0].row_exists);
    EXPECT_EQ(known.heads[0].pending, entry.seq);
    EXPECT_EQ(known.heads[0].sent.size(), 2u);
    if (known.heads[0].sent.size() == 2) {
      EXPECT_EQ(known.heads[0].sent[0].field, std::size_t{last_name});
      EXPECT_EQ(known.heads[0].sent[0].value, Cell{"Lane"});
      EXPECT_TRUE(known.heads[0].sent[1].value.is_null());
    }
    WriteSet writes = take_all(observed, known);
    writes.settlements[0].sent.emplace();
    writes.settlements[0].acknowledge = entry.seq;
    return writes;
  }));
  EXPECT_EQ(app_->keys("contacts").size(), 1u);
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_id"), contact(7).str());
  look(contacts_, key, [](const Known& known) {
    EXPECT_EQ(known.heads[0].link, LinkState::linked);
    EXPECT_EQ(known.heads[0].record, contact(7));
    EXPECT_EQ(known.heads[0].upsert_key, "key-1");
    EXPECT_TRUE(known.heads[0].sent.empty());
  });
}

TEST_P(StoreContract, ADeletedRowIsKnownByItsLinkAndStaysSo) {
  prepare_all();
  const auto key = linked_contact(contact(1), "Lane");
  app_->erase("contacts", key);
  const auto entry = only_entry(contacts_);
  EXPECT_EQ(entry.record, contact(1));
  look(contacts_, key, [&](const Known& known) {
    EXPECT_FALSE(known.heads[0].row_exists);
    EXPECT_EQ(known.heads[0].link, LinkState::linked);
    EXPECT_EQ(known.heads[0].pending, entry.seq);
  });
  Settlement gone;
  gone.link = LinkState::row_gone;
  gone.record = contact(1);
  gone.acknowledge = entry.seq;
  keep(contacts_, key, gone);
  const auto observed = observe({{contact(1), {"Lane", "", "", ""}}}, 4);
  need(store().settle(contacts_, observed, [&](const Known& known) {
    EXPECT_EQ(known.heads[0].link, LinkState::row_gone);
    EXPECT_FALSE(known.heads[0].row_exists);
    return WriteSet{};
  }));
  EXPECT_TRUE(waiting(contacts_).empty());
}

TEST_P(StoreContract, ARowWithoutARecordShowsThat) {
  prepare_all();
  const auto key = linked_contact(contact(1), "Lane");
  Settlement gone;
  gone.link = LinkState::record_gone;
  gone.record = contact(1);
  keep(contacts_, key, gone);
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_id"), std::nullopt);
  look(contacts_, key, [](const Known& known) { EXPECT_EQ(known.heads[0].link, LinkState::record_gone); });
}

TEST_P(StoreContract, ARecordHasOneRowAtMost) {
  prepare_all();
  linked_contact(contact(1), "Lane");
  const auto other = app_->insert("contacts", {{"last_name", "Kent"}});
  Settlement link;
  link.link = LinkState::linked;
  link.record = contact(1);
  const auto refused = keep(contacts_, other, link);
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].at, 0u);
  look(contacts_, other, [](const Known& known) {
    EXPECT_EQ(known.heads[0].link, LinkState::none);
    EXPECT_TRUE(known.heads[0].parked);
  });
}

TEST_P(StoreContract, AnEntryIsMadeWhereOneIsAskedForAndNoneIsThere) {
  prepare_all();
  const auto key = linked_contact(contact(1), "Lane");
  Settlement again;
  again.enqueue = true;
  keep(contacts_, key, again);
  const auto entry = only_entry(contacts_);
  EXPECT_EQ(entry.record, contact(1));
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_status"), "pending");
  keep(contacts_, key, again);
  EXPECT_EQ(only_entry(contacts_).seq, entry.seq);
}

TEST_P(StoreContract, ARowThatStaysPendingShowsWhatItWaitsFor) {
  prepare_all();
  const auto key = app_->insert("contacts", {{"last_name", "Lane"}});
  Settlement waits;
  waits.waiting_for = "waits for its company";
  keep(contacts_, key, waits);
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_status"), "pending");
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_error"), "waits for its company");
  Settlement done;
  done.acknowledge = only_entry(contacts_).seq;
  keep(contacts_, key, done);
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_error"), std::nullopt);
}

TEST_P(StoreContract, AnOpenConflictShowsOnTheRowUntilTheSidesAgree) {
  prepare_all();
  const auto key = linked_contact(contact(1), "Lane");
  app_->update("contacts", key, {{"last_name", "Kent"}});
  Settlement open;
  open.conflicts.push_back({last_name, Cell{"Lane"}, Cell{"Luthor"}, Cell{"Kent"}, core::Conflict::Decision::open});
  open.acknowledge = only_entry(contacts_).seq;
  keep(contacts_, key, open);
  open.acknowledge = OutboxSeq::none;
  keep(contacts_, key, open);
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_status"), "conflict");
  const auto agreed = observe({{contact(1), {"Luthor", "", "", ""}}}, 4);
  take(contacts_, agreed);
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_status"), "synced");
}

// --- load

TEST_P(StoreContract, LoadingStoresRowsLinksBasesAndPosition) {
  prepare_all();
  const auto parent = linked_company(account(1), "Acme");
  const auto observed = observe(
      {{contact(1), {"Lane", "l@example.com", "Acme", account(1).str()}}, {contact(2), {"Kent", "", "", ""}}}, 4);
  EXPECT_TRUE(need(store().load(contacts_, observed, reached(2))));
  const auto keys = app_->keys("contacts");
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(app_->cell("contacts", keys[0], "company_id"), parent);
  EXPECT_EQ(app_->cell("contacts", keys[0], "salesforce_id"), contact(1).str());
  EXPECT_EQ(app_->cell("contacts", keys[1], "salesforce_sync_status"), "synced");
  EXPECT_EQ(need(store().position(contacts_)), reached(2));
  EXPECT_TRUE(waiting(contacts_).empty());
  need(store().settle(contacts_, observed, [&](const Known& known) {
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(known.heads[i].link, LinkState::linked);
      EXPECT_TRUE(std::ranges::equal(known.bases[i], observed.cells[i]));
      EXPECT_TRUE(std::ranges::equal(known.rows[i], observed.cells[i]));
    }
    return WriteSet{};
  }));
}

TEST_P(StoreContract, LoadingARecordThatIsLinkedStoresNothing) {
  prepare_all();
  linked_contact(contact(2), "Kent");
  const auto observed = observe({{contact(1), {"Lane", "", "", ""}}, {contact(2), {"Kent", "", "", ""}}}, 4);
  EXPECT_FALSE(need(store().load(contacts_, observed, reached(2))));
  EXPECT_EQ(app_->keys("contacts").size(), 1u);
  EXPECT_EQ(need(store().position(contacts_)), model::Position{model::Beginning{}});
  const auto key = app_->insert("contacts", {{"last_name", "After"}});
  EXPECT_EQ(only_entry(contacts_).row.text, key) << "edits are seen again";
}

TEST_P(StoreContract, LoadingARecordThatWasAnnouncedStoresNothing) {
  prepare_all();
  const auto key = app_->insert("contacts", {{"last_name", "Lane"}});
  Settlement announced;
  announced.link = LinkState::creating;
  announced.upsert_key = "key-1";
  keep(contacts_, key, announced);
  auto observed = observe({{contact(7), {"Lane", "", "", ""}}}, 4);
  observed.heads[0].upsert_key = "key-1";
  EXPECT_FALSE(need(store().load(contacts_, observed, reached(2))));
  EXPECT_EQ(app_->keys("contacts").size(), 1u);
}

}  // namespace contract
