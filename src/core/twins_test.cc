#include "core/twins.h"

#include <gtest/gtest.h>

namespace core {
namespace {

using model::Cell;

constexpr std::size_t none = Twins::none();
enum : std::size_t { name, email };

/// Rows and records as "name|email"; an empty part is null.
struct Sides {
  std::vector<std::vector<Cell>> rows;
  Observation records;
  std::vector<bool> free, contested;

  Sides(const std::vector<std::pair<const char*, const char*>>& in_store,
        const std::vector<std::pair<const char*, const char*>>& in_org)
      : free(in_org.size(), true), contested(in_org.size(), false) {
    const auto cell = [](const char* text) { return *text == '\0' ? Cell{} : Cell{text}; };
    for (const auto& [n, e] : in_store) rows.push_back({cell(n), cell(e)});
    records.restart(2);
    for (const auto& [n, e] : in_org) {
      const auto cells = records.cells.add();
      cells[name] = cell(n);
      cells[email] = cell(e);
      records.heads.emplace_back();
    }
  }
  Twins match(const std::vector<std::size_t>& rule) const {
    const std::vector<std::span<const Cell>> spans(rows.begin(), rows.end());
    return match_twins(rule, spans, records, free, contested);
  }
};

TEST(Twins, OneRecordThatFitsIsTheRows) {
  const Sides sides{{{"Ann", "Ann@X.com"}, {"Bea", "bea@x.com"}}, {{"Someone", "bea@x.com"}, {"Ann", "ann@x.com"}}};
  const Twins twins = sides.match({email});
  EXPECT_EQ(twins.row_of, (std::vector<std::size_t>{1, 0})) << "without regard to case";
  EXPECT_EQ(sides.match({name, email}).row_of, (std::vector<std::size_t>{none, 0})) << "all fields of a rule";
}

TEST(Twins, WhatIsEmptyFitsNothing) {
  const Sides sides{{{"Ann", ""}}, {{"Ann", ""}}};
  EXPECT_EQ(sides.match({email}).row_of, std::vector{none});
  EXPECT_TRUE(sides.match({email}).several[0].empty());
}

TEST(Twins, OfSeveralRecordsNobodyKnowsWhich) {
  const Sides sides{{{"Ann", "ann@x.com"}}, {{"Ann", "ann@x.com"}, {"Bea", "b@x.com"}, {"Anne", "ANN@x.com"}}};
  const Twins twins = sides.match({email});
  EXPECT_EQ(twins.row_of, (std::vector{none, none, none}));
  EXPECT_EQ(twins.several[0], (std::vector<std::size_t>{0, 2}));
}

TEST(Twins, ARecordThatHasARowIsNobodyElses) {
  Sides sides{{{"Ann", "ann@x.com"}}, {{"Ann", "ann@x.com"}, {"Anne", "ann@x.com"}}};
  sides.free[0] = false;
  EXPECT_EQ(sides.match({email}).row_of, (std::vector<std::size_t>{none, 0}));
  sides.free[1] = false;
  EXPECT_EQ(sides.match({email}).row_of, (std::vector{none, none}));
  EXPECT_TRUE(sides.match({email}).several[0].empty()) << "a record of its own is made";
}

TEST(Twins, ARecordThatFitsSeveralRowsIsUnclear) {
  Sides sides{{{"Ann", "ann@x.com"}}, {{"Ann", "ann@x.com"}}};
  sides.contested[0] = true;
  EXPECT_EQ(sides.match({email}).row_of, std::vector{none});
  EXPECT_EQ(sides.match({email}).several[0], std::vector<std::size_t>{0});
  const Sides two{{{"Ann", "ann@x.com"}, {"Anne", "Ann@x.com"}}, {{"Ann", "ann@x.com"}}};
  EXPECT_EQ(two.match({email}).row_of, std::vector{none});
  for (const auto& several : two.match({email}).several) EXPECT_EQ(several, std::vector<std::size_t>{0});
}

}  // namespace
}  // namespace core
