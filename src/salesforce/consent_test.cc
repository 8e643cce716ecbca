#include "salesforce/consent.h"

#include <gtest/gtest.h>

namespace salesforce {
namespace {

/// RFC 7636 appendix B.
constexpr const char* verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

Consent asked() {
  return ask_consent({.login_url = "https://acme.my.salesforce.com/", .flow = Flow::web, .client_id = "3MVG9.a_b"},
                     "http://localhost:5000/api/integrations/salesforce/callback", "s-1", base::Secret{verifier});
}

TEST(Consent, SendsTheChallengeAndNeverTheVerifier) {
  const Consent consent = asked();
  EXPECT_EQ(consent.url,
            "https://acme.my.salesforce.com/services/oauth2/authorize?response_type=code&client_id=3MVG9.a_b"
            "&redirect_uri=http%3A%2F%2Flocalhost%3A5000%2Fapi%2Fintegrations%2Fsalesforce%2Fcallback"
            "&scope=api%20refresh_token&state=s-1"
            "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256");
  EXPECT_FALSE(consent.url.contains(verifier));
}

TEST(Consent, TakesTheCodeOfItsOwnAnswerOnly) {
  const auto grant = grant_after(asked(), {.code = "aPrx==", .state = "s-1", .error = {}, .description = {}});
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->kind, Grant::Kind::code);
  EXPECT_EQ(grant->value.reveal(), "aPrx==");
  EXPECT_EQ(grant->verifier.reveal(), verifier);
  EXPECT_EQ(grant->redirect_uri, asked().redirect_uri);
  for (const char* state : {"", "s-2", "s-1 "}) {
    const auto foreign = grant_after(asked(), {.code = "aPrx==", .state = state, .error = {}, .description = {}});
    ASSERT_FALSE(foreign) << state;
    EXPECT_EQ(foreign.error().service_code, "state_mismatch");
  }
}

TEST(Consent, SaysWhatARefusalMeans) {
  for (const char* spelling : {"access_denied", "access-denied"}) {
    const auto refused = grant_after(asked(), {.code = {}, .state = "s-1", .error = spelling, .description = {}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, base::ErrorKind::unauthorized);
    EXPECT_TRUE(refused.error().message.contains("Allow")) << refused.error().message;
  }
  const auto odd =
      grant_after(asked(), {.code = {}, .state = "s-1", .error = "invalid_scope\r\nX: y", .description = "no"});
  ASSERT_FALSE(odd);
  EXPECT_TRUE(odd.error().message.contains("invalid_scope  X: y: no")) << odd.error().message;
  EXPECT_FALSE(grant_after(asked(), {.code = {}, .state = "s-1", .error = {}, .description = {}}));
}

}  // namespace
}  // namespace salesforce
