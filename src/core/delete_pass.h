#pragma once

#include <string>
#include <vector>

#include "core/deletes.h"
#include "core/ports/registry.h"
#include "core/pull_pass.h"
#include "core/safeguards.h"

namespace core {

struct DeleteCounts {
  std::int64_t deleted = 0, revived = 0, conflicts = 0, parked = 0;
};

/// What the delete passes have in common: counts, and the errors of what was set aside.
class DeletePass {
 public:
  const DeleteCounts& counts() const { return counts_; }
  const std::vector<RunError>& errors() const { return errors_; }

  /// Asks for half as many records at a time from now on, when the org could not make out so many.
  void take_less() { page_size_ = less_than(page_size_); }

 protected:
  DeletePass(const model::Mapping& mapping, Store& store, const base::Clock& clock, const Safeguards& safeguards,
             std::size_t page_size)
      : mapping_(mapping), store_(store), clock_(clock), safeguards_(safeguards), page_size_(page_size) {}
  void set_aside(const std::string& row, const base::Error& error);
  void set_aside(const std::vector<model::RowKey>& rows, const std::vector<Refused>& refused);

  const model::Mapping& mapping_;
  Store& store_;
  const base::Clock& clock_;
  const Safeguards safeguards_;
  std::size_t page_size_;
  std::int64_t after_ = 0;  ///< The last link that was dealt with.
  DeleteCounts counts_;
  std::vector<RunError> errors_;
};

/// Settles the rows whose records were deleted, a page of them a step: each is deleted, archived, left alone or made
/// again in the org, as the mapping says, unless it was edited meanwhile (see decide_deletion). Reading the row,
/// deciding and deleting are one transaction.
///
/// Runs after the pull has seen everything, so that a record that lives again is known to, and after the brake.
class RowDeletes : public DeletePass {
 public:
  RowDeletes(const model::Mapping&, Store&, const base::Clock&, const Safeguards& = {}, std::size_t page_size = 500);
  base::Result<Step> step();

 private:
  void decide(const Known&, std::size_t at, Settlement&);

  model::Grid bases_;
};

/// Removes the rows whose records left the filter, a page of them a step, once their edits are with the org. Whether a
/// record is still outside is asked right before: its row's edit may have brought it back. The records stay.
///
/// Runs after the push of all mappings, children before parents, and after the brake.
class LeftRows : public DeletePass {
 public:
  LeftRows(const model::Mapping&, Org&, Store&, const base::Clock&, const Safeguards& = {},
           std::size_t page_size = 500);
  base::Result<Step> step();

 private:
  void decide(const Known&, std::size_t at, bool in_filter, Settlement&);

  Org& org_;
  model::Grid bases_;
};

/// Settles the records whose rows were deleted, a page of them a step: look at the records, record what a deletion
/// would destroy, delete, and only then note that both are gone. Dying anywhere repeats a delete, which does nothing.
///
/// Runs after the push of all mappings, children before parents: an update that moves a child away comes before its
/// parent's deletion could take it along.
class RecordDeletes : public DeletePass {
 public:
  RecordDeletes(const model::Mapping&, Org&, Store&, const base::Clock&, const Safeguards& = {},
                std::size_t page_size = 500);

  /// `waiting`: records were left that changed in the running second; call restart() then.
  base::Result<Step> step();
  void restart();
  /// Records that were left because records of their row's children would go along with them.
  std::int64_t held_by_children() const { return held_by_children_; }

 private:
  struct Look;
  struct Intent;
  base::Result<Look> look(const Store::LinkPage&);
  void announce(const Look&, const Known&, std::size_t at, Settlement&, Intent&);
  WriteSet confirm(const Known&, const std::vector<Intent>&, const std::vector<base::Result<void>>&);

  Org& org_;
  model::Grid bases_;
  bool left_behind_ = false;
  base::Utc seen_through_{};
  std::int64_t held_by_children_ = 0;
};

}  // namespace core
