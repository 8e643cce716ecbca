#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http/message.h"
#include "signin/tokens.h"

namespace signin {

struct Who {
  std::string name;  ///< "admin", or the token's.
  Role role = Role::viewer;
};

struct GateOptions {
  std::string public_url;          ///< Where people reach us: its origin may send changes.
  std::vector<std::string> hosts;  ///< Values of `Host` that mean us; others are refused (DNS rebinding).
  std::vector<Token> tokens;
  std::string admin_password_hash;  ///< Empty: setup() is still to be done.
  /// Keeps the hash of the password that the first sign-in chose. False when it could not be kept.
  std::function<bool(const std::string& hash)> keep_password;
};

/// Stands before every page: who asks, and may they. People have a cookie, programs a bearer token.
///
/// Sessions live in memory and end with the process, after 30 minutes without use, or after 12 hours. Wrong passwords
/// slow the next try down. May be used from several threads.
class Gate {
 public:
  Gate(GateOptions options, const base::Clock& clock);

  /// Where there is no password yet: makes a one-time password, good for 15 minutes, whose bearer chooses the real
  /// one. It is for the terminal; nothing where a password exists.
  std::optional<std::string> setup();

  /// Answers /sign-in and /sign-out; refuses a foreign Host, a change from a foreign page, and whoever is unknown (a
  /// person's page is sent to /sign-in, everything else gets a problem document). Nothing: `who` may go on.
  std::optional<http::Response> refuse_or_answer(const http::Request& request, Who& who);

 private:
  struct Session {
    Who who;
    std::chrono::nanoseconds started{}, used{};
  };

  bool is_our_host(const http::Request& request) const;
  bool is_our_page(const http::Request& request) const;
  std::optional<Who> known(const http::Request& request);
  http::Response sign_in(const http::Request& request);
  http::Response sign_out(const http::Request& request);
  http::Response begin_session(const Who& who, const std::string& next);
  std::optional<Who> by_token(std::string_view token) const;
  std::string cookie_name() const { return secure_ ? "__Host-lockstep" : "lockstep"; }

  const GateOptions options_;
  const bool secure_;  ///< Reached by https.
  const base::Clock& clock_;
  std::mutex mutex_;
  std::string password_hash_;
  std::string setup_hash_;  ///< SHA-256 of the one-time password; empty when there is none.
  std::chrono::nanoseconds setup_until_{};
  std::map<std::string, Session> sessions_;  ///< By the SHA-256 of the cookie.
  int wrong_tries_ = 0;
  std::chrono::nanoseconds closed_until_{};
};

}  // namespace signin
