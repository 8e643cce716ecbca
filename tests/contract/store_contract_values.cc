// What every core::Store promises (see core/ports/store.h), asked of each backend: references, values, what is parked.
#include <set>

#include "store_contract_support.h"

namespace contract {

// --- references

TEST_P(StoreContract, AReferenceIsSpeltAsTheParentsRecordId) {
  prepare_all();
  const auto parent = linked_company(account(1), "Acme");
  const auto key = app_->insert("contacts", {{"last_name", "Lane"}, {"company_id", parent}});
  look(contacts_, key, [](const Known& known) {
    EXPECT_EQ(known.rows[0][company_id], Cell{account(1).view()});
    EXPECT_TRUE(known.unlinked.empty());
  });
  const auto stranger = app_->insert("companies", {{"name", "Not linked"}});
  app_->update("contacts", key, {{"company_id", stranger}});
  look(contacts_, key, [](const Known& known) { EXPECT_TRUE(known.rows[0][company_id].is_unresolved()); });
  app_->update("contacts", key, {{"company_id", std::nullopt}});
  look(contacts_, key, [](const Known& known) { EXPECT_TRUE(known.rows[0][company_id].is_null()); });
}

TEST_P(StoreContract, AReferenceIsWrittenAsTheParentsRowKey) {
  prepare_all();
  const auto parent = linked_company(account(1), "Acme");
  const auto observed = observe(
      {{contact(1), {"Lane", "", "Acme", account(1).str()}}, {contact(2), {"Kent", "", "", account(99).str()}}}, 4);
  need(store().settle(contacts_, observed, [&](const Known& known) {
    EXPECT_FALSE(known.unlinked[0][company_id]);
    EXPECT_TRUE(known.unlinked[1][company_id]);
    return take_all(observed, known);
  }));
  const auto keys = app_->keys("contacts");
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(app_->cell("contacts", keys[0], "company_id"), parent);
  EXPECT_EQ(app_->cell("contacts", keys[1], "company_id"), std::nullopt);
}

TEST_P(StoreContract, AParentsNameStandsForTheOneLinkedParentOfThatName) {
  prepare_all();
  linked_company(account(1), "Acme");
  const auto key = app_->insert("contacts", {{"last_name", "Lane"}, {"company", "Acme"}});
  look(contacts_, key, [](const Known& known) {
    EXPECT_EQ(known.rows[0][company], Cell{"Acme"});
    EXPECT_EQ(known.parents[0][company], Cell{account(1).view()});
    EXPECT_TRUE(known.parents[0][last_name].is_null());
  });
  app_->insert("companies", {{"name", "Unlinked"}});
  app_->update("contacts", key, {{"company", "Unlinked"}});
  look(contacts_, key, [](const Known& known) { EXPECT_TRUE(known.parents[0][company].is_unresolved()); });
  app_->update("contacts", key, {{"company", "Nowhere"}});
  look(contacts_, key, [](const Known& known) { EXPECT_TRUE(known.parents[0][company].is_unresolved()); });
  linked_company(account(2), "Acme");
  app_->update("contacts", key, {{"company", "Acme"}});
  look(contacts_, key, [](const Known& known) { EXPECT_TRUE(known.parents[0][company].is_null()) << "there are two"; });
}

TEST_P(StoreContract, ARowWaitsForTheOneParentOfTheNameItHolds) {
  prepare_all();
  const auto key = app_->insert("contacts", {{"last_name", "Lane"}, {"company", "Acme"}});
  Settlement park;
  park.parked = core::Parked{{base::ErrorKind::precondition, "waits"}, at(5000), {}, {}, company};
  park.acknowledge = only_entry(contacts_).seq;
  keep(contacts_, key, park);
  linked_company(account(1), "Other");
  need(store().requeue_parked(contacts_, at(10)));
  EXPECT_TRUE(waiting(contacts_).empty());
  linked_company(account(2), "Acme");
  need(store().requeue_parked(contacts_, at(10)));
  park.acknowledge = only_entry(contacts_).seq;
  keep(contacts_, key, park);
  linked_company(account(3), "Acme");
  need(store().requeue_parked(contacts_, at(10)));
  EXPECT_TRUE(waiting(contacts_).empty()) << "of two, neither";
}

TEST_P(StoreContract, ARenamedParentIsRenamedInItsChildrenSilently) {
  prepare_all();
  linked_company(account(1), "Acme");
  const auto observed = observe(
      {{contact(1), {"Lane", "", "Acme", account(1).str()}}, {contact(2), {"Kent", "", "Acme", account(1).str()}}}, 4);
  take(contacts_, observed);
  const auto keys = app_->keys("contacts");
  app_->update("contacts", keys[1], {{"company", "Somewhere else"}});
  take(accounts_, observe({{account(1), {"Acme Ltd", ""}}}, 2, 2));
  EXPECT_EQ(app_->cell("contacts", keys[0], "company"), "Acme Ltd");
  EXPECT_EQ(app_->cell("contacts", keys[1], "company"), "Somewhere else") << "that edit stands for another parent";
  EXPECT_EQ(only_entry(contacts_).row.text, keys[1]);
}

// --- values

/// A field may be hidden for a day, or be taken out of the mapping and come back.
TEST_P(StoreContract, WhatWasAgreedOnAboutAFieldOutlivesItsAbsence) {
  prepare_all();
  take(contacts_, observe({{contact(1), {"Lane", "a@example.com", "", ""}}}, 4));
  const auto key = app_->keys("contacts").back();
  model::Mapping fewer = contacts_;
  fewer.fields.erase(fewer.fields.begin() + email);
  --fewer.fields[company - 1].via;
  for (const char* name : {"Kent", "Prince"}) {  // The second time it is a base with something away that is replaced.
    need(store().prepare(fewer));
    take(fewer, observe({{contact(1), {name, "", ""}}}, 3));
    app_->reopen();
  }
  need(store().prepare(accounts_));
  need(store().prepare(contacts_));
  look(contacts_, key, [](const Known& known) {
    EXPECT_EQ(known.bases[0][last_name], Cell{"Prince"});
    EXPECT_EQ(known.bases[0][email], Cell{"a@example.com"});
  });
  take(contacts_, observe({{contact(1), {"Prince", "b@example.com", "", ""}}}, 4));
  need(store().prepare(fewer));
  need(store().prepare(contacts_));
  look(contacts_, key, [](const Known& known) { EXPECT_EQ(known.bases[0][email], Cell{"b@example.com"}); });
}

TEST_P(StoreContract, ValuesOfBothSidesAreSpeltAlike) {
  prepare_all();
  const auto key =
      app_->insert("opportunities", {{"name", "  Big deal "}, {"amount", "1234.50"}, {"close_date", "2026-01-31"}});
  look(opportunities_, key, [](const Known& known) {
    EXPECT_EQ(known.rows[0][0], Cell{"Big deal"});
    EXPECT_EQ(known.rows[0][1], Cell{"1234.5"});
    EXPECT_EQ(known.rows[0][2], Cell{"2026-01-31"});
  });
  for (const char* amount : {"0.1", "1234567890123.45", "-7", "99999999.99", "0.07", "100"}) {
    const auto observed = observe({{id("006", 1), {"Deal", amount, "2026-02-28"}}}, 3);
    take(opportunities_, observed);
    need(store().settle(opportunities_, observed, [&](const Known& known) {
      EXPECT_EQ(known.rows[0][1], Cell{amount});
      return WriteSet{};
    }));
  }
}

TEST_P(StoreContract, AValueThatIsNoneOfItsTypeIsReported) {
  prepare_all();
  const auto key = app_->insert("opportunities", {{"name", "Deal"}, {"amount", "1"}, {"close_date", "next Tuesday"}});
  look(opportunities_, key, [](const Known& known) {
    ASSERT_TRUE(known.heads[0].unreadable);
    EXPECT_EQ(known.heads[0].unreadable->service_code, "INVALID_VALUE");
    EXPECT_NE(known.heads[0].unreadable->message.find("close_date"), std::string::npos);
    EXPECT_EQ(known.heads[0].unreadable->message.find("Tuesday"), std::string::npos) << "no values in messages";
    EXPECT_TRUE(known.rows[0][2].is_null());
  });
}

TEST_P(StoreContract, RowsOfAnotherWorkspaceAreNotThere) {
  prepare_all();
  const auto foreign = app_->insert("contacts", {{"last_name", "Other"}, {"workspace_id", "other"}});
  look(contacts_, foreign, [](const Known& known) { EXPECT_FALSE(known.heads[0].row_exists); });
}

// --- parked

TEST_P(StoreContract, AParkedRowLeavesTheOutboxAndComesBackInTime) {
  prepare_all();
  const auto key = app_->insert("contacts", {{"last_name", "Lane"}});
  Settlement park;
  park.parked = core::Parked{{base::ErrorKind::rejected, "REQUIRED_FIELD_MISSING: give it a name"}, at(100), {}};
  park.acknowledge = only_entry(contacts_).seq;
  keep(contacts_, key, park);
  EXPECT_TRUE(waiting(contacts_).empty());
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_status"), "error");
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_error"), "REQUIRED_FIELD_MISSING: give it a name");
  app_->reopen();
  prepare_all();
  need(store().requeue_parked(contacts_, at(99)));
  EXPECT_TRUE(waiting(contacts_).empty());
  need(store().requeue_parked(contacts_, at(100)));
  const auto entry = only_entry(contacts_);
  look(contacts_, key, [](const Known& known) { EXPECT_TRUE(known.heads[0].parked); });
  Settlement done;
  done.acknowledge = entry.seq;
  done.unpark = true;
  keep(contacts_, key, done);
  look(contacts_, key, [](const Known& known) { EXPECT_FALSE(known.heads[0].parked); });
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_status"), "synced");
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_error"), std::nullopt);
  need(store().requeue_parked(contacts_, at(1000)));
  EXPECT_TRUE(waiting(contacts_).empty());
}

TEST_P(StoreContract, AParkedRowComesBackWithItsNextEdit) {
  prepare_all();
  const auto key = app_->insert("contacts", {{"last_name", "Lane"}});
  Settlement park;
  park.parked = core::Parked{{base::ErrorKind::rejected, "no"}, at(1000), {}};
  park.acknowledge = only_entry(contacts_).seq;
  keep(contacts_, key, park);
  app_->update("contacts", key, {{"last_name", "Kent"}});
  EXPECT_EQ(only_entry(contacts_).row.text, key);
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_status"), "pending");
}

TEST_P(StoreContract, ARecordWaitsForItsTimeOrForItsParent) {
  prepare_all();
  const auto observed =
      observe({{contact(1), {"Lane", "", "", account(9).str()}}, {contact(2), {"Kent", "", "", ""}}}, 4);
  need(store().settle(contacts_, observed, [&](const Known& known) {
    WriteSet writes = take_all(observed, known);
    writes.settlements[0].parked = core::Parked{{base::ErrorKind::precondition, "waits"}, at(5000), account(9)};
    writes.settlements[1] = Settlement{};
    writes.settlements[1].at = 1;
    writes.settlements[1].parked = core::Parked{{base::ErrorKind::rejected, "later"}, at(100), {}};
    return writes;
  }));
  EXPECT_TRUE(need(store().parked_records(contacts_, at(99), 10)).empty());
  EXPECT_EQ(need(store().parked_records(contacts_, at(100), 10)), std::vector{contact(2)});
  linked_company(account(9), "Acme");
  const auto due = need(store().parked_records(contacts_, at(100), 10));
  EXPECT_EQ(std::set<RecordId>(due.begin(), due.end()), (std::set{contact(1), contact(2)}));
  EXPECT_EQ(need(store().parked_records(contacts_, at(100), 1)).size(), 1u);
  need(store().settle(contacts_, observed, [&](const Known& known) {
    EXPECT_TRUE(known.heads[0].parked);
    EXPECT_TRUE(known.heads[1].parked);
    WriteSet writes = take_all(observed, known);
    for (auto& settlement : writes.settlements) settlement.unpark = true;
    return writes;
  }));
  EXPECT_TRUE(need(store().parked_records(contacts_, at(10'000), 10)).empty());
  EXPECT_TRUE(app_->cell("contacts", app_->keys("contacts")[0], "company_id"));
}

/// Its parent may be deleted meanwhile, and then nothing else would ever bring it up again.
TEST_P(StoreContract, ARecordRefusedForItsParentIsAlsoTriedAgainWithoutIt) {
  prepare_all();
  const auto observed = observe({{contact(1), {"Lane", "", "", account(9).str()}}}, 4);
  const auto refused = need(store().settle(contacts_, observed, [&](const Known& known) {
    WriteSet writes = take_all(observed, known);
    writes.settlements[0].columns.set(company_id);
    return writes;
  }));
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].error.service_code, "WAITING_FOR_PARENT");
  EXPECT_TRUE(need(store().parked_records(contacts_, at(5), 10)).empty());
  EXPECT_EQ(need(store().parked_records(contacts_, base::Utc{seconds{32'000'000'000}}, 10)), std::vector{contact(1)});
}

TEST_P(StoreContract, ARecordThatCannotBeReadIsParked) {
  prepare_all();
  const auto observed = observe({{contact(1), {"Lane", "", "", ""}}}, 4);
  need(store().settle(contacts_, observed, [&](const Known& known) {
    WriteSet writes = take_all(observed, known);
    writes.unreadable.push_back({contact(2), {base::ErrorKind::malformed, "a number was expected"}});
    return writes;
  }));
  EXPECT_EQ(app_->keys("contacts").size(), 1u);
  const base::Utc far = base::Utc{seconds{32'000'000'000}};
  EXPECT_EQ(need(store().parked_records(contacts_, far, 10)), std::vector{contact(2)});
}

TEST_P(StoreContract, ARowThatTheDatabaseRefusesIsParkedAndTheRestGoesOn) {
  if (!app_->forbid_duplicates("contacts", "email")) GTEST_SKIP() << "this store refuses nothing";
  prepare_all();
  const auto observed = observe({{contact(1), {"Lane", "same@example.com", "", ""}},
                                 {contact(2), {"Kent", "same@example.com", "", ""}},
                                 {contact(3), {"Luthor", "other@example.com", "", ""}}},
                                4);
  const auto refused = need(store().settle(contacts_, observed, [&](const Known& known) {
    WriteSet writes = take_all(observed, known);
    writes.position = reached(3);
    return writes;
  }));
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].at, 1u);
  EXPECT_NE(refused[0].error.message.find("email"), std::string::npos);
  EXPECT_EQ(app_->keys("contacts").size(), 2u);
  EXPECT_EQ(need(store().position(contacts_)), reached(3));
  const base::Utc far = base::Utc{seconds{32'000'000'000}};
  EXPECT_EQ(need(store().parked_records(contacts_, far, 10)), std::vector{contact(2)});
  EXPECT_FALSE(
      need(store().load(contacts_, observe({{contact(4), {"D", "same@example.com", "", ""}}}, 4), reached(4))));
  EXPECT_EQ(app_->keys("contacts").size(), 2u);
  EXPECT_TRUE(waiting(contacts_).empty());
}

}  // namespace contract
