#include <array>
#include <charconv>
#include <utility>

#include "base/time_text.h"
#include "simulator/org/soql.h"
#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator::soql {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
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

constexpr auto keywords = std::to_array<std::string_view>({"select", "from", "where", "and", "or", "not", "like", "in",
                                                           "order", "by", "limit", "offset", "group", "having",
                                                           "asc", "desc", "nulls", "includes", "excludes"});

/// Throws ApiError; parse() turns that into its result, so that the grammar below reads as a grammar.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Statement statement() {
    Statement out;
    need_word("select");
    skip();
    if (try_word("count")) {
      need("(");
      need(")");
      out.count = true;
    } else {
      do {
        out.fields.push_back(path());
        skip();
        if (at_ < text_.size() && text_[at_] == '(') fail();  // functions and subqueries
      } while (try_sign(","));
    }
    need_word("from");
    out.object = path();
    if (try_word("where")) out.where = condition(0);
    if (try_word("order")) {
      need_word("by");
      do {
        Order order{path()};
        if (!try_word("asc")) order.descending = try_word("desc");
        if (try_word("nulls")) {
          order.nulls_last = try_word("last");
          if (!order.nulls_last) need_word("first");
        }
        out.order.push_back(std::move(order));
      } while (try_sign(","));
    }
    if (try_word("limit")) out.limit = whole_number();
    if (try_word("offset")) out.offset = whole_number();
    skip();
    if (at_ < text_.size()) fail();
    return out;
  }

 private:
  static constexpr int deepest = 100;

  [[noreturn]] void fail(std::string_view message = {}) {
    skip();
    std::string what{message};
    if (message.empty()) {
      const std::string_view token = at_ < text_.size() ? next_token() : std::string_view{"<EOF>"};
      what = "unexpected token: '" + std::string{token} + "'";
    }
    throw ApiError{400, "MALFORMED_QUERY", with_caret(text_, at_, what)};
  }

  std::string_view next_token() const {
    std::size_t end = at_;
    while (end < text_.size() && is_name(text_[end])) ++end;
    return text_.substr(at_, std::max<std::size_t>(end - at_, 1));
  }

  void skip() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  bool try_word(std::string_view word) {
    skip();
    if (!same_name(next_token_or_empty(), word)) return false;
    at_ += word.size();
    return true;
  }
  std::string_view next_token_or_empty() const { return at_ < text_.size() ? next_token() : std::string_view{}; }
  void need_word(std::string_view word) {
    if (!try_word(word)) fail();
  }
  bool try_sign(std::string_view sign) {
    skip();
    if (!text_.substr(at_).starts_with(sign)) return false;
    at_ += sign.size();
    return true;
  }
  void need(std::string_view sign) {
    if (!try_sign(sign)) fail();
  }

  Path path() {
    skip();
    Path out{{}, at_};
    while (true) {
      if (at_ >= text_.size() || !is_letter(text_[at_])) fail();
      const std::string_view name = next_token();
      for (const std::string_view word : keywords)
        if (same_name(word, name)) fail();
      out.parts.emplace_back(name);
      at_ += name.size();
      if (at_ >= text_.size() || text_[at_] != '.') return out;
      ++at_;
    }
  }

  std::uint64_t whole_number() {
    skip();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc{}) fail();
    at_ = static_cast<std::size_t>(end - text_.data());
    if (at_ < text_.size() && is_name(text_[at_])) fail();
    return value;
  }

  /// AND and OR may not stand side by side without parentheses.
  Condition condition(int depth) {
    if (depth > deepest) fail("the condition is nested too deeply");
    Condition first = operand(depth);
    Condition out;
    while (true) {
      skip();
      const std::size_t before = at_;
      const Form form = try_word("and") ? Form::both : try_word("or") ? Form::either : Form::comparison;
      if (form == Form::comparison) return out.parts.empty() ? std::move(first) : std::move(out);
      if (out.parts.empty()) {
        out.form = form;
        out.parts.push_back(std::move(first));
      } else if (out.form != form) {
        at_ = before;
        fail();
      }
      out.parts.push_back(operand(depth));
    }
  }

  Condition operand(int depth) {
    if (depth > deepest) fail("the condition is nested too deeply");
    if (try_word("not")) {
      Condition out{.form = Form::negation};
      out.parts.push_back(operand(depth + 1));
      return out;
    }
    if (try_sign("(")) {
      Condition out = condition(depth + 1);
      need(")");
      return out;
    }
    return comparison();
  }

  Condition comparison() {
    Condition out;
    out.field = path();
    constexpr std::pair<std::string_view, Op> signs[] = {
        {"!=", Op::unequal}, {"<>", Op::unequal}, {"<=", Op::less_equal}, {">=", Op::greater_equal},
        {"=", Op::equal},    {"<", Op::less},     {">", Op::greater}};
    for (const auto& [sign, op] : signs)
      if (try_sign(sign)) {
        out.op = op;
        out.values.push_back(literal());
        return out;
      }
    if (try_word("like")) {
      out.op = Op::like;
      out.values.push_back(literal());
      return out;
    }
    if (try_word("not")) {
      need_word("in");
      out.op = Op::not_in;
    } else if (try_word("in")) {
      out.op = Op::in;
    } else if (try_word("includes")) {
      out.op = Op::includes;
    } else if (try_word("excludes")) {
      out.op = Op::excludes;
    } else {
      fail();
    }
    need("(");
    do out.values.push_back(literal());
    while (try_sign(","));
    need(")");
    return out;
  }

  Literal literal() {
    skip();
    Literal out;
    out.at = at_;
    if (at_ >= text_.size()) fail();
    if (text_[at_] == '\'') {
      text_literal(out);
    } else if (try_word("null")) {
      out.kind = LiteralKind::null;
    } else if (try_word("true")) {
      out = {.kind = LiteralKind::boolean, .truth = true, .at = out.at};
    } else if (try_word("false")) {
      out = {.kind = LiteralKind::boolean, .truth = false, .at = out.at};
    } else {
      bare_literal(out);
    }
    return out;
  }

  void bare_literal(Literal& out) {
    std::size_t end = at_;
    while (end < text_.size() && (is_name(text_[end]) || text_[end] == '.' || text_[end] == ':' || text_[end] == '-' ||
                                  text_[end] == '+'))
      ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    if (word.size() >= 10 && base::is_iso_date(word.substr(0, 10))) {
      const bool is_date = word.size() == 10;
      const bool has_zone = word.ends_with('Z') || word.find_first_of("+-", 11) != word.npos;
      const auto moment = base::parse_iso(word);
      if (!moment || (!is_date && (!has_zone || word[10] != 'T')) ||
          (word.contains('.') && !unconfirmed::fractions_in_datetime_literals))
        fail();
      out.kind = is_date ? LiteralKind::date : LiteralKind::datetime;
      const std::int64_t ms = moment->time_since_epoch().count();
      out.moment = is_date ? ms / 86'400'000 : ms;
      if (is_date && ms < 0 && ms % 86'400'000 != 0) --out.moment;
    } else {
      std::string_view digits = word;
      if (digits.starts_with('+')) digits.remove_prefix(1);
      const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.number);
      const bool starts_well = !digits.empty() && (is_digit(digits[0]) || digits[0] == '-' || digits[0] == '.');
      if (error != std::errc{} || stop != digits.data() + digits.size() || !starts_well) fail();
      out.kind = LiteralKind::number;
    }
    at_ = end;
  }

  void text_literal(Literal& out) {
    out.kind = LiteralKind::text;
    ++at_;
    while (true) {
      if (at_ >= text_.size()) fail();
      const char c = text_[at_++];
      if (c == '\'') break;
      if (c != '\\') {
        out.text += c;
        out.like += c == '%' ? '\1' : c == '_' ? '\2' : c;
        continue;
      }
      if (at_ >= text_.size()) fail();
      const std::size_t before = out.text.size();
      escape(text_[at_++], out.text);
      out.like.append(out.text, before);
    }
    if (out.text.size() > longest_literal) fail("a string literal is longer than 4000 characters");
  }

  void escape(char c, std::string& out) {
    constexpr std::pair<char, char> escapes[] = {{'\'', '\''}, {'\\', '\\'}, {'"', '"'}, {'n', '\n'}, {'r', '\r'},
                                                 {'t', '\t'},  {'b', '\b'},  {'f', '\f'}, {'%', '%'}, {'_', '_'},
                                                 {'N', '\n'},  {'R', '\r'},  {'T', '\t'}, {'B', '\b'}, {'F', '\f'}};
    for (const auto& [letter, meaning] : escapes)
      if (letter == c) {
        out += meaning;
        return;
      }
    unsigned point = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + std::min(at_ + 4, text_.size()), point, 16);
    if (c != 'u' || error != std::errc{} || end != text_.data() + at_ + 4 || (point >= 0xD800 && point < 0xE000))
      fail("Illegal string literal: a backslash that begins no escape sequence");
    at_ += 4;
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

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string Path::text() const {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += '.';
    out += part;
  }
  return out;
}

