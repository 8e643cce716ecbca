#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace simulator::bulk {

/// A locator names the next row in base64 without its padding: "MTAwMDA" is 10000. Opaque to callers.
std::string locator_of_row(std::uint64_t row);
std::optional<std::uint64_t> row_of_locator(std::string_view locator);

}  // namespace simulator::bulk
