#pragma once

#include <memory>

#include "queue/job_queue.h"

namespace queue {

/// The embedded queue: jobs in the store's own SQLite file, in lockstep_jobs and the tables beside it. Any number of
/// processes of one machine may share it; a connection of its own keeps it out of the store's transactions. What
/// returned without an error survives a power cut. `name`: several queues may live in one file.
/// Errors: as opening the store.
base::Result<std::unique_ptr<JobQueue>> open_sqlite_queue(const std::string& path, const std::string& name);

}  // namespace queue
