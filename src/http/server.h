#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "http/message.h"

namespace http {

struct ServerLimits {
  std::size_t header_bytes = 16 * 1024;
  std::size_t body_bytes = 64 * 1024 * 1024;
  std::size_t connections = 1024;
  std::chrono::seconds read_deadline{15};  ///< For a whole request, headers and body.
  std::chrono::seconds idle{60};           ///< Between requests of one connection, and parts of a received body.
  int threads = 1;                         ///< Handlers run on these.
};

/// An HTTP/1.1 server: keep-alive, chunked answers, gzip where the client asks for it and the body is large.
/// Refuses what is ambiguous (Content-Length with Transfer-Encoding) or too large. The handler may be called from
/// `limits.threads` threads at once; while it runs it holds one of them.
///
/// HEAD reaches the handler as "HEAD"; its answer is sent without the body. A `stream` that hands out an empty chunk
/// and true has nothing yet and is asked again 100 ms later, holding no thread. A handler that throws is answered 500;
/// a stream that throws breaks off, so that the client sees the answer is not whole. Above `limits.connections` a
/// client is told 503 and closed. Bodies that `receiver` takes know neither `body_bytes` nor `read_deadline`; it is called
/// like the handler.
class Server {
 public:
  /// Listens at once; port 0 takes a free one. Errors: `settings` when the address is in use or unknown.
  static base::Result<std::unique_ptr<Server>> listen(const std::string& address, std::uint16_t port, Handler handler,
                                                      const ServerLimits& limits = {}, Receiver receiver = {});
  virtual ~Server() = default;
  virtual std::uint16_t port() const = 0;
  /// Accepts no more, lets running requests finish for two seconds, then returns. Not to be called by a handler.
  virtual void stop() = 0;
};

}  // namespace http
