#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "core/ports/registry.h"
#include "core/pull_pass.h"

namespace core {

struct PushCounts {
  std::int64_t created = 0, updated = 0, conflicts = 0, parked = 0, linked = 0;
};

/// Brings one mapping's changes from the store into the org, one page a step.
///
/// Order matters where a step can die half way:
///   1. one transaction reads the rows, settles the store's half, records every value the org is about to lose,
///      mints keys for creates and announces what will be sent,
///   2. then the org is written, refusing records that changed since they were read,
///   3. then one transaction moves the bases, links and outbox.
/// Dying after 2 leaves announced values that the next look recognises as ours; a create is found by its key,
/// among deleted records too, before anything is sent again.
/// An outbox entry stays until its row is written, agreed or parked; an edit made meanwhile has an entry of its own.
class PushPass {
 public:
  PushPass(const model::Mapping&, Org&, Store&, const base::Clock&, base::Random&, const Safeguards& = {},
           std::size_t page_size = 10'000);

  /// Does at most one page of work; none while the object is being read in bulk (see PullPass). `waiting`: rows were
  /// left that may go on within seconds; call restart() then.
  base::Result<Step> step();

  /// Asks for half as many records at a time from now on, when the org could not make out so many.
  void take_less() { page_size_ = less_than(page_size_); }

  /// Begins again with the oldest entry.
  void restart();

  const PushCounts& counts() const { return counts_; }
  const std::vector<RunError>& errors() const { return errors_; }  ///< Of the rows that were set aside.

 private:
  struct Intent;
  struct Look;
  base::Result<Look> look(const std::vector<OutboxEntry>&);
  base::Result<void> look_for_gone(const std::vector<model::RecordId>& wanted,
                                   const std::vector<std::size_t>& wanted_by, Look&);
  WriteSet announce(const Look&, const Known&, std::vector<Intent>&);
  void announce_row(const Look&, const Known&, std::size_t i, Settlement&, Intent&);
  std::optional<base::Error> announce_gone(const Look&, const Known&, std::size_t i, Settlement&);
  void announce_create(const Look&, const Known&, std::size_t i, Settlement&, Intent&);
  void announce_update(const Look&, const Known&, std::size_t i, Settlement&, Intent&);
  /// `attempt`: when it is made, and over what.
  void announce_values(std::vector<model::SentValue> sent, model::SentValue attempt, std::size_t i, Settlement&,
                       const Intent&);
  /// Sends the reference of the parent that the row names, or none, and has the row refer to it as well.
  void name_parent(const Known&, std::size_t i, std::size_t field, Settlement&, Intent&);
  /// Sets a row aside until the parent in `field` is there, or for some minutes.
  void set_waiting(const KnownHead&, Settlement&, Intent&, std::optional<std::size_t> field, base::Error why);
  base::Error why_waiting(const Known&, std::size_t i, std::size_t field) const;
  model::Cell kept(const model::Cell&);  ///< `known` ends with its transaction; what is sent must not.
  base::Result<void> withdraw(const Look&, const std::vector<Intent>&);
  void settle_announcement(const KnownHead&, const Intent&, std::size_t i, bool done, Settlement&);
  WriteSet confirm(const Look&, const Known&, const std::vector<Intent>&,
                   const std::vector<base::Result<model::RecordId>>& results);
  void count(const Look&, const std::vector<Intent>&, const std::vector<base::Result<model::RecordId>>& results);
  void count_refused(const Look&, const std::vector<Refused>&);
  void set_aside(const model::RowKey&, const base::Error&);

  const model::Mapping& mapping_;
  Org& org_;
  Store& store_;
  const base::Clock& clock_;
  base::Random& random_;
  const Safeguards safeguards_;
  std::size_t page_size_;
  model::OutboxSeq after_{};
  bool left_behind_ = false;
  base::Utc seen_through_{};  ///< By the pulls before.
  model::Grid values_;        ///< What the step sends; lives from the announcement to the confirmation.
  model::Grid bases_;
  model::Grid rows_;  ///< What the step writes into rows that name their parent.
  std::vector<Outcome> outcomes_;
  PushCounts counts_;
  std::vector<RunError> errors_;
};

}  // namespace core
