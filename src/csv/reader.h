#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "csv/dialect.h"

namespace csv {

struct ReaderLimits {
  std::size_t row_bytes = std::size_t{4} << 20;  ///< Longest row, with its quotes.
  std::size_t columns = 5'000;                   ///< Most values of one row.
};

/// One row. Its values lie in the reader's buffer, without their quotes, until the reader is asked for anything else.
class Row {
 public:
  std::size_t size() const { return values_.size(); }
  std::string_view operator[](std::size_t column) const {
    const Slice& slice = values_[column];
    return {base_ + slice.begin, slice.end - slice.begin};
  }

  std::uint64_t number = 0;  ///< Counts from 1, the header included.
  std::uint64_t begin = 0;   ///< Where the row lies in all that was fed, in bytes; `end` is behind its line ending.
  std::uint64_t end = 0;
  /// Why the row's quoting makes no sense, or null: its values are then not to be used, but reading goes on behind it.
  const char* fault = nullptr;

 private:
  friend class Reader;
  struct Slice {
    std::uint32_t begin, end;
  };
  const char* base_ = nullptr;
  std::span<const Slice> values_;
};

/// Cuts a stream of CSV into rows, as they come, from chunks cut anywhere.
///
///     while (source gives bytes into reader.room()) {
///       reader.filled(n);
///       while (next is row) …
///     }
///     reader.finish(); …the rest
///
/// Values may hold delimiters, line ends and (doubled) quotes when they are quoted. The text of a quoted value is as it
/// stands between its quotes; nothing is trimmed. An empty line is a row of one empty value. A byte order mark at the
/// very beginning is dropped. UTF-8 is not checked.
///
/// Holds one buffer that grows to the longest row it met, within the limits. Used by one thread.
class Reader {
 public:
  enum class Next { row, needs_more, end };

  explicit Reader(const Dialect& dialect = {}, const ReaderLimits& limits = {});

  /// Room for the next bytes, at least `wanted`. Rows handed out before end here.
  std::span<char> room(std::size_t wanted = 64 * 1024);
  /// Says how much of room() was filled.
  void filled(std::size_t bytes) { end_ += bytes; }
  /// Copies `chunk` in; for sources that have a buffer of their own.
  void feed(std::string_view chunk);
  /// No more will come. A last row without a line ending counts.
  void finish() { finished_ = true; }

  /// The next row, or what stands in its way. Errors, after which there is no going on: `malformed` for a row beyond
  /// the limits, or a quote that is still open at the end. They name the row.
  base::Result<Next> next(Row& row);

 private:
  bool scan();
  base::Result<Next> deliver(Row& row, std::size_t row_end);
  base::Result<Next> last_row(Row& row);
  const char* strip_odd_row();
  std::unexpected<base::Error> too_large(const char* what, std::size_t most) const;

  const Dialect dialect_;
  const ReaderLimits limits_;
  std::vector<char> buffer_;
  std::size_t row_ = 0;    ///< Where the row at hand begins.
  std::size_t value_ = 0;  ///< Where its value at hand begins.
  std::size_t block_ = 0;  ///< The 64 bytes that `separators_` and `odd_` are about.
  std::size_t next_ = 0;   ///< What is not looked at yet.
  std::size_t end_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t dropped_ = 0;  ///< Bytes that have left the buffer.
  bool finished_ = false;
  bool begun_ = false;  ///< Past where a byte order mark may stand.

  std::uint64_t separators_ = 0;  ///< Delimiters and line ends of the block that are still to be handed out.
  std::uint64_t lines_ = 0;       ///< Which of them end a row.
  std::uint64_t odd_ = 0;         ///< Where a value's quotes are more than its two outer ones.
  bool row_is_odd_ = false;

  // What one block leaves to the next: whether its last byte
  std::uint64_t in_quotes_ = 0;           ///< lies within quotes (all ones or none),
  std::uint64_t after_break_ = 1;         ///< is a separator, so that a value begins,
  std::uint64_t after_close_ = 0;         ///< is a quote that closes,
  std::uint64_t after_return_ = 0;        ///< is CR,
  std::uint64_t after_close_return_ = 0;  ///< is CR behind such a quote.

  std::vector<Row::Slice> values_;  ///< Of the row at hand, counted from its begin.
  std::size_t count_ = 0;
};

}  // namespace csv
