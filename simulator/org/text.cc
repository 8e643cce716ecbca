#include "simulator/org/text.h"

#include <array>
#include <chrono>

namespace simulator {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool between(unsigned point, unsigned first, unsigned last) {
  return first <= point && point <= last;
}

/// In most of Latin Extended-A a capital is followed by its small letter; here even and odd code points.
bool pairs_from_even(unsigned point) {
  return between(point, 0x100, 0x12F) || between(point, 0x132, 0x137) || between(point, 0x14A, 0x177);
}
bool pairs_from_odd(unsigned point) {
  return between(point, 0x139, 0x148) || between(point, 0x179, 0x17E);
}

/// Letters whose two cases are of equal length in UTF-8; the others stay as they are.
unsigned small_letter(unsigned c) {
  if (between(c, 'A', 'Z') || (between(c, 0xC0, 0xDE) && c != 0xD7)) return c + 0x20;
  if (pairs_from_even(c)) return c | 1;
  if (pairs_from_odd(c)) return c + (c & 1);
  if (c == 0x178) return 0xFF;
  if (between(c, 0x391, 0x3A9) || between(c, 0x410, 0x42F)) return c + 0x20;
  if (between(c, 0x400, 0x40F)) return c + 0x50;
  if (c == 0x386) return 0x3AC;
  if (between(c, 0x388, 0x38A)) return c + 37;
  if (c == 0x38C) return 0x3CC;
  if (c == 0x38E || c == 0x38F) return c + 63;
  return c;
}

unsigned capital_letter(unsigned c) {
  if (between(c, 'a', 'z') || (between(c, 0xE0, 0xFE) && c != 0xF7)) return c - 0x20;
  if (pairs_from_even(c)) return c & ~1u;
  if (pairs_from_odd(c)) return c - (~c & 1);
  if (c == 0xFF) return 0x178;
  if ((between(c, 0x3B1, 0x3C9) && c != 0x3C2) || between(c, 0x430, 0x44F)) return c - 0x20;
  if (between(c, 0x450, 0x45F)) return c - 0x50;
  if (c == 0x3AC) return 0x386;
  if (between(c, 0x3AD, 0x3AF)) return c - 37;
  if (c == 0x3CC) return 0x38C;
  if (c == 0x3CD || c == 0x3CE) return c - 63;
  return c;
}

/// Changes letters of one and two bytes in place.
template <unsigned (*change)(unsigned)>
void change_letters(std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    if (first < 0x80) {
      text[i] = static_cast<char>(change(first));
    } else if (first >= 0xC2 && first < 0xE0 && i + 1 < text.size() && (text[i + 1] & 0xC0) == 0x80) {
      const unsigned changed = change((first & 0x1Fu) << 6 | (static_cast<unsigned char>(text[i + 1]) & 0x3Fu));
      text[i] = static_cast<char>(0xC0 | changed >> 6);
      text[++i] = static_cast<char>(0x80 | (changed & 0x3F));
    }
  }
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

/// Which bytes a JSON string cannot hold as they are.
constexpr std::array<bool, 256> needs_escape = [] {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < 0x20; ++i) table[i] = true;
  table['"'] = table['\\'] = true;
  return table;
}();

void put_two(char* at, unsigned value) {
  at[0] = static_cast<char>('0' + value / 10);
  at[1] = static_cast<char>('0' + value % 10);
}

void put_date(char* at, std::int64_t day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  const auto year = static_cast<unsigned>(int{date.year()});
  put_two(at, year / 100 % 100);
  put_two(at + 2, year % 100);
  at[4] = '-';
  put_two(at + 5, unsigned{date.month()});
  at[7] = '-';
  put_two(at + 8, unsigned{date.day()});
}

}  // namespace

std::string folded(std::string_view text) {
  std::string out{text};
  change_letters<small_letter>(out);
  return out;
}

std::string collated(std::string_view text) {
  std::string out{text};
  change_letters<capital_letter>(out);
  return out;
}

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::size_t characters(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) != 0x80) count += byte >= 0xF0 ? 2 : 1;
  }
  return count;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first >= 0xF5 || (first >= 0x80 && first < 0xC2) || i + length > text.size()) return false;
    unsigned point = length == 1 ? first : first & (0xFFu >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0) != 0x80) return false;
      point = (point << 6) | (next & 0x3F);
    }
    if ((length == 3 && (point < 0x800 || (point >= 0xD800 && point < 0xE000))) ||
        (length == 4 && (point < 0x10000 || point > 0x10FFFF)))
      return false;
    i += length;
  }
  return true;
}

bool matches_like(std::string_view text, std::string_view pattern) {
  std::size_t t = 0, p = 0, star = std::string_view::npos, kept = 0;
  const auto next_character = [text](std::size_t at) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    return at;
  };
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == any_text) {
      star = p++;
      kept = t;
    } else if (p < pattern.size() && pattern[p] == any_character) {
      t = next_character(t);
      ++p;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++t;
      ++p;
    } else if (star != std::string_view::npos) {
      t = kept = next_character(kept);
      p = star + 1;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == any_text) ++p;
  return p == pattern.size();
}

void append_json(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!needs_escape[static_cast<unsigned char>(c)]) continue;
    out.append(text, done, i - done);
    done = i + 1;
    out += '\\';
    switch (c) {
      case '\n':
        out += 'n';
        break;
      case '\r':
        out += 'r';
        break;
      case '\t':
        out += 't';
        break;
      case '\b':
        out += 'b';
        break;
      case '\f':
        out += 'f';
        break;
      case '"':
      case '\\':
        out += c;
        break;
      default:
        ((out += "u00") += hex[static_cast<unsigned char>(c) >> 4]) += hex[static_cast<unsigned char>(c) & 15];
    }
  }
  out.append(text, done, text.size() - done);
  out += '"';
}

std::string quoted_json(std::string_view text) {
  std::string out;
  append_json(out, text);
  return out;
}

void append_double(std::string& out, double value, bool whole) {
  char buffer[400];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
  const std::string_view text{buffer, static_cast<std::size_t>(end - buffer)};
  out += text;
  if (!whole && text.find('.') == std::string_view::npos) out += ".0";
}

void append_date(std::string& out, std::int64_t day) {
  char text[10];
  put_date(text, day);
  out.append(text, sizeof text);
}

void append_datetime(std::string& out, std::int64_t moment_ms) {
  constexpr std::int64_t day_ms = 86'400'000;
  std::int64_t day = moment_ms / day_ms, rest = moment_ms % day_ms;
  if (rest < 0) {
    rest += day_ms;
    --day;
  }
  char text[] = "0000-00-00T00:00:00.000+0000";
  put_date(text, day);
  const auto second = static_cast<unsigned>(rest / 1000), millis = static_cast<unsigned>(rest % 1000);
  put_two(text + 11, second / 3600);
  put_two(text + 14, second / 60 % 60);
  put_two(text + 17, second % 60);
  text[20] = static_cast<char>('0' + millis / 100);
  put_two(text + 21, millis % 100);
  out.append(text, sizeof text - 1);
}

}  // namespace simulator
