#include "salesforce/secret_scan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <optional>

#include "salesforce/json.h"

namespace salesforce {
namespace {

/// What the encodings write differently becomes one: case, the two alphabets of base64, a space and its '+', and the
/// backslashes of however many escapings.
std::string folded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (c == '\\') continue;
    if (c == '-' || c == ' ') c = '+';
    if (c == '_') c = '/';
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::optional<char> byte_at(std::string_view digits, int base) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size() || value > 0xff) return std::nullopt;
  return static_cast<char>(value);
}

/// One layer of "%2B", "\u002b" and "&amp;" or "&#43;" less.
std::string decoded(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> names = {
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    std::optional<char> byte;
    std::size_t length = 1;
    if (rest[0] == '%' && rest.size() >= 3) {
      byte = byte_at(rest.substr(1, 2), 16);
      length = 3;
    } else if (rest.starts_with("\\u00") && rest.size() >= 6) {
      byte = byte_at(rest.substr(4, 2), 16);
      length = 6;
    } else if (rest[0] == '&') {
      const auto end = rest.substr(0, 8).find(';');
      if (end != std::string_view::npos && end > 1) {
        const std::string_view name = rest.substr(1, end - 1);
        length = end + 1;
        if (name.starts_with("#x") || name.starts_with("#X")) {
          byte = byte_at(name.substr(2), 16);
        } else if (name.starts_with('#')) {
          byte = byte_at(name.substr(1), 10);
        } else if (const auto known = std::ranges::find(names, name, [](const auto& each) { return each.first; });
                   known != names.end()) {
          byte = known->second;
        }
      }
    }
    out += byte.value_or(rest[0]);
    if (byte) i += length - 1;
  }
  return out;
}

/// The characters of its base64 that depend on `text` alone, when `before` bytes (0 to 2 count) stand in front of it.
std::string base64_within(std::string_view text, std::size_t before) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0, held = static_cast<unsigned>(before) * 8 % 6;  // What is left of a digit that `before` began.
  bool whole = held == 0;
  for (const char c : text) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    held += 8;
    for (; held >= 6; held -= 6) {
      if (whole) out += digits[(bits >> (held - 6)) & 63];
      whole = true;
    }
  }
  return out;
}

}  // namespace

SecretScan::~SecretScan() {
  for (std::string& form : short_forms_) base::wipe(form);
}

void SecretScan::add_form(std::string_view form) {
  std::string same = folded(form);
  if (same.empty()) return;
  if (same.size() < piece) {
    short_forms_.push_back(same);
  } else {
    for (std::size_t i = 0; i + piece <= same.size(); ++i)
      pieces_.insert(std::hash<std::string_view>{}(std::string_view{same}.substr(i, piece)));
  }
  base::wipe(same);
}

void SecretScan::add(const base::Secret& secret) {
  if (secret.empty()) return;
  std::string encoded = url_encoded(secret.reveal());
  for (const std::string_view form : {std::string_view{secret.reveal()}, std::string_view{encoded}}) {
    add_form(form);
    for (const std::size_t before : {0, 1, 2}) {
      std::string packed = base64_within(form, before);
      if (packed.size() >= piece) add_form(packed);
      base::wipe(packed);
    }
  }
  base::wipe(encoded);
}

bool SecretScan::finds_in(std::string_view text) const {
  std::string layer{text};
  bool found = false;
  for (int depth = 0; depth < 3 && !found; ++depth) {
    std::string same = folded(layer);
    found = std::ranges::any_of(short_forms_, [&](const std::string& form) { return same.contains(form); });
    for (std::size_t i = 0; i + piece <= same.size() && !found; ++i)
      found = pieces_.contains(std::hash<std::string_view>{}(std::string_view{same}.substr(i, piece)));
    std::string next = decoded(layer);
    base::wipe(layer);
    base::wipe(same);
    layer = std::move(next);
  }
  base::wipe(layer);
  return found;
}

}  // namespace salesforce
