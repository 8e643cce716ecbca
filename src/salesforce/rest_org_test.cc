#include "salesforce/rest_org.h"

#include <gtest/gtest.h>

#include "base/time_text.h"
#include "salesforce/fakes_for_test.h"
#include "salesforce/json.h"

namespace salesforce {
namespace {

using base::ErrorKind;
using core::OrgWrite;
using core::PageRequest;

std::string contact_record(std::size_t n, const std::string& last_name = "Lee") {
  return R"({"attributes":{"type":"Contact"},"Id":")" + contact_id(n).str() +
         R"(","SystemModstamp":"2026-01-31T10:11:12.000+0000","LastName":")" + last_name + R"("})";
}
std::string page(const std::string& records, const char* done = "true") {
  return R"({"totalSize":1,"done":)" + std::string{done} + R"(,"records":[)" + records + "]}";
}
std::string part(int number, int status, const std::string& body) {
  return R"({"body":)" + body + R"(,"httpHeaders":{},"httpStatusCode":)" + std::to_string(status) +
         R"(,"referenceId":"r)" + std::to_string(number) + R"("})";
}
std::string composite(const std::vector<std::string>& parts) {
  std::string body = R"({"compositeResponse":[)";
  for (std::size_t i = 0; i < parts.size(); ++i) body += (i > 0 ? "," : "") + parts[i];
  return body + "]}";
}
std::string error(const std::string& code) {
  return R"([{"message":"m","errorCode":")" + code + R"("}])";
}
std::string row(std::size_t n) {
  return R"({"id":")" + contact_id(n).str() + R"(","success":true,"errors":[]})";
}
std::string bad_row(const std::string& code) {
  return R"({"success":false,"errors":[{"statusCode":")" + code + R"(","message":"m","fields":["LastName"]}]})";
}

std::string decoded(std::string_view url) {
  std::string out;
  for (std::size_t i = 0; i < url.size(); ++i) {
    if (url[i] == '%') {
      out += static_cast<char>(std::stoi(std::string{url.substr(i + 1, 2)}, nullptr, 16));
      i += 2;
    } else {
      out += url[i];
    }
  }
  return out;
}

