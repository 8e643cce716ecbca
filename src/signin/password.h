#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace signin {

inline constexpr std::size_t shortest_password = 15, longest_password = 256;

/// "$argon2id$…" with 64 MiB, three passes and a salt of its own. Slow on purpose; one at a time in the process, so
/// that many at once do not fill the memory.
/// Errors: `rejected` for a password that is too short or too long.
base::Result<std::string> hash_of(std::string_view password);

/// False for a wrong password and for what is no Argon2id hash.
bool fits(std::string_view password, const std::string& hash);

/// `settings` for text that is no hash of hash_of()'s form.
base::Result<void> check_hash(const std::string& hash);

}  // namespace signin
