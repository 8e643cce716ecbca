// A queue on a Redis that refuses, vanishes, comes back, falls silent, forgets or changes its master.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>
#include <thread>

#include "queue/redis/health.h"
#include "queue/redis/redis_queue.h"
#include "redis_server.h"

namespace {

using namespace std::chrono_literals;
using contract::RedisServer;
using queue::Connection;
using queue::RedisQueue;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

base::Utc now() {
  return base::SystemClock{}.now();
}

queue::RedisAddress address(const std::string& url) {
  auto parsed = queue::RedisAddress::parse(url);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed.value_or(queue::RedisAddress{});
}

std::unique_ptr<RedisQueue> queue_at(const std::string& url, const std::string& worker = "") {
  return std::make_unique<RedisQueue>(queue::RedisQueueOptions{address(url), "bull", "weather", worker, 1h});
}

std::string at(const RedisServer& server, const std::string& credentials = "", const std::string& behind = "") {
  return "redis://" + credentials + "127.0.0.1:" + std::to_string(server.port()) + behind;
}

/// The first success of a call that is tried again and again.
template <class Call>
auto insist(Call call) {
  auto result = call();
  for (int tries = 0; !result && tries < 600; ++tries) {
    std::this_thread::sleep_for(20ms);
    result = call();
  }
  EXPECT_TRUE(result) << "never: " << result.error().message;
  return result;
}

base::Result<std::string> add(RedisQueue& queue, const std::string& name = "job") {
  return queue.add({name}, now());
}

base::Error error_of(RedisQueue& queue) {
  const auto counts = queue.counts();
  EXPECT_FALSE(counts);
  return counts ? base::Error{base::ErrorKind::corrupt, "", ""} : counts.error();
}

std::vector<std::string> warnings(RedisQueue& queue) {
  auto warnings = queue.server_warnings();
  EXPECT_TRUE(warnings) << warnings.error().message;
  return warnings.value_or(std::vector<std::string>{});
}

TEST(RedisWeather, PasswordsAndUsersAreUsed) {
  const RedisServer server{{"--requirepass", "hunter2"}};
  EXPECT_TRUE(add(*queue_at(at(server, ":hunter2@"))));
  Connection admin{address(at(server, ":hunter2@")), ""};
  ASSERT_TRUE(admin.command({"ACL", "SETUSER", "lockstep", "on", ">p@ss", "~bull:*", "+@all", "-@dangerous", "+info"}));
  const auto as_user = queue_at(at(server, "lockstep:p%40ss@"));
  EXPECT_TRUE(add(*as_user));
  EXPECT_EQ(as_user->counts()->at(queue::State::waiting), 2);
  const auto workers = as_user->workers();
  ASSERT_TRUE(workers) << workers.error().message;
  EXPECT_FALSE(*workers) << "a user that may not list clients knows of no workers";
  EXPECT_THAT(warnings(*as_user), Not(testing::Contains(HasSubstr("on disk"))))
      << "a user that may not read the server's settings knows nothing of its persistence";
  ASSERT_TRUE(admin.command({"ACL", "SETUSER", "lockstep", "-info"}));
  EXPECT_THAT(warnings(*as_user), ElementsAre(HasSubstr("may not ask INFO")));
}

TEST(RedisWeather, WrongCredentialsAreASettingsErrorWithoutThePassword) {
  const RedisServer server{{"--requirepass", "right"}};
  for (const char* credentials : {":hunter2@", "nobody:hunter2@", ""}) {
    const auto error = error_of(*queue_at(at(server, credentials)));
    EXPECT_EQ(error.kind, base::ErrorKind::settings) << credentials;
    EXPECT_THAT(error.message, AllOf(HasSubstr("queue.url"), Not(HasSubstr("hunter2"))));
  }
}

TEST(RedisWeather, DatabasesAreApart) {
  const RedisServer server{{"--databases", "4"}};
  ASSERT_TRUE(add(*queue_at(at(server, "", "/3"))));
  EXPECT_EQ(queue_at(at(server))->counts()->at(queue::State::waiting), 0);
  EXPECT_EQ(queue_at(at(server, "", "/3"))->counts()->at(queue::State::waiting), 1);
  const auto error = error_of(*queue_at(at(server, "", "/4")));
  EXPECT_EQ(error.kind, base::ErrorKind::settings);
  EXPECT_THAT(error.message, HasSubstr("DB index is out of range"));
}

TEST(RedisWeather, AServerThatIsNotThereIsNamed) {
  const auto error = error_of(*queue_at("redis://127.0.0.1:" + std::to_string(contract::free_port())));
  EXPECT_EQ(error.kind, base::ErrorKind::unreachable);
  EXPECT_THAT(error.message, AllOf(HasSubstr("Redis at 127.0.0.1:"), HasSubstr("refused")));
}

TEST(RedisWeather, AForgottenScriptIsSaidAgain) {
  const RedisServer server;
  const auto queue = queue_at(at(server));
  Connection admin{address(at(server)), ""};
  ASSERT_TRUE(add(*queue));
  ASSERT_TRUE(admin.command({"SCRIPT", "FLUSH"}));
  EXPECT_TRUE(add(*queue));
  EXPECT_EQ(queue->counts()->at(queue::State::waiting), 2);
}

TEST(RedisWeather, AConnectionThatWasCutIsMadeAgainUnnoticed) {
  const RedisServer server;
  const auto queue = queue_at(at(server));
  Connection admin{address(at(server)), ""};
  ASSERT_TRUE(add(*queue));
  ASSERT_TRUE(admin.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}));
  std::this_thread::sleep_for(50ms);  // For the end to arrive.
  EXPECT_TRUE(add(*queue));
}

