#include "http/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(EscapedHtml, LeavesNothingThatEndsATextOrAnAttribute) {
  EXPECT_EQ(escaped_html("<a href=\"x\">O'Neil & ü</a>"),
            "&lt;a href=&quot;x&quot;&gt;O&#39;Neil &amp; ü&lt;/a&gt;");
}

TEST(PercentCoding, FollowsRfc3986) {
  EXPECT_EQ(percent_encode("a b/ü~"), "a%20b%2F%C3%BC~");
  EXPECT_EQ(percent_decode("a%20b%2f+", false), "a b/+");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
}

TEST(PercentCoding, LeavesABrokenEscapeAsItCame) {
  EXPECT_EQ(percent_decode("100%", false), "100%");
  EXPECT_EQ(percent_decode("%4", false), "%4");
  EXPECT_EQ(percent_decode("%zz%41", false), "%zzA");
}

RC_GTEST_PROP(PercentCoding, ComesBackWhole, (const std::string& text)) {
  RC_ASSERT(percent_decode(percent_encode(text), true) == text);
}

TEST(Form, KeepsPairsInOrder) {
  EXPECT_THAT(parse_form("q=SELECT+Id&&flag&q=%26%3D&=x"),
              ElementsAre(Pair("q", "SELECT Id"), Pair("flag", ""), Pair("q", "&="), Pair("", "x")));
  EXPECT_THAT(parse_form(""), IsEmpty());
}

}  // namespace
}  // namespace http
