#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "core/announced.h"
#include "core/safeguards.h"
#include "model/mapping.h"
#include "model/packed.h"

namespace core {

/// What is to be done about one field.
enum class Outcome : std::uint8_t {
  agreed,     ///< Equal on both sides; goes into the base.
  to_store,   ///< Only the org changed it.
  to_org,     ///< Only the store changed it.
  org_won,    ///< Both did, the org's value goes to the store; the store's is recorded as the loser.
  store_won,  ///< Both did, the store's value goes to the org; the org's is recorded as the loser.
  open,       ///< Both did, and a person decides; both keep theirs.
  waiting,    ///< The value cannot be spelt on the other side until a parent is linked.
  left,       ///< Different, and the field's direction or write mode forbids the write.
};

/// One record as seen from both sides. All spans are as wide as the mapping.
struct Sides {
  std::span<const model::FieldMapping> fields;
  std::span<const model::Cell> base;
  std::span<const model::Cell> org;
  std::span<const model::Cell> store;
  std::span<const model::SentValue> sent;  ///< Announced and not confirmed: the org may hold them as our own.
  model::FieldSet unlinked;                ///< References in `org` that have no row yet.
  base::Utc org_changed_at{};
  base::Utc store_changed_at{};  ///< Zero when unknown: the org then counts as newer.
  base::Utc seen_through{};      ///< See Sighting.

  Sighting sighting() const { return {org_changed_at, seen_through}; }
};

/// Three-way merge of one record, field by field: the side that differs from the base changed.
///
/// A value of ours found in the org is an echo, not an edit. A row that still holds what we sent, against a
/// different org value, has been overtaken: the org's is later.
/// Pure and total; swapping the sides (and policy and direction) swaps the outcomes as long as nothing is sent,
/// waiting or of equal age. Nothing is invented: both values come from the sides.
/// Once both halves are applied, reconciling again finds every field agreed or left; so an echo, a repeated
/// page and a second run after a crash all come out as nothing to do.
void reconcile(const Sides& sides, const Safeguards& safeguards, std::span<Outcome> outcomes);

}  // namespace core
