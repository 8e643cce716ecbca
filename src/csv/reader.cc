#include "csv/reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "csv/masks.h"

namespace csv {
namespace {

constexpr std::size_t block_bytes = 64;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::uint64_t up_to(unsigned bit) {
  return ~std::uint64_t{0} >> (63 - bit);
}

/// Writes `text` to `to`, which may be where it stands, with one quote for two. Nothing if a quote stands alone.
std::optional<std::size_t> halve_quotes(std::string_view text, char* to) {
  const char* const begin = to;
  for (auto at = text.find('"'); at != std::string_view::npos; at = text.find('"')) {
    if (at + 1 == text.size() || text[at + 1] != '"') return std::nullopt;
    std::memmove(to, text.data(), at + 1);
    to += at + 1;
    text.remove_prefix(at + 2);
  }
  std::memmove(to, text.data(), text.size());
  return static_cast<std::size_t>(to + text.size() - begin);
}

}  // namespace

Reader::Reader(const Dialect& dialect, const ReaderLimits& limits)
    : dialect_(dialect), limits_(limits), values_(limits.columns) {}

std::span<char> Reader::room(std::size_t wanted) {
  const std::size_t done = std::min(row_, block_);
  if (buffer_.size() - end_ < wanted && done > 0) {
    std::memmove(buffer_.data(), buffer_.data() + done, end_ - done);
    for (std::size_t* place : {&row_, &value_, &block_, &next_, &end_}) *place -= done;
    dropped_ += done;
  }
  if (buffer_.size() - end_ < wanted) buffer_.resize(std::max(end_ + wanted, buffer_.size() * 2));
  return {buffer_.data() + end_, buffer_.size() - end_};
}

void Reader::feed(std::string_view chunk) {
  if (chunk.empty()) return;
  std::memcpy(room(chunk.size()).data(), chunk.data(), chunk.size());
  filled(chunk.size());
}

/// Looks at the next 64 bytes, or at what is left of a stream that is over. False: there are none.
bool Reader::scan() {
  if (end_ - next_ < block_bytes && !finished_) return false;
  if (!begun_) {
    begun_ = true;
    if (std::string_view{buffer_.data() + next_, end_ - next_}.starts_with(byte_order_mark))
      row_ = value_ = next_ = byte_order_mark.size();
  }
  if (next_ == end_) return false;
  if (end_ - next_ < block_bytes && !finished_) return false;
  char rest[block_bytes] = {};
  const char* bytes = buffer_.data() + next_;
  const std::size_t length = std::min(block_bytes, end_ - next_);
  if (length < block_bytes) bytes = static_cast<const char*>(std::memcpy(rest, bytes, length));

  const Masks is = masks_of(bytes, dialect_.delimiter);
  const std::uint64_t inside = parity_so_far(is.quotes) ^ in_quotes_;
  const std::uint64_t opens = is.quotes & inside, closes = is.quotes & ~inside;
  const bool crlf = dialect_.line_ending == LineEnding::crlf;
  lines_ = is.feeds & ~inside & (crlf ? is.returns << 1 | after_return_ : ~std::uint64_t{0});
  separators_ = (is.delimiters & ~inside) | lines_;
  const std::uint64_t begins = separators_ << 1 | after_break_;
  const std::uint64_t closed = closes << 1 | after_close_;
  // Behind a quote that closes there may stand a separator, the second of a doubled quote, or CR LF.
  const std::uint64_t close_return = dialect_.line_ending == LineEnding::lf ? 0 : closed & is.returns;
  const std::uint64_t wants_feed = close_return << 1 | after_close_return_;
  // The zeros behind the end of the stream mean nothing.
  const std::uint64_t real = up_to(static_cast<unsigned>(length - 1));
  odd_ = ((opens & ~begins) | (closed & ~(separators_ | opens | close_return)) | (wants_feed & ~is.feeds)) & real;

  in_quotes_ = static_cast<std::uint64_t>(-static_cast<std::int64_t>(inside >> 63));
  after_break_ = separators_ >> 63;
  after_close_ = closes >> 63;
  after_return_ = is.returns >> 63;
  after_close_return_ = close_return >> 63;
  block_ = next_;
  next_ += length;
  return true;
}

base::Result<Reader::Next> Reader::next(Row& row) {
  for (;;) {
    const char* const text = buffer_.data();
    Row::Slice* const values = values_.data();
    const std::size_t most = limits_.columns;
    std::size_t value = value_, count = count_;
    std::uint64_t left = separators_;
    while (left != 0) {
      const auto bit = static_cast<unsigned>(std::countr_zero(left));
      left &= left - 1;
      const std::size_t at = block_ + bit;
      const std::size_t quote = text[value] == '"' ? 1 : 0;  // An empty value's first byte is its separator.
      values[count++] = {static_cast<std::uint32_t>(value + quote - row_),
                         static_cast<std::uint32_t>(at - quote - row_)};
      value = at + 1;
      if ((lines_ >> bit & 1) != 0) {
        separators_ = left;
        count_ = count;
        row_is_odd_ = row_is_odd_ || (odd_ & up_to(bit)) != 0;
        odd_ &= ~up_to(bit);
        return deliver(row, value);
      }
      if (count == most) return too_large("values", most);
    }
    separators_ = 0;
    value_ = value;
    count_ = count;
    row_is_odd_ = row_is_odd_ || odd_ != 0;
    odd_ = 0;
    if (!scan()) break;
  }
  if (end_ - row_ > limits_.row_bytes) return too_large("bytes", limits_.row_bytes);
  if (!finished_) return Next::needs_more;
  return last_row(row);
}

base::Result<Reader::Next> Reader::last_row(Row& row) {
  if (row_ == end_) return Next::end;
  if (in_quotes_ != 0)
    return base::failure(base::ErrorKind::malformed, "row " + std::to_string(rows_ + 1) +
                                                         " of the CSV is cut short: a quote is still open at the end");
  const std::size_t quote = value_ < end_ && buffer_[value_] == '"' ? 1 : 0;
  values_[count_++] = {static_cast<std::uint32_t>(value_ + quote - row_),
                       static_cast<std::uint32_t>(end_ - quote - row_)};
  row_is_odd_ = row_is_odd_ || (quote == 1 && buffer_[end_ - 1] != '"');
  return deliver(row, end_);
}

base::Result<Reader::Next> Reader::deliver(Row& row, std::size_t row_end) {
  if (row_end - row_ > limits_.row_bytes) return too_large("bytes", limits_.row_bytes);
  const bool ends_in_return = row_end - row_ >= 2 && buffer_[row_end - 1] == '\n' && buffer_[row_end - 2] == '\r';
  row.number = ++rows_;
  row.begin = dropped_ + row_;
  row.end = dropped_ + row_end;
  row.base_ = buffer_.data() + row_;
  row.values_ = {values_.data(), count_};
  if (dialect_.line_ending != LineEnding::lf && ends_in_return) --values_[count_ - 1].end;
  row.fault = row_is_odd_ ? strip_odd_row() : nullptr;
  row_ = value_ = row_end;
  count_ = 0;
  row_is_odd_ = false;
  return Next::row;
}

/// Goes once more over a row in which quotes are more than a value's two outer ones: makes one of two, or says what
/// is wrong.
const char* Reader::strip_odd_row() {
  char* const text = buffer_.data() + row_;
  std::uint32_t begin = 0;
  const char* fault = nullptr;
  for (Row::Slice& value : std::span{values_}.first(count_)) {
    const std::uint32_t quote = value.begin - begin;
    const std::string_view inner{text + value.begin, value.end - value.begin};
    begin = value.end + quote + 1;
    if (!inner.contains('"') && (quote == 0 || text[value.end] == '"')) continue;
    if (quote == 0) {
      fault = "a quote stands within a value that is not quoted";
    } else if (const auto length = halve_quotes(inner, text + value.begin); length && text[value.end] == '"') {
      value.end = value.begin + static_cast<std::uint32_t>(*length);
    } else {
      fault = "other text stands behind a quoted value";
    }
  }
  return fault;
}

std::unexpected<base::Error> Reader::too_large(const char* what, std::size_t most) const {
  return base::failure(base::ErrorKind::malformed, "row " + std::to_string(rows_ + 1) + " of the CSV has more than " +
                                                       std::to_string(most) + " " + what);
}

}  // namespace csv
