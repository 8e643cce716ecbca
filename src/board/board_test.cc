#include "board/board.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "queue/memory/memory_queue.h"

namespace board {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

class BoardTest : public testing::Test {
 protected:
  http::Response ask(const std::string& method, const std::string& path, const std::string& body = {},
                     bool may_change = true) {
    http::Request request;
    request.method = method;
    const auto question = path.find('?');
    request.path = "/admin/queues/" + path.substr(0, question);
    if (question != std::string::npos) request.query = path.substr(question + 1);
    request.body = body;
    return board_.handle(request, may_change);
  }
  json::value read(const std::string& path) {
    const auto response = ask("GET", path);
    EXPECT_EQ(response.status, 200) << path << ": " << response.body;
    return json::parse(response.body);
  }
  json::object queue_now(const std::string& query = "activeQueue=salesforce-sync") {
    return read("api/queues?" + query).at("queues").at(0).as_object();
  }
  /// The key and status of a refusal.
  std::string refusal(const http::Response& response) {
    return std::to_string(response.status) + " " +
           std::string{json::parse(response.body).at("error").at("key").as_string()};
  }
  std::string add(const std::string& name = "salesforce-sync") {
    return *queue_->add({name, R"({"integrationId":"a"})", {}}, clock_.now());
  }
  /// A job that ran and failed.
  std::string add_failed() {
    const std::string id = add();
    auto taken = queue_->take({.token = "t", .worker = "w"}, clock_.now());
    EXPECT_TRUE(taken && taken->job && taken->job->id == id);
    EXPECT_TRUE(queue_->fail(*taken->job, "t", {"no luck", {"older", "newest"}}, {}, clock_.now()));
    return id;
  }

  base::ManualClock clock_{base::Utc{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}}};
  std::unique_ptr<queue::JobQueue> queue_ = queue::make_memory_queue();
  Board board_{*queue_, clock_, {}};
};

TEST_F(BoardTest, ServesItsOwnPathsOnly) {
  EXPECT_TRUE(board_.serves("/admin/queues"));
  EXPECT_TRUE(board_.serves("/admin/queues/queue/x"));
  EXPECT_FALSE(board_.serves("/admin/queuesandmore"));
  EXPECT_FALSE(board_.serves("/"));
}