std::size_t count_of(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

struct RestOrgTest : testing::Test {
  RestOrgTest() {
    mapping.object = "Contact";
    mapping.table = "contacts";
    mapping.fields = {field("last_name", "LastName")};
    written = contacts();
    vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com");
  }

  OrgWrite update(std::size_t n, std::int64_t seconds = 0) {
    OrgWrite out{.id = contact_id(n), .upsert_key = {}, .fields = {}, .values = values};
    out.fields.set(1);
    out.unless_changed_since = base::Utc{std::chrono::seconds{seconds}};
    return out;
  }
  OrgWrite create(std::string_view key) {
    OrgWrite out{.id = {}, .upsert_key = key, .fields = {}, .values = values};
    out.fields.set(1);
    return out;
  }

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
  RestOrg org{session, rest};
  model::Mapping mapping, written;
  std::vector<model::Cell> values{model::Cell{"Ann"},  model::Cell{"Lee"}, model::Cell{"12.5"},
                                  model::Cell{"true"}, model::Cell{},      model::Cell{"2026-01-31T10:11:12Z"},
                                  model::Cell{"Acme"}};
};

TEST_F(RestOrgTest, PollsOneObjectWithOneQuery) {
  rest.then(200, page(contact_record(1)),
            {{"sforce-limit-info", "api-usage=18/5000, per-app-api-usage=1/2(appName=x)"}});
  const auto pages = org.fetch(std::vector<PageRequest>{{&mapping, {}, 2}});
  ASSERT_EQ(pages.size(), 1u);
  ASSERT_TRUE(pages[0]) << pages[0].error().message;
  EXPECT_EQ(pages[0]->observed.heads.at(0).id, contact_id(1));
  EXPECT_EQ(base::to_iso(pages[0]->observed.as_of), "2026-01-31T10:11:12.000Z");
  EXPECT_FALSE(pages[0]->more);
  const Request& request = rest.sent.at(0);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(
      request.url,
      "https://acme.my.salesforce.com/services/data/v66.0/query?q=SELECT%20Id%2C%20SystemModstamp%2C%20LastName%20"
      "FROM%20Contact%20ORDER%20BY%20SystemModstamp%20ASC%2C%20Id%20ASC%20LIMIT%202");
  EXPECT_EQ(header_in(request, "Sforce-Call-Options"), "client=lockstep/" LOCKSTEP_VERSION);
  EXPECT_EQ(header_in(request, "Sforce-Auto-Assign"), "FALSE");
  EXPECT_EQ(header_in(request, "Authorization"), "Bearer T0");
  EXPECT_EQ(org.calls(), 1);
  EXPECT_EQ(org.usage().used, 18);
  EXPECT_EQ(org.usage().most, 5000);
}

TEST_F(RestOrgTest, TakesAFullPageForMore) {
  rest.then(200, page(contact_record(1) + "," + contact_record(2))).then(200, page(contact_record(1), "false"));
  EXPECT_TRUE(org.fetch(std::vector<PageRequest>{{&mapping, {}, 2}})[0].value().more);
  EXPECT_TRUE(org.fetch(std::vector<PageRequest>{{&mapping, {}, 2}})[0].value().more);
}

TEST_F(RestOrgTest, PollsFiveObjectsInACall) {
  rest.then(200, composite({part(1, 400, error("INVALID_TYPE")), part(0, 200, page(contact_record(1))),
                            part(2, 200, page("")), part(3, 200, page("7")), part(4, 200, page(contact_record(5)))}))
      .then(200, composite({part(0, 200, page(contact_record(6)))}));
  const auto pages = org.fetch(std::vector<PageRequest>(6, {&mapping, {}, 100}));
  ASSERT_EQ(pages.size(), 6u);
  EXPECT_EQ(pages[0].value().observed.heads.at(0).id, contact_id(1));
  EXPECT_EQ(pages[1].error().kind, ErrorKind::settings);
  EXPECT_EQ(pages[2].value().observed.size(), 0u);
  EXPECT_EQ(pages[3].error().kind, ErrorKind::malformed);
  EXPECT_EQ(pages[4].value().observed.heads.at(0).id, contact_id(5));
  EXPECT_EQ(pages[5].value().observed.heads.at(0).id, contact_id(6));
  EXPECT_EQ(base::to_iso(pages[5]->observed.as_of), "2026-01-31T10:11:12.000Z");
  EXPECT_EQ(rest.sent.at(0).method, "POST");
  EXPECT_EQ(rest.sent[0].url, "https://acme.my.salesforce.com/services/data/v66.0/composite");
  EXPECT_TRUE(rest.sent[0].body.starts_with(
      R"({"allOrNone":false,"collateSubrequests":false,"compositeRequest":[{"method":"GET","url":"/services/data/v66.0/query?q=SELECT%20Id)"))
      << rest.sent[0].body;
  EXPECT_EQ(count_of(rest.sent[0].body, "\"referenceId\":"), 5u);
  EXPECT_EQ(org.calls(), 2);
}

TEST_F(RestOrgTest, AsksALongQueryInABody) {
  mapping.filter = "LastName != '" + std::string(3000, 'x') + "'";
  rest.then(200, composite({part(0, 200, page(contact_record(1)))}));
  ASSERT_TRUE(org.fetch(std::vector<PageRequest>{{&mapping, {}, 2}})[0]);
  EXPECT_TRUE(rest.sent.at(0).url.ends_with("/composite"));
}

/// Lets every call out, and keeps whose it was.
struct OpenBudget final : CallBudget {
  base::Result<void> admit(bool backfill) override {
    backfills.push_back(backfill);
    return {};
  }
  void settle(int, const ApiUsage&, std::optional<base::Utc>) override {}
  void hear_time(base::Utc) override {}
  std::vector<bool> backfills;
};

TEST_F(RestOrgTest, ChargesEveryCallOfAFirstLoadToItsLane) {
  OpenBudget budget;
  RestOrg org_with_bulk{session, rest, "66.0", BulkAccess{}, &budget};
  PageRequest load{&mapping, {}, 2};
  load.backfill = true;
  rest.then(200, R"({"totalSize":3,"done":true,"records":[]})").then(200, page(contact_record(1)));
  ASSERT_TRUE(org_with_bulk.fetch(std::vector{load})[0]);
  EXPECT_EQ(budget.backfills, (std::vector{true, true})) << "the count and the page";

  mapping.filter = "LastName != '" + std::string(3000, 'x') + "'";
  load.after = {base::Utc{std::chrono::seconds{1}}, contact_id(1)};
  rest.then(200, composite({part(0, 200, page(contact_record(2)))}));
  ASSERT_TRUE(org_with_bulk.fetch(std::vector{load})[0]);
  EXPECT_TRUE(budget.backfills.back()) << "a statement too long for a URL";

  PageRequest poll = load;
  poll.backfill = false;
  rest.then(200, composite({part(0, 200, page(contact_record(2))), part(1, 200, page(contact_record(2)))}));
  ASSERT_TRUE(org_with_bulk.fetch(std::vector{load, poll})[0]);
  EXPECT_FALSE(budget.backfills.back()) << "a call that somebody else needs as well";
}

TEST_F(RestOrgTest, LetsAMappingThatCannotBeAskedSpoilNoOther) {
  model::Mapping broken = mapping;
  broken.object = "No Name";
  rest.then(200, page(contact_record(1)));
  const auto pages = org.fetch(std::vector<PageRequest>{{&broken, {}, 2}, {&mapping, {}, 2}});
  EXPECT_EQ(pages[0].error().kind, ErrorKind::settings);
  EXPECT_TRUE(pages[1]);
}

TEST_F(RestOrgTest, FailsEveryPageOfACallThatFailed) {
  rest.then(200, composite({part(0, 200, page(contact_record(1)))}));
  const auto pages = org.fetch(std::vector<PageRequest>(2, {&mapping, {}, 100}));
  EXPECT_TRUE(pages[0]);
  EXPECT_EQ(pages[1].error().kind, ErrorKind::malformed);
}

TEST_F(RestOrgTest, TakesNoAnswerForThatToAnotherRequest) {
  const auto polled = [&](const std::vector<std::string>& parts) {
    rest.then(200, composite(parts));
    const auto pages = org.fetch(std::vector<PageRequest>(2, {&mapping, {}, 100}));
    return std::pair{pages[0].has_value(), pages[1].has_value()};
  };
  const std::string one = page(contact_record(1)), two = page(contact_record(2));
  EXPECT_EQ(polled({part(0, 200, one), part(0, 200, two)}), std::pair(true, false)) << "answered twice";
  EXPECT_EQ(polled({part(1, 200, one), part(2, 200, two)}), std::pair(false, true)) << "nobody asked that";
  std::string unnamed = part(0, 200, one);
  unnamed.replace(unnamed.find("\"r0\""), 4, "\"x0\"");
  EXPECT_EQ(polled({unnamed, part(1, 200, two)}), std::pair(false, false)) << "to whom?";
}

TEST_F(RestOrgTest, ReadsTheOrgsBudgetWhereverItStands) {
  rest.then(200, page(""), {{"sforce-limit-info", "per-app-api-usage=1/2(appName=x), api-usage=19/5000"}})
      .then(200, page(""), {{"sforce-limit-info", "api-usage=much"}});
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(org.fetch(std::vector<PageRequest>{{&mapping, {}, 2}})[0]);
    EXPECT_EQ(org.usage().used, 19);
    EXPECT_EQ(org.usage().most, 5000);
  }
}

TEST_F(RestOrgTest, CannotJudgeStampsWithoutTheOrgsClock) {
  rest.then(Answer{200, {}, page(contact_record(1))});
  EXPECT_EQ(org.fetch(std::vector<PageRequest>{{&mapping, {}, 2}})[0].error().kind, ErrorKind::malformed);
}

TEST_F(RestOrgTest, RepeatsOnceAtOnceWhatDidNotGetOut) {
  rest.then_fail(ErrorKind::unreachable).then(200, page(""));
  EXPECT_TRUE(org.fetch(std::vector<PageRequest>{{&mapping, {}, 2}})[0]);
  rest.then_fail(ErrorKind::unreachable).then_fail(ErrorKind::unreachable);
  EXPECT_EQ(org.fetch(std::vector<PageRequest>{{&mapping, {}, 2}})[0].error().kind, ErrorKind::unreachable);
  EXPECT_TRUE(rest.played_out());
}

TEST_F(RestOrgTest, CallsALostReadUnreachableForNothingWasChanged) {
  rest.then_fail(ErrorKind::unknown_fate);
  EXPECT_EQ(org.fetch(std::vector<PageRequest>{{&mapping, {}, 2}})[0].error().kind, ErrorKind::unreachable);
}

TEST_F(RestOrgTest, RenewsAnExpiredSession) {
  rest.then(401, error("INVALID_SESSION_ID")).then(200, page(""));
  login.then(200, R"({"access_token":"T1","instance_url":"https://acme.my.salesforce.com"})");
  EXPECT_TRUE(org.fetch(std::vector<PageRequest>{{&mapping, {}, 2}})[0]);
  EXPECT_EQ(header_in(rest.sent.at(1), "Authorization"), "Bearer T1");
  EXPECT_EQ(org.calls(), 2);
}

TEST_F(RestOrgTest, RetrievesInChunksAndKeepsTheOrder) {
  std::vector<model::RecordId> ids;
  std::string first, second;
  for (std::size_t n = 1; n <= 2001; ++n) {
    ids.push_back(contact_id(n));
    std::string& body = n <= 2000 ? first : second;
    if (!body.empty()) body += ',';
    body += n == 7 ? "null" : contact_record(n, "L" + std::to_string(n));
  }
  rest.then(200, composite({part(0, 200, "[" + first + "]"), part(1, 200, "[" + second + "]")}));
  const auto out = org.retrieve(mapping, ids);
  ASSERT_TRUE(out) << out.error().message;
  ASSERT_EQ(out->size(), 2001u);
  EXPECT_FALSE(out->heads[6].id);
  EXPECT_EQ(std::as_const(out->cells)[7][0].text(), "L8");
  EXPECT_EQ(std::as_const(out->cells)[2000][0].text(), "L2001");
  EXPECT_EQ(base::to_iso(out->as_of), "2026-01-31T10:11:12.000Z");
  EXPECT_EQ(org.calls(), 1);
  EXPECT_EQ(rest.sent.at(0).url, "https://acme.my.salesforce.com/services/data/v66.0/composite");
  EXPECT_EQ(count_of(rest.sent[0].body, R"("url":"/services/data/v66.0/composite/sobjects/Contact")"), 2u);
  EXPECT_TRUE(rest.sent[0].body.contains(R"({"ids":[")" + contact_id(2001).str() +
                                         R"("],"fields":["Id","SystemModstamp","LastName"]})"));
}

