#include "salesforce/condition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/time_text.h"
#include "base/utf8.h"
#include "salesforce/soql.h"

namespace salesforce::soql {
namespace {

using base::ErrorKind;

constexpr int deepest = 30;
constexpr std::size_t most_values = 2'000;
constexpr std::size_t longest_literal = 4'000;
constexpr int most_relations = 5;

// Source: SOQL and SOSL Reference, "Reserved Keywords". FIRST and LAST are left out: they mean something behind NULLS
// only.
constexpr std::array<std::string_view, 20> reserved = {
    "AND",   "ASC", "DESC", "EXCLUDES", "FROM", "GROUP", "HAVING", "IN",    "INCLUDES", "LIKE",
    "LIMIT", "NOT", "NULL", "NULLS",    "OR",   "ORDER", "SELECT", "USING", "WHERE",    "WITH"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

std::string upper(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

// Source: SOQL and SOSL Reference, "Date Formats and Date Literals". Those with a number end with ':'.
constexpr std::array relative_dates = {
    "YESTERDAY", "TODAY", "TOMORROW", "LAST_WEEK", "THIS_WEEK", "NEXT_WEEK", "LAST_MONTH", "THIS_MONTH", "NEXT_MONTH",
    "LAST_90_DAYS", "NEXT_90_DAYS", "THIS_QUARTER", "LAST_QUARTER", "NEXT_QUARTER", "THIS_YEAR", "LAST_YEAR",
    "NEXT_YEAR", "THIS_FISCAL_QUARTER", "LAST_FISCAL_QUARTER", "NEXT_FISCAL_QUARTER", "THIS_FISCAL_YEAR",
    "LAST_FISCAL_YEAR", "NEXT_FISCAL_YEAR", "LAST_N_DAYS:", "NEXT_N_DAYS:", "N_DAYS_AGO:", "LAST_N_WEEKS:",
    "NEXT_N_WEEKS:", "N_WEEKS_AGO:", "LAST_N_MONTHS:", "NEXT_N_MONTHS:", "N_MONTHS_AGO:", "LAST_N_QUARTERS:",
    "NEXT_N_QUARTERS:", "N_QUARTERS_AGO:", "LAST_N_YEARS:", "NEXT_N_YEARS:", "N_YEARS_AGO:", "LAST_N_FISCAL_QUARTERS:",
    "NEXT_N_FISCAL_QUARTERS:", "N_FISCAL_QUARTERS_AGO:", "LAST_N_FISCAL_YEARS:", "NEXT_N_FISCAL_YEARS:",
    "N_FISCAL_YEARS_AGO:"};

constexpr std::array<std::pair<Operator, std::string_view>, 11> operator_texts = {{
    {Operator::equal, "="}, {Operator::unequal, "!="}, {Operator::less, "<"}, {Operator::less_equal, "<="},
    {Operator::greater, ">"}, {Operator::greater_equal, ">="}, {Operator::like, "LIKE"}, {Operator::in, "IN"},
    {Operator::not_in, "NOT IN"}, {Operator::includes, "INCLUDES"}, {Operator::excludes, "EXCLUDES"},
}};

bool takes_list(Operator op) {
  return op == Operator::in || op == Operator::not_in || op == Operator::includes || op == Operator::excludes;
}

/// Cuts the text from front to back. The first thing that is wrong ends it.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  base::Result<Condition> read() {
    if (text_.size() > longest_condition)
      return base::failure(ErrorKind::settings, "the filter is longer than " + std::to_string(longest_condition) +
                                                    " characters: name fewer values, or mark the records by a field "
                                                    "of their own");
    const std::string clean = base::as_utf8(text_);
    if (clean != text_) {
      fail(static_cast<std::size_t>(std::ranges::mismatch(text_, clean).in1 - text_.begin()),
           "the filter is not valid UTF-8 here; write the character anew");
      return wrong();
    }
    auto condition = read_condition(0);
    if (!wrong_) {
      skip_blanks();
      if (at_ < text_.size()) fail(at_, here() + " was not expected: here the filter ends, or AND or OR follows");
    }
    if (wrong_) return wrong();
    return condition;
  }

 private:
  std::unexpected<base::Error> wrong() const {
    return base::failure(ErrorKind::settings, place_in(text_, wrong_at_) + ": " + *wrong_);
  }

  void fail(std::size_t at, std::string what) {
    if (wrong_) return;
    wrong_ = std::move(what);
    wrong_at_ = at;
  }

  /// The word or sign at the place, shortened, for a message.
  std::string shown() const {
    std::size_t end = at_ + 1;
    if (is_word(text_[at_])) {
      while (end < text_.size() && end - at_ < 30 && is_word(text_[end])) ++end;
    } else {
      while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
    }
    std::string out{text_.substr(at_, end - at_)};
    std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return out;
  }

  std::string here() const {
    return at_ < text_.size() ? "\"" + shown() + "\"" : std::string{"the end"};
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  bool take(std::string_view symbol) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(symbol)) return false;
    at_ += symbol.size();
    return true;
  }

