#include "queue/redis/health.h"

#include <openssl/evp.h>

#include <charconv>

namespace queue {
namespace {

/// Calls `use` with each line, without its end.
template <class Use>
void for_each_line(std::string_view text, Use use) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    use(line);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
}

std::string value_of(const ServerInfo& info, const std::string& name) {
  const auto found = info.find(name);
  return found == info.end() ? "" : found->second;
}

/// "7.0.15" is at least 6.2.
bool at_least(std::string_view version, int major, int minor) {
  int its_major = 0, its_minor = 0;
  const auto end = std::from_chars(version.data(), version.data() + version.size(), its_major).ptr;
  if (end < version.data() + version.size()) std::from_chars(end + 1, version.data() + version.size(), its_minor);
  return its_major > major || (its_major == major && its_minor >= minor);
}

}  // namespace

ServerInfo info_from(std::string_view text) {
  ServerInfo info;
  for_each_line(text, [&](std::string_view line) {
    const auto colon = line.find(':');
    if (colon != line.npos && !line.starts_with('#')) info.emplace(line.substr(0, colon), line.substr(colon + 1));
  });
  return info;
}

std::vector<std::string> warnings_for(const ServerInfo& info, const std::optional<std::string>& save) {
  std::vector<std::string> warnings;
  if (const std::string version = value_of(info, "redis_version"); !version.empty() && !at_least(version, 6, 2))
    warnings.push_back("Redis " + version + " is too old for the queue: use 6.2 or newer");
  if (const std::string policy = value_of(info, "maxmemory_policy"); !policy.empty() && policy != "noeviction")
    warnings.push_back("Redis may throw jobs and locks away when it is full: its maxmemory-policy is " + policy +
                       "; set it to noeviction (redis-cli CONFIG SET maxmemory-policy noeviction, and in redis.conf)");
  if (value_of(info, "aof_enabled") == "0" && save && save->empty())
    warnings.push_back(
        "Redis keeps nothing on disk: after its restart jobs that were added by hand are gone; scheduled and waiting "
        "work is found again from the store (appendonly yes, and in redis.conf, keeps them)");
  if (value_of(info, "role") == "slave")
    warnings.push_back("this Redis is a replica, which takes no jobs: name the master, or its sentinels, in queue.url");
  return warnings;
}

std::string base64(std::string_view bytes) {
  std::string coded(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(coded.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  coded.pop_back();
  return coded;
}

std::vector<WorkerInfo> workers_in(std::string_view client_list, std::string_view prefix, std::string_view name) {
  const std::string unnamed = std::string{prefix} + ":" + base64(name), named = unnamed + ":w:";
  std::vector<WorkerInfo> workers;
  for_each_line(client_list, [&](std::string_view line) {
    const auto field = [&](std::string_view its) -> std::string {
      const std::string mark = std::string{its} + "=";
      std::size_t at = line.starts_with(mark) ? 0 : line.find(" " + mark);
      if (at == line.npos) return "";
      at = line.find('=', at) + 1;
      return std::string{line.substr(at, line.find(' ', at) - at)};
    };
    const std::string client = field("name");
    if (client != unnamed && !client.starts_with(named)) return;
    const std::string age = field("age");
    int seconds = 0;
    std::from_chars(age.data(), age.data() + age.size(), seconds);
    workers.push_back({field("id"), client == unnamed ? "" : client.substr(named.size()), field("addr"),
                       std::chrono::seconds{seconds}});
  });
  return workers;
}

}  // namespace queue