TEST_F(RestOrgTest, ReadsSeveralPagesOfOneObjectInOneCall) {
  const model::Keyset after{base::Utc{std::chrono::seconds{1}}, {}};
  const std::string halted = R"([{"errorCode":"PROCESSING_HALTED","message":"no value"}])";
  rest.then(200, composite({part(0, 200, page(contact_record(1), "false")), part(1, 200, page(contact_record(2))),
                            part(2, 400, halted), part(3, 400, halted), part(4, 400, halted)}));
  const auto pages = org.fetch(std::vector<PageRequest>{{&mapping, after, 10'000}});
  ASSERT_TRUE(pages[0]) << pages[0].error().message;
  EXPECT_EQ(pages[0]->observed.size(), 2u);
  EXPECT_FALSE(pages[0]->more);
  EXPECT_TRUE(rest.sent.at(0).body.contains(R"("url":"@{r0.nextRecordsUrl}")"));
  EXPECT_TRUE(rest.sent[0].body.contains("LIMIT%2010000"));
}

TEST_F(RestOrgTest, ReadsPageByPageWhereTheOrgDoesNotFollow) {
  const model::Keyset after{base::Utc{std::chrono::seconds{1}}, {}};
  const std::string refused = error("NOT_FOUND");
  rest.then(200, composite({part(0, 200, page(contact_record(1), "false")), part(1, 404, refused),
                            part(2, 404, refused), part(3, 404, refused), part(4, 404, refused)}));
  rest.then(200, page(contact_record(2)));
  const auto first = org.fetch(std::vector<PageRequest>{{&mapping, after, 10'000}});
  ASSERT_TRUE(first[0]) << first[0].error().message;
  EXPECT_EQ(first[0]->observed.size(), 1u);
  EXPECT_TRUE(first[0]->more) << "what the first page says of itself stands";
  const auto second = org.fetch(std::vector<PageRequest>{{&mapping, after, 10'000}});
  ASSERT_TRUE(second[0]);
  EXPECT_EQ(rest.sent.at(1).method, "GET");
}

TEST_F(RestOrgTest, FindsKeysAmongTheLivingAndTheDeleted) {
  mapping.upsert_field = "K__c";
  const auto record = [](std::size_t n, const char* key, const char* deleted) {
    return R"({"Id":")" + contact_id(n).str() + R"(","IsDeleted":)" + deleted + R"(,"K__c":")" + key + R"("})";
  };
  rest.then(200,
            composite({part(0, 200,
                            page(record(1, "a", "true") + "," + record(2, "a", "false") + "," + record(3, "a", "true") +
                                 "," + record(4, "B", "true") + "," + record(5, "foreign", "false")))}));
  const auto found = org.find(mapping, std::vector<std::string_view>{"a", "b", "", "c'"});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 4u);
  EXPECT_EQ((*found)[0]->id, contact_id(2));
  EXPECT_FALSE((*found)[0]->deleted);
  EXPECT_EQ((*found)[1]->id, contact_id(4));
  EXPECT_TRUE((*found)[1]->deleted);
  EXPECT_FALSE((*found)[2]);
  EXPECT_FALSE((*found)[3]);
  EXPECT_TRUE(decoded(rest.sent.at(0).body)
                  .contains("/services/data/v66.0/queryAll?q=SELECT Id, IsDeleted, K__c FROM Contact WHERE K__c IN "
                            "('a','b','c\\'')\""))
      << decoded(rest.sent[0].body);
}

TEST_F(RestOrgTest, LooksUpFifteenHundredKeysInACallAndFollowsLongAnswers) {
  mapping.upsert_field = "K__c";
  std::vector<std::string> texts;
  for (int i = 0; i < 1501; ++i) texts.push_back("key" + std::to_string(i));
  const std::vector<std::string_view> keys(texts.begin(), texts.end());
  const std::string end = page("");
  const std::string on = R"({"done":false,"nextRecordsUrl":"/services/data/v66.0/query/01g-2000","records":[]})";
  rest.then(200,
            composite({part(0, 200, end), part(1, 200, on), part(2, 200, end), part(3, 200, end), part(4, 200, end)}))
      .then(200, composite({part(0, 200, end)}))
      .then(200, page(R"({"Id":")" + contact_id(9).str() + R"(","IsDeleted":false,"K__c":"key300"})"));
  const auto found = org.find(mapping, keys);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ((*found)[300].value().id, contact_id(9));
  EXPECT_TRUE(rest.sent.at(2).url.ends_with("/services/data/v66.0/query/01g-2000"));
  EXPECT_EQ(org.calls(), 3);
}

TEST_F(RestOrgTest, ComparesFifteenHundredRecordsWithTheFilterInACall) {
  mapping.filter = "LastName LIKE 'L%'";
  std::vector<model::RecordId> ids;
  for (std::size_t n = 1; n <= 1'501; ++n) ids.push_back(contact_id(n));
  std::vector<std::string> parts;
  for (int i = 0; i < 5; ++i)
    parts.push_back(part(i, 200, page(contact_record(static_cast<std::size_t>(i) * 300 + 1))));
  rest.then(200, composite(parts));
  rest.then(200, composite({part(0, 200, page(""))}));
  const auto fits = org.fitting(mapping, ids);
  ASSERT_TRUE(fits) << fits.error().message;
  ASSERT_EQ(fits->size(), ids.size());
  EXPECT_EQ(std::ranges::count(*fits, true), 5);
  EXPECT_TRUE((*fits)[0] && (*fits)[300] && (*fits)[1'200]);
  EXPECT_FALSE((*fits)[1'500]);
  EXPECT_EQ(rest.sent.size(), 2u);
  EXPECT_EQ(count_of(rest.sent[0].body, "%28LastName%20LIKE"), 0u) << "one comparison needs no parentheses";
  EXPECT_EQ(count_of(decoded(rest.sent[0].body), "LastName LIKE 'L%' AND Id IN ("), 5u);
}

TEST_F(RestOrgTest, LooksForRowsByAMatchRuleAndNamesARecordOnce) {
  std::vector<std::string> names;
  for (int n = 0; n < 301; ++n) names.push_back("Lee " + std::to_string(n));
  std::vector<model::Cell> cells;
  for (const std::string& name : names) cells.emplace_back(name);
  std::vector<std::span<const model::Cell>> rows;
  for (const model::Cell& cell : cells) rows.emplace_back(&cell, 1);
  // Records that match rows of both queries.
  rest.then(200, composite({part(0, 200, page(contact_record(1, "Lee 0") + "," + contact_record(2, "Lee 1"))),
                            part(1, 200, page(contact_record(2, "Lee 1")))}));
  const auto records = org.alike(mapping, std::vector<std::size_t>{0}, rows);
  ASSERT_TRUE(records) << records.error().message;
  ASSERT_EQ(records->size(), 2u);
  EXPECT_EQ(records->heads[1].id, contact_id(2));
  EXPECT_EQ(records->cells[1][0], model::Cell{"Lee 1"});
  EXPECT_EQ(rest.sent.size(), 1u);
  EXPECT_EQ(count_of(decoded(rest.sent[0].body), "LastName IN ('Lee "), 2u);
  EXPECT_EQ(count_of(decoded(rest.sent[0].body), "queryAll"), 0u) << "what lies in the bin is nobody's twin";
}

TEST_F(RestOrgTest, FailsALookupOfWhichAPartFails) {
  mapping.upsert_field = "K__c";
  rest.then(200, composite({part(0, 400, error("QUERY_TIMEOUT"))}));
  EXPECT_EQ(org.find(mapping, std::vector<std::string_view>{"a"}).error().kind, ErrorKind::throttled);
}

TEST_F(RestOrgTest, WritesAFewRowsUnderTheirConditions) {
  rest.then(200, composite({part(0, 204, "null"), part(1, 412, error("MATCH_PRECONDITION_FAILED")),
                            part(2, 201, R"({"id":"003000000000009AAA","success":true,"errors":[],"created":true})"),
                            part(3, 300, R"(["/services/data/v66.0/sobjects/Contact/003000000000001AAA"])"),
                            part(4, 500, error("UNKNOWN_EXCEPTION"))}));
  auto guarded = update(1, 1769854272);
  guarded.fields.set();  // all of them
  const auto results = org.write(written, std::vector{guarded, update(2), create("key/1"), create("k2"), update(5)});
  ASSERT_TRUE(results) << results.error().message;
  ASSERT_EQ(results->size(), 5u);
  EXPECT_EQ((*results)[0].value(), contact_id(1));
  EXPECT_EQ((*results)[1].error().kind, ErrorKind::precondition);
  EXPECT_EQ((*results)[2].value(), id_of("003000000000009AAA"));
  EXPECT_EQ((*results)[3].error().kind, ErrorKind::rejected);
  EXPECT_EQ((*results)[4].error().kind, ErrorKind::unknown_fate);
  EXPECT_EQ(rest.sent.at(0).body,
            R"({"allOrNone":false,"collateSubrequests":false,"compositeRequest":[)"
            R"({"method":"PATCH","url":"/services/data/v66.0/sobjects/Contact/)" +
                contact_id(1).str() +
                R"(","referenceId":"r0","httpHeaders":{"If-Unmodified-Since":"Sat, 31 Jan 2026 10:11:12 GMT"},)"
                R"("body":{"FirstName":"Ann","LastName":"Lee","Score__c":12.5,"HasOptedOutOfEmail":true,)"
                R"("Birthdate":null,"Seen__c":"2026-01-31T10:11:12Z"}},)"
                R"({"method":"PATCH","url":"/services/data/v66.0/sobjects/Contact/)" +
                contact_id(2).str() +
                R"(","referenceId":"r1","body":{"LastName":"Lee"}},)"
                R"({"method":"PATCH","url":"/services/data/v66.0/sobjects/Contact/Lockstep_Id__c/key%2F1",)"
                R"("referenceId":"r2","body":{"LastName":"Lee"}},)"
                R"({"method":"PATCH","url":"/services/data/v66.0/sobjects/Contact/Lockstep_Id__c/k2",)"
                R"("referenceId":"r3","body":{"LastName":"Lee"}},)"
                R"({"method":"PATCH","url":"/services/data/v66.0/sobjects/Contact/)" +
                contact_id(5).str() + R"(","referenceId":"r4","body":{"LastName":"Lee"}}]})");
  EXPECT_EQ(header_in(rest.sent[0], "Sforce-Call-Options"), "client=lockstep/" LOCKSTEP_VERSION);
}

TEST_F(RestOrgTest, WritesMixedCollectionsAndAnswersInTheOrderOfTheWrites) {
  rest.then(200, composite({part(1, 200, "[" + row(1) + "," + bad_row("ENTITY_IS_DELETED") + "]"),
                            part(0, 200, "[" + row(8) + "," + bad_row("REQUIRED_FIELD_MISSING") + "]")}));
  const auto results = org.write(written, std::vector{update(1), create("k1"), update(2), create("k\"2")});
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ((*results)[0].value(), contact_id(1));
  EXPECT_EQ((*results)[1].value(), contact_id(8));
  EXPECT_EQ((*results)[2].error().kind, ErrorKind::precondition);
  EXPECT_EQ((*results)[3].error().kind, ErrorKind::rejected);
  EXPECT_TRUE((*results)[3].error().message.contains("LastName"));
  EXPECT_EQ(rest.sent.at(0).body,
            R"({"allOrNone":false,"collateSubrequests":false,"compositeRequest":[)"
            R"({"method":"PATCH","url":"/services/data/v66.0/composite/sobjects/Contact/Lockstep_Id__c",)"
            R"("referenceId":"r0","body":{"allOrNone":false,"records":[)"
            R"({"attributes":{"type":"Contact"},"Lockstep_Id__c":"k1","LastName":"Lee"},)"
            R"({"attributes":{"type":"Contact"},"Lockstep_Id__c":"k\"2","LastName":"Lee"}]}},)"
            R"({"method":"PATCH","url":"/services/data/v66.0/composite/sobjects",)"
            R"("referenceId":"r1","body":{"allOrNone":false,"records":[)"
            R"({"attributes":{"type":"Contact"},"id":")" +
                contact_id(1).str() +
                R"(","LastName":"Lee"},)"
                R"({"attributes":{"type":"Contact"},"id":")" +
                contact_id(2).str() + R"(","LastName":"Lee"}]}}]})");
}

