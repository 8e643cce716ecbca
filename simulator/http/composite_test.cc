#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time_text.h"
#include "http/message.h"
#include "simulator/http/site_for_test.h"

namespace simulator {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;
namespace json = boost::json;

constexpr const char* root = "/services/data/v62.0/";

std::string part(const std::string& method, const std::string& resource, const std::string& reference,
                 const std::string& body = "") {
  return R"({"method":")" + method + R"(","url":")" + root + resource + R"(","referenceId":")" + reference + "\"" +
         (body.empty() ? "" : ",\"body\":" + body) + "}";
}

std::string listed(std::size_t count, const std::function<std::string(std::size_t)>& one) {
  std::string out;
  for (std::size_t at = 0; at < count; ++at) out += (at > 0 ? "," : "") + one(at);
  return "[" + out + "]";
}

struct FamilySite : Site {
  http::Response composite(const std::string& parts, bool all_or_none = false) {
    return call(
        "POST", "composite",
        std::string{R"({"allOrNone":)"} + (all_or_none ? "true" : "false") + R"(,"compositeRequest":)" + parts + "}");
  }
  std::int64_t accounts_named(const std::string& name) {
    const auto answer =
        call("GET", "query?q=" + http::percent_encode("SELECT COUNT() FROM Account WHERE Name = '" + name + "'"));
    return json(answer).at("totalSize").as_int64();
  }
  std::string account(const std::string& name) {
    return text(call("POST", "sobjects/Account", R"({"Name":")" + name + R"("})"), "id");
  }
  std::int64_t used() { return api.limits().used("DailyApiRequests"); }
};

