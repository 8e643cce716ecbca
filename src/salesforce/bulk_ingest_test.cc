#include "salesforce/bulk_ingest.h"

#include <gtest/gtest.h>

#include "salesforce/fakes_for_test.h"

namespace salesforce {
namespace {

using base::ErrorKind;

struct MemoryJournal final : JobJournal {
  base::Result<std::vector<std::string>> jobs() override { return held; }
  base::Result<void> add(const std::string& job) override {
    held.push_back(job);
    return {};
  }
  base::Result<void> remove(const std::string& job) override {
    std::erase(held, job);
    return {};
  }
  std::vector<std::string> held;
};

std::string job(const char* state, int processed = 0, const char* error = "") {
  return R"({"id":"750000000000001AAA","state":")" + std::string{state} +
         R"(","numberRecordsFailed":0,"numberRecordsProcessed":)" + std::to_string(processed) +
         R"(,"errorMessage":")" + error + R"("})";
}

struct BulkIngestTest : testing::Test {
  BulkIngestTest() { vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com"); }

  base::Result<std::vector<BulkIngest::RowResult>> write() {
    std::vector<core::OrgWrite> writes;
    for (const std::size_t n : {1u, 2u}) {
      writes.push_back({.id = contact_id(n), .upsert_key = {}, .fields = {}, .values = values});
      writes.back().fields.set(1);
    }
    const auto uploads = spell_uploads(mapping, writes, std::vector<std::size_t>{0, 1});
    EXPECT_EQ(uploads.size(), 1u);
    std::string name;
    return ingest.write(mapping, writes, uploads.at(0), {.what = "write Contact records", .write = true}, name);
  }
  void then_loaded() { rest.then(200, job("Open")).then(201, ""); }

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
  MemoryJournal journal;
  BulkAccess access{.journal = &journal, .new_transport = {}, .wait = [](auto) { return true; }};
  BulkIngest ingest{client, access};
  model::Mapping mapping = contacts();
  std::vector<model::Cell> values{model::Cell{"Ann"}, model::Cell{"Lee"}, model::Cell{}, model::Cell{},
                                  model::Cell{},      model::Cell{},      model::Cell{}};
};

TEST_F(BulkIngestTest, GoesOnWithAJobThatIsClosedThoughTheAnswerWasLost) {
  // The wire repeated the call by itself, and the second one came too late.
  for (const bool is_told_off : {false, true}) {
    then_loaded();
    if (is_told_off) {
      rest.then(400, R"([{"errorCode":"INVALIDJOBSTATE","message":"Closing a closed job"}])");
    } else {
      rest.then_fail(ErrorKind::unknown_fate);
    }
    rest.then(200, job("InProgress")).then(200, job("JobComplete", 2));
    const auto results = write();
    ASSERT_TRUE(results) << results.error().message;
    EXPECT_EQ((*results)[0].value(), contact_id(1));
    EXPECT_EQ((*results)[1].value(), contact_id(2));
    EXPECT_TRUE(rest.played_out());
    EXPECT_TRUE(journal.held.empty());
  }
}

TEST_F(BulkIngestTest, GivesUpAJobThatWillNotClose) {
  then_loaded();
  rest.then(400, R"([{"errorCode":"INVALIDJOBSTATE","message":"no"}])").then(200, job("Open")).then(200, job("Aborted"));
  const auto results = write();
  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().service_code, "INVALIDJOBSTATE");
  EXPECT_TRUE(rest.played_out());
  EXPECT_TRUE(journal.held.empty());
}

TEST_F(BulkIngestTest, DoesNotKnowWhatBecameOfAJobOfWhichNothingIsHeard) {
  then_loaded();
  rest.then(400, R"([{"errorCode":"INVALIDJOBSTATE","message":"no"}])");
  rest.then(404, R"([{"errorCode":"NOT_FOUND","message":"no"}])");
  const auto results = write();
  ASSERT_TRUE(results);
  EXPECT_EQ((*results)[0].error().kind, ErrorKind::unknown_fate);
  EXPECT_EQ(journal.held.size(), 1u) << "it is looked after in the next run";
}

// Trying it again would cost the same calls for nothing, in this run and in every one to come.
TEST_F(BulkIngestTest, LeavesTheRowsToOtherWaysWhenAJobFailsAltogether) {
  then_loaded();
  rest.then(200, job("UploadComplete"))
      .then(200, job("Failed", 0, "InternalServerError : Retried more than fifteen times"))
      .then(200, "\"sf__Id\",\"sf__Created\",Id,LastName\n")
      .then(200, "\"sf__Id\",\"sf__Error\",Id,LastName\n")
      .then(200, "Id,LastName\n");
  const auto results = write();
  ASSERT_FALSE(results);
  EXPECT_TRUE(ingest.is_refused());
  EXPECT_TRUE(journal.held.empty());
}

}  // namespace
}  // namespace salesforce
