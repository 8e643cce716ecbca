#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "salesforce/transport.h"

namespace salesforce {

struct Deadlines {
  std::chrono::milliseconds connect = std::chrono::seconds{5};
  std::chrono::milliseconds first_byte = std::chrono::seconds{120};  ///< From the last byte sent.
  std::chrono::milliseconds stalled = std::chrono::seconds{30};      ///< Nothing moved, in either direction.
  std::chrono::milliseconds total = std::chrono::seconds{600};       ///< The org's own limit for a call.
  std::size_t answer_bytes = std::size_t{64} << 20;                  ///< After decompression.
};

/// HTTP over libcurl, keeping its connections alive from one request to the next.
///
/// Follows no redirects (a token would follow with them), verifies TLS, takes its proxy from the environment
/// (HTTPS_PROXY, NO_PROXY), and goes to a loopback address without one. `ca_file`: certificates (PEM) that are trusted
/// instead of the system's. `stop` ends a running request within about a second, as `cancelled`; so does `stopping`,
/// which a signal handler may set, but for a request that is to finish. Deadlines are looked at about once a second.
/// Used by one thread; the clock and the flag are borrowed.
class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(const base::Clock& clock, Deadlines deadlines = {}, std::stop_token stop = {},
                         std::string ca_file = {}, const std::atomic<bool>* stopping = nullptr);
  ~CurlTransport() override;

  base::Result<Answer> send(const Request& request) override;

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace salesforce
