#pragma once

#include "core/pull_pass.h"

namespace core {

/// Reads records again because the mapping changed: a field that is new, or that follows other rules than before, for
/// all records that are linked; everything, also records that were not read before, after another filter. Stores keep
/// what is still to be read (see Store::sweep), so a run that ends early goes on with the next.
///
/// Of a new field nothing but that field is read: the others count as they were agreed on. What only the row holds is
/// put into the outbox for a push to find.
///
/// A mapping's sweep, pull and push steps never run at the same time. The references are borrowed and must outlive it.
class SweepPass {
 public:
  SweepPass(const model::Mapping&, Org&, Store&, const base::Clock&, const Safeguards& = {},
            std::size_t page_size = 2000);

  /// Does at most one page of work. `idle`: nothing is to be read again.
  base::Result<Step> step();

  /// Asks for half as many records at a time from now on, when the org could not make out so many.
  void take_less() { page_size_ = less_than(page_size_); }

  /// As PullPass::stop_before(), `before` rows of the run having been changed before this pass.
  void stop_before(std::int64_t most, std::int64_t before) {
    most_changes_ = most;
    changed_before_ = before;
  }

  const PullCounts& counts() const { return counts_; }
  const std::vector<RunError>& errors() const { return errors_; }  ///< Of the records that were set aside.

 private:
  base::Result<Page> fetch(const Sweep&);
  void widen(const Page& narrow, const std::vector<std::size_t>& ordinals, Observation& wide) const;
  void fill(const Sweep&, const Observation&, const Known&, Observation& filled) const;

  const model::Mapping& mapping_;
  Org& org_;
  Store& store_;
  const base::Clock& clock_;
  const Safeguards safeguards_;
  std::size_t page_size_;
  std::optional<std::int64_t> most_changes_;
  std::int64_t changed_before_ = 0;
  PullCounts counts_;
  std::vector<RunError> errors_;
  Observation filled_;
  Decided decided_;
};

}  // namespace core
