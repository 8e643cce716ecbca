#include "salesforce/token_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/time_text.h"
#include "salesforce/fakes_for_test.h"
#include "salesforce/json.h"
#include "salesforce/jwt.h"

namespace salesforce {
namespace {

using base::ErrorKind;
using ::testing::HasSubstr;

constexpr const char* answer = R"({"access_token":"T1","instance_url":"https://acme.my.salesforce.com/",)"
                               R"("id":"https://login.salesforce.com/id/00D000000000001EAA/005000000000001AAA"})";

struct TestKey {
  explicit TestKey(unsigned bits) : key(EVP_RSA_gen(bits)) {
    BIO* const out = BIO_new(BIO_s_mem());
    CHECK(PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    pem = base::Secret{std::string(data, static_cast<std::size_t>(size))};
    BIO_free(out);
  }
  TestKey(const TestKey&) = delete;
  TestKey& operator=(const TestKey&) = delete;
  ~TestKey() { EVP_PKEY_free(key); }

  bool signed_by_it(std::string_view text, std::string_view signature) const {
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key);
    const int good = EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()),
                                      signature.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
    EVP_MD_CTX_free(context);
    return good == 1;
  }

  EVP_PKEY* key;
  base::Secret pem;
};

std::string from_base64url(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  const std::size_t padding = (4 - text.size() % 4) % 4;
  text.append(padding, '=');
  std::string out(text.size() / 4 * 3, '\0');
  EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()),
                  static_cast<int>(text.size()));
  out.resize(out.size() - padding);
  return out;
}

struct TokenEndpoint : testing::Test {
  base::ManualClock clock{*base::parse_iso("2026-01-31T10:11:12Z")};
  ScriptedTransport transport;
  SessionSettings settings{.login_url = "https://acme.my.salesforce.com/",
                           .client_id = "the id",
                           .client_secret = base::Secret{"a&b"},
                           .username = "ann@acme.example"};
  std::string form_of(const Grant& grant) {
    transport.then(200, answer);
    EXPECT_TRUE(request_tokens(transport, settings, grant, clock));
    return transport.sent.back().body;
  }
};

TEST_F(TokenEndpoint, SendsWhatEachGrantAsksFor) {
  EXPECT_EQ(form_of({Grant::Kind::client_credentials}),
            "client_id=the%20id&client_secret=a%26b&grant_type=client_credentials");
  EXPECT_EQ(form_of({Grant::Kind::refresh_token, base::Secret{"R=0"}}),
            "client_id=the%20id&client_secret=a%26b&grant_type=refresh_token&refresh_token=R%3D0");
  EXPECT_EQ(form_of({Grant::Kind::code, base::Secret{"c=="}, "http://localhost:5000/cb", base::Secret{"v"}}),
            "client_id=the%20id&client_secret=a%26b&grant_type=authorization_code&code=c%3D%3D&redirect_uri="
            "http%3A%2F%2Flocalhost%3A5000%2Fcb&code_verifier=v");
  settings.password = base::Secret{"passTOKEN"};
  EXPECT_EQ(form_of({Grant::Kind::password}),
            "client_id=the%20id&client_secret=a%26b&grant_type=password&username=ann%40acme.example&password=passTOKEN");
  settings.client_secret = {};
  EXPECT_EQ(form_of({Grant::Kind::client_credentials}), "client_id=the%20id&grant_type=client_credentials");
  for (const Request& sent : transport.sent) {
    EXPECT_EQ(sent.url, "https://acme.my.salesforce.com/services/oauth2/token");
    EXPECT_EQ(header_in(sent, "Content-Type"), "application/x-www-form-urlencoded");
  }
}

