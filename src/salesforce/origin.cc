#include "salesforce/origin.h"

#include <algorithm>
#include <array>

namespace salesforce {
namespace {

bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host == "[::1]") return true;
  if (!host.starts_with("127.")) return false;
  return std::ranges::count(host, '.') == 3 &&
         std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

}  // namespace

std::optional<Origin> origin_of(std::string_view url) {
  Origin origin;
  if (url.starts_with("https://")) {
    origin.tls = true;
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    url.remove_prefix(7);
  } else {
    return std::nullopt;
  }
  std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  std::string_view host = authority;
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view port = authority.substr(colon + 1);
    if (port.empty() || port.size() > 5 || !std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; }))
      return std::nullopt;
    host = authority.substr(0, colon);
  }
  if (host.empty()) return std::nullopt;
  if (host == "[::1]") {
    origin.host = host;
    return origin;
  }
  for (const char c : host) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (!(lower >= 'a' && lower <= 'z') && !(lower >= '0' && lower <= '9') && lower != '-' && lower != '.')
      return std::nullopt;
    origin.host += lower;
  }
  return origin;
}

bool is_loopback(std::string_view url) {
  const auto origin = origin_of(url);
  return origin && is_loopback_host(origin->host);
}

std::span<const std::string> salesforce_domains() {
  static const std::array<std::string, 6> domains = {"salesforce.com",  "force.com",         "salesforce.mil",
                                                     "cloudforce.com", "sfcrmproducts.cn", "sfcrmapps.cn"};
  return domains;
}

bool may_hold_org(std::string_view url, bool loopback_allowed, std::span<const std::string> domains) {
  const auto origin = origin_of(url);
  if (!origin) return false;
  if (is_loopback_host(origin->host)) return loopback_allowed;
  return origin->tls && std::ranges::any_of(domains, [&](std::string_view domain) {
           // On the border of a label, and never the bare domain: no org lives there.
           return origin->host.size() > domain.size() + 1 && origin->host.ends_with(domain) &&
                  origin->host[origin->host.size() - domain.size() - 1] == '.' && origin->host.front() != '.';
         });
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace salesforce
