#pragma once

#include <string>
#include <string_view>

namespace base {

/// The text as it is if it is UTF-8; else each byte that belongs to no character becomes U+FFFD. For texts of other
/// programs that go into JSON, which some readers refuse as a whole for one such byte.
std::string as_utf8(std::string_view text);

}  // namespace base
