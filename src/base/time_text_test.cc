#include "base/time_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace base {
namespace {

using namespace std::chrono_literals;

const Utc leap_day = Utc{std::chrono::sys_days{std::chrono::year{2024} / 2 / 29}} + 23h + 59min + 58s + 7ms;

TEST(TimeText, PrintsTheFormsOfTheWire) {
  EXPECT_EQ(to_iso(leap_day), "2024-02-29T23:59:58.007Z");
  EXPECT_EQ(to_iso_seconds(leap_day), "2024-02-29T23:59:58Z");
  EXPECT_EQ(to_http_date(leap_day), "Thu, 29 Feb 2024 23:59:58 GMT");
}

TEST(TimeText, ReadsEveryZoneForm) {
  for (const char* text : {"2024-02-29T23:59:58.007Z", "2024-02-29T23:59:58.007+0000", "2024-03-01T01:59:58.007+02:00",
                           "2024-02-29 18:59:58.0079-05", "2024-02-29 23:59:58.007"})
    EXPECT_EQ(parse_iso(text), leap_day) << text;
  EXPECT_EQ(parse_iso("2024-02-29"), Utc{std::chrono::floor<std::chrono::days>(leap_day)});
}

TEST(TimeText, RefusesWhatIsNoDate) {
  for (const char* text : {"", "2023-02-29", "2024-13-01", "2024-02-29T24:00:00Z", "2024-02-29T10:00:00Zx",
                           "2024-02-29T10", "24-02-29", "2024-02-29T10:00:00."})
    EXPECT_FALSE(parse_iso(text)) << text;
  EXPECT_FALSE(is_iso_date("2024-02-29T00:00:00Z"));
  EXPECT_FALSE(is_iso_date("2023-02-29"));
  EXPECT_TRUE(is_iso_date("2024-02-29"));
}

RC_GTEST_PROP(TimeTextProperty, ReadsBackWhatItPrints, ()) {
  const auto ms = *rc::gen::inRange<std::int64_t>(-8'000'000'000'000, 64'000'000'000'000);
  const Utc moment{std::chrono::milliseconds{ms}};
  RC_ASSERT(parse_iso(to_iso(moment)) == moment);
  RC_ASSERT(parse_http_date(to_http_date(moment)) == whole_second(moment));
}

}  // namespace
}  // namespace base
