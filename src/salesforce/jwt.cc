#include "salesforce/jwt.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "salesforce/json.h"
#include "salesforce/origin.h"

namespace salesforce {
namespace {

constexpr int fewest_bits = 2048;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

/// A key that asks for a passphrase is not asked back: there is nobody at a daemon's terminal.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

base::Result<Key> read_key(const base::Secret& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> text{
      BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.reveal().size())), &BIO_free};
  CHECK(text);
  Key key{PEM_read_bio_PrivateKey(text.get(), nullptr, no_passphrase, nullptr), &EVP_PKEY_free};
  ERR_clear_error();
  if (!key)
    return base::failure(base::ErrorKind::settings,
                         "The key file holds no private key that can be read. It must be an unencrypted PEM file "
                         "(\"-----BEGIN PRIVATE KEY-----\"), such as `openssl genrsa -out server.key 2048` makes.");
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
    return base::failure(base::ErrorKind::settings,
                         "The private key is not an RSA key, which Salesforce asks for. Make one with `openssl genrsa "
                         "-out server.key 2048` and give the app its certificate.");
  if (EVP_PKEY_get_bits(key.get()) < fewest_bits)
    return base::failure(base::ErrorKind::settings,
                         "The private key has " + std::to_string(EVP_PKEY_get_bits(key.get())) +
                             " bits, too few to be safe. Make one with `openssl genrsa -out server.key 2048` and give "
                             "the app its certificate.");
  return key;
}

std::string rs256(EVP_PKEY* key, std::string_view text) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  CHECK(context);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  CHECK(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1);
  CHECK(EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1);
  std::string signature(size, '\0');
  CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size()) ==
        1);
  signature.resize(size);
  return signature;
}

}  // namespace

std::string base64url(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

base::Result<void> check_private_key(const base::Secret& pem) {
  if (auto key = read_key(pem); !key) return std::unexpected(std::move(key).error());
  return {};
}

base::Result<base::Secret> jwt_assertion(std::string_view client_id, std::string_view username,
                                         std::string_view audience, const base::Secret& pem, base::Utc now) {
  ASSIGN_OR_RETURN(const Key key, read_key(pem));
  std::string claims = "{\"iss\":";
  append_json_string(claims, client_id);
  claims += ",\"sub\":";
  append_json_string(claims, username);
  claims += ",\"aud\":";
  append_json_string(claims, audience);
  const auto expires = std::chrono::floor<std::chrono::seconds>(now) + assertion_life;
  claims += ",\"exp\":" + std::to_string(expires.time_since_epoch().count()) + "}";
  std::string assertion = base64url(R"({"alg":"RS256"})") + "." + base64url(claims);
  assertion += "." + base64url(rs256(key.get(), assertion));
  return base::Secret{std::move(assertion)};
}

std::string audience_of(const std::string& login_url) {
  const auto origin = origin_of(login_url);
  if (!origin || is_loopback(login_url)) return without_slash(login_url);
  const bool sandbox = origin->host == "test.salesforce.com" || origin->host.contains(".sandbox.") ||
                       origin->host.contains(".scratch.");
  return sandbox ? "https://test.salesforce.com" : "https://login.salesforce.com";
}

}  // namespace salesforce
