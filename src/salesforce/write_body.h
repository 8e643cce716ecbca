#pragma once

#include <string>

#include "core/ports/org.h"

namespace salesforce {

/// Appends the write's fields as JSON members: `"FirstName":"Ann","Amount":12.5,"Phone":null`. Null clears a field in
/// the org, a missing member leaves it. Left out are fields that belong to a parent record, references that have
/// no value on this side yet, and the upsert key, which each kind of call wants in a place of its own.
/// `first`: nothing stands before in the object.
void append_members(std::string& out, const model::Mapping& mapping, const core::OrgWrite& write, bool first);

/// Why the write cannot go out at all; one such would have the org refuse the whole call. Nothing if it can.
base::Result<void> check_write(const model::Mapping& mapping, const core::OrgWrite& write);

}  // namespace salesforce
