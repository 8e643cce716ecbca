#include "core/reconcile.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <string>

namespace core {
namespace {

using model::Cell;

constexpr std::array<std::string_view, 4> words = {"a", "b", "c", "A"};

Cell any_cell() {
  const int which = *rc::gen::inRange(0, 5);
  return which == 4 ? Cell{} : Cell{words[static_cast<std::size_t>(which)]};
}

/// One record disturbed on both sides: mostly equal to its base, so that every case comes up often.
struct Disturbed {
  std::vector<model::FieldMapping> fields;
  std::vector<Cell> base, org, store;
  base::Utc org_time{std::chrono::seconds{*rc::gen::inRange(1, 4)}};
  base::Utc store_time{std::chrono::seconds{*rc::gen::inRange(1, 4)}};

  Disturbed() {
    const int width = *rc::gen::inRange(1, 6);
    for (int i = 0; i < width; ++i) {
      model::FieldMapping field;
      field.on_conflict = static_cast<model::ConflictPolicy>(*rc::gen::inRange(0, 4));
      field.direction = static_cast<model::SyncDirection>(*rc::gen::inRange(0, 3));
      field.write_mode = static_cast<model::WriteMode>(*rc::gen::inRange(0, 2));
      field.type.kind = *rc::gen::element(model::FieldKind::text, model::FieldKind::email);
      fields.push_back(field);
      base.push_back(any_cell());
      org.push_back(*rc::gen::arbitrary<bool>() ? base.back() : any_cell());
      store.push_back(*rc::gen::arbitrary<bool>() ? base.back() : any_cell());
    }
  }
  std::vector<Outcome> merge() const {
    std::vector<Outcome> out(fields.size());
    reconcile({fields, base, org, store, {}, {}, org_time, store_time}, Safeguards{}, out);
    return out;
  }
};

bool into_store(Outcome outcome) {
  return outcome == Outcome::to_store || outcome == Outcome::org_won;
}
bool into_org(Outcome outcome) {
  return outcome == Outcome::to_org || outcome == Outcome::store_won;
}

RC_GTEST_PROP(ReconcileProperty, LeavesNothingToDoOnceApplied, ()) {
  Disturbed sides;
  const auto outcomes = sides.merge();
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (into_store(outcomes[i])) sides.store[i] = sides.org[i];
    if (into_org(outcomes[i])) sides.org[i] = sides.store[i];
    if (same_value(sides.fields[i].type, sides.store[i], sides.org[i])) sides.base[i] = sides.org[i];
  }
  for (const Outcome outcome : sides.merge())
    RC_ASSERT(outcome == Outcome::agreed || outcome == Outcome::open || outcome == Outcome::left);
}

RC_GTEST_PROP(ReconcileProperty, SwappingTheSidesSwapsTheOutcomes, ()) {
  Disturbed sides;
  sides.store_time = sides.org_time + std::chrono::seconds{*rc::gen::element(-1, 1)};
  const auto straight = sides.merge();
  std::swap(sides.org, sides.store);
  std::swap(sides.org_time, sides.store_time);
  for (auto& field : sides.fields) {
    using model::ConflictPolicy;
    using model::SyncDirection;
    if (field.on_conflict == ConflictPolicy::salesforce_wins) {
      field.on_conflict = ConflictPolicy::crm_wins;
    } else if (field.on_conflict == ConflictPolicy::crm_wins) {
      field.on_conflict = ConflictPolicy::salesforce_wins;
    }
    if (field.direction == SyncDirection::to_org) {
      field.direction = SyncDirection::to_store;
    } else if (field.direction == SyncDirection::to_store) {
      field.direction = SyncDirection::to_org;
    }
  }
  const auto swapped = sides.merge();
  for (std::size_t i = 0; i < straight.size(); ++i) {
    RC_ASSERT(into_store(straight[i]) == into_org(swapped[i]));
    RC_ASSERT((straight[i] == Outcome::org_won) == (swapped[i] == Outcome::store_won));
    RC_ASSERT((straight[i] == Outcome::open) == (swapped[i] == Outcome::open));
  }
}

RC_GTEST_PROP(ReconcileProperty, OnlyWhoDiffersFromTheBaseIsHeard, ()) {
  const Disturbed sides;
  const auto outcomes = sides.merge();
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (sides.org[i] == sides.base[i]) RC_ASSERT(!into_store(outcomes[i]));
    if (sides.store[i] == sides.base[i]) RC_ASSERT(!into_org(outcomes[i]));
  }
}

