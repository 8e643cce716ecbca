#pragma once

#include <boost/json/value.hpp>
#include <string_view>

#include "base/arena.h"
#include "simulator/org/api_error.h"
#include "simulator/org/schema.h"
#include "simulator/org/value.h"

namespace simulator {

/// What a caller sent for a field, as the org keeps it: trimmed, rounded, checked for type, length and form. Text
/// lives in what was sent or in `arena`. A reference comes back with the kind `reference` and the 15 characters of
/// its id as text; which record that is, is for the caller to see.
Outcome<Cell> read_json(const Field& field, const boost::json::value& json, base::Arena& arena);

/// The same for a value of a CSV file. Empty text is null; what "#N/A" and an empty column mean is for the caller.
Outcome<Cell> read_text(const Field& field, std::string_view text, base::Arena& arena);

}  // namespace simulator
