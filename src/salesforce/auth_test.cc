#include "salesforce/auth.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "base/time_text.h"
#include "salesforce/fakes_for_test.h"

namespace salesforce {
namespace {

using base::ErrorKind;

constexpr const char* expired = R"([{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}])";

std::string token(const std::string& access, const std::string& refresh = "",
                  const std::string& instance = "https://acme.my.salesforce.com") {
  return R"({"access_token":")" + access + R"(","instance_url":")" + instance +
         R"(","id":"https://login.salesforce.com/id/00Dxx0000001gEQMAY/005xx000001Sv6AAAS","token_type":"Bearer")" +
         (refresh.empty() ? "" : R"(,"refresh_token":")" + refresh + '"') + "}";
}

SessionSettings settings(Flow flow = Flow::refresh_token) {
  return {.login_url = "https://acme.my.salesforce.com/",
          .flow = flow,
          .client_id = "the id",
          .client_secret = base::Secret{"s3cr3t&="}};
}

Request get() {
  return {.method = "GET", .url = "/services/data"};
}

const base::Utc now = *base::parse_iso("2026-01-31T10:11:12Z");

struct Auth : testing::Test {
  base::ManualClock clock{now};
  MemoryVault vault;
  ScriptedTransport login, rest;
  Session session_with(SessionSettings with) {
    return Session{std::move(with), vault, login, clock, [&](std::chrono::milliseconds time) { clock.advance(time); }};
  }
};

