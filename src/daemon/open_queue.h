#pragma once

#include <memory>

#include "queue/job_queue.h"
#include "settings/settings.h"

namespace daemon_process {

struct OpenedQueue {
  std::unique_ptr<queue::JobQueue> jobs;
  bool has_server;  ///< Redis stands behind it, which Bull Board shows.
};

/// The queue that queue.url names: in the store's file, or on Redis in BullMQ's layout.
///
/// What makes a Redis unfit to hold a queue, and that it does not answer yet, is logged as a warning: its connections
/// are made again by themselves. Errors: `settings` when it refuses the credentials or the database.
base::Result<OpenedQueue> open_queue(const settings::Settings& settings);

/// Asks the queue that queue.url names for its counts, and a Redis whether it is fit to hold one: what is wrong with
/// it, each with the remedy. Errors: as open_queue(), and when the queue does not answer.
base::Result<std::vector<std::string>> check_queue(const settings::Settings& settings);

}  // namespace daemon_process
