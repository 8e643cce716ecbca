#include "core/identity.h"

#include <gtest/gtest.h>

#include "core/brake.h"

namespace core {
namespace {

using model::Cell;
using Pairs = std::vector<Matches::Pair>;

model::Mapping mapping() {
  model::Mapping mapping;
  mapping.object = "Contact";
  mapping.fields.resize(3);
  return mapping;
}

CreateIntents intents(const std::vector<std::vector<const char*>>& rows) {
  CreateIntents out;
  for (const auto& row : rows) {
    CreateIntent intent{{std::to_string(out.list.size())}, {}, {}};
    for (std::size_t f = 0; f < row.size(); ++f)
      intent.sent.push_back({f, *row[f] ? Cell{std::string_view{row[f]}} : Cell{}});
    out.list.push_back(std::move(intent));
  }
  return out;
}

Observation records(const std::vector<std::vector<const char*>>& rows) {
  Observation out;
  out.restart(3);
  for (const auto& row : rows) {
    const auto cells = out.cells.add();
    for (std::size_t f = 0; f < row.size(); ++f)
      if (*row[f]) cells[f] = Cell{std::string_view{row[f]}};
    out.heads.push_back({});
  }
  return out;
}

Matches match(const CreateIntents& made, const Observation& seen) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < seen.size(); ++i) all.push_back(i);
  return match_creates(mapping(), made, seen, all);
}

TEST(MatchCreates, FindsWhatHoldsJustWhatWasSent) {
  const auto found =
      match(intents({{"Lane", "1", "x"}, {"Kent", "2", ""}}), records({{"Kent", "2", ""}, {"Lane", "1", "x"}}));
  EXPECT_EQ(found.pairs, (Pairs{{1, 0}, {0, 1}}));
  EXPECT_TRUE(found.doubtful.empty());
}

TEST(MatchCreates, TwinsTakeOneRecordEach) {
  const auto found =
      match(intents({{"Lane", "1", ""}, {"Lane", "1", ""}}), records({{"Lane", "1", ""}, {"Lane", "1", ""}}));
  EXPECT_EQ(found.pairs, (Pairs{{0, 0}, {1, 1}}));
}

TEST(MatchCreates, ARecordThatWasEditedSinceIsKnownByTheRest) {
  const auto found =
      match(intents({{"Lane", "1", "x"}, {"Kent", "2", "y"}}), records({{"Lane", "9", "x"}, {"Kent", "2", "y"}}));
  EXPECT_EQ(found.pairs, (Pairs{{1, 1}, {0, 0}}));
}

TEST(MatchCreates, WhatHasNothingOfWhatWasSentIsSomebodyElses) {
  const auto found = match(intents({{"Lane", "1", "x"}}), records({{"Other", "9", "z"}}));
  EXPECT_TRUE(found.pairs.empty());
  EXPECT_TRUE(found.doubtful.empty());
  EXPECT_EQ(match(intents({{"Lane", "", ""}}), records({{"LANE", "9", ""}})).doubtful, std::vector<std::size_t>{0})
      << "of one value nobody can tell";
}

/// Another program that runs as our user made one of them.
TEST(MatchCreates, OfTwoThatHoldWhatWasSentNobodyCanTellWhichIsOurs) {
  const auto found = match(intents({{"Lane", "1", ""}}), records({{"Lane", "1", ""}, {"Lane", "1", "more"}}));
  EXPECT_EQ(found.pairs, (Pairs{{0, 0}})) << "it was sent empty";
  const auto none = match(intents({{"Lane", "1"}}), records({{"Lane", "1", ""}, {"Lane", "1", "more"}}));
  EXPECT_TRUE(none.pairs.empty());
  EXPECT_EQ(none.doubtful, (std::vector<std::size_t>{0, 1}));
}

TEST(MatchCreates, TheRecordThatIsMostLikeItIsTakenWhateverComesFirst) {
  const auto found = match(intents({{"Lane", "1", "x"}}), records({{"Else", "1", "q"}, {"Lane", "1", "z"}}));
  EXPECT_EQ(found.pairs, (Pairs{{0, 1}}));
  EXPECT_TRUE(found.doubtful.empty());
}

