#include "connection/guarded_transport.h"

#include <gtest/gtest.h>

#include <functional>

namespace connection {
namespace {

using base::ErrorKind;
using salesforce::Answer;

class Org final : public salesforce::Transport {
 public:
  base::Result<Answer> send(const salesforce::Request&) override {
    ++asked;
    return says();
  }
  std::function<base::Result<Answer>()> says = [] { return Answer{.status = 200}; };
  int asked = 0;
};

class GuardedTransportTest : public testing::Test {
 protected:
  base::Result<Answer> call() { return transport.send({.url = "https://acme.my.salesforce.com/"}); }
  void fails(ErrorKind kind) {
    org.says = [kind]() -> base::Result<Answer> { return base::failure(kind, "no"); };
  }
  void answers(int status) {
    org.says = [status] { return Answer{.status = status}; };
  }
  Org org;
  base::ManualClock clock{base::Utc{std::chrono::sys_days{std::chrono::year{2026} / 1 / 31}}};
  Breakers breakers;
  GuardedTransport transport{org, clock, breakers.of("00D")};
};

TEST_F(GuardedTransportTest, LeavesAnOrgAloneThatStoppedAnsweringAndComesBackWithOneProbe) {
  fails(ErrorKind::unreachable);
  for (int i = 0; i < core::Breaker::failures_to_open; ++i) EXPECT_FALSE(call());
  const auto refused = call();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unreachable);
  EXPECT_EQ(refused.error().retry_after, core::Breaker::first_pause);
  EXPECT_TRUE(refused.error().message.starts_with("no ")) << refused.error().message;
  EXPECT_EQ(org.asked, core::Breaker::failures_to_open);
  clock.advance(core::Breaker::first_pause);
  EXPECT_FALSE(call());  // the probe, in vain
  EXPECT_FALSE(call());
  EXPECT_EQ(org.asked, core::Breaker::failures_to_open + 1);
  clock.advance(2 * core::Breaker::first_pause);
  answers(200);
  EXPECT_TRUE(call());
  EXPECT_TRUE(call());
}

TEST_F(GuardedTransportTest, IsSharedByAllConnectionsOfOneOrgAndByNoOther) {
  answers(503);
  for (int i = 0; i < core::Breaker::failures_to_open; ++i) EXPECT_TRUE(call());
  Org same, other;
  GuardedTransport second{same, clock, breakers.of("00D")}, third{other, clock, breakers.of("00E")};
  EXPECT_FALSE(second.send({}));
  EXPECT_TRUE(third.send({}));
  EXPECT_EQ(same.asked, 0);
}

TEST_F(GuardedTransportTest, TakesRefusalsOfAWorkingOrgForAnswersAndBeingStoppedForNothing) {
  for (const int status : {400, 401, 403, 404, 429})
    for (int i = 0; i < core::Breaker::failures_to_open; ++i) {
      answers(status);
      EXPECT_TRUE(call());
    }
  fails(ErrorKind::cancelled);
  for (int i = 0; i <= core::Breaker::failures_to_open; ++i) EXPECT_FALSE(call());
  answers(200);
  EXPECT_TRUE(call());
}

}  // namespace
}  // namespace connection
