#include "simulator/org/text.h"

#include <gtest/gtest.h>

namespace simulator {
namespace {

TEST(Text, FoldsLettersOfTheScriptsPeopleAreNamedIn) {
  EXPECT_EQ(folded("ABC xyz [\\]"), "abc xyz [\\]");
  EXPECT_EQ(folded("ÄÖÜ ÉÞ × ÷ ß"), "äöü éþ × ÷ ß");
  EXPECT_EQ(folded("ŁUKASIK ŻAK ŐRSÉG ŸVES ĽUBOMÍR"), "łukasik żak őrség ÿves ľubomír");
  EXPECT_EQ(folded("ΆΛΦΑ ΏΜΕΓΑ"), "άλφα ώμεγα");
  EXPECT_EQ(folded("ЁЛКА ЩУКА ЏЕП"), "ёлка щука џеп");
  EXPECT_EQ(folded("李 😀 İı"), "李 😀 İı");
}

TEST(Text, FoldingAndCapitalsKeepTheLengthAndUndoEachOther) {
  for (unsigned point = 0x80; point < 0x800; ++point) {
    const std::string letter{static_cast<char>(0xC0 | point >> 6), static_cast<char>(0x80 | (point & 0x3F))};
    EXPECT_EQ(folded(letter).size(), 2u) << point;
    EXPECT_EQ(folded(folded(letter)), folded(letter)) << point;
    EXPECT_EQ(folded(collated(letter)), folded(letter)) << point;
    EXPECT_TRUE(is_utf8(folded(letter)) && is_utf8(collated(letter))) << point;
  }
}

TEST(Text, OrdersByCapitals) {
  EXPECT_LT(collated("ab"), collated("A_"));
  EXPECT_LT(collated("z"), collated("_"));  // '_' stands between the capitals and the small letters
  EXPECT_EQ(collated("müller"), collated("MÜLLER"));
}

TEST(Text, MatchesPatterns) {
  const auto matches = [](std::string_view text, std::string pattern) {
    for (char& c : pattern) c = c == '*' ? any_text : c == '?' ? any_character : c;
    return matches_like(text, pattern);
  };
  EXPECT_TRUE(matches("apple", "app*"));
  EXPECT_TRUE(matches("apple", "*"));
  EXPECT_TRUE(matches("apple", "*p?e"));
  EXPECT_TRUE(matches("", "*"));
  EXPECT_TRUE(matches("müller", "m?ller"));  // one character, two bytes
  EXPECT_TRUE(matches("a%b", "a%b"));
  EXPECT_TRUE(matches("aaab", "*a*ab"));
  EXPECT_FALSE(matches("apple", "app"));
  EXPECT_FALSE(matches("apple", "?"));
  EXPECT_FALSE(matches("acb", "a%b"));
  EXPECT_FALSE(matches("", "?"));
  EXPECT_FALSE(matches(std::string(4000, 'a'), "*a*a*a*a*a*a*a*a*b"));  // and ends
}

TEST(Text, WritesNumbersAndTimesAsTheOrgDoes) {
  std::string out;
  append_double(out, 12, false);
  append_double(out += ' ', 12, true);
  append_double(out += ' ', 0.1, false);
  append_double(out += ' ', 1e21, false);
  EXPECT_EQ(out, "12.0 12 0.1 1000000000000000000000.0");
  out.clear();
  append_datetime(out, -1);
  EXPECT_EQ(out, "1969-12-31T23:59:59.999+0000");
}

}  // namespace
}  // namespace simulator
