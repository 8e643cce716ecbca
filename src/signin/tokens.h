#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace signin {

/// What somebody may do: look; also run, pause, retry and resolve; also change settings and connections.
enum class Role { viewer, operate, admin };
std::string_view name_of(Role role);  ///< "viewer", "operator", "admin".

/// A program's access, by the SHA-256 of its token: the token itself is kept nowhere.
struct Token {
  std::string name;  ///< Shown in logs.
  Role role;
  std::string sha256;  ///< 64 hex digits, lower case.
};

/// The setting security.tokens: "ROLE:NAME:SHA256", separated by commas.
/// Errors: `settings`, naming the entry's place and what is allowed.
base::Result<std::vector<Token>> tokens_from(std::string_view text);

std::string sha256_hex(std::string_view text);

}  // namespace signin
