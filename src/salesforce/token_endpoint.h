#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "salesforce/origin.h"
#include "salesforce/transport.h"

namespace salesforce {

/// How a connection signs in.
enum class Flow {
  web,                 ///< A person's consent in the browser, kept alive by the refresh token that came with it.
  refresh_token,       ///< The same with a refresh token that was got elsewhere.
  jwt,                 ///< A private key whose certificate the app holds, for a user who is approved beforehand.
  client_credentials,  ///< The app's own user; needs the My Domain login URL.
  password,            ///< Legacy: a user's name, password and security token.
};
std::string_view name_of(Flow flow);  ///< "client-credentials"
std::optional<Flow> flow_named(std::string_view name);

/// True for the flows that live on a refresh token.
inline bool has_refresh_token(Flow flow) {
  return flow == Flow::web || flow == Flow::refresh_token;
}

/// What a connection may keep. An empty text means there is none.
struct Credentials {
  base::Secret access_token;
  base::Secret refresh_token;
  std::string instance_url;
};

struct SessionSettings {
  std::string login_url;  ///< "https://acme.my.salesforce.com"
  Flow flow = Flow::client_credentials;
  std::string client_id = {};
  base::Secret client_secret = {};  ///< May be empty where the app asks for none.
  std::string username = {};   ///< jwt, password
  base::Secret private_key = {};  ///< jwt: PEM.
  base::Secret password = {};     ///< password: with the security token behind it.
  std::string org_id = {};        ///< Tokens of another org are refused; empty: any org.
  std::vector<std::string> domains{salesforce_domains().begin(), salesforce_domains().end()};
};

/// What is shown to the token endpoint.
struct Grant {
  enum class Kind { code, refresh_token, jwt, client_credentials, password };
  Kind kind;
  base::Secret value = {};        ///< The authorization code or the refresh token.
  std::string redirect_uri = {};  ///< With a code: as it was in the authorization request.
  base::Secret verifier = {};     ///< With a code: what its challenge was made from.
};

struct Issued {
  Credentials credentials;  ///< Without a refresh token where the answer brought none.
  std::string identity_url;
  std::string scope;
};

/// `settings` unless a secret may be sent to that login URL.
base::Result<void> check_login_url(std::string_view login_url);

/// Asks the token endpoint of `settings.login_url`. Errors:
///   `unreachable`, `throttled`: the grant was not used; try again later.
///   `unknown_fate`: it may have been used, and no answer came whole.
///   `unauthorized`, `settings`: the org will not take it; the message names the remedy, and holds no secrets.
/// Source: salesforce-wire.md 2.1 to 2.6 (token requests and their errors).
base::Result<Issued> request_tokens(Transport& transport, const SessionSettings& settings, const Grant& grant,
                                    const base::Clock& clock);

/// Tells the org that a refresh token, or an access token, is used no more.
base::Result<void> revoke(Transport& transport, const SessionSettings& settings, const base::Secret& token);

/// The org of an identity URL, "https://login.salesforce.com/id/00D…/005…", as 18 characters; empty if it has none.
std::string org_of(std::string_view identity_url);

}  // namespace salesforce
