#include "simulator/bulk/locator.h"

#include <charconv>

namespace simulator::bulk {
namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string locator_of_row(std::uint64_t row) {
  std::string out;
  unsigned bits = 0, count = 0;
  for (const char c : std::to_string(row)) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out += digits[bits >> (count - 6) & 63];
  }
  if (count > 0) out += digits[bits << (6 - count) & 63];
  return out;
}

std::optional<std::uint64_t> row_of_locator(std::string_view locator) {
  std::string text;
  unsigned bits = 0, count = 0;
  for (const char c : locator) {
    const auto digit = digits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<unsigned>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    text += static_cast<char>(bits >> count);
  }
  std::uint64_t row = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), row);
  if (error != std::errc{} || end != text.data() + text.size() || locator_of_row(row) != locator) return std::nullopt;
  return row;
}

}  // namespace simulator::bulk
