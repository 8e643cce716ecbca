#include "signin/password.h"

#include <argon2.h>
#include <openssl/rand.h>
#include <array>
#include <mutex>

namespace signin {
namespace {

// OWASP's floor is 19 MiB and two passes.
constexpr std::uint32_t passes = 3, kibibytes = 64 * 1024, lanes = 1;
constexpr std::size_t salt_bytes = 16, hash_bytes = 32;

std::mutex one_at_a_time;

}  // namespace

base::Result<std::string> hash_of(std::string_view password) {
  if (password.size() < shortest_password || password.size() > longest_password)
    return base::failure(base::ErrorKind::rejected, "A password has " + std::to_string(shortest_password) + " to " +
                                                        std::to_string(longest_password) +
                                                        " characters; this one has " + std::to_string(password.size()) +
                                                        ".");
  std::array<unsigned char, salt_bytes> salt{};
  CHECK(RAND_bytes(salt.data(), static_cast<int>(salt.size())) == 1);
  std::string encoded(argon2_encodedlen(passes, kibibytes, lanes, salt_bytes, hash_bytes, Argon2_id), '\0');
  const std::lock_guard lock{one_at_a_time};
  CHECK(argon2id_hash_encoded(passes, kibibytes, lanes, password.data(), password.size(), salt.data(), salt.size(),
                              hash_bytes, encoded.data(), encoded.size()) == ARGON2_OK);
  encoded.resize(encoded.find('\0'));
  return encoded;
}

bool fits(std::string_view password, const std::string& hash) {
  if (password.size() > longest_password) return false;
  const std::lock_guard lock{one_at_a_time};
  return argon2id_verify(hash.c_str(), password.data(), password.size()) == ARGON2_OK;
}

base::Result<void> check_hash(const std::string& hash) {
  // Verifying tells a malformed hash from a wrong password.
  const std::lock_guard lock{one_at_a_time};
  const int answer = argon2id_verify(hash.c_str(), "", 0);
  if (answer == ARGON2_OK || answer == ARGON2_VERIFY_MISMATCH) return {};
  return base::failure(base::ErrorKind::settings,
                       "security.admin_password_hash is no Argon2id hash: allowed is what `argon2` prints with -id -e, "
                       "which begins with \"$argon2id$\"");
}

}  // namespace signin
