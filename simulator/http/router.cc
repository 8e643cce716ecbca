#include "simulator/http/router.h"

#include <algorithm>

namespace simulator {

std::vector<std::string> segments(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const auto end = path.find('/');
    if (const auto part = path.substr(0, end); !part.empty()) parts.push_back(http::percent_decode(part, false));
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
  }
  return parts;
}

std::optional<Call> parse_data_path(std::string_view path) {
  std::vector<std::string> parts = segments(path);
  if (parts.size() < 3 || parts[0] != "services" || parts[1] != "data" || !parts[2].starts_with('v')) return std::nullopt;
  Call call;
  call.version = parts[2].substr(1);
  call.root = "/services/data/" + parts[2];
  call.path.assign(std::make_move_iterator(parts.begin() + 3), std::make_move_iterator(parts.end()));
  return call;
}

void Router::add(std::string_view pattern, Resource& resource) { routes_.push_back({segments(pattern), &resource}); }

Resource* Router::find(const std::vector<std::string>& path) const {
  const auto fits = [&](const Route& route) {
    const auto& pattern = route.pattern;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
      if (at >= path.size()) return false;
      if (pattern[at] == "**") return true;
      if (pattern[at] != "*" && pattern[at] != path[at]) return false;
    }
    return pattern.size() == path.size();
  };
  const auto found = std::ranges::find_if(routes_, fits);
  return found == routes_.end() ? nullptr : found->resource;
}

}  // namespace simulator
