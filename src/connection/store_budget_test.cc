#include "connection/store_budget.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>

#include "base/random.h"
#include "store/sqlite/sqlite_store.h"

namespace connection {
namespace {

using namespace std::chrono_literals;
using core::Lane;

const base::Utc noon{std::chrono::milliseconds{1'800'000'000'000}};
constexpr std::int64_t limit = 1'000;

class StoreBudgetTest : public ::testing::Test {
 protected:
  StoreBudgetTest() {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
    store_ = open();
  }
  ~StoreBudgetTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::unique_ptr<store::SqliteStore> open() {
    auto opened = store::SqliteStore::open(folder_ + "/store.db");
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    return *std::move(opened);
  }
  std::unique_ptr<StoreBudget> process(Lane lane = Lane::interactive) {
    return std::make_unique<StoreBudget>(*store_, "00D000000000001AAA", shares_, lane, clock_);
  }
  /// One call, as the client makes it. False: not let out.
  bool call(StoreBudget& budget, int exchanges = 1, bool backfill = false) {
    if (!budget.admit(backfill)) return false;
    used_ += exchanges;
    budget.settle(exchanges, {used_, limit}, base::whole_second(clock_.now() + ahead_));
    return true;
  }
  std::int64_t spent() { return read_spending(*store_, "00D000000000001AAA")->ours(clock_.now() + ahead_); }

  std::string folder_ = (std::filesystem::temp_directory_path() / "budgetXXXXXX").string();
  std::unique_ptr<store::SqliteStore> store_;
  base::ManualClock clock_{noon};
  std::chrono::milliseconds ahead_{0};
  core::BudgetShares shares_{.percent = 10};
  std::int64_t used_ = 0;
};

TEST_F(StoreBudgetTest, CountsWhatWasMadeAndGivesBackTheRest) {
  {
    const auto budget = process();
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(call(*budget, i == 7 ? 2 : i == 9 ? 0 : 1));
    EXPECT_GE(spent(), 30) << "entered before they are made";
  }
  EXPECT_EQ(spent(), 30);
}

TEST_F(StoreBudgetTest, AProcessThatDiesLeavesTooManyCallsInTheAccountNeverTooFew) {
  auto* const killed = process().release();  // never gives anything back
  for (int i = 0; i < 25; ++i) ASSERT_TRUE(call(*killed));
  EXPECT_GE(spent(), 25);
  EXPECT_LE(spent(), 25 + 20);
  killed->settle(StoreBudget::most_exchanges, {}, std::nullopt);
  EXPECT_TRUE(killed->give_back());
  delete killed;
}

TEST_F(StoreBudgetTest, RefusesWithTheTimeAtWhichItGoesOnAndGoesOnThen) {
  const auto budget = process(Lane::incremental);
  int made = 0;
  while (call(*budget)) ++made;
  EXPECT_GE(made, 89);
  EXPECT_LE(made, 90);
  const auto refused = budget->admit(false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::throttled);
  EXPECT_EQ(refused.error().service_code, core::budget_exhausted);
  ASSERT_TRUE(budget->refusal().has_value());
  EXPECT_TRUE(call(*process(Lane::interactive))) << "somebody who waits still has some";
  clock_.advance(std::chrono::ceil<std::chrono::milliseconds>(budget->refusal()->until - clock_.now()));
  used_ = 0;
  EXPECT_TRUE(call(*budget));
  EXPECT_FALSE(budget->refusal().has_value());
}

TEST_F(StoreBudgetTest, WhoeverWaitsMayAskAnOrgThatHasNotSaidItsLimit) {
  const auto refused_call = [](StoreBudget& budget) {  // answered, without a word about the limit
    const bool admitted = budget.admit(false).has_value();
    if (admitted) budget.settle(1, {}, std::nullopt);
    return admitted;
  };
  const auto first = process();
  int made = 0;
  while (refused_call(*first)) ++made;
  EXPECT_EQ(made, 3);
  EXPECT_FALSE(refused_call(*process(Lane::incremental)));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(refused_call(*process())) << "command " << i;
  clock_.advance(1min);
  EXPECT_TRUE(refused_call(*first));
  EXPECT_TRUE(call(*process())) << "mended, and the org says its limit";
  const auto scheduled = process(Lane::incremental);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(call(*scheduled)) << "call " << i;
}

TEST_F(StoreBudgetTest, GoesByTheOrgsClock) {
  const auto budget = process();
  while (call(*budget)) {
  }
  ahead_ = 25h;
  used_ = 0;
  EXPECT_FALSE(call(*budget)) << "nobody has said so yet";
  budget->hear_time(noon + 25h);
  EXPECT_TRUE(call(*budget));
  ASSERT_TRUE(budget->give_back());
  EXPECT_EQ(read_spending(*store_, "00D000000000001AAA")->ahead, 25h);
}

TEST_F(StoreBudgetTest, TellsHowFarTheOrgsClockIsAheadToWhoeverAsks) {
  EXPECT_EQ(*process()->ahead(), 0ms);
  ahead_ = 1h;
  {
    const auto budget = process();
    ASSERT_TRUE(call(*budget));
    EXPECT_EQ(*budget->ahead(), 1h);
  }
  EXPECT_EQ(*process()->ahead(), 1h) << "another process heard it";
  const auto budget = process();
  ahead_ = 3s;
  ASSERT_TRUE(call(*budget));
  EXPECT_EQ(*budget->ahead(), 0ms) << "no more than a Date header can tell";
}

/// Processes of all lanes come, call, die and go; the org counts.
TEST_F(StoreBudgetTest, TogetherTheyNeverMakeMoreCallsInADayThanAreOurs) {
  const std::uint64_t seed = 20'261'124;
  std::cout << "seed " << seed << "\n";
  base::Random random{seed};
  std::deque<std::pair<base::Utc, int>> made;
  std::vector<std::unique_ptr<StoreBudget>> processes;
  std::int64_t refused = 0;
  for (int step = 0; step < 3'000; ++step) {
    clock_.advance(std::chrono::milliseconds{random.below(random.chance(0.01) ? 40'000'000 : 200'000)});
    if (processes.size() < 4 && random.chance(0.1)) processes.push_back(process(core::lanes[random.below(3)]));
    if (processes.empty()) continue;
    const auto at = static_cast<std::ptrdiff_t>(random.below(processes.size()));
    if (random.chance(0.03)) {
      processes.erase(processes.begin() + at);
      continue;
    }
    std::erase_if(made, [&](const auto& each) { return each.first + 24h <= clock_.now(); });
    used_ = 0;
    for (const auto& each : made) used_ += each.second;
    const int exchanges = static_cast<int>(random.below(3));
    if (!call(*processes[static_cast<std::size_t>(at)], exchanges, random.chance(0.2))) {
      ++refused;
      continue;
    }
    made.emplace_back(clock_.now(), exchanges);
    ASSERT_LE(used_, shares_.of_day(limit)) << "step " << step;
  }
  EXPECT_GT(refused, 100) << "too few to show anything";
}

}  // namespace
}  // namespace connection
