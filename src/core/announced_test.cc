#include "core/announced.h"

#include <gtest/gtest.h>

#include <array>

namespace core {
namespace {

using model::Cell;
using model::SentValue;

TEST(Announced, AnArrivedAnnouncementSettlesTheEarlierOnes) {
  const std::vector<model::SentValue> sent = {{0, Cell{"1"}}, {0, Cell{"2"}}, {0, Cell{"3"}}, {1, Cell{"x"}}};
  const std::array org{Cell{"2"}, Cell{"y"}};
  const auto open = still_open(std::vector<model::FieldMapping>(2), sent, org, {});
  ASSERT_EQ(open.size(), 2u);
  EXPECT_EQ(open[0].value, Cell{"3"});
  EXPECT_EQ(open[1].field, 1u);
}

TEST(Announced, WhatCannotHaveComeYetIsNotSettledByItsLikeness) {
  const base::Utc noon{std::chrono::hours{500'000}};
  const std::vector<SentValue> sent = {{0, Cell{"1"}, noon, noon - std::chrono::hours{1}}};
  const std::array org{Cell{"1"}};
  const std::vector<model::FieldMapping> fields(1);
  EXPECT_EQ(still_open(fields, sent, org, {.stamp = noon - std::chrono::hours{1}}).size(), 1u);
  EXPECT_EQ(still_open(fields, sent, org, {.stamp = noon + std::chrono::seconds{1}}).size(), 0u);
}

TEST(Announced, WhatAnEarlierReadingWouldHaveShownIsForgotten) {
  const base::Utc noon{std::chrono::hours{500'000}};
  const std::vector<SentValue> sent = {{0, Cell{"1"}, noon}, {0, Cell{"2"}}};
  const std::array org{Cell{"9"}};
  const std::vector<model::FieldMapping> fields(1);
  const base::Utc stamp = noon + std::chrono::hours{9};
  EXPECT_EQ(still_open(fields, sent, org, {stamp, noon + longest_transaction}).size(), 2u);
  const auto open = still_open(fields, sent, org, {stamp, noon + longest_transaction + clock_margin});
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(open[0].value, Cell{"2"}) << "nobody knows when it was sent";
}

TEST(Announced, ARecordThatIsThereHasItsOnlyAttemptBehindIt) {
  const std::vector<SentValue> sent = {{0, Cell{"1"}}, {2, Cell{"x"}}};
  EXPECT_TRUE(once_made(sent, sent, {}).empty());
}

TEST(Announced, OfSeveralAttemptsToMakeARecordTheOthersMayComeForSomeMinutes) {
  const base::Utc noon{std::chrono::hours{500'000}};
  const std::vector<SentValue> sent = {{0, Cell{"1"}}, {2, Cell{"x"}}, {0, Cell{"1"}}};
  const auto open = once_made(sent, sent, noon);
  ASSERT_EQ(open.size(), 3u);
  for (const SentValue& one : open) EXPECT_EQ(one.at, noon);
  EXPECT_FALSE(may_hold(open[0], {.stamp = noon, .seen_through = noon + longest_transaction + clock_margin}));
}

}  // namespace
}  // namespace core
