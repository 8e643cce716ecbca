#include "signin/gate.h"

#include <gtest/gtest.h>

#include "signin/password.h"

namespace signin {
namespace {

using namespace std::chrono_literals;

const std::string password = "correct horse battery";

class GateTest : public testing::Test {
 protected:
  GateOptions options() {
    return {"http://localhost:5000",
            {"localhost:5000", "127.0.0.1:5000"},
            {{"reader", Role::viewer, sha256_hex("viewer-token")}, {"robot", Role::operate, sha256_hex("robot-token")}},
            *hash_of(password),
            [this](const std::string& hash) {
              kept_ = hash;
              return true;
            }};
  }
  static http::Request request(const std::string& method, const std::string& path, const std::string& body = {}) {
    http::Request out;
    out.method = method;
    out.path = path.substr(0, path.find('?'));
    if (const auto question = path.find('?'); question != std::string::npos) out.query = path.substr(question + 1);
    out.body = body;
    out.headers["host"] = "localhost:5000";
    if (method != "GET") out.headers["origin"] = "http://localhost:5000";
    return out;
  }
  static std::string header(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return {};
  }
  static std::string cookie_of(const http::Response& response) {
    const std::string set = header(response, "Set-Cookie");
    return set.substr(0, set.find(';'));
  }
  /// The status, or 0 when the request may go on.
  int status(Gate& gate, const http::Request& request) {
    const auto response = gate.refuse_or_answer(request, who_);
    return response ? response->status : 0;
  }
  http::Response sign_in(Gate& gate, const std::string& secret) {
    return *gate.refuse_or_answer(
        request("POST", "/sign-in", "next=%2Fadmin%2Fqueues&password=" + http::percent_encode(secret)), who_);
  }

