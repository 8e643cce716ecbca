#include "salesforce/bulk_pages.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "salesforce/fakes_for_test.h"

namespace salesforce {
namespace {

using base::ErrorKind;

/// An org with the results of a query job; what its transports share.
struct Results {
  static constexpr std::size_t pages = 7, records_per_page = 5;

  std::mutex mutex;
  std::condition_variable_any changed;
  std::vector<std::string> asked;  ///< Locators, in the order of the requests.
  std::size_t under_way = 0, most_under_way = 0;
  std::size_t hold_until = 0;           ///< No body comes before so many downloads are under way.
  std::optional<std::size_t> cut_page;  ///< It comes with a record less than it says, once.

  static std::string csv(std::size_t page, std::size_t records) {
    std::string out = "Id,SystemModstamp,LastName\n";
    for (std::size_t i = 0; i < records; ++i) {
      const std::size_t n = page * records_per_page + i;
      out += contact_id(n).str() + ",2026-01-31T10:11:12.000Z,n" + std::to_string(n) + "\n";
    }
    return out;
  }
};

class PagesTransport final : public Transport {
 public:
  PagesTransport(Results& results, std::stop_token stop) : results_(results), stop_(std::move(stop)) {}

  base::Result<Answer> send(const Request& request) override {
    const auto at = request.url.find("&locator=");
    const std::string locator = at == std::string::npos ? "" : request.url.substr(at + 9);
    const std::size_t page = locator.empty() ? 0 : std::stoul(locator);
    const std::string next = page + 1 < Results::pages ? std::to_string(page + 1) : "null";
    const Answer head{
        200, {{"sforce-locator", next}, {"sforce-numberofrecords", std::to_string(Results::records_per_page)}}, {}};
    std::size_t records = Results::records_per_page;
    {
      std::unique_lock lock{results_.mutex};
      results_.asked.push_back(locator);
      results_.most_under_way = std::max(results_.most_under_way, ++results_.under_way);
      if (results_.cut_page == page) {
        results_.cut_page.reset();
        --records;
      }
    }
    results_.changed.notify_all();
    request.sink->begin(head);
    {
      std::unique_lock lock{results_.mutex};
      results_.changed.wait(lock, stop_, [&] { return results_.most_under_way >= results_.hold_until; });
    }
    const bool taken = !stop_.stop_requested() && request.sink->take(Results::csv(page, records));
    {
      const std::lock_guard lock{results_.mutex};
      --results_.under_way;
    }
    if (!taken) return base::failure(ErrorKind::cancelled, "broken off");
    return head;
  }

 private:
  Results& results_;
  const std::stop_token stop_;
};

struct BulkPagesTest : testing::Test {
  BulkPagesTest() {
    mapping.object = "Contact";
    mapping.table = "contacts";
    mapping.fields = {field("last_name", "LastName")};
    vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com");
    access.new_transport = [this](std::stop_token stop) {
      return std::make_unique<PagesTransport>(results, std::move(stop));
    };
  }
  std::unique_ptr<BulkPages> pages_from(model::BulkPlace place) {
    return std::make_unique<BulkPages>(client, access, mapping, "/results", std::move(place), 2);
  }
  /// The names in one answer.
  static std::vector<std::string> names(const core::Page& page) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < page.observed.size(); ++i) out.emplace_back(page.observed.cells[i][0].text());
    return out;
  }
  /// Adds what is left to `read`; the error that ended it, if one did.
  static std::optional<base::Error> read_all(BulkPages& pages, std::vector<std::string>& read) {
    for (;;) {
      const auto page = pages.next();
      if (!page) return page.error();
      std::ranges::copy(names(*page), std::back_inserter(read));
      if (!page->more) return std::nullopt;
    }
  }
  static std::vector<std::string> everything() {
    std::vector<std::string> out;
    for (std::size_t n = 0; n < Results::pages * Results::records_per_page; ++n) out.push_back("n" + std::to_string(n));
    return out;
  }

  Results results;
  MemoryVault vault;
  ScriptedTransport login, rest;
  base::SystemClock clock;
  Session session{{.login_url = "https://acme.my.salesforce.com",
                   .flow = Flow::refresh_token,
                   .client_id = "id",
                   .client_secret = base::Secret{"secret"}},
                  vault,
                  login,
                  clock};
  RestClient client{session, rest, "66.0"};
  BulkAccess access;
  model::Mapping mapping;
};

TEST_F(BulkPagesTest, DownloadsThreePagesAtOnceAndHandsThemOutInOrder) {
  results.hold_until = BulkPages::in_flight;
  std::vector<std::string> read;
  EXPECT_FALSE(read_all(*pages_from({.job = "750", .locator = "", .rows = 0, .started_at = {}}), read));
  EXPECT_EQ(read, everything());
  EXPECT_EQ(results.most_under_way, BulkPages::in_flight);
  EXPECT_EQ(results.asked.size(), Results::pages) << "each page once";
}

TEST_F(BulkPagesTest, GoesOnWhereAnEarlierProcessStopped) {
  for (std::size_t stop_after = 0;; ++stop_after) {
    model::BulkPlace place{.job = "750", .locator = "", .rows = 0, .started_at = {}};
    std::vector<std::string> read;
    bool more = true;
    {
      const auto first = pages_from(place);
      for (std::size_t i = 0; i < stop_after && more; ++i) {
        const auto page = first->next();
        ASSERT_TRUE(page);
        std::ranges::copy(names(*page), std::back_inserter(read));
        ASSERT_TRUE(page->bulk);
        place = *page->bulk;  // As the store keeps it, with the rows.
        more = page->more;
      }
    }
    if (!more) break;
    results.asked.clear();
    EXPECT_FALSE(read_all(*pages_from(place), read));
    EXPECT_EQ(read, everything()) << "stopped after " << stop_after;
    EXPECT_EQ(results.asked.front(), place.locator) << "pages that were settled are not asked for again";
  }
}

TEST_F(BulkPagesTest, ReadsAPageAgainThatCameShort) {
  results.cut_page = 3;
  std::vector<std::string> read;
  model::BulkPlace place{.job = "750", .locator = "", .rows = 0, .started_at = {}};
  {
    const auto pages = pages_from(place);
    const auto error = read_all(*pages, read);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind, ErrorKind::unreachable) << error->message;
    place = pages->place();
  }
  EXPECT_EQ(place.locator, "3");
  EXPECT_FALSE(read_all(*pages_from(place), read));
  EXPECT_EQ(read, everything());
}

TEST_F(BulkPagesTest, EndsWithDownloadsUnderWay) {
  results.hold_until = 1'000;
  const auto pages = pages_from({.job = "750", .locator = "", .rows = 0, .started_at = {}});
  std::unique_lock lock{results.mutex};
  results.changed.wait(lock, [&] { return results.under_way == BulkPages::in_flight; });
}

}  // namespace
}  // namespace salesforce
