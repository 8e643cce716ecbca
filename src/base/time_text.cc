#include "base/time_text.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace base {
namespace {

using namespace std::chrono;

struct Civil {
  year_month_day day;
  hh_mm_ss<milliseconds> time;
};

Civil civil(Utc moment) {
  const auto midnight = floor<days>(moment);
  return {year_month_day{midnight}, hh_mm_ss<milliseconds>{moment - midnight}};
}

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> weekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/// Takes exactly `digits` decimal digits off the front.
bool take_number(std::string_view& text, std::size_t digits, int& value) {
  if (text.size() < digits) return false;
  value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<sys_days> take_date(std::string_view& text) {
  int y = 0, m = 0, d = 0;
  if (!take_number(text, 4, y) || !take(text, '-') || !take_number(text, 2, m) || !take(text, '-') ||
      !take_number(text, 2, d))
    return std::nullopt;
  const year_month_day day{year{y}, month{static_cast<unsigned>(m)}, std::chrono::day{static_cast<unsigned>(d)}};
  if (!day.ok()) return std::nullopt;
  return sys_days{day};
}

/// What stands after the time of day: nothing, "Z" or an offset.
std::optional<minutes> read_zone(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") return minutes{0};
  const int sign = text.front() == '-' ? -1 : 1;
  if (text.front() != '+' && text.front() != '-') return std::nullopt;
  text.remove_prefix(1);
  int h = 0, m = 0;
  if (!take_number(text, 2, h)) return std::nullopt;
  if (!text.empty()) {
    take(text, ':');
    if (!take_number(text, 2, m)) return std::nullopt;
  }
  if (!text.empty() || h > 23 || m > 59) return std::nullopt;
  return sign * (hours{h} + minutes{m});
}

template <class... Args>
std::string print(const char* format, Args... args) {
  std::array<char, 64> buffer;
  const int length = std::snprintf(buffer.data(), buffer.size(), format, args...);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

}  // namespace

std::string to_iso(Utc moment) {
  const Civil c = civil(moment);
  return print("%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int{c.day.year()}, unsigned{c.day.month()},
               unsigned{c.day.day()}, static_cast<int>(c.time.hours().count()),
               static_cast<int>(c.time.minutes().count()), static_cast<int>(c.time.seconds().count()),
               static_cast<int>(c.time.subseconds().count()));
}

std::string to_iso_seconds(Utc moment) {
  const Civil c = civil(moment);
  return print("%04d-%02u-%02uT%02d:%02d:%02dZ", int{c.day.year()}, unsigned{c.day.month()}, unsigned{c.day.day()},
               static_cast<int>(c.time.hours().count()), static_cast<int>(c.time.minutes().count()),
               static_cast<int>(c.time.seconds().count()));
}

std::string to_http_date(Utc moment) {
  const Civil c = civil(moment);
  const weekday day_of_week{floor<days>(moment)};
  return print("%s, %02u %s %04d %02d:%02d:%02d GMT", weekdays[day_of_week.c_encoding()].data(),
               unsigned{c.day.day()}, months[unsigned{c.day.month()} - 1].data(), int{c.day.year()},
               static_cast<int>(c.time.hours().count()), static_cast<int>(c.time.minutes().count()),
               static_cast<int>(c.time.seconds().count()));
}

std::optional<Utc> parse_iso(std::string_view text) {
  const auto date = take_date(text);
  if (!date) return std::nullopt;
  if (text.empty()) return Utc{*date};
  if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return std::nullopt;
  int h = 0, m = 0, s = 0, ms = 0;
  if (!take_number(text, 2, h) || !take(text, ':') || !take_number(text, 2, m)) return std::nullopt;
  if (take(text, ':')) {
    if (!take_number(text, 2, s)) return std::nullopt;
    if (take(text, '.')) {
      std::size_t digits = 0;
      for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits)
        if (digits < 3) ms = ms * 10 + (text[digits] - '0');
      if (digits == 0) return std::nullopt;
      for (std::size_t i = digits; i < 3; ++i) ms *= 10;
      text.remove_prefix(digits);
    }
  }
  if (h > 23 || m > 59 || s > 59) return std::nullopt;
  const auto zone = read_zone(text);
  if (!zone) return std::nullopt;
  return Utc{*date} + hours{h} + minutes{m} + seconds{s} + milliseconds{ms} - *zone;
}

std::optional<Utc> parse_http_date(std::string_view text) {
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  text.remove_prefix(5);
  int d = 0, y = 0, h = 0, m = 0, s = 0;
  if (!take_number(text, 2, d) || !take(text, ' ')) return std::nullopt;
  unsigned mon = 0;
  while (mon < months.size() && !text.starts_with(months[mon])) ++mon;
  if (mon == months.size()) return std::nullopt;
  text.remove_prefix(3);
  if (!take(text, ' ') || !take_number(text, 4, y) || !take(text, ' ') || !take_number(text, 2, h) ||
      !take(text, ':') || !take_number(text, 2, m) || !take(text, ':') || !take_number(text, 2, s))
    return std::nullopt;
  const year_month_day day{year{y}, month{mon + 1}, std::chrono::day{static_cast<unsigned>(d)}};
  if (!day.ok() || h > 23 || m > 59 || s > 60) return std::nullopt;
  return Utc{sys_days{day}} + hours{h} + minutes{m} + seconds{s};
}

bool is_iso_date(std::string_view text) {
  return take_date(text).has_value() && text.empty();
}

}  // namespace base
