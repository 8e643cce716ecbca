#include "simulator/org/ids.h"

#include <array>
#include <cstring>

namespace simulator {
namespace {

// In ASCII order, so that the order of numbers is the byte order of ids.
constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view checksum_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
constexpr std::string_view instance = "SF0";
constexpr std::uint64_t largest = 13'537'086'546'263'551ull;  // 62^9 - 1

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  if (c >= 'a' && c <= 'z') return c - 'a' + 36;
  return -1;
}

void put_checksum(const char* fifteen, char* to) {
  for (std::size_t group = 0; group < 3; ++group) {
    unsigned upper = 0;
    for (std::size_t place = 0; place < 5; ++place) {
      const char c = fifteen[group * 5 + place];
      if (c >= 'A' && c <= 'Z') upper |= 1u << place;
    }
    to[group] = checksum_letters[upper];
  }
}

std::uint64_t counter_in(std::string_view fifteen) {
  std::uint64_t number = 0;
  for (const char c : fifteen.substr(6)) number = number * 62 + static_cast<std::uint64_t>(digit_of(c));
  return number;
}

}  // namespace

void append_id(std::string& out, std::string_view prefix, std::uint64_t number) {
  char text[18];
  std::memcpy(text, prefix.data(), 3);
  std::memcpy(text + 3, instance.data(), 3);
  for (std::size_t i = 15; i-- > 6;) {
    text[i] = digits[number % 62];
    number /= 62;
  }
  put_checksum(text, text + 15);
  out.append(text, sizeof text);
}

std::string id_text(std::string_view prefix, std::uint64_t number) {
  std::string out;
  append_id(out, prefix, number);
  return out;
}

std::string id_checksum(std::string_view fifteen) {
  std::string out(3, 'A');
  put_checksum(fifteen.data(), out.data());
  return out;
}

std::optional<std::string> parse_id(std::string_view text) {
  if (text.size() != 15 && text.size() != 18) return std::nullopt;
  const std::string_view fifteen = text.substr(0, 15);
  for (const char c : fifteen)
    if (digit_of(c) < 0) return std::nullopt;
  if (text.size() == 18 && text.substr(15) != id_checksum(fifteen)) return std::nullopt;
  return std::string{fifteen};
}

std::uint64_t number_in(std::string_view fifteen, std::string_view prefix) {
  bool exact = false;
  const std::uint64_t number = number_up_to(fifteen, prefix, exact);
  return exact && number <= RecordKey::largest_number ? number : 0;
}

std::uint64_t number_up_to(std::string_view fifteen, std::string_view prefix, bool& exact) {
  exact = false;
  for (const auto& [ours, theirs] : {std::pair{prefix, fifteen.substr(0, 3)}, {instance, fifteen.substr(3, 3)}})
    if (ours != theirs) return theirs < ours ? 0 : largest;
  exact = true;
  return counter_in(fifteen);
}

}  // namespace simulator
