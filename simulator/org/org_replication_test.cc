#include "simulator/org/org_test_support.h"

namespace simulator {
namespace {

using namespace std::chrono_literals;

class OrgReplicationTest : public OrgTest {
 protected:
  std::vector<std::uint64_t> updated(base::Utc from, base::Utc to) const {
    return org.updated(object("Contact"), from, to).value().numbers;
  }
  std::vector<std::uint64_t> deleted(base::Utc from, base::Utc to) const {
    return org.deleted(object("Contact"), from, to).value().numbers;
  }
  const base::Utc start = clock.now();
  using Numbers = std::vector<std::uint64_t>;
};

TEST_F(OrgReplicationTest, ListsWhatChangedInWholeMinutes) {
  const auto first = create("Contact", R"({"LastName":"A"})");
  wait(59s);
  const auto second = create("Contact", R"({"LastName":"B"})");
  wait(61s);
  const auto third = create("Contact", R"({"LastName":"C"})");
  wait(10min);
  EXPECT_EQ(updated(start, start + 1min), (Numbers{first, second}));
  EXPECT_EQ(updated(start + 30s, start + 2min), (Numbers{first, second})) << "seconds do not count";
  EXPECT_EQ(updated(start + 1min, start + 3min), Numbers{third});
  update("Contact", first, R"({"Title":"T"})");
  wait(1min);
  EXPECT_EQ(updated(start, start + 20min), (Numbers{second, third, first}));
}

TEST_F(OrgReplicationTest, ADeletedRecordMovesToTheOtherListAndBack) {
  const auto number = create("Contact", R"({"LastName":"A"})");
  wait(5min);
  ASSERT_TRUE(org.remove(object("Contact"), number).has_value());
  wait(5min);
  EXPECT_EQ(updated(start, clock.now()), Numbers{});
  EXPECT_EQ(deleted(start, clock.now()), Numbers{number});
  EXPECT_EQ(deleted(start, start + 5min), Numbers{});
  ASSERT_TRUE(org.undelete(object("Contact"), number).has_value());
  wait(5min);
  EXPECT_EQ(updated(start, clock.now()), Numbers{number});
  EXPECT_EQ(deleted(start, clock.now()), Numbers{});
}

TEST_F(OrgReplicationTest, SaysSinceWhenDeletionsAreKnown) {
  const auto number = create("Contact", R"({"LastName":"A"})");
  ASSERT_TRUE(org.remove(object("Contact"), number).has_value());
  wait(1h);
  EXPECT_LT(org.deleted(object("Contact"), start, clock.now())->earliest_available, start);
  org.empty_recycle_bin();
  wait(1h);
  const auto after = org.deleted(object("Contact"), start, clock.now());
  EXPECT_EQ(after->earliest_available, start + 1h);
  EXPECT_TRUE(after->numbers.empty());
  EXPECT_EQ(org.deleted(object("Contact"), start, start + 30min).error().code, "INVALID_REPLICATION_DATE");
}

TEST_F(OrgReplicationTest, RefusesWindowsThatLieOutside) {
  wait(40 * 24h);
  const auto code = [&](auto what, base::Utc from, base::Utc to) {
    const auto answer = what(from, to);
    return answer ? std::string{} : answer.error().code;
  };
  const auto by_updated = [&](base::Utc from, base::Utc to) { return org.updated(object("Contact"), from, to); };
  const auto by_deleted = [&](base::Utc from, base::Utc to) { return org.deleted(object("Contact"), from, to); };
  const base::Utc now = clock.now();
  EXPECT_EQ(code(by_updated, now - 30 * 24h, now), "");
  EXPECT_EQ(code(by_updated, now - 30 * 24h - 1min, now), "INVALID_REPLICATION_DATE");
  EXPECT_EQ(code(by_deleted, now - 15 * 24h, now), "");
  EXPECT_EQ(code(by_deleted, now - 15 * 24h - 1min, now), "INVALID_REPLICATION_DATE");
  EXPECT_EQ(code(by_updated, now - 30s, now - 10s), "INVALID_REPLICATION_DATE") << "the same minute";
  EXPECT_EQ(code(by_updated, now, now - 1h), "INVALID_REPLICATION_DATE");
}

TEST_F(OrgReplicationTest, AnOpenTransactionHoldsTheCoverBack) {
  wait(90s);
  const auto late = org.open_late();
  wait(10min);
  EXPECT_EQ(org.updated(object("Contact"), start, clock.now())->latest_covered, start + 1min);
  EXPECT_EQ(org.deleted(object("Contact"), start, clock.now())->latest_covered, start + 1min);
  ASSERT_TRUE(org.end_late(late, true).has_value());
  EXPECT_EQ(org.updated(object("Contact"), start, clock.now())->latest_covered, start + 11min);
  EXPECT_EQ(org.updated(object("Contact"), start, start + 5min)->latest_covered, start + 5min);
}

}  // namespace
}  // namespace simulator
