#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

struct evp_pkey_st;

namespace simulator {

std::string base64(std::string_view bytes);
std::string base64url(std::string_view bytes);  ///< Without padding.
/// Nothing for text that is not base64url, padded or not.
std::optional<std::string> from_base64url(std::string_view text);
/// Plain base64 with its padding, or without.
std::optional<std::string> from_base64(std::string_view text);
std::string sha256(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);

/// A public RSA key that assertions are checked with.
class PublicKey {
 public:
  /// From PEM: a certificate or a public key. Errors: `settings`.
  static base::Result<PublicKey> parse(std::string_view pem);
  /// Whether `signature` (raw) over `text` is an RS256 signature by the key.
  bool verifies(std::string_view text, std::string_view signature) const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
};

/// Signs id_tokens with a key of 2048 bits that is made when it is first needed. May be used from several threads.
class IdTokenSigner {
 public:
  std::string sign(const boost::json::object& claims);
  /// {"keys":[{"kty":"RSA",…}]}
  std::string key_set();

 private:
  evp_pkey_st* key();
  std::mutex mutex_;
  std::shared_ptr<evp_pkey_st> key_;
};

/// A JSON web token taken apart; the signature is not checked.
struct Jwt {
  std::string signed_text;  ///< Header and claims as they were signed.
  std::string signature;    ///< Raw.
  boost::json::object header, claims;
};
std::optional<Jwt> parse_jwt(std::string_view token);

}  // namespace simulator
