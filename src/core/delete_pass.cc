#include "core/delete_pass.h"

#include <algorithm>

#include "core/filter_leave.h"
#include "core/kinds.h"
#include "core/watermark.h"

namespace core {
namespace {

using model::Cell;

constexpr std::size_t most_errors = 100;             ///< Named one by one; the rest is counted.
constexpr std::chrono::hours rejected_patience{24};  ///< A refused delete is tried again after this.

/// What is not made again, because it may be there.
base::Error record_vanished(const model::Mapping& mapping, const model::RecordId& record, bool was_edited) {
  return {base::ErrorKind::rejected,
          mapping.object + " " + record.str() +
              " is neither in Salesforce nor in its recycle bin: it was deleted for good, or is hidden from the sync "
              "user. Give the sync user access to it, and it goes on by itself; if it was deleted, " +
              (was_edited ? "decide in the conflict inbox: --take store makes a new record of the row, --take org "
                            "deletes the row"
                          : "delete the row, sync, and insert it again under its key to make a new record of it"),
          "RECORD_VANISHED"};
}

}  // namespace

void DeletePass::set_aside(const std::string& row, const base::Error& error) {
  ++counts_.parked;
  if (errors_.size() < most_errors) errors_.push_back({error.message, row, error.service_code, clock_.now()});
}

void DeletePass::set_aside(const std::vector<model::RowKey>& rows, const std::vector<Refused>& refused) {
  for (const Refused& one : refused) set_aside(rows[one.at].text, one.error);
}

RowDeletes::RowDeletes(const model::Mapping& mapping, Store& store, const base::Clock& clock,
                       const Safeguards& safeguards, std::size_t page_size)
    : DeletePass(mapping, store, clock, safeguards, page_size) {}

base::Result<Step> RowDeletes::step() {
  ASSIGN_OR_RETURN(const auto page, store_.links(mapping_, LinkState::record_deleted, after_, page_size_));
  if (page.rows.empty()) return Step::idle;
  DeleteCounts before = counts_;
  std::vector<Refused> parked;
  ASSIGN_OR_RETURN(const auto refused, store_.update(mapping_, page.rows, [&](const Known& known) {
    counts_ = before;
    parked.clear();
    bases_.restart(mapping_.fields.size());
    bases_.add(page.rows.size());
    WriteSet writes;
    for (std::size_t at = 0; at < page.rows.size(); ++at) {
      if (known.heads[at].link != LinkState::record_deleted) continue;
      Settlement settlement;
      settlement.at = at;
      decide(known, at, settlement);
      if (settlement.parked) parked.push_back({at, settlement.parked->error});
      writes.settlements.push_back(std::move(settlement));
    }
    return writes;
  }));
  counts_.deleted -= static_cast<std::int64_t>(refused.size());
  set_aside(page.rows, parked);
  set_aside(page.rows, refused);
  after_ = page.last;
  return Step::progressed;
}

void RowDeletes::decide(const Known& known, std::size_t at, Settlement& settlement) {
  const KnownHead& head = known.heads[at];
  settlement.record = head.record;
  settlement.acknowledge = head.pending;
  settlement.unpark = head.parked;
  if (!head.row_exists) {
    settlement.link = LinkState::both_gone;
    settlement.stamp = clock_.now();
    settlement.base = bases_[at];
    return;
  }
  if (head.unreadable) {
    settlement.parked = Parked{*head.unreadable, clock_.now() + rejected_patience};
    settlement.unpark = false;
    return;
  }
  // A merge is not undone: where a deleted record would be made again or left, the merged one's row is left.
  const model::DeletePolicy policy = head.merged && mapping_.on_record_deleted == model::DeletePolicy::recreate
                                         ? model::DeletePolicy::ignore
                                         : mapping_.on_record_deleted;
  const Deletion deletion{.mapping = &mapping_,
                          .deleted = model::Side::org,
                          .policy = policy,
                          .deleted_at = head.merged ? base::Utc::max() : head.stamp,
                          .base = known.bases[at],
                          .living = known.rows[at],
                          .living_changed_at = known.by_org(head.changed_at),
                          .replaced = head.replaced};
  Fate fate = decide_deletion(deletion, settlement.conflicts);
  if (head.merged && (fate == Fate::make_again || fate == Fate::open)) {
    for (Conflict& conflict : settlement.conflicts) conflict.decision = Conflict::Decision::org_won;
    fate = Fate::remove;
  }
  counts_.conflicts += static_cast<std::int64_t>(settlement.conflicts.size());
  switch (fate) {
    case Fate::remove:
      settlement.remove_row = true;
      settlement.link = LinkState::both_gone;
      settlement.stamp = clock_.now();  // What the row held is kept from now on, whenever its record went.
      settlement.base = bases_[at];     // All null: nothing is agreed on any more.
      ++counts_.deleted;
      return;
    case Fate::archive:
      settlement.archived = true;
      [[fallthrough]];
    case Fate::leave:
      settlement.link = LinkState::record_gone;
      return;
    case Fate::make_again:
      settlement.link = LinkState::none;
      settlement.enqueue = true;
      settlement.acknowledge = model::OutboxSeq::none;
      ++counts_.revived;
      return;
    case Fate::open:
      if (head.stamp != vanished) return;
      settlement.unpark = false;
      if (!head.parked)
        settlement.parked =
            Parked{record_vanished(mapping_, head.record, !settlement.conflicts.empty()), base::Utc::max()};
      return;
  }
}

LeftRows::LeftRows(const model::Mapping& mapping, Org& org, Store& store, const base::Clock& clock,
                   const Safeguards& safeguards, std::size_t page_size)
    : DeletePass(mapping, store, clock, safeguards, page_size), org_(org) {}

base::Result<Step> LeftRows::step() {
  ASSIGN_OR_RETURN(const auto page, store_.leaving(mapping_, after_, page_size_));
  if (page.rows.empty()) return Step::idle;
  ASSIGN_OR_RETURN(const auto fits, org_.fitting(mapping_, page.records));
  CHECK(fits.size() == page.records.size());
  const DeleteCounts before = counts_;
  ASSIGN_OR_RETURN(const auto refused, store_.update(mapping_, page.rows, [&](const Known& known) {
    counts_ = before;
    bases_.restart(mapping_.fields.size());
    bases_.add(page.rows.size());
    WriteSet writes;
    for (std::size_t at = 0; at < page.rows.size(); ++at) {
      const KnownHead& head = known.heads[at];
      if (head.place != FilterPlace::leaving || head.link != LinkState::linked || !head.row_exists) continue;
      if (head.record != page.records[at]) continue;
      Settlement settlement;
      settlement.at = at;
      decide(known, at, fits[at], settlement);
      if (settlement.place) writes.settlements.push_back(std::move(settlement));
    }
    return writes;
  }));
  counts_.deleted -= static_cast<std::int64_t>(refused.size());
  set_aside(page.rows, refused);
  after_ = page.last;
  return Step::progressed;
}

void LeftRows::decide(const Known& known, std::size_t at, bool in_filter, Settlement& settlement) {
  const KnownHead& head = known.heads[at];
  if (in_filter) {
    settlement.place = FilterPlace::inside;
    return;
  }
  if (!may_leave(mapping_, head, known.bases[at], known.rows[at], safeguards_, settlement.conflicts)) return;
  settlement.place = FilterPlace::outside;
  settlement.remove_row = true;
  settlement.link = LinkState::both_gone;
  settlement.record = head.record;
  settlement.base = bases_[at];  // All null: when it comes back, the org's values count.
  settlement.acknowledge = head.pending;
  settlement.unpark = head.parked;
  counts_.conflicts += static_cast<std::int64_t>(settlement.conflicts.size());
  ++counts_.deleted;
}

/// What is meant to be done about one deleted row.
struct RecordDeletes::Intent {
  bool removes = false;
  bool archives = false;
  std::size_t removal = 0;  ///< Index of the removal.
};

/// The org's side of a page of deleted rows.
struct RecordDeletes::Look {
  std::vector<model::RowKey> rows;
  Observation observed;
  std::vector<std::optional<std::size_t>> at;  ///< Row → place of its living record in `observed`.
  std::vector<bool> unreadable;                ///< Row → its record is there and cannot be read.
};

RecordDeletes::RecordDeletes(const model::Mapping& mapping, Org& org, Store& store, const base::Clock& clock,
                             const Safeguards& safeguards, std::size_t page_size)
    : DeletePass(mapping, store, clock, safeguards, page_size), org_(org) {}

void RecordDeletes::restart() {
  after_ = 0;
  left_behind_ = false;
  held_by_children_ = 0;
}

base::Result<Step> RecordDeletes::step() {
  ASSIGN_OR_RETURN(const auto position, store_.position(mapping_));
  seen_through_ = core::seen_through(mapping_, position);
  ASSIGN_OR_RETURN(const auto page, store_.links(mapping_, LinkState::row_deleted, after_, page_size_));
  if (page.rows.empty()) return left_behind_ ? Step::waiting : Step::idle;
  ASSIGN_OR_RETURN(const Look seen, look(page));  // observe

  std::vector<Intent> intents;
  const DeleteCounts before = counts_;
  const std::int64_t held_before = held_by_children_;
  ASSIGN_OR_RETURN(const auto refused, store_.update(mapping_, seen.rows, [&](const Known& known) {  // decide
    counts_ = before;
    held_by_children_ = held_before;
    intents.assign(seen.rows.size(), {});
    bases_.restart(mapping_.fields.size());
    bases_.add(seen.rows.size());
    WriteSet writes;
    for (std::size_t at = 0; at < seen.rows.size(); ++at) {
      if (known.heads[at].link != LinkState::row_deleted) continue;
      Settlement settlement;
      settlement.at = at;
      announce(seen, known, at, settlement, intents[at]);
      writes.settlements.push_back(std::move(settlement));
    }
    return writes;
  }));
  std::vector<OrgRemoval> removals;
  for (std::size_t at = 0; at < intents.size(); ++at) {
    if (!intents[at].removes) continue;
    intents[at].removal = removals.size();
    removals.push_back({seen.observed.heads[*seen.at[at]].id, intents[at].archives});
  }
  std::vector<base::Result<void>> results;
  if (!removals.empty()) {
    ASSIGN_OR_RETURN(results, org_.remove(mapping_, removals));  // apply
    CHECK(results.size() == removals.size());
    ASSIGN_OR_RETURN(const auto refused_after, store_.update(mapping_, seen.rows, [&](const Known& known) {
      return confirm(known, intents, results);  // checkpoint
    }));
    set_aside(seen.rows, refused_after);
  }
  for (std::size_t at = 0; at < intents.size(); ++at) {
    if (!intents[at].removes) continue;
    const auto& result = results[intents[at].removal];
    if (result) {
      ++counts_.deleted;
    } else if (is_for_good(result.error().kind)) {
      set_aside(seen.rows[at].text, result.error());
    }
  }
  set_aside(seen.rows, refused);
  after_ = page.last;
  return Step::progressed;
}

base::Result<RecordDeletes::Look> RecordDeletes::look(const Store::LinkPage& page) {
  Look seen;
  seen.rows = page.rows;
  seen.at.resize(page.rows.size());
  seen.unreadable.resize(page.rows.size());
  seen.observed.restart(mapping_.fields.size());
  std::vector<model::RecordId> wanted;
  std::vector<std::size_t> wanted_by;
  for (std::size_t at = 0; at < page.rows.size(); ++at) {
    if (!page.records[at]) continue;
    wanted.push_back(page.records[at]);
    wanted_by.push_back(at);
  }
  if (wanted.empty()) return seen;
  ASSIGN_OR_RETURN(seen.observed, org_.retrieve(mapping_, wanted));
  CHECK(seen.observed.size() == wanted.size());
  for (std::size_t k = 0; k < wanted.size(); ++k)
    if (seen.observed.heads[k].id) seen.at[wanted_by[k]] = k;
  for (const Unreadable& record : seen.observed.unreadable) seen.unreadable[wanted_by[record.at]] = true;
  return seen;
}

void RecordDeletes::announce(const Look& seen, const Known& known, std::size_t at, Settlement& settlement,
                             Intent& intent) {
  const KnownHead& head = known.heads[at];
  settlement.record = head.record;
  if (head.row_exists) return;  // It was put back; the push of its entry finds out.
  if (!head.record && head.upsert_key.empty())
    return;  // A create without a key: first it must be known what became of it.
  if (!head.record) {
    // A create that was announced and has no record yet: what is left of it is its key, by which a late one is known.
    settlement.link = LinkState::both_gone;
    return;
  }
  const bool children_wait = head.children_wait && mapping_.on_row_deleted == model::DeletePolicy::follow;
  if (seen.unreadable[at]) {
    left_behind_ = true;
    return;
  }
  if (children_wait && safeguards_.release_children) {
    ++held_by_children_;
    return;
  }
  if (!seen.at[at]) {
    settlement.link = LinkState::both_gone;  // The base stays: what the bin shows beside it is somebody's edit.
    return;
  }
  const RecordHead& record = seen.observed.heads[*seen.at[at]];
  const auto org = seen.observed.cells[*seen.at[at]];
  if (safeguards_.wait_out_the_second && record.stamp >= base::whole_second(seen.observed.as_of)) {
    left_behind_ = true;
    return;
  }
  const Deletion deletion{.mapping = &mapping_,
                          .deleted = model::Side::store,
                          .policy = mapping_.on_row_deleted,
                          .deleted_at = known.by_org(head.stamp),
                          .base = known.bases[at],
                          .living = org,
                          .living_changed_at = record.stamp,
                          .sent = head.sent,
                          .seen_through = seen_by(head, seen_through_)};
  const Fate fate = decide_deletion(deletion, settlement.conflicts);
  counts_.conflicts += static_cast<std::int64_t>(settlement.conflicts.size());
  switch (fate) {
    case Fate::archive:
      // Nothing is destroyed, so the base stays: what the org holds beside it is an edit still, should the row come
      // back.
      intent.removes = intent.archives = true;
      return;
    case Fate::remove:
      intent.removes = true;
      // From here on this is what we know to destroy; what the bin shows beside it came later.
      std::ranges::copy(org, bases_[at].begin());
      settlement.base = bases_[at];
      if (!safeguards_.record_loser_first) settlement.conflicts.clear();
      return;
    case Fate::leave:
      settlement.link = LinkState::row_gone;
      return;
    case Fate::make_again:
      settlement.insert_row = true;
      settlement.link = LinkState::linked;
      settlement.stamp = record.stamp;
      settlement.values = org;
      for (std::size_t f = 0; f < org.size(); ++f) {
        if (mapping_.fields[f].direction == model::SyncDirection::to_org) continue;
        settlement.columns.set(f);
        bases_[at][f] = org[f];
      }
      settlement.base = bases_[at];
      ++counts_.revived;
      return;
    case Fate::open:
      settlement.link = LinkState::row_gone;
      return;
  }
}

WriteSet RecordDeletes::confirm(const Known& known, const std::vector<Intent>& intents,
                                const std::vector<base::Result<void>>& results) {
  WriteSet writes;
  for (std::size_t at = 0; at < intents.size(); ++at) {
    const Intent& intent = intents[at];
    const KnownHead& head = known.heads[at];
    // A row that was put back meanwhile has an entry of its own, and its record is gone: the push makes it again.
    if (!intent.removes || head.link != LinkState::row_deleted) continue;
    const auto& result = results[intent.removal];
    Settlement settlement;
    settlement.at = at;
    settlement.record = head.record;
    if (result) {
      settlement.link = intent.archives ? LinkState::row_gone : LinkState::both_gone;
      settlement.unpark = head.parked;
      settlement.removed_record = true;
      settlement.request = org_.request_of(intent.removal);
    } else if (is_for_good(result.error().kind)) {
      settlement.link = LinkState::row_gone;
      settlement.parked = Parked{result.error(), clock_.now() + rejected_patience};
    } else {
      left_behind_ = true;
      continue;
    }
    writes.settlements.push_back(std::move(settlement));
  }
  return writes;
}

}  // namespace core