TEST_F(BoardTest, ThePageIsFilledAndAsksNoOtherHost) {
  for (const char* path : {"", "queue/salesforce-sync", "queue/salesforce-sync/repeat%3Aa%3A1", "job-schedulers"}) {
    const auto response = ask("GET", path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_NE(response.body.find("<base href=\"/admin/queues/\""), std::string::npos);
    EXPECT_EQ(response.body.find("<%"), std::string::npos) << "a placeholder is left";
    EXPECT_EQ(response.body.find("googleapis"), std::string::npos);
  }
  EXPECT_EQ(ask("GET", "queue/a/b/c").status, 404);
}

TEST_F(BoardTest, EveryAssetOfThePageIsThere) {
  const std::string page = ask("GET", "").body;
  int assets = 0;
  for (std::size_t at = page.find("\"static/"); at != std::string::npos; at = page.find("\"static/", at + 1)) {
    const std::string path = page.substr(at + 1, page.find('"', at + 1) - at - 1);
    const auto response = ask("GET", path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_FALSE(response.body.empty());
    ++assets;
  }
  EXPECT_GE(assets, 5);
  EXPECT_EQ(ask("GET", "static/locales/en-US/messages.json").status, 200);
  for (const char* wrong : {"static/../index.ejs", "static/%2e%2e/index.ejs", "static/", "static/js/none.js"})
    EXPECT_EQ(ask("GET", wrong).status, 404) << wrong;
}

TEST_F(BoardTest, ListsJobsByStateInPages) {
  for (int i = 0; i < 25; ++i) add();
  const auto shown = queue_now("activeQueue=salesforce-sync&status=waiting&page=3&jobsPerPage=10");
  EXPECT_EQ(shown.at("counts").at("waiting").as_int64(), 25);
  EXPECT_EQ(shown.at("pagination").at("pageCount").as_int64(), 3);
  EXPECT_EQ(shown.at("pagination").at("range").at("start").as_int64(), 20);
  EXPECT_EQ(shown.at("jobs").as_array().size(), 5u);
  EXPECT_EQ(shown.at("jobs").at(4).at("id").as_string(), "1") << "newest first";
  EXPECT_TRUE(queue_now("activeQueue=other").at("jobs").as_array().empty());
  EXPECT_EQ(refusal(ask("GET", "api/queues?page=0")), "400 ERRORS.INVALID_QUERY_PARAM");
  EXPECT_EQ(refusal(ask("GET", "api/queues?status=none")), "400 ERRORS.INVALID_QUERY_PARAM");
}

TEST_F(BoardTest, ShowsAFailedJobNewestTraceFirst) {
  const std::string id = add_failed();
  ASSERT_TRUE(queue_->log(id, "a line"));
  const auto shown = read("api/queues/salesforce-sync/" + id);
  EXPECT_EQ(shown.at("status").as_string(), "failed");
  EXPECT_EQ(shown.at("job").at("failedReason").as_string(), "no luck");
  EXPECT_EQ(shown.at("job").at("stacktrace").at(0).as_string(), "newest");
  EXPECT_TRUE(shown.at("job").at("isFailed").as_bool());
  EXPECT_EQ(shown.at("job").at("data").at("integrationId").as_string(), "a");
  EXPECT_TRUE(shown.at("job").at("returnValue").is_null());
  EXPECT_EQ(read("api/queues/salesforce-sync/" + id + "/logs").at(0).as_string(), "a line");
  EXPECT_TRUE(read("api/queues/salesforce-sync/" + id + "/flow").at("flowRoot").is_null());
  EXPECT_EQ(refusal(ask("GET", "api/queues/salesforce-sync/none")), "404 ERRORS.JOB_NOT_FOUND");
  EXPECT_EQ(refusal(ask("GET", "api/queues/other/1")), "404 ERRORS.QUEUE_NOT_FOUND");
}

TEST_F(BoardTest, RetriesOneAndAll) {
  const std::string id = add_failed();
  EXPECT_EQ(ask("PUT", "api/queues/salesforce-sync/" + id + "/retry").status, 204);
  EXPECT_EQ(queue_->state_of(id)->value(), queue::State::waiting);
  EXPECT_EQ(refusal(ask("PUT", "api/queues/salesforce-sync/" + id + "/retry")), "400 ERRORS.JOB_NOT_RETRIABLE");
  ASSERT_TRUE(queue_->remove(id));
  add_failed(), add_failed();
  EXPECT_EQ(json::parse(ask("PUT", "api/queues/salesforce-sync/retry/failed").body).at("retried").as_int64(), 2);
  EXPECT_EQ(refusal(ask("PUT", "api/queues/salesforce-sync/retry/active")), "400 ERRORS.STATUS_NOT_RETRIABLE");
}

TEST_F(BoardTest, RemovesPromotesAndCleans) {
  queue::JobOptions later;
  later.delay = 1h;
  const std::string delayed = *queue_->add({"n", "{}", later}, clock_.now());
  EXPECT_EQ(ask("PUT", "api/queues/salesforce-sync/" + delayed + "/promote").status, 204);
  EXPECT_EQ(queue_->state_of(delayed)->value(), queue::State::waiting);
  EXPECT_EQ(ask("PUT", "api/queues/salesforce-sync/" + delayed + "/clean").status, 204);
  EXPECT_FALSE(queue_->job(delayed)->has_value());

  const std::string active = add();
  ASSERT_TRUE(queue_->take({.token = "t"}, clock_.now())->job);
  EXPECT_EQ(refusal(ask("PUT", "api/queues/salesforce-sync/" + active + "/clean")), "409 ERRORS.JOB_IS_ACTIVE");

  clock_.advance(10s);
  ASSERT_TRUE(queue_->fail(*queue_->job(active).value(), "t", {"no", {}}, {}, clock_.now()));
  EXPECT_EQ(ask("PUT", "api/queues/salesforce-sync/clean/failed").status, 200);
  EXPECT_TRUE(queue_->job(active)->has_value()) << "younger than the grace";
  clock_.advance(10s);
  EXPECT_EQ(ask("PUT", "api/queues/salesforce-sync/clean/failed").status, 200);
  EXPECT_FALSE(queue_->job(active)->has_value());
  EXPECT_EQ(ask("PUT", "api/queues/salesforce-sync/clean/nonsense").status, 400);
}

TEST_F(BoardTest, PausesResumesAndObliterates) {
  add();
  EXPECT_EQ(refusal(ask("PUT", "api/queues/salesforce-sync/obliterate", R"({"force":false})")),
            "400 ERRORS.QUEUE_NOT_PAUSED");
  EXPECT_EQ(ask("PUT", "api/queues/salesforce-sync/pause").status, 200);
  EXPECT_TRUE(queue_now().at("isPaused").as_bool());
  EXPECT_EQ(queue_now("activeQueue=salesforce-sync&status=waiting").at("jobs").as_array().size(), 1u)
      << "what waits in a paused queue is looked for among the waiting";
  EXPECT_EQ(ask("PUT", "api/queues/resume").status, 200);
  EXPECT_FALSE(queue_now().at("isPaused").as_bool());
  EXPECT_EQ(ask("PUT", "api/queues/pause").status, 200);
  EXPECT_EQ(ask("PUT", "api/queues/salesforce-sync/obliterate").status, 200);
  EXPECT_EQ(queue_now().at("counts").at("paused").as_int64() + queue_now().at("counts").at("waiting").as_int64(), 0);
}

TEST_F(BoardTest, AddsAJobWithBullMqsOptions) {
  const auto added = json::parse(ask("POST", "api/queues/salesforce-sync/add",
                                     R"({"name":"x","data":{"a":1},"options":{"delay":60000,"attempts":3}})")
                                     .body);
  EXPECT_EQ(added.at("status").as_string(), "delayed");
  EXPECT_EQ(added.at("job").at("opts").at("attempts").as_int64(), 3);
  EXPECT_EQ(refusal(ask("POST", "api/queues/salesforce-sync/add", R"({"data":{}})")),
            "400 ERRORS.INVALID_REQUEST_BODY");
  EXPECT_EQ(refusal(ask("POST", "api/queues/salesforce-sync/add", "no json")), "400 ERRORS.INVALID_REQUEST_BODY");
  const std::string id{added.at("job").at("id").as_string()};
  EXPECT_EQ(ask("PATCH", "api/queues/salesforce-sync/" + id + "/update-data", R"({"jobData":{"b":2}})").status, 200);
  EXPECT_EQ(read("api/queues/salesforce-sync/" + id).at("job").at("data").at("b").as_int64(), 2);
  EXPECT_EQ(ask("PATCH", "api/queues/salesforce-sync/" + id + "/delay", R"({"runAt":0})").status, 200);
  EXPECT_EQ(refusal(ask("PATCH", "api/queues/salesforce-sync/" + id + "/priority", R"({"priority":-1})")),
            "400 ERRORS.INVALID_PRIORITY");
}

TEST_F(BoardTest, ShowsAndChangesSchedulers) {
  queue::Scheduler scheduler;
  scheduler.id = "sync:it";
  scheduler.id = "sync";
  scheduler.repeat.pattern = "*/15 * * * *";
  scheduler.name = "salesforce-sync";
  ASSERT_TRUE(queue_->upsert_scheduler(scheduler, clock_.now()));
  const auto shown = read("api/job-schedulers").at("schedulers").at(0);
  EXPECT_EQ(shown.at("pattern").as_string(), "*/15 * * * *");
  EXPECT_TRUE(shown.as_object().contains("nextRunJobId"));
  EXPECT_EQ(queue_now().at("jobSchedulerCount").as_int64(), 1);
  const std::string place = "api/queues/salesforce-sync/job-schedulers/sync";
  EXPECT_EQ(refusal(ask("PATCH", place, R"({"pattern":"x y"})")), "400 ERRORS.INVALID_SCHEDULER_PATTERN");
  EXPECT_EQ(refusal(ask("PATCH", place, R"({"pattern":"* * * * *","every":5})")),
            "400 ERRORS.INVALID_SCHEDULER_SCHEDULE");
  EXPECT_EQ(ask("PATCH", place, R"({"every":60000})").status, 204);
  EXPECT_EQ(read("api/job-schedulers").at("schedulers").at(0).at("every").as_int64(), 60000);
  EXPECT_EQ(json::parse(ask("PUT", place + "/run").body).at("job").at("name").as_string(), "salesforce-sync");
  EXPECT_EQ(ask("PUT", place + "/remove").status, 204);
  EXPECT_EQ(refusal(ask("PUT", place + "/remove")), "404 ERRORS.JOB_SCHEDULER_NOT_FOUND");
}

TEST_F(BoardTest, WhoMayNotChangeIsRefusedEveryChange) {
  const std::string id = add();
  const std::string queue = "api/queues/salesforce-sync/";
  for (const auto& [method, path] :
       std::vector<std::pair<std::string, std::string>>{{"PUT", "api/queues/pause"},
                                                        {"PUT", queue + "pause"},
                                                        {"PUT", queue + "empty"},
                                                        {"PUT", queue + "obliterate"},
                                                        {"PUT", queue + id + "/clean"},
                                                        {"PUT", queue + "clean/waiting"},
                                                        {"POST", queue + "add"},
                                                        {"PATCH", queue + id + "/update-data"},
                                                        {"PUT", queue + "concurrency"},
                                                        {"PATCH", queue + "job-schedulers/a"}})
    EXPECT_EQ(refusal(ask(method, path, R"({"name":"n","concurrency":1,"jobData":1})", false)),
              "405 ERRORS.QUEUE_READ_ONLY")
        << path;
  EXPECT_EQ(queue_->state_of(id)->value(), queue::State::waiting);
  http::Request request;
  request.method = "GET";
  request.path = "/admin/queues/api/queues";
  EXPECT_TRUE(json::parse(board_.handle(request, false).body).at("queues").at(0).at("readOnlyMode").as_bool());
}

TEST_F(BoardTest, WithoutAServerThereIsNothingToShowOfIt) {
  EXPECT_EQ(refusal(ask("GET", "api/redis/stats")), "404 ERRORS.REDIS_STATS_UNAVAILABLE");
  EXPECT_NE(ask("GET", "").body.find("\"hideRedisDetails\":true"), std::string::npos);
}

}  // namespace
}  // namespace board
