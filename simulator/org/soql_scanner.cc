#include "simulator/org/soql_scanner.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/time_text.h"
#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator::soql {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name(char c) {
  return is_letter(c) || is_digit(c) || c == '_';
}

constexpr auto keywords = std::to_array<std::string_view>(
    {"and",   "asc", "desc", "excludes", "from", "group", "having", "in",    "includes", "like",
     "limit", "not", "null", "nulls",    "or",   "order", "select", "using", "where",    "with"});

void append_utf8(std::string& out, unsigned point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | (point >> 6));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | (point >> 12));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  }
}

[[noreturn]] void refuse_plainly(std::string message) {
  throw ApiError{400, "MALFORMED_QUERY", std::move(message)};
}

}  // namespace

bool is_keyword(std::string_view word) {
  return std::ranges::any_of(keywords, [word](std::string_view known) { return same_name(known, word); });
}

std::size_t Scanner::place() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  return at_;
}

std::string_view Scanner::word() {
  std::size_t end = place();
  while (is_name(at(end))) ++end;
  return text_.substr(at_, end - at_);
}

std::string Scanner::token() {
  if (at_end()) return "<EOF>";
  if (const std::string_view next = word(); !next.empty()) return std::string{next};
  std::size_t end = at_ + 1;
  while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
  return std::string{text_.substr(at_, end - at_)};
}

void Scanner::fail(std::string_view message) {
  if (!message.empty()) throw ApiError{400, "MALFORMED_QUERY", with_caret(text_, place(), message)};
  const std::string next = token();
  constexpr std::string_view known_signs = "(),.<>=!'+-:/*;";
  if (next != "<EOF>" && !is_name(next[0]) && known_signs.find(next[0]) == std::string_view::npos)
    refuse_plainly("line 1:" + std::to_string(characters(text_.substr(0, at_))) +
                   " no viable alternative at character '" + next + "'");
  throw ApiError{400, "MALFORMED_QUERY", with_caret(text_, at_, "unexpected token: '" + next + "'")};
}

bool Scanner::try_word(std::string_view wanted) {
  if (!same_name(word(), wanted)) return false;
  at_ += wanted.size();
  return true;
}

void Scanner::need_word(std::string_view wanted) {
  if (!try_word(wanted)) fail();
}

bool Scanner::try_sign(std::string_view sign) {
  place();
  if (!text_.substr(at_).starts_with(sign)) return false;
  at_ += sign.size();
  return true;
}

void Scanner::need(std::string_view sign) {
  if (try_sign(sign)) return;
  if (sign == ")") fail("expecting a right parentheses, found '" + token() + "'");
  fail();
}

std::string Scanner::name() {
  const std::string_view found = word();
  if (found.empty() || !is_letter(found[0])) fail();
  at_ += found.size();
  return std::string{found};
}

Path Scanner::path() {
  Path out{{}, place()};
  while (true) {
    if (const std::string_view next = word(); is_keyword(next)) {
      // Relations are called so too: OrderItem.Order, GroupMember.Group.
      const bool is_way = (same_name(next, "order") || same_name(next, "group")) && at(at_ + next.size()) == '.';
      if (!is_way) fail();
    }
    out.parts.push_back(name());
    if (at(at_) != '.') return out;
    ++at_;
    if (!is_letter(at(at_))) fail();
  }
}

std::uint64_t Scanner::whole_number() {
  const std::string_view digits = word();
  if (digits.empty() || !std::ranges::all_of(digits, is_digit)) fail();
  std::uint32_t value = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc{} || value > 0x7FFF'FFFF)
    fail("numeric value out of range: " + std::string{digits});
  at_ += digits.size();
  return value;
}

Literal Scanner::literal(bool is_pattern) {
  Literal out;
  out.at = place();
  if (at_end()) fail();
  if (text_[at_] == ':') fail("Bind variables only allowed in Apex code");
  if (text_[at_] == '\'') {
    read_text(out, is_pattern);
  } else {
    read_bare(out);
  }
  return out;
}

void Scanner::read_bare(Literal& out) {
  std::size_t end = at_;
  while (is_name(at(end)) || at(end) == '.' || at(end) == ':' || at(end) == '-' || at(end) == '+') ++end;
  out.word = text_.substr(at_, end - at_);
  if (same_name(out.word, "null")) {
    out.kind = LiteralKind::null;
  } else if (same_name(out.word, "true") || same_name(out.word, "false")) {
    out.kind = LiteralKind::boolean;
    out.truth = same_name(out.word, "true");
  } else if (!read_date(out) && !read_number(out) && !read_period(out)) {
    fail();
  }
  at_ = end;
}

