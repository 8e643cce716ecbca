#pragma once

#include <string_view>
#include <vector>

#include "simulator/org/soql.h"
#include "simulator/org/world.h"

namespace simulator {

/// Finds `path` from `object`. INVALID_FIELD with the caret in `statement`. A polymorphic reference can be the last hop
/// of a path; what lies behind it are the fields of Name: Id, Type, Name, FirstName and so on.
Outcome<FieldPath> resolve(const World& world, const Object& object, const soql::Path& path,
                           std::string_view statement);

/// The value at the end of the path. Null also where a parent is missing, but for a boolean, which is then false.
Cell cell_at(const World& world, RecordKey record, const FieldPath& path, base::Arena& arena);

/// Whether a query follows a reference to this record: it may be in the recycle bin, but not gone or hidden.
bool is_seen(const World& world, RecordKey parent);

/// The place of a field of the record that a polymorphic reference leads to, by the place of the record's object.
inline constexpr std::size_t no_field = static_cast<std::size_t>(-1), type_field = static_cast<std::size_t>(-2);

}  // namespace simulator