TEST_F(TokenEndpoint, SignsAnAssertionThatTheCertificateVerifies) {
  const TestKey key{2048};
  settings.private_key = key.pem;
  settings.client_secret = base::Secret{"not sent"};
  const std::string form = form_of({Grant::Kind::jwt});
  constexpr std::string_view before = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
  ASSERT_TRUE(form.starts_with(before)) << form;
  const std::string assertion = form.substr(before.size());
  const auto dot = assertion.rfind('.');
  EXPECT_TRUE(key.signed_by_it(assertion.substr(0, dot), from_base64url(assertion.substr(dot + 1))));
  const auto first = assertion.find('.');
  EXPECT_EQ(from_base64url(assertion.substr(0, first)), R"({"alg":"RS256"})");
  EXPECT_EQ(from_base64url(assertion.substr(first + 1, dot - first - 1)),
            R"({"iss":"the id","sub":"ann@acme.example","aud":"https://login.salesforce.com","exp":1769854452})");
}

TEST(Jwt, IsForTheLoginThatTheOrgBelongsTo) {
  EXPECT_EQ(audience_of("https://login.salesforce.com"), "https://login.salesforce.com");
  EXPECT_EQ(audience_of("https://acme.my.salesforce.com/"), "https://login.salesforce.com");
  EXPECT_EQ(audience_of("https://test.salesforce.com"), "https://test.salesforce.com");
  EXPECT_EQ(audience_of("https://acme--uat.sandbox.my.salesforce.com"), "https://test.salesforce.com");
  EXPECT_EQ(audience_of("http://127.0.0.1:5001/"), "http://127.0.0.1:5001");
}

TEST(Jwt, RefusesKeysThatAreNone) {
  EXPECT_TRUE(check_private_key(TestKey{2048}.pem));
  const auto small = check_private_key(TestKey{1024}.pem);
  ASSERT_FALSE(small);
  EXPECT_TRUE(small.error().message.contains("1024 bits")) << small.error().message;
  for (const char* text : {"", "hello", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}) {
    const auto bad = check_private_key(base::Secret{text});
    ASSERT_FALSE(bad) << text;
    EXPECT_EQ(bad.error().kind, ErrorKind::settings);
  }
}

TEST_F(TokenEndpoint, ReadsTheAnswer) {
  transport.then(200, R"({"signature":"x","scope":"refresh_token api","refresh_token":"R1","access_token":"T1",)"
                      R"("instance_url":"https://eu9.salesforce.com","issued_at":"1","id":)"
                      R"("https://login.salesforce.com/id/00D000000000001EAA/005000000000001AAA","token_type":"Bearer"})");
  const auto issued = request_tokens(transport, settings, {Grant::Kind::client_credentials}, clock);
  ASSERT_TRUE(issued);
  EXPECT_EQ(shown(issued->credentials), "T1 R1 https://eu9.salesforce.com");
  EXPECT_EQ(issued->scope, "refresh_token api");
  EXPECT_EQ(org_of(issued->identity_url), "00D000000000001EAA");
  EXPECT_EQ(org_of("https://login.salesforce.com/id/"), "");
}

TEST_F(TokenEndpoint, TellsWhetherTheGrantMayHaveBeenUsed) {
  const auto kind_of = [&](base::Result<Answer> given) {
    transport.then(std::move(given));
    return request_tokens(transport, settings, {Grant::Kind::client_credentials}, clock).error().kind;
  };
  EXPECT_EQ(kind_of(base::failure(ErrorKind::unreachable, "")), ErrorKind::unreachable);
  EXPECT_EQ(kind_of(base::failure(ErrorKind::unknown_fate, "")), ErrorKind::unknown_fate);
  EXPECT_EQ(kind_of(Answer{503, {}, ""}), ErrorKind::unreachable);
  EXPECT_EQ(kind_of(Answer{429, {}, ""}), ErrorKind::throttled);
  EXPECT_EQ(kind_of(Answer{500, {}, R"({"error":"unknown_error"})"}), ErrorKind::unknown_fate);
  EXPECT_EQ(kind_of(Answer{502, {}, "<html>"}), ErrorKind::unknown_fate);
  for (const char* cut : {"", "<html>", R"({"access_token":"T1)", R"({"access_token":""})", R"({"access_token":"a\nb"})"})
    EXPECT_EQ(kind_of(Answer{200, {}, cut}), ErrorKind::unknown_fate) << cut;
}

TEST_F(TokenEndpoint, ComesAgainWhenItIsAskedTo) {
  const auto after = [&](int status, const char* body, std::vector<Header> headers) {
    transport.then(status, body, std::move(headers));
    return request_tokens(transport, settings, {Grant::Kind::client_credentials}, clock).error().retry_after;
  };
  EXPECT_EQ(after(503, "", {{"retry-after", "7"}}), std::chrono::seconds{7});
  EXPECT_EQ(after(429, "", {{"retry-after", "Sat, 31 Jan 2026 10:12:42 GMT"}}), std::chrono::seconds{90});
  EXPECT_EQ(after(400, R"({"error":"rate_limit_exceeded"})", {{"retry-after", "600"}}), std::chrono::seconds{600});
  EXPECT_EQ(after(503, "", {}), std::chrono::seconds{60});
}

TEST_F(TokenEndpoint, SaysWhatToDoAboutARefusal) {
  struct {
    Grant::Kind kind;
    const char* body;
    const char* says;
  } const cases[] = {
      {Grant::Kind::jwt, R"({"error":"invalid_grant","error_description":"user hasn't approved this consumer"})",
       "pre-authorized"},
      {Grant::Kind::jwt, R"({"error":"invalid_grant","error_description":"Audience validation failed"})", "LOGIN_URL"},
      {Grant::Kind::jwt, R"({"error":"invalid_grant"})", "certificate"},
      {Grant::Kind::password, R"({"error":"invalid_grant","error_description":"authentication failure"})",
       "security token"},
      {Grant::Kind::code, R"({"error":"invalid_grant","error_description":"expired authorization code"})",
       "Start again"},
      {Grant::Kind::code, R"({"error":"redirect_uri_mismatch"})", "SALESFORCE_REDIRECT_URI"},
  };
  const TestKey key{2048};
  settings.private_key = key.pem;
  for (const auto& each : cases) {
    transport.then(400, each.body);
    const auto refused = request_tokens(transport, settings, {each.kind}, clock);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().message.contains(each.says)) << refused.error().message;
  }
}

/// An endpoint, or a proxy before it, that answers with what it was sent, in every form and cut anywhere.
TEST_F(TokenEndpoint, RepeatsNothingSecretThatTheEndpointSays) {
  const TestKey key{2048};
  settings.private_key = key.pem;
  settings.client_secret = base::Secret{"CANARYsecret+/=&%"};
  settings.password = base::Secret{"CANARYpass+w d\"token"};
  const base::Secret value{"CANARYvalue+/=!.x"}, verifier{"CANARYverifier"};
  const auto unescaped = [](std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      out += text[i] == '%' ? static_cast<char>(std::stoi(std::string{text.substr(i + 1, 2)}, nullptr, 16)) : text[i];
      if (text[i] == '%') i += 2;
    }
    return out;
  };
  const auto lower = [](std::string text) {
    for (std::size_t i = 0; i + 2 < text.size(); ++i)
      if (text[i] == '%')
        for (const std::size_t at : {i + 1, i + 2}) text[at] = static_cast<char>(std::tolower(text[at]));
    return text;
  };
  const auto quoted = [](std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
  };
  int shown = 0;
  for (const auto kind : {Grant::Kind::code, Grant::Kind::refresh_token, Grant::Kind::jwt,
                          Grant::Kind::client_credentials, Grant::Kind::password}) {
    const Grant grant{kind, value, "http://localhost/cb", verifier};
    const std::string form = form_of(grant);
    std::vector<std::string> secrets;
    for (const base::Secret* secret : std::initializer_list<const base::Secret*>{&settings.client_secret,
                                                                                &settings.password, &value, &verifier})
      for (const std::string& each :
           {secret->reveal(), url_encoded(secret->reveal()), lower(url_encoded(secret->reveal()))})
        secrets.push_back(each);
    if (kind == Grant::Kind::jwt) secrets = {form.substr(form.find("assertion=") + 10)};
    for (const std::string& echo : {form, unescaped(form), lower(form), quoted(unescaped(form)), url_encoded(form)}) {
      for (std::size_t at = 0; at < echo.size(); at += 5) {
        const std::string piece = echo.substr(at, 40);
        for (const bool as_code : {false, true}) {
          const std::string body = as_code ? R"({"error":)" + quoted(piece) + "}"
                                           : R"({"error":"invalid_grant","error_description":)" + quoted(piece) + "}";
          transport.then(400, body);
          const auto refused = request_tokens(transport, settings, grant, clock);
          ASSERT_FALSE(refused);
          const std::string said = refused.error().message + refused.error().service_code;
          for (const std::string& secret : secrets)
            for (std::size_t i = 0; i + 8 <= secret.size(); ++i)
              ASSERT_FALSE(said.contains(secret.substr(i, 8))) << said << "\nsays " << secret.substr(i, 8);
          if (said.contains("grant_type")) ++shown;
        }
      }
    }
  }
  EXPECT_GT(shown, 0) << "what holds no secret is shown";
}

TEST_F(TokenEndpoint, BlamesAClockThatIsWrong) {
  const TestKey key{2048};
  settings.private_key = key.pem;
  clock.jump(std::chrono::hours{1});
  transport.then(400, R"({"error":"invalid_grant","error_description":"invalid assertion"})");
  const auto refused = request_tokens(transport, settings, {Grant::Kind::jwt}, clock);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message.contains("3600 seconds ahead")) << refused.error().message;
}

