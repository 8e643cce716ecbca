#pragma once

#include <string>
#include <string_view>

namespace simulator {

struct AuthorizePage {
  std::string query;               ///< Of the request that asked for consent; the form goes back there.
  std::string app;                 ///< Who asks.
  std::string username, password;  ///< Already filled in.
  std::string scope;
  std::string problem = {};  ///< What was wrong with the last try.
};

/// The page where a user signs in and allows or denies. Plain HTML: a form with `username`, `password` and the buttons
/// `decision=allow` and `decision=deny`.
std::string html_of(const AuthorizePage& page);
/// A page with nothing but a message.
std::string html_of_error(std::string_view code, std::string_view text);

}  // namespace simulator
