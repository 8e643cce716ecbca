#pragma once

#include <vector>

#include "core/ports/org.h"
#include "salesforce/rest_client.h"

namespace salesforce {

/// Org::write() over REST. Up to 25 writes of which one has a condition: a Composite call of single rows. Else
/// collections of up to 200 records, five to a Composite call.
///
/// The first call's failure is the whole write's. Of later ones it is that of their records, and what comes after
/// is not sent any more: `unreachable`.
base::Result<std::vector<base::Result<model::RecordId>>> write_records(RestClient& client,
                                                                       const model::Mapping& mapping,
                                                                       std::span<const core::OrgWrite> writes);

}  // namespace salesforce
