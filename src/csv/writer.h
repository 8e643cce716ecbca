#pragma once

#include <string>
#include <string_view>

#include "csv/dialect.h"

namespace csv {

/// Appends rows of CSV to a string, which is borrowed; the caller takes from it what it likes between rows.
class Writer {
 public:
  explicit Writer(std::string& out, const Dialect& dialect = {}) : out_(out), dialect_(dialect) {}

  /// Quoted only where the reader would take it for something else; an empty first value is, so that no row looks like
  /// an empty line.
  void value(std::string_view text);
  /// In quotes, whatever it holds.
  void quoted(std::string_view text);
  /// As it stands: for what is known to need no quotes.
  void bare(std::string_view text) {
    separate();
    out_ += text;
  }
  void end_row() {
    out_ += dialect_.line_ending == LineEnding::crlf ? "\r\n" : "\n";
    first_ = true;
  }

 private:
  void separate() {
    if (!first_) out_ += dialect_.delimiter;
    first_ = false;
  }

  std::string& out_;
  const Dialect dialect_;
  bool first_ = true;
};

}  // namespace csv
