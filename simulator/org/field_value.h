#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "simulator/org/api_error.h"
#include "simulator/org/schema.h"
#include "simulator/org/value.h"

namespace simulator {

/// What a caller sent for a field, as the org keeps it: trimmed, rounded, checked for type, length and form.
/// A reference comes back by the 15 characters of its id in `text` with the kind `reference`; whether the record is
/// there is for the caller to see.
Outcome<Value> read_field_value(const Field& field, const boost::json::value& json);

}  // namespace simulator
