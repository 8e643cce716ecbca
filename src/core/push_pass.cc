#include "core/push_pass.h"

#include <algorithm>

#include "core/history.h"
#include "core/retry.h"

namespace core {
namespace {

using model::Cell;

constexpr std::size_t most_announced = 64;  ///< Announced values kept per record; the oldest go first.

constexpr std::size_t most_errors = 100;  ///< Named one by one; the rest is counted.

/// Kinds after which the org certainly did not take the write.
bool not_done(base::ErrorKind kind) {
  return kind != base::ErrorKind::unknown_fate && kind != base::ErrorKind::cancelled;
}

/// Kinds that only a change of the row, the record or the org's rules can mend.
bool is_for_good(base::ErrorKind kind) {
  return kind == base::ErrorKind::rejected || kind == base::ErrorKind::malformed || kind == base::ErrorKind::settings ||
         kind == base::ErrorKind::unauthorized;
}

base::Error record_is_gone(const model::Mapping& mapping, const KnownHead& head) {
  return {base::ErrorKind::rejected,
          mapping.object + " " + head.record.str() +
              " was deleted in Salesforce or is hidden from the sync user, so this row's edit has nowhere to go: "
              "restore the record, or delete the row",
          "ENTITY_IS_DELETED"};
}

}  // namespace

/// What a step means to do about one row.
struct PushPass::Intent {
  enum class Kind { nothing, create, update, hold } kind = Kind::nothing;
  model::FieldSet fields;
  model::FieldSet won;  ///< Of them, those whose value beats one of the org's.
  model::RecordId record;
  std::string upsert_key;
  model::OutboxSeq seq{};  ///< The entry as it was when the row was read.
  base::Utc unless_changed_since{};
  std::size_t write = 0;  ///< Index of the org write.
  bool links = false;     ///< A record found by its key was linked.
  std::int64_t conflicts = 0;
  std::optional<base::Error> parked;     ///< Set aside before anything was sent.
  bool incomplete = false;               ///< A field waits for its parent: the entry stays.
  std::vector<Conflict> late_conflicts;  ///< Only when the loser is not recorded first (see Safeguards).
};

/// The org's side of a page of rows.
struct PushPass::Look {
  std::vector<model::RowKey> rows;
  Observation observed;                                ///< Only records that exist.
  std::vector<std::optional<std::size_t>> at;          ///< Row → place in `observed`.
  std::vector<std::optional<FoundRecord>> found;       ///< For announced creates.
  std::vector<std::optional<base::Error>> unreadable;  ///< Row → why its record cannot be read.
};

PushPass::PushPass(const model::Mapping& mapping, Org& org, Store& store, const base::Clock& clock,
                   base::Random& random, const Safeguards& safeguards, std::size_t page_size)
    : mapping_(mapping),
      org_(org),
      store_(store),
      clock_(clock),
      random_(random),
      safeguards_(safeguards),
      page_size_(page_size),
      outcomes_(mapping.fields.size()) {}

void PushPass::restart() {
  after_ = model::OutboxSeq::none;
  left_behind_ = false;
}

base::Result<Step> PushPass::step() {
  // What is read in bulk may be older than what we would write meanwhile, and be taken for an edit of it.
  ASSIGN_OR_RETURN(const auto position, store_.position(mapping_));
  if (safeguards_.push_after_bulk && std::holds_alternative<model::BulkPlace>(position)) return Step::idle;
  ASSIGN_OR_RETURN(const auto entries, store_.outbox(mapping_, after_, page_size_));  // fetch
  if (entries.empty()) return left_behind_ ? Step::waiting : Step::idle;
  ASSIGN_OR_RETURN(const Look seen, look(entries));  // observe

  std::vector<Intent> intents;
  ASSIGN_OR_RETURN(auto refused, store_.update(mapping_, seen.rows, [&](const Known& known) {  // reconcile
    return announce(seen, known, intents);
  }));
  std::vector<OrgWrite> writes;
  for (std::size_t i = 0; i < intents.size(); ++i) {
    Intent& intent = intents[i];
    if (intent.kind != Intent::Kind::create && intent.kind != Intent::Kind::update) continue;
    intent.write = writes.size();
    writes.push_back({intent.record, intent.upsert_key, intent.fields, values_[i], intent.unless_changed_since});
  }
  std::vector<base::Result<model::RecordId>> results;
  if (!writes.empty()) {
    ASSIGN_OR_RETURN(results, org_.write(mapping_, writes));  // apply
    CHECK(results.size() == writes.size());
  }
  ASSIGN_OR_RETURN(auto refused_after, store_.update(mapping_, seen.rows, [&](const Known& known) {  // checkpoint
    return confirm(seen, known, intents, results);
  }));
  count(seen, intents, results);
  count_refused(seen, refused);
  count_refused(seen, refused_after);
  after_ = entries.back().seq;
  return Step::progressed;
}

base::Result<PushPass::Look> PushPass::look(const std::vector<OutboxEntry>& entries) {
  Look seen;
  seen.observed.restart(mapping_.fields.size());
  seen.at.resize(entries.size());
  seen.found.resize(entries.size());
  seen.unreadable.resize(entries.size());
  std::vector<model::RecordId> ids(entries.size());
  std::vector<std::string_view> keys;
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    seen.rows.push_back(entries[i].row);
    ids[i] = entries[i].record;
    if (!entries[i].record && !entries[i].upsert_key.empty()) {
      keys.push_back(entries[i].upsert_key);
      asked.push_back(i);
    }
  }
  if (!keys.empty() && safeguards_.create_by_kept_key) {
    ASSIGN_OR_RETURN(const auto found, org_.find(mapping_, keys));
    CHECK(found.size() == keys.size());
    for (std::size_t k = 0; k < asked.size(); ++k) {
      seen.found[asked[k]] = found[k];
      if (found[k] && !found[k]->deleted) ids[asked[k]] = found[k]->id;
    }
  }
  std::vector<model::RecordId> wanted;
  std::vector<std::size_t> wanted_by;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!ids[i]) continue;
    wanted.push_back(ids[i]);
    wanted_by.push_back(i);
  }
  if (!wanted.empty()) {
    ASSIGN_OR_RETURN(seen.observed, org_.retrieve(mapping_, wanted));
    CHECK(seen.observed.size() == wanted.size());
    for (std::size_t k = 0; k < wanted.size(); ++k)
      if (seen.observed.heads[k].id) seen.at[wanted_by[k]] = k;
    for (const Unreadable& record : seen.observed.unreadable) seen.unreadable[wanted_by[record.at]] = record.error;
  }
  return seen;
}

