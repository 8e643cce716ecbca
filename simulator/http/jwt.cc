#include "simulator/http/jwt.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::string_view key_id = "sfsim";
constexpr unsigned key_bits = 2048;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

using KeyPointer = std::shared_ptr<evp_pkey_st>;
KeyPointer own(evp_pkey_st* key) { return {key, EVP_PKEY_free}; }
std::shared_ptr<EVP_MD_CTX> digest_context() { return {EVP_MD_CTX_new(), EVP_MD_CTX_free}; }

std::optional<json::object> object_of(std::string_view part) {
  const auto text = from_base64url(part);
  if (!text) return std::nullopt;
  boost::system::error_code error;
  json::value value = json::parse(*text, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

std::string number_of(evp_pkey_st* key, const char* name) {
  BIGNUM* number = nullptr;
  CHECK(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, bytes_of(bytes));
  BN_free(number);
  return bytes;
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  text.resize(static_cast<std::size_t>(EVP_EncodeBlock(bytes_of(text), bytes_of(bytes), static_cast<int>(bytes.size()))));
  return text;
}

std::string base64url(std::string_view bytes) {
  std::string text = base64(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  unsigned bits = 0, pending = 0;
  for (const char c : text) {
    const auto digit = digits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 6 | static_cast<unsigned>(digit)) & 0xFFFFFF;
    pending += 6;
    if (pending < 8) continue;
    pending -= 8;
    bytes += static_cast<char>(bits >> pending & 0xFF);
  }
  return bytes;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string plain{text};
  if (plain.find_first_of("+/") != std::string::npos) return std::nullopt;
  std::ranges::replace(plain, '-', '+');
  std::ranges::replace(plain, '_', '/');
  return from_base64(plain);
}

std::string sha256(std::string_view bytes) {
  std::string sum(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  CHECK(EVP_Digest(bytes.data(), bytes.size(), bytes_of(sum), &size, EVP_sha256(), nullptr) == 1);
  sum.resize(size);
  return sum;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::string sum(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(bytes), bytes.size(), bytes_of(sum), &size));
  sum.resize(size);
  return sum;
}

base::Result<PublicKey> PublicKey::parse(std::string_view pem) {
  const std::shared_ptr<BIO> text{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
  PublicKey result;
  if (pem.contains("BEGIN CERTIFICATE")) {
    const std::shared_ptr<X509> certificate{PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr), X509_free};
    if (certificate) result.key_ = own(X509_get_pubkey(certificate.get()));
  } else {
    result.key_ = own(PEM_read_bio_PUBKEY(text.get(), nullptr, nullptr, nullptr));
  }
  if (!result.key_ || EVP_PKEY_get_base_id(result.key_.get()) != EVP_PKEY_RSA)
    return base::failure(base::ErrorKind::settings,
                         "this is no RSA certificate or public key in PEM form (\"-----BEGIN CERTIFICATE-----\")");
  return result;
}

bool PublicKey::verifies(std::string_view text, std::string_view signature) const {
  const auto context = digest_context();
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text), text.size()) == 1;
}

evp_pkey_st* IdTokenSigner::key() {
  const std::lock_guard lock{mutex_};
  if (!key_) key_ = own(EVP_RSA_gen(key_bits));
  CHECK(key_);
  return key_.get();
}

std::string IdTokenSigner::sign(const json::object& claims) {
  const json::object header{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", key_id}};
  const std::string text = base64url(json::serialize(header)) + "." + base64url(json::serialize(claims));
  const auto context = digest_context();
  std::size_t size = 0;
  CHECK(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key()) == 1);
  CHECK(EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) == 1);
  std::string signature(size, '\0');
  CHECK(EVP_DigestSign(context.get(), bytes_of(signature), &size, bytes_of(text), text.size()) == 1);
  signature.resize(size);
  return text + "." + base64url(signature);
}

std::string IdTokenSigner::key_set() {
  evp_pkey_st* const pair = key();
  return json::serialize(json::object{{"keys", json::array{{{"kty", "RSA"},
                                                            {"alg", "RS256"},
                                                            {"use", "sig"},
                                                            {"kid", key_id},
                                                            {"n", base64url(number_of(pair, OSSL_PKEY_PARAM_RSA_N))},
                                                            {"e", base64url(number_of(pair, OSSL_PKEY_PARAM_RSA_E))}}}}});
}

std::optional<Jwt> parse_jwt(std::string_view token) {
  const auto first = token.find('.');
  const auto second = token.find('.', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  auto header = object_of(token.substr(0, first));
  auto claims = object_of(token.substr(first + 1, second - first - 1));
  auto signature = from_base64url(token.substr(second + 1));
  if (!header || !claims || !signature) return std::nullopt;
  return Jwt{std::string{token.substr(0, second)}, *std::move(signature), *std::move(header), *std::move(claims)};
}

}  // namespace simulator
