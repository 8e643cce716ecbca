#include <atomic>

#include "queue/redis/redis_queue.h"
#include "queue_under_test.h"
#include "redis_server.h"

namespace {

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

 private:
  static std::string fresh_name() {
    static std::atomic<int> number = 0;
    return "contract-" + std::to_string(++number);
  }
  static queue::RedisAddress address() { return contract::must(queue::RedisAddress::parse(server().url())); }

  const std::string name_ = fresh_name();
  queue::RedisQueue here_{{address(), "bull", name_, "one"}};
  queue::RedisQueue elsewhere_{{address(), "bull", name_, "two"}};
  queue::Connection raw_{address(), ""};
};

INSTANTIATE_TEST_SUITE_P(Redis, QueueContract,
                         testing::Values(contract::QueueBackend{"redis",
                                                                [] { return std::make_unique<RedisUnderTest>(); }}));

}  // namespace
