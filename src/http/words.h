#pragma once

#include <string_view>

namespace http {

// Words in headers.

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
/// Without regard to case.
bool same_word(std::string_view a, std::string_view b);
std::string_view trim(std::string_view text);
/// Cuts the first element off a list such as "gzip;q=0, br".
std::string_view next_of(std::string_view& list, char separator);

}  // namespace http
