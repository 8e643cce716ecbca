#include "daemon/open_queue.h"

#include <unistd.h>

#include <array>

#include "base/log.h"
#include "queue/redis/redis_queue.h"
#include "queue/sqlite/sqlite_queue.h"

namespace daemon_process {
namespace {

bool is_embedded(const settings::Settings& settings) {
  return settings.queue.url == "embedded";
}

base::Result<std::unique_ptr<queue::RedisQueue>> redis_queue(const settings::Settings& settings) {
  ASSIGN_OR_RETURN(auto address, queue::RedisAddress::parse(settings.queue.url));
  return std::make_unique<queue::RedisQueue>(
      queue::RedisQueueOptions{std::move(address), settings.queue.prefix, settings.queue.name, process_name()});
}

}  // namespace

std::string process_name() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  std::string name = "lockstep@" + std::string{host.data()} + "/" + std::to_string(getpid());
  for (char& c : name)
    if (c <= ' ' || c > '~') c = '-';
  return name;
}

base::Result<OpenedQueue> open_queue(const settings::Settings& settings, Check check) {
  if (is_embedded(settings)) {
    ASSIGN_OR_RETURN(auto jobs, queue::open_sqlite_queue(settings.store.sqlite_path, settings.queue.name));
    return OpenedQueue{std::move(jobs), false};
  }
  ASSIGN_OR_RETURN(auto redis, redis_queue(settings));
  if (check == Check::nothing) return OpenedQueue{std::move(redis), true};
  const auto warnings = redis->server_warnings();
  if (!warnings && warnings.error().kind == base::ErrorKind::settings) return std::unexpected(warnings.error());
  if (!warnings) base::log(base::LogLevel::warn, "queue.url: " + warnings.error().message + "; trying again");
  if (warnings)
    for (const std::string& warning : *warnings) base::log(base::LogLevel::warn, "queue.url: " + warning);
  return OpenedQueue{std::move(redis), true};
}

base::Result<std::vector<std::string>> check_queue(const settings::Settings& settings) {
  if (is_embedded(settings)) {
    ASSIGN_OR_RETURN(const auto jobs, queue::open_sqlite_queue(settings.store.sqlite_path, settings.queue.name));
    RETURN_IF_ERROR(jobs->counts());
    return std::vector<std::string>{};
  }
  ASSIGN_OR_RETURN(const auto redis, redis_queue(settings));
  RETURN_IF_ERROR(redis->counts());
  return redis->server_warnings();
}

}  // namespace daemon_process