TEST(MatchCreates, LittleInCommonIsDoubtful) {
  const auto found = match(intents({{"Lane", "1", "x"}}), records({{"Lane", "9", "z"}}));
  EXPECT_TRUE(found.pairs.empty());
  EXPECT_EQ(found.doubtful, std::vector<std::size_t>{0});
}

TEST(MatchCreates, WhatAMatchRuleTellsApartIsNotTaken) {
  model::Mapping by_name = mapping();
  by_name.match_rules = {{0}};
  const auto found = match_creates(by_name, intents({{"Lane", "1", "x"}}), records({{"Kent", "1", "x"}}), {0});
  EXPECT_TRUE(found.pairs.empty());
  EXPECT_EQ(found.doubtful, std::vector<std::size_t>{0});
  EXPECT_EQ(match_creates(by_name, intents({{"Lane", "1", "x"}}), records({{"Lane", "1", "z"}}), {0}).pairs,
            (Pairs{{0, 0}}));
}

TEST(MatchCreates, WhatWasMadeBeforeOrLongAfterIsNoAnswer) {
  const base::Utc noon{std::chrono::hours{12}};
  CreateIntents made = intents({{"Lane", "1", "x"}});
  made.list[0].announced_at = noon;
  const auto of = [&](base::Utc created_at) {
    Observation seen = records({{"Lane", "1", "x"}});
    seen.heads[0].created_at = created_at;
    return match(made, seen);
  };
  EXPECT_EQ(of(noon).pairs.size(), 1u);
  EXPECT_EQ(of(noon + longest_transaction).pairs.size(), 1u);
  for (const base::Utc other : {noon - std::chrono::seconds{1}, noon + std::chrono::hours{1}}) {
    EXPECT_TRUE(of(other).pairs.empty());
    EXPECT_TRUE(of(other).doubtful.empty());
  }
  // The row was deleted: its link says when, by another clock.
  made.list[0].announced_at = noon - std::chrono::hours{3};
  for (model::SentValue& sent : made.list[0].sent) sent.over = noon;
  EXPECT_EQ(of(noon + longest_transaction).pairs.size(), 1u);
  EXPECT_TRUE(of(noon - std::chrono::hours{2}).pairs.empty());
}

TEST(MatchCreates, WhatFitsSeveralAlikeIsDoubtful) {
  const auto found = match(intents({{"Lane", "1", "x"}, {"Kent", "1", "y"}}), records({{"Other", "1", "z"}}));
  EXPECT_TRUE(found.pairs.empty());
  EXPECT_EQ(found.doubtful, std::vector<std::size_t>{0});
}

TEST(MatchCreates, WhatNobodyWaitsForIsNoneOfOurs) {
  const auto found = match(intents({{"Lane", "1", "x"}}), records({{"Lane", "1", "x"}, {"Else", "7", "q"}}));
  EXPECT_EQ(found.pairs, (Pairs{{0, 0}}));
  EXPECT_TRUE(found.doubtful.empty());
}

TEST(Brake, StopsWhatIsBeyondItsLimits) {
  using What = MassChange::What;
  const MassLimits limits{.deletes = 100, .delete_percent = 10, .changes = 0, .change_percent = 0};
  const auto stops = [&](std::int64_t count, std::int64_t of) {
    return brake(mapping(), {What::delete_rows, count, of}, limits).has_value();
  };
  EXPECT_FALSE(stops(handful, handful)) << "a handful is always allowed";
  EXPECT_TRUE(stops(handful + 1, 100));
  EXPECT_FALSE(stops(100, 1'000));
  EXPECT_TRUE(stops(101, 1'000'000));
  EXPECT_FALSE(brake(mapping(), {What::change_records, 1'000'000, 1'000'000}, limits));
  EXPECT_FALSE(brake(mapping(), {What::delete_rows, 1'000'000, 1'000'000}, {0, 0, 0, 0}));
  const auto error = brake(mapping(), {What::delete_records, 500, 1'000}, limits);
  ASSERT_TRUE(error);
  EXPECT_NE(error->message.find("500 of 1000"), std::string::npos);
  EXPECT_NE(error->message.find("--allow-mass-change"), std::string::npos);
  EXPECT_NE(error->message.find("maxDeletes = 100"), std::string::npos);
}

}  // namespace
}  // namespace core
