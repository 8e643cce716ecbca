#pragma once

#include <algorithm>

#include "base/clock.h"
#include "core/ports/registry.h"
#include "core/settle.h"
#include "core/watermark.h"

namespace core {

enum class Step {
  progressed,  ///< There may be more: call again.
  waiting,     ///< What is left changed in the running second; worth another call when that is over.
  pending,     ///< The org is preparing what was asked for; worth another call after ready_in().
  idle,        ///< Nothing is waiting now.
};

/// How many records to ask for at a time when the org could not make out `size`.
constexpr std::size_t less_than(std::size_t size) {
  return std::max(size / 2, std::min<std::size_t>(size, 100));
}

/// Brings one mapping's changes from the org into the store, one page a step.
///
///     fetch -> decode -> map -> reconcile -> apply -> checkpoint
///
/// A pass lives for one run and remembers only how far that run has read; what counts is in the store. Rows,
/// merge bases and the position are written together, so dying anywhere repeats a page and never skips one;
/// reconcile() makes the repeat do nothing.
///
/// Where the org reads a whole object in bulk, the pages come in no order: the position is then a place in that
/// reading, and becomes a watermark with the last page. What changed meanwhile is read after it. Until then nothing may
/// be pushed, since a page can be older than what we wrote.
///
/// Where it matters which records leave the mapping's filter, the changes of all records are polled, and the org is
/// asked which of them match; nothing is asked where the page only repeats what the last run has settled.
///
/// A mapping's pull and push steps never run at the same time. The references are borrowed and must outlive it.
class PullPass {
 public:
  PullPass(const model::Mapping&, Org&, Store&, const base::Clock&, const Lookback& = {}, const Safeguards& = {},
           std::size_t page_size = 10'000);

  /// Reads the position and says what to fetch first, so that the first looks of several mappings can share a call.
  base::Result<PageRequest> begin();

  /// Settles a page that begin() or next() asked for.
  base::Result<Step> settle(Page page);

  /// begin() if need be, fetch, settle.
  base::Result<Step> step();

  /// Settles records that were set aside and may go on now; at most one page of them.
  base::Result<Step> retry_parked();

  /// Asks for half as many records at a time from now on, when the org could not make out so many.
  void take_less() { page_size_ = less_than(page_size_); }

  PageRequest next() const {
    return {backfilling_ ? &mapping_ : &polled_, progress_->cursor(), page_size_, bulk_, backfilling_, !backfilling_};
  }
  std::chrono::milliseconds ready_in() const { return ready_in_; }
  /// True if it is time to look for every linked record: what was purged leaves no other trace.
  bool ids_are_due() const;
  /// Looks for a page of linked records after the link `after` and marks what is gone. One call for two thousand.
  base::Result<Step> check_ids(std::int64_t& after);
  /// Looks at a page of records after the link `after` that were gone (`record_deleted` or `both_gone`): one that was
  /// hidden from us and can be seen again has not changed for it, so no poll brings it.
  base::Result<Step> look_again(LinkState state, std::int64_t& after);
  /// Finds out what became of linked records that are not there, and marks it; RowDeletes then settles their rows.
  base::Result<void> settle_gone(std::span<const model::RecordId> ids);

  /// True if it is time to compare every linked record with the filter: it changed, or it depends on other records.
  /// Only for mappings that follow who leaves it.
  base::Result<bool> filter_is_due();
  /// How far such a comparison has come: through the links, then, where the filter depends on other records, through
  /// the records that match it, since some of them may have come in unstamped.
  struct FilterCheck {
    std::int64_t link = 0;
    bool links_done = false;
    model::Keyset place{};
  };
  /// Compares a page. Two calls for two thousand links, one for two thousand records.
  base::Result<Step> check_filter(FilterCheck&);

  /// From then on a page that would bring the rows changed beyond `most` is not stored, and its step fails with
  /// MASS_CHANGE.
  void stop_before(std::int64_t most) { most_changes_ = most; }

  bool backfilling() const { return backfilling_; }
  const PullCounts& counts() const { return counts_; }
  const std::vector<RunError>& errors() const { return errors_; }  ///< Of the records that were set aside.

 private:
  base::Result<Step> settle_bulk(Page page);
  base::Result<void> begin_anew();
  base::Result<void> store_page(Observation&, const model::Position&);
  base::Result<void> settle_observed(Observation&, const std::function<void(WriteSet&)>& complete,
                                     bool more_to_come = false);
  /// Finds out which of the records match the filter, where that matters.
  base::Result<void> compare_with_filter(Observation&);
  base::Result<Step> check_leaving(FilterCheck&);
  base::Result<Step> check_entering(FilterCheck&);
  void set_aside(const model::RecordId&, const base::Error&);

  const model::Mapping& mapping_;
  Org& org_;
  Store& store_;
  const base::Clock& clock_;
  const Lookback lookback_;
  const Safeguards safeguards_;
  std::size_t page_size_;
  model::Mapping polled_;               ///< Without its filter, where all changes are looked at.
  model::Mapping ids_only_;             ///< The mapping without its fields: for finding out who is there.
  std::optional<base::Utc> looked_at_;  ///< When the last run's sweep was, in the org's time.
  std::optional<base::Utc> ids_checked_at_;
  base::Utc seen_at_{};       ///< The org's clock at the last page.
  base::Utc seen_through_{};  ///< By earlier runs.
  bool first_load_ = false;
  bool saw_all_ = false;  ///< The reading came to its end: what waits until all records came may be settled.
  std::optional<ReadProgress> progress_;
  std::optional<model::BulkPlace> bulk_;  ///< While a whole object is read in bulk.
  std::chrono::milliseconds ready_in_{0};
  bool backfilling_ = false;
  model::RecordId
      retried_;  ///< The first of the page of set-aside records that was settled just before, if there is more.
  std::optional<std::int64_t> most_changes_;
  PullCounts counts_;
  std::vector<RunError> errors_;
  Decided decided_;
};

}  // namespace core
