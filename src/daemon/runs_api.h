#pragma once

#include "core/ports/registry.h"
#include "http/message.h"
#include "queue/job_queue.h"
#include "signin/gate.h"

namespace daemon_process {

/// POST /api/v1/runs, sync now: `{"integrationId"?, "objects"?}`; without an id every active integration. Answers 202
/// with `{"jobs":[{"integration_id","job_id"}]}`: the jobs are in the interactive lane, and their return values say
/// what was synced. For operators and admins.
http::Response ask_for_runs(const http::Request& request, const signin::Who& who, core::Registry& registry,
                            queue::JobQueue& queue, const queue::JobOptions& kept, base::Utc now);

}  // namespace daemon_process
