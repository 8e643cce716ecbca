#pragma once

#include "base/clock.h"
#include "base/error.h"

namespace core {

/// When something that was set aside is tried again by itself, after `attempts` failures. What only people can mend is
/// tried hourly, then ever more rarely, after the eighth time weekly; a change of the row or the record is no wait at
/// all. Pure.
base::Utc next_attempt(base::ErrorKind kind, int attempts, base::Utc now);

}  // namespace core
