#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "salesforce/transport.h"

namespace salesforce {

/// What a connection may keep. An empty text means there is none.
struct Credentials {
  std::string access_token;
  std::string refresh_token;
  std::string instance_url;
  bool operator==(const Credentials&) const = default;
};

/// Where a connection's credentials live, encrypted. Several processes may share one.
class Vault {
 public:
  virtual ~Vault() = default;
  virtual base::Result<Credentials> load() = 0;
  /// Durable when it returns.
  virtual base::Result<void> save(const Credentials& credentials) = 0;
};

enum class Flow {
  client_credentials,  ///< The app's own user; needs the My Domain login URL.
  refresh_token,       ///< A person's consent, kept alive by a refresh token that lies in the vault.
};

struct SessionSettings {
  std::string login_url;  ///< "https://acme.my.salesforce.com"
  Flow flow = Flow::client_credentials;
  std::string client_id;
  std::string client_secret;  ///< May be empty with a refresh token, if the app asks for none.
};

/// The user as whom we act.
struct Identity {
  std::string org_id;
  std::string user_id;
  std::string username;
};

/// Signs our requests to one org, and signs in again when the org says so.
///
/// Driven by the org's INVALID_SESSION_ID, not by a timer. A refresh token that came with a new access token is
/// saved before that access token is used: if we die in between, or the saving fails, nothing has been done that
/// the old token would be needed for, and the saving is repeated before anything else.
/// `instance_url` is taken only from hosts of Salesforce (or a loopback, if the login URL is one), since every
/// bearer token goes there.
///
/// May be used by several threads, each with a transport of its own; one signs in while the others wait. The vault
/// and the session's own transport are borrowed.
class Session {
 public:
  Session(SessionSettings settings, Vault& vault, Transport& transport);

  /// Sends `request`, whose url is a path ("/services/data/…"), with the bearer token over `transport`. Once more if
  /// it provably did not get out (a signing in is not repeated: it may have used up the refresh token), and once more
  /// with a new token after a 401 for an expired session. `exchanges`, if given, counts what the org got to see.
  base::Result<Answer> send(Transport& transport, Request request, int* exchanges = nullptr);

  /// Asks the org who we are.
  base::Result<Identity> identity();

 private:
  base::Result<Credentials> current();
  /// Signs in unless `stale` has been replaced meanwhile, here or by another process.
  base::Result<Credentials> renewed(const std::string& stale);
  base::Result<void> sign_in(const Credentials& known);
  base::Result<void> save_pending();

  const SessionSettings settings_;
  Vault& vault_;

  std::mutex mutex_;  ///< Guards what follows, and the transport.
  Transport& transport_;
  std::optional<Credentials> held_;
  std::optional<Credentials> pending_;  ///< Issued, not yet saved, not yet used.
  std::string identity_url_;
};

/// True if a bearer token for this org may be sent to the host of `url`.
bool may_hold_org(std::string_view url, bool loopback_allowed);

/// True for http(s) on localhost, 127.0.0.0/8 or [::1].
bool is_loopback(std::string_view url);

}  // namespace salesforce
