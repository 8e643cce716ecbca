#include "core/settle.h"

#include <algorithm>

#include "core/deletes.h"
#include "core/filter_leave.h"
#include "core/retry.h"

namespace core {
namespace {

using model::Cell;

/// How long a record that waits for its parent is left before it is looked at without news of the parent.
constexpr std::chrono::hours parent_patience{24};
constexpr std::size_t most_named = 5;  ///< Of the rows that a record may stand for.

/// The first reference of `org` that cannot be spelt in the store yet. One that the row is taken to hold already, since
/// the parent's row only left the filter, is not missing.
std::optional<model::RecordId> missing_parent(const model::Mapping& mapping, const model::FieldSet& unlinked,
                                              std::span<const Cell> org, std::span<const Cell> store) {
  for (std::size_t i = 0; i < mapping.fields.size(); ++i)
    if (unlinked[i] && org[i].has_text() && org[i] != store[i]) return model::RecordId::parse(org[i].text());
  return std::nullopt;
}

Parked waiting_for(const model::Mapping& mapping, const model::RecordId& record, const model::RecordId& parent,
                   base::Utc now) {
  return {{base::ErrorKind::precondition,
           mapping.object + " " + record.str() + " refers to " + parent.str() +
               ", which has no row yet; the reference is filled in once that record is synced",
           "WAITING_FOR_PARENT"},
          now + parent_patience,
          parent};
}

/// A record that no row stands for: it becomes one, with every field the store may take.
void settle_new(const model::Mapping& mapping, const RecordHead& record, std::span<const Cell> org,
                const model::FieldSet& unlinked, std::span<Cell> base, Settlement& settlement) {
  settlement.insert_row = true;
  settlement.link = LinkState::linked;
  settlement.record = record.id;
  settlement.stamp = record.stamp;
  settlement.values = org;
  for (std::size_t i = 0; i < mapping.fields.size(); ++i) {
    if (unlinked[i] || mapping.fields[i].direction == model::SyncDirection::to_org) continue;
    settlement.columns.set(i);
    base[i] = org[i];
  }
  settlement.base = base;
}

/// A record that may be any of several rows: a person says which.
Parked ambiguous(const model::Mapping& mapping, const model::RecordId& record,
                 const std::vector<model::RowKey>& candidates, base::Utc now) {
  if (candidates.size() == 1)
    return {{base::ErrorKind::rejected,
             mapping.object + " " + record.str() + " fits row " + candidates.front().text + " of " + mapping.table +
                 ", and so do other records: merge or delete the ones too many, or let them differ in a field of the "
                 "match rule",
             "AMBIGUOUS_MATCH"},
            now + std::chrono::hours{1},
            {}};
  std::string rows;
  for (const model::RowKey& row : std::span{candidates}.first(std::min(candidates.size(), most_named)))
    (rows += rows.empty() ? "" : ", ") += row.text;
  if (candidates.size() > most_named) rows += ", …";
  return {
      {base::ErrorKind::rejected,
       mapping.object + " " + record.str() + " fits several rows of " + mapping.table + " that are not linked yet (" +
           rows + "): merge or delete the ones too many, or let them differ in a field of the match rule",
       "AMBIGUOUS_MATCH"},
      now + std::chrono::hours{1},
      {}};
}

/// A record that is the row's unless another one comes that fits it as well.
Parked until_all_came(const model::Mapping& mapping, const model::RecordId& record, const model::RowKey& row) {
  return {{base::ErrorKind::precondition,
           mapping.object + " " + record.str() + " fits row " + row.text + " of " + mapping.table +
               "; they are brought together once all records were read, if no other one fits that row",
           std::string{waits_for_all}},
          due_at_once};
}

/// What it means that a record lives, for what is known of it.
enum class Meaning {
  nothing,
  is_new,       ///< No row stands for it: it becomes one, or its row comes back.
  merges,       ///< It and its row are brought together.
  row_deleted,  ///< Its row is not there any more.
  ambiguous,    ///< It may stand for any of several rows.
  returned,     ///< It lives again, and its row has another record now.
};

Meaning meaning_of(const KnownHead& head) {
  switch (head.link) {
    case LinkState::none:
      if (!head.candidates.empty()) return Meaning::ambiguous;
      if (head.row_exists) return Meaning::merges;
      return head.former_lives ? Meaning::returned : Meaning::is_new;
    case LinkState::row_gone:
      return head.row_exists ? Meaning::merges : Meaning::nothing;
    case LinkState::row_deleted:
      if (head.row_exists) return Meaning::merges;
      return head.record ? Meaning::nothing : Meaning::row_deleted;
    case LinkState::both_gone:
      if (head.row_exists) return Meaning::merges;
      // Made late by a create of ours whose row went meanwhile: it follows the row.
      return head.record ? Meaning::is_new : Meaning::row_deleted;
    case LinkState::creating:
    case LinkState::linked:
    case LinkState::record_gone:
    case LinkState::record_deleted:
      break;
  }
  return head.row_exists ? Meaning::merges : Meaning::row_deleted;
}

Parked returned_record(const model::Mapping& mapping, const RecordHead& record, const KnownHead& head, base::Utc now) {
  return {{base::ErrorKind::rejected,
           mapping.object + " " + record.id.str() + " lives again, and row " + head.former_row.text + " of table " +
               mapping.table +
               ", which it stood for, has another record by now: merge the two in Salesforce, or delete one",
           "ALREADY_LINKED"},
          now + parent_patience};
}

bool is_nothing(const Settlement& s) {
  return !s.insert_row && !s.remove_row && !s.archived && !s.place && s.columns.none() && s.base.empty() && !s.link &&
         !s.sent && s.conflicts.empty() && !s.parked && !s.unpark && s.acknowledge == model::OutboxSeq::none &&
         !s.enqueue;
}

bool org_has_a_half(std::span<const Outcome> outcomes) {
  return std::ranges::any_of(
      outcomes, [](Outcome outcome) { return outcome == Outcome::to_org || outcome == Outcome::store_won; });
}

}  // namespace

PullCounts& PullCounts::operator+=(const PullCounts& other) {
  created += other.created;
  updated += other.updated;
  unchanged += other.unchanged;
  linked += other.linked;
  conflicts += other.conflicts;
  parked += other.parked;
  return *this;
}

void settle_store_half(const Sides& sides, std::span<const Outcome> outcomes, std::span<Cell> base,
                       Settlement& settlement) {
  const auto org = sides.org, store = sides.store;
  bool base_moved = false;
  settlement.values = org;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const Cell& before = sides.base[i];
    base[i] = before;
    switch (outcomes[i]) {
      case Outcome::org_won:
        settlement.conflicts.push_back({i, before, org[i], store[i], Conflict::Decision::org_won});
        [[fallthrough]];
      case Outcome::to_store:
        settlement.columns.set(i);
        [[fallthrough]];
      case Outcome::agreed:
        base_moved = base_moved || before != org[i];
        base[i] = org[i];
        break;
      case Outcome::open:
        settlement.conflicts.push_back({i, before, org[i], store[i], Conflict::Decision::open});
        break;
      case Outcome::to_org:
        // An announced value found in the org has arrived: it is the base from here on.
        if (org[i] != before) {
          base[i] = org[i];
          base_moved = true;
        }
        break;
      case Outcome::store_won:
      case Outcome::waiting:
      case Outcome::left:
        break;
    }
  }
  if (base_moved) settlement.base = base;
  if (!sides.sent.empty()) {
    auto open = still_open(sides.fields, sides.sent, org, sides.sighting());
    if (open.size() != sides.sent.size()) settlement.sent = std::move(open);
  }
}

