#include "salesforce/renewal.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "base/random.h"
#include "base/time_text.h"
#include "salesforce/auth.h"
#include "salesforce/fakes_for_test.h"

namespace salesforce {
namespace {

using base::ErrorKind;

struct Killed {};

/// A login that rotates refresh tokens, or not, and revokes the whole consent when a used one comes again.
class RotatingLogin final : public Transport {
 public:
  enum class Next { answer, lose_answer, lose_request, refuse_unread };

  explicit RotatingLogin(bool rotates) : rotates_(rotates) {}

  base::Result<Answer> send(const Request& request) override {
    const std::lock_guard lock{mutex_};
    ++asked;
    const Next fate = std::exchange(next, Next::answer);
    if (fate == Next::lose_request) return base::failure(ErrorKind::unreachable, "no connection");
    if (fate == Next::refuse_unread) return Answer{503, {}, "<html>"};
    constexpr std::string_view field = "refresh_token=";
    const std::string shown = request.body.substr(request.body.rfind(field) + field.size());
    ++uses[shown];
    if (revoked || shown != valid) {
      revoked = revoked || rotates_;
      return Answer{400, {}, R"({"error":"invalid_grant","error_description":"expired access/refresh token"})"};
    }
    if (rotates_) valid = "R" + std::to_string(++issued_);
    access = "T" + std::to_string(++issued_);
    std::string body = R"({"access_token":")" + access + R"(","instance_url":"https://acme.my.salesforce.com")";
    if (rotates_) body += R"(,"refresh_token":")" + valid + '"';
    if (fate == Next::lose_answer) return base::failure(ErrorKind::unknown_fate, "the answer was lost");
    return Answer{200, {}, body + "}"};
  }

  Next next = Next::answer;
  int asked = 0;
  std::map<std::string, int> uses;
  std::string valid = "R0";
  std::string access;
  bool revoked = false;

 private:
  std::mutex mutex_;
  const bool rotates_;
  int issued_ = 0;
};

/// An org that takes only the newest access token.
class Org final : public Transport {
 public:
  explicit Org(RotatingLogin& login) : login_(login) {}
  base::Result<Answer> send(const Request& request) override {
    if (header_in(request, "Authorization") == "Bearer " + login_.access) return Answer{200, {}, "{}"};
    return Answer{401, {}, R"([{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}])"};
  }

 private:
  RotatingLogin& login_;
};

struct RenewalTest : testing::Test {
  base::ManualClock clock{*base::parse_iso("2026-01-31T10:11:12Z")};
  MemoryVault vault;
  void SetUp() override { vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com"); }

  static SessionSettings settings(std::string client_id = "id") {
    return {.login_url = "https://acme.my.salesforce.com", .flow = Flow::refresh_token, .client_id = client_id};
  }
  base::Result<Answer> call(RotatingLogin& login, SessionSettings with = settings()) {
    Org org{login};
    Session session{std::move(with), vault, login, clock, [&](std::chrono::milliseconds time) { clock.advance(time); }};
    return session.send(org, {.method = "GET", .url = "/services/data"});
  }
  void die_at_save() { vault.dies_at_save = std::make_exception_ptr(Killed{}); }
  void restart() { vault.dies_at_save = nullptr; }
};

TEST_F(RenewalTest, AKillBetweenAnswerAndStorageLosesNothingWhereTokensStay) {
  RotatingLogin login{false};
  die_at_save();
  EXPECT_THROW((void)call(login), Killed);
  EXPECT_EQ(vault.noted.unanswered, 1);
  restart();
  EXPECT_TRUE(call(login));
  EXPECT_EQ(vault.noted.unanswered, 0);
  EXPECT_EQ(vault.noted.rotation, Renewal::Rotation::off);
}

TEST_F(RenewalTest, AKillBetweenAnswerAndStorageOfARotatedTokenAsksOnceMoreAndThenSaysWhatHappened) {
  RotatingLogin login{true};
  die_at_save();
  EXPECT_THROW((void)call(login), Killed);
  restart();
  clock.advance(std::chrono::minutes{5});
  const auto refused = call(login);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unauthorized);
  EXPECT_TRUE(refused.error().message.contains("cut off at 2026-01-31T10:11:12Z")) << refused.error().message;
  EXPECT_TRUE(refused.error().message.contains("lockstep connect")) << refused.error().message;
  const int asked = login.asked;
  const auto again = call(login);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, refused.error().message) << "a restart forgets why";
  EXPECT_EQ(login.asked, asked) << "a dead grant was shown again";
  EXPECT_LE(login.uses.at("R0"), 2);
}

