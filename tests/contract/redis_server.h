#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace contract {

/// A redis-server of Debian's on a free loopback port, with a folder of its own; ends with the object or the program.
class RedisServer {
 public:
  /// `more`: further arguments, such as {"--requirepass", "x"}. `settings`: its settings file, which a sentinel needs.
  explicit RedisServer(std::vector<std::string> more = {}, const std::string& settings = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  const std::string& folder() const { return folder_; }
  void stop();    ///< By its process id; waits for its end.
  void freeze();  ///< Answers nothing, and keeps its connections, until thaw().
  void thaw();
  void start();  ///< Again, on the same port and folder.

 private:
  const std::vector<std::string> more_;
  const bool has_settings_;
  std::string folder_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

std::uint16_t free_port();

}  // namespace contract
