#include "salesforce/consent.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "salesforce/json.h"
#include "salesforce/jwt.h"

namespace salesforce {
namespace {

std::string challenge_of(const base::Secret& verifier) {
  std::array<unsigned char, 32> hash{};
  const std::string& text = verifier.reveal();
  CHECK(EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha256(), nullptr) == 1);
  return base64url({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

/// A text of the address, which anybody may have written, for a message.
std::string harmless(std::string text) {
  text.resize(std::min<std::size_t>(text.size(), 200));
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return text;
}

}  // namespace

Consent ask_consent(const SessionSettings& settings, std::string redirect_uri, std::string state,
                    base::Secret verifier) {
  Consent consent{.url = without_slash(settings.login_url) + "/services/oauth2/authorize?response_type=code",
                  .state = std::move(state),
                  .verifier = std::move(verifier),
                  .redirect_uri = std::move(redirect_uri)};
  const auto add = [&](std::string_view name, std::string_view value) {
    ((consent.url += '&') += name) += '=';
    consent.url += url_encoded(value);
  };
  add("client_id", settings.client_id);
  add("redirect_uri", consent.redirect_uri);
  add("scope", "api refresh_token");
  add("state", consent.state);
  add("code_challenge", challenge_of(consent.verifier));
  add("code_challenge_method", "S256");
  return consent;
}

base::Result<Grant> grant_after(const Consent& consent, const CameBack& came) {
  using base::ErrorKind;
  if (!base::same_secret(came.state, consent.state))
    return base::failure(ErrorKind::unauthorized,
                         "This answer does not belong to the sign-in that was begun here, so it is not used. Start the "
                         "connection again.",
                         "state_mismatch");
  if (came.error == "access_denied" || came.error == "access-denied")
    return base::failure(
        ErrorKind::unauthorized,
        "The consent was refused in Salesforce. Start again and choose \"Allow\"; if Salesforce offers "
        "no choice, an administrator has to permit the app for this user (docs/connect.md).",
        "access_denied");
  if (!came.error.empty())
    return base::failure(ErrorKind::unauthorized,
                         "Salesforce did not sign us in [" + harmless(came.error) +
                             (came.description.empty() ? "" : ": " + harmless(came.description)) +
                             "]. Check the app's OAuth settings (docs/connect.md) and start again.",
                         harmless(came.error));
  if (came.code.empty())
    return base::failure(ErrorKind::unauthorized,
                         "Salesforce sent the browser back without a code. Start the connection again.", "no_code");
  return Grant{.kind = Grant::Kind::code,
               .value = base::Secret{came.code},
               .redirect_uri = consent.redirect_uri,
               .verifier = consent.verifier};
}

}  // namespace salesforce
