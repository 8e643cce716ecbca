#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace salesforce {

/// A URL as far as trust depends on it.
struct Origin {
  bool tls = false;
  std::string host;  ///< Lower case, without port; "[::1]" keeps its brackets.
};

/// Nothing for schemes but http and https, for user names before the host, for ports that are none, and for hosts
/// with other characters than letters, digits, '-' and '.'.
std::optional<Origin> origin_of(std::string_view url);

/// True for http(s) on localhost, 127.0.0.0/8 or [::1].
bool is_loopback(std::string_view url);

/// Salesforce's own: production, sandboxes, sites, government, China.
std::span<const std::string> salesforce_domains();

/// True if a bearer token for an org may be sent to the host of `url`: over TLS, to a name under one of `domains`
/// ("salesforce.com"); or to a loopback address, if those are allowed.
bool may_hold_org(std::string_view url, bool loopback_allowed,
                  std::span<const std::string> domains = salesforce_domains());

/// Without slashes at the end.
std::string without_slash(std::string url);

}  // namespace salesforce
