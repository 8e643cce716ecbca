#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "simulator/org/soql.h"

namespace simulator::soql {

/// Words, signs and literals of a statement, from left to right. What does not fit is thrown as an ApiError, so that
/// the grammar reads as a grammar; parse() turns it into its result.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  /// "unexpected token" at the place reached, unless there is more to say.
  [[noreturn]] void fail(std::string_view message = {});

  std::size_t place();      ///< Where the next token begins.
  std::string_view word();  ///< The next word without taking it; empty if a sign is next.
  bool try_word(std::string_view word);
  void need_word(std::string_view word);
  bool try_sign(std::string_view sign);
  void need(std::string_view sign);
  bool at_end() { return place() >= text_.size(); }
  void back_to(std::size_t place) { at_ = place; }

  std::string name();  ///< Any word.
  Path path();         ///< Words that are no keywords, joined by dots.
  std::uint64_t whole_number();
  Literal literal(bool is_pattern);

 private:
  char at(std::size_t place) const { return place < text_.size() ? text_[place] : '\0'; }
  std::string token();
  void read_text(Literal& out, bool is_pattern);
  void read_escape(std::string& out, std::size_t begin, bool is_pattern);
  void read_bare(Literal& out);
  bool read_date(Literal& out);
  bool read_number(Literal& out);
  bool read_period(Literal& out);

  std::string_view text_;
  std::size_t at_ = 0;
};

bool is_keyword(std::string_view word);

}  // namespace simulator::soql
