#include "http/message.h"
#include "http/problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace http {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(EscapedHtml, LeavesNothingThatEndsATextOrAnAttribute) {
  EXPECT_EQ(escaped_html("<a href=\"x\">O'Neil & ü</a>"), "&lt;a href=&quot;x&quot;&gt;O&#39;Neil &amp; ü&lt;/a&gt;");
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

TEST(Problem, IsTitledByItsStatusAndQuotesWhatJsonQuotes) {
  const Response response = problem(421, "no \"such\" host");
  EXPECT_EQ(response.status, 421);
  EXPECT_THAT(response.headers, Contains(Pair("Content-Type", "application/problem+json")));
  EXPECT_EQ(response.body,
            R"({"type":"about:blank","title":"Misdirected Request","status":421,"detail":"no \"such\" host"})");
}

TEST(Form, KeepsPairsInOrder) {
  EXPECT_THAT(parse_form("q=SELECT+Id&&flag&q=%26%3D&=x"),
              ElementsAre(Pair("q", "SELECT Id"), Pair("flag", ""), Pair("q", "&="), Pair("", "x")));
  EXPECT_THAT(parse_form(""), IsEmpty());
}

}  // namespace
}  // namespace http
