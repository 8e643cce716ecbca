#pragma once

#include <vector>

#include "daemon/connection.h"

namespace daemon_process {

/// Takes out of `mappings` the first loads that would use up their part of the API budget half way, each with a word
/// in `warnings`: how many calls it takes, and when it begins. What has begun, and all other work, goes on. Says in the
/// log what the run costs where that is more than there is. True: something was held back.
///
/// How large an object is costs a call, so the org is asked only where it matters, and again only when its load may
/// begin.
base::Result<bool> hold_back_loads(App& app, const core::Integration& integration, Connection& connection,
                                   std::vector<model::Mapping>& mappings, std::vector<core::RunError>& warnings);

}  // namespace daemon_process
