#include "core/identity.h"

#include <algorithm>
#include <ranges>

namespace core {
namespace {

struct Likeness {
  std::size_t sent = 0;   ///< Sent values, nulls left out, …
  std::size_t equal = 0;  ///< … and how many of them the record holds.
  bool whole = false;     ///< It holds all of them, and is empty where nulls were sent.
};

Likeness likeness(const model::Mapping& mapping, const CreateIntent& intent, std::span<const model::Cell> record) {
  Likeness out{.whole = !intent.sent.empty()};
  for (const model::SentValue& sent : intent.sent) {
    const bool same = model::same_value(mapping.fields[sent.field].type, record[sent.field], sent.value);
    out.whole = out.whole && same;
    out.sent += sent.value.is_null() ? 0 : 1;
    out.equal += same && !sent.value.is_null() ? 1 : 0;
  }
  return out;
}

/// The org's clock before the attempt. It stands with what was sent; the link has another time once its row is deleted.
base::Utc announced_at(const CreateIntent& intent) {
  const bool is_noted = !intent.sent.empty() && intent.sent.front().over != base::Utc{};
  return is_noted ? intent.sent.front().over : intent.announced_at;
}

/// The org is at work on a create for so long at most: what it made later, or before, is no answer to this one.
bool is_in_time(const CreateIntent& intent, const RecordHead& record) {
  if (record.created_at == base::Utc{}) return true;
  const base::Utc from = announced_at(intent);
  return record.created_at >= base::whole_second(from) &&
         record.created_at <= from + longest_transaction + 2 * clock_margin;
}

/// Whether the record may be that of the create, changed since: not if it has nothing of several values.
bool may_be(const model::Mapping& mapping, const CreateIntent& intent, const RecordHead& record,
            std::span<const model::Cell> cells) {
  const Likeness like = likeness(mapping, intent, cells);
  return is_in_time(intent, record) && (like.equal > 0 || like.sent < 2);
}

/// Whether the record agrees with the create on what tells records of the object apart, as far as the mapping says.
bool has_same_identity(const model::Mapping& mapping, const CreateIntent& intent, std::span<const model::Cell> record) {
  return mapping.match_rules.empty() || std::ranges::any_of(mapping.match_rules, [&](const auto& rule) {
           return std::ranges::all_of(rule, [&](std::size_t field) {
             const auto sent = std::ranges::find(intent.sent, field, &model::SentValue::field);
             return sent != intent.sent.end() && !sent->value.is_null() &&
                    model::same_value(mapping.fields[field].type, record[field], sent->value);
           });
         });
}

bool is_same_create(const model::Mapping& mapping, const CreateIntent& a, const CreateIntent& b) {
  return a.sent.size() == b.sent.size() &&
         std::ranges::equal(a.sent, b.sent, [&](const model::SentValue& x, const model::SentValue& y) {
           return x.field == y.field && model::same_value(mapping.fields[x.field].type, x.value, y.value);
         });
}

}  // namespace

Matches match_creates(const model::Mapping& mapping, const CreateIntents& intents, const Observation& created,
                      const std::vector<std::size_t>& candidates) {
  Matches matches;
  const auto like = [&](std::size_t intent, std::size_t record) {
    return is_in_time(intents.list[intent], created.heads[record])
               ? likeness(mapping, intents.list[intent], created.cells[record])
               : Likeness{};
  };
  std::vector<bool> taken(intents.list.size());
  std::vector<std::size_t> left;
  // Those that hold just what was sent. Of creates that are alike any will do, if there are no more records than that.
  std::vector<std::optional<std::size_t>> fits(candidates.size());
  for (std::size_t c = 0; c < candidates.size(); ++c)
    for (std::size_t i = 0; i < intents.list.size(); ++i)
      if (const Likeness it = like(i, candidates[c]);
          it.whole && (!fits[c] || it.equal > like(*fits[c], candidates[c]).equal))
        fits[c] = i;
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    if (!fits[c]) {
      left.push_back(candidates[c]);
      continue;
    }
    const auto is_alike = [&](std::size_t intent) {
      return is_same_create(mapping, intents.list[intent], intents.list[*fits[c]]);
    };
    std::optional<std::size_t> free;
    std::size_t creates = 0;
    for (std::size_t i = intents.list.size(); i-- > 0;) {
      if (!is_alike(i)) continue;
      ++creates;
      if (!taken[i] && like(i, candidates[c]).whole) free = i;
    }
    const auto records = static_cast<std::size_t>(
        std::ranges::count_if(fits, [&](const auto& other) { return other && is_alike(*other); }));
    if (records > creates || !free) {
      if (!created.heads[candidates[c]].deleted) matches.doubtful.push_back(candidates[c]);
      continue;
    }
    taken[*free] = true;
    matches.pairs.push_back({*free, candidates[c]});
  }
  // Those that the org's automation or somebody changed since: one create and one record that are most like each
  // other, and enough so that they cannot be strangers.
  const auto best = [&](const auto& among, const auto& equal) {
    std::optional<std::size_t> found;
    std::size_t most = 0;
    for (const std::size_t one : among) {
      const std::size_t shares = equal(one);
      if (shares == most) found.reset();
      if (shares > most) {
        most = shares;
        found = one;
      }
    }
    return found;
  };
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < intents.list.size(); ++i)
    if (!taken[i]) open.push_back(i);
  for (std::size_t before = 0; before != left.size();) {
    before = left.size();
    for (std::size_t at = 0; at < left.size(); ++at) {
      const std::size_t record = left[at];
      const auto create = best(open, [&](std::size_t i) { return like(i, record).equal; });
      if (!create || best(left, [&](std::size_t other) { return like(*create, other).equal; }) != record) continue;
      const Likeness it = like(*create, record);
      if (2 * it.equal < it.sent) continue;
      if (!has_same_identity(mapping, intents.list[*create], created.cells[record])) continue;
      matches.pairs.push_back({*create, record});
      std::erase(open, *create);
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(at--));
    }
  }
  for (const std::size_t record : left)
    if (!created.heads[record].deleted && std::ranges::any_of(open, [&](std::size_t i) {
          return may_be(mapping, intents.list[i], created.heads[record], created.cells[record]);
        }))
      matches.doubtful.push_back(record);
  return matches;
}

