#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/clock.h"
#include "model/ids.h"

namespace model {

/// Nothing read yet: the first read is a backfill.
struct Beginning {
  bool operator==(const Beginning&) const = default;
};

/// A place in the order of SystemModstamp, ties within one second broken by record id.
struct Keyset {
  base::Utc at{};
  RecordId last{};  ///< None: before every record of `at`.
  bool operator==(const Keyset&) const = default;
};

/// How far a poll by SystemModstamp has come, and where it must look again.
///
/// A stamp is given when the record is written, the record shows only when its transaction commits, up to
/// ten minutes later. So each run starts a little behind the last one (`revisit_from`, bounded in time and in
/// records), and every quarter of an hour one reads again all that could have been open then (`sweep_from`).
/// All times are the org's own.
struct Watermark {
  Keyset reached;              ///< The last record that is settled in the store.
  Keyset revisit_from;         ///< Where the next run starts; never behind `reached` by more than the revisit bounds.
  base::Utc sweep_from{};      ///< Where the next sweep starts.
  base::Utc swept_at{};        ///< When the last sweep (or the backfill) started.
  bool backfilling = false;    ///< The first load is not through yet.
  base::Utc ids_checked_at{};  ///< When every linked record was last looked for; none before the first time.
  /// When every linked record was last compared with the filter, for mappings that follow who leaves it; none: it is
  /// still to be done.
  base::Utc filter_checked_at{};
  std::uint64_t seen = 0;  ///< Stands for the ids and stamps of the records after `revisit_from` that are settled.
  bool operator==(const Watermark&) const = default;
};

/// A place in the results of a Bulk query job that reads the whole object. Its records come in no order of time, so no
/// watermark stands before all of them are read; then it stands a little before `started_at`.
struct BulkPlace {
  std::string job;         ///< The job's id: "750…".
  std::string locator;     ///< The page of its results being read; empty: the first.
  std::uint64_t rows = 0;  ///< Of that page, how many are settled.
  base::Utc started_at{};  ///< The org's clock before the job was made.
  bool operator==(const BulkPlace&) const = default;
};

using Position = std::variant<Beginning, Watermark, BulkPlace>;

}  // namespace model
