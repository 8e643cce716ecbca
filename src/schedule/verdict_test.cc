#include "schedule/verdict.h"

#include <gtest/gtest.h>

namespace {

using namespace schedule;
using namespace std::chrono_literals;
using base::Error;
using base::ErrorKind;
using Do = Verdict::Do;

TEST(Verdict, CompletesARunThatWasDone) {
  EXPECT_EQ(verdict_for({}, Cut::none).what, Do::complete);
}

TEST(Verdict, HandsBackWhatAShutdownCutShort) {
  EXPECT_EQ(verdict_for({}, Cut::shutdown).what, Do::give_back);
  EXPECT_EQ(verdict_for(Error{ErrorKind::unreachable, "no answer"}, Cut::shutdown).what, Do::give_back);
}

TEST(Verdict, LetsOthersGoFirstWithoutCountingAnAttempt) {
  EXPECT_EQ(verdict_for({}, Cut::turn).what, Do::postpone);
}

TEST(Verdict, PutsTheJobOffForAsLongAsTheOrgAsks) {
  Error limited{ErrorKind::throttled, "calls are used up"};
  limited.retry_after = 900s;
  const Verdict verdict = verdict_for(limited, Cut::none);
  EXPECT_EQ(verdict.what, Do::postpone);
  EXPECT_EQ(verdict.delay, 900s);
  EXPECT_EQ(verdict.reason, limited.message);
  limited.retry_after.reset();
  EXPECT_EQ(verdict_for(limited, Cut::none).delay, 60s);
  limited.retry_after = 0s;
  EXPECT_EQ(verdict_for(limited, Cut::none).delay, 1s);
}

// Given back it would be taken again at once, by the next daemon.
TEST(Verdict, KeepsTheDelayOfALimitDuringAShutdown) {
  Error limited{ErrorKind::throttled, "calls are used up"};
  limited.retry_after = 900s;
  EXPECT_EQ(verdict_for(limited, Cut::shutdown).delay, 900s);
}

TEST(Verdict, WaitsForWhoeverSyncsTheIntegration) {
  const Verdict verdict = verdict_for(Error{ErrorKind::cancelled, "is being synced by process 7"}, Cut::none);
  EXPECT_EQ(verdict.what, Do::postpone);
  EXPECT_GT(verdict.delay, 0ms);
}

TEST(Verdict, FailsWhatAnotherTryDoesNotMend) {
  for (const ErrorKind kind : {ErrorKind::unreachable, ErrorKind::unauthorized, ErrorKind::settings, ErrorKind::corrupt,
                               ErrorKind::malformed, ErrorKind::rejected}) {
    const Verdict verdict = verdict_for(Error{kind, "why"}, Cut::none);
    EXPECT_EQ(verdict.what, Do::fail);
    EXPECT_EQ(verdict.reason, "why");
  }
}

}  // namespace
