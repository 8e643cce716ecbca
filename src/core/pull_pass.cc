#include "core/pull_pass.h"

#include <algorithm>

namespace core {
namespace {

/// How many records of the page may be settled: those stamped before the second in which the org answered.
/// A record of that second could still gain a sibling at the same place.
std::size_t settled_prefix(const Observation& observed, const Safeguards& safeguards) {
  if (!safeguards.leave_running_second) return observed.size();
  const auto running = base::whole_second(observed.as_of);
  const auto end = std::ranges::find_if(observed.heads, [&](const RecordHead& head) { return head.stamp >= running; });
  return static_cast<std::size_t>(end - observed.heads.begin());
}

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
  return next();
}

base::Result<Step> PullPass::step() {
  if (!progress_) RETURN_IF_ERROR(begin());
  const PageRequest request = next();
  auto pages = org_.fetch(std::span{&request, 1});
  CHECK(pages.size() == 1);
  ASSIGN_OR_RETURN(Page page, std::move(pages.front()));
  return settle(std::move(page));
}

base::Result<Step> PullPass::settle(Page page) {
  CHECK(progress_.has_value());
  const std::size_t settled = settled_prefix(page.observed, safeguards_);
  const bool running_second_left = settled < page.observed.size();
  const bool more = page.more && !running_second_left;
  // Without one record to go on from, the same page would come again for ever.
  if (more && settled == 0)
    return base::failure(base::ErrorKind::malformed,
                         "a whole page of " + mapping_.object + " records holds values that cannot be read, the first " +
                             (page.unreadable.empty() ? "without a name" : page.unreadable.front().error.message));
  page.observed.truncate(settled);

  ReadProgress ahead = *progress_;
  for (const RecordHead& head : page.observed.heads) ahead.settled({head.stamp, head.id});
  const model::Position position = ahead.position(page.observed.as_of, !more && !running_second_left);
  const bool nothing_new = settled == 0 && page.unreadable.empty();
  ASSIGN_OR_RETURN(const auto stored, store_.position(mapping_));
  if (!(nothing_new && stored == position)) {
    if (!safeguards_.position_with_rows)
      RETURN_IF_ERROR(store_.update(mapping_, {}, [&](const Known&) { return WriteSet{{}, {}, position}; }));
    RETURN_IF_ERROR(store_page(page.observed, std::move(page.unreadable), position));
  }
  progress_ = std::move(ahead);
  if (more) return Step::progressed;
  return running_second_left ? Step::waiting : Step::idle;
}

base::Result<void> PullPass::store_page(const Observation& observed, std::vector<Unreadable> unreadable,
                                        const model::Position& position) {
  if (backfilling_ && unreadable.empty() && observed.size() > 0 && carries_no_key(observed) &&
      mapping_.direction != model::SyncDirection::to_org) {
    ASSIGN_OR_RETURN(const bool loaded, store_.load(mapping_, observed, position));
    if (loaded) {
      counts_.created += static_cast<std::int64_t>(observed.size());
      return {};
    }
  }
  ASSIGN_OR_RETURN(const auto refused, store_.settle(mapping_, observed, [&](const Known& known) {
    settle_page(mapping_, observed, known, clock_.now(), safeguards_, decided_);
    decided_.writes.unreadable = unreadable;
    if (safeguards_.position_with_rows) decided_.writes.position = position;
    return decided_.writes;
  }));
  counts_ += decided_.counts;
  counts_.parked += static_cast<std::int64_t>(refused.size() + unreadable.size());
  return {};
}

base::Result<Step> PullPass::retry_parked() {
  ASSIGN_OR_RETURN(const auto ids, store_.parked_records(mapping_, clock_.now(), page_size_));
  if (ids.empty()) return Step::idle;
  ASSIGN_OR_RETURN(auto observed, org_.retrieve(mapping_, ids));
  ASSIGN_OR_RETURN(const auto refused, store_.settle(mapping_, observed, [&](const Known& known) {
    settle_page(mapping_, observed, known, clock_.now(), safeguards_, decided_);
    return decided_.writes;
  }));
  counts_ += decided_.counts;
  counts_.parked += static_cast<std::int64_t>(refused.size());
  return Step::idle;
}

}  // namespace core