bool Scanner::read_date(Literal& out) {
  const std::string_view word = out.word;
  if (word.size() < 10 || !is_digit(word[0]) || word[4] != '-' || word[7] != '-') return false;
  const bool is_date = word.size() == 10;
  const auto zone = is_date ? std::string_view::npos : word.find_first_of("Z+-", 11);
  const auto moment = base::is_iso_date(word.substr(0, 10)) ? base::parse_iso(word) : std::nullopt;
  const bool is_whole = is_date || (word[10] == 'T' && zone != std::string_view::npos && zone >= 19);
  if (!moment || !is_whole || (word.contains('.') && !unconfirmed::fractions_in_datetime_literals))
    fail("Invalid " + std::string{is_date ? "date: " : "datetime: "} + std::string{word});
  const std::int64_t ms = moment->time_since_epoch().count();
  const std::int64_t day = ms >= 0 ? ms / day_ms : (ms - day_ms + 1) / day_ms;
  if (day < first_day || day > last_day) fail("Invalid date: " + std::string{word});
  out.kind = is_date ? LiteralKind::date : LiteralKind::datetime;
  out.moment = is_date ? day : ms;
  return true;
}

bool Scanner::read_number(Literal& out) {
  std::string_view digits = out.word;
  std::string code;
  while (code.size() < 3 && !digits.empty() && is_letter(digits[0])) {
    code += static_cast<char>(digits[0] & ~0x20);
    digits.remove_prefix(1);
  }
  if (!code.empty() && code.size() != 3) return false;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const bool starts_well = !digits.empty() && (is_digit(digits[0]) || digits[0] == '.' ||
                                               (digits[0] == '-' && digits.size() > 1 && !is_letter(digits[1])));
  if (!starts_well || digits == ".") return false;
  const auto [stop, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), out.number, std::chars_format::fixed);
  if (error != std::errc{} || stop != digits.data() + digits.size()) return false;
  out.kind = code.empty() ? LiteralKind::number : LiteralKind::currency;
  out.text = std::move(code);
  return true;
}

bool Scanner::read_period(Literal& out) {
  const std::string_view word = out.word;
  const auto colon = word.find(':');
  std::optional<std::int64_t> number;
  if (colon != std::string_view::npos) {
    const std::string_view digits = word.substr(colon + 1);
    std::int32_t value = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || stop != digits.data() + digits.size() || value < 0) return false;
    number = value;
  }
  const auto period = period_named(word.substr(0, colon), number);
  if (!period) return false;
  out.kind = LiteralKind::period;
  out.period = *period;
  return true;
}

void Scanner::read_text(Literal& out, bool is_pattern) {
  out.kind = LiteralKind::text;
  const std::size_t begin = at_++;
  while (true) {
    if (at_ >= text_.size())
      refuse_plainly("line 1:" + std::to_string(characters(text_)) + " mismatched character '<EOF>' expecting '''");
    const char c = text_[at_++];
    if (c == '\'') break;
    if (c == '\\') {
      read_escape(out.text, begin, is_pattern);
    } else {
      out.text += is_pattern && c == '%' ? any_text : is_pattern && c == '_' ? any_character : c;
    }
  }
  const auto wildcards = std::ranges::count(out.text, any_text) + std::ranges::count(out.text, any_character);
  if (characters(out.text) - static_cast<std::size_t>(wildcards) > longest_literal)  // each of them counts two there
    fail("maximum length of a string literal in a filter is " + std::to_string(longest_literal) + " characters");
}

/// Stands behind the backslash.
void Scanner::read_escape(std::string& out, std::size_t begin, bool is_pattern) {
  constexpr std::pair<char, char> escapes[] = {{'\'', '\''}, {'\\', '\\'}, {'"', '"'},  {'n', '\n'},
                                               {'r', '\r'},  {'t', '\t'},  {'b', '\b'}, {'f', '\f'}};
  const char c = at(at_);
  const char small = is_letter(c) ? static_cast<char>(c | 0x20) : c;
  for (const auto& [letter, meaning] : escapes)
    if (letter == small) {
      ++at_;
      out += meaning;
      return;
    }
  if (is_pattern && (c == '%' || c == '_')) {
    ++at_;
    out += c;
    return;
  }
  unsigned point = 0;
  const char* const digits = text_.data() + std::min(at_ + 1, text_.size());
  const char* const last = text_.data() + std::min(at_ + 5, text_.size());
  const auto [end, error] = std::from_chars(digits, last, point, 16);
  if (c == 'u' && error == std::errc{} && end == digits + 4 && (point < 0xD800 || point >= 0xE000)) {
    at_ += 5;
    append_utf8(out, point);
    return;
  }
  std::size_t after = at_ + 1;
  while ((at(after) & 0xC0) == 0x80) ++after;
  const std::string sequence = "\\" + std::string{text_.substr(std::min(at_, text_.size()), after - at_)};
  const std::size_t close = std::min(text_.find('\'', at_), text_.size());
  refuse_plainly("Invalid string literal " + std::string{text_.substr(begin, close + 1 - begin)} +
                 ". Illegal character sequence '" + sequence + "' in string literal.");
}

}  // namespace simulator::soql
