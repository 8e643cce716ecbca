#pragma once

#include <string_view>

#include "http/message.h"

namespace http {

/// A problem document (RFC 9457) of no type of its own, whose title is the status's phrase. `detail` is for people:
/// what is wrong and what to do. Not to be cached.
Response problem(int status, std::string_view detail);

}  // namespace http