TEST(CompositeFamily, ABatchRunsEachRequestAloneAndCostsAsManyCalls) {
  FamilySite site;
  const std::string id = site.account("Batched");
  const auto before = site.used();
  const auto answer = site.call("POST", "composite/batch",
                                R"({"batchRequests":[
      {"method":"PATCH","url":"v62.0/sobjects/Account/)" +
                                    id + R"(","richInput":{"Phone":"1"}},
      {"method":"GET","url":"/services/data/v62.0/sobjects/Account/)" +
                                    id + R"(?fields=Phone"},
      {"method":"POST","url":"v62.0/sobjects/Account","richInput":{"Website":"x"}},
      {"method":"POST","url":"v62.0/composite","richInput":{}},
      {"method":"GET","url":"v20.0/sobjects/Account"}]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(site.used() - before, 5);
  const auto all = Site::json(answer);
  EXPECT_TRUE(all.at("hasErrors").as_bool());
  const auto& results = all.at("results").as_array();
  EXPECT_EQ(results[0].at("statusCode").as_int64(), 204);
  EXPECT_TRUE(results[0].at("result").is_null());
  EXPECT_EQ(results[1].at("result").at("Phone").as_string(), "1");
  EXPECT_EQ(results[2].at("result").at(0).at("errorCode").as_string(), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(results[3].at("statusCode").as_int64(), 404) << "a composite request may not be nested";
  EXPECT_EQ(results[4].at("statusCode").as_int64(), 410) << "a retired version is so inside too";
}

TEST(CompositeFamily, ABatchHaltsOnErrorAndKeepsWhatWasDone) {
  FamilySite site;
  const std::string good = R"({"method":"POST","url":"v62.0/sobjects/Account","richInput":{"Name":"Kept"}})";
  const std::string bad = R"({"method":"POST","url":"v62.0/sobjects/Account","richInput":{}})";
  const auto answer = site.call("POST", "composite/batch",
                                R"({"haltOnError":true,"batchRequests":[)" + good + "," + bad + "," + good + "]}");
  EXPECT_EQ(Site::json(answer).at("results").at(2).at("statusCode").as_int64(), 412);
  EXPECT_THAT(answer.body, HasSubstr("BATCH_PROCESSING_HALTED"));
  EXPECT_EQ(site.accounts_named("Kept"), 1);
  const auto many = site.call("POST", "composite/batch",
                              R"({"batchRequests":)" + listed(26, [&](std::size_t) { return good; }) + "}");
  EXPECT_EQ(many.status, 400);
  EXPECT_EQ(site.accounts_named("Kept"), 1);
}

TEST(CompositeFamily, ReferencesReachIntoAnswersAndTheirLetterCaseCounts) {
  FamilySite site;
  const std::string made = part("POST", "sobjects/Account", "a", R"({"Name":"Referred"})");
  const auto answer =
      site.composite("[" + made + "," + part("GET", "query?q=SELECT+Id+FROM+Account+WHERE+Id='@{a.id}'", "q") + "," +
                     part("POST", "sobjects/Contact", "c", R"({"LastName":"Child","AccountId":"@{q.records[0].Id}"})") +
                     "," + part("GET", "sobjects/Account/@{a.Id}", "wrong") + "]");
  const auto all = Site::json(answer);
  const auto& parts = all.at("compositeResponse").as_array();
  EXPECT_EQ(parts[2].at("httpStatusCode").as_int64(), 201) << answer.body;
  EXPECT_THAT(std::string{parts[2].at("httpHeaders").at("Location").as_string()},
              StartsWith("/services/data/v62.0/sobjects/Contact/003"));
  EXPECT_EQ(parts[3].at("body").at(0).at("errorCode").as_string(), "PROCESSING_HALTED");
  EXPECT_THAT(std::string{parts[3].at("body").at(0).at("message").as_string()}, HasSubstr("No value for a.Id"));
}

TEST(CompositeFamily, RefusesRequestsThatBreakItsRules) {
  FamilySite site;
  const std::string query = "query?q=SELECT+Id+FROM+User+LIMIT+1";
  const auto reading = [&](std::size_t count) {
    return listed(count, [&](std::size_t at) { return part("GET", query, "q" + std::to_string(at)); });
  };
  EXPECT_EQ(site.composite(reading(5)).status, 200);
  EXPECT_EQ(site.composite(reading(6)).status, 400);
  EXPECT_EQ(
      site.composite(
              listed(26, [&](std::size_t at) { return part("GET", "sobjects/Account", "a" + std::to_string(at)); }))
          .status,
      400);
  EXPECT_EQ(site.composite("[" + part("GET", "limits", "_a") + "]").status, 400);
  EXPECT_EQ(site.composite("[" + part("get", "limits", "a") + "]").status, 400);
  EXPECT_EQ(site.composite("[" + part("GET", "limits", "a") + "," + part("GET", "limits", "a") + "]").status, 400);
}

TEST(CompositeFamily, ATreeIsPlantedAsAWholeOrNotAtAll) {
  FamilySite site;
  const auto plant = [&](const std::string& contact) {
    return site.call("POST", "composite/tree/Account",
                     R"({"records":[{"attributes":{"type":"Account","referenceId":"a"},"Name":"Planted",
        "Contacts":{"records":[{"attributes":{"type":"Contact","referenceId":"c"},)" +
                         contact + "}]}}]}");
  };
  const auto failed = plant(R"("LastName":"Leaf","Email":"123")");
  EXPECT_EQ(failed.status, 400);
  EXPECT_EQ(Site::json(failed).at("results").at(0).at("referenceId").as_string(), "c");
  EXPECT_EQ(Site::json(failed).at("results").at(0).at("errors").at(0).at("statusCode").as_string(),
            "INVALID_EMAIL_ADDRESS");
  EXPECT_EQ(site.accounts_named("Planted"), 0);
  const auto done = plant(R"("LastName":"Leaf")");
  ASSERT_EQ(done.status, 201) << done.body;
  const auto all = Site::json(done);
  EXPECT_FALSE(all.at("hasErrors").as_bool());
  const auto& results = all.at("results").as_array();
  ASSERT_EQ(results.size(), 2);
  EXPECT_EQ(results[1].at("referenceId").as_string(), "c");
  const std::string contact{results[1].at("id").as_string()};
  EXPECT_EQ(Site::text(site.call("GET", "sobjects/Contact/" + contact), "AccountId"), results[0].at("id").as_string());
  const auto twice = site.call("POST", "composite/tree/Account",
                               R"({"records":[{"attributes":{"type":"Account","referenceId":"a"},"Name":"x"},
      {"attributes":{"type":"Account","referenceId":"a"},"Name":"y"}]})");
  EXPECT_EQ(twice.status, 400);
  const auto many =
      site.call("POST", "composite/tree/Account", R"({"records":)" + listed(201, [](std::size_t at) {
                                                    return R"({"attributes":{"type":"Account","referenceId":"r)" +
                                                           std::to_string(at) + R"("},"Name":"Many"})";
                                                  }) + "}");
  EXPECT_EQ(many.status, 400);
  EXPECT_EQ(site.accounts_named("Many"), 0);
}

