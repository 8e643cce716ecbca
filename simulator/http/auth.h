#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "http/message.h"
#include "simulator/http/resource.h"

namespace simulator {

struct AuthOptions {
  std::string client_id = "sfsim-client";
  std::string client_secret = "sfsim-secret";
  std::string refresh_token = "sfsim-refresh";
  std::chrono::seconds token_lifetime{7200};
};

/// OAuth: /services/oauth2/… and the identity URL. May be used from several threads.
class Auth {
 public:
  /// The org is only asked for ids, which never change.
  Auth(const Org& org, AuthOptions options) : org_(org), options_(std::move(options)) {}

  /// Answers the paths that need no session; nothing for others.
  std::optional<Reply> answer(const http::Request& request);
  /// Answers the paths that need one: the identity URL and userinfo.
  std::optional<Reply> answer_signed_in(const http::Request& request, std::uint64_t user) const;
  /// The user whose access token the Authorization header holds, if it is alive.
  std::optional<std::uint64_t> user_of(std::string_view authorization) const;
  void expire_tokens();

 private:
  struct Session {
    std::uint64_t user;
    base::Utc expires;
  };
  Reply token(const http::Request& request);

  const Org& org_;
  const AuthOptions options_;
  mutable std::mutex mutex_;
  std::map<std::string, Session, std::less<>> sessions_;  ///< By access token. Guarded by mutex_.
  std::int64_t issued_ = 0;                               ///< Guarded by mutex_.
};

}  // namespace simulator
