#include "core/advice.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace core {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;
using Do = Advice::Do;

constexpr ErrorKind kinds[] = {ErrorKind::unreachable,  ErrorKind::unknown_fate, ErrorKind::throttled,
                               ErrorKind::unauthorized, ErrorKind::precondition, ErrorKind::rejected,
                               ErrorKind::malformed,    ErrorKind::settings,     ErrorKind::corrupt,
                               ErrorKind::cancelled};

TEST(Advice, TellsWhatEndsARunFromWhatEndsAnObject) {
  EXPECT_EQ(advice_for({ErrorKind::unauthorized, ""}, 1).what, Do::end_run);
  EXPECT_EQ(advice_for({ErrorKind::corrupt, ""}, 1).what, Do::end_run);
  EXPECT_EQ(advice_for({ErrorKind::cancelled, ""}, 1).what, Do::end_run);
  for (const auto kind : {ErrorKind::precondition, ErrorKind::rejected, ErrorKind::malformed, ErrorKind::settings})
    EXPECT_EQ(advice_for({kind, ""}, 1).what, Do::end_object);
}

TEST(Advice, TriesFourTimesWhatDoesNotAnswerAndEightTimesWhatIsBusy) {
  for (const auto kind : {ErrorKind::unreachable, ErrorKind::unknown_fate}) {
    EXPECT_EQ(advice_for({kind, ""}, 3).what, Do::again);
    EXPECT_EQ(advice_for({kind, ""}, 4).what, Do::end_run);
  }
  EXPECT_EQ(advice_for({ErrorKind::throttled, ""}, 7).what, Do::again);
  EXPECT_EQ(advice_for({ErrorKind::throttled, ""}, 8).what, Do::end_run);
}

TEST(Advice, WaitsTwiceAsLongEachTimeUpToAMinute) {
  const base::Error busy{ErrorKind::throttled, ""};
  const auto wait = [&](int attempt, double chance) { return advice_for(busy, attempt, chance).after; };
  EXPECT_EQ(wait(1, 1), 1s);
  EXPECT_EQ(wait(1, 0), 500ms);
  EXPECT_EQ(wait(2, 1), 2s);
  EXPECT_EQ(wait(6, 1), 32s);
  EXPECT_EQ(wait(7, 1), 60s);
  EXPECT_EQ(wait(7, 0), 30s);
}

TEST(Advice, WaitsAtLeastAsLongAsItIsTold) {
  const base::Error told{ErrorKind::throttled, "", "SERVER_UNAVAILABLE", 10s};
  EXPECT_EQ(advice_for(told, 1, 0).after, 10s);
  EXPECT_EQ(advice_for(told, 4, 1).after, 14s);
  EXPECT_EQ(advice_for({ErrorKind::unreachable, "", "", 10s}, 1, 0).after, 10s);
  EXPECT_EQ(advice_for({ErrorKind::throttled, "", "SERVER_UNAVAILABLE", 0s}, 1, 0).after, 500ms);
}

TEST(Advice, LeavesToALaterRunWhatMayTakeLonger) {
  EXPECT_EQ(advice_for({ErrorKind::throttled, "", "REQUEST_LIMIT_EXCEEDED", 900s}, 1).what, Do::end_run);
  EXPECT_EQ(advice_for({ErrorKind::unreachable, "", "", 61s}, 1).what, Do::end_run);
}

TEST(Advice, AsksForLessWhereLessMayGoThrough) {
  base::Error slow{ErrorKind::throttled, "", "QUERY_TIMEOUT"};
  EXPECT_FALSE(advice_for(slow, 1).smaller);
  slow.smaller = true;
  EXPECT_TRUE(advice_for(slow, 1).smaller);
}

RC_GTEST_PROP(AdviceProperty, EndsAfterAFewAttemptsAndNeverWaitsLongerThanItSays, ()) {
  base::Error error{*rc::gen::elementOf(std::vector<ErrorKind>(std::begin(kinds), std::end(kinds))), ""};
  if (*rc::gen::arbitrary<bool>()) error.retry_after = std::chrono::seconds{*rc::gen::inRange(0, 4000)};
  const double chance = *rc::gen::inRange(0, 1001) / 1000.0;
  int attempt = 1;
  for (;; ++attempt) {
    RC_ASSERT(attempt <= 8);
    const Advice advice = advice_for(error, attempt, chance);
    if (advice.what != Do::again) {
      RC_ASSERT((advice.what == Do::end_run) == ends_run(error));
      break;
    }
    RC_ASSERT(advice.after >= error.retry_after.value_or(0s));
    RC_ASSERT(advice.after <= 2 * longest_pause);
    RC_ASSERT(advice.after > 0ms);
  }
}

}  // namespace
}  // namespace core
