#include "core/watermark.h"

#include <gtest/gtest.h>

namespace core {
namespace {

using namespace std::chrono_literals;

const base::Utc noon{std::chrono::sys_days{std::chrono::year{2026} / 1 / 2} + 12h};
const model::RecordId ann = *model::RecordId::parse("003000000000001");

TEST(Watermark, ABackfillThatDiesGoesOnWhereItStood) {
  const model::Position start = model::Beginning{};
  const auto plan = plan_read(start, noon, {}, {});
  EXPECT_TRUE(plan.sweep);
  ReadProgress progress{start, plan, {}, {}};
  progress.settled({noon - 24h, ann});
  const model::Watermark half = progress.position(noon, false);
  EXPECT_TRUE(half.backfilling);

  const auto again = plan_read(half, noon + 1h, {}, {});
  EXPECT_EQ(again.after, (model::Keyset{noon - 24h, ann}));
  ReadProgress rest{half, again, {}, {}};
  const model::Watermark whole = rest.position(noon + 1h, true);
  EXPECT_FALSE(whole.backfilling);
  EXPECT_EQ(whole.sweep_from, noon - 15min) << "what was open when the first page was read is swept later";
}

TEST(Watermark, ARunStartsALittleBehindAndASweepFarther) {
  model::Watermark stored{
      .reached = {noon, ann}, .revisit_from = {noon - 30s, {}}, .sweep_from = noon - 15min, .swept_at = noon};
  EXPECT_EQ(plan_read(stored, noon + 1min, {}, {}).after.at, noon - 30s);
  const auto sweep = plan_read(stored, noon + 15min, {}, {});
  EXPECT_TRUE(sweep.sweep);
  EXPECT_EQ(sweep.after.at, noon - 15min);
  ReadProgress progress{stored, sweep, {}, {}};
  const auto unfinished = progress.position(noon + 15min, false);
  EXPECT_EQ(unfinished.swept_at, noon) << "a sweep that dies is owed again";
  EXPECT_EQ(progress.position(noon + 15min, true).swept_at, noon + 15min);
}

TEST(Watermark, ManyEqualStampsDoNotMakeEveryRunReadThemAgain) {
  const Lookback lookback{.revisit_records = 3};
  const model::Position start = model::Beginning{};
  ReadProgress progress{start, plan_read(start, noon, lookback, {}), lookback, {}};
  for (int i = 0; i < 5; ++i) progress.settled({noon, *model::RecordId::parse("00300000000000" + std::to_string(i))});
  EXPECT_EQ(progress.position(noon + 1s, true).revisit_from,
            (model::Keyset{noon, *model::RecordId::parse("003000000000002")}));
  // Nor does a run after that, which finds only those.
  const model::Watermark stored = progress.position(noon + 1s, true);
  ReadProgress next{stored, plan_read(stored, noon + 2s, lookback, {}), lookback, {}};
  for (const char* id : {"003000000000003", "003000000000004"}) next.settled({noon, *model::RecordId::parse(id)});
  EXPECT_EQ(next.position(noon + 2s, true).revisit_from, stored.revisit_from);
}

TEST(Watermark, AfterABulkReadingEverythingSinceItBeganIsReadAgain) {
  const model::Position stored = after_bulk(noon, {});
  for (const base::Utc now : {noon + 1min, noon + 24h})
    EXPECT_EQ(plan_read(stored, now, {}, {}).after, (model::Keyset{noon - 15min, {}}));
  EXPECT_FALSE(std::get<model::Watermark>(stored).backfilling);
}

TEST(Watermark, KnowsAgainWhatTheLastRunLeftToBeReadAgain) {
  const model::RecordId bea = *model::RecordId::parse("003000000000002");
  model::Watermark before;
  before.reached.at = before.swept_at = noon;
  model::Position position = before;
  const std::vector<model::Keyset> places = {{noon + 100s, ann}, {noon + 110s, bea}};
  ReadProgress first{position, plan_read(position, noon, {}, {}), {}, {}};
  EXPECT_FALSE(first.repeats(places));
  first.settled({noon + 1s, ann});  // Out of the next run's sight.
  for (const auto& place : places) first.settled(place);
  position = first.position(noon + 2min, true);

  const auto begin = [&] { return ReadProgress{position, plan_read(position, noon + 3min, {}, {}), {}, {}}; };
  EXPECT_TRUE(begin().repeats(places));
  EXPECT_FALSE(begin().repeats({})) << "there is nothing to repeat";
  EXPECT_FALSE(begin().repeats(std::span{places}.first(1)));
  for (const model::Keyset& news :
       {model::Keyset{noon + 200s, ann}, {noon + 105s, *model::RecordId::parse("003000000000003")}}) {
    auto more = places;
    more.push_back(news);
    EXPECT_FALSE(begin().repeats(more));
  }
  ReadProgress idle = begin();
  for (const auto& place : places) idle.settled(place);
  EXPECT_EQ(model::Position{idle.position(noon + 3min, true)}, position) << "an idle run stores nothing";
  EXPECT_FALSE(idle.repeats(places)) << "only a run's first records can be a repetition";
}

TEST(Watermark, WhatAFilterHidesWasNotSeen) {
  model::Watermark stored;
  stored.sweep_from = noon;
  model::Mapping mapping;
  EXPECT_EQ(seen_through(mapping, stored), noon);
  mapping.filter = "Title != null";
  EXPECT_EQ(seen_through(mapping, stored), base::Utc{});
  mapping.on_filter_leave = model::FilterLeave::remove;
  EXPECT_EQ(seen_through(mapping, stored), noon) << "all changes are polled";
  stored.backfilling = true;
  EXPECT_EQ(seen_through(mapping, stored), base::Utc{});
}

}  // namespace
}  // namespace core