TEST(RedisWeather, AServerThatComesBackIsUsedAgain) {
  RedisServer server{{"--appendonly", "yes", "--appendfsync", "always"}};
  const auto queue = queue_at(at(server));
  ASSERT_TRUE(add(*queue, "before"));
  server.stop();
  EXPECT_EQ(error_of(*queue).kind, base::ErrorKind::unreachable);
  EXPECT_THAT(error_of(*queue).message, HasSubstr("the next attempt follows soon"));
  server.start();
  ASSERT_TRUE(insist([&] { return add(*queue, "after"); }));
  const auto taken = queue->take({"token"}, now());
  ASSERT_TRUE(taken && taken->job);
  EXPECT_EQ(taken->job->name, "before");
}

TEST(RedisWeather, AWorkerThatListensWhileItsServerGoesComesBackToIt) {
  RedisServer server;
  const auto queue = queue_at(at(server), "one");
  ASSERT_TRUE(queue->counts());
  auto listening = std::async(std::launch::async, [&] { return queue->wait(1h); });
  Connection admin{address(at(server)), ""};
  insist([&]() -> base::Result<void> {
    const auto clients = admin.command({"CLIENT", "LIST"});
    if (clients && clients->text.find("cmd=bzpopmin") != std::string::npos) return {};
    return base::failure(base::ErrorKind::unreachable, "nobody listens");
  });
  server.stop();
  EXPECT_FALSE(listening.get()) << "the lost connection ends the wait with an error";
  server.start();
  listening = std::async(std::launch::async, [&] { return insist([&] { return queue->wait(1h); }); });
  const auto other = queue_at(at(server));
  ASSERT_TRUE(insist([&] { return add(*other); }));
  EXPECT_TRUE(listening.get());
  EXPECT_TRUE(insist([&] { return queue->take({"token"}, now()); })->job);
}

TEST(RedisWeather, WakeEndsEveryWait) {
  const RedisServer server;
  const auto queue = queue_at(at(server));
  std::vector<std::future<base::Result<void>>> waits;
  for (int i = 0; i < 3; ++i)
    waits.push_back(std::async(std::launch::async, [&] { return insist([&] { return queue->wait(1h); }); }));
  while (std::ranges::any_of(waits, [](auto& wait) { return wait.wait_for(10ms) != std::future_status::ready; }))
    queue->wake();
  EXPECT_TRUE(queue->counts()) << "the other connection is not touched";
}

