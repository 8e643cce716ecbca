#pragma once

#include <span>
#include <vector>

#include "core/ports/org.h"
#include "salesforce/rest_client.h"

namespace salesforce {

/// Org::remove(): collections of 200, five to a call. What the first call's failure leaves undone is the whole
/// removal's failure; after a later one the rest is not sent any more.
base::Result<std::vector<base::Result<void>>> remove_records(RestClient& client, const model::Mapping& mapping,
                                                             std::span<const core::OrgRemoval> removals,
                                                             std::vector<std::string>& requests);

}  // namespace salesforce
