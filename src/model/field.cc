#include "model/field.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "base/time_text.h"
#include "model/ids.h"

namespace model {
namespace {

constexpr std::array<std::string_view, 10> kind_names = {"text",  "boolean",   "number", "date",  "datetime",
                                                         "multi", "reference", "email",  "phone", "time"};

/// The white space that the org cuts off both ends.
std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<Cell> canonical_boolean(std::string_view text) {
  if (text == "true" || text == "1" || text == "t" || text == "TRUE" || text == "True") return Cell{"true"};
  if (text == "false" || text == "0" || text == "f" || text == "FALSE" || text == "False") return Cell{"false"};
  return std::nullopt;
}

/// A decimal taken apart: digits without leading zeros, and where the point stands in them.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t point = 0;  ///< digits[0, point) are the whole part; may lie outside the digits.
};

std::optional<Decimal> parse_decimal(std::string_view text) {
  Decimal decimal;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    decimal.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  bool seen_point = false, seen_digit = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !seen_point) {
      seen_point = true;
    } else if (text[i] >= '0' && text[i] <= '9') {
      seen_digit = true;
      if (!(decimal.digits.empty() && text[i] == '0')) {
        decimal.digits += text[i];
        if (!seen_point) ++decimal.point;
      } else if (seen_point) {
        --decimal.point;
      }
    } else {
      break;
    }
  }
  if (!seen_digit) return std::nullopt;
  text.remove_prefix(i);
  if (!text.empty()) {
    if (text.front() != 'e' && text.front() != 'E') return std::nullopt;
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    int exponent = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (error != std::errc{} || end != text.data() + text.size() || exponent > 400 || exponent < -400)
      return std::nullopt;
    decimal.point += exponent;
  }
  return decimal;
}

/// Rounds half away from zero, as the org does, to `scale` digits after the point.
void round_to(Decimal& decimal, std::int64_t scale) {
  const std::int64_t keep = decimal.point + scale;
  if (keep >= static_cast<std::int64_t>(decimal.digits.size())) return;
  const bool up = keep >= 0 && decimal.digits[static_cast<std::size_t>(keep)] >= '5';
  decimal.digits.resize(keep > 0 ? static_cast<std::size_t>(keep) : 0);
  if (!up) return;
  std::size_t place = decimal.digits.size();
  while (place > 0 && decimal.digits[place - 1] == '9') decimal.digits[--place] = '0';
  if (place > 0) {
    ++decimal.digits[place - 1];
  } else {
    decimal.digits.insert(decimal.digits.begin(), '1');
    ++decimal.point;
  }
}

std::string spell(const Decimal& decimal) {
  std::string digits = decimal.digits;
  while (!digits.empty() && digits.back() == '0' && static_cast<std::int64_t>(digits.size()) > decimal.point)
    digits.pop_back();
  if (digits.empty() || digits.find_first_not_of('0') == std::string::npos) return "0";
  std::string text = decimal.negative ? "-" : "";
  const auto size = static_cast<std::int64_t>(digits.size());
  if (decimal.point <= 0) {
    text.append("0.").append(static_cast<std::size_t>(-decimal.point), '0').append(digits);
  } else if (decimal.point >= size) {
    text.append(digits).append(static_cast<std::size_t>(decimal.point - size), '0');
  } else {
    text.append(digits, 0, static_cast<std::size_t>(decimal.point)).append(".");
    text.append(digits, static_cast<std::size_t>(decimal.point));
  }
  return text;
}

