#pragma once

#include <string>
#include <string_view>

namespace queue {

/// One atomic operation, written in Lua in lua/NAME.lua behind lua/prelude.lua.
struct Script {
  std::string source;
  std::string sha1;  ///< As EVALSHA wants it.
};

/// The script of that name; there must be one. Made when first asked for.
const Script& script(std::string_view name);

}  // namespace queue
