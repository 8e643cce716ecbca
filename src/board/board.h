#pragma once

#include <string>

#include "board/page.h"
#include "queue/job_queue.h"

namespace board {

/// Bull Board over one job queue: the unmodified front end of @bull-board/ui, and the API that it calls.
///
/// Pure of transport and of sign-in: who may see and who may change is decided before a request gets here. May be used
/// by several threads at once, as the queue may. Borrows queue and clock.
/// Source: @bull-board/api 9.10.1, routes and answers as measured.
class Board {
 public:
  struct Options {
    std::string base_path = "/admin/queues/";  ///< With a slash at the end.
    std::string queue_name = "salesforce-sync";
    std::string title = "Lockstep queues";
    bool has_server = false;  ///< Behind the queue stands a Redis whose state can be shown.
  };

  Board(queue::JobQueue& queue, const base::Clock& clock, Options options);

  /// True for the base path, with or without its last slash, and everything below it.
  bool serves(std::string_view path) const;

  /// Answers a request that serves() is true for. Without `may_change` every change is refused and not offered.
  http::Response handle(const http::Request& request, bool may_change);

 private:
  queue::JobQueue& queue_;
  const base::Clock& clock_;
  const Options options_;
};

}  // namespace board
