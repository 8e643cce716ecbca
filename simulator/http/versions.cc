#include "simulator/http/versions.h"

#include <array>
#include <boost/json.hpp>
#include <charconv>

namespace simulator {
namespace {

namespace json = boost::json;

constexpr int first_version = 7, oldest_version = 31, newest_version = 67;
constexpr std::array<std::string_view, 3> seasons = {"Winter", "Spring", "Summer"};

std::string label_of(int version) {
  const int releases = version - 20;  // v20 was Winter '11; three a year.
  return std::string{seasons[static_cast<std::size_t>(releases % 3)]} + " '" + std::to_string(11 + releases / 3);
}

}  // namespace

std::string versions_json() {
  json::array all;
  for (int version = oldest_version; version <= newest_version; ++version) {
    const std::string number = std::to_string(version) + ".0";
    all.push_back({{"label", label_of(version)}, {"url", "/services/data/v" + number}, {"version", number}});
  }
  return json::serialize(all);
}

std::optional<ApiError> version_error(std::string_view version) {
  int number = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), number);
  const bool read = error == std::errc{} && std::string_view{end, version.data() + version.size()} == ".0";
  if (read && number >= oldest_version && number <= newest_version) return std::nullopt;
  if (read && number >= first_version && number < oldest_version)
    return ApiError{410, "GONE", "The requested API version is no longer available"};
  return ApiError{404, "NOT_FOUND", "The requested resource does not exist"};
}

std::string resources_json(const std::string& root) {
  json::object all;
  for (const char* name : {"sobjects", "query", "queryAll", "composite", "limits", "jobs", "tooling"})
    all[name] = root + "/" + name;
  return json::serialize(all);
}

}  // namespace simulator
