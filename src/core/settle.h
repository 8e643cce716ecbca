#pragma once

#include "core/ports/store.h"
#include "core/reconcile.h"

namespace core {

/// What a page came to, for the run's summary.
struct PullCounts {
  std::int64_t created = 0, updated = 0, unchanged = 0, linked = 0, conflicts = 0;
  std::int64_t parked = 0;  ///< Counted by the pass.
  PullCounts& operator+=(const PullCounts& other);
};

/// Owns the cells that a decision makes; a WriteSet borrows from it and dies with it.
struct Decided {
  WriteSet writes;
  model::Grid bases;  ///< One row a key.
  PullCounts counts;
};

/// The store's half of one record's merge, into `settlement`: columns, base, conflicts, open announcements.
/// `base` receives the new merge base and must outlive the settlement.
void settle_store_half(const Sides&, std::span<const Outcome> outcomes, std::span<model::Cell> base, Settlement&);

/// What is set aside may have been seen and not been settled.
base::Utc seen_by(const KnownHead&, base::Utc seen_through);

/// Notes beside conflicts who changed the two sides, and when.
void date_conflicts(const RecordHead&, const KnownHead&, std::vector<Conflict>&);

/// Code of a record that fits a row that was there before, while records are to come that may fit it too.
inline constexpr std::string_view waits_for_all = "WAITING_FOR_ALL_RECORDS";
/// When such a record is due: before any clock, so that every look at what is due finds it.
inline constexpr base::Utc due_at_once{std::chrono::milliseconds{1}};

/// A pull's decision for a page: everything the store needs to follow the org. What the org still needs is put
/// into the outbox for a push to find. `seen_through`: see Sighting. `more_to_come`: the reading goes on after this
/// page, so a record is not yet taken for the row that a match rule names: it is set aside until all were seen.
void settle_page(const model::Mapping&, const Observation&, const Known&, base::Utc now, base::Utc seen_through,
                 const Safeguards&, Decided&, bool more_to_come = false);

}  // namespace core
