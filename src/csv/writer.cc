#include "csv/writer.h"

#include <algorithm>
#include <cstring>

namespace csv {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

void Writer::value(std::string_view text) {
  const auto is_special = [this](char c) { return c == '"' || c == '\n' || c == '\r' || c == dialect_.delimiter; };
  const bool needs_quotes =
      text.empty() ? first_ : is_blank(text.front()) || is_blank(text.back()) || std::ranges::any_of(text, is_special);
  needs_quotes ? quoted(text) : bare(text);
}

void Writer::quoted(std::string_view text) {
  separate();
  out_ += '"';
  while (!text.empty()) {
    const void* found = std::memchr(text.data(), '"', text.size());
    if (found == nullptr) break;
    const auto length = static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) + 1;
    out_.append(text.data(), length);
    out_ += '"';
    text.remove_prefix(length);
  }
  out_ += text;
  out_ += '"';
}

}  // namespace csv