base::Result<Creates> resolve_creates(const model::Mapping& mapping, Org& org, Store& store,
                                      const Safeguards& safeguards) {
  Creates result;
  if (!safeguards.note_intents) return result;
  ASSIGN_OR_RETURN(const CreateIntents intents, store.create_intents(mapping));
  if (intents.list.empty()) return result;
  const base::Utc since = std::ranges::min(intents.list | std::views::transform(announced_at));
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

  const auto is_doubted = [&](const CreateIntent& intent) {
    return !created.unreadable.empty() || std::ranges::any_of(matches.doubtful, [&](std::size_t record) {
      return may_be(mapping, intent, created.heads[record], created.cells[record]);
    });
  };

  std::vector<model::RowKey> rows;
  model::Grid agreed;
  std::vector<std::optional<std::size_t>> record_of(intents.list.size());
  for (const CreateIntent& intent : intents.list) rows.push_back(intent.row);
  for (const Matches::Pair& pair : matches.pairs) record_of[pair.intent] = pair.record;
  ASSIGN_OR_RETURN([[maybe_unused]] const auto kept, store.update(mapping, rows, [&](const Known& known) {
    result.found = result.open = 0;
    WriteSet writes;
    agreed.restart(mapping.fields.size());
    agreed.add(rows.size());
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
        // It was made with what was sent, once and for all: the same value, entered there later, is an edit.
        for (const model::SentValue& sent : head.sent) agreed[i][sent.field] = sent.value;
        settlement.base = agreed[i];
        settlement.sent.emplace();
        ++result.found;
      } else if ((head.row_exists && is_doubted(intents.list[i])) ||
                 (safeguards.wait_out_transactions &&
                  created.as_of < announced_at(intents.list[i]) + longest_transaction)) {
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

void set_doubtful_aside(const std::vector<model::RecordId>& doubtful, const Observation& observed, base::Utc now,
                        WriteSet& writes) {
  for (Settlement& settlement : writes.settlements) {
    const model::RecordId& record = observed.heads[settlement.at].id;
    if (!settlement.insert_row || std::ranges::find(doubtful, record) == doubtful.end()) continue;
    const std::size_t at = settlement.at;
    settlement = {};
    settlement.at = at;
    settlement.parked =
        Parked{{base::ErrorKind::precondition,
                "this record was made by our own user and may be that of a row whose creation was cut off; if nobody "
                "can tell a quarter of an hour later, give it in Salesforce what that row holds, or delete one of the "
                "two",
                "CREATE_IN_DOUBT"},
               now + std::chrono::minutes{5}};
  }
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
