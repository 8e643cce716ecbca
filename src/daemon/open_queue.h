#pragma once

#include <memory>

#include "queue/job_queue.h"
#include "settings/settings.h"

namespace daemon_process {

/// How this process shows among the workers and clients of a queue: "lockstep@HOST/PID", printable and without blanks.
std::string process_name();

struct OpenedQueue {
  std::unique_ptr<queue::JobQueue> jobs;
  bool has_server;  ///< Redis stands behind it, which Bull Board shows.
};

/// The queue that queue.url names: in the store's file, or on Redis in BullMQ's layout.
///
/// With `Check::redis` a Redis is asked at once: what makes it unfit to hold a queue, and that it does not answer yet,
/// is logged as a warning, since connections are made again by themselves; that it refuses the credentials or the
/// database is a `settings` error. Without, its first call says so.
enum class Check { redis, nothing };
base::Result<OpenedQueue> open_queue(const settings::Settings& settings, Check check = Check::redis);

/// Asks the queue that queue.url names for its counts, and a Redis whether it is fit to hold one: what is wrong with
/// it, each with the remedy. Errors: as open_queue(), and when the queue does not answer.
base::Result<std::vector<std::string>> check_queue(const settings::Settings& settings);

}  // namespace daemon_process
