#pragma once

#include "base/arena.h"
#include "simulator/org/value.h"

namespace simulator {

struct World;

/// The value of a field that is worked out from others when it is read: names, addresses, what follows from a stage
/// or a status, activities, formulas. The record exists. Text lives in `arena` or until the next write.
Cell derived(const World& world, RecordKey record, std::size_t field, base::Arena& arena);

}  // namespace simulator