WriteSet PushPass::announce(const Look& seen, const Known& known, std::vector<Intent>& intents) {
  const std::size_t width = mapping_.fields.size();
  values_.restart(width);
  values_.add(seen.rows.size());
  bases_.restart(width);
  bases_.add(seen.rows.size());
  intents.assign(seen.rows.size(), {});
  WriteSet writes;
  for (std::size_t i = 0; i < seen.rows.size(); ++i) {
    Settlement settlement;
    settlement.at = i;
    announce_row(seen, known, i, settlement, intents[i]);
    writes.settlements.push_back(std::move(settlement));
  }
  return writes;
}

void PushPass::announce_row(const Look& seen, const Known& known, std::size_t i, Settlement& settlement,
                            Intent& intent) {
  const KnownHead& head = known.heads[i];
  const auto store = known.rows[i];
  const auto values = values_[i];
  intent.seq = head.pending;
  const auto done = [&] { settlement.acknowledge = head.pending; };
  const auto park = [&](base::Error error) {
    intent.parked = error;
    const base::Utc retry_at = next_attempt(error.kind, head.attempts + 1, clock_.now());
    settlement.parked = Parked{std::move(error), retry_at, {}};
    settlement.acknowledge = head.pending;
  };

  // `known` ends with this transaction; a conflict may be recorded in the next.
  const auto kept = [&](const Cell& cell) { return cell.has_text() ? Cell{values_.text().copy(cell.text())} : cell; };

  if (!head.row_exists) {
    if (head.link != LinkState::none) settlement.link = LinkState::row_gone;
    settlement.record = head.record;
    settlement.unpark = head.parked;
    return done();
  }
  if (head.unreadable) return park(*head.unreadable);
  if (seen.unreadable[i]) return park(*seen.unreadable[i]);
  if (head.link == LinkState::record_gone) return park(record_is_gone(mapping_, head));
  for (std::size_t f = 0; f < store.size(); ++f) values[f] = store[f].has_text() ? kept(store[f]) : Cell{};

  std::vector<model::SentValue> sent = head.sent;
  if (!seen.at[i]) {
    if (head.link == LinkState::linked || (seen.found[i] && seen.found[i]->deleted)) {
      settlement.link = LinkState::record_gone;
      settlement.record = seen.found[i] ? seen.found[i]->id : head.record;
      return park(record_is_gone(mapping_, head));
    }
    for (std::size_t f = 0; f < store.size(); ++f) {
      const model::FieldMapping& field = mapping_.fields[f];
      if (store[f].is_unresolved()) {
        intent.kind = Intent::Kind::hold;
        settlement.waiting_for = "waits until its " + field.parent_object + " (" + field.column + ") is in Salesforce";
        return;
      }
      if (store[f].is_null() || field.direction == model::SyncDirection::to_store) continue;
      if (field.role == model::FieldRole::parent_name) {
        if (known.parents[i][f].has_text() && values[field.via].is_null()) {
          values[field.via] = Cell{values_.text().copy(known.parents[i][f].text())};
          intent.fields.set(field.via);
        }
        continue;
      }
      intent.fields.set(f);
    }
    intent.kind = Intent::Kind::create;
    const bool keep = safeguards_.create_by_kept_key && !head.upsert_key.empty();
    intent.upsert_key = keep ? head.upsert_key : random_.uuid();
    settlement.link = LinkState::creating;
    settlement.upsert_key = intent.upsert_key;
  } else {
    const auto org = seen.observed.cells[*seen.at[i]];
    const RecordHead& record = seen.observed.heads[*seen.at[i]];
    reconcile({mapping_.fields, known.bases[i], org, store, head.sent, {}, record.stamp, head.changed_at}, safeguards_,
              outcomes_);
    settle_store_half(mapping_, head, known.bases[i], org, outcomes_, store, bases_[i], settlement);
    if (settlement.sent) sent = *settlement.sent;
    if (head.link != LinkState::linked) {
      settlement.link = LinkState::linked;
      settlement.record = record.id;
      settlement.stamp = record.stamp;
      intent.links = true;
    }
    intent.record = record.id;
    intent.unless_changed_since = safeguards_.conditional_writes ? record.stamp : base::Utc::max();
    for (std::size_t f = 0; f < outcomes_.size(); ++f) {
      if (outcomes_[f] == Outcome::waiting) intent.incomplete = true;
      if (outcomes_[f] != Outcome::to_org && outcomes_[f] != Outcome::store_won) continue;
      const model::FieldMapping& field = mapping_.fields[f];
      if (field.role != model::FieldRole::parent_name) {
        intent.fields.set(f);
      } else if (outcomes_[field.via] == Outcome::agreed && known.parents[i][f].has_text()) {
        values[field.via] = Cell{values_.text().copy(known.parents[i][f].text())};
        intent.fields.set(field.via);
      }
      intent.won[f] = outcomes_[f] == Outcome::store_won;
      if (outcomes_[f] == Outcome::store_won)
        (safeguards_.record_loser_first ? settlement.conflicts : intent.late_conflicts)
            .push_back({f, kept(known.bases[i][f]), kept(org[f]), kept(store[f]), Conflict::Decision::store_won});
    }
    date_conflicts(record, head, settlement.conflicts);
    date_conflicts(record, head, intent.late_conflicts);
    intent.conflicts = static_cast<std::int64_t>(settlement.conflicts.size());
    if (intent.fields.none()) {
      if (intent.incomplete) {
        intent.kind = Intent::Kind::nothing;
        settlement.waiting_for = "waits until a record it refers to is in Salesforce";
        return;
      }
      settlement.unpark = head.parked;
      return done();
    }
    if (safeguards_.wait_out_the_second && record.stamp >= base::whole_second(seen.observed.as_of)) {
      intent.kind = Intent::Kind::hold;
      intent.fields.reset();
      left_behind_ = true;
      // The org's half waits, and what it would have destroyed with it; the store's half stands.
      std::erase_if(settlement.conflicts,
                    [](const Conflict& conflict) { return conflict.decision == Conflict::Decision::store_won; });
      return;
    }
    intent.kind = Intent::Kind::update;
  }
  if (safeguards_.announce_before_write) {
    for (std::size_t f = 0; f < values.size(); ++f)
      if (intent.fields[f]) sent.push_back({f, values[f]});
    if (sent.size() > most_announced) sent.erase(sent.begin(), sent.end() - most_announced);
    settlement.sent = std::move(sent);
  }
}

