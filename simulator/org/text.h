#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace simulator {

/// As the org compares text: Latin, Greek and Cyrillic letters without regard to case. As long as the text.
std::string folded(std::string_view text);
/// As an English user's org orders text: by the code points of its capitals.
std::string collated(std::string_view text);
bool same_name(std::string_view a, std::string_view b);  ///< Equal but for ASCII case.
std::string_view trimmed(std::string_view text);
std::size_t characters(std::string_view utf8);  ///< UTF-16 units, as field lengths are counted.
bool is_utf8(std::string_view text);

/// In a pattern of LIKE these stand for '%' and '_'. No UTF-8 text holds them.
inline constexpr char any_text = '\xFF', any_character = '\xFE';
/// SOQL LIKE over folded text.
bool matches_like(std::string_view text, std::string_view pattern);

/// "abc" with its quotes and escapes, appended.
void append_json(std::string& out, std::string_view text);
std::string quoted_json(std::string_view text);

inline void append_number(std::string& out, std::uint64_t value) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  out.append(buffer, static_cast<std::size_t>(end - buffer));
}
/// A double as the org writes it: never scientific, with ".0" when whole unless `whole`.
void append_double(std::string& out, double value, bool whole);

void append_date(std::string& out, std::int64_t day);           ///< "2026-01-31"
void append_datetime(std::string& out, std::int64_t moment_ms);  ///< "2026-01-31T10:11:12.000+0000"

}  // namespace simulator