/// Answers a write of `counts` rows a subrequest, beginning with record `n`.
std::string rows_answer(std::size_t n, const std::vector<std::size_t>& counts) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    std::string body = "[";
    for (std::size_t k = 0; k < counts[i]; ++k) (body += k > 0 ? "," : "") += row(n++);
    parts.push_back(part(static_cast<int>(i), 200, body + "]"));
  }
  return composite(parts);
}

TEST_F(RestOrgTest, WritesAThousandRecordsInACall) {
  std::vector<OrgWrite> writes;
  for (std::size_t n = 1; n <= 1001; ++n) writes.push_back(update(n, 5));
  rest.then(200, rows_answer(1, {200, 200, 200, 200, 200})).then(200, rows_answer(1001, {1}));
  const auto results = org.write(written, writes);
  ASSERT_TRUE(results) << results.error().message;
  for (std::size_t n = 1; n <= 1001; ++n) EXPECT_EQ((*results)[n - 1].value(), contact_id(n));
  EXPECT_EQ(org.calls(), 2);
}

TEST_F(RestOrgTest, PutsTwoWritesOfOneRecordIntoTwoGroups) {
  rest.then(200, rows_answer(1, {1, 1}));
  ASSERT_TRUE(org.write(written, std::vector{create("k"), create("k")}));
  EXPECT_EQ(count_of(rest.sent.at(0).body, "\"records\":["), 2u);
}