WriteSet PushPass::confirm(const Look& seen, const Known& known, const std::vector<Intent>& intents,
                           const std::vector<base::Result<model::RecordId>>& results) {
  WriteSet writes;
  for (std::size_t i = 0; i < intents.size(); ++i) {
    const Intent& intent = intents[i];
    if (intent.kind != Intent::Kind::create && intent.kind != Intent::Kind::update) continue;
    const KnownHead& head = known.heads[i];
    const auto& result = results[intent.write];
    const model::OutboxSeq seq = safeguards_.acknowledge_by_seq ? intent.seq : head.pending;
    Settlement settlement;
    settlement.at = i;
    // With the answer known, this attempt's announcement is settled: done, or certainly not.
    if (result || (not_done(result.error().kind) && !result.error().may_be_done)) {
      std::vector<model::SentValue> sent = head.sent;
      std::erase_if(sent, [&](const model::SentValue& s) {
        return intent.fields[s.field] && (result.has_value() || s.value == values_[i][s.field]);
      });
      settlement.sent = std::move(sent);
    }
    if (result) {
      for (std::size_t f = 0; f < mapping_.fields.size(); ++f) {
        bases_[i][f] = intent.fields[f] ? values_[i][f] : known.bases[i][f];
        if (!intent.fields[f]) continue;
        const Cell before = seen.at[i] ? seen.observed.cells[*seen.at[i]][f] : Cell{};
        settlement.sent_to_org.push_back({f, before, values_[i][f], intent.won[f]});
      }
      settlement.request = org_.request_of(intent.write);
      settlement.base = bases_[i];
      settlement.link = LinkState::linked;
      settlement.record = *result;
      settlement.upsert_key = intent.upsert_key;
      settlement.unpark = head.parked;
      settlement.conflicts = intent.late_conflicts;
      if (!intent.incomplete) settlement.acknowledge = seq;
    } else if (is_for_good(result.error().kind)) {
      settlement.parked = Parked{result.error(),
                                 next_attempt(result.error().kind, head.attempts + 1, clock_.now()),
                                 {},
                                 request_json(mapping_, intent.fields, values_[i])};
      settlement.acknowledge = seq;
    } else {
      left_behind_ = true;
      if (!safeguards_.acknowledge_done_only) settlement.acknowledge = seq;
    }
    writes.settlements.push_back(std::move(settlement));
  }
  return writes;
}

void PushPass::count(const Look& seen, const std::vector<Intent>& intents,
                     const std::vector<base::Result<model::RecordId>>& results) {
  for (std::size_t i = 0; i < intents.size(); ++i) {
    const Intent& intent = intents[i];
    counts_.linked += intent.links ? 1 : 0;
    counts_.conflicts += intent.conflicts;
    if (intent.parked) set_aside(seen.rows[i], *intent.parked);
    if (intent.kind != Intent::Kind::create && intent.kind != Intent::Kind::update) continue;
    const auto& result = results[intent.write];
    if (!result) {
      if (is_for_good(result.error().kind)) set_aside(seen.rows[i], result.error());
    } else if (intent.kind == Intent::Kind::create) {
      ++counts_.created;
    } else {
      ++counts_.updated;
    }
  }
}

void PushPass::count_refused(const Look& seen, const std::vector<Refused>& refused) {
  for (const Refused& one : refused) set_aside(seen.rows[one.at], one.error);
}

void PushPass::set_aside(const model::RowKey& row, const base::Error& error) {
  ++counts_.parked;
  if (errors_.size() < most_errors) errors_.push_back({error.message, row.text, error.service_code, clock_.now()});
}

}  // namespace core
