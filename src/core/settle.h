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

/// A pull's decision for a page: everything the store needs to follow the org. What the org still needs is put
/// into the outbox for a push to find. `seen_through`: see Sighting.
void settle_page(const model::Mapping&, const Observation&, const Known&, base::Utc now, base::Utc seen_through,
                 const Safeguards&, Decided&);

}  // namespace core
