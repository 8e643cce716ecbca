#include <atomic>

#include "queue/redis/redis_queue.h"
#include "queue_under_test.h"
#include "redis_server.h"

namespace {

using namespace std::chrono_literals;

const contract::RedisServer& server() {
  static const contract::RedisServer running;
  return running;
}

class RedisUnderTest final : public contract::QueueUnderTest {
 public:
  RedisUnderTest() { contract::must(raw_.command({"FLUSHALL"})); }
  queue::JobQueue& here() override { return here_; }
  queue::JobQueue& elsewhere() override { return elsewhere_; }

  /// Brings every expiry of the queue's keys nearer.
  void pass(queue::milliseconds by) override {
    QueueUnderTest::pass(by);
    const std::string pattern = "bull:" + name_ + ":*";
    for (const queue::Reply& key : contract::must(raw_.command({"KEYS", pattern})).items) {
      const auto left = contract::must(raw_.command({"PTTL", key.text})).integer;
      if (left < 0) continue;
      if (left <= by.count())
        contract::must(raw_.command({"DEL", key.text}));
      else
        contract::must(raw_.command({"PEXPIRE", key.text, std::to_string(left - by.count())}));
    }
  }

  std::int64_t keys() { return contract::must(raw_.command({"DBSIZE"})).integer; }

 private:
  static std::string fresh_name() {
    static std::atomic<int> number = 0;
    return "contract-" + std::to_string(++number);
  }
  static queue::RedisAddress address() { return contract::must(queue::RedisAddress::parse(server().url())); }

  const std::string name_ = fresh_name();
  queue::RedisQueue here_{{address(), "bull", name_, "one", std::chrono::hours{1}}};
  queue::RedisQueue elsewhere_{{address(), "bull", name_, "two", std::chrono::hours{1}}};
  queue::Connection raw_{address(), ""};
};

INSTANTIATE_TEST_SUITE_P(Redis, QueueContract,
                         testing::Values(contract::QueueBackend{"redis",
                                                                [] { return std::make_unique<RedisUnderTest>(); }}));

// Scripts do a thousand jobs at a time, so that none holds the server up.
TEST(RedisQueue, OperatesOnMoreJobsThanOneScriptDoes) {
  constexpr std::int64_t many = 2'300;
  RedisUnderTest fresh;
  queue::JobQueue& queue = fresh.here();
  const auto count = [&](queue::State state) { return contract::must(queue.counts()).at(state); };
  queue::Scheduler tick;
  tick.id = "tick";
  tick.repeat.every = 1h;
  contract::must(queue.upsert_scheduler(tick, fresh.now()));  // Its first run waits before all others.
  queue::JobOptions later;
  later.delay = 1h;
  for (std::int64_t i = 0; i < many; ++i) {
    contract::must(queue.add({"later", "{}", later}, fresh.now()));
    contract::must(queue.add({"job"}, fresh.now()));
  }
  EXPECT_EQ(contract::must(queue.promote_all(fresh.now())), many);
  EXPECT_EQ(count(queue::State::delayed), 0);
  contract::must(queue.pause());
  EXPECT_EQ(count(queue::State::paused), 2 * many + 1);
  contract::must(queue.resume());
  for (std::int64_t i = 0; i <= many; ++i) {
    const auto taken = contract::must(queue.take({"token"}, fresh.now()));
    contract::must(queue.fail(*taken.job, "token", {"no", {"trace"}}, {}, fresh.now()));
  }
  EXPECT_EQ(contract::must(queue.retry_all(queue::State::failed, fresh.now())), many + 1);
  EXPECT_EQ(count(queue::State::waiting), 2 * many + 1);
  contract::must(queue.drain(true));
  EXPECT_EQ(count(queue::State::waiting), 1) << "the scheduler's current run stays";

  for (std::int64_t i = 0; i < many; ++i) contract::must(queue.add({"job"}, fresh.now()));
  EXPECT_EQ(contract::must(queue.clean(queue::State::waiting, 0ms, 1'500, fresh.now())).size(), 1'500u);
  EXPECT_EQ(contract::must(queue.clean(queue::State::waiting, 0ms, 0, fresh.now())).size(), many - 1'500u);
  EXPECT_EQ(count(queue::State::waiting), 1);
  for (std::int64_t i = 0; i < many; ++i) contract::must(queue.add({"job"}, fresh.now()));
  contract::must(queue.pause());
  contract::must(queue.obliterate(false));
  EXPECT_EQ(fresh.keys(), 0) << "nothing is left";
}

}  // namespace