/// Most numbers come as the org prints them already: "0", "-12", "99.5".
bool is_plain_number(std::string_view text, std::int32_t scale) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  const auto point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return false;
  if (!std::ranges::all_of(whole, [](char c) { return c >= '0' && c <= '9'; })) return false;
  if (point == std::string_view::npos) return true;
  const std::string_view fraction = text.substr(point + 1);
  return !fraction.empty() && fraction.back() != '0' &&
         (scale < 0 || fraction.size() <= static_cast<std::size_t>(scale)) &&
         std::ranges::all_of(fraction, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<Cell> canonical_number(const FieldType& type, std::string_view text, base::Arena& arena) {
  if (is_plain_number(text, type.scale) && text != "-0") return Cell{text};
  auto decimal = parse_decimal(text);
  if (!decimal) return std::nullopt;
  if (type.scale >= 0) round_to(*decimal, type.scale);
  return Cell{arena.copy(spell(*decimal))};
}

std::optional<Cell> canonical_multi(std::string_view text, base::Arena& arena) {
  std::vector<std::string_view> values;
  while (!text.empty()) {
    const auto end = text.find(';');
    if (const auto value = trimmed(text.substr(0, end)); !value.empty()) values.push_back(value);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (values.empty()) return Cell{};
  std::ranges::sort(values);
  values.erase(std::ranges::unique(values).begin(), values.end());
  std::string joined;
  for (const std::string_view value : values) (joined += joined.empty() ? "" : ";") += value;
  return Cell{arena.copy(joined)};
}

/// "9:05", "10:15:30", "10:15:30.5Z": hours and minutes, then what there is.
std::optional<Cell> canonical_time(std::string_view text, base::Arena& arena) {
  if (text.ends_with('Z')) text.remove_suffix(1);
  if (text.find(':') == 1) return canonical_time(arena.copy("0" + std::string{text}), arena);
  // Any day does: the clock part alone is read.
  const auto moment = base::parse_iso("2000-01-01T" + std::string{text});
  if (!moment || text.size() < 5 || text[2] != ':' || text.find_first_of("+-") != std::string_view::npos)
    return std::nullopt;
  return Cell{arena.copy(std::string_view{base::to_iso(*moment)}.substr(11))};
}

/// The day as it is written: a midnight somewhere else is still that day.
std::optional<Cell> canonical_date(std::string_view text) {
  if (base::is_iso_date(text)) return Cell{text};
  return base::parse_iso(text) ? std::optional{Cell{text.substr(0, 10)}} : std::nullopt;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// Compares what is left of both texts when `skip` is left out.
template <class Skip>
bool equal_without(std::string_view a, std::string_view b, Skip skip) {
  std::size_t i = 0, j = 0;
  while (true) {
    while (i < a.size() && skip(a, i)) ++i;
    while (j < b.size() && skip(b, j)) ++j;
    if (i == a.size() || j == b.size()) return i == a.size() && j == b.size();
    if (lower(a[i++]) != lower(b[j++])) return false;
  }
}

bool is_phone_punctuation(char c) {
  return std::string_view{" \t()-./"}.find(c) != std::string_view::npos;
}

bool same_phone(std::string_view a, std::string_view b) {
  return equal_without(a, b, [](std::string_view text, std::size_t at) { return is_phone_punctuation(text[at]); });
}

/// The CR of a CR LF.
bool is_carriage(std::string_view text, std::size_t at) {
  return text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n';
}

bool same_lines(std::string_view a, std::string_view b) {
  std::size_t i = 0, j = 0;
  const auto skip = [](std::string_view text, std::size_t& at) { at += is_carriage(text, at) ? 1 : 0; };
  while (i < a.size() && j < b.size()) {
    skip(a, i);
    skip(b, j);
    if (a[i++] != b[j++]) return false;
  }
  return i == a.size() && j == b.size();
}

}  // namespace

bool same_though_spelt_apart(const FieldType& type, const Cell& a, const Cell& b) {
  switch (type.kind) {
    case FieldKind::text:
      return same_lines(a.text(), b.text());
    case FieldKind::email:
      return equal_without(a.text(), b.text(), [](std::string_view, std::size_t) { return false; });
    case FieldKind::phone:
      return same_phone(a.text(), b.text());
    default:
      return false;
  }
}

Cell folded(const FieldType& type, const Cell& cell, base::Arena& arena) {
  const std::string_view text = cell.text();
  std::string spelt;
  switch (type.kind) {
    case FieldKind::text:
      if (text.find("\r\n") == std::string_view::npos) return cell;
      for (std::size_t i = 0; i < text.size(); ++i)
        if (!is_carriage(text, i)) spelt += text[i];
      break;
    case FieldKind::email:
      if (std::ranges::all_of(text, [](char c) { return lower(c) == c; })) return cell;
      std::ranges::transform(text, std::back_inserter(spelt), lower);
      break;
    case FieldKind::phone:
      if (std::ranges::all_of(text, [](char c) { return lower(c) == c && !is_phone_punctuation(c); })) return cell;
      for (const char c : text)
        if (!is_phone_punctuation(c)) spelt += lower(c);
      break;
    default:
      return cell;
  }
  return Cell{arena.copy(spelt)};
}

std::string_view name_of(FieldKind kind) {
  return kind_names[static_cast<std::size_t>(kind)];
}

std::optional<FieldKind> field_kind_named(std::string_view name) {
  const auto found = std::ranges::find(kind_names, name);
  if (found == kind_names.end()) return std::nullopt;
  return static_cast<FieldKind>(found - kind_names.begin());
}

Cell canonical_null(const FieldType& type) {
  return type.kind == FieldKind::boolean ? Cell{"false"} : Cell{};
}

std::optional<Cell> canonical(const FieldType& type, std::string_view raw, base::Arena& arena) {
  const std::string_view text = trimmed(raw);
  if (text.empty()) return canonical_null(type);
  switch (type.kind) {
    case FieldKind::text:
    case FieldKind::email:
    case FieldKind::phone:
      return Cell{text};
    case FieldKind::boolean:
      return canonical_boolean(text);
    case FieldKind::number:
      return canonical_number(type, text, arena);
    case FieldKind::date:
      return canonical_date(text);
    case FieldKind::time:
      return canonical_time(text, arena);
    case FieldKind::datetime: {
      const auto moment = base::parse_iso(text);
      if (!moment) return std::nullopt;
      return Cell{arena.copy(base::to_iso_seconds(*moment))};
    }
    case FieldKind::multi:
      return canonical_multi(text, arena);
    case FieldKind::reference: {
      const auto id = RecordId::parse(text);
      if (!id) return std::nullopt;
      return text.size() == 18 ? Cell{text} : Cell{arena.copy(id->view())};
    }
  }
  return std::nullopt;
}

}  // namespace model
