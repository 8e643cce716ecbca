#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/message.h"
#include "simulator/http/busy_site_for_test.h"

namespace simulator {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
namespace json = boost::json;

TEST(Describe, IsNotSentAgainUntilItChanged) {
  BusySite site;
  site.clock.advance(10s);
  const auto first = site.call("GET", "sobjects/Contact/describe");
  const std::string changed = Site::header(first, "Last-Modified");
  EXPECT_THAT(Site::header(first, "ETag"), testing::StartsWith("\""));
  EXPECT_EQ(Site::json(first).at("urls").at("uiNewRecord").as_string(), "http://org.test/003/e");
  EXPECT_EQ(Site::json(first).at("supportedScopes").at(1).at("name").as_string(), "mine");
  const auto again = [&](const char* what) { return site.call("GET", what, "", {{"if-modified-since", changed}}); };
  EXPECT_EQ(again("sobjects/Contact/describe").status, 304);
  EXPECT_EQ(again("sobjects/Contact/describe").body, "");
  EXPECT_EQ(Site::header(again("sobjects/Contact/describe"), "ETag"), Site::header(first, "ETag"));
  EXPECT_EQ(again("sobjects").status, 304);
  site.happens("hidden", R"({"field":"Contact.Phone","hidden":true})");
  EXPECT_EQ(again("sobjects/Contact/describe").status, 200);
  EXPECT_EQ(site.call("POST", "sobjects/Contact/describe", "{}").status, 405);
}

TEST(RecordCount, CountsTheObjectsThatHaveRecords) {
  BusySite site;
  site.make("Account", R"({"Name":"Counted"})");
  EXPECT_EQ(site.call("GET", "limits/recordCount?sObjects=Account,Lead,Nope").body,
            R"({"sObjects":[{"count":1,"name":"Account"}]})");
  EXPECT_THAT(site.call("GET", "limits/recordCount").body, HasSubstr(R"("name":"User")"));
}

}  // namespace
}  // namespace simulator