  /// The word at the place, in upper case; takes it only if it is this one.
  bool take_word(std::string_view word) {
    skip_blanks();
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    if (upper(text_.substr(at_, end - at_)) != word) return false;
    at_ = end;
    return true;
  }

  Condition read_condition(int depth) {
    if (depth > deepest) {
      fail(at_, "parentheses are nested too deeply");
      return {};
    }
    Condition first = read_part(depth);
    std::optional<Condition::Form> joined;
    Condition out{.parts = {}};
    while (!wrong_) {
      skip_blanks();
      const std::size_t start = at_;
      std::optional<Condition::Form> joins;
      if (take_word("AND")) joins = Condition::Form::all;
      else if (take_word("OR")) joins = Condition::Form::any;
      if (!joins) break;
      if (joined && joined != joins) {
        fail(start, "AND and OR stand side by side; put parentheses around those that belong together");
        break;
      }
      if (!joined) out.parts.push_back(std::move(first));
      joined = joins;
      out.parts.push_back(read_part(depth));
    }
    if (!joined) return first;
    out.form = *joined;
    return out;
  }

  Condition read_part(int depth) {
    skip_blanks();
    if (take_word("NOT")) {
      if (depth > deepest) {
        fail(at_, "NOT is nested too deeply");
        return {};
      }
      Condition out{.form = Condition::Form::negation};
      out.parts.push_back(read_part(depth + 1));
      return out;
    }
    if (take("(")) {
      Condition inner = read_condition(depth + 1);
      if (!wrong_ && !take(")")) fail(at_, "a parenthesis that was opened has to be closed before " + here());
      return inner;
    }
    return read_comparison();
  }

  Condition read_comparison() {
    Condition out;
    skip_blanks();
    out.at = at_;
    std::size_t end = at_;
    while (end < text_.size() && (is_word(text_[end]) || text_[end] == '.')) ++end;
    out.field = text_.substr(at_, end - at_);
    if (out.field.empty()) {
      fail(at_, "a field name has to stand here, not " + here());
      return out;
    }
    if (upper(out.field) == "SELECT") {
      fail(at_, "a filter holds no subqueries; compare fields of the record or of its parent (\"Account.Type\")");
      return out;
    }
    if (!is_identifier(out.field)) {
      fail(at_, "\"" + shown() + "\" is not the API name of a field");
      return out;
    }
    if (const auto word = reserved_in(out.field)) {
      at_ += *word;
      fail(at_, "\"" + shown() + "\" is a word of SOQL and no API name of a field");
      return out;
    }
    if (std::ranges::count(out.field, '.') > most_relations) {
      fail(at_, "a filter reaches over at most five relations");
      return out;
    }
    at_ = end;
    skip_blanks();
    if (text_.substr(at_).starts_with('(')) {
      fail(out.at, "functions such as " + out.field.substr(0, 40) + "() cannot be used in a filter");
      return out;
    }
    read_operator(out);
    if (!wrong_) read_values(out);
    return out;
  }

  /// Where in the path a reserved word stands. On the way to a field the org has relations called Order and Group.
  static std::optional<std::size_t> reserved_in(std::string_view path) {
    for (std::size_t from = 0;;) {
      const auto dot = path.find('.', from);
      const std::string name = upper(path.substr(from, dot - from));
      const bool is_way = dot != std::string_view::npos && (name == "ORDER" || name == "GROUP");
      if (!is_way && std::ranges::find(reserved, name) != reserved.end()) return from;
      if (dot == std::string_view::npos) return std::nullopt;
      from = dot + 1;
    }
  }

  void read_operator(Condition& out) {
    const std::size_t start = at_;
    for (const auto& [symbol, op] : std::initializer_list<std::pair<std::string_view, Operator>>{
             {"!=", Operator::unequal}, {"<>", Operator::unequal}, {"<=", Operator::less_equal},
             {">=", Operator::greater_equal}, {"=", Operator::equal}, {"<", Operator::less}, {">", Operator::greater}})
      if (take(symbol)) {
        out.op = op;
        return;
      }
    if (take_word("LIKE")) out.op = Operator::like;
    else if (take_word("IN")) out.op = Operator::in;
    else if (take_word("INCLUDES")) out.op = Operator::includes;
    else if (take_word("EXCLUDES")) out.op = Operator::excludes;
    else if (take_word("NOT") && take_word("IN")) out.op = Operator::not_in;
    else {
      at_ = start;
      fail(at_, "after " + out.field + " an operator has to stand (=, !=, <, <=, >, >=, LIKE, IN, NOT IN, INCLUDES, "
                "EXCLUDES), not " + here());
    }
  }