TEST_F(RestOrgTest, KeepsWhatWasWrittenWhenALaterCallFails) {
  std::vector<OrgWrite> writes;
  for (std::size_t n = 1; n <= 2001; ++n) writes.push_back(update(n));
  rest.then(200, rows_answer(1, {200, 200, 200, 200, 200})).then_fail(ErrorKind::unknown_fate);
  const auto results = org.write(written, writes);
  ASSERT_TRUE(results);
  EXPECT_TRUE((*results)[999]);
  EXPECT_EQ((*results)[1000].error().kind, ErrorKind::unknown_fate);
  EXPECT_EQ((*results)[1999].error().kind, ErrorKind::unknown_fate);
  EXPECT_EQ((*results)[2000].error().kind, ErrorKind::unreachable) << "it was not sent";
  EXPECT_EQ(org.calls(), 2);
}

TEST_F(RestOrgTest, KeepsTheAnswersBeforeTheOneThatMakesNoSense) {
  std::string rows = row(1);
  for (std::size_t n = 2; n <= 200; ++n) rows += "," + row(n);
  rest.then(200, composite({part(0, 200, "[" + rows + "]"), part(1, 200, "7")}));
  std::vector<OrgWrite> writes;
  for (std::size_t n = 1; n <= 201; ++n) writes.push_back(update(n));
  const auto results = org.write(written, writes);
  ASSERT_TRUE(results);
  EXPECT_EQ((*results)[0].value(), contact_id(1));
  EXPECT_EQ((*results)[200].error().kind, ErrorKind::unknown_fate);
}

