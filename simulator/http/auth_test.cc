#include "simulator/http/auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <set>

#include "simulator/http/site_for_test.h"

namespace simulator {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view authorize =
    "/services/oauth2/authorize?response_type=code&client_id=sfsim-client&redirect_uri=http%3A%2F%2Flocalhost%2Fback&state=s%261";
constexpr std::string_view exchange =
    "grant_type=authorization_code&client_secret=sfsim-secret&redirect_uri=http%3A%2F%2Flocalhost%2Fback&code=";
const std::string verifier = "a-verifier-of-more-than-forty-three-characters-1234567890";

/// A parameter of the address that the answer leads to.
std::string sent_back(const http::Response& response, std::string_view name) {
  const std::string location = Site::header(response, "Location");
  for (const auto& [key, value] : http::parse_form(std::string_view{location}.substr(location.find('?') + 1)))
    if (key == name) return value;
  return {};
}

/// Fills in the page and presses a button.
http::Response decide(Site& site, const std::string& target, const std::string& form) {
  return site.ask("POST", target, form, {{"content-type", "application/x-www-form-urlencoded"}});
}

std::string new_code(Site& site, const std::string& more = {}) {
  const auto answer = decide(site, std::string{authorize} + more,
                             "username=olga%40sfsim.example.com&password=sfsim-password&decision=allow");
  EXPECT_EQ(answer.status, 302) << answer.body;
  return http::percent_encode(sent_back(answer, "code"));
}

http::Response refresh(Site& site, const std::string& token) {
  return site.token("grant_type=refresh_token&client_secret=sfsim-secret&refresh_token=" + http::percent_encode(token));
}

std::string error_of(const http::Response& response) {
  return std::to_string(response.status) + " " + Site::text(response, "error") + ": " + Site::text(response, "error_description");
}

TEST(Auth, ShowsAPageThatLeadsBackWithCodeAndState) {
  Site site;
  const auto page = site.ask("GET", std::string{authorize});
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(Site::header(page, "Content-Type"), StartsWith("text/html"));
  EXPECT_THAT(page.body, HasSubstr("name=\"username\""));
  EXPECT_THAT(page.body, HasSubstr("action=\"/services/oauth2/authorize?response_type=code&amp;client_id"));
  const auto answer = decide(site, std::string{authorize}, "username=olga%40sfsim.example.com&password=sfsim-password&decision=allow");
  EXPECT_EQ(answer.status, 302);
  EXPECT_THAT(Site::header(answer, "Location"), StartsWith("http://localhost/back?code="));
  EXPECT_EQ(sent_back(answer, "state"), "s&1");
  const auto token = site.token(std::string{exchange} + http::percent_encode(sent_back(answer, "code")));
  EXPECT_EQ(token.status, 200) << token.body;
  EXPECT_THAT(Site::text(token, "access_token"), StartsWith("00D"));
  EXPECT_FALSE(Site::text(token, "refresh_token").empty());
  EXPECT_EQ(Site::text(token, "instance_url"), "http://org.test");
  const std::string id = Site::text(token, "id");
  EXPECT_EQ(Site::text(token, "signature"), base64(hmac_sha256("sfsim-secret", id + Site::text(token, "issued_at"))));
  const auto who = site.ask("GET", id.substr(id.find("/id/")), "", {{"authorization", "Bearer " + Site::text(token, "access_token")}});
  EXPECT_EQ(Site::text(who, "username"), "olga@sfsim.example.com");
}

TEST(Auth, DeniesAndChecksThePassword) {
  Site site;
  const auto denied = decide(site, std::string{authorize}, "decision=deny");
  EXPECT_EQ(sent_back(denied, "error"), "access_denied");
  EXPECT_EQ(sent_back(denied, "state"), "s&1");
  const auto again = decide(site, std::string{authorize}, "username=olga%40sfsim.example.com&password=wrong&decision=allow");
  EXPECT_EQ(again.status, 200);
  EXPECT_THAT(again.body, HasSubstr("role=\"alert\""));
}

TEST(Auth, TellsTheUserAndNotTheAddressWhenTheApplicationIsWrong) {
  Site site;
  const auto client = site.ask("GET", "/services/oauth2/authorize?response_type=code&client_id=x&redirect_uri=http%3A%2F%2Flocalhost");
  EXPECT_EQ(client.status, 400);
  EXPECT_THAT(client.body, HasSubstr("invalid_client_id"));
  for (const char* uri : {"https%3A%2F%2Fevil.example", "http%3A%2F%2Flocalhost.evil.example%2F", "http%3A%2F%2Flocalhost%40evil.example"}) {
    const auto address = site.ask("GET", std::string{"/services/oauth2/authorize?response_type=code&client_id=sfsim-client&redirect_uri="} + uri);
    EXPECT_EQ(address.status, 400) << uri;
    EXPECT_THAT(address.body, HasSubstr("redirect_uri_mismatch"));
  }
  const auto name = site.ask("GET", std::string{authorize} + "&login_hint=%3Cscript%3E");
  EXPECT_THAT(name.body, Not(HasSubstr("<script>")));
  EXPECT_EQ(sent_back(site.ask("GET", std::string{authorize} + "&scope=api+everything"), "error"), "invalid_scope");
}

TEST(Auth, ACodeIsGoodOnceAndForAQuarterOfAnHour) {
  Site site;
  const std::string code = new_code(site);
  EXPECT_EQ(site.token(std::string{exchange} + code).status, 200);
  EXPECT_EQ(error_of(site.token(std::string{exchange} + code)), "400 invalid_grant: invalid authorization code");
  const std::string late = new_code(site);
  site.clock.advance(15min + 1s);
  EXPECT_EQ(error_of(site.token(std::string{exchange} + late)), "400 invalid_grant: expired authorization code");
  const std::string elsewhere = new_code(site);
  EXPECT_THAT(error_of(site.token("grant_type=authorization_code&client_secret=sfsim-secret&redirect_uri=http%3A%2F%2Flocalhost%2F&code=" + elsewhere)),
              StartsWith("400 redirect_uri_mismatch"));
}

TEST(Auth, ChecksTheVerifierOfTheChallenge) {
  Site site;
  const std::string challenge = "&code_challenge_method=S256&code_challenge=" + base64url(sha256(verifier));
  EXPECT_EQ(site.token(std::string{exchange} + new_code(site, challenge) + "&code_verifier=" + verifier).status, 200);
  EXPECT_THAT(error_of(site.token(std::string{exchange} + new_code(site, challenge))), StartsWith("400 invalid_grant"));
  EXPECT_THAT(error_of(site.token(std::string{exchange} + new_code(site, challenge) + "&code_verifier=x" + verifier)),
              StartsWith("400 invalid_request"));
  EXPECT_THAT(error_of(site.token(std::string{exchange} + new_code(site) + "&code_verifier=" + verifier)),
              StartsWith("400 invalid_request"));
  EXPECT_EQ(sent_back(site.ask("GET", std::string{authorize} + "&code_challenge_method=plain&code_challenge=" + verifier), "error"),
            "invalid_request");
  // A public client has the verifier for a secret; without either it is nobody.
  const std::string open = "grant_type=authorization_code&redirect_uri=http%3A%2F%2Flocalhost%2Fback&code=";
  const auto issued = site.token(open + new_code(site, challenge) + "&code_verifier=" + verifier);
  EXPECT_EQ(issued.status, 200);
  EXPECT_EQ(site.token("grant_type=refresh_token&refresh_token=" + http::percent_encode(Site::text(issued, "refresh_token"))).status, 200);
  EXPECT_THAT(error_of(site.token(open + new_code(site))), StartsWith("400 invalid_client"));
  site.ask("PUT", "/__sim/oauth", R"({"require_pkce":true})");
  EXPECT_EQ(sent_back(site.ask("GET", std::string{authorize}), "error"), "invalid_request");
}

TEST(Auth, RefreshesWithoutANewTokenUnlessTokensRotate) {
  Site site;
  const std::string token = Site::text(site.token(std::string{exchange} + new_code(site)), "refresh_token");
  const auto plain = refresh(site, token);
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(Site::text(plain, "refresh_token"), "");
  site.ask("PUT", "/__sim/oauth", R"({"rotate_refresh_tokens":true})");
  const auto rotated = refresh(site, token);
  const std::string next = Site::text(rotated, "refresh_token");
  EXPECT_FALSE(next.empty());
  EXPECT_NE(next, token);
  const std::string access = "Bearer " + Site::text(rotated, "access_token");
  EXPECT_EQ(site.ask("GET", "/services/data/v62.0/limits", "", {{"authorization", access}}).status, 200);
  // Using the old one ends everything that came from the consent.
  EXPECT_EQ(error_of(refresh(site, token)), "400 invalid_grant: expired access/refresh token");
  EXPECT_EQ(error_of(refresh(site, next)), "400 invalid_grant: expired access/refresh token");
  EXPECT_EQ(site.ask("GET", "/services/data/v62.0/limits", "", {{"authorization", access}}).status, 401);
}

TEST(Auth, TheSixthConsentRevokesTheFirst) {
  Site site;
  std::vector<std::string> tokens;
  for (int consent = 0; consent < 6; ++consent)
    tokens.push_back(Site::text(site.token(std::string{exchange} + new_code(site)), "refresh_token"));
  EXPECT_EQ(refresh(site, tokens[0]).status, 400);
  for (int consent = 1; consent < 6; ++consent) EXPECT_EQ(refresh(site, tokens[static_cast<std::size_t>(consent)]).status, 200);
  EXPECT_EQ(refresh(site, "sfsim-refresh").status, 200) << "another user's consent is untouched";
}

TEST(Auth, RevokingARefreshTokenEndsItsSessions) {
  Site site;
  const auto issued = site.token(std::string{exchange} + new_code(site));
  const std::string access = "Bearer " + Site::text(issued, "access_token");
  const auto revoked = site.ask("POST", "/services/oauth2/revoke", "token=" + http::percent_encode(Site::text(issued, "refresh_token")));
  EXPECT_EQ(revoked.status, 200);
  EXPECT_EQ(revoked.body, "");
  EXPECT_EQ(site.ask("GET", "/services/data/v62.0/limits", "", {{"authorization", access}}).status, 401);
  EXPECT_EQ(refresh(site, Site::text(issued, "refresh_token")).status, 400);
  const auto unknown = site.ask("POST", "/services/oauth2/revoke", "token=nonsense");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_THAT(unknown.body, StartsWith("error=invalid_token&"));
}

TEST(Auth, AnUnusedRefreshTokenDiesWhenTheOrgSaysSo) {
  Site site;
  site.ask("PUT", "/__sim/oauth", R"({"refresh_token_idle_s":3600})");
  for (int hour = 0; hour < 3; ++hour) {
    site.clock.advance(59min);
    EXPECT_EQ(refresh(site, "sfsim-refresh").status, 200);
  }
  site.clock.advance(61min);
  EXPECT_EQ(refresh(site, "sfsim-refresh").status, 400);
}

TEST(Auth, AccessTokensExpireByTheClockAndOnDemand) {
  Site site;
  site.ask("PUT", "/__sim/oauth", R"({"token_lifetime_s":2})");
  EXPECT_EQ(site.call("GET", "limits").status, 200);
  site.clock.advance(2s);
  EXPECT_EQ(site.call("GET", "limits").status, 401);
  site.forget_session();
  EXPECT_EQ(site.call("GET", "limits").status, 200);
  site.ask("POST", "/__sim/expire-tokens");
  const auto expired = site.call("GET", "limits");
  EXPECT_EQ(expired.status, 401);
  EXPECT_EQ(Site::code(expired), "INVALID_SESSION_ID");
  EXPECT_EQ(refresh(site, "sfsim-refresh").status, 200);
  site.ask("POST", "/__sim/expire-tokens?refresh=true");
  EXPECT_EQ(refresh(site, "sfsim-refresh").status, 400);
}

TEST(Auth, KnowsUsersByPasswordAndRefusesOthers) {
  Site site;
  const std::string form = "grant_type=password&client_secret=sfsim-secret&username=OLGA%40sfsim.example.com&password=";
  const auto olga = site.token(form + "sfsim-password");
  EXPECT_EQ(olga.status, 200);
  EXPECT_EQ(Site::text(olga, "refresh_token"), "");
  EXPECT_EQ(error_of(site.token(form + "guess")), "400 invalid_grant: authentication failure");
  EXPECT_THAT(error_of(site.token("grant_type=password&username=olga%40sfsim.example.com&password=sfsim-password")),
              StartsWith("400 invalid_client"));
  EXPECT_EQ(error_of(site.token("grant_type=magic")), "400 unsupported_grant_type: grant type not supported");
  EXPECT_EQ(error_of(site.ask("POST", "/services/oauth2/token", "grant_type=client_credentials&client_id=x&client_secret=y")),
            "400 invalid_client_id: client identifier invalid");
  EXPECT_THAT(error_of(site.token("grant_type=client_credentials&client_secret=sfsim-secret&client_secret=sfsim-secret")),
              StartsWith("400 invalid_request"));
  EXPECT_EQ(error_of(site.ask("GET", "/services/oauth2/token?grant_type=client_credentials")),
            "400 invalid_request: must use HTTP POST");
}

TEST(Auth, ASessionWithoutTheApiScopeMayNotUseTheApi) {
  Site site;
  const auto issued = site.token(std::string{exchange} + new_code(site, "&scope=openid+refresh_token"));
  EXPECT_EQ(Site::text(issued, "scope"), "openid refresh_token");
  const std::string access = "Bearer " + Site::text(issued, "access_token");
  const auto refused = site.ask("GET", "/services/data/v62.0/limits", "", {{"authorization", access}});
  EXPECT_EQ(refused.status, 401);
  EXPECT_THAT(refused.body, HasSubstr("This session is not valid for use with the REST API"));
  const auto who = site.ask("GET", "/services/oauth2/userinfo", "", {{"authorization", access}});
  EXPECT_EQ(Site::text(who, "preferred_username"), "olga@sfsim.example.com");
  const auto id_token = parse_jwt(Site::text(issued, "id_token"));
  ASSERT_TRUE(id_token);
  EXPECT_EQ(id_token->claims.at("sub").as_string(), Site::text(issued, "id"));
  EXPECT_EQ(site.ask("GET", "/services/oauth2/userinfo", "", {{"authorization", "Bearer nobody"}}).body, "Bad_OAuth_Token");
  EXPECT_EQ(Site::code(site.ask("GET", "/services/data/v62.0/limits", "", {{"authorization", "Digest x"}})), "INVALID_AUTH_HEADER");
}

TEST(Auth, TellsWhatATokenIsToTheApplicationItWasGivenTo) {
  Site site;
  const std::string about = "token=" + http::percent_encode(site.session()) + "&client_id=sfsim-client";
  const auto active = site.ask("POST", "/services/oauth2/introspect", about + "&client_secret=sfsim-secret");
  EXPECT_TRUE(Site::json(active).at("active").as_bool());
  EXPECT_EQ(Site::text(active, "username"), "integration@sfsim.example.com");
  EXPECT_EQ(site.ask("POST", "/services/oauth2/introspect", about).status, 400);
  site.clock.advance(3h);
  EXPECT_EQ(site.ask("POST", "/services/oauth2/introspect", about + "&client_secret=sfsim-secret").body, R"({"active":false})");
}

/// A key pair that signs assertions.
class Assertions {
 public:
  Assertions() : key_(EVP_RSA_gen(2048), EVP_PKEY_free) {}

