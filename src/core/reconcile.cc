#include "core/reconcile.h"

#include <algorithm>

namespace core {
namespace {

using model::Cell;
using model::ConflictPolicy;
using model::SyncDirection;

bool may_be_ours(const Sides& sides, const model::FieldMapping& field, std::size_t i, const Cell& value) {
  return std::ranges::any_of(sides.sent, [&](const model::SentValue& s) {
    return s.field == i && may_hold(s, sides.sighting()) && same_value(field.type, s.value, value);
  });
}

/// The field as it would be without some safeguards.
model::FieldMapping weakened(model::FieldMapping field, const Safeguards& safeguards) {
  if (!safeguards.normal_forms) field.type.kind = model::FieldKind::reference;  // Compared byte by byte.
  if (!safeguards.field_rules) {
    field.direction = SyncDirection::both;
    field.on_conflict = ConflictPolicy::newest_wins;
    field.write_mode = model::WriteMode::always;
  }
  return field;
}

Outcome decide_conflict(const Sides& sides, const model::FieldMapping& field) {
  if (field.direction == SyncDirection::to_store) return Outcome::org_won;
  if (field.direction == SyncDirection::to_org) return Outcome::store_won;
  // The text stands for the reference beside it, and only that one can be written.
  if (field.role == model::FieldRole::parent_name) return Outcome::org_won;
  switch (field.on_conflict) {
    case ConflictPolicy::salesforce_wins:
      return Outcome::org_won;
    case ConflictPolicy::crm_wins:
      return Outcome::store_won;
    case ConflictPolicy::manual:
      return Outcome::open;
    case ConflictPolicy::newest_wins:
      break;
  }
  return sides.store_changed_at > sides.org_changed_at ? Outcome::store_won : Outcome::org_won;
}

Outcome outcome_of(const Sides& sides, const model::FieldMapping& field, std::size_t i, const Safeguards& safeguards) {
  const Cell &base = sides.base[i], &org = sides.org[i], &store = sides.store[i];
  if (same_value(field.type, org, store)) return Outcome::agreed;
  if (!safeguards.merge_base)
    return sides.store_changed_at > sides.org_changed_at ? Outcome::to_org : Outcome::to_store;

  const bool echo = may_be_ours(sides, field, i, org);
  const bool org_changed = !same_value(field.type, org, base) && !echo;
  const bool store_changed = !same_value(field.type, store, base) || echo;
  Outcome outcome = Outcome::left;
  if (org_changed && !store_changed) {
    outcome = field.direction == SyncDirection::to_org ? Outcome::left : Outcome::to_store;
  } else if (store_changed && !org_changed) {
    outcome = field.direction == SyncDirection::to_store ? Outcome::left : Outcome::to_org;
  } else {
    const bool overtaken = field.direction != SyncDirection::to_org && may_be_ours(sides, field, i, store);
    outcome = overtaken ? Outcome::org_won : decide_conflict(sides, field);
  }
  const bool into_store = outcome == Outcome::to_store || outcome == Outcome::org_won;
  const bool into_org = outcome == Outcome::to_org || outcome == Outcome::store_won;
  if (field.write_mode == model::WriteMode::if_empty && (into_store || into_org)) {
    const Cell& target = into_store ? store : org;
    if (!target.is_null() && target != canonical_null(field.type)) return Outcome::left;
  }
  if (into_store && sides.unlinked[i]) return Outcome::waiting;
  if (into_org && store.is_unresolved()) return Outcome::waiting;
  return outcome;
}

}  // namespace

void reconcile(const Sides& sides, const Safeguards& safeguards, std::span<Outcome> outcomes) {
  const bool whole = safeguards.normal_forms && safeguards.field_rules;
  for (std::size_t i = 0; i < sides.fields.size(); ++i)
    if (whole) {
      outcomes[i] = outcome_of(sides, sides.fields[i], i, safeguards);
    } else {
      outcomes[i] = outcome_of(sides, weakened(sides.fields[i], safeguards), i, safeguards);
    }
}

}  // namespace core
