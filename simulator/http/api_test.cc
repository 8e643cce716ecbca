#include "simulator/http/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gzip/gzip.h"
#include "simulator/http/site_for_test.h"

namespace simulator {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;

/// Keeps what it is sent, or takes it in parts.
class Depot final : public Resource {
 public:
  explicit Depot(Api& api) { api.mount("depot/**", *this); }
  Reply answer(const Call& call) override { return {200, call.method + " " + call.path.back() + " " + call.body}; }
  bool takes_json() const override { return false; }
  bool takes_stream(const Call& call) const override { return call.method == "PUT"; }
  std::unique_ptr<BodySink> receive(const Call& call) override { return std::make_unique<Sink>(call.path.back()); }
  bool guards_itself() const override { return true; }
  std::string kind(const Call&) const override { return "depot"; }

 private:
  struct Sink final : BodySink {
    explicit Sink(std::string name_of_it) : name(std::move(name_of_it)) {}
    bool write(std::string_view bytes) override {
      all += bytes;
      return all.size() < 100;
    }
    Reply finish() override { return {201, name + ": " + all}; }
    std::string name, all;
  };
};

struct DepotSite : Site {
  Depot depot{api};

  http::Response upload(const std::string& body, std::map<std::string, std::string, std::less<>> headers = {}) {
    headers.emplace("authorization", "Bearer " + session());
    const auto receiver = api.receive({"PUT", "/services/data/v62.0/depot/7", "", std::move(headers), ""});
    EXPECT_NE(receiver, nullptr);
    for (std::size_t at = 0; at < body.size(); at += 10)
      if (!receiver->take(std::string_view{body}.substr(at, 10))) break;
    return receiver->finish();
  }
};

TEST(Api, OthersMountResourcesAndTakeBodiesAsTheyCome) {
  DepotSite site;
  EXPECT_EQ(site.call("POST", "depot/a%20b", "x").body, "POST a b x");
  EXPECT_EQ(site.call("GET", "depot").status, 404);
  EXPECT_EQ(site.api.receive({"POST", "/services/data/v62.0/depot/7", "", {}, ""}), nullptr);
  EXPECT_EQ(site.api.receive({"PUT", "/services/data/v62.0/sobjects/Contact", "", {}, ""}), nullptr);
  const auto taken = site.upload("hello, world of bodies");
  EXPECT_EQ(taken.status, 201);
  EXPECT_EQ(taken.body, "7: hello, world of bodies");
  EXPECT_EQ(Site::header(taken, "Sforce-Limit-Info"), "api-usage=3/100000");
  EXPECT_EQ(site.upload(gzip::packed("packed on the way"), {{"content-encoding", "gzip"}}).body,
            "7: packed on the way");
  EXPECT_EQ(site.upload(gzip::packed("packed").substr(0, 12), {{"content-encoding", "gzip"}}).status, 400);
  EXPECT_EQ(site.upload("x", {{"authorization", "Bearer nobody"}}).status, 401);
  EXPECT_THAT(site.ask("GET", "/__sim/stats").body, HasSubstr(R"("depot":)"));
}

TEST(Api, FaultsBefallUploadsToo) {
  DepotSite site;
  site.api.set_faults(
      R"({"rules":[{"effect":"cut_before","method":"PUT","count":1},{"effect":"cut_after","after":1,"count":1},
                                   {"effect":"unavailable","after":2,"count":1}]})");
  EXPECT_TRUE(site.upload("a").close_without_answer);
  EXPECT_TRUE(site.upload("a").close_without_answer);
  EXPECT_EQ(site.upload("a").status, 503);
  EXPECT_EQ(site.upload("a").status, 201);
}

TEST(Api, UnpacksRequestBodiesAndRefusesOnesThatAreNoJson) {
  Site site;
  const auto made =
      site.call("POST", "sobjects/Account", gzip::packed(R"({"Name":"Packed"})"), {{"content-encoding", "gzip"}});
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(site.call("POST", "sobjects/Account", "rubbish", {{"content-encoding", "gzip"}}).status, 400);
  EXPECT_EQ(site.call("POST", "sobjects/Account", R"({"Name":"x"})", {{"content-type", "text/plain"}}).status, 415);
}

