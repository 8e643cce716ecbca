#include "base/utf8.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(AsUtf8, LeavesTextsAsTheyAre) {
  for (const char* text : {"", "plain", "Köln", "日本", "\xf0\x9f\x98\x80 end", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
    EXPECT_EQ(as_utf8(text), text);
  EXPECT_EQ(as_utf8(std::string_view{"a\0b", 3}), (std::string_view{"a\0b", 3}));
}

TEST(AsUtf8, ReplacesEachByteThatBelongsToNoCharacter) {
  const std::string mark = "\xef\xbf\xbd";
  EXPECT_EQ(as_utf8("a\xff"
                    "b"),
            "a" + mark + "b");
  EXPECT_EQ(as_utf8("\x80"), mark);
  EXPECT_EQ(as_utf8("\xc3"), mark) << "cut";
  EXPECT_EQ(as_utf8("\xc3x"), mark + "x");
  EXPECT_EQ(as_utf8("\xe6\x97"), mark + mark);
  EXPECT_EQ(as_utf8("\xc0\xaf"), mark + mark) << "too long for its character";
  EXPECT_EQ(as_utf8("\xe0\x80\xaf"), mark + mark + mark);
  EXPECT_EQ(as_utf8("\xed\xa0\x80"), mark + mark + mark) << "half of a pair";
  EXPECT_EQ(as_utf8("\xf4\x90\x80\x80"), mark + mark + mark + mark) << "beyond Unicode";
}

}  // namespace
}  // namespace base
