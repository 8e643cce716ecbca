#pragma once

#include <span>
#include <string_view>

#include "core/ports/org.h"
#include "salesforce/rest_client.h"

namespace salesforce {

/// Org::fates(): fifteen hundred ids a call.
base::Result<core::Observation> read_fates(RestClient& client, const model::Mapping& mapping,
                                           std::span<const model::RecordId> ids);

/// Org::fitting(): fifteen hundred ids a call.
base::Result<std::vector<bool>> read_fitting(RestClient& client, const model::Mapping& mapping,
                                             std::span<const model::RecordId> ids);

/// Org::alike(): fifteen hundred rows a call, fewer where their values are long.
base::Result<core::Observation> read_alike(RestClient& client, const model::Mapping& mapping,
                                           std::span<const std::size_t> rule,
                                           std::span<const std::span<const model::Cell>> rows);

/// Org::created() for the user whose id is `user`.
base::Result<core::Observation> read_created(RestClient& client, const model::Mapping& mapping, std::string_view user,
                                             base::Utc since);

}  // namespace salesforce
