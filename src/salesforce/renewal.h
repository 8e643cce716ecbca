#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace salesforce {

/// What the processes that share a connection know about renewing its tokens. It is stored before a request goes
/// out and after what the answer brought is stored, so that dying in between leaves a trace.
///
/// Where the org rotates refresh tokens, each may be used once: the answer brings the next. If that answer is lost,
/// the old token may have been taken or not. It is shown one more time, in case it was not; never a third time, and
/// never after a refusal, since using a dead token may revoke the whole consent.
/// Source: Salesforce Help, "Refresh Token Rotation"; RFC 9700 section 4.14.
struct Renewal {
  enum class Rotation { unknown, off, on };

  std::string grant = {};   ///< Fingerprint of all that is signed in with.
  std::string token = {};   ///< That of the refresh token among it; empty: there is none, or it is not known.
  base::Utc asked_at{};     ///< When the first of the unanswered requests went out.
  int unanswered = 0;       ///< How often it went out and no answer was stored.
  Rotation rotation = Rotation::unknown;  ///< Whether the org replaces a refresh token when it is used.
  std::string refusal = {};  ///< Why it is not shown to the org again; empty: it may be.
  std::string refusal_code = {};
  bool operator==(const Renewal&) const = default;
};

/// What to store before `grant` is shown to the org. `one_use`: there is a refresh token in it, whose fingerprint is
/// `token`; it counts as shown however the rest of the grant changes. Errors: `unauthorized` when it must not be shown;
/// store what given_up() says then.
base::Result<Renewal> before_asking(const Renewal& known, std::string_view grant, bool one_use, base::Utc now,
                                    std::string_view token = {});

Renewal given_up(const Renewal& known, std::string_view grant, const base::Error& error);

/// `rotated`: the answer brought another refresh token than the one that was shown.
Renewal after_answer(const Renewal& asked, bool one_use, bool rotated);

/// The request did not get out, or was turned away unread.
Renewal after_unsent(const Renewal& asked);

/// The org will not take the grant. `error` gets to say so, and that a renewal was cut off before, if one was.
Renewal after_refusal(const Renewal& asked, bool one_use, base::Error& error);

}  // namespace salesforce