  void read_values(Condition& out) {
    if (!takes_list(out.op)) {
      out.values.push_back(read_literal(out.op == Operator::like));
      return;
    }
    if (!take("(")) {
      fail(at_, "a list of values in parentheses has to stand here: ('A', 'B')");
      return;
    }
    do {
      if (out.values.size() == most_values) return fail(at_, "the list has more than 2000 values");
      out.values.push_back(read_literal(false));
    } while (!wrong_ && take(","));
    if (!wrong_ && !take(")")) fail(at_, "a comma or the list's closing parenthesis has to stand before " + here());
  }

  Literal read_literal(bool pattern) {
    skip_blanks();
    const std::size_t start = at_;
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    Literal out;
    if (c == '\'') {
      out = read_text(pattern);
    } else if (is_digit(c) || c == '-' || c == '+') {
      out = read_number_or_date();
    } else if (is_letter(c)) {
      out = read_named();
    } else if (c == '"') {
      fail(at_, "texts stand in single quotes: 'Active'");
    } else if (c == ':') {
      fail(at_, "variables (\":name\") exist in Apex only; write the value");
    } else {
      fail(at_, "a value has to stand here, not " + here());
    }
    out.at = start;
    return out;
  }

  Literal read_text(bool pattern) {
    Literal out{.kind = Literal::Kind::text};
    const std::size_t start = at_++;
    while (true) {
      if (at_ >= text_.size()) {
        fail(start, "the quote that opens here does not close");
        return out;
      }
      const char c = text_[at_];
      if (c == '\'') {
        ++at_;
        break;
      }
      if (c == '\n' || c == '\r') {
        fail(at_, "a text goes over the end of a line; write \\n for a line break");
        return out;
      }
      if (c != '\\') {
        out.text += c;
        ++at_;
      } else if (!read_escape(out.text, pattern)) {
        return out;
      }
    }
    if (at_ - start > longest_literal) fail(start, "the text is longer than 4000 characters");
    return out;
  }

  /// Takes a backslash and what follows.
  bool read_escape(std::string& out, bool pattern) {
    constexpr std::string_view letters = "nNrRtTbBfF\"'\\", meant = "\n\n\r\r\t\t\b\b\f\f\"'\\";
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (pattern && (next == '_' || next == '%')) {
      (out += '\\') += next;
      at_ += 2;
      return true;
    }
    if (const auto found = letters.find(next); next != '\0' && found != std::string_view::npos) {
      // In a pattern a lone backslash must not become an escape of what follows it.
      if (pattern && meant[found] == '\\') out += '\\';
      out += meant[found];
      at_ += 2;
      return true;
    }
    if (next == 'u' && at_ + 6 <= text_.size()) {
      unsigned code = 0;
      const char* const first = text_.data() + at_ + 2;
      const auto [end, error] = std::from_chars(first, first + 4, code, 16);
      if (error == std::errc{} && end == first + 4 && (code < 0xD800 || code > 0xDFFF)) {
        if (code < 0x80) {
          out += static_cast<char>(code);
        } else {
          if (code >= 0x800) out += static_cast<char>(0xE0 | (code >> 12));
          out += static_cast<char>(code >= 0x800 ? 0x80 | ((code >> 6) & 0x3F) : 0xC0 | (code >> 6));
          out += static_cast<char>(0x80 | (code & 0x3F));
        }
        at_ += 6;
        return true;
      }
    }
    fail(at_, "a backslash has to be written twice, or be one of \\' \\\" \\n \\r \\t \\b \\f \\u0041");
    return false;
  }

  Literal read_number_or_date() {
    std::size_t end = at_;
    while (end < text_.size() && (is_word(text_[end]) || text_[end] == '.' || text_[end] == ':' || text_[end] == '-' ||
                                  text_[end] == '+'))
      ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    const bool is_date = base::is_iso_date(word);
    const bool is_moment = word.size() > 11 && (word[10] == 'T' || word[10] == 't') &&
                           (word.ends_with('Z') || word.ends_with('z') || word.find_last_of("+-") > 10);
    const auto moment = is_date || is_moment ? base::parse_iso(word) : std::nullopt;
    Literal out;
    if (moment && (*moment < first_moment || *moment >= last_moment + std::chrono::seconds{1})) {
      fail(at_, "\"" + std::string{word} + "\" is outside the years 1700 to 4000, the only ones that Salesforce knows");
      return out;
    }
    if (moment) {
      out.kind = is_date ? Literal::Kind::date : Literal::Kind::datetime;
      out.text = is_date ? std::string{word} : datetime(*moment);
    } else if (const auto number = number_in(word)) {
      out = {.kind = Literal::Kind::number, .text = *number};
    } else {
      fail(at_, "\"" + std::string{word.substr(0, 40)} +
                    "\" is neither a number in full (1200.5) nor a date (2026-01-31) nor a moment "
                    "(2026-01-31T10:11:12Z); texts stand in single quotes");
      return out;
    }
    at_ = end;
    return out;
  }

