// What every core::Store promises (see core/ports/store.h), asked of each backend.
#include <algorithm>
#include <set>

#include "store_under_test.h"

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreContract);

namespace {

using core::Known;
using core::LinkState;
using core::Settlement;
using core::WriteSet;
using model::Cell;
using model::OutboxSeq;
using model::RecordId;
using model::RowKey;
using std::chrono::seconds;

model::FieldMapping field(std::string column, std::string org_field, model::FieldKind kind = model::FieldKind::text,
                          std::int32_t scale = 0) {
  model::FieldMapping made;
  made.column = std::move(column);
  made.org_field = std::move(org_field);
  made.type.kind = kind;
  made.type.scale = scale;
  return made;
}

model::Mapping accounts() {
  model::Mapping mapping;
  mapping.id = model::MappingId{1};
  mapping.object = "Account";
  mapping.table = "companies";
  mapping.workspace = "default";
  mapping.fields = {field("name", "Name"), field("phone", "Phone")};
  return mapping;
}

enum : std::size_t { last_name, email, company, company_id };

model::Mapping contacts() {
  model::Mapping mapping;
  mapping.id = model::MappingId{2};
  mapping.object = "Contact";
  mapping.table = "contacts";
  mapping.workspace = "default";
  mapping.fields = {field("last_name", "LastName"), field("email", "Email"), field("company", "Account.Name"),
                    field("company_id", "AccountId", model::FieldKind::reference)};
  mapping.fields[company].role = model::FieldRole::parent_name;
  mapping.fields[company].via = company_id;
  mapping.fields[company].parent_object = mapping.fields[company_id].parent_object = "Account";
  mapping.fields[company_id].role = model::FieldRole::reference;
  return mapping;
}

model::Mapping opportunities() {
  model::Mapping mapping;
  mapping.id = model::MappingId{3};
  mapping.object = "Opportunity";
  mapping.table = "opportunities";
  mapping.workspace = "default";
  mapping.fields = {field("name", "Name"), field("amount", "Amount", model::FieldKind::number, 2),
                    field("close_date", "CloseDate", model::FieldKind::date)};
  return mapping;
}

RecordId id(std::string_view prefix, int number) {
  std::string digits = std::to_string(number);
  return *RecordId::parse(std::string{prefix} + std::string(12 - digits.size(), '0') + digits);
}
RecordId account(int number) { return id("001", number); }
RecordId contact(int number) { return id("003", number); }

base::Utc at(int second) { return base::Utc{seconds{1'700'000'000 + second}}; }

model::Position reached(int second) {
  model::Watermark mark;
  mark.reached = {at(second), contact(second)};
  return mark;
}

/// An observation of records with one row of values each; an empty text is null.
core::Observation observe(const std::vector<std::pair<RecordId, std::vector<std::string>>>& records, std::size_t width,
                          int second = 1) {
  core::Observation observed;
  observed.restart(width);
  for (const auto& [record, values] : records) {
    const auto row = observed.cells.add();
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!values[i].empty()) row[i] = Cell{observed.cells.text().copy(values[i])};
    observed.heads.push_back({record, {}, at(second)});
  }
  observed.as_of = at(second + 5);
  return observed;
}

/// Takes every record as a new row, or writes it over the row there is.
WriteSet take_all(const core::Observation& observed, const Known& known) {
  WriteSet writes;
  for (std::size_t i = 0; i < observed.size(); ++i) {
    Settlement s;
    s.at = i;
    for (std::size_t f = 0; f < observed.cells.width(); ++f) s.columns[f] = !known.unlinked[i][f];
    s.values = observed.cells[i];
    s.insert_row = !known.heads[i].row_exists;
    s.link = LinkState::linked;
    s.record = observed.heads[i].id;
    s.stamp = observed.heads[i].stamp;
    s.base = observed.cells[i];
    writes.settlements.push_back(std::move(s));
  }
  return writes;
}

template <class T>
T need(base::Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace

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
  const auto observed = observe({{contact(1), {"Lane", "l@example.com", "Acme", account(1).str()}},
                                 {contact(2), {"Kent", "", "", ""}}},
                                4);
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
  const auto observed =
      observe({{contact(1), {"Lane", "", "", ""}}, {contact(2), {"Kent", "", "", ""}}}, 4);
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
  const auto observed = observe({{contact(1), {"Lane", "", "Acme", account(1).str()}},
                                 {contact(2), {"Kent", "", "", account(99).str()}}},
                                4);
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
  look(contacts_, key, [](const Known& known) { EXPECT_TRUE(known.parents[0][company].is_null()); });
  linked_company(account(2), "Acme");
  app_->update("contacts", key, {{"company", "Acme"}});
  look(contacts_, key, [](const Known& known) { EXPECT_TRUE(known.parents[0][company].is_null()) << "there are two"; });
}

TEST_P(StoreContract, ARenamedParentIsRenamedInItsChildrenSilently) {
  prepare_all();
  linked_company(account(1), "Acme");
  const auto observed = observe({{contact(1), {"Lane", "", "Acme", account(1).str()}},
                                 {contact(2), {"Kent", "", "Acme", account(1).str()}}},
                                4);
  take(contacts_, observed);
  const auto keys = app_->keys("contacts");
  app_->update("contacts", keys[1], {{"company", "Somewhere else"}});
  take(accounts_, observe({{account(1), {"Acme Ltd", ""}}}, 2, 2));
  EXPECT_EQ(app_->cell("contacts", keys[0], "company"), "Acme Ltd");
  EXPECT_EQ(app_->cell("contacts", keys[1], "company"), "Somewhere else") << "that edit stands for another parent";
  EXPECT_EQ(only_entry(contacts_).row.text, keys[1]);
}

// --- values

TEST_P(StoreContract, ValuesOfBothSidesAreSpeltAlike) {
  prepare_all();
  const auto key = app_->insert(
      "opportunities", {{"name", "  Big deal "}, {"amount", "1234.50"}, {"close_date", "2026-01-31"}});
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
  const auto key =
      app_->insert("opportunities", {{"name", "Deal"}, {"amount", "1"}, {"close_date", "next Tuesday"}});
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
  const auto observed = observe({{contact(1), {"Lane", "", "", account(9).str()}},
                                 {contact(2), {"Kent", "", "", ""}}},
                                4);
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
  EXPECT_FALSE(need(store().load(contacts_, observe({{contact(4), {"D", "same@example.com", "", ""}}}, 4), reached(4))));
  EXPECT_EQ(app_->keys("contacts").size(), 2u);
  EXPECT_TRUE(waiting(contacts_).empty());
}

}  // namespace contract