TEST_F(Auth, SignsInWithClientCredentialsWhenThereIsNoToken) {
  login.then(200, token("T1"));
  rest.then(200, "{}");
  Session session = session_with(settings(Flow::client_credentials));
  ASSERT_TRUE(session.send(rest, get()));
  EXPECT_EQ(login.sent.at(0).url, "https://acme.my.salesforce.com/services/oauth2/token");
  EXPECT_EQ(login.sent.at(0).method, "POST");
  EXPECT_EQ(header_in(login.sent[0], "Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(login.sent[0].body, "client_id=the%20id&client_secret=s3cr3t%26%3D&grant_type=client_credentials");
  EXPECT_EQ(rest.sent.at(0).url, "https://acme.my.salesforce.com/services/data");
  EXPECT_EQ(header_in(rest.sent[0], "Authorization"), "Bearer T1");
}

TEST_F(Auth, UsesATokenThatIsThere) {
  vault.held = credentials("T0", "R0", "https://eu9.salesforce.com");
  rest.then(200, "{}");
  Session session = session_with(settings());
  ASSERT_TRUE(session.send(rest, get()));
  EXPECT_EQ(rest.sent.at(0).url, "https://eu9.salesforce.com/services/data");
  EXPECT_TRUE(login.sent.empty());
}

TEST_F(Auth, RenewsAnExpiredSessionOnceAndRepeatsTheCall) {
  vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com");
  rest.then(401, expired).then(200, "{}");
  login.then(200, token("T1", "", "https://moved.my.salesforce.com"));
  Session session = session_with(settings());
  int exchanges = 0;
  const auto answer = session.send(rest, get(), &exchanges);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(exchanges, 2);
  EXPECT_TRUE(login.sent.at(0).body.contains("grant_type=refresh_token&refresh_token=R0"));
  EXPECT_EQ(header_in(rest.sent.at(1), "Authorization"), "Bearer T1");
  EXPECT_EQ(rest.sent[1].url, "https://moved.my.salesforce.com/services/data");
  EXPECT_EQ(shown(vault.held), "T1 R0 https://moved.my.salesforce.com");
}

TEST_F(Auth, RenewsAgainWhenTheNewTokenDiedOnItsWay) {
  vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com");
  rest.then(401, expired).then(401, expired).then(200, "{}");
  login.then(200, token("T1")).then(200, token("T2"));
  Session session = session_with(settings());
  EXPECT_EQ(session.send(rest, get()).value().status, 200);
  EXPECT_EQ(header_in(rest.sent.at(2), "Authorization"), "Bearer T2");
}

TEST_F(Auth, GivesUpWhenEveryNewTokenIsRefused) {
  vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com");
  for (int i = 1; i <= 4; ++i) rest.then(401, expired);
  for (int i = 1; i <= 3; ++i) login.then(200, token("T" + std::to_string(i)));
  Session session = session_with(settings());
  const auto answer = session.send(rest, get());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unauthorized);
  EXPECT_TRUE(answer.error().message.contains("IP")) << answer.error().message;
  EXPECT_TRUE(session.check_standing()) << "the grant itself is good";
  EXPECT_TRUE(login.played_out() && rest.played_out());
}

TEST_F(Auth, QuotesNoRefusalThatRepeatsTheToken) {
  vault.held = credentials("00D000000000001!CANARY.access.token", "R0", "https://acme.my.salesforce.com");
  rest.then(400, R"([{"message":"bad header: Bearer%2000D000000000001%21CANARY.acc","errorCode":"BAD"}])")
      .then(400, R"([{"message":"00D000000000001 knows no such field","errorCode":"INVALID_FIELD"}])");
  Session session = session_with(settings());
  EXPECT_EQ(session.send(rest, get()).value().body, "");
  EXPECT_TRUE(session.send(rest, get()).value().body.contains("no such field"));
}

TEST_F(Auth, TellsALoginThatIsNotSalesforce) {
  vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com");
  login.then(404, "[]").then(200, "<html>", {{"content-type", "text/html"}});
  Session session = session_with(settings());
  for (int i = 0; i < 2; ++i) {
    const auto identity = session.identity();
    ASSERT_FALSE(identity);
    EXPECT_EQ(identity.error().kind, ErrorKind::unreachable);
    EXPECT_TRUE(identity.error().message.contains("login URL")) << identity.error().message;
  }
}

TEST_F(Auth, DoesNotRenewForOtherRefusals) {
  vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com");
  rest.then(401, R"([{"message":"x","errorCode":"INVALID_AUTH_HEADER"}])");
  Session session = session_with(settings());
  EXPECT_EQ(session.send(rest, get()).value().status, 401);
  EXPECT_TRUE(login.sent.empty());
}

TEST_F(Auth, SavesARotatedRefreshTokenBeforeTheNewTokenIsUsed) {
  vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com");
  rest.then(401, expired).then(200, "{}");
  login.then(200, token("T1", "R1"));
  rest.on_send = [&](const Request& request) {
    if (header_in(request, "Authorization") != "Bearer T1") return;
    EXPECT_EQ(vault.held.refresh_token.reveal(), "R1");
  };
  Session session = session_with(settings());
  ASSERT_TRUE(session.send(rest, get()));
  EXPECT_EQ(rest.sent.size(), 2u);
}

TEST_F(Auth, SavesWhatItGotBeforeAskingAgainWhenSavingFailed) {
  vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com");
  vault.failing_saves = 1;
  rest.then(401, expired).then(200, "{}");
  login.then(200, token("T1", "R1"));
  Session session = session_with(settings());
  ASSERT_FALSE(session.send(rest, get()));
  EXPECT_EQ(rest.sent.size(), 1u) << "the new token was used before it was saved";
  ASSERT_TRUE(session.send(rest, get()));
  EXPECT_EQ(login.sent.size(), 1u) << "the old refresh token was used again";
  EXPECT_EQ(vault.held.refresh_token.reveal(), "R1");
  EXPECT_EQ(header_in(rest.sent.at(1), "Authorization"), "Bearer T1");
}

TEST_F(Auth, TakesTheTokenThatAnotherProcessRenewed) {
  vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com");
  rest.then(401, expired).then(200, "{}");
  rest.on_send = [&](const Request&) { vault.held = credentials("T9", "R9", "https://acme.my.salesforce.com"); };
  Session session = session_with(settings());
  ASSERT_TRUE(session.send(rest, get()));
  EXPECT_TRUE(login.sent.empty());
  EXPECT_EQ(header_in(rest.sent.at(1), "Authorization"), "Bearer T9");
}

TEST_F(Auth, NamesTheSettingBehindARefusedSignIn) {
  struct {
    Flow flow;
    int status;
    const char* body;
    ErrorKind kind;
    const char* says;
  } const cases[] = {
      {Flow::client_credentials, 400, R"({"error":"invalid_client","error_description":"invalid client credentials"})",
       ErrorKind::unauthorized, "SALESFORCE_CLIENT_SECRET"},
      {Flow::client_credentials, 400,
       R"({"error":"invalid_client_id","error_description":"client identifier invalid"})", ErrorKind::unauthorized,
       "SALESFORCE_CLIENT_ID"},
      {Flow::refresh_token, 400, R"({"error":"invalid_grant","error_description":"expired access/refresh token"})",
       ErrorKind::unauthorized, "Connect Salesforce again"},
      {Flow::client_credentials, 400, R"({"error":"invalid_grant","error_description":"no run as user"})",
       ErrorKind::unauthorized, "Run As"},
      {Flow::client_credentials, 400, R"({"error":"unsupported_grant_type"})", ErrorKind::settings,
       "SALESFORCE_LOGIN_URL"},
      {Flow::refresh_token, 400, R"({"error":"rate_limit_exceeded"})", ErrorKind::throttled, "again"},
      {Flow::refresh_token, 503, "<html>", ErrorKind::unreachable, "503"},
      {Flow::refresh_token, 404, "<html>", ErrorKind::settings, "SALESFORCE_LOGIN_URL"},
  };
  for (const auto& each : cases) {
    MemoryVault own;
    own.held.refresh_token = base::Secret{"R0"};
    ScriptedTransport transport;
    transport.then(each.status, each.body);
    Session session{settings(each.flow), own, transport, clock};
    const auto answer = session.send(rest, get());
    ASSERT_FALSE(answer) << each.body;
    EXPECT_EQ(answer.error().kind, each.kind) << each.body;
    EXPECT_TRUE(answer.error().message.contains(each.says)) << answer.error().message;
  }
}

TEST_F(Auth, NeverRepeatsASecretInAnError) {
  vault.held.refresh_token = base::Secret{"R-secret"};
  login.then(400, R"({"error":"invalid_grant","error_description":"token R-secret of s3cr3t&= is bad"})");
  Session session = session_with(settings());
  const std::string message = session.send(rest, get()).error().message;
  EXPECT_FALSE(message.contains("R-secret")) << message;
  EXPECT_FALSE(message.contains("s3cr3t")) << message;
}

TEST_F(Auth, CallsALostSignInUnreachableForNothingElseWasDone) {
  vault.held.refresh_token = base::Secret{"R0"};
  login.then_fail(ErrorKind::unknown_fate);
  Session session = session_with(settings());
  EXPECT_EQ(session.send(rest, get()).error().kind, ErrorKind::unreachable);
}

TEST_F(Auth, SendsNoTokenToAForeignHost) {
  vault.held.refresh_token = base::Secret{"R0"};
  login.then(200, token("T1", "", "https://acme.my.salesforce.com.evil.example"));
  Session session = session_with(settings());
  EXPECT_EQ(session.send(rest, get()).error().kind, ErrorKind::settings);
  EXPECT_TRUE(rest.sent.empty());
}

TEST_F(Auth, SignsInOverTlsOnly) {
  SessionSettings plain = settings();
  plain.login_url = "http://acme.my.salesforce.com";
  vault.held.refresh_token = base::Secret{"R0"};
  Session session = session_with(plain);
  EXPECT_EQ(session.send(rest, get()).error().kind, ErrorKind::settings);
  EXPECT_TRUE(login.sent.empty());
}

TEST_F(Auth, DoesNotRepeatASignInByItself) {
  vault.held.refresh_token = base::Secret{"R0"};
  login.then_fail(ErrorKind::unreachable);
  Session session = session_with(settings());
  EXPECT_EQ(session.send(rest, get()).error().kind, ErrorKind::unreachable);
  EXPECT_EQ(login.sent.size(), 1u);
}

TEST_F(Auth, CountsWhatTheOrgGotToSee) {
  vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com");
  rest.then_fail(ErrorKind::unreachable).then(200, "{}");
  Session session = session_with(settings());
  int exchanges = 0;
  ASSERT_TRUE(session.send(rest, get(), &exchanges));
  EXPECT_EQ(exchanges, 1);
}

TEST_F(Auth, SignsInOnceForTwoThreads) {
  vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com");
  ScriptedTransport other;
  std::latch both_refused{2};
  for (ScriptedTransport* transport : {&rest, &other}) {
    transport->then(401, expired).then(200, "{}");
    // Nobody gets its refusal before both have sent the old token.
    transport->on_send = [&, transport](const Request&) {
      if (transport->sent.size() == 1) both_refused.arrive_and_wait();
    };
  }
  login.then(200, token("T1", "R1"));
  Session session = session_with(settings());
  base::Result<Answer> here, there;
  {
    const std::jthread thread{[&] { there = session.send(other, get()); }};
    here = session.send(rest, get());
  }
  EXPECT_TRUE(here && there);
  EXPECT_EQ(login.sent.size(), 1u);
  EXPECT_EQ(header_in(rest.sent.at(1), "Authorization"), "Bearer T1");
  EXPECT_EQ(header_in(other.sent.at(1), "Authorization"), "Bearer T1");
}

TEST(TrustedHosts, AreSalesforcesOwnOrALoopbackForALoopback) {
  for (const char* good : {"https://acme.my.salesforce.com", "https://ACME.My.Salesforce.com:443",
                           "https://a.force.com", "https://a.my.salesforce.mil/", "https://x.cloudforce.com"})
    EXPECT_TRUE(may_hold_org(good, false)) << good;
  for (const char* bad :
       {"http://acme.my.salesforce.com", "https://salesforce.com.evil.example", "https://evilsalesforce.com", "",
        "https://.salesforce.com@evil.example", "https://evil.example/.salesforce.com", "ftp://a.salesforce.com",
        "https://evil.example#.salesforce.com", "https://evil.example?.salesforce.com", "https://.salesforce.com",
        "https://a.salesforce.com:x", "https://evil.example\\.salesforce.com", "https://127.0.0.1"})
    EXPECT_FALSE(may_hold_org(bad, false)) << bad;
  for (const char* local : {"http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9", "https://127.1.2.3"})
    EXPECT_TRUE(may_hold_org(local, true)) << local;
  EXPECT_FALSE(may_hold_org("http://127.0.0.1.evil.example", true));
  EXPECT_FALSE(may_hold_org("http://10.0.0.1", true));
}

TEST_F(Auth, AsksTheIdentityUrlWhoWeAre) {
  login.then(200, token("T1"))
      .then(200,
            R"({"user_id":"005xx000001Sv6AAAS","organization_id":"00Dxx0000001gEQMAY","username":"ann@acme.example"})");
  Session session = session_with(settings(Flow::client_credentials));
  const auto identity = session.identity();
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->org_id, "00Dxx0000001gEQMAY");
  EXPECT_EQ(identity->user_id, "005xx000001Sv6AAAS");
  EXPECT_EQ(identity->username, "ann@acme.example");
  EXPECT_EQ(login.sent.at(1).url, "https://login.salesforce.com/id/00Dxx0000001gEQMAY/005xx000001Sv6AAAS");
  EXPECT_EQ(header_in(login.sent[1], "Authorization"), "Bearer T1");
}

TEST_F(Auth, AsksUserinfoWhenItHoldsAnOldToken) {
  vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com");
  login.then(403, "Bad_OAuth_Token")
      .then(200, token("T1"))
      .then(200, R"({"user_id":"005A","organization_id":"00DB","preferred_username":"ann"})");
  Session session = session_with(settings());
  const auto identity = session.identity();
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(login.sent.at(0).url, "https://acme.my.salesforce.com/services/oauth2/userinfo");
  EXPECT_EQ(identity->username, "ann");
  EXPECT_TRUE(login.played_out());
}

}  // namespace
}  // namespace salesforce
