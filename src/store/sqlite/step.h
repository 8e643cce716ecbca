#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/ports/store.h"
#include "store/sqlite/prepared.h"

namespace store {

/// What was read of one key beside what the core is told.
struct Found {
  std::int64_t link_id = 0;  ///< 0: there is no link.
  std::string row_key;       ///< Of the link, even where the row is gone; or of the row.
  std::string linked_row;  ///< What the link said when it was read: its key may have been given to a row of this step.
  std::string_view base = {};  ///< Of the link, packed; in the arena of the bases.
};

/// One settle() or update() on its way through its transaction.
struct Step {
  Prepared& mapping;
  const core::Observation* observed;  ///< Null: keyed by rows.
  std::span<const model::RowKey> rows;
  core::Known& known;
  std::vector<Found> found = {};
  std::vector<core::Refused> refused = {};
  base::Utc now{};
  std::unordered_multimap<std::string, std::size_t> fitting = {};  ///< Row that a match rule names → records here.
  bool any_parked = false;
  bool any_open_conflicts = false;
  bool any_aliases = false;
  bool any_claims = false;
  bool any_detached = false;  ///< References that were emptied because a row left the filter.
  bool wrote_conflicts = false;
  std::vector<core::Conflict> opened = {};  ///< By the settlement in hand.

  std::size_t size() const { return observed ? observed->size() : rows.size(); }
  /// The record that key `at` is about, as far as it is known.
  model::RecordId record(std::size_t at) const { return observed ? observed->heads[at].id : known.heads[at].record; }
};

inline std::int64_t milliseconds(base::Utc moment) {
  return moment.time_since_epoch().count();
}

std::string_view name_of(core::LinkState state);
core::LinkState link_state_named(std::string_view name);
std::string_view name_of(core::FilterPlace place);  ///< Empty: inside.
core::FilterPlace filter_place_named(std::string_view name);

}  // namespace store
