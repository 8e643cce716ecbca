#include "model/transform.h"

#include <clocale>
#include <cwctype>

#include <algorithm>

namespace model {
namespace {

using Kind = TransformStep::Kind;

constexpr std::string_view blanks = " \t\r\n\v\f";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

Raw present(std::string_view text) { return text.empty() ? Raw{} : Raw{text}; }

/// "Ann   Lee" to "Ann Lee". Line ends stay.
std::string_view single_blanks(std::string_view text, base::Arena& arena) {
  std::string out;
  bool in_gap = false;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t';
    if (blank && in_gap) continue;
    out += blank ? ' ' : c;
    in_gap = blank;
  }
  return out == text ? text : arena.copy(out);
}

/// Bytes of the character that begins with `first`; 1 for what is no UTF-8.
std::size_t length_of(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 1;
}

void append_character(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

/// Unicode's simple case mappings; glibc has this locale built in.
locale_t unicode() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

std::string_view recased(std::string_view text, Kind kind, base::Arena& arena) {
  std::string out;
  bool inside_word = false;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = length_of(text[i]);
    const auto byte = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at])); };
    if (i + length > text.size()) {
      out += text.substr(i);
      break;
    }
    std::uint32_t c = length == 1 ? byte(i) : byte(i) & (0x7Fu >> length);
    for (std::size_t k = 1; k < length; ++k) c = (c << 6) | (byte(i + k) & 0x3F);
    const auto wide = static_cast<wint_t>(c);
    if (length == 1 && c >= 0x80) {
      out += text[i];
    } else {
      const bool up = kind == Kind::upper || (kind == Kind::title && !inside_word);
      append_character(out, static_cast<std::uint32_t>(up ? towupper_l(wide, unicode()) : towlower_l(wide, unicode())));
    }
    inside_word = iswalnum_l(wide, unicode()) || c == '\'';
    i += length;
  }
  return out == text ? text : arena.copy(out);
}

std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  for (; count > 0 && end < text.size(); --count) end += length_of(text[end]);
  return text.substr(0, std::min(end, text.size()));
}

Raw apply(const TransformStep& step, Raw raw, base::Arena& arena) {
  if (step.kind == Kind::constant) return present(step.text);
  if (raw) raw = present(trimmed(*raw));
  if (step.kind == Kind::fallback) return raw ? raw : present(step.text);
  if (!raw) return raw;
  switch (step.kind) {
    case Kind::trim: return present(single_blanks(*raw, arena));
    case Kind::upper:
    case Kind::lower:
    case Kind::title: return recased(*raw, step.kind, arena);
    case Kind::truncate: return present(trimmed(first_characters(*raw, step.length)));
    case Kind::value_map: {
      const auto found = std::ranges::lower_bound(step.pairs, *raw, {}, [](const auto& pair) -> std::string_view {
        return pair.first;
      });
      return found != step.pairs.end() && found->first == *raw ? present(found->second) : raw;
    }
    case Kind::first_name: return split_name(raw, {}, {}).first;
    case Kind::last_name: return split_name(raw, {}, {}).second;
    case Kind::constant:
    case Kind::fallback: break;
  }
  return raw;
}

}  // namespace

std::string signature(const Transform* transform) {
  if (!transform) return {};
  std::uint64_t hash = 14695981039346656037ull;  // FNV-1a
  const auto mix = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    hash = (hash ^ 0xFFu) * 1099511628211ull;
  };
  mix(std::to_string(static_cast<int>(transform->part)));
  for (const auto* steps : {&transform->to_org, &transform->to_row}) {
    for (const TransformStep& step : *steps) {
      mix(std::to_string(static_cast<int>(step.kind)) + ' ' + std::to_string(step.length));
      mix(step.text);
      for (const auto& [from, to] : step.pairs) mix(from), mix(to);
    }
    mix("|");
  }
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[(hash >> shift) & 15];
  return text;
}

Raw transformed(const std::vector<TransformStep>& steps, Raw raw, base::Arena& arena) {
  for (const TransformStep& step : steps) raw = apply(step, raw, arena);
  return raw;
}

std::string_view joined_name(Raw first, Raw last, base::Arena& arena) {
  if (!first || first->empty()) return last.value_or(std::string_view{});
  if (!last || last->empty()) return *first;
  return arena.copy(std::string{*first} + ' ' + std::string{*last});
}

std::pair<Raw, Raw> split_name(Raw full, Raw agreed_first, Raw agreed_last) {
  const std::string_view text = full ? trimmed(*full) : std::string_view{};
  if (text.empty()) return {};
  if (agreed_last && !agreed_last->empty()) {
    if (text == *agreed_last) return {Raw{}, text};
  } else if (agreed_first && text == *agreed_first) {
    return {text, Raw{}};
  }
  if (agreed_last && !agreed_last->empty()) {
    const std::size_t rest = text.size() - std::min(text.size(), agreed_last->size());
    if (rest > 1 && text.ends_with(*agreed_last) && text[rest - 1] == ' ')
      return {present(trimmed(text.substr(0, rest))), text.substr(rest)};
  }
  if (agreed_first && !agreed_first->empty() && text.size() > agreed_first->size() &&
      text.starts_with(*agreed_first) && text[agreed_first->size()] == ' ')
    return {text.substr(0, agreed_first->size()), present(trimmed(text.substr(agreed_first->size())))};
  const auto gap = text.find_last_of(blanks);
  if (gap == std::string_view::npos) return {Raw{}, text};
  return {present(trimmed(text.substr(0, gap))), text.substr(gap + 1)};
}

}  // namespace model