/// Filling what is empty is all that `if_empty` does, on either side.
RC_GTEST_PROP(ReconcileProperty, IfEmptyReplacesNothing, ()) {
  const Disturbed sides;
  const auto outcomes = sides.merge();
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (sides.fields[i].write_mode != model::WriteMode::if_empty) continue;
    if (into_store(outcomes[i])) RC_ASSERT(sides.store[i].is_null());
    if (into_org(outcomes[i])) RC_ASSERT(sides.org[i].is_null());
  }
}

constexpr base::Utc seen_at{std::chrono::hours{100}};  ///< The record's stamp below.

Outcome one(std::string_view base, std::string_view org, std::string_view store, std::vector<model::SentValue> sent,
            base::Utc seen_through = {}) {
  std::array<model::FieldMapping, 1> fields;
  fields[0].on_conflict = model::ConflictPolicy::crm_wins;
  const std::array base_cell{Cell{base}}, org_cell{Cell{org}}, store_cell{Cell{store}};
  std::array<Outcome, 1> out{};
  reconcile({fields, base_cell, org_cell, store_cell, sent, {}, seen_at, {}, seen_through}, Safeguards{}, out);
  return out[0];
}

TEST(Reconcile, OurOwnValueInTheOrgIsAnEchoAndNotAnEdit) {
  EXPECT_EQ(one("1", "2", "3", {{0, Cell{"2"}}}), Outcome::to_org);
  EXPECT_EQ(one("1", "2", "1", {{0, Cell{"2"}}}), Outcome::to_org) << "the row was set back after we sent 2";
  EXPECT_EQ(one("1", "2", "3", {}), Outcome::store_won);
}

TEST(Reconcile, ARowThatHoldsWhatWeSentWasOvertaken) {
  EXPECT_EQ(one("1", "9", "2", {{0, Cell{"2"}}}), Outcome::org_won);
}

TEST(Reconcile, NothingOvertakesARowIntoWhichNothingFlows) {
  std::array<model::FieldMapping, 1> fields;
  fields[0].direction = model::SyncDirection::to_org;
  const std::array base{Cell{"1"}}, org{Cell{"9"}}, store{Cell{"2"}};
  const std::vector<model::SentValue> sent = {{0, Cell{"2"}}};
  std::array<Outcome, 1> out{};
  reconcile({fields, base, org, store, sent, {}, seen_at, {}}, Safeguards{}, out);
  EXPECT_EQ(out[0], Outcome::store_won);
}

TEST(Reconcile, WhatTheOrgHeldBeforeWeSentOvertookNothing) {
  const model::SentValue later{0, Cell{"2"}, seen_at + std::chrono::hours{1}, seen_at};
  EXPECT_EQ(one("1", "9", "2", {later}), Outcome::store_won) << "the rule decides, as if nothing had been tried";
  EXPECT_EQ(one("1", "2", "3", {later}), Outcome::store_won) << "nor is it an echo";
}

TEST(Reconcile, AnEditLongAfterAnAttemptThatNeverCameIsAnEdit) {
  const model::SentValue tried{0, Cell{"2"}, seen_at - std::chrono::hours{50}};
  EXPECT_EQ(one("1", "2", "1", {tried}), Outcome::to_org) << "nothing has been seen since: it may be ours";
  EXPECT_EQ(one("1", "2", "1", {tried}, seen_at - std::chrono::hours{1}), Outcome::to_store);
}

}  // namespace
}  // namespace core
