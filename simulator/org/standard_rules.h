#pragma once

#include "base/clock.h"
#include "simulator/org/api_error.h"
#include "simulator/org/caller.h"
#include "simulator/org/world.h"

namespace simulator {

// What Salesforce's own objects demand beyond what describe says. `before` is null on create.

/// Whether a record may be the parent: record types of this object, active owners. INVALID_CROSS_REFERENCE_KEY,
/// INACTIVE_OWNER_OR_USER.
Outcome<void> check_parent(const World& world, const Object& object, const Field& field, RecordKey parent);

/// Fills in what the org decides: defaults, the owner, automatic numbers, what follows from a stage, an event's times.
void complete_row(World& world, const Object& object, const Row* before, Row& row, const Caller& caller,
                  base::Utc now);

/// What must hold between a row's fields. CANNOT_UPDATE_CONVERTED_LEAD, REQUIRED_FIELD_MISSING of events; permissions of
/// fields that there are.
Outcome<void> check_row(const World& world, const Object& object, const Row* before, const Row& row);

}  // namespace simulator
