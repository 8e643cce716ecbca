#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/sqlite/test_support.h"

namespace store {
namespace {

using testing::ElementsAre;

class Claims : public testing::Test {
 protected:
  void SetUp() override {
    application_.run("CREATE TABLE contacts(id INTEGER PRIMARY KEY, last_name, email, salesforce_id)");
    store_ = need(SqliteStore::open(folder_.file()));
  }
  void insert(int id, const std::string& record) {
    application_.run("INSERT INTO contacts VALUES (" + std::to_string(id) + ", 'Row', '', '" + record + "')");
  }
  /// What the store asks about, as row and record.
  std::vector<std::string> claims() {
    std::vector<std::string> found;
    for (const core::Claim& claim : need(store_->claims(mapping_, 10)))
      found.push_back(claim.row.text + " " + claim.record.str());
    return found;
  }
  static std::string is(int row, std::size_t record) { return std::to_string(row) + " " + test_record(record).str(); }

  /// Settles the record as a pull does, and says that the org was asked about these rows.
  core::KnownHead settle(std::size_t record, std::vector<model::RowKey> asked = {}) {
    core::KnownHead seen;
    const core::Observation page = test_page(record, {"Record"});
    need(store_->settle(mapping_, page, [&](const core::Known& known) {
      seen = known.heads[0];
      core::WriteSet writes;
      if (seen.row_exists) writes = take_page(page, known);
      writes.claims_asked = asked;
      return writes;
    }));
    return seen;
  }

  TestFolder folder_;
  std::unique_ptr<SqliteStore> store_;
  Client application_{folder_.file()};
  model::Mapping mapping_ = test_mapping();
};

TEST_F(Claims, AreTheIdsThatStoodThereBeforeUs) {
  insert(1, test_record(1).str());
  insert(2, test_record(2).str().substr(0, 15));
  insert(3, "no id");
  insert(4, "");
  application_.run("INSERT INTO contacts(id) VALUES (5)");
  need(store_->prepare(mapping_));
  EXPECT_THAT(claims(), ElementsAre(is(1, 1), is(2, 2)));
  insert(6, test_record(6).str());
  need(store_->prepare(mapping_));
  EXPECT_THAT(claims(), ElementsAre(is(1, 1), is(2, 2))) << "from then on the column is ours";
}

TEST_F(Claims, ARecordIsTheRowThatNamesIt) {
  mapping_.match_rules = {{1}};
  insert(1, test_record(9).str());
  insert(2, test_record(1).str());
  need(store_->prepare(mapping_));
  EXPECT_EQ(settle(1, {{"2"}}).row.text, "2");
  EXPECT_THAT(claims(), ElementsAre(is(1, 9)));
  EXPECT_EQ(application_.one("SELECT count(*) FROM lockstep_claims"), "1") << "what is linked claims no more";
  EXPECT_FALSE(settle(8).row_exists) << "nobody names it";
}

TEST_F(Claims, AreAskedAboutOnceAndHoldUntilTheRowHasARecord) {
  insert(1, test_record(1).str());
  need(store_->prepare(mapping_));
  EXPECT_FALSE(settle(5, {{"1"}}).row_exists);
  EXPECT_TRUE(claims().empty());
  EXPECT_EQ(settle(1).row.text, "1") << "it was taken out of the bin";
}

TEST_F(Claims, OfTwoRowsThatNameOneRecordNoneIsIt) {
  insert(1, test_record(1).str());
  insert(2, test_record(1).str());
  need(store_->prepare(mapping_));
  const auto head = settle(1);
  EXPECT_FALSE(head.row_exists);
  EXPECT_EQ(head.candidates.size(), 2u);
  application_.run("DELETE FROM contacts WHERE id = 1");
  EXPECT_EQ(settle(1).row.text, "2");
}

TEST_F(Claims, FollowAMerge) {
  insert(1, test_record(1).str());
  need(store_->prepare(mapping_));
  need(store_->settle(mapping_, test_page(5, {"Other"}), [&](const core::Known&) {
    core::WriteSet writes;
    writes.claims_moved = {{{"1"}, test_record(2)}};
    return writes;
  }));
  EXPECT_THAT(claims(), ElementsAre(is(1, 2)));
  EXPECT_EQ(settle(2).row.text, "1");
}

}  // namespace
}  // namespace store
