#include "schedule/order.h"

#include <gtest/gtest.h>

#include "queue/memory/memory_queue.h"

namespace {

using namespace schedule;

TEST(Order, SurvivesBeingAJob) {
  const Order order{"6712", Trigger::manual, {"Contact", "Account"}};
  EXPECT_EQ(to_json(order), R"({"integrationId":"6712","trigger":"manual","objects":["Contact","Account"]})");
  const auto read = order_from_json(to_json(order));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->integration, "6712");
  EXPECT_EQ(read->trigger, Trigger::manual);
  EXPECT_EQ(read->objects, order.objects);
}

// What an existing Node producer adds.
TEST(Order, NeedsNothing) {
  for (const char* data : {"{}", R"({"trigger":null,"somethingElse":1})", R"({"integrationId":null})"}) {
    const auto read = order_from_json(data);
    ASSERT_TRUE(read) << data;
    EXPECT_TRUE(read->integration.empty());
    EXPECT_EQ(read->trigger, Trigger::schedule);
  }
}

TEST(Order, RefusesWhatItCannotMeanAndNamesIt) {
  for (const auto& [data, name] :
       {std::pair{"[]", "object"}, std::pair{R"({"integrationId":7})", "integrationId"},
        std::pair{R"({"integrationId":""})", "integrationId"}, std::pair{R"({"trigger":"now"})", "trigger"},
        std::pair{R"({"objects":"Contact"})", "objects"}, std::pair{R"({"objects":[1]})", "objects"},
        std::pair{"nonsense", "object"}}) {
    const auto read = order_from_json(data);
    ASSERT_FALSE(read) << data;
    EXPECT_EQ(read.error().kind, base::ErrorKind::malformed);
    EXPECT_TRUE(read.error().message.contains(name)) << read.error().message;
  }
}

class Lanes : public testing::Test {
 protected:
  void add(const Order& order) { ASSERT_TRUE(queue_->add(job_for(order, {}), now_)); }
  /// The orders in the turn in which workers get them.
  std::vector<std::string> taken() {
    std::vector<std::string> all;
    for (int i = 0;; ++i) {
      const auto next = queue_->take({std::to_string(i)}, now_);
      if (!next || !next->job) return all;
      const auto order = order_from_json(next->job->data);
      all.push_back(order->integration + " " + std::string{name_of(order->trigger)});
    }
  }

  const base::Utc now_{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}};
  const std::unique_ptr<queue::JobQueue> queue_ = queue::make_memory_queue();
};

TEST_F(Lanes, PutWhatSomebodyAskedForFirst) {
  add({"a", Trigger::schedule, {}});
  add({"b", Trigger::event, {}});
  add({"c", Trigger::manual, {}});
  EXPECT_EQ(taken(), (std::vector<std::string>{"c manual", "b event", "a schedule"}));
}

TEST_F(Lanes, DoNotPileUp) {
  for (int i = 0; i < 3; ++i) {
    add({"a", Trigger::schedule, {}});
    add({"a", Trigger::manual, {}});
    add({"a", Trigger::manual, {"Contact"}});
  }
  EXPECT_EQ(taken().size(), 3U);
  add({"a", Trigger::schedule, {}});  // It runs, and another tick comes.
  EXPECT_TRUE(taken().empty());
}

}  // namespace
