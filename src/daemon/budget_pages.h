#pragma once

#include <string_view>

#include "daemon/budget.h"
#include "http/message.h"

namespace daemon_process {

/// GET /api/v1/budget: what every org's API budget stands at, as JSON; GET /metrics: the same for Prometheus. Both
/// stand behind the sign-in, and anybody who is signed in may read them.
bool serves_budget(std::string_view path);
http::Response answer_budget(const http::Request& request, core::Registry& registry, const settings::Settings& settings,
                             const base::Clock& clock);

}  // namespace daemon_process