std::string with_caret(std::string_view statement, std::size_t at, std::string_view message) {
  constexpr std::size_t before = 40, after = 40;
  std::size_t first = at > before ? at - before : 0;
  std::size_t last = std::min(statement.size(), at + after);
  const auto is_inside = [statement](std::size_t i) {
    return i < statement.size() && (static_cast<unsigned char>(statement[i]) & 0xC0) == 0x80;
  };
  while (first > 0 && is_inside(first)) --first;
  while (is_inside(last)) ++last;
  std::string out = "\n";
  for (const char c : statement.substr(first, last - first)) out += is_space(c) ? ' ' : c;
  out += '\n';
  out.append(characters(statement.substr(first, at - first)), ' ');
  out += "^\nERROR at Row:1:Column:" + std::to_string(characters(statement.substr(0, at)) + 1) + "\n";
  return out += message;
}

Outcome<Statement> parse(std::string_view text) {
  if (text.size() > longest_statement)
    return refusal(400, "MALFORMED_QUERY", "SOQL statements cannot be longer than 100000 characters.");
  if (trimmed(text).empty())
    return refusal(400, "MALFORMED_QUERY", "A query string has to be specified");
  try {
    return Parser{text}.statement();
  } catch (ApiError& error) {
    return std::unexpected(std::move(error));
  }
}

}  // namespace simulator::soql
