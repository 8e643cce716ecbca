#include "core/deletes.h"

#include <algorithm>

namespace core {
namespace {

using model::Cell;
using model::ConflictPolicy;
using model::DeletePolicy;
using model::Side;
using model::SyncDirection;

bool edit_wins(const Deletion& deletion, std::size_t field) {
  switch (deletion.mapping->fields[field].on_conflict) {
    case ConflictPolicy::salesforce_wins:
      return deletion.deleted == Side::store;
    case ConflictPolicy::crm_wins:
      return deletion.deleted == Side::org;
    case ConflictPolicy::manual:
    case ConflictPolicy::newest_wins:
      break;
  }
  return deletion.deleted_at == vanished || deletion.living_changed_at > deletion.deleted_at;
}

bool is_base_empty(std::span<const Cell> base) {
  return std::ranges::all_of(base, [](const Cell& cell) { return cell.is_null(); });
}

}  // namespace

std::vector<std::size_t> edited_fields(const Deletion& deletion) {
  std::vector<std::size_t> edited;
  const SyncDirection mute = deletion.deleted == Side::org ? SyncDirection::to_store : SyncDirection::to_org;
  for (std::size_t f = 0; f < deletion.base.size(); ++f) {
    const model::FieldMapping& field = deletion.mapping->fields[f];
    // A parent's name is that of the reference beside it.
    if (field.direction == mute || field.role == model::FieldRole::parent_name) continue;
    // Nor does an emptied reference hold anything that could be lost; its parent's deletion empties it too.
    if (field.role == model::FieldRole::reference && !deletion.living[f].has_text()) continue;
    if (deletion.replaced[f] || model::same_value(field.type, deletion.living[f], deletion.base[f])) continue;
    const bool ours = std::ranges::any_of(deletion.sent, [&](const model::SentValue& s) {
      return s.field == f && may_hold(s, {deletion.living_changed_at, deletion.seen_through}) &&
             model::same_value(field.type, s.value, deletion.living[f]);
    });
    if (!ours) edited.push_back(f);
  }
  return edited;
}

Fate decide_deletion(const Deletion& deletion, std::vector<Conflict>& conflicts) {
  switch (deletion.policy) {
    case DeletePolicy::ignore:
      return Fate::leave;
    case DeletePolicy::archive:
      return Fate::archive;
    case DeletePolicy::recreate:
      return deletion.deleted_at == vanished ? Fate::open : Fate::make_again;
    case DeletePolicy::follow:
      break;
  }
  const auto edited = edited_fields(deletion);
  if (edited.empty()) return Fate::remove;
  const bool asked = std::ranges::any_of(
      edited, [&](std::size_t f) { return deletion.mapping->fields[f].on_conflict == ConflictPolicy::manual; });
  const bool wins = !asked && std::ranges::any_of(edited, [&](std::size_t f) { return edit_wins(deletion, f); });
  const bool open = asked || (wins && deletion.deleted_at == vanished);
  const bool org_lives = deletion.deleted == Side::store;
  const auto decision = open                ? Conflict::Decision::open
                        : wins == org_lives ? Conflict::Decision::org_won
                                            : Conflict::Decision::store_won;
  for (const std::size_t f : edited)
    conflicts.push_back({f,
                         deletion.base[f],
                         org_lives ? deletion.living[f] : Cell{},
                         org_lives ? Cell{} : deletion.living[f],
                         decision,
                         {},
                         {},
                         {},
                         org_lives ? Conflict::Against::row_deleted : Conflict::Against::record_deleted});
  return open ? Fate::open : wins ? Fate::make_again : Fate::remove;
}

void note_row_deleted(const model::Mapping& mapping, const KnownHead& head, const RecordHead* record,
                      std::span<const Cell> org, std::span<Cell> base, Settlement& settlement) {
  settlement.acknowledge = head.pending;
  settlement.unpark = head.parked && head.link != LinkState::row_gone;
  switch (head.link) {
    case LinkState::none:
    case LinkState::both_gone:
    case LinkState::row_deleted:
      return;
    case LinkState::record_gone:
    case LinkState::record_deleted:
      settlement.link = LinkState::both_gone;
      settlement.record = head.record;
      settlement.stamp = head.changed_at;
      settlement.base = base;  // All null: nothing is agreed on any more.
      return;
    case LinkState::row_gone:
      if (!head.parked) return;
      break;  // Deleting the record was refused, and is tried again.
    case LinkState::creating:
    case LinkState::linked:
      break;
  }
  settlement.record = record ? record->id : head.record;
  if (mapping.on_row_deleted == DeletePolicy::ignore || mapping.direction == SyncDirection::to_store) {
    settlement.link = LinkState::row_gone;
  } else if (mapping.on_row_deleted == DeletePolicy::recreate && record && !record->deleted) {
    settlement.insert_row = true;
    settlement.link = LinkState::linked;
    settlement.stamp = record->stamp;
    settlement.values = org;
    for (std::size_t f = 0; f < org.size(); ++f) {
      if (mapping.fields[f].direction == SyncDirection::to_org) continue;
      settlement.columns.set(f);
      base[f] = org[f];
    }
    settlement.base = base;
  } else {
    settlement.link = LinkState::row_deleted;
    settlement.stamp = head.changed_at;
  }
}

bool note_edits_in_bin(const model::Mapping& mapping, std::span<const Cell> known_base, std::span<const Cell> org,
                       Settlement& settlement) {
  bool lost = false;
  for (std::size_t f = 0; !is_base_empty(known_base) && f < org.size(); ++f) {
    const model::FieldMapping& field = mapping.fields[f];
    if (model::same_value(field.type, org[f], known_base[f])) continue;
    lost = true;
    if (field.role == model::FieldRole::parent_name) continue;  // The reference beside it says it.
    settlement.conflicts.push_back(
        {f, known_base[f], org[f], Cell{}, Conflict::Decision::store_won, {}, {}, {}, Conflict::Against::row_deleted});
  }
  return lost;
}

bool note_record_deleted(const model::Mapping& mapping, const KnownHead& head, const RecordHead& record,
                         std::span<const Cell> org, std::span<const Cell> known_base, std::span<const Cell> store,
                         std::span<Cell> base, Settlement& settlement) {
  settlement.record = record.id;
  settlement.stamp = record.stamp == base::Utc{} ? vanished : record.stamp;
  const bool seen = !org.empty();
  switch (head.link) {
    case LinkState::none:
    case LinkState::record_deleted:
      return false;
    case LinkState::record_gone:
      if (head.row_exists) return false;
      break;
    case LinkState::linked:
    case LinkState::creating:
      if (!head.row_exists) break;
      settlement.link = LinkState::record_deleted;
      // An edit's entry stays until the deletion is settled: it tells when that edit was made.
      settlement.unpark = head.parked;
      if (!seen) return true;
      for (std::size_t f = 0; f < base.size(); ++f)
        base[f] = model::same_value(mapping.fields[f].type, org[f], store[f]) ? org[f] : known_base[f];
      settlement.base = base;
      return true;
    case LinkState::row_gone:
    case LinkState::row_deleted:
    case LinkState::both_gone: {
      if (head.row_exists) return false;
      const bool lost = seen && note_edits_in_bin(mapping, known_base, org, settlement);
      if (head.link == LinkState::both_gone && !lost) return false;
      break;
    }
  }
  settlement.link = LinkState::both_gone;
  settlement.acknowledge = head.pending;
  settlement.base = base;  // All null: nothing is agreed on any more.
  return true;
}

}  // namespace core