TEST_F(RestOrgTest, LeavesTheFateOfAWriteOpenWhenTheAnswerIsLostOrMakesNoSense) {
  const auto kind = [&] { return org.write(written, std::vector{update(1)}).error().kind; };
  rest.then_fail(ErrorKind::unknown_fate);
  EXPECT_EQ(kind(), ErrorKind::unknown_fate);
  rest.then(503, "<html>");
  EXPECT_EQ(kind(), ErrorKind::unknown_fate);
  rest.then(200, "<html>", {{"content-type", "text/html"}});
  EXPECT_EQ(kind(), ErrorKind::unknown_fate);
  rest.then(200, R"({"compositeResponse":[)");
  EXPECT_EQ(kind(), ErrorKind::unknown_fate);
  rest.then(200, composite({part(0, 200, "[]")}));
  EXPECT_EQ(kind(), ErrorKind::unknown_fate);
  rest.then(403, error("REQUEST_LIMIT_EXCEEDED"));
  EXPECT_EQ(kind(), ErrorKind::throttled);
  rest.then_fail(ErrorKind::unreachable).then_fail(ErrorKind::unreachable);
  EXPECT_EQ(kind(), ErrorKind::unreachable);
}

TEST_F(RestOrgTest, RefusesAGroupRowByRow) {
  rest.then(200, composite({part(0, 400, error("INVALID_FIELD"))}));
  const auto results = org.write(written, std::vector{update(1), update(2)});
  ASSERT_TRUE(results);
  EXPECT_EQ((*results)[0].error().kind, ErrorKind::settings);
  EXPECT_EQ((*results)[1].error().kind, ErrorKind::settings);
}

