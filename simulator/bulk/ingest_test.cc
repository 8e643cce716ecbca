#include "gzip/gzip.h"
#include "simulator/bulk/fixture_for_test.h"

namespace simulator::bulk {
namespace {

using Ingest = BulkTest;
using testing::Test;

constexpr const char* upsert = R"("object":"Contact","operation":"upsert","externalIdFieldName":"Lockstep_Id__c")";
constexpr const char* insert = R"("object":"Contact","operation":"insert")";

TEST_F(Ingest, GoesThroughItsStatesAsTheClockDoes) {
  const std::string id = create(insert);
  EXPECT_EQ(id.substr(0, 3), "750");
  EXPECT_EQ(text(job(id), "state"), "Open");
  EXPECT_EQ(text(job(id), "contentUrl"), "services/data/v66.0/jobs/ingest/" + id + "/batches");
  const http::Response uploaded = put(id, "LastName\nAnn\n");
  EXPECT_EQ(uploaded.status, 201);
  EXPECT_EQ(uploaded.body, "");
  EXPECT_EQ(text(json_of(set_state(id, "UploadComplete")), "state"), "UploadComplete");
  EXPECT_EQ(text(job(id), "state"), "UploadComplete");
  EXPECT_EQ(value("SELECT Id FROM Contact WHERE LastName = 'Ann'", "Id"), "(no record)");
  clock.advance(std::chrono::milliseconds{200});
  // Due work is done before the org is looked at in any way.
  EXPECT_NE(value("SELECT Id FROM Contact WHERE LastName = 'Ann'", "Id"), "(no record)");
  const auto done = job(id);
  EXPECT_EQ(text(done, "state"), "JobComplete");
  EXPECT_EQ(done.at("numberRecordsProcessed").as_int64(), 1);
  EXPECT_EQ(done.at("numberRecordsFailed").as_int64(), 0);
  EXPECT_EQ(done.at("apiVersion").as_double(), 66.0);
  EXPECT_EQ(text(done, "jobType"), "V2Ingest");
  EXPECT_FALSE(done.contains("contentUrl"));
}

TEST_F(Ingest, GivesEveryRowAFateOfItsOwn) {
  const std::string id = run(upsert,
                             "LastName,\"Lockstep_Id__c\",Email\n"
                             "\"Lee, \"\"Jr\"\"\",k1,a@example.com\n"
                             ",k2,\n"
                             "Poe,k3,nonsense\n"
                             "Ray,k4\n"
                             " \"Sue\",k5,\n"
                             "Tom,,\n");
  const auto done = job(id);
  EXPECT_EQ(text(done, "state"), "JobComplete");
  EXPECT_EQ(done.at("numberRecordsProcessed").as_int64(), 6);
  EXPECT_EQ(done.at("numberRecordsFailed").as_int64(), 5);
  const std::string made = value("SELECT Id FROM Contact WHERE Lockstep_Id__c = 'k1'", "Id");
  EXPECT_EQ(call("GET", "/jobs/ingest/" + id + "/successfulResults").body,
            "\"sf__Id\",\"sf__Created\",LastName,\"Lockstep_Id__c\",Email\n\"" + made +
                "\",\"true\",\"Lee, \"\"Jr\"\"\",k1,a@example.com\n");
  const std::string failed_text = call("GET", "/jobs/ingest/" + id + "/failedResults").body;
  EXPECT_TRUE(failed_text.starts_with(
      "\"sf__Id\",\"sf__Error\",LastName,\"Lockstep_Id__c\",Email\n"
      "\"\",\"REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --\",,k2,\n"))
      << failed_text;
  EXPECT_TRUE(failed_text.contains(
      "\"\",\"INVALID_EMAIL_ADDRESS:Email: invalid email address: nonsense:Email --\",Poe,k3,nonsense\n"));
  EXPECT_TRUE(failed_text.contains("\"\",\"MISSING_ARGUMENT:Lockstep_Id__c not specified: --\",Tom,,\n"))
      << failed_text;
  EXPECT_EQ(unprocessed(id), "LastName,\"Lockstep_Id__c\",Email\n");
}

TEST_F(Ingest, LeavesEmptyValuesAndClearsOnlyTheNullSign) {
  run(upsert, "Lockstep_Id__c,LastName,Phone,Title\nk1,Lee,123,Boss\n");
  const std::string id = run(upsert, "Lockstep_Id__c,LastName,Phone,Title\nk1,,#N/A,\n");
  ASSERT_EQ(successful(id).size(), 2u) << failed(id).back().at(1);
  EXPECT_EQ(successful(id)[1][1], "false");
  EXPECT_EQ(value("SELECT Phone FROM Contact WHERE Lockstep_Id__c = 'k1'", "Phone"), "null");
  EXPECT_EQ(value("SELECT Title FROM Contact WHERE Lockstep_Id__c = 'k1'", "Title"), "Boss");
}

TEST_F(Ingest, FindsParentsByTheirKey) {
  run(R"("object":"Account","operation":"upsert","externalIdFieldName":"Lockstep_Id__c")",
      "Lockstep_Id__c,Name\na1,Acme\n");
  const std::string id = run(upsert,
                             "Lockstep_Id__c,LastName,Account.Lockstep_Id__c\n"
                             "k1,Lee,a1\nk2,Poe,nobody\n");
  EXPECT_EQ(value("SELECT Account.Name FROM Contact WHERE Lockstep_Id__c = 'k1'", "Account").find("Acme") !=
                std::string::npos,
            true);
  EXPECT_EQ(failed(id).at(1).at(1),
            "INVALID_FIELD:Foreign key external ID: nobody not found for field Lockstep_Id__c in entity Account: --");
  run(upsert, "Lockstep_Id__c,Account.Lockstep_Id__c\nk1,#N/A\n");
  EXPECT_EQ(value("SELECT AccountId FROM Contact WHERE Lockstep_Id__c = 'k1'", "AccountId"), "null");
}

TEST_F(Ingest, UpdatesAndDeletesById) {
  const std::string id = value("SELECT Id FROM Contact ORDER BY Id LIMIT 1", "Id");
  std::string bad = id;
  bad.back() = bad.back() == 'A' ? 'B' : 'A';
  const std::string job_id = run(R"("object":"Contact","operation":"update")",
                                 "Id,Title\n" + id + ",Duke\n" + bad + ",x\n,y\n" + id.substr(0, 15) + ",again\n");
  EXPECT_EQ(value("SELECT Title FROM Contact WHERE Id = '" + id + "'", "Title"), "Duke");
  ASSERT_EQ(failed(job_id).size(), 4u);
  EXPECT_TRUE(failed(job_id)[1][1].starts_with("MALFORMED_ID:")) << failed(job_id)[1][1];
  EXPECT_TRUE(failed(job_id)[2][1].starts_with("MISSING_ARGUMENT:Id not specified"));
  EXPECT_TRUE(failed(job_id)[3][1].starts_with("DUPLICATE_VALUE:Duplicate id in list"));
  const std::string removal = run(R"("object":"Contact","operation":"delete")", "Id\n" + id + "\n");
  EXPECT_EQ(successful(removal).at(1).at(0), id);
  EXPECT_EQ(value("SELECT Id FROM Contact WHERE Id = '" + id + "'", "Id"), "(no record)");
}

TEST_F(Ingest, TakesEveryDelimiterAndLineEnding) {
  const std::pair<const char*, char> delimiters[] = {{"BACKQUOTE", '`'}, {"CARET", '^'},     {"COMMA", ','},
                                                     {"PIPE", '|'},      {"SEMICOLON", ';'}, {"TAB", '\t'}};
  for (const auto& [name, delimiter] : delimiters)
    for (const std::string ending : {"LF", "CRLF"}) {
      SCOPED_TRACE(std::string{name} + " " + ending);
      const std::string line = ending == "LF" ? "\n" : "\r\n", key = std::string{name} + ending;
      const std::string id =
          run(std::string{upsert} + R"(,"columnDelimiter":")" + name + R"(","lineEnding":")" + ending + "\"",
              std::string{"Lockstep_Id__c"} + delimiter + "LastName" + line + key + delimiter + "\"L" + delimiter +
                  "e" + line + "e\"" + line);
      EXPECT_EQ(value("SELECT LastName FROM Contact WHERE Lockstep_Id__c = '" + key + "'", "LastName"),
                std::string{"L"} + delimiter + "e" + line + "e");
      const csv::Dialect dialect{delimiter, ending == "LF" ? csv::LineEnding::lf : csv::LineEnding::crlf};
      const auto rows = rows_of(call("GET", "/jobs/ingest/" + id + "/successfulResults").body, dialect);
      ASSERT_EQ(rows.size(), 2u);
      EXPECT_EQ(rows[0], (std::vector<std::string>{"sf__Id", "sf__Created", "Lockstep_Id__c", "LastName"}));
      EXPECT_EQ(rows[1][2], key);
    }
}

TEST_F(Ingest, FailsAsAWholeByItsHeader) {
  const std::string unknown = run(upsert, "Lockstep_Id__c,Nonsense__c\nk1,x\n");
  EXPECT_EQ(text(job(unknown), "state"), "Failed");
  EXPECT_EQ(text(job(unknown), "errorMessage"), "InvalidBatch : Field name not found : Nonsense__c");
  EXPECT_EQ(job(unknown).at("numberRecordsProcessed").as_int64(), 0);
  EXPECT_EQ(unprocessed(unknown), "Lockstep_Id__c,Nonsense__c\nk1,x\n");
  EXPECT_EQ(call("GET", "/jobs/ingest/" + unknown + "/failedResults").body,
            "\"sf__Id\",\"sf__Error\",Lockstep_Id__c,Nonsense__c\n");
  EXPECT_EQ(text(job(run(upsert, "LastName\nx\n")), "errorMessage"),
            "InvalidBatch : Field name not found : Lockstep_Id__c");
  EXPECT_EQ(text(job(run(insert, "LastName\r\nx\r\n")), "errorMessage"),
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF");
  EXPECT_EQ(text(job(run(insert, "LastName,Who:Account.Name\nx,y\n")), "state"), "Failed");
  EXPECT_EQ(text(job(run(R"("object":"Contact","operation":"delete")", "Id,LastName\n,\n")), "state"), "Failed");
}

TEST_F(Ingest, RefusesToMakeAJobThatCannotBe) {
  const auto code = [&](const std::string& members) {
    const http::Response response = call("POST", "/jobs/ingest", "{" + members + "}");
    EXPECT_EQ(response.status, 400);
    return text(json_of(response), "errorCode");
  };
  EXPECT_EQ(code(R"("object":"Nonsense","operation":"insert")"), "INVALIDJOB");
  EXPECT_EQ(code(R"("object":"Contact","operation":"paint")"), "INVALIDOPERATION");
  EXPECT_EQ(code(R"("object":"Contact","operation":"upsert")"), "INVALIDJOB");
  EXPECT_EQ(code(R"("object":"Contact","operation":"upsert","externalIdFieldName":"LastName")"), "INVALIDJOB");
  EXPECT_EQ(code(std::string{insert} + R"(,"columnDelimiter":"DASH")"), "INVALIDJOB");
}

TEST_F(Ingest, ObeysOnlyWhatItsStateAllows) {
  const std::string id = create(insert);
  const auto code = [&](const http::Response& response) {
    return std::to_string(response.status) + text(json_of(response), "errorCode");
  };
  EXPECT_EQ(code(set_state(id, "UploadComplete")), "400INVALIDJOBSTATE");  // nothing was uploaded
  EXPECT_EQ(code(call("DELETE", "/jobs/ingest/" + id)), "400INVALIDJOBSTATE");
  EXPECT_EQ(code(call("GET", "/jobs/ingest/" + id + "/successfulResults")), "400INVALIDJOBSTATE");
  EXPECT_EQ(put(id, "LastName\nx\n").status, 201);
  EXPECT_EQ(code(put(id, "LastName\ny\n")), "400INVALIDJOBSTATE");
  EXPECT_EQ(set_state(id, "UploadComplete").status, 200);
  EXPECT_EQ(code(set_state(id, "UploadComplete")), "400INVALIDJOBSTATE");
  EXPECT_EQ(code(put(id, "LastName\ny\n")), "400INVALIDJOBSTATE");
  clock.advance(std::chrono::seconds{1});
  EXPECT_EQ(code(set_state(id, "Aborted")), "400INVALIDJOBSTATE");
  EXPECT_EQ(code(call("GET", "/jobs/ingest/" + id + "/unprocessedRecords")), "404NOT_FOUND");
  EXPECT_EQ(call("DELETE", "/jobs/ingest/" + id).status, 204);
  EXPECT_EQ(code(call("GET", "/jobs/ingest/" + id)), "404NOT_FOUND");
}

TEST_F(Ingest, TakesASmallJobInOneRequest) {
  const std::string body =
      "--b0undary\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name=\"job\"\r\n\r\n"
      "{\"object\":\"Contact\",\"operation\":\"insert\"}\r\n"
      "--b0undary\r\nContent-Type: text/csv\r\nContent-Disposition: form-data; name=\"content\"; "
      "filename=\"content\"\r\n\r\n"
      "LastName\nMultipart\n\r\n--b0undary--\r\n";
  const http::Response response =
      call("POST", "/jobs/ingest", body, {{"content-type", "multipart/form-data; boundary=\"b0undary\""}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(text(json_of(response), "state"), "UploadComplete");
  clock.advance(std::chrono::seconds{1});
  EXPECT_EQ(successful(text(json_of(response), "id")).at(1).at(2), "Multipart");
  const http::Response cut = call("POST", "/jobs/ingest", body.substr(0, body.size() - 20),
                                  {{"content-type", "multipart/form-data; boundary=b0undary"}});
  EXPECT_EQ(cut.status, 400);
}

TEST_F(Ingest, TakesAPackedUploadAndNoLargerOneThanAllowed) {
  const std::string id = create(insert);
  const Headers packed{{"content-type", "text/csv; charset=UTF-8"}, {"content-encoding", "gzip"}};
  EXPECT_EQ(put(id, gzip::packed("LastName\nPacked\n").substr(0, 20), packed).status, 400);
  EXPECT_EQ(put(id, gzip::packed("LastName\n" + std::string(113'000'000, 'x')), packed).status, 400);
  EXPECT_EQ(put(id, gzip::packed("LastName\nPacked\n"), packed).status, 201);
  set_state(id, "UploadComplete");
  clock.advance(std::chrono::seconds{1});
  EXPECT_EQ(successful(id).at(1).at(2), "Packed");
}

TEST_F(Ingest, ListsItsJobs) {
  const std::string first = create(insert), second = create(insert);
  const auto answer = json_of(call("GET", "/jobs/ingest?jobType=V2Ingest"));
  EXPECT_TRUE(answer.at("done").as_bool());
  ASSERT_EQ(answer.at("records").as_array().size(), 2u);
  EXPECT_EQ(text(answer.at("records").as_array()[1].as_object(), "id"), second);
  for (int i = 0; i < 1'000; ++i) create(insert);
  const auto page = json_of(call("GET", "/jobs/ingest"));
  EXPECT_EQ(page.at("records").as_array().size(), 1'000u);
  const auto rest = json_of(call("GET", text(page, "nextRecordsUrl").substr(version.size())));
  EXPECT_EQ(rest.at("records").as_array().size(), 2u);
  EXPECT_TRUE(rest.at("done").as_bool());
}

TEST_F(Ingest, ForgetsItsJobsAfterAWeekAndClosesWhatWasLeftOpen) {
  const std::string open = create(insert), done = run(insert, "LastName\nx\n");
  job(done);
  clock.advance(std::chrono::hours{24});
  EXPECT_EQ(text(job(open), "state"), "Aborted");
  clock.advance(std::chrono::hours{24 * 6});
  EXPECT_EQ(call("GET", "/jobs/ingest/" + done).status, 404);
}

std::string many_rows(int count) {
  std::string csv = "LastName,Lockstep_Id__c\n";
  for (int i = 0; i < count; ++i) csv += "Name" + std::to_string(i) + ",k" + std::to_string(i) + "\n";
  return csv;
}

class IngestInBatches : public BulkTest {
 protected:
  IngestInBatches() : BulkTest{{.batch_time = std::chrono::seconds{10}, .rows_per_batch = 100}} {}
};

TEST_F(IngestInBatches, IsAbortedBetweenTwoBatches) {
  const std::string id = run(upsert, many_rows(250));
  EXPECT_EQ(text(job(id), "state"), "InProgress");
  EXPECT_EQ(job(id).at("numberRecordsProcessed").as_int64(), 100);
  EXPECT_EQ(text(json_of(set_state(id, "Aborted")), "state"), "Aborted");
  clock.advance(std::chrono::hours{1});
  EXPECT_EQ(successful(id).size(), 101u);
  EXPECT_EQ(failed(id).size(), 1u);
  const Table left = rows_of(unprocessed(id));
  ASSERT_EQ(left.size(), 151u);
  EXPECT_EQ(left[0], (std::vector<std::string>{"LastName", "Lockstep_Id__c"}));
  EXPECT_EQ(left[1][1], "k100");
  EXPECT_EQ(value("SELECT Id FROM Contact WHERE Lockstep_Id__c = 'k100'", "Id"), "(no record)");
}

TEST_F(IngestInBatches, FailsHalfWayOnDemandAndKeepsWhatWasDone) {
  EXPECT_FALSE(api.set_faults(R"({"rules":[{"effect":"fail_job","after":1,"count":1}]})"));
  const std::string id = run(upsert, many_rows(250));
  clock.advance(std::chrono::seconds{20});
  EXPECT_EQ(text(job(id), "state"), "Failed");
  EXPECT_EQ(successful(id).size(), 101u);
  EXPECT_EQ(rows_of(unprocessed(id)).size(), 151u);
}

TEST_F(IngestInBatches, LocksRowsOnDemand) {
  EXPECT_FALSE(api.set_faults(R"({"rules":[{"effect":"lock_rows","method":"BATCH","share":0.5}]})"));
  const std::string id = run(upsert, many_rows(100));
  const auto locked = failed(id);
  ASSERT_GT(locked.size(), 20u) << call("GET", "/jobs/ingest/" + id).body;
  EXPECT_LT(locked.size(), 80u);
  EXPECT_TRUE(locked[1][1].starts_with("UNABLE_TO_LOCK_ROW:"));
  EXPECT_EQ(locked.size() + successful(id).size(), 102u);
}

TEST_F(IngestInBatches, KeepsNoOrderInItsResultsButLosesNoRow) {
  const std::string id = run(upsert, many_rows(1'000));
  clock.advance(std::chrono::hours{1});
  const Table rows = successful(id);
  std::set<std::string> keys;
  bool in_order = true;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    keys.insert(rows[i].at(3));
    in_order = in_order && rows[i][3] == "k" + std::to_string(i - 1);
  }
  EXPECT_EQ(keys.size(), 1'000u);
  EXPECT_FALSE(in_order);
}

TEST_F(IngestInBatches, SpendsTheDaysBatches) {
  api.limits().set_max(daily_batches_limit, 2);
  const std::string id = run(upsert, many_rows(250));
  clock.advance(std::chrono::hours{1});
  EXPECT_EQ(text(job(id), "state"), "Failed");
  EXPECT_TRUE(text(job(id), "errorMessage").starts_with("ExceededQuota"));
  EXPECT_EQ(successful(id).size(), 201u);
  const auto limits = json_of(call("GET", "/limits"));
  EXPECT_EQ(limits.at("DailyBulkApiBatches").as_object().at("Remaining").as_int64(), 0);
}

}  // namespace
}  // namespace simulator::bulk