TEST(Api, KnowsVersionsOldOnesAndNone) {
  Site site;
  const auto with = [&](const char* version) {
    return site.ask("GET", std::string{"/services/data/"} + version + "/limits", "",
                    {{"authorization", "Bearer " + site.session()}});
  };
  EXPECT_EQ(with("v31.0").status, 200);
  EXPECT_EQ(with("v67.0").status, 200);
  EXPECT_EQ(with("v30.0").status, 410);
  EXPECT_EQ(Site::code(with("v30.0")), "GONE");
  EXPECT_EQ(with("v99.0").status, 404);
  EXPECT_EQ(with("v62").status, 404);
  EXPECT_THAT(site.ask("GET", "/services/data").body,
              HasSubstr(R"({"label":"Spring '26","url":"/services/data/v66.0","version":"66.0"})"));
}

TEST(Api, TakesSlashesInFrontForOne) {
  DepotSite site;
  EXPECT_EQ(site.ask("GET", "//services/data").status, 200);
  EXPECT_EQ(
      site.ask("GET", "///services/data/v62.0/limits", "", {{"authorization", "Bearer " + site.session()}}).status,
      200);
  EXPECT_EQ(site.ask("GET", "//").status, 401);
  EXPECT_NE(site.api.receive({"PUT", "//services/data/v62.0/depot/7", "", {}, ""}), nullptr);
}

TEST(Api, RefusesAddressesThatAreTooLong) {
  Site site;
  EXPECT_EQ(site.call("GET", "query?q=" + std::string(16'384, 'x')).status, 414);
  EXPECT_EQ(site.call("GET", "limits", "", {{"x", std::string(16'384, 'x')}}).status, 431);
}

TEST(Api, AMethodCanBeTunnelled) {
  Site site;
  const std::string id = Site::text(site.call("POST", "sobjects/Account", R"({"Name":"Before"})"), "id");
  EXPECT_EQ(site.call("POST", "sobjects/Account/" + id + "?_HttpMethod=PATCH", R"({"Name":"After"})").status, 204);
  EXPECT_EQ(Site::text(site.call("GET", "sobjects/Account/" + id), "Name"), "After");
}

TEST(Api, RefusesCallsWhileTooManyLongOnesAreUnderWay) {
  ApiOptions options;
  options.long_calls = {2, 20s};
  Site* site_of_sleeper = nullptr;
  int depth = 0;
  std::vector<int> statuses;
  // A slow call sleeps; meanwhile the next one is made, as another client would.
  options.sleep = [&](std::chrono::milliseconds) {
    site_of_sleeper->clock.advance(20s);
    if (++depth < 4) statuses.push_back(site_of_sleeper->call("GET", "limits").status);
  };
  Site site{options};
  site_of_sleeper = &site;
  site.session();
  site.api.set_faults(R"({"rules":[{"effect":"latency","latency_ms":60000}]})");
  EXPECT_EQ(site.call("GET", "limits").status, 200);
  std::ranges::sort(statuses);
  EXPECT_EQ(statuses, (std::vector{200, 403, 403}));
  site.api.set_faults(R"({"rules":[]})");
  EXPECT_EQ(site.call("GET", "limits").status, 200) << "they have ended";
}

TEST(Api, CallsInFlightLockTheParentsOfWhatTheyWrite) {
  ApiOptions options;
  std::function<void()> meanwhile;
  options.sleep = [&](std::chrono::milliseconds) {
    if (meanwhile) std::exchange(meanwhile, {})();
  };
  options.latency = 1ms;
  Site site{options};
  const std::string parent = Site::text(site.call("POST", "sobjects/Account", R"({"Name":"Parent"})"), "id");
  const auto child = [&](const char* name) {
    return site.call("POST", "sobjects/Contact",
                     std::string{R"({"LastName":")"} + name + R"(","AccountId":")" + parent + R"("})");
  };
  http::Response second;
  meanwhile = [&] { second = child("second"); };
  EXPECT_EQ(child("first").status, 201);
  EXPECT_EQ(second.status, 400);
  EXPECT_EQ(Site::code(second), "UNABLE_TO_LOCK_ROW");
  EXPECT_EQ(child("third").status, 201) << "the lock went with the call";
}

TEST(Api, AnswersComeSlowlyCutOrPackedAndCut) {
  Site site;
  const auto with = [&](const char* rule, std::map<std::string, std::string, std::less<>> headers = {}) {
    EXPECT_EQ(site.api.set_faults(std::string{R"({"rules":[)"} + rule + "]}"), std::nullopt);
    return site.call("GET", "sobjects/Contact/describe", "", std::move(headers));
  };
  const std::string whole = site.call("GET", "sobjects/Contact/describe").body;
  bool broke_off = false;
  EXPECT_EQ(Site::body(with(R"({"effect":"cut_body","bytes":100})"), &broke_off), whole.substr(0, 100));
  EXPECT_TRUE(broke_off);
  broke_off = false;
  EXPECT_EQ(Site::body(with(R"({"effect":"cut_body"})"), &broke_off), whole.substr(0, whole.size() / 2));
  EXPECT_TRUE(broke_off);

  const auto packed = with(R"({"effect":"cut_gzip"})", {{"accept-encoding", "gzip, deflate"}});
  EXPECT_EQ(Site::header(packed, "Content-Encoding"), "gzip");
  EXPECT_FALSE(gzip::unpacked(packed.body, 1 << 24));
  EXPECT_EQ(with(R"({"effect":"cut_gzip"})").body, whole) << "who asks for no gzip gets none";

  auto slow = with(R"({"effect":"slow","bytes_per_second":1000})");
  std::string chunk;
  EXPECT_TRUE(slow.stream(chunk));
  EXPECT_EQ(chunk, "");
  site.clock.advance(500ms);
  EXPECT_TRUE(slow.stream(chunk));
  EXPECT_EQ(chunk, whole.substr(0, 500));
  site.clock.advance(1h);
  chunk.clear();
  EXPECT_FALSE(slow.stream(chunk));
  EXPECT_EQ(chunk, whole.substr(500));
}

TEST(Api, CsvIsCutInsideARow) {
  DepotSite site;
  class Table final : public Resource {
   public:
    Reply answer(const Call&) override {
      Reply reply{200, "\"Id\",\"Name\"\n\"1\",\"Ann\"\n\"2\",\"Bob\"\n\"3\",\"Cyd\"\n"};
      reply.content_type = "text/csv";
      return reply;
    }
    std::string kind(const Call&) const override { return "table"; }
  } table;
  site.api.mount("table", table);
  site.api.set_faults(R"({"rules":[{"effect":"cut_csv"}]})");
  const std::string csv = site.call("GET", "table").body;
  EXPECT_EQ(csv, "\"Id\",\"Name\"\n\"1\",\"Ann");
}

TEST(Api, TellsWhatColumnsAQueryHas) {
  Site site;
  const auto names = [&](const std::string& soql) {
    const auto answer = site.call("GET", "query?columns=true&q=" + http::percent_encode(soql));
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::string out;
    const std::function<void(const boost::json::array&)> list = [&](const boost::json::array& columns) {
      for (const auto& column : columns) {
        out += (out.empty() || out.back() == '(' ? "" : " ") + std::string{column.at("columnName").as_string()};
        if (column.at("aggregate").as_bool()) out += "#";
        if (column.at("joinColumns").as_array().empty()) continue;
        out += "(";
        list(column.at("joinColumns").as_array());
        out += ")";
      }
    };
    list(boost::json::parse(answer.body).at("columnMetadata").as_array());
    return out;
  };
  EXPECT_EQ(names("SELECT Id, Account.Name, Email, Account.Owner.Name FROM Contact"),
            "Id Account(Name Owner(Name)) Email");
  EXPECT_EQ(names("SELECT Name, (SELECT LastName, Account.Name FROM Contacts), Id FROM Account"),
            "Name Contacts#(LastName Account(Name)) Id");
  EXPECT_EQ(names("SELECT StageName, COUNT(Id), MAX(Amount) top FROM Opportunity GROUP BY StageName"),
            "StageName expr0# top#");
  EXPECT_EQ(names("SELECT COUNT() FROM Contact"), "");
  EXPECT_EQ(Site::code(site.call("GET", "query?columns=true&q=SELECT+Nope+FROM+Contact")), "INVALID_FIELD");
}

TEST(Api, OthersActWithoutSessionCostsOrFaults) {
  Site site;
  site.api.set_faults(R"({"rules":[{"effect":"unavailable"}]})");
  const auto made = site.ask("POST", "/__sim/as/olga@sfsim.example.com/sobjects/Account", R"({"Name":"Hers"})");
  EXPECT_EQ(made.status, 201);
  const std::string account =
      "/__sim/as/005SF0000000002YAA/services/data/v62.0/sobjects/Account/" + Site::text(made, "id");
  EXPECT_EQ(site.ask("PATCH", account, R"({"Name":"Ours"})").status, 204);
  const auto read = site.ask("GET", account);
  EXPECT_EQ(Site::text(read, "Name"), "Ours");
  EXPECT_EQ(Site::text(read, "CreatedById"), "005SF0000000002YAA");
  EXPECT_EQ(site.ask("DELETE", account).status, 204);
  EXPECT_EQ(site.ask("GET", "/__sim/as/nobody/sobjects/Account").status, 404);
  EXPECT_EQ(site.api.limits().used("DailyApiRequests"), 0);
}

TEST(Api, TheClockOfATestIsNotMovedByOthers) {
  Site site;
  EXPECT_EQ(site.ask("PUT", "/__sim/clock", R"({"advance_ms":1})").status, 409);
}

TEST(Api, TheClockIsMovedAndStopped) {
  base::ManualClock machine{base::Utc{1'800'000'000s}};
  SimClock clock{machine};
  Org org{clock, {}};
  ApiOptions options;
  options.clock = &clock;
  Api api{org, options};
  const auto put = [&](const char* body) { return api.handle({"PUT", "/__sim/clock", "", {}, body}).body; };
  EXPECT_EQ(put(R"({"advance_ms":3600000})"), R"({"now":"2027-01-15T09:00:00.000Z","frozen":false})");
  EXPECT_EQ(clock.elapsed(), 1h);
  machine.advance(1s);
  EXPECT_EQ(put(R"({"frozen":true})"), R"({"now":"2027-01-15T09:00:01.000Z","frozen":true})");
  machine.advance(1h);
  EXPECT_EQ(put(R"({"advance_ms":1000})"), R"({"now":"2027-01-15T09:00:02.000Z","frozen":true})");
  EXPECT_EQ(put(R"({"frozen":false,"now":"2030-01-01T00:00:00Z"})"),
            R"({"now":"2030-01-01T00:00:00.000Z","frozen":false})");
  machine.advance(1min);
  EXPECT_EQ(put("{}"), R"({"now":"2030-01-01T00:01:00.000Z","frozen":false})");
  EXPECT_THAT(put(R"({"advance":1})"), HasSubstr("unknown key"));
}

}  // namespace
}  // namespace simulator