TEST(RedisWeather, ASilentServerLeavesTheFateOfACallUnknown) {
  RedisServer server;
  Connection connection{address(at(server)), ""};
  ASSERT_TRUE(connection.command({"PING"}));
  server.freeze();
  const auto answer = connection.command({"INCR", "counter"}, 200ms);
  server.thaw();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, base::ErrorKind::unknown_fate);
  // The late answer belongs to the connection that was given up.
  EXPECT_EQ(insist([&] { return connection.command({"PING"}); })->text, "PONG");
}

/// A key and certificate for 127.0.0.1 and localhost, and an authority of its own.
void make_certificates(const std::string& folder) {
  const std::string command =
      "cd " + folder +
      " && openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority 2>/dev/null"
      " && openssl req -newkey rsa:2048 -nodes -keyout key.pem -out request.pem -subj /CN=redis 2>/dev/null"
      " && printf 'subjectAltName=IP:127.0.0.1' > names"
      " && openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2"
      " -extfile names 2>/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0) << "openssl is needed; see scripts/install";
}

/// A server that speaks TLS on a second port, by a certificate of an authority of its own.
struct SecureServer {
  const RedisServer certificates;  // Its folder only.
  std::uint16_t port = contract::free_port();
  std::string folder() const { return certificates.folder(); }
  const std::unique_ptr<RedisServer> server = [this] {
    make_certificates(folder());
    return std::make_unique<RedisServer>(std::vector<std::string>{
        "--tls-port", std::to_string(port), "--tls-cert-file", folder() + "/cert.pem", "--tls-key-file",
        folder() + "/key.pem", "--tls-ca-cert-file", folder() + "/ca.pem", "--tls-auth-clients", "no"});
  }();
  std::unique_ptr<RedisQueue> queue(const std::string& host = "127.0.0.1") const {
    return queue_at("rediss://" + host + ":" + std::to_string(port));
  }
};

