#pragma once

#include "core/pull_pass.h"

namespace core {

/// Brings rows together with the records that they name themselves: at the first contact with a table whose
/// `salesforce_id` somebody else filled in, the program that synced it before or a restored copy. Ids are exact, so
/// nothing else is compared, and this comes before anything is read by match rules. What each row and its record hold
/// is merged as at any first contact.
///
/// A record that was merged stands for the one it was merged into. A row whose record was deleted is set aside: to make
/// it again unasked might bring back what people threw away. An id that the org does not know says nothing.
///
/// One retrieve for a page of rows, and one more call where some are missing. A claim is asked about once. The
/// references are borrowed and must outlive it.
class ClaimPass {
 public:
  ClaimPass(const model::Mapping&, Org&, Store&, const base::Clock&, const Safeguards& = {},
            std::size_t page_size = 2000);

  /// Asks about one page of rows. `idle`: no row claims anything that was not asked about.
  base::Result<Step> step();

  /// Asks for half as many records at a time from now on, when the org could not make out so many.
  void take_less() { page_size_ = less_than(page_size_); }

  const PullCounts& counts() const { return counts_; }
  const std::vector<RunError>& errors() const { return errors_; }  ///< Of the rows and records that were set aside.

 private:
  base::Result<void> link(Observation& records, const std::vector<model::RowKey>& rows);
  base::Result<void> settle_missing(std::span<const Claim> missing);
  void set_aside(const std::string& record, const base::Error& error);

  const model::Mapping& mapping_;
  Org& org_;
  Store& store_;
  const base::Clock& clock_;
  const Safeguards safeguards_;
  std::size_t page_size_;
  PullCounts counts_;
  std::vector<RunError> errors_;
  Decided decided_;
};

}  // namespace core
