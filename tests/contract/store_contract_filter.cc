// What every core::Store promises (see core/ports/store.h), asked of each backend: records that leave a filter.
#include "core/filter_leave.h"
#include "store_contract_support.h"

namespace contract {
namespace {

using core::FilterPlace;

Settlement moved(FilterPlace place) {
  Settlement s;
  s.place = place;
  return s;
}

/// Its row goes and the record stays.
Settlement removal(RecordId record) {
  Settlement s = moved(FilterPlace::outside);
  s.remove_row = true;
  s.link = LinkState::both_gone;
  s.record = record;
  return s;
}

}  // namespace

TEST_P(StoreContract, WhereARecordStandsToTheFilterIsKept) {
  prepare_all();
  const auto key = linked_contact(contact(1), "Lane");
  look(contacts_, key, [](const Known& known) { EXPECT_EQ(known.heads[0].place, FilterPlace::inside); });
  for (const FilterPlace place : {FilterPlace::flagged, FilterPlace::leaving, FilterPlace::outside}) {
    keep(contacts_, key, moved(place));
    app_->reopen();
    prepare_all();
    look(contacts_, key, [&](const Known& known) {
      EXPECT_EQ(known.heads[0].place, place);
      EXPECT_EQ(known.heads[0].link, LinkState::linked);
      EXPECT_EQ(known.bases[0][last_name], Cell{"Lane"});
    });
    // Whatever else is kept about the link leaves it alone.
    Settlement other;
    other.sent.emplace();
    keep(contacts_, key, other);
    look(contacts_, key, [&](const Known& known) { EXPECT_EQ(known.heads[0].place, place); });
  }
  const auto fresh = app_->insert("contacts", {{"last_name", "Kent"}});
  Settlement announced = moved(FilterPlace::outside);
  announced.link = LinkState::creating;
  announced.upsert_key = "key-1";
  keep(contacts_, fresh, announced);
  look(contacts_, fresh, [](const Known& known) { EXPECT_EQ(known.heads[0].place, FilterPlace::outside); });
}

TEST_P(StoreContract, RowsThatAreToLeaveAreListedAndCounted) {
  prepare_all();
  std::vector<std::string> keys;
  for (int i = 1; i <= 4; ++i) keys.push_back(linked_contact(contact(i), "Lane"));
  keep(contacts_, keys[0], moved(FilterPlace::leaving));
  keep(contacts_, keys[2], moved(FilterPlace::leaving));
  keep(contacts_, keys[3], moved(FilterPlace::flagged));
  const auto first = need(store().leaving(contacts_, 0, 1));
  EXPECT_EQ(first.rows, std::vector{RowKey{keys[0]}});
  EXPECT_EQ(first.records, std::vector{contact(1)});
  const auto second = need(store().leaving(contacts_, first.last, 5));
  EXPECT_EQ(second.rows, std::vector{RowKey{keys[2]}});
  EXPECT_EQ(need(store().extent(contacts_)).rows_leaving, 2);
  EXPECT_EQ(need(store().extent(contacts_)).links, 4);
  keep(contacts_, keys[0], moved(FilterPlace::inside));
  keep(contacts_, keys[2], removal(contact(3)));
  EXPECT_TRUE(need(store().leaving(contacts_, 0, 5)).rows.empty());
  EXPECT_EQ(need(store().extent(contacts_)).rows_leaving, 0);
  EXPECT_EQ(need(store().extent(accounts_)).rows_leaving, 0);
}

TEST_P(StoreContract, AFlaggedRowSaysSoForAsLongAsItIs) {
  contacts_.filter = "Email != null";
  contacts_.on_filter_leave = model::FilterLeave::flag;
  prepare_all();
  const auto key = linked_contact(contact(1), "Lane");
  EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_error"), std::nullopt);
  keep(contacts_, key, moved(FilterPlace::flagged));
  const auto says = [&] {
    EXPECT_EQ(app_->cell("contacts", key, "salesforce_sync_status"), "synced");
    return app_->cell("contacts", key, "salesforce_sync_error");
  };
  EXPECT_EQ(says(), core::flag_text(contacts_));
  EXPECT_TRUE(waiting(contacts_).empty());
  take(contacts_, observe({{contact(1), {"Lang", "", "", ""}}}, 4, 2));
  EXPECT_EQ(app_->cell("contacts", key, "last_name"), "Lang");
  EXPECT_EQ(says(), core::flag_text(contacts_));
  keep(contacts_, key, moved(FilterPlace::inside));
  EXPECT_EQ(says(), std::nullopt);
}

TEST_P(StoreContract, AReferenceToARowThatLeftStandsAndIsFilledInAgain) {
  prepare_all();
  const auto company = linked_company(account(1), "Acme");
  take(contacts_, observe({{contact(1), {"Lane", "", "Acme", account(1).str()}},
                           {contact(2), {"Kent", "", "Acme", account(1).str()}},
                           {contact(3), {"Olsen", "", "Acme", account(1).str()}}},
                          4));
  const auto keys = app_->keys("contacts");
  keep(accounts_, company, removal(account(1)));
  EXPECT_TRUE(app_->keys("companies").empty());
  for (const auto& key : keys) EXPECT_EQ(app_->cell("contacts", key, "company_id"), std::nullopt);
  EXPECT_TRUE(waiting(contacts_).empty());
  app_->reopen();
  prepare_all();
  app_->update("contacts", keys[0], {{"email", "lane@example.com"}});
  look(contacts_, keys[0], [](const Known& known) {
    EXPECT_EQ(known.rows[0][company_id], Cell{account(1).view()}) << "an emptied reference is no edit";
  });
  // One of them is moved meanwhile, one loses its reference in the org.
  const auto other = linked_company(account(2), "Other");
  app_->update("contacts", keys[1], {{"company_id", other}});
  look(contacts_, keys[1], [](const Known& known) { EXPECT_EQ(known.rows[0][company_id], Cell{account(2).view()}); });
  take(contacts_, observe({{contact(3), {"Olsen", "", "", ""}}}, 4, 2));
  look(contacts_, keys[2], [](const Known& known) { EXPECT_TRUE(known.rows[0][company_id].is_null()); });

  const auto back = observe({{account(1), {"Acme", ""}}}, 2, 3);
  need(store().settle(accounts_, back, [&](const Known& known) {
    EXPECT_EQ(known.heads[0].link, LinkState::both_gone);
    EXPECT_EQ(known.heads[0].place, FilterPlace::outside);
    WriteSet writes = take_all(back, known);
    writes.settlements[0].place = FilterPlace::inside;
    return writes;
  }));
  EXPECT_EQ(app_->keys("companies").size(), 2u);
  EXPECT_EQ(app_->cell("companies", company, "name"), "Acme") << "under its old key";
  EXPECT_EQ(app_->cell("contacts", keys[0], "company_id"), company);
  EXPECT_EQ(app_->cell("contacts", keys[1], "company_id"), other);
  EXPECT_EQ(app_->cell("contacts", keys[2], "company_id"), std::nullopt);
}

TEST_P(StoreContract, ARecordThatIsDeletedOutsideTheFilterTakesItsReferencesAlong) {
  prepare_all();
  const auto company = linked_company(account(1), "Acme");
  take(contacts_, observe({{contact(1), {"Lane", "", "Acme", account(1).str()}}}, 4));
  const auto child = app_->keys("contacts").back();
  keep(accounts_, company, removal(account(1)));
  keep(accounts_, company, moved(FilterPlace::inside));
  look(contacts_, child, [](const Known& known) { EXPECT_TRUE(known.rows[0][company_id].is_null()); });
  take(accounts_, observe({{account(1), {"Acme", ""}}}, 2, 3));
  EXPECT_EQ(app_->cell("contacts", child, "company_id"), std::nullopt);
}

TEST_P(StoreContract, ARowOutsideTheFilterIsNeverForgotten) {
  prepare_all();
  const auto left = linked_contact(contact(1), "Lane"), gone = linked_contact(contact(2), "Kent");
  for (const auto& [key, record] : {std::pair{left, contact(1)}, {gone, contact(2)}}) {
    Settlement s = removal(record);
    if (key == gone) s.place = FilterPlace::inside;
    s.stamp = at(1);
    keep(contacts_, key, s);
  }
  need(store().forget(contacts_, at(100)));
  EXPECT_EQ(need(store().links(contacts_, LinkState::both_gone, 0, 10)).records, std::vector{contact(1)});
  const auto back = observe({{contact(1), {"Lane", "", "", ""}}}, 4, 3);
  take(contacts_, back);
  EXPECT_EQ(app_->keys("contacts"), std::vector{left});
}

}  // namespace contract