TEST(RedisWeather, TlsIsSpokenAndCertificatesAreChecked) {
  const SecureServer known, stranger;
  setenv("SSL_CERT_FILE", (known.folder() + "/ca.pem").c_str(), 1);  // Read when the first connection is made.
  const auto secured = known.queue();
  const std::string large(300'000, 'x');
  ASSERT_TRUE(secured->add({"job", "\"" + large + "\""}, now()));
  EXPECT_EQ(secured->job("1")->value().data.size(), large.size() + 2);
  EXPECT_TRUE(secured->wait(10ms));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(secured->take({"t" + std::to_string(i)}, now()));

  for (const auto& refused : {known.queue("localhost"), stranger.queue()}) {
    const auto error = error_of(*refused);
    EXPECT_EQ(error.kind, base::ErrorKind::unreachable);
    EXPECT_THAT(error.message, HasSubstr("certificate is not accepted"));
  }
}

TEST(RedisWeather, SentinelsLeadToTheMasterAndToTheNextOne) {
  RedisServer first;
  const RedisServer second{{"--replicaof", "127.0.0.1", std::to_string(first.port())}};
  const RedisServer sentinel{{"--sentinel"},
                             "sentinel monitor lockstep 127.0.0.1 " + std::to_string(first.port()) +
                                 " 1\nsentinel down-after-milliseconds lockstep 300\nsentinel failover-timeout "
                                 "lockstep 2000\n"};
  const std::string dead = std::to_string(contract::free_port());
  const auto queue =
      queue_at("redis+sentinel://127.0.0.1:" + dead + ",127.0.0.1:" + std::to_string(sentinel.port()) + "/lockstep/0");
  ASSERT_TRUE(add(*queue, "before"));
  // What the first one holds reaches the second, and the sentinel learns of it.
  Connection replica{address(at(second)), ""}, watcher{address(at(sentinel)), ""};
  insist([&]() -> base::Result<void> {
    const auto there = replica.command({"EXISTS", "bull:weather:1"});
    const auto known = watcher.command({"SENTINEL", "replicas", "lockstep"});
    if (there && there->integer == 1 && known && !known->items.empty()) return {};
    return base::failure(base::ErrorKind::unreachable, "the replica has not followed");
  });
  first.stop();
  ASSERT_TRUE(insist([&] { return add(*queue, "after"); }));
  std::vector<std::string> names;
  const auto jobs = queue->jobs(queue::State::waiting, 0, -1, queue::JobQueue::Order::oldest_first);
  ASSERT_TRUE(jobs);
  for (const auto& job : *jobs) names.push_back(job.name);
  EXPECT_THAT(names, ElementsAre("before", "after"));

  const auto unknown = error_of(*queue_at("redis+sentinel://127.0.0.1:" + std::to_string(sentinel.port()) + "/other"));
  EXPECT_EQ(unknown.kind, base::ErrorKind::settings);
  EXPECT_THAT(unknown.message, HasSubstr("knows no master other"));
}

TEST(RedisWeather, AnUnfitServerIsDescribedWithTheRemedy) {
  const RedisServer forgetful{{"--maxmemory-policy", "allkeys-lru"}};
  EXPECT_THAT(warnings(*queue_at(at(forgetful))),
              ElementsAre(AllOf(HasSubstr("allkeys-lru"), HasSubstr("noeviction")),
                          AllOf(HasSubstr("keeps nothing on disk"), HasSubstr("appendonly yes"))));
  const RedisServer fit{{"--appendonly", "yes"}};
  EXPECT_THAT(warnings(*queue_at(at(fit))), IsEmpty());
  const RedisServer copy{{"--appendonly", "yes", "--replicaof", "127.0.0.1", std::to_string(fit.port())}};
  EXPECT_THAT(warnings(*queue_at(at(copy))), ElementsAre(HasSubstr("is a replica")));
  EXPECT_THAT(queue::warnings_for({{"redis_version", "6.0.16"}}, std::nullopt), ElementsAre(HasSubstr("too old")));
  EXPECT_THAT(queue::warnings_for({{"redis_version", "10.1.0"}}, std::nullopt), IsEmpty());
}

TEST(RedisWeather, AFullServerIsOneThatTakesNoWritesNow) {
  const RedisServer server{{"--maxmemory", "3mb"}};
  const auto queue = queue_at(at(server));
  base::Result<std::string> added = std::string{};
  for (int i = 0; i < 100 && added; ++i) added = queue->add({"job", "\"" + std::string(100'000, 'x') + "\""}, now());
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, base::ErrorKind::unreachable);
  EXPECT_THAT(added.error().message, HasSubstr("maxmemory"));
}

TEST(RedisWeather, BytesOfOtherProgramsDoNotBreakWhatIsShown) {
  const RedisServer server;
  const auto queue = queue_at(at(server));
  Connection other{address(at(server)), ""};
  ASSERT_TRUE(other.command({"HSET", "bull:weather:x", "name", "a\xff", "data", "no json \xff", "progress", "{", "opts",
                             "[", "failedReason", "\xfe", "stacktrace", "7", "atm", "many"}));
  ASSERT_TRUE(other.command({"RPUSH", "bull:weather:wait", "x"}));
  const auto jobs = queue->jobs(queue::State::waiting, 0, -1, queue::JobQueue::Order::newest_first);
  ASSERT_TRUE(jobs && jobs->size() == 1);
  const queue::Job& job = jobs->front();
  EXPECT_EQ(job.name, "a\xef\xbf\xbd");
  EXPECT_EQ(job.data, "\"no json \xef\xbf\xbd\"");
  EXPECT_EQ(job.progress, "\"{\"");
  EXPECT_EQ(job.failed_reason, "\xef\xbf\xbd");
  EXPECT_THAT(job.stacktrace, IsEmpty());
  EXPECT_EQ(job.attempts_made, 0);
}

}  // namespace