TEST_F(RenewalTest, TwoLostAnswersAreEnoughWhereTokensMayRotate) {
  RotatingLogin login{false};
  for (int i = 0; i < 2; ++i) {
    login.next = RotatingLogin::Next::lose_answer;
    EXPECT_EQ(call(login).error().kind, ErrorKind::unreachable);
  }
  const auto third = call(login);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().kind, ErrorKind::unauthorized);
  EXPECT_TRUE(third.error().message.contains("lockstep connect")) << third.error().message;
  EXPECT_EQ(login.asked, 2);
}

TEST_F(RenewalTest, ATokenThatWasShownTwiceIsNotShownAgainByAnotherClient) {
  RotatingLogin login{true};
  for (int i = 0; i < 2; ++i) {
    login.next = RotatingLogin::Next::lose_answer;
    EXPECT_FALSE(call(login));
    login.revoked = false;
    login.valid = "R0";
  }
  EXPECT_EQ(call(login, settings("a corrected id")).error().kind, ErrorKind::unauthorized);
  EXPECT_EQ(login.uses.at("R0"), 2);
  vault.held.refresh_token = base::Secret{"R1"};  // connected again
  login.valid = "R1";
  EXPECT_TRUE(call(login, settings("a corrected id")));
}

TEST_F(RenewalTest, LostAnswersDoNoHarmWhereTokensAreKnownToStay) {
  RotatingLogin login{false};
  EXPECT_TRUE(call(login));
  vault.held.access_token = base::Secret{"T0"};
  for (int i = 0; i < 5; ++i) {
    login.next = RotatingLogin::Next::lose_answer;
    EXPECT_EQ(call(login).error().kind, ErrorKind::unreachable);
  }
  EXPECT_TRUE(call(login));
}

TEST_F(RenewalTest, RequestsThatTheLoginDidNotReadDoNotCount) {
  RotatingLogin login{true};
  for (int i = 0; i < 5; ++i) {
    login.next = i % 2 == 0 ? RotatingLogin::Next::lose_request : RotatingLogin::Next::refuse_unread;
    EXPECT_FALSE(call(login));
    EXPECT_EQ(vault.noted.unanswered, 0);
  }
  EXPECT_TRUE(call(login));
}

TEST_F(RenewalTest, ARefusedGrantIsShownAgainOnceSomethingChanged) {
  RotatingLogin login{false};
  login.valid = "another";
  EXPECT_EQ(call(login).error().kind, ErrorKind::unauthorized);
  EXPECT_EQ(call(login).error().kind, ErrorKind::unauthorized);
  EXPECT_EQ(login.asked, 1);
  EXPECT_FALSE(call(login, settings("a corrected id")));
  EXPECT_EQ(login.asked, 2);
  vault.held.refresh_token = base::Secret{"another"};  // connected again
  EXPECT_TRUE(call(login, settings("a corrected id")));
}

TEST_F(RenewalTest, StandingTellsARefusalWithoutAskingAnybody) {
  RotatingLogin login{false};
  Session session{settings(), vault, login, clock};
  EXPECT_TRUE(session.check_standing());
  login.valid = "another";
  EXPECT_FALSE(session.renew());
  const int asked = login.asked;
  const auto standing = session.check_standing();
  ASSERT_FALSE(standing);
  EXPECT_EQ(standing.error().kind, ErrorKind::unauthorized);
  EXPECT_EQ(login.asked, asked);
}