  base::ManualClock clock_{base::Utc{}};
  Who who_;
  std::string kept_;
};

TEST_F(GateTest, PeopleSignInProgramsSendATokenOthersStayOut) {
  Gate gate{options(), clock_};
  EXPECT_EQ(status(gate, request("GET", "/api/v1/runs")), 401);
  auto page = request("GET", "/admin/queues");
  page.headers["accept"] = "text/html";
  EXPECT_EQ(header(*gate.refuse_or_answer(page, who_), "Location"), "/sign-in?next=%2Fadmin%2Fqueues");

  const auto in = sign_in(gate, password);
  EXPECT_EQ(in.status, 303);
  EXPECT_EQ(header(in, "Location"), "/admin/queues");
  EXPECT_NE(header(in, "Set-Cookie").find("HttpOnly; SameSite=Strict"), std::string::npos);
  page.headers["cookie"] = "other=1; " + cookie_of(in);
  EXPECT_EQ(status(gate, page), 0);
  EXPECT_EQ(who_.role, Role::admin);

  auto program = request("PUT", "/admin/queues/api/queues/pause");
  program.headers.erase("origin");
  program.headers["authorization"] = "Bearer robot-token";
  EXPECT_EQ(status(gate, program), 0);
  EXPECT_EQ(who_.role, Role::operate);
  program.headers["authorization"] = "Bearer wrong";
  EXPECT_EQ(status(gate, program), 401);
  EXPECT_EQ(sign_in(gate, "viewer-token").status, 303);
}

TEST_F(GateTest, AForeignPageOrHostGetsNothingDone) {
  Gate gate{options(), clock_};
  const std::string session = cookie_of(sign_in(gate, password));
  auto change = request("PUT", "/admin/queues/api/queues/pause");
  change.headers["cookie"] = session;
  EXPECT_EQ(status(gate, change), 0);
  change.headers["origin"] = "https://evil.example";
  EXPECT_EQ(status(gate, change), 403);
  change.headers["origin"] = "null";
  EXPECT_EQ(status(gate, change), 403);
  change.headers.erase("origin");
  EXPECT_EQ(status(gate, change), 403) << "without Origin and Fetch Metadata nobody knows where it comes from";
  change.headers["sec-fetch-site"] = "same-origin";
  EXPECT_EQ(status(gate, change), 0);
  change.headers["sec-fetch-site"] = "cross-site";
  EXPECT_EQ(status(gate, change), 403);

  auto rebound = request("GET", "/admin/queues");
  rebound.headers["cookie"] = session;
  rebound.headers["host"] = "evil.example:5000";
  EXPECT_EQ(status(gate, rebound), 421);
}

TEST_F(GateTest, ASessionEndsByItselfAndByChoice) {
  Gate gate{options(), clock_};
  auto page = request("GET", "/");
  page.headers["cookie"] = cookie_of(sign_in(gate, password));
  clock_.advance(29min);
  EXPECT_EQ(status(gate, page), 0);
  clock_.advance(29min);
  EXPECT_EQ(status(gate, page), 0) << "use keeps it alive";
  clock_.advance(31min);
  EXPECT_EQ(status(gate, page), 401);

  page.headers["cookie"] = cookie_of(sign_in(gate, password));
  for (int i = 0; i < 26; ++i) {
    clock_.advance(29min);
    status(gate, page);
  }
  EXPECT_EQ(status(gate, page), 401) << "and not for ever";

  page.headers["cookie"] = cookie_of(sign_in(gate, password));
  auto out = request("POST", "/sign-out");
  out.headers["cookie"] = page.headers["cookie"];
  EXPECT_EQ(status(gate, out), 303);
  EXPECT_EQ(status(gate, page), 401);
}

TEST_F(GateTest, WrongPasswordsCloseTheDoorForAWhile) {
  Gate gate{options(), clock_};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(sign_in(gate, "guess").status, 403);
  EXPECT_EQ(sign_in(gate, password).status, 429);
  clock_.advance(31s);
  EXPECT_EQ(sign_in(gate, password).status, 303);
}

TEST_F(GateTest, TheFirstSignInChoosesThePassword) {
  auto fresh = options();
  fresh.admin_password_hash.clear();
  Gate gate{fresh, clock_};
  const auto once = gate.setup();
  ASSERT_TRUE(once);
  const auto choose = [&](const std::string& code, const std::string& chosen) {
    return gate
        .refuse_or_answer(request("POST", "/sign-in", "password=" + code + "&chosen=" + http::percent_encode(chosen)),
                          who_)
        ->status;
  };
  EXPECT_EQ(choose("guess", password), 403);
  EXPECT_EQ(choose(*once, "short"), 400);
  EXPECT_TRUE(kept_.empty());
  EXPECT_EQ(choose(*once, password), 303);
  EXPECT_TRUE(fits(password, kept_));
  EXPECT_EQ(choose(*once, "another long password"), 403) << "once";
  EXPECT_EQ(sign_in(gate, password).status, 303);
  EXPECT_FALSE(gate.setup());

  Gate late{fresh, clock_};
  const auto code = late.setup();
  clock_.advance(16min);
  EXPECT_EQ(
      late.refuse_or_answer(
              request("POST", "/sign-in", "password=" + *code + "&chosen=" + http::percent_encode(password)), who_)
          ->status,
      403);
}

TEST_F(GateTest, NobodyIsSentToAnotherHost) {
  Gate gate{options(), clock_};
  for (const char* next : {"https://evil.example", "//evil.example", "/\\evil.example", "/a\r\nSet-Cookie: x"}) {
    const auto response = gate.refuse_or_answer(
        request("POST", "/sign-in", "password=viewer-token&next=" + http::percent_encode(next)), who_);
    EXPECT_EQ(header(*response, "Location"), "/") << next;
  }
  const auto shown =
      gate.refuse_or_answer(request("GET", "/sign-in?next=" + http::percent_encode("/\"><script>")), who_);
  EXPECT_EQ(shown->body.find("<script>"), std::string::npos);
}

TEST(Tokens, AreReadStrictly) {
  const std::string hash = sha256_hex("t");
  EXPECT_EQ(tokens_from("viewer:a:" + hash + ",admin:b:" + hash)->size(), 2u);
  EXPECT_TRUE(tokens_from("")->empty());
  for (const std::string& wrong :
       {"viewer:a:" + hash.substr(1), "boss:a:" + hash, "viewer:" + hash, "viewer::" + hash, std::string{"x"}})
    EXPECT_NE(tokens_from("viewer:a:" + hash + "," + wrong).error().message.find("entry 2"), std::string::npos)
        << wrong;
}

}  // namespace
}  // namespace signin
