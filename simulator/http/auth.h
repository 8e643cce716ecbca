#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "http/message.h"
#include "simulator/http/grants.h"
#include "simulator/http/identity.h"
#include "simulator/http/jwt.h"
#include "simulator/http/resource.h"

namespace simulator {

/// What may be changed while the simulator runs (PUT /__sim/oauth).
struct AuthSettings {
  std::chrono::seconds token_lifetime{7200};
  std::chrono::seconds refresh_token_idle{0};  ///< A refresh token unused for so long is dead; 0: never.
  bool rotate_refresh_tokens = false;
  bool auto_approve = false;  ///< The authorize page consents by itself.
  bool require_pkce = false;
  bool jwt_preauthorized = true;  ///< An admin approved all users; else JWT bearer needs a user's earlier consent.
};

struct AuthOptions {
  std::string client_id = "sfsim-client";
  std::string client_secret = "sfsim-secret";
  std::string refresh_token = "sfsim-refresh";  ///< Of a grant that is there from the beginning; empty: none.
  std::vector<std::string> redirect_uris = {};  ///< Exactly these; none: any on a loopback address.
  std::string password = "sfsim-password";      ///< Every user's.
  std::string security_token = {};              ///< May follow the password, as clients join the two.
  std::optional<PublicKey> jwt_key = {};        ///< The application's certificate.
  bool sandbox = false;                         ///< Decides which audience an assertion must name.
  std::optional<std::uint64_t> seed = {};       ///< For tokens that are the same in every run.
  AuthSettings settings = {};
};

/// {"error":…,"error_description":…}, status 400 unless given.
Reply oauth_error(std::string_view code, std::string_view description, int status = 400);

/// OAuth: /services/oauth2/… and the identity URL. May be used from several threads; the org's mutex is not to be held.
class Auth {
 public:
  Auth(OrgAccess access, AuthOptions options);

  /// Answers the paths of signing in and of identity; nothing for others.
  std::optional<Reply> answer(const http::Request& request);
  /// Whose access token the Authorization header holds, if it is alive and may use the REST API. 401 otherwise.
  Outcome<Session> session_of(std::string_view authorization);
  void expire_sessions();  ///< Every access token is dead.
  void revoke_grants();    ///< Every refresh token too.

  AuthSettings settings() const;
  void set(const AuthSettings& settings);

 private:
  struct App {
    std::string id, secret, name;
    std::vector<std::string> redirect_uris;
    bool may_use(std::string_view redirect_uri) const;
  };
  using Form = std::map<std::string, std::string>;
  struct Client {
    const App* app;
    bool proved;  ///< It gave its secret.
  };

  Reply token(const http::Request& request);
  std::expected<Client, Reply> client(const http::Request& request, Form& form) const;
  Reply from_code(const http::Request& request, Form& form, const Client& client);
  Reply from_refresh_token(const http::Request& request, Form& form, const Client& client);
  Reply from_password(const http::Request& request, Form& form, const Client& client);
  Reply from_assertion(const http::Request& request, Form& form);
  Reply authorize(const http::Request& request);
  Reply consent(Form& form, const App& app, const Person& user);
  Reply revoke(const http::Request& request);
  Reply introspect(const http::Request& request);
  Reply identity(const http::Request& request);

  /// A session for the user and what the token endpoint answers. `grant` 0: of no grant.
  struct Issue {
    const App* app;
    Person user;
    std::string scope;
    std::uint64_t grant = 0;
    bool shows_refresh_token = false;
    std::string nonce = {};
  };
  Reply issue(const http::Request& request, const Issue& issue);

  const App* app(std::string_view id) const;
  bool password_fits(std::string_view password) const;
  std::optional<Person> user(std::uint64_t number) const;
  std::optional<Person> user_named(std::string_view username) const;
  /// Alive, by the clock and the user's state; nothing otherwise.
  std::optional<Session> living(std::string_view access_token);

  const OrgAccess access_;
  const AuthOptions options_;
  const std::vector<App> apps_;
  IdTokenSigner signer_;
  mutable std::mutex mutex_;  ///< Guards what follows. The org's mutex is never taken while it is held.
  AuthSettings settings_;
  Grants grants_;
};

}  // namespace simulator
