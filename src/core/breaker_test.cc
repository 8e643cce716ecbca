#include "core/breaker.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace core {
namespace {

using namespace std::chrono_literals;
using State = Breaker::State;

/// A breaker that five failures have opened at `now`.
Breaker opened(Breaker::Time now) {
  Breaker breaker;
  for (int i = 0; i < Breaker::failures_to_open; ++i) {
    EXPECT_FALSE(breaker.refuse(now));
    breaker.failed(now);
  }
  EXPECT_EQ(breaker.state(), State::open);
  return breaker;
}

TEST(Breaker, StaysClosedWhileTheOrgAnswersNowAndThen) {
  Breaker breaker;
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(breaker.refuse(0s));
    if (i % Breaker::failures_to_open == 0) {
      breaker.answered();
    } else {
      breaker.failed(0s);
    }
    EXPECT_EQ(breaker.state(), State::closed);
  }
}

TEST(Breaker, OpensAfterFiveFailuresAndSaysForHowLong) {
  Breaker breaker = opened(100s);
  EXPECT_EQ(breaker.refuse(100s), 10s);
  EXPECT_EQ(breaker.refuse(107s), 3s);
}

TEST(Breaker, LetsOneProbeThrough) {
  Breaker breaker = opened(0s);
  EXPECT_FALSE(breaker.refuse(10s));
  EXPECT_EQ(breaker.state(), State::half_open);
  EXPECT_TRUE(breaker.refuse(10s));
  EXPECT_TRUE(breaker.refuse(11s));
}

TEST(Breaker, ClosesWhenTheProbeIsAnswered) {
  Breaker breaker = opened(0s);
  EXPECT_FALSE(breaker.refuse(10s));
  breaker.answered();
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_FALSE(breaker.refuse(10s));
  // And needs five failures again, with the first pause.
  for (int i = 0; i < 4; ++i) breaker.failed(11s);
  EXPECT_EQ(breaker.state(), State::closed);
  breaker.failed(11s);
  EXPECT_EQ(breaker.refuse(11s), 10s);
}

TEST(Breaker, StaysAwayTwiceAsLongAfterEachVainProbeUpToFiveMinutes) {
  Breaker breaker = opened(0s);
  Breaker::Time now = 0s;
  for (const auto pause : {10s, 20s, 40s, 80s, 160s, 300s, 300s}) {
    ASSERT_EQ(breaker.refuse(now), pause);
    now += pause;
    ASSERT_FALSE(breaker.refuse(now));
    breaker.failed(now);
  }
}

TEST(Breaker, CountsCallsThatWereUnderWayWhenItOpenedOnce) {
  Breaker breaker = opened(0s);
  for (int i = 0; i < 10; ++i) breaker.failed(1s);
  EXPECT_EQ(breaker.refuse(1s), 9s);
}

TEST(Breaker, ProbesAgainWhenAProbeWasGivenUpOrLost) {
  Breaker breaker = opened(0s);
  EXPECT_FALSE(breaker.refuse(10s));
  breaker.nothing_learned();
  EXPECT_FALSE(breaker.refuse(10s));
  EXPECT_TRUE(breaker.refuse(11s));
  EXPECT_FALSE(breaker.refuse(11s + Breaker::probe_patience));
}

RC_GTEST_PROP(BreakerProperty, NeverRefusesForLongerThanFiveMinutesAndAlwaysComesBack, ()) {
  Breaker breaker;
  Breaker::Time now{0};
  for (const int event : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 100))) {
    now += std::chrono::seconds{event};
    const auto refused = breaker.refuse(now);
    if (refused) {
      RC_ASSERT(*refused > Breaker::Time{0});
      RC_ASSERT(*refused <= Breaker::longest_pause);
      continue;
    }
    if (event % 3 == 0) breaker.answered();
    if (event % 3 == 1) breaker.failed(now);
    if (event % 3 == 2) breaker.nothing_learned();
  }
  now += Breaker::probe_patience;
  RC_ASSERT(!breaker.refuse(now));
  breaker.answered();
  RC_ASSERT(breaker.state() == State::closed);
}

}  // namespace
}  // namespace core
