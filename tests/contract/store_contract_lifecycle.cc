// What every core::Store promises (see core/ports/store.h), asked of each backend: deletes, merges, creates under way.
#include "store_contract_support.h"

namespace contract {
namespace {

Settlement state(LinkState link, RecordId record = {}) {
  Settlement s;
  s.link = link;
  s.record = record;
  return s;
}

model::Mapping tasks() {
  model::Mapping mapping;
  mapping.id = model::MappingId{4};
  mapping.object = "Task";
  mapping.table = "tasks";
  mapping.workspace = "default";
  mapping.fields = {field("subject", "Subject"), field("opportunity_id", "WhatId", model::FieldKind::reference),
                    field("company_id", "WhatId", model::FieldKind::reference)};
  const char* parents[] = {"", "Opportunity", "Account"};
  const char* prefixes[] = {"", "006", "001"};
  for (std::size_t i = 1; i < 3; ++i) {
    mapping.fields[i].role = model::FieldRole::reference;
    mapping.fields[i].parent_object = parents[i];
    mapping.fields[i].parent_prefix = prefixes[i];
  }
  return mapping;
}

}  // namespace

// --- rows that go and come back

TEST_P(StoreContract, ARemovedRowComesBackWithAllItHeld) {
  prepare_all();
  const auto key = linked_contact(contact(1), "Lane");
  app_->update("contacts", key, {{"title", "Reporter"}});
  Settlement gone = state(LinkState::both_gone, contact(1));
  gone.remove_row = true;
  keep(contacts_, key, gone);
  EXPECT_TRUE(app_->keys("contacts").empty());
  EXPECT_TRUE(waiting(contacts_).empty()) << "our own delete came back as an edit";
  app_->reopen();
  prepare_all();
  const auto observed = observe({{contact(1), {"Lane", "new@example.com", "", ""}}}, 4);
  need(store().settle(contacts_, observed, [&](const Known& known) {
    EXPECT_EQ(known.heads[0].link, LinkState::both_gone);
    EXPECT_FALSE(known.heads[0].row_exists);
    EXPECT_EQ(known.heads[0].row.text, key);
    return take_all(observed, known);
  }));
  EXPECT_EQ(app_->keys("contacts"), std::vector{key});
  EXPECT_EQ(app_->cell("contacts", key, "title"), "Reporter");
  EXPECT_EQ(app_->cell("contacts", key, "email"), "new@example.com");
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_id"), contact(1).str());
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_status"), "synced");
  EXPECT_TRUE(waiting(contacts_).empty());
  look(contacts_, key, [](const Known& known) { EXPECT_EQ(known.heads[0].link, LinkState::linked); });
}

TEST_P(StoreContract, ARowThatTheApplicationDeletedComesBackUnderItsKey) {
  prepare_all();
  const auto key = linked_contact(contact(1), "Lane");
  linked_contact(contact(2), "Kent");
  app_->erase("contacts", key);
  const auto observed = observe({{contact(1), {"Lane", "lane@example.com", "", ""}}}, 4);
  need(store().settle(contacts_, observed, [&](const Known& known) {
    WriteSet writes = take_all(observed, known);
    writes.settlements[0].acknowledge = known.heads[0].pending;
    return writes;
  }));
  EXPECT_EQ(app_->cell("contacts", key, "email"), "lane@example.com");
  EXPECT_EQ(app_->cell("contacts", key, "workspace_id"), "default");
  EXPECT_TRUE(waiting(contacts_).empty());
}

TEST_P(StoreContract, ReferencesToARemovedRowBecomeNullSilently) {
  prepare_all();
  const auto company = linked_company(account(1), "Acme");
  take(contacts_, observe({{contact(1), {"Lane", "", "Acme", account(1).str()}}}, 4));
  const auto child = app_->keys("contacts").back();
  Settlement gone = state(LinkState::both_gone, account(1));
  gone.remove_row = true;
  keep(accounts_, company, gone);
  EXPECT_EQ(app_->cell("contacts", child, "company_id"), std::nullopt);
  EXPECT_TRUE(waiting(contacts_).empty());
}

TEST_P(StoreContract, AReferenceToADeletedRowIsNoneAndToOneThatWasPutBackWaits) {
  prepare_all();
  const auto company = linked_company(account(1), "Acme");
  const auto child = app_->insert("contacts", {{"last_name", "Lane"}, {"company_id", company}});
  for (const LinkState link : {LinkState::row_deleted, LinkState::both_gone}) {
    app_->erase("companies", company);
    keep(accounts_, company, state(link, account(1)));
    look(contacts_, child, [](const Known& known) { EXPECT_TRUE(known.rows[0][company_id].is_null()); });
    app_->insert("companies", {{"id", company}, {"name", "Acme"}});
    look(contacts_, child, [](const Known& known) { EXPECT_TRUE(known.rows[0][company_id].is_unresolved()); });
  }
}

TEST_P(StoreContract, WhatReferredToAGoneRowIsLookedAtOnceItIsLinkedAgain) {
  prepare_all();
  const auto company = linked_company(account(1), "Acme");
  const auto child = app_->insert("contacts", {{"last_name", "Lane"}, {"company_id", company}});
  Settlement done;
  done.acknowledge = only_entry(contacts_).seq;
  keep(contacts_, child, done);
  app_->erase("companies", company);
  Settlement gone = state(LinkState::both_gone, account(1));
  gone.acknowledge = only_entry(accounts_).seq;
  keep(accounts_, company, gone);
  EXPECT_TRUE(waiting(contacts_).empty());
  take(accounts_, observe({{account(1), {"Acme", ""}}}, 2));
  EXPECT_EQ(app_->keys("companies"), std::vector{company});
  EXPECT_EQ(only_entry(contacts_).row.text, child);
}

TEST_P(StoreContract, AnArchivedRowIsMarkedUntilItIsTakenBack) {
  accounts_.archive_column = "archived_at";
  prepare_all();
  const auto key = linked_company(account(1), "Acme");
  Settlement archive = state(LinkState::record_gone, account(1));
  archive.archived = true;
  keep(accounts_, key, archive);
  EXPECT_TRUE(app_->cell("companies", key, "archived_at"));
  EXPECT_TRUE(waiting(accounts_).empty());
  archive = state(LinkState::linked, account(1));
  archive.archived = false;
  keep(accounts_, key, archive);
  EXPECT_FALSE(app_->cell("companies", key, "archived_at"));
}

// --- links

TEST_P(StoreContract, LinksAreListedByStateAndCounted) {
  prepare_all();
  std::vector<std::string> keys;
  for (int i = 1; i <= 5; ++i) keys.push_back(linked_contact(contact(i), "Lane"));
  keep(contacts_, keys[1], state(LinkState::record_deleted, contact(2)));
  keep(contacts_, keys[3], state(LinkState::record_deleted, contact(4)));
  keep(contacts_, keys[4], state(LinkState::row_deleted, contact(5)));
  const auto first = need(store().links(contacts_, LinkState::record_deleted, 0, 1));
  EXPECT_EQ(first.rows, std::vector{RowKey{keys[1]}});
  EXPECT_EQ(first.records, std::vector{contact(2)});
  const auto second = need(store().links(contacts_, LinkState::record_deleted, first.last, 1));
  EXPECT_EQ(second.rows, std::vector{RowKey{keys[3]}});
  EXPECT_TRUE(need(store().links(contacts_, LinkState::record_deleted, second.last, 1)).rows.empty());
  EXPECT_EQ(need(store().links(contacts_, LinkState::linked, 0, 10)).rows.size(), 2u);
  app_->update("contacts", keys[0], {{"email", "x@example.com"}});
  const auto extent = need(store().extent(contacts_));
  EXPECT_EQ(extent.links, 2);
  EXPECT_EQ(extent.rows_to_delete, 2);
  EXPECT_EQ(extent.records_to_delete, 1);
  EXPECT_EQ(extent.outbox, 1);
  EXPECT_EQ(need(store().extent(accounts_)).links, 0);
}

TEST_P(StoreContract, TheStampOfALinkIsGivenBack) {
  prepare_all();
  const auto key = linked_contact(contact(1), "Lane");
  Settlement s = state(LinkState::record_deleted, contact(1));
  s.stamp = at(77);
  keep(contacts_, key, s);
  look(contacts_, key, [](const Known& known) { EXPECT_EQ(known.heads[0].stamp, at(77)); });
}

TEST_P(StoreContract, ARowThatBeginsAnewRemembersItsFormerRecord) {
  prepare_all();
  for (const bool cut_first : {true, false}) {
    const int number = cut_first ? 1 : 2;
    const auto key = linked_contact(contact(number), "Lane");
    if (cut_first) keep(contacts_, key, state(LinkState::none));
    Settlement anew = state(LinkState::creating);
    anew.upsert_key = "key-" + key;
    keep(contacts_, key, anew);
    look(contacts_, key, [&](const Known& known) {
      EXPECT_EQ(known.heads[0].link, LinkState::creating);
      EXPECT_FALSE(known.heads[0].record);
      EXPECT_EQ(known.heads[0].upsert_key, "key-" + key);
      EXPECT_TRUE(known.bases[0][last_name].is_null());
    });
    keep(contacts_, key, state(LinkState::linked, contact(number + 10)));
    const auto observed = observe({{contact(number), {"Lane", "", "", ""}}}, 4);
    EXPECT_FALSE(need(store().load(contacts_, observed, reached(1))));
    need(store().settle(contacts_, observed, [&](const Known& known) {
      EXPECT_EQ(known.heads[0].link, LinkState::none);
      EXPECT_EQ(known.heads[0].former_row.text, key);
      return WriteSet{};
    }));
  }
}

TEST_P(StoreContract, ARecordWhoseReferencesArePulledIsOfferedUnlessAPullSetItAside) {
  prepare_all();
  Settlement waits;
  waits.pull_waits = true;
  const auto key = linked_contact(contact(1), "Lane"), other = linked_contact(contact(2), "Kent");
  need(store().settle(contacts_, observe({{contact(2), {"Kent", "", "", ""}}}, 4), [&](const Known&) {
    Settlement aside;
    aside.parked = core::Parked{{base::ErrorKind::precondition, "waits", "WAITING_FOR_PARENT"}, at(500), account(9)};
    return WriteSet{.settlements = {aside}};
  }));
  keep(contacts_, key, waits);
  keep(contacts_, other, waits);
  EXPECT_EQ(need(store().parked_records(contacts_, at(1), 10)), std::vector{contact(1)});
}

TEST_P(StoreContract, AReferenceToAParentThatWasMadeAgainIsNoEditOfARowWhoseRecordIsDeleted) {
  prepare_all();
  const auto parent = linked_company(account(1), "Acme"), other = linked_company(account(2), "Acme Ltd");
  take(contacts_, observe({{contact(1), {"Lane", "", "", account(1).str()}}}, 4));
  const auto key = app_->keys("contacts").back();
  keep(accounts_, parent, state(LinkState::none));
  keep(accounts_, parent, state(LinkState::linked, account(3)));
  look(contacts_, key, [](const Known& known) { EXPECT_TRUE(known.heads[0].replaced.none()); });
  keep(contacts_, key, state(LinkState::record_deleted));
  look(contacts_, key, [](const Known& known) {
    EXPECT_EQ(known.rows[0][company_id], Cell{account(3).view()});
    EXPECT_TRUE(known.heads[0].replaced[company_id]);
  });
  app_->update("contacts", key, {{"company_id", other}});
  look(contacts_, key, [](const Known& known) { EXPECT_FALSE(known.heads[0].replaced[company_id]) << "it was moved"; });
}

TEST_P(StoreContract, ARecordIsFoundByItsKeyThoughItsRowIsDeleted) {
  prepare_all();
  const auto key = app_->insert("contacts", {{"last_name", "Lane"}});
  Settlement announced = state(LinkState::creating);
  announced.upsert_key = "key-1";
  keep(contacts_, key, announced);
  app_->erase("contacts", key);
  keep(contacts_, key, state(LinkState::row_deleted));
  auto observed = observe({{contact(7), {"Lane", "", "", ""}}}, 4);
  observed.heads[0].upsert_key = "key-1";
  EXPECT_FALSE(need(store().load(contacts_, observed, reached(1))));
  need(store().settle(contacts_, observed, [&](const Known& known) {
    EXPECT_EQ(known.heads[0].link, LinkState::row_deleted);
    EXPECT_EQ(known.heads[0].row.text, key);
    return WriteSet{};
  }));
}

TEST_P(StoreContract, PairsThatAreBothGoneAreForgottenInTime) {
  prepare_all();
  std::vector<std::string> keys;
  for (int i = 1; i <= 3; ++i) {
    keys.push_back(linked_contact(contact(i), "Lane"));
    Settlement gone = state(LinkState::both_gone, contact(i));
    gone.stamp = at(i * 100);
    gone.remove_row = true;
    keep(contacts_, keys.back(), gone);
  }
  linked_contact(contact(4), "Kent");
  need(store().forget(contacts_, at(200)));
  const auto left = need(store().links(contacts_, LinkState::both_gone, 0, 10));
  EXPECT_EQ(left.records, (std::vector{contact(2), contact(3)}));
  EXPECT_EQ(need(store().extent(contacts_)).links, 1);
}

// --- merges

TEST_P(StoreContract, AMergeMovesTheLinkToAWinnerThatHasNone) {
  prepare_all();
  const auto key = linked_company(account(1), "Acme");
  const auto child = app_->insert("contacts", {{"last_name", "Lane"}, {"company_id", key}});
  EXPECT_TRUE(need(store().follow_merge(accounts_, account(1), account(2))));
  EXPECT_FALSE(need(store().follow_merge(accounts_, account(1), account(2)))) << "once is enough";
  look(accounts_, key, [](const Known& known) {
    EXPECT_EQ(known.heads[0].link, LinkState::linked);
    EXPECT_EQ(known.heads[0].record, account(2));
    EXPECT_EQ(known.bases[0][0], Cell{"Acme"}) << "what was agreed on stays";
  });
  EXPECT_EQ(need(store().parked_records(accounts_, at(0), 10)), std::vector{account(2)}) << "it is to be read";
  look(contacts_, child, [](const Known& known) { EXPECT_EQ(known.rows[0][company_id], Cell{account(2).view()}); });
  const auto late = observe({{contact(1), {"Late", "", "", account(1).str()}}}, 4);
  need(store().settle(contacts_, late, [&](const Known& known) {
    EXPECT_FALSE(known.unlinked[0][company_id]) << "the loser's id means the winner";
    return take_all(late, known);
  }));
  EXPECT_EQ(app_->cell("contacts", app_->keys("contacts").back(), "company_id"), key);
  need(store().settle(accounts_, observe({{account(1), {"Acme", ""}}}, 2), [&](const Known& known) {
    EXPECT_EQ(known.heads[0].link, LinkState::none);
    EXPECT_EQ(known.heads[0].former_row.text, key) << "a create that waits for its record must not take it";
    EXPECT_FALSE(known.heads[0].former_lives) << "should it live again it is a record like any other";
    return WriteSet{};
  }));
}

TEST_P(StoreContract, AMergeOfTwoRowsPointsChildrenToTheWinnersSilently) {
  prepare_all();
  const auto loser = linked_company(account(1), "Acme");
  const auto winner = linked_company(account(2), "Acme Ltd");
  take(contacts_, observe({{contact(1), {"Lane", "", "Acme", account(1).str()}}}, 4));
  const auto child = app_->keys("contacts").back();
  EXPECT_FALSE(need(store().follow_merge(accounts_, account(1), account(2))));
  EXPECT_EQ(app_->cell("contacts", child, "company_id"), winner);
  EXPECT_TRUE(waiting(contacts_).empty());
  look(accounts_, loser, [](const Known& known) {
    EXPECT_EQ(known.heads[0].link, LinkState::record_deleted);
    EXPECT_EQ(known.heads[0].record, account(1));
  });
  app_->update("contacts", child, {{"company_id", loser}});
  look(contacts_, child, [](const Known& known) { EXPECT_EQ(known.rows[0][company_id], Cell{account(2).view()}); });
  Settlement gone = state(LinkState::both_gone);
  gone.remove_row = true;
  keep(accounts_, loser, gone);
  EXPECT_EQ(app_->cell("contacts", child, "company_id"), winner) << "what was sent as the winner stays that";
}

TEST_P(StoreContract, AMergeIntoARecordWhoseRowIsGonePointsNothingToThatRow) {
  prepare_all();
  const auto loser = linked_company(account(1), "Acme");
  const auto winner = linked_company(account(2), "Acme Ltd");
  take(contacts_, observe({{contact(1), {"Lane", "", "Acme", account(1).str()}}}, 4));
  app_->erase("companies", winner);
  keep(accounts_, winner, state(LinkState::row_deleted));
  EXPECT_FALSE(need(store().follow_merge(accounts_, account(1), account(2))));
  EXPECT_EQ(app_->cell("contacts", app_->keys("contacts").back(), "company_id"), loser);
  look(accounts_, loser, [](const Known& known) { EXPECT_EQ(known.heads[0].link, LinkState::record_deleted); });
}

TEST_P(StoreContract, AChainOfMergesLeadsToTheRecordThatLives) {
  prepare_all();
  const auto key = linked_company(account(1), "Acme");
  // In either order: the later merge may be seen first.
  need(store().follow_merge(accounts_, account(2), account(3)));
  EXPECT_TRUE(need(store().follow_merge(accounts_, account(1), account(2))));
  EXPECT_TRUE(need(store().follow_merge(accounts_, account(3), account(4))));
  look(accounts_, key, [](const Known& known) { EXPECT_EQ(known.heads[0].record, account(4)); });
  const auto late = observe({{contact(1), {"Late", "", "", account(1).str()}}}, 4);
  need(store().settle(contacts_, late, [&](const Known& known) {
    EXPECT_FALSE(known.unlinked[0][company_id]);
    return WriteSet{};
  }));
}

TEST_P(StoreContract, AMergedRecordThatLivesAgainIsItselfAgain) {
  prepare_all();
  linked_company(account(2), "Acme");
  need(store().follow_merge(accounts_, account(1), account(2)));
  take(accounts_, observe({{account(1), {"Back", ""}}}, 2));
  const auto keys = app_->keys("companies");
  ASSERT_EQ(keys.size(), 2u);
  take(contacts_, observe({{contact(1), {"Lane", "", "", account(1).str()}}}, 4));
  EXPECT_EQ(app_->cell("contacts", app_->keys("contacts").back(), "company_id"), keys[1]);
}

// --- parents and children

TEST_P(StoreContract, ChildrenOfADeletedRowAreReleasedFirst) {
  prepare_all();
  const auto company = linked_company(account(1), "Acme");
  take(contacts_, observe({{contact(1), {"Lane", "", "Acme", account(1).str()}}}, 4));
  const auto child = app_->keys("contacts").back();
  app_->erase("companies", company);
  Settlement gone = state(LinkState::row_deleted, account(1));
  gone.acknowledge = only_entry(accounts_).seq;
  keep(accounts_, company, gone);
  look(accounts_, company, [](const Known& known) { EXPECT_FALSE(known.heads[0].children_wait); });
  EXPECT_EQ(need(store().release_children(accounts_)), 1);
  EXPECT_EQ(need(store().release_children(accounts_)), 0);
  EXPECT_EQ(only_entry(contacts_).row.text, child);
  look(accounts_, company, [](const Known& known) { EXPECT_TRUE(known.heads[0].children_wait); });
  Settlement done;
  done.acknowledge = only_entry(contacts_).seq;
  keep(contacts_, child, done);
  look(accounts_, company, [](const Known& known) { EXPECT_FALSE(known.heads[0].children_wait); });
}

/// A row can refer to two that are gone, wait for the one for ever, and would hold up the other's deletion as long.
TEST_P(StoreContract, AChildThatLetGoInTheOrgHoldsUpNothing) {
  prepare_all();
  const auto company = linked_company(account(1), "Acme");
  const auto observed = observe({{contact(1), {"Lane", "", "Acme", account(1).str()}}}, 4);
  take(contacts_, observed);
  const auto child = app_->keys("contacts").back();
  app_->erase("companies", company);
  keep(accounts_, company, state(LinkState::row_deleted, account(1)));
  app_->update("contacts", child, {{"last_name", "Kent"}});
  look(accounts_, company, [](const Known& known) { EXPECT_TRUE(known.heads[0].children_wait); });
  std::vector<model::Cell> base(observed.cells[0].begin(), observed.cells[0].end());
  base[company_id] = model::Cell{};
  Settlement released;
  released.base = base;
  keep(contacts_, child, released);
  look(accounts_, company, [](const Known& known) { EXPECT_FALSE(known.heads[0].children_wait); });
  const std::string parent = account(1).str();
  released.sent = std::vector<model::SentValue>{{company_id, model::Cell{parent}}};
  keep(contacts_, child, released);
  look(accounts_, company, [](const Known& known) { EXPECT_TRUE(known.heads[0].children_wait); });
}

TEST_P(StoreContract, ARowWaitsForItsParentsRecordAndGoesOnByItself) {
  prepare_all();
  const auto parent = app_->insert("companies", {{"name", "Acme"}});
  const auto by_key = app_->insert("contacts", {{"last_name", "Lane"}, {"company_id", parent}});
  const auto by_name = app_->insert("contacts", {{"last_name", "Kent"}, {"company", "Acme"}});
  for (const auto& [key, waits_for] : {std::pair{by_key, std::size_t{company_id}}, {by_name, std::size_t{company}}}) {
    Settlement wait;
    wait.waiting_for = "waits for its company";
    wait.parked = core::Parked{
        {base::ErrorKind::precondition, "waits", "WAITING_FOR_PARENT"}, at(100'000'000), {}, {}, waits_for};
    keep(contacts_, key, wait);
    EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_status"), "pending");
    EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_error"), "waits for its company");
  }
  EXPECT_TRUE(waiting(contacts_).empty());
  need(store().requeue_parked(contacts_, at(1)));
  EXPECT_TRUE(waiting(contacts_).empty());
  keep(accounts_, parent, state(LinkState::linked, account(1)));
  need(store().requeue_parked(contacts_, at(1)));
  EXPECT_EQ(waiting(contacts_).size(), 2u);
}

TEST_P(StoreContract, OfSeveralColumnsOfOneFieldTheFirstThatIsFilledCounts) {
  prepare_all();
  const model::Mapping mapping = tasks();
  need(store().prepare(mapping));
  const auto company = linked_company(account(1), "Acme");
  take(opportunities_, observe({{id("006", 1), {"Deal", "", ""}}}, 3));
  const auto deal = app_->keys("opportunities").back();
  const auto key = app_->insert("tasks", {{"subject", "Call"}, {"company_id", company}, {"opportunity_id", deal}});
  look(mapping, key, [](const Known& known) {
    EXPECT_EQ(known.rows[0][1], Cell{id("006", 1).view()});
    EXPECT_TRUE(known.rows[0][2].is_null());
  });
  app_->update("tasks", key, {{"opportunity_id", std::nullopt}});
  look(mapping, key, [](const Known& known) { EXPECT_EQ(known.rows[0][2], Cell{account(1).view()}); });
}

// --- creates without a key

TEST_P(StoreContract, ACreateWithoutAKeyStandsAsAnIntentUntilItsRecordIsKnown) {
  prepare_all();
  const auto key = app_->insert("contacts", {{"last_name", "Lane"}});
  const auto keyed = app_->insert("contacts", {{"last_name", "Kent"}});
  Settlement with_key = state(LinkState::creating);
  with_key.upsert_key = "key-1";
  keep(contacts_, keyed, with_key);
  Settlement announced = state(LinkState::creating);
  announced.stamp = at(5);
  const std::vector<model::SentValue> sent = {{last_name, Cell{"Lane"}}};
  announced.sent = sent;
  keep(contacts_, key, announced);
  app_->reopen();
  prepare_all();
  const auto intents = need(store().create_intents(contacts_));
  ASSERT_EQ(intents.list.size(), 1u);
  EXPECT_EQ(intents.list[0].row.text, key);
  EXPECT_EQ(intents.list[0].announced_at, at(5));
  ASSERT_EQ(intents.list[0].sent.size(), 1u);
  EXPECT_EQ(intents.list[0].sent[0].value, Cell{"Lane"});
  keep(contacts_, key, state(LinkState::linked, contact(1)));
  EXPECT_TRUE(need(store().create_intents(contacts_)).list.empty());
}

}  // namespace contract
