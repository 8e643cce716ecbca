#include "signin/tokens.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <algorithm>
#include <array>

namespace signin {
namespace {

constexpr std::array<std::string_view, 3> role_names = {"viewer", "operator", "admin"};

}  // namespace

std::string_view name_of(Role role) {
  return role_names[static_cast<std::size_t>(role)];
}

std::string sha256_hex(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  CHECK(EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha256(), nullptr) == 1);
  std::string hex;
  for (const unsigned char byte : hash) (hex += digits[byte >> 4]) += digits[byte & 15];
  return hex;
}

base::Result<std::vector<Token>> tokens_from(std::string_view text) {
  std::vector<Token> tokens;
  for (std::size_t place = 1; !text.empty(); ++place) {
    const std::string_view entry = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), entry.size() + 1));
    const auto first = entry.find(':'), last = entry.rfind(':');
    const auto role = std::ranges::find(role_names, entry.substr(0, first));
    const std::string_view hash = last == std::string_view::npos ? std::string_view{} : entry.substr(last + 1);
    const bool is_hash = hash.size() == 64 && std::ranges::all_of(hash, [](char c) {
                           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                         });
    if (first == last || role == role_names.end() || !is_hash || last == first + 1)
      return base::failure(base::ErrorKind::settings,
                           "security.tokens: entry " + std::to_string(place) +
                               " is not ROLE:NAME:SHA256, with viewer, operator or admin for the role and 64 "
                               "lower-case hex digits of the token's SHA-256 (printf %s TOKEN | sha256sum)");
    tokens.push_back({std::string{entry.substr(first + 1, last - first - 1)},
                      static_cast<Role>(role - role_names.begin()), std::string{hash}});
  }
  return tokens;
}

}  // namespace signin
