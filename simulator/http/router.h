#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/http/resource.h"

namespace simulator {

/// Which resource answers which path behind "/services/data/vXX.X/".
class Router {
 public:
  /// `pattern` is "sobjects/*/describe" ("*" for one segment) or "jobs/**" ("**" for one segment or more at the end).
  /// The first pattern that fits counts. The resource is borrowed.
  void add(std::string_view pattern, Resource& resource);
  /// Null when nothing answers there.
  Resource* find(const std::vector<std::string>& path) const;

 private:
  struct Route {
    std::vector<std::string> pattern;
    Resource* resource;
  };
  std::vector<Route> routes_;
};

/// The segments of a path, decoded; empty ones are left out.
std::vector<std::string> segments(std::string_view path);

/// A call with path, version and root from "/services/data/v62.0/…"; nothing for other paths.
std::optional<Call> parse_data_path(std::string_view path);

}  // namespace simulator
