#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace queue {

/// Where a Redis answers, from a URL:
///
///     redis://[[user]:password@]host[:port][/database]         rediss:// the same under TLS
///     redis+sentinel://[[user]:password@]host[:port],…/master[/database]     rediss+sentinel://
///
/// The credentials are the Redis server's; sentinels that ask for some get the same. Parts are percent-coded.
struct RedisAddress {
  struct Host {
    std::string name;  ///< Without the brackets of an IPv6 address.
    std::uint16_t port = 0;
  };
  std::vector<Host> hosts;  ///< One server, or the sentinels.
  bool tls = false;
  std::string master;  ///< The sentinels' name for it; empty: no sentinels.
  std::string user, password;
  int database = 0;

  /// Errors: `settings`; its message does not hold the password.
  static base::Result<RedisAddress> parse(std::string_view url);
};

}  // namespace queue