  /// As SOQL takes it: digits with a sign and a point.
  static std::optional<std::string> number_in(std::string_view word) {
    std::string out;
    std::size_t i = 0;
    if (i < word.size() && (word[i] == '-' || word[i] == '+')) {
      if (word[i] == '-') out += '-';
      ++i;
    }
    const auto digits = [&] {
      const std::size_t from = i;
      while (i < word.size() && is_digit(word[i])) out += word[i++];
      return i > from;
    };
    if (!digits()) return std::nullopt;
    if (i < word.size() && word[i] == '.') {
      out += word[i++];
      if (!digits()) return std::nullopt;
    }
    if (i != word.size() || out.size() > 60) return std::nullopt;
    return out;
  }

  Literal read_named() {
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    const std::string word = upper(text_.substr(at_, end - at_));
    Literal out;
    if (word == "NULL") {
      out.kind = Literal::Kind::null;
    } else if (word == "TRUE" || word == "FALSE") {
      out = {.kind = Literal::Kind::boolean, .text = word == "TRUE" ? "true" : "false"};
    } else if (std::ranges::find(relative_dates, word) != relative_dates.end()) {
      out = {.kind = Literal::Kind::relative, .text = word};
    } else if (end < text_.size() && text_[end] == ':' &&
               std::ranges::find(relative_dates, word + ":") != relative_dates.end()) {
      std::size_t digits = ++end;
      while (digits < text_.size() && is_digit(text_[digits])) ++digits;
      if (digits == end || digits - end > 5) {
        fail(end, "a number of up to five digits has to follow " + word + ":");
        return out;
      }
      out = {.kind = Literal::Kind::relative, .text = word + ":" + std::string{text_.substr(end, digits - end)}};
      end = digits;
    } else if (word == "SELECT") {
      fail(at_, "a filter holds no subqueries; list the values, or compare a field of the parent (\"Account.Type\")");
    } else {
      fail(at_, "\"" + shown() + "\" is no value; texts stand in single quotes: '" + shown() + "'");
    }
    at_ = end;
    return out;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::optional<std::string> wrong_;
  std::size_t wrong_at_ = 0;
};

void print_literal(std::string& out, const Literal& value, bool pattern) {
  switch (value.kind) {
    case Literal::Kind::null: out += "null"; break;
    case Literal::Kind::text: out += pattern ? quote_pattern(value.text) : quote(value.text); break;
    case Literal::Kind::boolean:
    case Literal::Kind::number:
    case Literal::Kind::date:
    case Literal::Kind::datetime:
    case Literal::Kind::relative: out += value.text; break;
  }
}

void print_to(std::string& out, const Condition& condition) {
  switch (condition.form) {
    case Condition::Form::comparison: {
      out += condition.field;
      const auto symbol = std::ranges::find(operator_texts, condition.op, [](const auto& entry) { return entry.first; });
      ((out += ' ') += symbol->second) += ' ';
      if (!takes_list(condition.op)) {
        print_literal(out, condition.values.at(0), condition.op == Operator::like);
        return;
      }
      out += '(';
      for (std::size_t i = 0; i < condition.values.size(); ++i) {
        if (i > 0) out += ", ";
        print_literal(out, condition.values[i], false);
      }
      out += ')';
      return;
    }
    case Condition::Form::negation:
      out += "(NOT ";
      print_to(out, condition.parts.at(0));
      out += ')';
      return;
    case Condition::Form::all:
    case Condition::Form::any:
      out += '(';
      for (std::size_t i = 0; i < condition.parts.size(); ++i) {
        if (i > 0) out += condition.form == Condition::Form::all ? " AND " : " OR ";
        print_to(out, condition.parts[i]);
      }
      out += ')';
      return;
  }
}

}  // namespace

base::Result<Condition> parse_condition(std::string_view text) {
  return Parser{text}.read();
}

std::string print(const Condition& condition) {
  std::string out;
  print_to(out, condition);
  return out;
}

bool same(const Condition& a, const Condition& b) {
  return a.form == b.form && a.field == b.field && a.op == b.op && std::ranges::equal(a.parts, b.parts, same) &&
         std::ranges::equal(a.values, b.values,
                            [](const Literal& x, const Literal& y) { return x.kind == y.kind && x.text == y.text; });
}

std::string place_in(std::string_view text, std::size_t at) {
  const auto before = text.substr(0, std::min(at, text.size()));
  const auto characters =
      std::ranges::count_if(before, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return "character " + std::to_string(characters + 1);
}

}  // namespace salesforce::soql
