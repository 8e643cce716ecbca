#include "core/retry.h"

#include <gtest/gtest.h>

namespace core {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;

TEST(NextAttempt, BacksOffToOnceAWeek) {
  const base::Utc now{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
  EXPECT_EQ(next_attempt(ErrorKind::rejected, 1, now), now + 1h);
  EXPECT_EQ(next_attempt(ErrorKind::rejected, 2, now), now + 2h);
  EXPECT_EQ(next_attempt(ErrorKind::rejected, 5, now), now + 16h);
  for (const int attempts : {6, 7, 8}) EXPECT_EQ(next_attempt(ErrorKind::malformed, attempts, now), now + 24h);
  for (const int attempts : {9, 100, 1'000'000})
    EXPECT_EQ(next_attempt(ErrorKind::rejected, attempts, now), now + 168h);
  EXPECT_EQ(next_attempt(ErrorKind::rejected, 0, now), now + 1h);
  EXPECT_EQ(next_attempt(ErrorKind::precondition, 3, now), now + 24h) << "its parent wakes it";
}

}  // namespace
}  // namespace core
