#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "salesforce/renewal.h"
#include "salesforce/token_endpoint.h"
#include "salesforce/transport.h"

namespace salesforce {

/// Where a connection's credentials live, encrypted, and who may renew them. Several processes may share one.
class Vault {
 public:
  /// The right to sign in, for one thread of one process at a time. Given back by destruction, or when its process
  /// dies.
  class Turn {
   public:
    virtual ~Turn() = default;
  };

  virtual ~Vault() = default;
  virtual base::Result<Credentials> load() = 0;
  /// Durable when it returns. An empty refresh token leaves the old one.
  virtual base::Result<void> save(const Credentials& credentials) = 0;

  virtual base::Result<std::unique_ptr<Turn>> take_turn() = 0;  ///< Null: another one is at it.
  virtual base::Result<Renewal> renewal() = 0;
  virtual base::Result<void> save(const Renewal& renewal) = 0;  ///< Durable when it returns.
  /// A short text that stands for `secret` and does not give it away.
  virtual std::string fingerprint(std::string_view secret) const = 0;
  /// Whether it stands for `secret`: other processes may have other keys beside a common one.
  virtual bool is_fingerprint(std::string_view print, std::string_view secret) const {
    return print == fingerprint(secret);
  }
};

/// The user as whom we act.
struct Identity {
  std::string org_id;
  std::string user_id;
  std::string username;
};

/// Signs our requests to one org, and signs in again when the org says so.
///
/// Driven by the org's INVALID_SESSION_ID, not by a timer. Over all threads and processes that share the vault, one
/// signs in while the others wait and take what it got. A refresh token that came with a new access token is durable
/// before that access token is used; what happens when we die on the way is written down in renewal.h. A grant that
/// the org refused is not shown to it again until it changes: neither a loop nor a restart makes a storm of it.
///
/// `instance_url` is taken only from hosts under `settings.domains` (or a loopback, if the login URL is one), since
/// every bearer token goes there; and only for the org that `settings.org_id` names.
///
/// May be used by several threads, each with a transport of its own. Everything handed in is borrowed.
class Session {
 public:
  using Wait = std::function<void(std::chrono::milliseconds)>;

  Session(SessionSettings settings, Vault& vault, Transport& transport, const base::Clock& clock, Wait wait = {});

  /// Sends `request`, whose url is a path ("/services/data/…"), with the bearer token over `transport`. Once more if
  /// it provably did not get out (a signing in is not repeated: it may have used up the refresh token), and again with
  /// a new token after a 401 for an expired session. `exchanges`, if given, counts what the org got to see.
  base::Result<Answer> send(Transport& transport, Request request, int* exchanges = nullptr);

  /// Asks the org who we are.
  base::Result<Identity> identity();

  /// Fails with the error of an earlier sign-in that only the user can mend, by connecting again or by correcting what
  /// is signed in with. Asks nobody.
  base::Result<void> check_standing();

  /// Signs in although there is a valid token: shows that the grant works, and whether refresh tokens rotate.
  base::Result<void> renew();

 private:
  base::Result<Credentials> current();
  /// Signs in unless `stale` has been replaced meanwhile, here or by another process.
  base::Result<Credentials> renewed(const base::Secret& stale);
  base::Result<Credentials> renew_locked(const base::Secret& stale);
  /// Takes what another thread or process got since; false if that is still `stale`.
  base::Result<bool> adopt_news(const base::Secret& stale);
  base::Result<void> sign_in();
  base::Result<void> save_pending();
  bool is_usable(const Credentials& credentials) const;
  Grant grant_from(const Credentials& known) const;
  struct Prints {
    std::string grant, token;
  };
  /// Fingerprints of what is signed in with: those of `known` where they stand for the same.
  Prints fingerprints_of(const Grant& grant, const Renewal& known) const;

  const SessionSettings settings_;
  Vault& vault_;
  const base::Clock& clock_;
  const Wait wait_;

  std::mutex mutex_;  ///< Guards what follows, the vault and the transport.
  Transport& transport_;
  std::optional<Credentials> held_;
  struct Pending {
    Credentials credentials;
    Renewal renewal;
  };
  std::optional<Pending> pending_;     ///< Issued, not yet saved, not yet used.
  std::unique_ptr<Vault::Turn> turn_;  ///< Held while something is pending.
  std::string identity_url_;
};

}  // namespace salesforce
