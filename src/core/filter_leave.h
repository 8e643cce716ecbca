#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/store.h"
#include "core/safeguards.h"

namespace core {

/// Where a linked record's place moves to, now that it is known whether it matches the filter; nothing if it stays.
/// Pure.
std::optional<FilterPlace> new_place(const model::Mapping&, FilterPlace before, bool in_filter);

/// True for a filter that asks for fields of other records ("Account.Industry"), whose changes stamp no record of the
/// filtered object.
bool reaches_out(std::string_view filter);

/// A row whose record left the filter, about to be removed: true if it holds nothing that the org has still to get. An
/// edit that no push can bring over any more is kept in `conflicts`, whose cells borrow from the spans. Pure.
bool may_leave(const model::Mapping&, const KnownHead&, std::span<const model::Cell> base,
               std::span<const model::Cell> row, const Safeguards&, std::vector<Conflict>& conflicts);

/// What a flagged row shows in its message column.
std::string flag_text(const model::Mapping&);

}  // namespace core
