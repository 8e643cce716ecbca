#include "queue/redis_address.h"

#include <charconv>
#include <optional>

namespace queue {
namespace {

constexpr std::string_view shape =
    "write redis://user:password@host:6379/0, rediss:// for TLS, or "
    "redis+sentinel://user:password@host:26379,host:26379/master-name/0";

std::unexpected<base::Error> refuse(const std::string& why) {
  return base::failure(base::ErrorKind::settings, why + "; " + std::string{shape});
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    int byte = 0;
    if (at + 2 >= text.size() ||
        std::from_chars(text.data() + at + 1, text.data() + at + 3, byte, 16).ptr != text.data() + at + 3)
      return std::nullopt;
    out += static_cast<char>(byte);
    at += 2;
  }
  return out;
}

std::optional<int> number(std::string_view text, int most) {
  int value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || failed != std::errc{} || end != text.data() + text.size() || value < 0 || value > most)
    return std::nullopt;
  return value;
}

std::optional<RedisAddress::Host> host(std::string_view text, std::uint16_t usual_port) {
  std::string_view name = text, port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return std::nullopt;
    name = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else if (const auto colon = text.find(':'); colon != text.npos) {
    name = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (name.empty() || name.find_first_of(" \t/?#@") != name.npos) return std::nullopt;
  if (port.empty()) return RedisAddress::Host{std::string{name}, usual_port};
  const auto given = port.starts_with(':') ? number(port.substr(1), 65535) : std::nullopt;
  if (!given || *given == 0) return std::nullopt;
  return RedisAddress::Host{std::string{name}, static_cast<std::uint16_t>(*given)};
}

}  // namespace

base::Result<RedisAddress> RedisAddress::parse(std::string_view url) {
  const auto mark = url.find("://");
  const std::string_view scheme = url.substr(0, mark);
  RedisAddress address;
  address.tls = scheme.starts_with("rediss");
  const bool sentinel = scheme == "redis+sentinel" || scheme == "rediss+sentinel";
  if (mark == url.npos || (!sentinel && scheme != "redis" && scheme != "rediss")) return refuse("this is no Redis URL");
  std::string_view rest = url.substr(mark + 3);
  // The last one: a password may hold '@' where somebody forgot to code it.
  if (const auto at = rest.rfind('@'); at != rest.npos) {
    const std::string_view credentials = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    const auto colon = credentials.find(':');
    auto user = decoded(credentials.substr(0, colon));
    auto password = decoded(colon == credentials.npos ? "" : credentials.substr(colon + 1));
    if (!user || !password) return refuse("its user or password holds a % that codes nothing");
    address.user = *std::move(user);
    address.password = *std::move(password);
    if (address.password.empty() && !address.user.empty()) return refuse("it names a user without a password");
  }
  const auto slash = rest.find('/');
  std::string_view hosts = rest.substr(0, slash), path = slash == rest.npos ? "" : rest.substr(slash + 1);
  while (true) {
    const auto comma = hosts.find(',');
    const auto one = host(hosts.substr(0, comma), sentinel ? 26379 : 6379);
    if (!one) return refuse("it has no valid host and port");
    address.hosts.push_back(*one);
    if (comma == hosts.npos) break;
    hosts.remove_prefix(comma + 1);
  }
  if (!sentinel && address.hosts.size() > 1) return refuse("only sentinels may be several");
  if (sentinel) {
    const auto end = path.find('/');
    auto master = decoded(path.substr(0, end));
    if (!master || master->empty()) return refuse("it does not say which master the sentinels watch");
    address.master = *std::move(master);
    path = end == path.npos ? "" : path.substr(end + 1);
  }
  if (!path.empty()) {
    const auto database = number(path, 1'000'000);
    if (!database) return refuse("its database is no number");
    address.database = *database;
  }
  return address;
}

}  // namespace queue
