#pragma once

#include "base/clock.h"
#include "http/message.h"
#include "simulator/http/faults.h"

namespace simulator {

/// Lets happen to an answer on its way what `misfortune` has in store: slowness, cuts.
void befall(http::Response& response, const Misfortune& misfortune, bool client_accepts_gzip, const base::Clock& clock);

}  // namespace simulator
