#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace queue {

/// The end of a wait, by the clock that never goes back.
using Deadline = std::chrono::steady_clock::time_point;

/// A connected TCP socket, under TLS if asked. Used by one thread, but for interrupt().
///
/// Certificates are checked against the system's authorities, or those of SSL_CERT_FILE / SSL_CERT_DIR, and against
/// the host's name; there is no way to leave that out.
/// Errors: `unreachable`; `cancelled` after interrupt().
class Stream {
 public:
  static base::Result<std::unique_ptr<Stream>> connect(const std::string& host, std::uint16_t port, bool tls,
                                                       Deadline deadline);
  virtual ~Stream() = default;
  virtual base::Result<void> write(std::string_view bytes, Deadline deadline) = 0;
  /// At least one byte.
  virtual base::Result<std::size_t> read(char* into, std::size_t room, Deadline deadline) = 0;
  /// True if the other side has hung up, or says something unasked.
  virtual bool is_stale() = 0;
  /// Ends a read or write in progress, and every later one. From any thread.
  virtual void interrupt() = 0;
};

}  // namespace queue
