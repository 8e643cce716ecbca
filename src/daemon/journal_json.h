#pragma once

#include <boost/json.hpp>

#include "core/ports/journal.h"
#include "daemon/app.h"

namespace daemon_process {

/// As the commands print them with --json.
boost::json::object conflict_json(const core::Integration&, const core::ConflictEntry&);
boost::json::object parked_json(const core::Integration&, const core::ParkedEntry&);
boost::json::object history_json(const core::HistoryEntry&);

/// Every integration, active or not, or the one of that id. Errors: `settings`.
base::Result<std::vector<core::Integration>> all_or_one(App&, const std::string& id);

}  // namespace daemon_process