TEST(LoginUrl, IsForTlsAndForAHostAlone) {
  const auto said_of = [](const char* url) {
    const auto checked = check_login_url(url);
    return checked ? "it is good" : checked.error().message;
  };
  EXPECT_TRUE(check_login_url("https://acme.my.salesforce.com/"));
  EXPECT_TRUE(check_login_url("http://127.0.0.1:5001"));
  for (const char* url : {"http://acme.my.salesforce.com", "acme.my.salesforce.com", "", "https://", "://"})
    EXPECT_THAT(said_of(url), HasSubstr("must begin with https://")) << url;
  for (const char* url : {"https://acme.my.salesforce.com@evil.example", "https://a:b@acme.my.salesforce.com/x?y"})
    EXPECT_THAT(said_of(url), HasSubstr("no user name")) << url;
}

TEST_F(TokenEndpoint, RevokesWithoutMindingATokenThatIsDead) {
  transport.then(200, "").then(400, "error=unsupported_token_type").then(500, "");
  EXPECT_TRUE(revoke(transport, settings, base::Secret{"R=1"}));
  EXPECT_EQ(transport.sent[0].url, "https://acme.my.salesforce.com/services/oauth2/revoke");
  EXPECT_EQ(transport.sent[0].body, "token=R%3D1");
  EXPECT_TRUE(revoke(transport, settings, base::Secret{"R1"}));
  EXPECT_FALSE(revoke(transport, settings, base::Secret{"R1"}));
}

}  // namespace
}  // namespace salesforce
