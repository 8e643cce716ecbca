#include "simulator/bulk/fixture_for_test.h"
#include "simulator/bulk/locator.h"
#include "simulator/org/text.h"

namespace simulator::bulk {
namespace {

class BulkQuery : public BulkTest {
 protected:
  BulkQuery() : BulkTest{{.rows_per_batch = 1'000, .rows_per_page = 700}, 5'000} {}

  std::string query(const std::string& statement, const std::string& more = "") {
    std::string quoted;
    append_json(quoted, statement);
    return create(R"("operation":"query","query":)" + quoted + more, "query");
  }
  std::string run_query(const std::string& statement, const std::string& more = "") {
    const std::string id = query(statement, more);
    clock.advance(std::chrono::seconds{1});
    EXPECT_EQ(text(job(id, "query"), "state"), "JobComplete");
    return id;
  }
  http::Response page(const std::string& id, const std::string& parameters = "") {
    return call("GET", "/jobs/query/" + id + "/results" + parameters);
  }
  /// All pages, header lines once.
  Table all(const std::string& id, const std::string& most = "") {
    Table rows;
    std::string locator;
    do {
      const http::Response response =
          page(id, (locator.empty() ? "?" : "?locator=" + locator + "&") + (most.empty() ? "" : "maxRecords=" + most));
      EXPECT_EQ(response.status, 200) << response.body;
      if (response.status != 200) break;
      Table read = rows_of(response.body);
      EXPECT_EQ(std::to_string(read.size() - 1), header(response, "Sforce-NumberOfRecords"));
      if (!rows.empty()) read.erase(read.begin());
      rows.insert(rows.end(), read.begin(), read.end());
      locator = header(response, "Sforce-Locator");
    } while (locator != "null");
    return rows;
  }
};

TEST_F(BulkQuery, IsCompleteWhenItsTimeHasCome) {
  const std::string id = query("SELECT Id FROM Contact");
  const auto made = job(id, "query");
  EXPECT_EQ(text(made, "state"), "UploadComplete");
  EXPECT_EQ(text(made, "jobType"), "V2Query");
  const http::Response early = page(id);
  EXPECT_EQ(early.status, 400);
  clock.advance(std::chrono::milliseconds{200});
  const auto done = job(id, "query");
  EXPECT_EQ(text(done, "state"), "JobComplete");
  EXPECT_EQ(done.at("numberRecordsProcessed").as_int64(), 5'000);
}

TEST_F(BulkQuery, GivesEveryRecordOncePageByPage) {
  const std::string id = run_query("SELECT Id, Name, Account.Name FROM Contact");
  const Table rows = all(id);
  EXPECT_EQ(rows.at(0), (std::vector<std::string>{"Id", "Name", "Account.Name"}));
  std::set<std::string> ids;
  for (const auto& row : rows) ids.insert(row[0]);
  EXPECT_EQ(ids.size(), 5'001u);
  EXPECT_EQ(all(id, "333"), rows);
  EXPECT_EQ(all(id, "5000"), rows);
  EXPECT_EQ(all(id, "2000"), rows);
  EXPECT_EQ(rows_of(page(id).body).size(), 701u);
  EXPECT_EQ(header(page(id, "?maxRecords=3"), "Sforce-Locator"), locator_of_row(3));
}

TEST_F(BulkQuery, GivesTheSamePagesSideBySide) {
  const std::string id = run_query("SELECT Id FROM Contact");
  Table rows;
  std::string url = "/jobs/query/" + id + "/resultPages";
  int answers = 0;
  for (bool done = false; !done; ++answers) {
    const auto answer = json_of(call("GET", url));
    for (const auto& each : answer.at("resultPages").as_array()) {
      const Table read = rows_of(call("GET", text(each.as_object(), "resultUrl").substr(version.size())).body);
      rows.insert(rows.end(), read.begin() + (rows.empty() ? 0 : 1), read.end());
    }
    done = answer.at("done").as_bool();
    if (!done) url = text(answer, "nextRecordsUrl").substr(version.size());
  }
  EXPECT_EQ(answers, 2);
  EXPECT_EQ(rows, all(id));
}

TEST_F(BulkQuery, SpellsValuesAsBulkDoes) {
  run(R"("object":"Opportunity","operation":"insert")",
      "Name,StageName,CloseDate,Amount\n\"Say \"\"hi\"\"\nnow\",Prospecting,2026-03-04,912260031\n");
  const std::string id = run_query(
      "SELECT Name, CloseDate, Amount, IsClosed, AccountId, SystemModstamp FROM Opportunity WHERE Name LIKE 'Say%'");
  EXPECT_EQ(page(id).body,
            "\"Name\",\"CloseDate\",\"Amount\",\"IsClosed\",\"AccountId\",\"SystemModstamp\"\n"
            "\"Say \"\"hi\"\"\nnow\",\"2026-03-04\",\"9.12260031E8\",\"false\",\"\",\"2026-02-02T02:40:01.000Z\"\n");
}

TEST_F(BulkQuery, KeepsWhatTheRecordsHeldWhenTheyWereRead) {
  const std::string record = value("SELECT Id FROM Contact ORDER BY Id LIMIT 1", "Id");
  const std::string id = run_query("SELECT Id, LastName FROM Contact WHERE Id = '" + record + "'");
  const Table before = all(id);
  run(R"("object":"Contact","operation":"update")", "Id,LastName\n" + record + ",Changed\n");
  ASSERT_EQ(value("SELECT LastName FROM Contact WHERE Id = '" + record + "'", "LastName"), "Changed");
  EXPECT_EQ(all(id), before);
}

TEST_F(BulkQuery, AnswersNothingFoundWithTheHeaderAlone) {
  const std::string id = run_query("SELECT Id FROM Contact WHERE LastName = 'Nobody at all'");
  const http::Response response = page(id);
  EXPECT_EQ(response.body, "\"Id\"\n");
  EXPECT_EQ(header(response, "Sforce-NumberOfRecords"), "0");
  EXPECT_EQ(header(response, "Sforce-Locator"), "null");
  EXPECT_EQ(json_of(call("GET", "/jobs/query/" + id + "/resultPages")).at("resultPages").as_array().size(), 1u);
}

TEST_F(BulkQuery, KnowsDeletedRecordsWhenAskedForAll) {
  const std::string record = value("SELECT Id FROM Contact ORDER BY Id LIMIT 1", "Id");
  run(R"("object":"Contact","operation":"delete")", "Id\n" + record + "\n");
  EXPECT_EQ(all(run_query("SELECT Id FROM Contact")).size(), 5'000u);
  std::string id =
      create(R"("operation":"queryAll","query":"SELECT Id, IsDeleted FROM Contact WHERE IsDeleted = true")", "query");
  clock.advance(std::chrono::seconds{1});
  EXPECT_EQ(all(id).at(1), (std::vector<std::string>{record, "true"}));
}

TEST_F(BulkQuery, RefusesWhatBulkCannotDo) {
  const auto status = [&](const std::string& statement) {
    std::string quoted;
    append_json(quoted, statement);
    return call("POST", "/jobs/query", R"({"operation":"query","query":)" + quoted + "}").status;
  };
  for (const char* statement :
       {"SELECT Id FROM Contact OFFSET 5", "SELECT COUNT() FROM Contact", "SELECT MailingAddress FROM Contact",
        "SELECT Id", "SELECT Nonsense__c FROM Contact", "SELECT LeadSource, COUNT(Id) FROM Contact GROUP BY LeadSource",
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account"})
    EXPECT_EQ(status(statement), 400) << statement;
}

TEST_F(BulkQuery, ObeysOnlyWhatItsStateAllows) {
  const std::string id = query("SELECT Id FROM Contact");
  const auto message = [&](const http::Response& response) {
    EXPECT_EQ(response.status, 400);
    return text(json_of(response), "message");
  };
  EXPECT_EQ(message(call("DELETE", "/jobs/query/" + id)),
            "Error encountered when deleting the job because the job is not terminated");
  const std::string aborted = query("SELECT Id FROM Contact");
  EXPECT_EQ(text(json_of(set_state(aborted, "Aborted", "query")), "state"), "Aborted");
  clock.advance(std::chrono::seconds{1});
  EXPECT_EQ(text(job(aborted, "query"), "state"), "Aborted");
  EXPECT_EQ(message(set_state(id, "Aborted", "query")), "Aborting already Completed Job not allowed");
  version = "/services/data/v65.0";
  EXPECT_EQ(page(id).status, 409);
  version = "/services/data/v66.0";
  EXPECT_EQ(page(id, "?locator=bm9uc2Vuc2U").status, 400);
  EXPECT_EQ(page(id, "?maxRecords=0").status, 400);
  EXPECT_EQ(call("DELETE", "/jobs/query/" + id).status, 204);
  EXPECT_EQ(page(id).status, 404);
}

TEST_F(BulkQuery, SpendsTheDaysJobs) {
  api.limits().set_max(daily_query_jobs_limit, 1);
  query("SELECT Id FROM Contact");
  EXPECT_EQ(call("POST", "/jobs/query", R"({"operation":"query","query":"SELECT Id FROM Contact"})").status, 400);
}

TEST(BulkLocator, IsTheRowInBase64) {
  EXPECT_EQ(locator_of_row(10'000), "MTAwMDA");
  for (const std::uint64_t row : {0ull, 1ull, 99ull, 123'456'789ull})
    EXPECT_EQ(row_of_locator(locator_of_row(row)), row);
  for (const char* bad : {"", "MTAwMDA=", "null", "eHg"}) EXPECT_FALSE(row_of_locator(bad)) << bad;
}

TEST(BulkValues, SpellNumbersAsJavaDoes) {
  const std::pair<double, const char*> cases[] = {{0, "0.0"},          {1, "1.0"},
                                                  {-12.5, "-12.5"},    {9'999'999, "9999999.0"},
                                                  {1e7, "1.0E7"},      {912'260'031, "9.12260031E8"},
                                                  {0.001, "0.001"},    {0.0005, "5.0E-4"},
                                                  {1.5e-10, "1.5E-10"}};
  for (const auto& [number, text] : cases) {
    std::string out;
    append_java_double(out, number);
    EXPECT_EQ(out, text);
  }
}

}  // namespace
}  // namespace simulator::bulk
