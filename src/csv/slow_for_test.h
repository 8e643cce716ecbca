#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "csv/reader.h"

namespace csv {

using Table = std::vector<std::vector<std::string>>;

struct Parsed {
  Table rows;
  std::vector<std::string> faults;  ///< "2: …"
  std::vector<std::pair<std::uint64_t, std::uint64_t>> places;
  std::string error;
  bool operator==(const Parsed&) const = default;
};

/// Reads `text` in chunks whose sizes `chunk_size` gives.
template <class ChunkSize>
Parsed parse_in(std::string_view text, const Dialect& dialect, ChunkSize chunk_size, const ReaderLimits& limits = {}) {
  Parsed out;
  Reader reader{dialect, limits};
  Row row;
  const auto drain = [&] {
    for (;;) {
      const auto next = reader.next(row);
      if (!next) {
        out.error = next.error().message;
        return false;
      }
      if (*next != Reader::Next::row) return true;
      out.places.emplace_back(row.begin, row.end);
      if (row.fault != nullptr) {
        out.faults.push_back(std::to_string(row.number) + ": " + row.fault);
        continue;
      }
      auto& values = out.rows.emplace_back();
      for (std::size_t i = 0; i < row.size(); ++i) values.emplace_back(row[i]);
    }
  };
  while (!text.empty()) {
    const std::size_t size = std::min<std::size_t>(chunk_size(), text.size());
    reader.feed(text.substr(0, size));
    text.remove_prefix(size);
    if (!drain()) return out;
  }
  reader.finish();
  drain();
  return out;
}

/// The plain way, one character after another, as RFC 4180 reads: what the reader is compared with.
inline Parsed slow(std::string_view text, const Dialect& dialect) {
  Parsed out;
  std::uint64_t number = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = at;
    std::vector<std::string> values;
    const char* fault = nullptr;
    for (bool ends = false; !ends;) {
      std::string raw;
      bool in_quotes = false;
      for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '"') in_quotes = !in_quotes;
        if (!in_quotes && c == dialect.delimiter) break;
        const bool after_return = at > 0 && text[at - 1] == '\r';
        if (!in_quotes && c == '\n' && (dialect.line_ending != LineEnding::crlf || after_return)) break;
        raw += c;
      }
      ends = at == text.size() || text[at] == '\n';
      if (in_quotes) {
        out.error = "row " + std::to_string(number + 1) + " of the CSV is cut short: a quote is still open at the end";
        return out;
      }
      if (ends && at < text.size() && dialect.line_ending != LineEnding::lf && raw.ends_with('\r')) raw.pop_back();
      if (at < text.size()) ++at;
      if (raw.starts_with('"')) {
        std::string plain;
        std::size_t i = 1;
        for (; i < raw.size(); ++i) {
          if (raw[i] != '"') {
            plain += raw[i];
          } else if (i + 1 < raw.size() && raw[i + 1] == '"') {
            plain += raw[i++];
          } else {
            break;
          }
        }
        if (i + 1 != raw.size()) fault = "other text stands behind a quoted value";
        raw = plain;
      } else if (raw.contains('"')) {
        fault = "a quote stands within a value that is not quoted";
      }
      values.push_back(std::move(raw));
    }
    ++number;
    out.places.emplace_back(begin, at);
    if (fault != nullptr) {
      out.faults.push_back(std::to_string(number) + ": " + fault);
    } else {
      out.rows.push_back(std::move(values));
    }
  }
  return out;
}

}  // namespace csv
