#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "salesforce/transport.h"

namespace salesforce {

/// The ingest jobs that may still write into the org, kept across restarts.
///
/// A job works minutes after it was closed. Were it forgotten, a row edited since would be sent again, and then the job
/// would put the older value over it.
class JobJournal {
 public:
  virtual ~JobJournal() = default;
  virtual base::Result<std::vector<std::string>> jobs() = 0;
  virtual base::Result<void> add(const std::string& job) = 0;  ///< Durable when it returns.
  virtual base::Result<void> remove(const std::string& job) = 0;
};

/// What the Bulk API needs beside the calls themselves.
struct BulkAccess {
  JobJournal* journal = nullptr;  ///< Borrowed.
  /// Transports for pages that are read ahead, each used by one thread; the token ends what one is doing. Called on the
  /// thread that uses the org.
  std::function<std::unique_ptr<Transport>(std::stop_token)> new_transport;
  /// Waits for the org. False: we were asked to stop.
  std::function<bool(std::chrono::milliseconds)> wait;
};

}  // namespace salesforce
