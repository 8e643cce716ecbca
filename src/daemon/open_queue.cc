#include "daemon/open_queue.h"

#include <unistd.h>

#include <array>

#include "base/log.h"
#include "queue/redis/redis_queue.h"
#include "queue/sqlite/sqlite_queue.h"

namespace daemon_process {
namespace {

/// How this process shows among the workers of a queue. Redis takes no blanks in it.
std::string worker_name() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  std::string name = "lockstep@" + std::string{host.data()} + "/" + std::to_string(getpid());
  for (char& c : name)
    if (c <= ' ' || c > '~') c = '-';
  return name;
}

}  // namespace

base::Result<OpenedQueue> open_queue(const settings::Settings& settings) {
  const auto& its = settings.queue;
  if (its.url == "embedded") {
    ASSIGN_OR_RETURN(auto jobs, queue::open_sqlite_queue(settings.store.sqlite_path, its.name));
    return OpenedQueue{std::move(jobs), false};
  }
  ASSIGN_OR_RETURN(auto address, queue::RedisAddress::parse(its.url));
  auto redis = std::make_unique<queue::RedisQueue>(
      queue::RedisQueueOptions{std::move(address), its.prefix, its.name, worker_name()});
  const auto warnings = redis->server_warnings();
  if (!warnings && warnings.error().kind == base::ErrorKind::settings) return std::unexpected(warnings.error());
  if (!warnings) base::log(base::LogLevel::warn, "queue.url: " + warnings.error().message + "; trying again");
  if (warnings)
    for (const std::string& warning : *warnings) base::log(base::LogLevel::warn, "queue.url: " + warning);
  return OpenedQueue{std::move(redis), true};
}

}  // namespace daemon_process
