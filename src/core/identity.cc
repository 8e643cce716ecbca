#include "core/identity.h"

#include <algorithm>

namespace core {
namespace {

struct Likeness {
  std::size_t equal = 0;  ///< Sent values, nulls left out, that the record holds.
  bool whole = true;      ///< It holds all of them.
};

Likeness likeness(const model::Mapping& mapping, const CreateIntent& intent, std::span<const model::Cell> record) {
  Likeness out;
  for (const model::SentValue& sent : intent.sent) {
    if (!model::same_value(mapping.fields[sent.field].type, record[sent.field], sent.value)) {
      out.whole = false;
    } else if (!sent.value.is_null()) {
      ++out.equal;
    }
  }
  return out;
}

}  // namespace

Matches match_creates(const model::Mapping& mapping, const CreateIntents& intents, const Observation& created,
                      const std::vector<std::size_t>& candidates) {
  Matches matches;
  std::vector<bool> taken(intents.list.size());
  std::vector<std::size_t> left;
  for (const std::size_t record : candidates) {
    std::optional<std::size_t> same;
    for (std::size_t i = 0; i < intents.list.size() && !same; ++i)
      if (!taken[i] && likeness(mapping, intents.list[i], created.cells[record]).whole) same = i;
    if (!same) {
      left.push_back(record);
      continue;
    }
    taken[*same] = true;
    matches.pairs.push_back({*same, record});
  }
  for (const std::size_t record : left) {
    std::optional<std::size_t> best;
    std::size_t most = 0, free = 0, last = 0;
    bool tied = false;
    for (std::size_t i = 0; i < intents.list.size(); ++i) {
      if (taken[i]) continue;
      ++free;
      last = i;
      const std::size_t equal = likeness(mapping, intents.list[i], created.cells[record]).equal;
      tied = equal == most && equal > 0;
      if (equal > most) {
        most = equal;
        best = i;
        tied = false;
      }
    }
    if (free == 1 && left.size() == 1) best = last;
    if (free == 0) continue;  // Nobody waits for it: somebody else made it under our name.
    if (!best || tied) {
      matches.doubtful.push_back(record);
      continue;
    }
    taken[*best] = true;
    matches.pairs.push_back({*best, record});
  }
  return matches;
}

base::Result<Creates> resolve_creates(const model::Mapping& mapping, Org& org, Store& store,
                                      const Safeguards& safeguards) {
  Creates result;
  if (!safeguards.note_intents) return result;
  ASSIGN_OR_RETURN(const CreateIntents intents, store.create_intents(mapping));
  if (intents.list.empty()) return result;
  const base::Utc since = std::ranges::min_element(intents.list, {}, &CreateIntent::announced_at)->announced_at;
  ASSIGN_OR_RETURN(const Observation created, org.created(mapping, since));

  std::vector<std::size_t> candidates;
  ASSIGN_OR_RETURN([[maybe_unused]] const auto looked, store.settle(mapping, created, [&](const Known& known) {
    candidates.clear();
    for (std::size_t i = 0; i < created.size(); ++i)
      if (known.heads[i].link == LinkState::none && known.heads[i].former_row.text.empty()) candidates.push_back(i);
    return WriteSet{};
  }));
  const Matches matches = match_creates(mapping, intents, created, candidates);
  for (const std::size_t record : matches.doubtful) result.doubtful.push_back(created.heads[record].id);
  // What cannot be read now may be one of them too.
  for (const Unreadable& record : created.unreadable) result.doubtful.push_back(record.id);

  std::vector<model::RowKey> rows;
  std::vector<std::optional<std::size_t>> record_of(intents.list.size());
  for (const CreateIntent& intent : intents.list) rows.push_back(intent.row);
  for (const Matches::Pair& pair : matches.pairs) record_of[pair.intent] = pair.record;
  ASSIGN_OR_RETURN([[maybe_unused]] const auto kept, store.update(mapping, rows, [&](const Known& known) {
    result.found = result.open = 0;
    WriteSet writes;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const KnownHead& head = known.heads[i];
      if (head.record || (head.link != LinkState::creating && head.link != LinkState::row_deleted)) continue;
      Settlement settlement;
      settlement.at = i;
      if (record_of[i]) {
        const RecordHead& record = created.heads[*record_of[i]];
        settlement.link = head.link == LinkState::row_deleted ? LinkState::row_deleted : LinkState::linked;
        settlement.record = record.id;
        // What it held when it was last seen is no edit; one that was deleted since is noticed by the next look at it.
        settlement.stamp = head.link == LinkState::row_deleted ? head.stamp : record.stamp;
        settlement.enqueue = head.row_exists && head.pending == model::OutboxSeq::none;
        settlement.unpark = head.parked;
        ++result.found;
      } else if (!result.doubtful.empty() || (safeguards.wait_out_transactions &&
                                              created.as_of < intents.list[i].announced_at + longest_transaction)) {
        ++result.open;
        continue;
      } else if (head.row_exists) {
        settlement.link = LinkState::none;
        settlement.enqueue = true;
        settlement.unpark = head.parked;
      } else {
        settlement.link = LinkState::both_gone;
      }
      writes.settlements.push_back(std::move(settlement));
    }
    return writes;
  }));
  return result;
}

base::Result<void> follow_merge(const model::Mapping& mapping, Org& org, Store& store, const model::RecordId& loser,
                                const model::RecordId& winner) {
  ASSIGN_OR_RETURN(const auto creating, store.links(mapping, LinkState::creating, 0, 1));
  if (!mapping.upsert_field.empty() && !creating.rows.empty()) {
    ASSIGN_OR_RETURN(const Observation seen, org.retrieve(mapping, {&winner, 1}));
    ASSIGN_OR_RETURN([[maybe_unused]] const auto refused, store.settle(mapping, seen, [&](const Known& known) {
      WriteSet writes;
      const KnownHead& head = known.heads.front();
      if (!seen.heads.front().id || head.link != LinkState::creating || head.record) return writes;
      Settlement& settlement = writes.settlements.emplace_back();
      settlement.link = LinkState::linked;
      settlement.record = winner;
      settlement.stamp = seen.heads.front().stamp;
      settlement.enqueue = head.pending == model::OutboxSeq::none;
      return writes;
    }));
  }
  ASSIGN_OR_RETURN([[maybe_unused]] const bool moved, store.follow_merge(mapping, loser, winner));
  return {};
}

}  // namespace core
