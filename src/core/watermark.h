#pragma once

#include <cstddef>
#include <deque>
#include <span>

#include "core/safeguards.h"
#include "model/mapping.h"
#include "model/position.h"

namespace core {

/// How far each run looks back for records that show later than they are stamped.
/// Source: an API transaction may run for ten minutes (Salesforce Limits, "API request limits").
struct Lookback {
  std::chrono::seconds revisit{30};       ///< Each run starts this far behind the last one …
  std::size_t revisit_records = 500;      ///< … but re-reads no more records than this.
  std::chrono::minutes overlap{15};       ///< A sweep starts this far behind the previous sweep …
  std::chrono::minutes sweep_every{15};   ///< … and runs this often.
  std::chrono::hours bin_keeps{14 * 24};  ///< Deleted records are seen for so long, less a day of fifteen.
  std::chrono::hours check_ids_every{7 * 24};
  std::chrono::hours check_filter_every{24};  ///< Where a filter depends on other records, whose changes show nowhere.
};

/// Where a run starts to read, and whether it is a sweep (a backfill is one too).
struct ReadPlan {
  model::Keyset after;
  bool sweep = false;
};

/// `now` only decides whether a sweep is due; no position comes from it.
ReadPlan plan_read(const model::Position& position, base::Utc now, const Lookback&, const Safeguards&);

/// Where reading goes on after a whole object was read in bulk: its records were read at some time since `started_at`,
/// so all that may have been written or committed since is read again.
model::Watermark after_bulk(base::Utc started_at, const Lookback&);

/// Whatever the org committed under a stamp before this, the readings up to `position` have shown; zero: nothing yet.
base::Utc seen_through(const model::Mapping& mapping, const model::Position& position);

/// Follows one run's reading and says which position to store with each page.
class ReadProgress {
 public:
  ReadProgress(const model::Position& position, const ReadPlan& plan, const Lookback&, const Safeguards&);

  /// Takes note of a settled record.
  void settled(const model::Keyset& place);

  const model::Keyset& cursor() const { return cursor_; }
  void ids_checked(base::Utc at) { watermark_.ids_checked_at = at; }
  void filter_checked(base::Utc at) { watermark_.filter_checked_at = at; }

  /// True if these are all the records that the last run left to be read again, as they were, and nothing else: what
  /// they hold is settled. `places` are the first ones of this run.
  bool repeats(std::span<const model::Keyset> places) const;

  /// The position once everything up to cursor() is stored. `as_of` is the org's clock of the page;
  /// `through`: nothing settled lies behind the page.
  model::Watermark position(base::Utc as_of, bool through);

 private:
  model::Watermark watermark_;
  model::Keyset started_from_;
  model::Keyset cursor_;
  bool sweep_;
  std::optional<base::Utc> started_at_;  ///< The org's clock at the first page.
  std::deque<model::Keyset> recent_;
  Lookback lookback_;
  Safeguards safeguards_;
};

}  // namespace core
