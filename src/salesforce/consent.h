#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "salesforce/token_endpoint.h"

namespace salesforce {

/// A person's consent that is being asked for in the browser: the web-server flow with PKCE.
struct Consent {
  std::string url;           ///< Where the browser is sent.
  std::string state;         ///< Comes back with the answer and proves that it is the answer to this question.
  base::Secret verifier;     ///< Only its hash is in the address; who has the code alone gets no tokens.
  std::string redirect_uri;  ///< Where the browser comes back to; one of the app's callback URLs, letter by letter.
};

/// `state` and `verifier` are unguessable; the verifier has 43 to 128 letters and digits.
/// Source: salesforce-wire.md 2.1; RFC 7636 section 4.
Consent ask_consent(const SessionSettings& settings, std::string redirect_uri, std::string state,
                    base::Secret verifier);

/// The query with which the browser came back, decoded.
struct CameBack {
  std::string code, state, error, description;
};

/// What to show to the token endpoint. Errors: `unauthorized` when the person or an administrator said no, or when the
/// answer is not to this question.
base::Result<Grant> grant_after(const Consent& consent, const CameBack& came);

}  // namespace salesforce