TEST(CompositeFamily, EachGraphIsDoneOrTakenBackAlone) {
  FamilySite site;
  const auto graph = [&](const std::string& id, const std::string& name, const std::string& contact) {
    return R"({"graphId":")" + id + R"(","compositeRequest":[)" +
           part("POST", "sobjects/Account", "a", R"({"Name":")" + name + R"("})") + "," +
           part("POST", "sobjects/Contact", "c", contact) + "]}";
  };
  const auto answer = site.call("POST", "composite/graph",
                                R"({"graphs":[)" + graph("1", "Good", R"({"LastName":"x","AccountId":"@{a.id}"})") +
                                    "," + graph("2", "Bad", R"({"FirstName":"x"})") + "]}");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto all = Site::json(answer);
  EXPECT_TRUE(all.at("graphs").at(0).at("isSuccessful").as_bool());
  EXPECT_FALSE(all.at("graphs").at(1).at("isSuccessful").as_bool());
  EXPECT_EQ(all.at("graphs")
                .at(1)
                .at("graphResponse")
                .at("compositeResponse")
                .at(0)
                .at("body")
                .at(0)
                .at("errorCode")
                .as_string(),
            "PROCESSING_HALTED");
  EXPECT_EQ(site.accounts_named("Good"), 1);
  EXPECT_EQ(site.accounts_named("Bad"), 0);
  const auto status_of = [&](const std::string& method, const std::string& url) {
    return site
        .call("POST", "composite/graph",
              R"({"graphs":[{"graphId":"1","compositeRequest":[)" + part(method, url, "q") + "]}]}")
        .status;
  };
  for (const char* url : {"query?q=x", "sobjects/Account", "sobjects/Account/describe", "sobjects/Account/updated",
                          "sobjects/Account/001000000000001AAA/Contacts", "sobjects/Account/describe/layouts"})
    EXPECT_EQ(status_of("GET", url), 400) << url;
  for (const char* url : {"sobjects/Account/001000000000001AAA", "sobjects/Contact/Email/x@example.com"})
    EXPECT_EQ(status_of("GET", url), 200) << url;
  const auto old = site.ask("POST", "/services/data/v49.0/composite/graph", R"({"graphs":[]})",
                            {{"authorization", "Bearer " + site.session()}, {"content-type", "application/json"}});
  EXPECT_EQ(old.status, 404);
}

TEST(CompositeFamily, AfterFourteenFailedGraphsTheRestIsHalted) {
  FamilySite site;
  const auto answer = site.call("POST", "composite/graph",
                                R"({"graphs":)" + listed(16, [](std::size_t at) {
                                  return R"({"graphId":"g)" + std::to_string(at) + R"(","compositeRequest":[)" +
                                         part("POST", "sobjects/Account", "a", at < 14 ? "{}" : R"({"Name":"Late"})") +
                                         "]}";
                                }) + "}");
  EXPECT_FALSE(Site::json(answer).at("graphs").at(15).at("isSuccessful").as_bool());
  EXPECT_EQ(site.accounts_named("Late"), 0);
}

TEST(CompositeFamily, CollectionsRefuseWhatIsTooMuch) {
  FamilySite site;
  const auto create = [&](std::size_t count, const std::function<std::string(std::size_t)>& type) {
    return site.call("POST", "composite/sobjects", R"({"records":)" + listed(count, [&](std::size_t at) {
                                                     return R"({"attributes":{"type":")" + type(at) +
                                                            R"("},"Name":"Mass","LastName":"Mass"})";
                                                   }) + "}");
  };
  EXPECT_EQ(create(200, [](std::size_t) { return "Account"; }).status, 200);
  EXPECT_EQ(create(201, [](std::size_t) { return "Account"; }).status, 400);
  EXPECT_EQ(create(10, [](std::size_t at) { return at % 2 == 0 ? "Account" : "Contact"; }).status, 200);
  EXPECT_EQ(create(11, [](std::size_t at) { return at % 2 == 0 ? "Account" : "Contact"; }).status, 400)
      << "eleven chunks";
}

TEST(CompositeFamily, OneRecordTwiceInACollectionIsRefusedTheSecondTime) {
  FamilySite site;
  const std::string id = site.account("Twice");
  const std::string record = R"({"attributes":{"type":"Account"},"id":")" + id + R"(","Phone":"1"})";
  const auto updated =
      Site::json(site.call("PATCH", "composite/sobjects", R"({"records":[)" + record + "," + record + "]}"));
  EXPECT_TRUE(updated.at(0).at("success").as_bool());
  EXPECT_EQ(updated.at(1).at("errors").at(0).at("statusCode").as_string(), "DUPLICATE_VALUE");
  const std::string keyed = R"({"attributes":{"type":"Account"},"Name":"Keyed","Lockstep_Id__c":"k"})";
  const auto upserted = Site::json(
      site.call("PATCH", "composite/sobjects/Account/Lockstep_Id__c", R"({"records":[)" + keyed + "," + keyed + "]}"));
  EXPECT_TRUE(upserted.at(0).at("created").as_bool());
  EXPECT_EQ(upserted.at(1).at("errors").at(0).at("statusCode").as_string(), "DUPLICATE_VALUE");
}

