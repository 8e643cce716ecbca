#include "model/field.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "model/ids.h"

namespace model {
namespace {

std::string spelt(const FieldType& type, std::string_view raw) {
  base::Arena arena;
  const auto cell = canonical(type, raw, arena);
  if (!cell) return "(refused)";
  return cell->is_null() ? "(null)" : std::string{cell->text()};
}

const FieldType text{FieldKind::text};
const FieldType money{FieldKind::number, 2};
const FieldType any_number{FieldKind::number, -1};

TEST(Canonical, TextIsTrimmedAndBlankIsNull) {
  EXPECT_EQ(spelt(text, "  Ann Lee \r\n"), "Ann Lee");
  EXPECT_EQ(spelt(text, " \t "), "(null)");
}

TEST(Canonical, NumbersMeanTheSameHoweverTheyAreSpelt) {
  EXPECT_EQ(spelt(money, "100.00"), "100");
  EXPECT_EQ(spelt(money, "9.12260031E8"), "912260031");
  EXPECT_EQ(spelt(money, "1.005"), "1.01");
  EXPECT_EQ(spelt(money, "-0.995"), "-1");
  EXPECT_EQ(spelt(money, "-0.004"), "0");
  EXPECT_EQ(spelt(money, "0"), "0");
  EXPECT_EQ(spelt(money, "-0"), "0");
  EXPECT_EQ(spelt(money, "007.50"), "7.5");
  EXPECT_EQ(spelt(money, ".5"), "0.5");
  EXPECT_EQ(spelt(money, "5e-1"), "0.5");
  EXPECT_EQ(spelt(money, "0.0049"), "0");
  EXPECT_EQ(spelt(any_number, "0.000001234500"), "0.0000012345");
  EXPECT_EQ(spelt(FieldType{FieldKind::number, 0}, "999.5"), "1000");
  EXPECT_EQ(spelt(money, "12,50"), "(refused)");
  EXPECT_EQ(spelt(money, "1e999999"), "(refused)");
  EXPECT_EQ(spelt(money, "NaN"), "(refused)");
  EXPECT_EQ(spelt(money, "-"), "(refused)");
}

TEST(Canonical, TimesAreUtcInWholeSecondsAndDatesHaveNoTime) {
  EXPECT_EQ(spelt({FieldKind::datetime}, "2026-01-31T10:11:12.987+02:00"), "2026-01-31T08:11:12Z");
  EXPECT_EQ(spelt({FieldKind::datetime}, "2026-01-31T10:11:12.000+0000"), "2026-01-31T10:11:12Z");
  EXPECT_EQ(spelt({FieldKind::date}, "2026-01-31T00:00:00.000Z"), "2026-01-31");
  EXPECT_EQ(spelt({FieldKind::date}, "2026-01-31T00:00:00+02:00"), "2026-01-31") << "the day as it is written";
  EXPECT_EQ(spelt({FieldKind::date}, "31.01.2026"), "(refused)");
  EXPECT_EQ(spelt({FieldKind::time}, "9:05"), "09:05:00.000Z");
  EXPECT_EQ(spelt({FieldKind::time}, "10:15:30.5Z"), "10:15:30.500Z");
  EXPECT_EQ(spelt({FieldKind::time}, "25:00"), "(refused)");
  EXPECT_EQ(spelt({FieldKind::time}, "10:15:30+02:00"), "(refused)");
}

TEST(Canonical, CheckBoxesAreNeverNull) {
  EXPECT_EQ(spelt({FieldKind::boolean}, ""), "false");
  EXPECT_EQ(spelt({FieldKind::boolean}, "1"), "true");
  EXPECT_EQ(spelt({FieldKind::boolean}, "yes"), "(refused)");
}

TEST(Canonical, MultiSelectHasNoOrderAndReferencesHaveEighteenCharacters) {
  EXPECT_EQ(spelt({FieldKind::multi}, "b; a;b;"), "a;b");
  EXPECT_EQ(spelt({FieldKind::reference}, "001D000000IRFma"), "001D000000IRFmaIAH");
  EXPECT_EQ(spelt({FieldKind::reference}, "001D000000IRFmaIAX"), "(refused)");
}

TEST(RecordId, RefusesWhatIsNoId) {
  for (const char* bad : {"", "001D000000IRFm", "001D000000IRFm-", "001D000000IRFmaIA", "001D000000IRFmaiah"})
    EXPECT_FALSE(RecordId::parse(bad)) << bad;
  EXPECT_EQ(RecordId::parse("001D000000IRFma")->view(), "001D000000IRFmaIAH");
}

RC_GTEST_PROP(CanonicalProperty, SayingItAgainChangesNothing, ()) {
  const auto kind = static_cast<FieldKind>(*rc::gen::inRange(0, 10));
  const FieldType type{kind, *rc::gen::inRange(-1, 6)};
  const auto raw = *rc::gen::container<std::string>(
      rc::gen::element('0', '1', '9', '.', '-', 'e', '5', ' ', ';', 'a', 'T', ':', 'Z', '\n'));
  const std::string once = spelt(type, raw);
  if (once != "(refused)" && once != "(null)") RC_ASSERT(spelt(type, once) == once);
}

bool same(FieldKind kind, std::string_view a, std::string_view b) {
  return same_value({kind}, Cell{a}, Cell{b});
}

TEST(SameValue, WhatTheOrgSpellsAnewIsNoEdit) {
  EXPECT_TRUE(same(FieldKind::email, "Ann.Lee@Example.com", "ann.lee@example.com"));
  EXPECT_FALSE(same(FieldKind::email, "ann.lee@example.com", "annlee@example.com"));
  EXPECT_TRUE(same(FieldKind::phone, "(415) 555-0100", "4155550100"));
  EXPECT_TRUE(same(FieldKind::phone, "+1 415.555.0100 x12", "+1 (415) 555 0100 X12"));
  EXPECT_FALSE(same(FieldKind::phone, "+14155550100", "14155550100"));
  EXPECT_FALSE(same(FieldKind::phone, "5550100", "5550101"));
  EXPECT_TRUE(same(FieldKind::text, "one\r\ntwo", "one\ntwo"));
  EXPECT_FALSE(same(FieldKind::text, "one\rtwo", "one\ntwo"));
  EXPECT_FALSE(same(FieldKind::text, "Ann", "ann"));
  EXPECT_FALSE(same_value({FieldKind::phone}, Cell{}, Cell{"-"})) << "null is no spelling";
}

RC_GTEST_PROP(SameValueProperty, IsAnEquivalence, ()) {
  const auto kind = static_cast<FieldKind>(*rc::gen::inRange(0, 10));
  const auto any = [] {
    return *rc::gen::container<std::string>(rc::gen::element('1', '2', '-', ' ', 'a', 'A', '\r', '\n'));
  };
  const std::string a = any(), b = any(), c = any();
  RC_ASSERT(same(kind, a, a));
  RC_ASSERT(same(kind, a, b) == same(kind, b, a));
  if (same(kind, a, b) && same(kind, b, c)) RC_ASSERT(same(kind, a, c));
}

RC_GTEST_PROP(SameValueProperty, IsEqualityOnceFolded, ()) {
  const auto kind = static_cast<FieldKind>(*rc::gen::inRange(0, 10));
  const auto any = [] {
    const auto made = *rc::gen::container<std::string>(rc::gen::element('1', '-', ' ', 'a', 'A', '\r', '\n'));
    return *rc::gen::arbitrary<bool>() ? made : made.substr(0, 2);  // Two of a kind are not to be rare.
  };
  const std::string a = any(), b = any();
  base::Arena arena;
  const auto fold = [&](const Cell& cell) { return folded({kind}, cell, arena); };
  RC_ASSERT(same(kind, a, b) == (fold(Cell{a}) == fold(Cell{b})));
  RC_ASSERT(fold(Cell{}) != fold(Cell{a}));
}

RC_GTEST_PROP(CanonicalProperty, NumbersKeepTheirValue, ()) {
  const auto cents = *rc::gen::inRange<std::int64_t>(-1'000'000'000'000, 1'000'000'000'000);
  std::string plain = std::to_string(cents < 0 ? -cents : cents);
  while (plain.size() < 3) plain.insert(plain.begin(), '0');
  plain.insert(plain.size() - 2, ".");
  if (cents < 0) plain.insert(plain.begin(), '-');
  const std::string shifted = std::to_string(cents) + "e-2";
  RC_ASSERT(spelt(money, plain) == spelt(money, shifted));
}

}  // namespace
}  // namespace model
