#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/clock.h"
#include "model/cell.h"
#include "model/grid.h"

namespace model {

/// A value that a push announced before it wrote: the org may hold it, now or never.
struct SentValue {
  std::size_t field;
  Cell value;
  base::Utc at{};    ///< The org's clock before it was sent, in whole seconds; zero: not known.
  base::Utc over{};  ///< SystemModstamp of the record that it was to replace, in whole seconds; zero: not known.
};

/// Packs a record's cells into one compact string: the layout (4 bytes), then per field a varint (0 null,
/// else length + 1) and the bytes. An unresolved cell packs as null.
void pack_cells(std::uint32_t layout, std::span<const Cell> cells, std::string& out);

/// Unpacks what pack_cells() wrote under the same layout into `cells`, borrowing from `packed`.
/// False when the layout differs or the bytes make no sense; `cells` are then all null.
bool unpack_cells(std::uint32_t layout, std::string_view packed, std::span<Cell> cells);

/// The same for a list of sent values: layout, then per value the field's ordinal and the cell; before values of
/// another attempt than those before them, max_fields and that attempt's two times in seconds.
void pack_sent(std::uint32_t layout, std::span<const SentValue> values, std::string& out);

/// Empty when the layout differs or the bytes make no sense; the values borrow from `packed`.
std::vector<SentValue> unpack_sent(std::uint32_t layout, std::string_view packed);

}  // namespace model