TEST_F(RestOrgTest, SendsNothingThatWouldSpoilTheCallForOthers) {
  auto broken = update(2);
  const std::vector<model::Cell> bytes{model::Cell{}, model::Cell{"\xff"}, model::Cell{}, model::Cell{},
                                       model::Cell{}, model::Cell{},       model::Cell{}};
  broken.values = bytes;
  auto injected = update(3);
  const std::vector<model::Cell> code{model::Cell{}, model::Cell{}, model::Cell{"1,\"OwnerId\":\"x\""},
                                      model::Cell{}, model::Cell{}, model::Cell{},
                                      model::Cell{}};
  injected.values = code;
  injected.fields.set(2);
  rest.then(200, rows_answer(1, {1}));
  const auto results = org.write(written, std::vector{broken, update(1), injected, create("")});
  ASSERT_TRUE(results);
  EXPECT_EQ((*results)[0].error().kind, ErrorKind::rejected);
  EXPECT_EQ((*results)[1].value(), contact_id(1));
  EXPECT_EQ((*results)[2].error().kind, ErrorKind::rejected);
  EXPECT_EQ((*results)[3].error().kind, ErrorKind::rejected);
  EXPECT_FALSE(rest.sent.at(0).body.contains("OwnerId"));
}

TEST_F(RestOrgTest, LeavesOutWhatIsNotTheOrgsToWrite) {
  written.fields[1].org_field = "Lockstep_Id__c";
  auto write = update(1);
  write.fields.set();
  values[0] = model::Cell::unresolved();
  rest.then(200, rows_answer(1, {1}));
  ASSERT_TRUE(org.write(written, std::vector{write}));
  EXPECT_TRUE(rest.sent.at(0).body.contains(
      R"({"attributes":{"type":"Contact"},"id":")" + contact_id(1).str() +
      R"(","Score__c":12.5,"HasOptedOutOfEmail":true,"Birthdate":null,"Seen__c":"2026-01-31T10:11:12Z"})"))
      << rest.sent[0].body;
}

