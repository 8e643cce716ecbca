#include <set>

#include "simulator/org/query_test_support.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

using namespace std::chrono_literals;
using boost::json::object;

class CursorsTest : public QueryTest {
 protected:
  CursorsTest() : QueryTest({.sample = {.contacts = 5'000}, .schema = {}}) {}

  std::string refused_page(std::string_view locator) {
    const auto answer = org.next_page(locator, root);
    return answer ? "" : answer.error().code;
  }
  static std::string locator(const boost::json::object& page) {
    const std::string url{page.at("nextRecordsUrl").as_string()};
    return url.substr(url.rfind('/') + 1);
  }
};

TEST_F(CursorsTest, MeetsEveryRecordOnce) {
  for (const std::size_t size : {200u, 1999u, 2000u}) {
    std::set<std::string> ids;
    auto page = ask("SELECT Id FROM Contact", false, size);
    std::size_t pages = 1;
    while (true) {
      EXPECT_EQ(page.at("totalSize"), 5'000);
      EXPECT_LE(page.at("records").as_array().size(), size);
      for (const std::string& each : texts(page, "Id")) EXPECT_TRUE(ids.insert(each).second) << each;
      if (page.at("done").as_bool()) break;
      page = next(page);
      ++pages;
    }
    EXPECT_EQ(ids.size(), 5'000u);
    EXPECT_EQ(pages, (5'000 + size - 1) / size);
    EXPECT_FALSE(page.contains("nextRecordsUrl"));
  }
}

TEST_F(CursorsTest, LocatorsLookLikeTheOrgs) {
  const auto page = ask("SELECT Id FROM Contact", false, 500);
  EXPECT_THAT(std::string{page.at("nextRecordsUrl").as_string()},
              testing::MatchesRegex("/services/data/v66.0/query/01g[0-9A-Za-z]{15}-500"));
}

TEST_F(CursorsTest, KnowsNoOtherLocators) {
  const std::string good = locator(ask("SELECT Id FROM Contact"));
  for (const std::string bad : {"", "01g", "01g000000000000AAA-2000", "x-y"})
    EXPECT_EQ(refused_page(bad), "INVALID_QUERY_LOCATOR") << bad;
  const std::string id = good.substr(0, good.find('-'));
  for (const char* offset : {"-5000", "-99999999999999999999", "-", "-2x", ""})
    EXPECT_EQ(refused_page(id + offset), "INVALID_QUERY_LOCATOR") << offset;
  EXPECT_EQ(refused_page(good), "");
  EXPECT_EQ(refused_page(good), "") << "a page can be read again";
}

TEST_F(CursorsTest, LastTwoDays) {
  const std::string old = locator(ask("SELECT Id FROM Contact"));
  wait(48h);
  EXPECT_EQ(refused_page(old), "");
  wait(1s);
  EXPECT_EQ(refused_page(old), "INVALID_QUERY_LOCATOR");
}

TEST_F(CursorsTest, ClosesTheOldestWhenThereAreTooMany) {
  std::vector<std::string> locators;
  for (std::size_t i = 0; i <= unconfirmed::open_cursors; ++i)
    locators.push_back(locator(ask("SELECT Id FROM Contact")));
  EXPECT_EQ(refused_page(locators[0]), "INVALID_QUERY_LOCATOR");
  EXPECT_EQ(refused_page(locators[1]), "");
  EXPECT_EQ(refused_page(locators.back()), "");
}

TEST_F(CursorsTest, SettlesTheRecordsAtOnceAndReadsTheirValuesLater) {
  const auto first = ask("SELECT Id, Title FROM Contact ORDER BY Id");
  const auto all = ask("SELECT Id FROM Contact ORDER BY Id OFFSET 2000");
  const auto number = [&](std::size_t place) {
    return *org.by_id(object("Contact"), std::string{all.at("records").as_array()[place].at("Id").as_string()});
  };
  update("Contact", number(0), R"({"Title":"changed"})");
  ASSERT_TRUE(org.remove(object("Contact"), number(1)).has_value());
  create("Contact", R"({"LastName":"new"})");
  const auto second = next(first);
  EXPECT_EQ(second.at("totalSize"), 5'000);
  EXPECT_EQ(texts(second, "Title")[0], "changed");
  EXPECT_EQ(second.at("records").as_array().size(), 1'999u) << "the deleted one dropped out";
}

TEST_F(CursorsTest, NoCursorStandsBehindAnOffset) {
  const auto page = ask("SELECT Id FROM Contact OFFSET 10");
  EXPECT_EQ(page.at("records").as_array().size(), 2'000u);
  EXPECT_TRUE(page.at("done").as_bool());
}

class ShortPagesTest : public QueryTest {
 protected:
  ShortPagesTest() : QueryTest({.sample = {.contacts = 3'000}, .schema = {}, .short_pages = true}) {}
};

TEST_F(ShortPagesTest, MayHoldHalfOfWhatWasAskedFor) {
  std::set<std::string> ids;
  std::set<std::size_t> sizes;
  auto page = ask("SELECT Id FROM Contact", false, 400);
  while (true) {
    const auto here = texts(page, "Id");
    ids.insert(here.begin(), here.end());
    if (page.at("done").as_bool()) break;
    EXPECT_GE(here.size(), 200u);
    EXPECT_LE(here.size(), 400u);
    sizes.insert(here.size());
    page = next(page);
  }
  EXPECT_EQ(ids.size(), 3'000u);
  EXPECT_GT(sizes.size(), 3u);
}

class ChildPagesTest : public CursorsTest {};

TEST_F(ChildPagesTest, ChildrenCountTowardsThePage) {
  std::set<std::string> accounts, contacts;
  auto page = ask("SELECT Id, (SELECT Id FROM Contacts) FROM Account", false, 200);
  while (true) {
    std::size_t rows = 0;
    for (const auto& account : page.at("records").as_array()) {
      ++rows;
      EXPECT_TRUE(accounts.insert(text_at(account, "Id")).second);
      const auto& children = account.at("Contacts");
      if (children.is_null()) continue;
      EXPECT_TRUE(children.at("done").as_bool());
      EXPECT_EQ(children.at("totalSize").as_int64(),
                static_cast<std::int64_t>(children.at("records").as_array().size()));
      for (const auto& contact : children.at("records").as_array())
        EXPECT_TRUE(contacts.insert(text_at(contact, "Id")).second);
      rows += children.at("records").as_array().size();
    }
    EXPECT_LE(rows, 200u);
    if (page.at("done").as_bool()) break;
    page = next(page);
  }
  EXPECT_EQ(accounts.size(), 500u);
  EXPECT_EQ(
      contacts.size(),
      static_cast<std::size_t>(ask("SELECT COUNT() FROM Contact WHERE AccountId != null").at("totalSize").as_int64()));
}

TEST_F(ChildPagesTest, ALargeFamilyIsPagedItself) {
  const std::string parent = id("Account", create("Account", R"({"Name":"Large"})"));
  for (int i = 0; i < 450; ++i) create("Contact", R"({"LastName":"Child","AccountId":")" + parent + "\"}");
  auto page = ask("SELECT Name, (SELECT Id FROM Contacts ORDER BY Id) FROM Account WHERE Name = 'Large'", false, 200);
  EXPECT_TRUE(page.at("done").as_bool());
  auto children = page.at("records").as_array()[0].at("Contacts").as_object();
  std::set<std::string> ids;
  while (true) {
    EXPECT_EQ(children.at("totalSize"), 450);
    EXPECT_LE(children.at("records").as_array().size(), 200u);
    for (const std::string& each : texts(children, "Id")) EXPECT_TRUE(ids.insert(each).second);
    if (children.at("done").as_bool()) break;
    children = next(children);
  }
  EXPECT_EQ(ids.size(), 450u);
}

TEST_F(ChildPagesTest, ChildQueriesHaveClausesOfTheirOwn) {
  const std::string parent = id("Account", create("Account", R"({"Name":"Family"})"));
  for (const char* name : {"a", "b", "c", "d"})
    create("Contact", R"({"LastName":")" + std::string{name} + R"(","AccountId":")" + parent + "\"}");
  const auto children = [&](const std::string& query, const std::string& after = "") {
    const auto answer = ask("SELECT Id, (" + query + ") FROM Account WHERE Name = 'Family'" + after);
    std::vector<std::string> out;
    const auto& list = answer.at("records").as_array()[0].at("Contacts");
    if (list.is_null()) return std::vector<std::string>{"null"};
    for (const auto& each : list.at("records").as_array()) out.push_back(text_at(each, "LastName"));
    return out;
  };
  EXPECT_THAT(children("SELECT LastName FROM Contacts WHERE LastName != 'b' ORDER BY LastName DESC LIMIT 2"),
              testing::ElementsAre("d", "c"));
  EXPECT_THAT(children("SELECT Contact.LastName FROM Account.Contacts WHERE Account.Name = 'x'"),
              testing::ElementsAre("null"));
  EXPECT_THAT(children("SELECT LastName FROM Contacts ORDER BY LastName LIMIT 1 OFFSET 2", " LIMIT 1"),
              testing::ElementsAre("c"));
  EXPECT_THAT(refused("SELECT Id, (SELECT Id FROM Contacts OFFSET 2) FROM Account"), testing::HasSubstr("OFFSET"));
  EXPECT_THAT(refused("SELECT Id, (SELECT Id FROM Foos) FROM Account"),
              testing::StartsWith("INVALID_TYPE: Didn't understand relationship 'Foos' in FROM part of query call."));
  EXPECT_EQ(refused("SELECT Id, (SELECT Id FROM Contacts), (SELECT Id FROM contacts) FROM Account"),
            "INVALID_FIELD: duplicate field selected: Contacts");
  ASSERT_TRUE(
      org.remove(object("Contact"), org.by_key(object("Contact"), object("Contact").at("Id"),
                                               texts(ask("SELECT Id FROM Contact WHERE LastName = 'a'"), "Id")[0])[0])
          .has_value());
  EXPECT_EQ(children("SELECT LastName FROM Contacts").size(), 3u);
}

TEST_F(ChildPagesTest, GoesFiveLevelsDown) {
  const std::string top = id("Account", create("Account", R"({"Name":"L1"})"));
  std::string parent = top;
  for (const char* name : {"L2", "L3", "L4", "L5"})
    parent =
        id("Account", create("Account", R"({"Name":")" + std::string{name} + R"(","ParentId":")" + parent + "\"}"));
  std::string query = "SELECT Name FROM ChildAccounts";
  for (int i = 0; i < 3; ++i) query = "SELECT Name, (" + query + ") FROM ChildAccounts";
  const auto answer = ask("SELECT Name, (" + query + ") FROM Account WHERE Name = 'L1'");
  boost::json::value at = answer.at("records").as_array()[0];
  for (const char* name : {"L2", "L3", "L4", "L5"}) {
    const boost::json::value below = at.at("ChildAccounts").at("records").as_array()[0];
    EXPECT_EQ(text_at(below, "Name"), name);
    at = below;
  }
  query = "SELECT Name, (" + query + ") FROM ChildAccounts";
  EXPECT_THAT(refused("SELECT Name, (" + query + ") FROM Account"), testing::HasSubstr("five levels"));
}

TEST_F(ChildPagesTest, FindsChildrenByAPolymorphicReference) {
  const std::string parent = id("Account", create("Account", R"({"Name":"Busy"})"));
  create("Task", R"({"Subject":"Call","WhatId":")" + parent + "\"}");
  EXPECT_EQ(
      text_at(
          ask("SELECT Id, (SELECT Subject FROM Tasks) FROM Account WHERE Name = 'Busy'").at("records").as_array()[0],
          "Tasks.records")
              .find("Call") != std::string::npos,
      true);
}

}  // namespace
}  // namespace simulator
