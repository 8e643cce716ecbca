#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

namespace salesforce {

/// How long an assertion is good for. Source: OAuth 2.0 JWT Bearer Flow, "within 3 minutes".
inline constexpr std::chrono::seconds assertion_life{180};

/// The signed assertion of the JWT bearer flow (RFC 7523), RS256. `pem` is the private key whose certificate the app
/// holds. Errors: `settings` when that is no RSA private key, or one of fewer than 2048 bits.
base::Result<base::Secret> jwt_assertion(std::string_view client_id, std::string_view username,
                                         std::string_view audience, const base::Secret& pem, base::Utc now);

/// Whom an assertion for this login URL is for: the production or the sandbox login, also for a My Domain of either;
/// a loopback itself.
std::string audience_of(const std::string& login_url);

/// What a key file has to hold, looked at before anything is sent. Errors as above.
base::Result<void> check_private_key(const base::Secret& pem);

/// Without padding, for URLs. Source: RFC 4648 section 5.
std::string base64url(std::string_view bytes);

}  // namespace salesforce