TEST(Conditions, DecideWhetherARowIsReadOrWritten) {
  FamilySite site;
  const std::string id = site.account("Conditional"), row = "sobjects/Account/" + id;
  const auto whole = site.call("GET", row);
  const std::string tag = Site::header(whole, "ETag"), changed = Site::header(whole, "Last-Modified");
  ASSERT_THAT(tag, StartsWith("\""));
  const auto status = [&](const char* method, const char* header, const std::string& value) {
    return site.call(method, row, std::string{method} == "PATCH" ? R"({"Phone":"1"})" : "", {{header, value}}).status;
  };
  EXPECT_EQ(status("GET", "if-none-match", tag), 304);
  EXPECT_EQ(status("GET", "if-none-match", "\"other\""), 200);
  EXPECT_EQ(status("GET", "if-modified-since", changed), 304);
  EXPECT_EQ(status("PATCH", "if-unmodified-since", "Tue, 10 Aug 2015 00:00:00 GMT"), 412);
  EXPECT_EQ(status("PATCH", "if-unmodified-since", "yesterday"), 400);
  EXPECT_EQ(status("PATCH", "if-match", "\"other\""), 412);
  EXPECT_EQ(status("PATCH", "if-match", "other"), 400);
  site.clock.advance(10s);
  EXPECT_EQ(status("PATCH", "if-unmodified-since", changed), 204);
  EXPECT_EQ(status("PATCH", "if-unmodified-since", changed), 412) << "it has changed by then";
  EXPECT_EQ(status("PATCH", "if-match", tag), 412);
}

TEST(Replication, ListsWhatChangedAndWhatWasDeletedWithinTheWindow) {
  FamilySite site;
  const std::string kept = site.account("Kept"), gone = site.account("Gone");
  site.call("DELETE", "sobjects/Account/" + gone);
  site.clock.advance(2min);
  const auto window = [&](const char* which, std::chrono::hours back) {
    const auto iso = [](base::Utc moment) { return http::percent_encode(base::to_iso(moment)); };
    return site.call("GET", std::string{"sobjects/Account/"} + which + "/?start=" + iso(site.clock.now() - back) +
                                "&end=" + iso(site.clock.now()));
  };
  const auto updated = Site::json(window("updated", 1h));
  EXPECT_EQ(updated.at("ids").as_array(), json::array{kept});
  EXPECT_THAT(std::string{updated.at("latestDateCovered").as_string()}, testing::EndsWith(".000+0000"));
  const auto deleted = Site::json(window("deleted", 1h));
  ASSERT_EQ(deleted.at("deletedRecords").as_array().size(), 1);
  EXPECT_EQ(deleted.at("deletedRecords").at(0).at("id").as_string(), gone);
  EXPECT_TRUE(deleted.as_object().contains("earliestDateAvailable"));
  EXPECT_EQ(Site::code(window("updated", 31 * 24h)), "INVALID_REPLICATION_DATE");
  EXPECT_EQ(Site::code(window("deleted", 16 * 24h)), "INVALID_REPLICATION_DATE");
  EXPECT_EQ(window("updated", 29 * 24h).status, 200);
}

TEST(Rows, RelationshipsLeadToOtherRows) {
  FamilySite site;
  const std::string id = site.account("Parent");
  const std::string contact =
      Site::text(site.call("POST", "sobjects/Contact", R"({"LastName":"Child","AccountId":")" + id + "\"}"), "id");
  EXPECT_EQ(Site::text(site.call("GET", "sobjects/Contact/" + contact + "/Account?fields=Name"), "Name"), "Parent");
  const auto children = Site::json(site.call("GET", "sobjects/Account/" + id + "/Contacts?fields=Id"));
  EXPECT_EQ(children.at("records").at(0).at("Id").as_string(), contact);
  EXPECT_EQ(site.call("PATCH", "sobjects/Contact/" + contact + "/Account", R"({"Phone":"7"})").status, 204);
  EXPECT_EQ(Site::text(site.call("GET", "sobjects/Account/" + id), "Phone"), "7");
  EXPECT_EQ(site.call("GET", "sobjects/Contact/" + contact + "/ReportsTo").status, 404);
  EXPECT_EQ(site.call("GET", "sobjects/Contact/" + contact + "/Nope").status, 404);
}

}  // namespace
}  // namespace simulator