TEST_F(RestOrgTest, NamesAParentByItsKeyWhereTheWriteSaysSo) {
  model::FieldMapping account = field("company_id", "AccountId", model::FieldKind::reference);
  account.role = model::FieldRole::reference;
  account.parent_object = "Account";
  account.relationship = "Account";
  model::FieldMapping about = account;
  about.org_field = "WhatId";
  about.relationship = "What";
  about.parent_prefix = "001";
  written.fields = {account, about, account};
  const std::vector<model::Cell> cells{model::Cell{"parent-\"1"}, model::Cell{"parent-2"}, model::Cell{}};
  OrgWrite write{.id = contact_id(1), .upsert_key = {}, .fields = {}, .values = cells};
  for (std::size_t f = 0; f < cells.size(); ++f) write.fields.set(f), write.by_key.set(f);
  rest.then(200, composite({part(0, 200, "[" + row(1) + "]")}));
  ASSERT_TRUE(org.write(written, std::vector{write}));
  const std::string& body = rest.sent.back().body;
  EXPECT_TRUE(body.contains(R"("Account":{"Lockstep_Id__c":"parent-\"1"})")) << body;
  EXPECT_TRUE(body.contains(R"("What":{"attributes":{"type":"Account"},"Lockstep_Id__c":"parent-2"})")) << body;
  EXPECT_TRUE(body.contains(R"("AccountId":null)")) << body;

  written.fields[0].relationship.clear();
  const auto refused = org.write(written, std::vector{write});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->front().error().kind, ErrorKind::rejected) << "no way to the parent";
}

TEST_F(RestOrgTest, CallsNobodyToWriteNothing) {
  EXPECT_EQ(org.write(written, {}).value().size(), 0u);
  EXPECT_EQ(org.retrieve(written, {}).value().size(), 0u);
  EXPECT_EQ(org.find(written, {}).value().size(), 0u);
  EXPECT_EQ(org.fetch({}).size(), 0u);
  EXPECT_TRUE(rest.sent.empty());
}

TEST_F(RestOrgTest, DescribesAnObject) {
  rest.then(200, "{\"name\":\"Contact\"}");
  EXPECT_EQ(org.describe("Contact").value(), "{\"name\":\"Contact\"}");
  EXPECT_EQ(rest.sent.at(0).url, "https://acme.my.salesforce.com/services/data/v66.0/sobjects/Contact/describe");
  EXPECT_EQ(org.describe("../x").error().kind, ErrorKind::settings);
}

/// "@{…}" in a value is a reference of a Composite call, and there is no escape.
TEST_F(RestOrgTest, SendsWhatLooksLikeAReferenceOutsideOfComposite) {
  const std::vector<model::Cell> names{model::Cell{}, model::Cell{"Hello @{r0.id}"}, model::Cell{}, model::Cell{},
                                       model::Cell{}, model::Cell{},                 model::Cell{}};
  auto greeting = update(1, 1769854272);
  greeting.values = names;
  rest.then(200, composite({part(0, 204, "null"), part(1, 204, "null")})).then(200, "[" + row(1) + "]");
  const auto results = org.write(written, std::vector{update(2), greeting, update(3, 5)});
  ASSERT_TRUE(results) << results.error().message;
  for (const std::size_t n : {2u, 1u, 3u}) EXPECT_EQ((*results)[n == 2 ? 0 : n == 1 ? 1 : 2].value(), contact_id(n));
  ASSERT_EQ(rest.sent.size(), 2u);
  EXPECT_FALSE(rest.sent[0].body.contains("@{"));
  EXPECT_TRUE(rest.sent[1].url.ends_with("/composite/sobjects"));
  EXPECT_TRUE(rest.sent[1].body.contains(R"("LastName":"Hello @{r0.id}")"));
}

TEST_F(RestOrgTest, SendsACollectionWithReferencesByItself) {
  const std::vector<model::Cell> names{model::Cell{}, model::Cell{"@{r0[0].id}"}, model::Cell{}, model::Cell{},
                                       model::Cell{}, model::Cell{},              model::Cell{}};
  auto odd = create("k2");
  odd.values = names;
  rest.then(200, composite({part(0, 200, "[" + row(1) + "," + row(3) + "]")})).then(200, "[" + row(2) + "]");
  const auto results = org.write(written, std::vector{create("k1"), odd, create("k3")});
  ASSERT_TRUE(results) << results.error().message;
  for (const std::size_t n : {1u, 2u, 3u}) EXPECT_EQ((*results)[n - 1].value(), contact_id(n));
  EXPECT_FALSE(rest.sent.at(0).body.contains("@{"));
  EXPECT_TRUE(rest.sent.at(1).url.ends_with("/composite/sobjects/Contact/Lockstep_Id__c"));
  EXPECT_EQ(rest.sent[1].body, R"({"allOrNone":false,"records":[{"attributes":{"type":"Contact"},)"
                               R"("Lockstep_Id__c":"k2","LastName":"@{r0[0].id}"}]})");
}

TEST_F(RestOrgTest, SpellsNoReferenceInTheUrlOfALookup) {
  rest.then(200, composite({part(0, 200, page(""))}));
  ASSERT_TRUE(org.find(written, std::vector<std::string_view>{"@{r0.id}"}));
  EXPECT_FALSE(rest.sent.at(0).body.contains("@{")) << rest.sent[0].body;
}

}  // namespace
}  // namespace salesforce
