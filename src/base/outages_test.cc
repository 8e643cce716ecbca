#include "base/outages.h"

#include <gtest/gtest.h>

#include <vector>

namespace base {
namespace {

using namespace std::chrono_literals;

const Error refused{ErrorKind::unreachable, "Redis at 127.0.0.1:6379: Connection refused"};

TEST(Outage, IsSaidAtOnceAndSaysWhenItIsOverHowLongItLasted) {
  Outage outage;
  EXPECT_FALSE(outage.tried("taking jobs", nullptr, 0s)) << "nothing was wrong";
  const auto begin = outage.tried("taking jobs", &refused, 10s);
  ASSERT_TRUE(begin);
  EXPECT_EQ(begin->text, "taking jobs fails: Redis at 127.0.0.1:6379: Connection refused");
  EXPECT_EQ(begin->level, LogLevel::error);
  const auto end = outage.tried("taking jobs", nullptr, 10s + 3h + 5min);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->text, "taking jobs works again, after 3 h 5 min");
  EXPECT_EQ(end->level, LogLevel::info);
  EXPECT_FALSE(outage.tried("taking jobs", nullptr, 4h));
  EXPECT_TRUE(outage.tried("taking jobs", &refused, 5h)) << "another outage is news";
}

TEST(Outage, IsSaidAgainAtGrowingIntervals) {
  Outage outage;
  std::vector<std::int64_t> said;  // in minutes
  for (auto elapsed = 0s; elapsed < 10h; elapsed += 3s)
    if (outage.tried("taking jobs", &refused, elapsed)) said.push_back(elapsed / 1min);
  EXPECT_EQ(said, (std::vector<std::int64_t>{0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363, 423, 483, 543}));
}

TEST(Outage, SaysWhatIsWrongNow) {
  Outage outage;
  (void)outage.tried("taking jobs", &refused, 0s);
  const Error denied{ErrorKind::settings, "NOAUTH"};
  EXPECT_FALSE(outage.tried("taking jobs", &denied, 59s));
  const auto later = outage.tried("taking jobs", &denied, 61s);
  ASSERT_TRUE(later);
  EXPECT_EQ(later->text, "taking jobs has been failing for 1 min: NOAUTH");
}

}  // namespace
}  // namespace base