TEST_F(RenewalTest, WaitsForTheProcessThatIsAtItAndTakesWhatItGot) {
  RotatingLogin login{true};
  login.access = "T9";
  Org org{login};
  auto turn = vault.take_turn();
  int waits = 0;
  Session session{settings(), vault, login, clock, [&](std::chrono::milliseconds time) {
                    clock.advance(time);
                    if (++waits < 3) return;
                    vault.held = credentials("T9", "R9", "https://acme.my.salesforce.com");
                    turn->reset();
                  }};
  EXPECT_TRUE(session.send(org, {.method = "GET", .url = "/services/data"}));
  EXPECT_EQ(login.asked, 0);
  EXPECT_EQ(waits, 3);
}

TEST_F(RenewalTest, DoesNotWaitForAProcessForEver) {
  RotatingLogin login{true};
  const auto turn = vault.take_turn();
  const auto answer = call(login);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unreachable);
  EXPECT_EQ(login.asked, 0);
}

TEST_F(RenewalTest, ManyProcessesUseEachTokenOnce) {
  RotatingLogin login{true};
  constexpr int processes = 8, rounds = 200;
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> threads;
    for (int p = 0; p < processes; ++p)
      threads.emplace_back([&, p] {
        base::SystemClock real;
        base::Random random{static_cast<std::uint64_t>(p)};
        for (int i = 0; i < rounds; ++i) {
          Session session{settings(), vault, login, real, [](auto) { std::this_thread::yield(); }};
          if (random.chance(0.3) && !session.renew()) ++failed;
        }
      });
  }
  EXPECT_EQ(failed, 0);
  EXPECT_FALSE(login.revoked);
  EXPECT_GT(login.asked, 100);
  for (const auto& [token, uses] : login.uses) EXPECT_EQ(uses, 1) << token;
}

// Whatever is lost or killed, in any order: no token is shown a third time, nothing is shown after a refusal, and
// where tokens stay, or nothing was lost, the connection lives.
TEST_F(RenewalTest, AnyStormKeepsTheRules) {
  const std::uint64_t seed = 20'260'131;
  int lived = 0, died = 0;
  for (std::uint64_t history = 0; history < 20'000; ++history) {
    base::Random random{seed + history};
    SCOPED_TRACE("seed " + std::to_string(seed + history));
    const bool rotates = random.chance(0.5);
    RotatingLogin login{rotates};
    vault.held = credentials("T0", "R0", "https://acme.my.salesforce.com");
    vault.noted = {};
    bool lost = false;
    for (int step = 0; step < 12; ++step) {
      const auto roll = random.below(10);
      if (roll < 3) login.access = "expired";
      if (roll == 3) login.next = RotatingLogin::Next::lose_answer;
      if (roll == 4) login.next = RotatingLogin::Next::lose_request;
      if (roll == 5) die_at_save();
      const int asked = login.asked;
      const bool was_refused = !vault.noted.refusal.empty();
      try {
        (void)call(login);
      } catch (const Killed&) {
        lost = true;
      }
      if (login.next == RotatingLogin::Next::answer && roll == 3 && login.asked > asked) lost = true;
      if (was_refused) {
        ASSERT_EQ(login.asked, asked);
      }
      restart();
      login.next = RotatingLogin::Next::answer;
    }
    for (const auto& [token, uses] : login.uses) {
      ASSERT_TRUE(uses <= 2 || !rotates) << token;
    }
    const bool alive = call(login).has_value();
    ASSERT_TRUE(alive || lost);
    ++(alive ? lived : died);
  }
  EXPECT_GT(lived, 1000);
  EXPECT_GT(died, 1000);
}

}  // namespace
}  // namespace salesforce
