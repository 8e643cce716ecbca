#include "queue/redis_address.h"

#include <charconv>
#include <optional>

namespace queue {
namespace {

std::unexpected<base::Error> refuse(const std::string& why) {
  return base::failure(base::ErrorKind::settings,
                       why +
                           "; write redis://user:password@host:6379/0, rediss:// for TLS, or "
                           "redis+sentinel://user:password@host:26379,host:26379/master-name/0");
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    unsigned byte = 0;
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

base::Result<RedisAddress::Host> host_from(std::string_view text, std::uint16_t usual_port) {
  std::string_view name = text, port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return refuse("its host has a [ without a ]");
    name = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && !port.starts_with(':'))
      return refuse("behind its host's ] stands something other than a port");
  } else if (const auto colon = text.find(':'); colon != text.npos) {
    name = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (name.empty()) return refuse("it names no host");
  for (const char c : name)
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f ||
        std::string_view{"/?#@[]"}.find(c) != std::string_view::npos)
      return refuse("its host holds a character that no host has");
  if (port.empty()) return RedisAddress::Host{std::string{name}, usual_port};
  const auto given = number(port.substr(1), 65535);
  if (!given || *given == 0) return refuse("its port is not a number from 1 to 65535");
  return RedisAddress::Host{std::string{name}, static_cast<std::uint16_t>(*given)};
}

base::Result<void> read_credentials(std::string_view text, RedisAddress& address) {
  const auto colon = text.find(':');
  auto user = decoded(text.substr(0, colon));
  auto password = decoded(colon == text.npos ? "" : text.substr(colon + 1));
  if (!user) return refuse("its user holds a % that codes nothing; write %25 for a %");
  if (!password) return refuse("its password holds a % that codes nothing; write %25 for a %");
  if (password->empty() && !user->empty()) return refuse("it names a user without a password");
  address.user = *std::move(user);
  address.password = *std::move(password);
  return {};
}

}  // namespace

base::Result<RedisAddress> RedisAddress::parse(std::string_view url) {
  const auto mark = url.find("://");
  const std::string_view scheme = url.substr(0, mark);
  const bool sentinel = scheme == "redis+sentinel" || scheme == "rediss+sentinel";
  if (mark == url.npos || (!sentinel && scheme != "redis" && scheme != "rediss"))
    return refuse("it does not begin as a Redis URL does");
  RedisAddress address;
  address.tls = scheme.starts_with("rediss");
  std::string_view rest = url.substr(mark + 3);
  // The last one: a password may hold '@' where somebody forgot to code it.
  if (const auto at = rest.rfind('@'); at != rest.npos) {
    RETURN_IF_ERROR(read_credentials(rest.substr(0, at), address));
    rest.remove_prefix(at + 1);
  }
  if (rest.find_first_of("?#") != rest.npos)
    return refuse("it has options behind ? or #, and a Redis URL here has none (code them in a password: %3F, %23)");
  const auto slash = rest.find('/');
  std::string_view hosts = rest.substr(0, slash), path = slash == rest.npos ? "" : rest.substr(slash + 1);
  while (true) {
    const auto comma = hosts.find(',');
    ASSIGN_OR_RETURN(auto one, host_from(hosts.substr(0, comma), sentinel ? 26379 : 6379));
    address.hosts.push_back(std::move(one));
    if (comma == hosts.npos) break;
    hosts.remove_prefix(comma + 1);
  }
  if (!sentinel && address.hosts.size() > 1) return refuse("it names several hosts, which only sentinels may be");
  if (sentinel) {
    const auto end = path.find('/');
    auto master = decoded(path.substr(0, end));
    if (!master || master->empty()) return refuse("it does not name the master that the sentinels watch");
    address.master = *std::move(master);
    path = end == path.npos ? "" : path.substr(end + 1);
  }
  if (!path.empty()) {
    const auto database = number(path, 1'000'000);
    if (!database) return refuse("its database is not a number from 0");
    address.database = *database;
  }
  return address;
}

}  // namespace queue
