#pragma once

#include "daemon/app.h"

namespace daemon_process {

/// What a run would do.
struct Plan {
  core::RunRecord run;           ///< As the run would be logged; `api_calls` is what reading took.
  std::int64_t write_calls = 0;  ///< Estimate of what writing would take beside that.
};

/// Rehearses a sync run on a copy of the store and with an org that takes no write: what moves, and what it costs. The
/// store's rows and the org stay as they are. Reads as much of the org as the run itself would.
base::Result<Plan> rehearse(App&, core::Integration&, const SyncRequest&);

}  // namespace daemon_process
