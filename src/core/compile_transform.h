#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/mapping.h"

namespace core {

/// A user's `transform`, taken apart.
struct CompiledTransform {
  std::shared_ptr<const model::Transform> transform;
  std::vector<std::string> more_columns;  ///< What `join` adds, as the user wrote it.
  bool is_constant = false;               ///< No value of the source side is looked at.
};

/// Reads the JSON of a `transform` for a field of that direction and of that type in the org:
///   "trim", "upper", "lower", "title", {"case": "upper"}, {"truncate": 40}, {"default": "Web"}, {"constant": "Web"},
///   {"toSalesforce": {"won": "Closed Won"}}, {"toCrm": {"Closed Won": "won"}}, both of them,
///   {"split": "first"}, {"split": "last"}, {"join": ["lastName"]}, or several in an array, in their order.
///
/// A field that flows both ways has to come back as it went: what cannot be turned back is refused, with the direction
/// as the remedy. Pure. Errors: `settings`; the message completes "is set aside: ".
base::Result<CompiledTransform> compile_transform(std::string_view json, model::SyncDirection, const model::FieldType&);

}  // namespace core
