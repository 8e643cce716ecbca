#include "core/pull_pass.h"

#include <algorithm>

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
constexpr std::size_t most_errors = 100;  ///< Named one by one; the rest is counted.

bool carries_no_key(const Observation& observed) {
  return std::ranges::all_of(observed.heads, [](const RecordHead& head) { return head.upsert_key.empty(); });
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
      page_size_(page_size) {}

base::Result<PageRequest> PullPass::begin() {
  ASSIGN_OR_RETURN(const auto position, store_.position(mapping_));
  const ReadPlan plan = plan_read(position, clock_.now(), lookback_, safeguards_);
  progress_.emplace(position, plan, lookback_, safeguards_);
  const auto* watermark = std::get_if<model::Watermark>(&position);
  backfilling_ = !watermark || watermark->backfilling;
  const auto* bulk = std::get_if<model::BulkPlace>(&position);
  bulk_ = bulk ? std::optional{*bulk} : std::nullopt;
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

  if (!safeguards_.pass_unreadable && page.observed.size() == 0 && !page.observed.unreadable.empty())
    return std::unexpected(page.observed.unreadable.front().error);
  ReadProgress ahead = *progress_;
  for_each_place(page.observed, [&](const model::Keyset& place) { ahead.settled(place); });
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
  const model::Position position =
      is_through ? model::Position{after_bulk(page.bulk->started_at, lookback_)} : model::Position{*page.bulk};
  const bool nothing_new = page.observed.size() == 0 && page.observed.unreadable.empty();
  if (!nothing_new || is_through || bulk_ != page.bulk) RETURN_IF_ERROR(store_page(page.observed, position));
  bulk_ = std::move(page.bulk);
  ready_in_ = page.ready_in;
  if (is_through) progress_.reset();  // The next step begins where the watermark now stands.
  return nothing_new && !is_through ? Step::pending : Step::progressed;
}

base::Result<void> PullPass::store_page(const Observation& observed, const model::Position& position) {
  if (backfilling_ && observed.unreadable.empty() && observed.size() > 0 && carries_no_key(observed) &&
      mapping_.direction != model::SyncDirection::to_org) {
    ASSIGN_OR_RETURN(const bool loaded, store_.load(mapping_, observed, position));
    if (loaded) {
      counts_.created += static_cast<std::int64_t>(observed.size());
      return {};
    }
  }
  return settle_observed(observed, [&](WriteSet& writes) {
    if (safeguards_.position_with_rows) writes.position = position;
  });
}

base::Result<void> PullPass::settle_observed(const Observation& observed,
                                             const std::function<void(WriteSet&)>& complete) {
  ASSIGN_OR_RETURN(const auto refused, store_.settle(mapping_, observed, [&](const Known& known) {
    settle_page(mapping_, observed, known, clock_.now(), safeguards_, decided_);
    decided_.writes.unreadable = observed.unreadable;
    complete(decided_.writes);
    return decided_.writes;
  }));
  counts_ += decided_.counts;
  for (const Settlement& settlement : decided_.writes.settlements)
    if (settlement.parked) set_aside(observed.heads[settlement.at].id, settlement.parked->error);
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
  if (ids.empty()) return Step::idle;
  ASSIGN_OR_RETURN(const auto observed, org_.retrieve(mapping_, ids));
  CHECK(observed.size() == ids.size());
  RETURN_IF_ERROR(settle_observed(observed, [&](WriteSet& writes) {
    for (std::size_t i = 0; i < ids.size(); ++i)
      if (!observed.heads[i].id && std::ranges::find(observed.unreadable, i, &Unreadable::at) == observed.unreadable.end())
        writes.gone.push_back(ids[i]);
  }));
  return Step::idle;
}

}  // namespace core
