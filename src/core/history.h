#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/ports/store.h"

namespace core {

/// What a settlement did, as the history keeps it.
struct HistoryNote {
  /// row_created, row_updated, row_deleted, row_archived, record_created, record_updated, record_deleted,
  /// record_archived, linked, conflict, resolved, parked; deleted_in_crm and deleted_in_salesforce when a deletion is
  /// seen that was not ours; left_filter, back_in_filter, and row_removed for a row that went because its record left
  /// the filter.
  std::string_view action;
  /// {"changes": [{"field", "side": "crm" | "salesforce", "before", "after", "decision"}], "error", "code", "by"}
  std::string details;
};

/// The note for a settlement that was stored as it is; nothing if it did nothing that anybody would ask for. `row` is
/// the row before it, `base` the merge base: what was last known of a side that is gone. `opened` are the conflicts
/// that were not open before. Pure.
std::optional<HistoryNote> history_note(const model::Mapping&, const KnownHead&, std::span<const model::Cell> row,
                                        std::span<const model::Cell> base, const Settlement&,
                                        std::span<const Conflict> opened);

/// What is or was to be sent, by the org's names: {"LastName": "Lane"}.
std::string request_json(const model::Mapping&, const model::FieldSet& fields, std::span<const model::Cell> values);

}  // namespace core
