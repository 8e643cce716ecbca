#pragma once

#include <memory>

#include "queue/job_queue.h"

namespace queue {

/// A queue that lives as long as the object: for seeded runs and tests.
std::unique_ptr<JobQueue> make_memory_queue();

}  // namespace queue
