#pragma once

#include <string>

#include "http/message.h"

namespace signin {

/// The sign-in form. `next`: the path to go on to. `message`: what went wrong, or empty.
http::Response sign_in_page(int status, const std::string& next, bool setting_up, const std::string& message);
http::Response style_sheet();

/// A path of ours to go on to, or "/": never another host.
std::string safe_next(std::string_view path);

}  // namespace signin
