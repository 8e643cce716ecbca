#pragma once

#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace simulator {

/// A refusal in the org's own words.
struct ApiError {
  int status = 400;
  std::string code;
  std::string message;
  std::vector<std::string> fields = {};
  bool wrong_json_type = false;  ///< The collections answer these under another code than single rows.
  std::string duplicates = {};   ///< Of DUPLICATES_DETECTED: the JSON that says what was found.
};

template <class T>
using Outcome = std::expected<T, ApiError>;

inline std::unexpected<ApiError> refusal(int status, std::string code, std::string message,
                                         std::vector<std::string> fields = {}) {
  return std::unexpected(ApiError{status, std::move(code), std::move(message), std::move(fields)});
}

}  // namespace simulator
