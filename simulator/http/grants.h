#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"

namespace simulator {

/// What an access token stands for.
struct Session {
  std::uint64_t user = 0;
  std::string client_id, scope;
  base::Utc issued, expires;
  std::uint64_t grant = 0;  ///< 0: of no grant, it cannot be refreshed.
};

/// A user's consent to an application, from which access tokens come until it is revoked.
struct Grant {
  std::uint64_t user = 0;
  std::string client_id, scope, refresh_token;
  bool public_client = false;  ///< Its code was exchanged without a secret; so may its token be.
  base::Utc last_used;
};

/// A consent on its way to the application.
struct Code {
  std::uint64_t user = 0;
  std::string client_id, scope, redirect_uri, challenge, nonce;
  base::Utc issued;
};

/// Codes, grants and sessions: what Salesforce remembers of who signed in. Knows no HTTP; used by one thread at a time.
class Grants {
 public:
  explicit Grants(base::Random random) : random_(random) {}

  std::string add_code(Code code);
  /// The code's consent, once. Nothing for a code that is unknown or was used.
  std::optional<Code> take_code(const std::string& code);

  std::string open_session(Session session);
  /// Alive or not; nothing for tokens that were never given out or are revoked.
  const Session* session(std::string_view access_token) const;
  void prolong(std::string_view access_token, base::Utc until);
  void expire_sessions() { sessions_.clear(); }

  /// A new grant's id. A user's sixth for one application revokes the first. Without a token of the caller's own one
  /// is made up.
  std::uint64_t add_grant(Grant grant);
  const Grant* grant(std::uint64_t id) const;
  bool has_grant(std::uint64_t whose, std::string_view client_id) const;
  /// The grant that a refresh token stands for. A token that was replaced by rotation revokes the grant and gives
  /// nothing, like one that is unknown.
  std::optional<std::uint64_t> grant_of(const std::string& refresh_token);
  /// Counts as use; with `rotate` a new refresh token takes the old one's place.
  void use(std::uint64_t grant, bool rotate, base::Utc now);
  void revoke_grant(std::uint64_t grant);
  void revoke_grants();
  /// Ends what an access or refresh token stands for; false when it stands for nothing.
  bool revoke(const std::string& token);

 private:
  std::string unguessable(std::size_t length);

  base::Random random_;
  std::map<std::string, Code, std::less<>> codes_;
  std::map<std::string, Session, std::less<>> sessions_;
  std::map<std::uint64_t, Grant> grants_;  ///< Ids ascend with age.
  std::map<std::string, std::uint64_t, std::less<>> refresh_tokens_, replaced_;
  std::uint64_t last_grant_ = 0, opened_ = 0;
};

}  // namespace simulator