base::Utc seen_by(const KnownHead& head, base::Utc seen_through) {
  return head.parked ? base::Utc{} : seen_through;
}

void date_conflicts(const RecordHead& record, const KnownHead& head, std::vector<Conflict>& conflicts) {
  for (Conflict& conflict : conflicts) {
    conflict.org_changed_at = record.stamp;
    conflict.org_changed_by = record.changed_by;
    conflict.store_changed_at = head.changed_at;
  }
}

void settle_page(const model::Mapping& mapping, const Observation& observed, const Known& known, base::Utc now,
                 base::Utc seen_through, const Safeguards& safeguards, Decided& decided, bool more_to_come) {
  decided.writes = {};
  decided.counts = {};
  decided.bases.restart(mapping.fields.size());
  decided.bases.add(observed.size());
  std::vector<Outcome> outcomes(mapping.fields.size());

  for (std::size_t i = 0; i < observed.size(); ++i) {
    const KnownHead& head = known.heads[i];
    const RecordHead& record = observed.heads[i];
    if (!record.id) continue;  // Retrieved and not there: deleted, or hidden from us.
    const auto org = observed.cells[i];
    const model::FieldSet& unlinked = known.unlinked[i];
    Settlement settlement;
    settlement.at = i;
    bool row_waits = false;

    if (record.deleted) {
      settlement.unpark = head.parked;
      const auto last = record.stamp == base::Utc{} ? std::span<const Cell>{} : org;
      const bool news =
          note_record_deleted(mapping, head, record, last, known.bases[i], known.rows[i], decided.bases[i], settlement);
      // From now on both are gone, and what is kept of them is kept for as long as of others.
      if (settlement.link == LinkState::both_gone && settlement.stamp == vanished) settlement.stamp = now;
      decided.counts.conflicts += static_cast<std::int64_t>(settlement.conflicts.size());
      // Gone for good: its row will not come back with it, and what referred to it refers to nothing.
      const bool was_outside = head.link == LinkState::both_gone && head.place != FilterPlace::inside;
      if (was_outside) settlement.place = FilterPlace::inside;
      if (news || head.parked || was_outside) decided.writes.settlements.push_back(std::move(settlement));
      continue;
    }
    Meaning meaning = meaning_of(head);
    // Outside the filter only pairs that there are go on.
    const bool is_stranger = head.link == LinkState::none || meaning == Meaning::is_new;
    if (record.in_filter == false && is_stranger) {
      meaning = Meaning::nothing;
      if (head.parked) {
        settlement.unpark = true;
        decided.writes.settlements.push_back(settlement);
      }
    }
    if (meaning == Meaning::nothing) {
      // Whatever it was set aside for no longer matters.
      if (head.parked) decided.writes.unparked.push_back(record.id);
      ++decided.counts.unchanged;
      continue;
    }
    if (meaning == Meaning::ambiguous) {
      settlement.parked = ambiguous(mapping, record.id, head.candidates, now);
      settlement.fits = head.candidates;
      settlement.also_parked = head.candidates;  // Sent as they are, they might double the record.
      decided.writes.settlements.push_back(std::move(settlement));
      continue;
    }
    if (more_to_come && safeguards.match_when_all_came && meaning == Meaning::merges && head.link == LinkState::none) {
      settlement.parked = until_all_came(mapping, record.id, head.row);
      settlement.fits = {head.row};
      decided.writes.settlements.push_back(std::move(settlement));
      continue;
    }
    if (meaning == Meaning::returned) {
      settlement.parked = returned_record(mapping, record, head, now);
      decided.writes.settlements.push_back(std::move(settlement));
      continue;
    }
    if (record.in_filter && head.link != LinkState::none)
      settlement.place = new_place(mapping, head.place, *record.in_filter);
    if (meaning == Meaning::is_new) {
      settle_new(mapping, record, org, unlinked, decided.bases[i], settlement);
      settlement.unpark = head.parked;
      ++decided.counts.created;
    } else if (meaning == Meaning::row_deleted) {
      KnownHead living = head;
      if (head.link != LinkState::creating) living.link = LinkState::linked;
      note_row_deleted(mapping, living, &record, org, decided.bases[i], settlement);
      if (settlement.stamp == base::Utc{}) settlement.stamp = head.stamp;
      ++decided.counts.unchanged;
      decided.writes.settlements.push_back(std::move(settlement));
      continue;
    } else if (head.unreadable) {
      settlement.parked = Parked{*head.unreadable, next_attempt(head.unreadable->kind, head.attempts + 1, now), {}};
      decided.writes.settlements.push_back(std::move(settlement));
      continue;
    } else {
      const Sides sides{.fields = mapping.fields,
                        .base = known.bases[i],
                        .org = org,
                        .store = known.rows[i],
                        .sent = head.sent,
                        .unlinked = unlinked,
                        .org_changed_at = record.stamp,
                        .store_changed_at = known.by_org(head.changed_at),
                        .seen_through = seen_by(head, seen_through)};
      reconcile(sides, safeguards, outcomes);
      settle_store_half(sides, outcomes, decided.bases[i], settlement);
      date_conflicts(record, head, settlement.conflicts);
      decided.counts.conflicts += static_cast<std::int64_t>(settlement.conflicts.size());
      if (head.link == LinkState::creating)
        settlement.sent = once_made(head.sent, settlement.sent.value_or(head.sent), observed.as_of);
      if (head.link != LinkState::linked) {
        settlement.link = LinkState::linked;
        settlement.record = record.id;
        settlement.stamp = record.stamp;
        if (head.link == LinkState::record_gone) settlement.archived = false;
        ++decided.counts.linked;
      }
      if (settlement.columns.any()) {
        ++decided.counts.updated;
      } else {
        ++decided.counts.unchanged;
      }
      const bool waits = std::ranges::find(outcomes, Outcome::waiting) != outcomes.end();
      if (org_has_a_half(outcomes)) {
        settlement.enqueue = head.pending == model::OutboxSeq::none;
        if (head.parked) decided.writes.unparked.push_back(record.id);  // What is left to do is the push's.
      } else if (!waits) {
        settlement.acknowledge = head.pending;
        settlement.unpark = head.parked;
      }
      row_waits = waits;
    }
    if (const auto parent = missing_parent(mapping, unlinked, org, known.rows[i])) {
      settlement.parked = waiting_for(mapping, record.id, *parent, now);
      settlement.unpark = false;
    } else if (row_waits && head.parked) {
      decided.writes.unparked.push_back(record.id);  // What waits is the row; the record has been read.
    }
    if (!is_nothing(settlement)) decided.writes.settlements.push_back(std::move(settlement));
  }
}

}  // namespace core