  std::string public_pem() const {
    const std::shared_ptr<BIO> out{BIO_new(BIO_s_mem()), BIO_free};
    PEM_write_bio_PUBKEY(out.get(), key_.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }
  std::string form(const json::object& claims, const char* algorithm = "RS256") const {
    const std::string text = base64url(json::serialize(json::object{{"alg", algorithm}})) + "." + base64url(json::serialize(claims));
    const std::shared_ptr<EVP_MD_CTX> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
    std::string signature(256, '\0');
    std::size_t size = signature.size();
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
    return "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + text + "." + base64url(signature);
  }

 private:
  std::shared_ptr<EVP_PKEY> key_;
};

TEST(Auth, BelievesAnAssertionThatTheCertificateProves) {
  const Assertions mine, foreign;
  ApiOptions options;
  options.auth.jwt_key = *PublicKey::parse(mine.public_pem());
  Site site{options};
  const auto now = std::chrono::floor<std::chrono::seconds>(site.clock.now()).time_since_epoch().count();
  json::object claims{{"iss", "sfsim-client"}, {"sub", "sven@sfsim.example.com"}, {"aud", "https://login.salesforce.com"}, {"exp", now + 180}};
  const auto post = [&](const std::string& form) { return site.ask("POST", "/services/oauth2/token", form); };
  const auto with = [&](const char* name, json::value value) {
    json::object changed = claims;
    changed[name] = std::move(value);
    return error_of(post(mine.form(changed)));
  };

  const auto issued = post(mine.form(claims));
  EXPECT_EQ(issued.status, 200) << issued.body;
  std::set<std::string> members;
  const json::object answer = Site::json(issued).as_object();
  for (const auto& member : answer) members.emplace(member.key());
  EXPECT_EQ(members, (std::set<std::string>{"access_token", "scope", "instance_url", "id", "token_type"}));
  EXPECT_EQ(error_of(post(foreign.form(claims))), "400 invalid_grant: invalid assertion");
  EXPECT_EQ(error_of(post(mine.form(claims, "none"))), "400 invalid_grant: invalid assertion");
  EXPECT_EQ(error_of(post("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.b")), "400 invalid_grant: invalid assertion");
  EXPECT_EQ(with("aud", "https://test.salesforce.com"), "400 invalid_grant: Audience validation failed");
  EXPECT_EQ(with("aud", "http://org.test"), "200 : ");
  EXPECT_EQ(with("exp", now), "400 invalid_grant: expired authorization code");
  EXPECT_EQ(with("exp", (now + 300) * 1000), "200 : ") << "the vendor's command line counts in milliseconds";
  EXPECT_EQ(with("sub", "nobody@sfsim.example.com"), "400 invalid_grant: user hasn't approved this consumer");
  EXPECT_EQ(with("iss", "somebody"), "400 invalid_client_id: client identifier invalid");
  site.ask("PUT", "/__sim/oauth", R"({"jwt_preauthorized":false})");
  EXPECT_EQ(with("sub", "olga@sfsim.example.com"), "400 invalid_grant: user hasn't approved this consumer");
  site.token(std::string{exchange} + new_code(site));
  EXPECT_EQ(with("sub", "olga@sfsim.example.com"), "200 : ");
}

TEST(Auth, ATokenOfOneUserShowsNoOther) {
  Site site;
  const auto own = site.ask("GET", "/id/" + organization_id() + "/005SF0000000002YAA", "", {{"authorization", "Bearer " + site.session()}});
  EXPECT_EQ(own.status, 403);
  EXPECT_EQ(site.ask("GET", "/id/00D000000000001AAA/005SF0000000001YAA", "", {{"authorization", "Bearer " + site.session()}}).body, "Wrong_Org");
}

TEST(Auth, RefusesACertificateThatIsNone) {
  EXPECT_FALSE(PublicKey::parse("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"));
  EXPECT_FALSE(PublicKey::parse(""));
}

}  // namespace
}  // namespace simulator
