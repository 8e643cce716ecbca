#include "core/filter_leave.h"

#include <algorithm>

#include "core/deletes.h"

namespace core {

std::optional<FilterPlace> new_place(const model::Mapping& mapping, FilterPlace before, bool in_filter) {
  FilterPlace after = before;
  const bool flags = mapping.on_filter_leave == model::FilterLeave::flag;
  if (in_filter) {
    after = FilterPlace::inside;
  } else if (flags) {
    after = FilterPlace::flagged;
  } else if (before != FilterPlace::outside) {
    after = FilterPlace::leaving;
  }
  return after == before ? std::nullopt : std::optional{after};
}

bool reaches_out(std::string_view filter) {
  bool in_text = false;
  for (std::size_t i = 0; i < filter.size(); ++i) {
    if (in_text && filter[i] == '\\') {
      ++i;
    } else if (filter[i] == '\'') {
      in_text = !in_text;
    } else if (!in_text && filter[i] == '.' && i > 0 && i + 1 < filter.size()) {
      const char next = filter[i + 1];
      // A number has digits there, and no name begins with one.
      if ((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z')) return true;
    }
  }
  return false;
}

bool may_leave(const model::Mapping& mapping, const KnownHead& head, std::span<const model::Cell> base,
               std::span<const model::Cell> row, const Safeguards& safeguards, std::vector<Conflict>& conflicts) {
  if (!safeguards.leave_after_push) return true;
  if (head.unreadable) return false;
  const bool is_sent = mapping.direction != model::SyncDirection::to_store;
  if (is_sent && head.pending != model::OutboxSeq::none) return false;
  const auto edited = edited_fields({.mapping = &mapping,
                                     .deleted = model::Side::org,
                                     .policy = model::DeletePolicy::follow,
                                     .base = base,
                                     .living = row});
  if (edited.empty()) return true;
  const bool is_open = std::ranges::any_of(
      edited, [&](std::size_t f) { return mapping.fields[f].on_conflict == model::ConflictPolicy::manual; });
  if (head.parked || is_open) return false;
  for (const std::size_t f : edited)
    conflicts.push_back({f, base[f], base[f], row[f], Conflict::Decision::org_won, {}, {}, {}});
  return true;
}

std::string flag_text(const model::Mapping& mapping) {
  return "its record no longer matches the filter of " + mapping.object + "; both are still kept in step";
}

}  // namespace core
