#pragma once

#include <span>
#include <utility>
#include <vector>

#include "core/ports/org.h"
#include "core/ports/store.h"
#include "core/safeguards.h"

namespace core {

/// What the org's answer means for rows that have no record yet.
struct Twins {
  std::vector<std::size_t> row_of;                ///< Record → the one row that it is; none() where there is none.
  std::vector<std::vector<std::size_t>> several;  ///< Row → records that it may be any of; empty where that is clear.
  static constexpr std::size_t none() { return static_cast<std::size_t>(-1); }
};

/// Compares rows with the records that the org found alike by `rule`. `free`: whether a record has no row; `contested`:
/// it fits several rows. A row with several free records, or one that other rows fit too, is unclear. Pure.
Twins match_twins(std::span<const std::size_t> rule, std::span<const std::span<const model::Cell>> rows,
                  const Observation& records, const std::vector<bool>& free, const std::vector<bool>& contested);

/// What became of rows that were about to be made records.
struct LinkedTwins {
  std::int64_t linked = 0, conflicts = 0;
  std::vector<std::pair<model::RowKey, base::Error>> ambiguous;  ///< Set aside.
};

/// Rows that never had a record, about to be made records: asks the org by the mapping's match rules whether it has
/// them. One record that fits: the two are brought together as at a first contact. Several: the row is set aside until
/// somebody settles which. None: nothing.
///
/// Asks nothing where a pull has seen all there is (`position`): it has matched what was there. A record that somebody
/// makes in the seconds between that pull, or this question, and the create is not found; the org's own duplicate rules
/// are for that. Links are stored before anything is sent, so dying anywhere only asks again.
base::Result<LinkedTwins> link_twins(const model::Mapping&, Org&, Store&, const base::Clock&, const Safeguards&,
                                     const model::Position& position, std::span<const OutboxEntry> entries);

}  // namespace core
