#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "http/message.h"
#include "queue/job_queue.h"

namespace board {

/// The API of Bull Board, for one request. Answers everything in JSON, errors under the keys that the front end
/// translates.
class BoardApi {
 public:
  BoardApi(queue::JobQueue& queue, std::string_view queue_name, bool has_server, bool may_change, base::Utc now)
      : queue_(queue), name_(queue_name), has_server_(has_server), may_change_(may_change), now_(now) {}

  /// `path`: the decoded segments below "/api".
  http::Response answer(const http::Request& request, const std::vector<std::string>& path);

 private:
  using Path = std::vector<std::string>;
  http::Response read(const http::Request& request, const Path& path);
  http::Response read_queue(const http::Request& request, const Path& path);
  http::Response change(const http::Request& request, const Path& path);
  http::Response change_queue(const std::string& what, const boost::json::object& body);
  http::Response change_many(const std::string& what, const std::string& status);
  http::Response change_job(const std::string& id, const std::string& what, const boost::json::object& body);
  http::Response change_scheduler(const std::string& method, const std::string& id, const std::string& what,
                                  const boost::json::object& body);

  http::Response queues(const http::Request& request);
  http::Response job(const std::string& id);
  http::Response schedulers();
  http::Response add(const boost::json::object& body);
  http::Response clean_job(const std::string& id);
  http::Response retry_job(const std::string& id);
  base::Result<boost::json::array> jobs_of(queue::State state, std::int64_t first, std::int64_t last);

  queue::JobQueue& queue_;
  const std::string_view name_;
  const bool has_server_, may_change_;
  const base::Utc now_;
};

}  // namespace board
