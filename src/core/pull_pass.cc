#include "core/pull_pass.h"

#include <algorithm>
#include <utility>

#include "core/brake.h"
#include "core/filter_leave.h"
#include "core/identity.h"

namespace core {
namespace {

/// Leaves out the records stamped in the second in which the org answered: one of that second could still gain a
/// sibling at the same place. True if there were any.
bool leave_running_second(Observation& observed, const Safeguards& safeguards) {
  if (!safeguards.leave_running_second) return false;
  const auto running = base::whole_second(observed.as_of);
  const auto end = std::ranges::find_if(observed.heads, [&](const RecordHead& head) { return head.stamp >= running; });
  const auto settled = static_cast<std::size_t>(end - observed.heads.begin());
  const auto unreadable = std::erase_if(observed.unreadable, [&](const Unreadable& r) { return r.stamp >= running; });
  const bool any = settled < observed.size() || unreadable > 0;
  observed.truncate(settled);
  return any;
}

/// The places of a page's records in their order, whether they could be read or not.
template <class Visit>
void for_each_place(const Observation& observed, Visit visit) {
  auto unreadable = observed.unreadable.begin();
  for (std::size_t i = 0; i <= observed.size(); ++i) {
    for (; unreadable != observed.unreadable.end() && unreadable->at <= i; ++unreadable)
      visit(model::Keyset{unreadable->stamp, unreadable->id});
    if (i < observed.size()) visit(model::Keyset{observed.heads[i].stamp, observed.heads[i].id});
  }
}

constexpr std::size_t first_look = 2'000;  ///< Records of the first page, which shares its call with other objects.
constexpr std::size_t most_errors = 100;   ///< Named one by one; the rest is counted.

/// True if every record is one that nobody here can know yet: it lives, and carries no key of ours.
bool all_strangers(const Observation& observed) {
  return std::ranges::all_of(observed.heads,
                             [](const RecordHead& head) { return head.upsert_key.empty() && !head.deleted; });
}

}  // namespace

PullPass::PullPass(const model::Mapping& mapping, Org& org, Store& store, const base::Clock& clock,
                   const Lookback& lookback, const Safeguards& safeguards, std::size_t page_size)
    : mapping_(mapping),
      org_(org),
      store_(store),
      clock_(clock),
      lookback_(lookback),
      safeguards_(safeguards),
      page_size_(page_size),
      polled_(mapping),
      ids_only_(mapping) {
  if (mapping.follows_filter()) polled_.filter.clear();
  ids_only_.fields.clear();
  ids_only_.upsert_field.clear();
  ids_only_.shows_deleted = ids_only_.shows_merged = false;
}

base::Result<PageRequest> PullPass::begin() {
  ASSIGN_OR_RETURN(const auto position, store_.position(mapping_));
  seen_through_ = core::seen_through(mapping_, position);
  const ReadPlan plan = plan_read(position, clock_.now(), lookback_, safeguards_);
  progress_.emplace(position, plan, lookback_, safeguards_);
  const auto* watermark = std::get_if<model::Watermark>(&position);
  backfilling_ = !watermark || watermark->backfilling;
  saw_all_ = false;
  const auto* bulk = std::get_if<model::BulkPlace>(&position);
  bulk_ = bulk ? std::optional{*bulk} : std::nullopt;
  if (watermark) {
    looked_at_ = watermark->swept_at;
    ids_checked_at_ = watermark->ids_checked_at;
  } else {
    // A first load has nothing to look for; one that begins again with links of an earlier one has.
    ASSIGN_OR_RETURN(const auto any, store_.links(mapping_, LinkState::linked, 0, 1));
    first_load_ = any.rows.empty();
  }
  PageRequest first = next();
  first.limit = std::min(first.limit, first_look);
  return first;
}

/// What was being read in bulk is no longer to be had.
base::Result<void> PullPass::begin_anew() {
  RETURN_IF_ERROR(store_.update(mapping_, {}, [](const Known&) { return WriteSet{.position = model::Beginning{}}; }));
  progress_.reset();
  return {};
}

base::Result<Step> PullPass::step() {
  if (!progress_) RETURN_IF_ERROR(begin());
  const PageRequest request = next();
  auto pages = org_.fetch(std::span{&request, 1});
  CHECK(pages.size() == 1);
  if (bulk_ && !pages.front() && pages.front().error().kind == base::ErrorKind::precondition) {
    RETURN_IF_ERROR(begin_anew());
    return Step::progressed;
  }
  ASSIGN_OR_RETURN(Page page, std::move(pages.front()));
  return settle(std::move(page));
}

base::Result<Step> PullPass::settle(Page page) {
  CHECK(progress_.has_value());
  if (page.bulk) return settle_bulk(std::move(page));
  const bool running_second_left = leave_running_second(page.observed, safeguards_);
  const bool more = page.more && !running_second_left;
  saw_all_ = !more && !running_second_left;

  if (!safeguards_.pass_unreadable && page.observed.size() == 0 && !page.observed.unreadable.empty())
    return std::unexpected(page.observed.unreadable.front().error);
  if (first_load_ && !ids_checked_at_) {
    ids_checked_at_ = page.observed.as_of;
    progress_->ids_checked(page.observed.as_of);
    progress_->filter_checked(page.observed.as_of);  // All there is came through it.
  }
  seen_at_ = page.observed.as_of;
  ReadProgress ahead = *progress_;
  std::vector<model::Keyset> places;
  for_each_place(page.observed, [&](const model::Keyset& place) { places.push_back(place); });
  for (const model::Keyset& place : places) ahead.settled(place);
  // The org need not be asked again which of these match.
  if (mapping_.follows_filter() && !backfilling_ && progress_->repeats(places)) {
    page.observed.truncate(0);
    page.observed.unreadable.clear();
  }
  const model::Position position = ahead.position(page.observed.as_of, !more && !running_second_left);
  const bool nothing_new = page.observed.size() == 0 && page.observed.unreadable.empty();
  ASSIGN_OR_RETURN(const auto stored, store_.position(mapping_));
  if (!(nothing_new && stored == position)) {
    if (!safeguards_.position_with_rows)
      RETURN_IF_ERROR(store_.update(mapping_, {}, [&](const Known&) { return WriteSet{.position = position}; }));
    RETURN_IF_ERROR(store_page(page.observed, position));
  }
  progress_ = std::move(ahead);
  if (more) return Step::progressed;
  return running_second_left ? Step::waiting : Step::idle;
}

base::Result<Step> PullPass::settle_bulk(Page page) {
  const bool is_through = !page.more;
  model::Position position{*page.bulk};
  if (is_through) {
    model::Watermark watermark = after_bulk(page.bulk->started_at, lookback_);
    if (first_load_) watermark.ids_checked_at = watermark.filter_checked_at = page.bulk->started_at;
    position = watermark;
  }
  const bool nothing_new = page.observed.size() == 0 && page.observed.unreadable.empty();
  if (!nothing_new || is_through || bulk_ != page.bulk) RETURN_IF_ERROR(store_page(page.observed, position));
  bulk_ = std::move(page.bulk);
  ready_in_ = page.ready_in;
  if (is_through) progress_.reset();  // The next step begins where the watermark now stands.
  return nothing_new && !is_through ? Step::pending : Step::progressed;
}

base::Result<void> PullPass::store_page(Observation& observed, const model::Position& position) {
  if (backfilling_ && observed.unreadable.empty() && observed.size() > 0 && all_strangers(observed) &&
      mapping_.direction != model::SyncDirection::to_org) {
    ASSIGN_OR_RETURN(const Creates creates, resolve_creates(mapping_, org_, store_, safeguards_));
    counts_.linked += creates.found;
    if (creates.doubtful.empty()) {
      ASSIGN_OR_RETURN(const bool loaded, store_.load(mapping_, observed, position));
      if (loaded) {
        counts_.created += static_cast<std::int64_t>(observed.size());
        return {};
      }
    }
  }
  const auto complete = [&](WriteSet& writes) {
    if (safeguards_.position_with_rows) writes.position = position;
  };
  return settle_observed(observed, complete, !saw_all_);
}

base::Result<void> PullPass::compare_with_filter(Observation& observed) {
  if (!mapping_.follows_filter()) return {};
  std::vector<model::RecordId> living;
  for (RecordHead& head : observed.heads) {
    if (!head.id || head.deleted || head.in_filter) continue;
    if (backfilling_) {
      head.in_filter = true;  // It came through the filter.
    } else {
      living.push_back(head.id);
    }
  }
  if (living.empty()) return {};
  ASSIGN_OR_RETURN(const auto fits, org_.fitting(mapping_, living));
  CHECK(fits.size() == living.size());
  std::size_t at = 0;
  for (RecordHead& head : observed.heads)
    if (head.id && !head.deleted && !head.in_filter) head.in_filter = fits[at++];
  return {};
}

base::Result<void> PullPass::settle_observed(Observation& observed, const std::function<void(WriteSet&)>& complete,
                                             bool more_to_come) {
  RETURN_IF_ERROR(compare_with_filter(observed));
  // Before the position moves past the loser: a merge that was seen must not be taken for a mere deletion later.
  for (const RecordHead& head : observed.heads)
    if (head.deleted && head.merged_into && safeguards_.follow_merges)
      RETURN_IF_ERROR(follow_merge(mapping_, org_, store_, head.id, head.merged_into));
  std::vector<model::RecordId> doubtful;
  if (observed.size() > 0) {
    ASSIGN_OR_RETURN(Creates creates, resolve_creates(mapping_, org_, store_, safeguards_));
    counts_.linked += creates.found;
    doubtful = std::move(creates.doubtful);
  }
  std::optional<base::Error> too_many;
  ASSIGN_OR_RETURN(const auto refused, store_.settle(mapping_, observed, [&](const Known& known) {
    settle_page(mapping_, observed, known, clock_.now(), seen_through_, safeguards_, decided_, more_to_come);
    set_doubtful_aside(doubtful, observed, clock_.now(), decided_.writes);
    too_many = brake_rows(mapping_, counts_.updated + decided_.counts.updated, most_changes_);
    if (too_many) return WriteSet{};
    decided_.writes.unreadable = observed.unreadable;
    complete(decided_.writes);
    return decided_.writes;
  }));
  if (too_many) return std::unexpected(*std::move(too_many));
  counts_ += decided_.counts;
  for (const Settlement& settlement : decided_.writes.settlements)
    if (settlement.parked && settlement.parked->error.service_code != waits_for_all)
      set_aside(observed.heads[settlement.at].id, settlement.parked->error);
  for (const Unreadable& record : observed.unreadable) set_aside(record.id, record.error);
  for (const Refused& one : refused) set_aside(observed.heads[one.at].id, one.error);
  return {};
}

void PullPass::set_aside(const model::RecordId& record, const base::Error& error) {
  ++counts_.parked;
  if (errors_.size() < most_errors) errors_.push_back({error.message, record.str(), error.service_code, clock_.now()});
}

base::Result<Step> PullPass::retry_parked() {
  if (bulk_) return Step::idle;  // A page to come could hold an older state.
  ASSIGN_OR_RETURN(const auto ids, store_.parked_records(mapping_, clock_.now(), page_size_));
  // One that is due again at once would be asked for for ever.
  const model::RecordId last = std::exchange(retried_, {});
  if (ids.empty() || ids.front() == last) return Step::idle;
  ASSIGN_OR_RETURN(auto observed, org_.retrieve(mapping_, ids));
  CHECK(observed.size() == ids.size());
  std::vector<model::RecordId> gone;
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (!observed.heads[i].id &&
        std::ranges::find(observed.unreadable, i, &Unreadable::at) == observed.unreadable.end())
      gone.push_back(ids[i]);
  const auto complete = [&](WriteSet& writes) {
    writes.unparked.insert(writes.unparked.end(), gone.begin(), gone.end());
  };
  // What fits another filter is read page by page too.
  ASSIGN_OR_RETURN(const auto sweep, store_.sweep(mapping_));
  RETURN_IF_ERROR(settle_observed(observed, complete, sweep && sweep->everything));
  RETURN_IF_ERROR(settle_gone(gone));
  if (ids.size() < page_size_) return Step::idle;
  retried_ = ids.front();
  return Step::progressed;
}

base::Result<void> PullPass::settle_gone(std::span<const model::RecordId> ids) {
  if (ids.empty()) return {};
  ASSIGN_OR_RETURN(auto fates, org_.fates(mapping_, ids));
  CHECK(fates.size() == ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (fates.heads[i].id) continue;
    if (std::ranges::find(fates.unreadable, i, &Unreadable::at) != fates.unreadable.end()) continue;
    // The org knows nothing of it: purged, or hidden from us since. Nobody can tell when.
    fates.heads[i] = {.id = ids[i], .upsert_key = {}, .stamp = {}, .deleted = true};
  }
  return settle_observed(fates, [](WriteSet&) {});
}

base::Result<Step> PullPass::look_again(LinkState state, std::int64_t& after) {
  ASSIGN_OR_RETURN(const auto page, store_.links(mapping_, state, after, page_size_));
  if (page.rows.empty()) return Step::idle;
  ASSIGN_OR_RETURN(const auto position, store_.position(mapping_));
  if (std::holds_alternative<model::BulkPlace>(position)) return Step::idle;  // A page to come could be older.
  std::vector<model::RecordId> ids = page.records;
  std::erase(ids, model::RecordId{});
  if (!ids.empty()) {
    ASSIGN_OR_RETURN(auto observed, org_.retrieve(mapping_, ids));
    CHECK(observed.size() == ids.size());
    RETURN_IF_ERROR(settle_observed(observed, [](WriteSet&) {}));
  }
  after = page.last;
  return Step::progressed;
}

bool PullPass::ids_are_due() const {
  if (!safeguards_.check_ids || !progress_ || seen_at_ == base::Utc{}) return false;
  // What is deleted shows for as long as it lies in the recycle bin; after a longer pause some of it is gone for good.
  const bool missed = looked_at_ && seen_at_ - *looked_at_ >= lookback_.bin_keeps;
  return missed || !ids_checked_at_ || *ids_checked_at_ == base::Utc{} ||
         seen_at_ - *ids_checked_at_ >= lookback_.check_ids_every;
}

base::Result<bool> PullPass::filter_is_due() {
  if (!mapping_.follows_filter() || !progress_ || seen_at_ == base::Utc{}) return false;
  ASSIGN_OR_RETURN(const auto position, store_.position(mapping_));
  const auto* watermark = std::get_if<model::Watermark>(&position);
  if (!watermark || watermark->backfilling) return false;
  if (watermark->filter_checked_at == base::Utc{}) return true;
  return reaches_out(mapping_.filter) && seen_at_ - watermark->filter_checked_at >= lookback_.check_filter_every;
}

base::Result<Step> PullPass::check_filter(FilterCheck& check) {
  ASSIGN_OR_RETURN(const Step step, check.links_done ? check_entering(check) : check_leaving(check));
  if (step != Step::idle) return step;
  if (!check.links_done && reaches_out(mapping_.filter)) {
    check.links_done = true;
    return Step::progressed;
  }
  ASSIGN_OR_RETURN(const auto position, store_.position(mapping_));
  const auto* watermark = std::get_if<model::Watermark>(&position);
  if (!watermark) return Step::idle;
  model::Watermark checked = *watermark;
  checked.filter_checked_at = seen_at_;
  if (progress_) progress_->filter_checked(seen_at_);
  ASSIGN_OR_RETURN([[maybe_unused]] const auto refused,
                   store_.update(mapping_, {}, [&](const Known&) { return WriteSet{.position = checked}; }));
  return Step::idle;
}

base::Result<Step> PullPass::check_entering(FilterCheck& check) {
  model::Mapping living = mapping_;
  living.shows_deleted = living.shows_merged = false;  // What is deleted is the poll's to settle.
  const PageRequest request{.mapping = &living, .after = check.place, .limit = page_size_, .authors = true};
  auto pages = org_.fetch(std::span{&request, 1});
  CHECK(pages.size() == 1);
  ASSIGN_OR_RETURN(Page page, std::move(pages.front()));
  for (RecordHead& head : page.observed.heads) head.in_filter = true;
  for_each_place(page.observed, [&](const model::Keyset& place) { check.place = place; });
  const bool more = page.more;
  RETURN_IF_ERROR(settle_observed(page.observed, [](WriteSet&) {}, more));
  return more ? Step::progressed : Step::idle;
}

base::Result<Step> PullPass::check_leaving(FilterCheck& check) {
  ASSIGN_OR_RETURN(const auto page, store_.links(mapping_, LinkState::linked, check.link, page_size_));
  if (page.records.empty()) return Step::idle;
  ASSIGN_OR_RETURN(auto fits, org_.fitting(mapping_, page.records));
  CHECK(fits.size() == page.records.size());
  // What is gone did not leave the filter; it was deleted, and others settle that.
  std::vector<model::RecordId> outside;
  std::vector<std::size_t> outside_at;
  for (std::size_t i = 0; i < fits.size(); ++i) {
    if (fits[i] || !page.records[i]) continue;
    outside.push_back(page.records[i]);
    outside_at.push_back(i);
  }
  std::vector<bool> living(fits);
  if (!outside.empty()) {
    ASSIGN_OR_RETURN(const auto observed, org_.retrieve(ids_only_, outside));
    CHECK(observed.size() == outside.size());
    for (std::size_t i = 0; i < outside.size(); ++i)
      if (observed.heads[i].id) living[outside_at[i]] = true;
  }
  ASSIGN_OR_RETURN([[maybe_unused]] const auto refused, store_.update(mapping_, page.rows, [&](const Known& known) {
    WriteSet writes;
    for (std::size_t i = 0; i < page.rows.size(); ++i) {
      const KnownHead& head = known.heads[i];
      if (!living[i] || head.link != LinkState::linked || head.record != page.records[i]) continue;
      Settlement settlement;
      settlement.at = i;
      settlement.place = new_place(mapping_, head.place, fits[i]);
      if (settlement.place) writes.settlements.push_back(std::move(settlement));
    }
    return writes;
  }));
  check.link = page.last;
  return Step::progressed;
}

base::Result<Step> PullPass::check_ids(std::int64_t& after) {
  ASSIGN_OR_RETURN(const auto page, store_.links(mapping_, LinkState::linked, after, page_size_));
  if (page.records.empty()) {
    ASSIGN_OR_RETURN(const auto position, store_.position(mapping_));
    const auto* watermark = std::get_if<model::Watermark>(&position);
    if (!watermark) return Step::idle;
    model::Watermark checked = *watermark;
    checked.ids_checked_at = seen_at_;
    ids_checked_at_ = seen_at_;
    looked_at_.reset();
    if (progress_) progress_->ids_checked(seen_at_);
    ASSIGN_OR_RETURN([[maybe_unused]] const auto refused,
                     store_.update(mapping_, {}, [&](const Known&) { return WriteSet{.position = checked}; }));
    return Step::idle;
  }
  ASSIGN_OR_RETURN(const auto observed, org_.retrieve(ids_only_, page.records));
  CHECK(observed.size() == page.records.size());
  std::vector<model::RecordId> gone;
  for (std::size_t i = 0; i < page.records.size(); ++i)
    if (!observed.heads[i].id && page.records[i] &&
        std::ranges::find(observed.unreadable, i, &Unreadable::at) == observed.unreadable.end())
      gone.push_back(page.records[i]);
  RETURN_IF_ERROR(settle_gone(gone));
  after = page.last;
  return Step::progressed;
}

}  // namespace core
