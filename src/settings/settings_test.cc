#include "settings/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace settings {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class SettingsFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "lockstep-settings-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = (folder_ / "lockstep.toml").string();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  base::Result<Settings> load_text(const std::string& text, const Environment& environment = {}) {
    std::ofstream{path_} << text;
    return load(path_, environment);
  }
  Settings good(const std::string& text, const Environment& environment = {}) {
    const auto loaded = load_text(text, environment);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return loaded ? *loaded : Settings{};
  }
  std::string refusal(const std::string& text, const Environment& environment = {}) {
    const auto loaded = load_text(text, environment);
    if (loaded) return "(accepted)";
    EXPECT_EQ(loaded.error().kind, base::ErrorKind::settings);
    return loaded.error().message;
  }

  std::filesystem::path folder_;
  std::string path_;
};

TEST_F(SettingsFile, MayBeMissing) {
  const auto loaded = load(std::nullopt, {}, {path_});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->file, "");
  EXPECT_EQ(loaded->server.address, "127.0.0.1");
  EXPECT_EQ(loaded->server.port, 5000);
  EXPECT_EQ(loaded->server.public_url, "http://localhost:5000");
  EXPECT_EQ(loaded->store.sqlite_path, "lockstep.db");
  EXPECT_EQ(loaded->queue.url, "embedded");
  EXPECT_EQ(loaded->queue.name, "salesforce-sync");
  EXPECT_EQ(loaded->queue.prefix, "bull");
  EXPECT_EQ(loaded->queue.concurrency, 1);
  EXPECT_EQ(loaded->queue.keep_completed, 20);
  EXPECT_EQ(loaded->queue.keep_failed, 50);
  EXPECT_EQ(loaded->queue.lock_duration_ms, 30000);
  EXPECT_EQ(loaded->queue.stalled_interval_ms, 30000);
  EXPECT_EQ(loaded->sync.schedule, "*/15 * * * *");
  EXPECT_EQ(loaded->sync.history_days, 90);
  EXPECT_EQ(loaded->salesforce.login_url, "https://login.salesforce.com");
  EXPECT_EQ(loaded->salesforce.client_id, "");
  EXPECT_EQ(loaded->salesforce.api_version, "62.0");
  EXPECT_EQ(loaded->salesforce.pubsub_endpoint, "api.pubsub.salesforce.com:7443");
  EXPECT_EQ(loaded->salesforce.api_budget_percent, 50);
  EXPECT_EQ(loaded->security.encryption_key, "");
  EXPECT_EQ(loaded->log.level, base::LogLevel::info);
  EXPECT_EQ(loaded->log.format, base::LogFormat::text);
}

TEST_F(SettingsFile, MustExistWhenItIsNamed) {
  const auto by_option = load(path_, {});
  ASSERT_FALSE(by_option);
  EXPECT_EQ(by_option.error().kind, base::ErrorKind::settings);
  EXPECT_THAT(by_option.error().message, HasSubstr(path_ + " does not exist"));
  EXPECT_FALSE(load(std::nullopt, {{"LOCKSTEP_CONFIG", path_}}, {}));
}

TEST_F(SettingsFile, IsTheFirstOfTheUsualPathsUnlessNamed) {
  const std::string second = (folder_ / "second.toml").string();
  const std::string named = (folder_ / "named.toml").string();
  std::ofstream{second} << "log.level = 'warn'\n";
  std::ofstream{named} << "log.level = 'error'\n";
  auto loaded = load(std::nullopt, {}, {path_, second});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->file, second);
  EXPECT_EQ(loaded->log.level, base::LogLevel::warn);
  std::ofstream{path_} << "log.level = 'debug'\n";
  EXPECT_EQ(load(std::nullopt, {}, {path_, second})->log.level, base::LogLevel::debug);
  EXPECT_EQ(load(std::nullopt, {{"LOCKSTEP_CONFIG", named}}, {path_, second})->log.level, base::LogLevel::error);
  EXPECT_EQ(load(second, {{"LOCKSTEP_CONFIG", named}}, {path_})->log.level, base::LogLevel::warn);
}

TEST_F(SettingsFile, SetsEveryKey) {
  const Settings settings = good(R"(
[server]
listen = "[::1]:8080"
public_url = "https://sync.example.com/lockstep/"
[store]
url = "sqlite:/var/lib/lockstep/team.db"
[queue]
url = "embedded"
name = "q"
prefix = "p"
concurrency = 2
keep_completed = 3
keep_failed = 4
lock_duration_ms = 5000
stalled_interval_ms = 6000
[sync]
schedule = "0  8-18/2 1,15 * 1-5"
[salesforce]
login_url = "http://127.0.0.1:5001/"
client_id = "id"
client_secret = "secret"
redirect_uri = "http://localhost:5000/callback"
api_version = "61.0"
pubsub_endpoint = "localhost:7443"
api_budget_percent = 100
[security]
encryption_key = "0123456789abcdef0123456789abcdef"
admin_password_hash = "hash"
[log]
level = "debug"
format = "json"
)");
  EXPECT_EQ(settings.file, path_);
  EXPECT_EQ(settings.server.address, "::1");
  EXPECT_EQ(settings.server.port, 8080);
  EXPECT_EQ(settings.server.public_url, "https://sync.example.com/lockstep");
  EXPECT_EQ(settings.store.url, "sqlite:/var/lib/lockstep/team.db");
  EXPECT_EQ(settings.store.sqlite_path, "/var/lib/lockstep/team.db");
  EXPECT_EQ(settings.queue.name, "q");
  EXPECT_EQ(settings.queue.prefix, "p");
  EXPECT_EQ(settings.queue.concurrency, 2);
  EXPECT_EQ(settings.queue.keep_completed, 3);
  EXPECT_EQ(settings.queue.keep_failed, 4);
  EXPECT_EQ(settings.queue.lock_duration_ms, 5000);
  EXPECT_EQ(settings.queue.stalled_interval_ms, 6000);
  EXPECT_EQ(settings.sync.schedule, "0 8-18/2 1,15 * 1-5");
  EXPECT_EQ(settings.salesforce.login_url, "http://127.0.0.1:5001");
  EXPECT_EQ(settings.salesforce.client_id, "id");
  EXPECT_EQ(settings.salesforce.client_secret, "secret");
  EXPECT_EQ(settings.salesforce.redirect_uri, "http://localhost:5000/callback");
  EXPECT_EQ(settings.salesforce.api_version, "61.0");
  EXPECT_EQ(settings.salesforce.pubsub_endpoint, "localhost:7443");
  EXPECT_EQ(settings.salesforce.api_budget_percent, 100);
  EXPECT_EQ(settings.security.encryption_key, "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(settings.security.admin_password_hash, "hash");
  EXPECT_EQ(settings.log.level, base::LogLevel::debug);
  EXPECT_EQ(settings.log.format, base::LogFormat::json);
}

TEST_F(SettingsFile, YieldsToTheEnvironment) {
  const std::string text = "salesforce.client_id = 'file'\nqueue.concurrency = 2\n";
  EXPECT_EQ(good(text).salesforce.client_id, "file");
  EXPECT_EQ(good(text, {{"SALESFORCE_CLIENT_ID", "job"}}).salesforce.client_id, "job");
  EXPECT_EQ(
      good(text, {{"SALESFORCE_CLIENT_ID", "job"}, {"LOCKSTEP_SALESFORCE_CLIENT_ID", "own"}}).salesforce.client_id,
      "own");
  EXPECT_EQ(good(text, {{"LOCKSTEP_QUEUE_CONCURRENCY", "7"}}).queue.concurrency, 7);
  EXPECT_EQ(good(text, {{"LOCKSTEP_SALESFORCE_CLIENT_ID", ""}}).salesforce.client_id, "file");
}

TEST_F(SettingsFile, YieldsToTheFourNamesOfTheExistingJob) {
  const Settings settings = good("", {{"SALESFORCE_CLIENT_ID", "id"},
                                      {"SALESFORCE_CLIENT_SECRET", "secret"},
                                      {"SALESFORCE_REDIRECT_URI", "https://app.example.com/callback"},
                                      {"ENCRYPTION_KEY", "a key of thirty-two characters,,"},
                                      {"SALESFORCE_UNRELATED", "is none of ours"}});
  EXPECT_EQ(settings.salesforce.client_id, "id");
  EXPECT_EQ(settings.salesforce.client_secret, "secret");
  EXPECT_EQ(settings.salesforce.redirect_uri, "https://app.example.com/callback");
  EXPECT_EQ(settings.security.encryption_key, "a key of thirty-two characters,,");
}

TEST_F(SettingsFile, TakesAListOfKeys) {
  const std::string hex(64, 'a');
  const std::string base64 = std::string(43, 'A') + "=";
  EXPECT_EQ(good("[security]\nencryption_key = ['" + hex + "', '" + base64 + "']").security.encryption_key,
            hex + "," + base64);
  EXPECT_EQ(good("", {{"LOCKSTEP_SECURITY_ENCRYPTION_KEY", hex + ", " + base64}}).security.encryption_key,
            hex + ", " + base64);
}

TEST_F(SettingsFile, IsRefusedForAnUnknownKeyWithWhatWasMeant) {
  EXPECT_EQ(refusal("[server]\n\nlistn = '127.0.0.1:1'"),
            path_ + ":3: unknown key server.listn; did you mean server.listen?");
  EXPECT_EQ(refusal("\n[sever]\nlisten = '127.0.0.1:1'"), path_ + ":2: unknown section sever; did you mean server?");
  EXPECT_THAT(refusal("[log]\ncompletely_else = 1"), HasSubstr("keys of this section are log.level, log.format"));
  EXPECT_THAT(refusal("[nothing_like_it]"),
              HasSubstr("sections are server, store, queue, sync, salesforce, security, log"));
  EXPECT_EQ(refusal("log = 'info'"), path_ + ":1: log is a section: write [log] and its keys below");
}

TEST_F(SettingsFile, IsRefusedForAnUnknownVariableOfOurs) {
  EXPECT_EQ(refusal("", {{"LOCKSTEP_LOG_LEVLE", "info"}}),
            "LOCKSTEP_LOG_LEVLE: unknown variable; did you mean LOCKSTEP_LOG_LEVEL?");
  EXPECT_EQ(refusal("", {{"LOCKSTEP_FOO", ""}}),
            "LOCKSTEP_FOO: unknown variable; variables are named LOCKSTEP_<SECTION>_<KEY>");
}

TEST_F(SettingsFile, IsRefusedForBrokenToml) {
  EXPECT_THAT(refusal("[server]\nlisten = \n"), StartsWith(path_ + ":2: "));
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_EQ(load(path_, {}).error().message, path_ + ": cannot be read as a file");
}

TEST_F(SettingsFile, IsRefusedForAWrongType) {
  EXPECT_THAT(refusal("[queue]\nconcurrency = '2'"), HasSubstr(":2: queue.concurrency must be a number: 1 to 256"));
  EXPECT_THAT(refusal("[salesforce]\napi_version = 62.0"),
              HasSubstr(":2: salesforce.api_version must be a text in quotes"));
  EXPECT_THAT(refusal("[log]\nlevel = ['info']"), HasSubstr("must be a text in quotes"));
  EXPECT_THAT(refusal("[security]\nencryption_key = []"), HasSubstr("must be a text or a list of texts"));
  EXPECT_THAT(refusal("[security]\nencryption_key = [5]"), HasSubstr("must be a text or a list of texts"));
}

TEST_F(SettingsFile, IsRefusedForABadValueWithWhatIsAllowed) {
  EXPECT_EQ(refusal("[queue]\nconcurrency = 0"), path_ + ":2: queue.concurrency = 0: allowed: 1 to 256 jobs at a time");
  EXPECT_EQ(refusal("", {{"LOCKSTEP_LOG_LEVEL", "loud"}}),
            "LOCKSTEP_LOG_LEVEL: log.level = \"loud\": allowed: debug, info, warn or error");
  const std::pair<const char*, std::vector<const char*>> bad[] = {
      {"LOCKSTEP_SERVER_LISTEN",
       {"5000", "127.0.0.1", "127.0.0.1:", ":5000", "127.0.0.1:65536", "::1:x", "[]:1", "a b:1"}},
      {"LOCKSTEP_SERVER_PUBLIC_URL",
       {"localhost:5000", "ftp://a", "http://", "http://a b", "https://a/?x", "http://u@a"}},
      {"LOCKSTEP_STORE_URL", {"lockstep.db", "sqlite:", "mysql://x"}},
      {"LOCKSTEP_QUEUE_URL", {"memory"}},
      {"LOCKSTEP_QUEUE_NAME", {"a:b", "a b"}},
      {"LOCKSTEP_QUEUE_KEEP_FAILED", {"-1", "1000001", "ten", "5x", "99999999999999999999"}},
      {"LOCKSTEP_QUEUE_LOCK_DURATION_MS", {"999"}},
      {"LOCKSTEP_SALESFORCE_LOGIN_URL", {"login.salesforce.com", "https://"}},
      {"LOCKSTEP_SALESFORCE_API_VERSION", {"62", "62.1", "v62.0", "02.0"}},
      {"LOCKSTEP_SALESFORCE_API_BUDGET_PERCENT", {"0", "101", "50%"}},
      {"LOCKSTEP_SALESFORCE_PUBSUB_ENDPOINT", {"api.pubsub.salesforce.com", "https://a:7443", "a:0"}},
      {"LOCKSTEP_LOG_FORMAT", {"xml"}},
      {"LOCKSTEP_SYNC_SCHEDULE",
       {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "5-1 * * * *",
        "*/0 * * * *", "1, * * * *", "every day at noon ok", "@daily"}}};
  for (const auto& [variable, values] : bad)
    for (const char* value : values) {
      if (*value == '\0') continue;
      EXPECT_THAT(refusal("", {{variable, value}}),
                  AllOf(StartsWith(std::string{variable} + ": "), HasSubstr(value[0] == 'h' ? "://" : value),
                        HasSubstr("allowed: ")))
          << variable << "=" << value;
    }
}

TEST_F(SettingsFile, IsRefusedForPlainHttpThatLeavesTheMachine) {
  for (const char* url : {"http://login.salesforce.com", "http://127.0.0.1.example.com", "http://10.0.0.1:80"}) {
    EXPECT_THAT(refusal("", {{"LOCKSTEP_SALESFORCE_LOGIN_URL", url}}), HasSubstr("loopback addresses only")) << url;
    EXPECT_THAT(refusal("", {{"SALESFORCE_REDIRECT_URI", url}}), HasSubstr("loopback addresses only")) << url;
  }
  for (const char* url : {"http://localhost:5001", "http://127.8.9.1", "http://[::1]:80", "http://[::1]"})
    EXPECT_EQ(good("", {{"LOCKSTEP_SALESFORCE_LOGIN_URL", url}}).salesforce.login_url, url);
}

TEST_F(SettingsFile, IsRefusedForAServiceThatIsNotBuiltIn) {
  EXPECT_EQ(
      refusal("[store]\nurl = 'postgresql://sync:hunter2@db/app'"),
      path_ +
          ":2: store.url = \"postgresql://***@db/app\": PostgreSQL is not built into this version; use sqlite:PATH");
  EXPECT_THAT(refusal("[store]\nurl = 'mongodb://h/app'"), HasSubstr("MongoDB is not built into this version"));
}

TEST_F(SettingsFile, IsRefusedForARedisUrlWithTheWrongPart) {
  EXPECT_THAT(refusal("[queue]\nurl = 'rediss://:hunter2@h:redis'"),
              AllOf(HasSubstr(":2: queue.url = \"rediss://***@h:redis\": its port is not a number from 1 to 65535"),
                    Not(HasSubstr("hunter2"))));
  EXPECT_EQ(good("[queue]\nurl = 'rediss://:hunter2@h:6379/2'").queue.url, "rediss://:hunter2@h:6379/2");
}

TEST_F(SettingsFile, IsRefusedWithoutShowingASecret) {
  for (const Environment& environment : {Environment{{"ENCRYPTION_KEY", "hunter2"}},
                                         Environment{{"LOCKSTEP_SECURITY_ENCRYPTION_KEY", "hunter2,hunter2"}}}) {
    EXPECT_THAT(
        refusal("", environment),
        AllOf(HasSubstr("security.encryption_key (value not shown): allowed: a key of 32"), Not(HasSubstr("hunter2"))));
  }
  EXPECT_THAT(refusal("[security]\nencryption_key = ['hunter2']"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(refusal("[security]\nencryption_key = '" + std::string(64, 'g') + "'"), HasSubstr("64 hex digits"));
}

TEST_F(SettingsFile, IsRefusedWithAllThatIsWrongAtOnce) {
  EXPECT_EQ(refusal("[log]\nformat = 'xml'\nlevl = 'info'\n", {{"LOCKSTEP_QUEUE_CONCURRENCY", "many"}}),
            path_ + ":2: log.format = \"xml\": allowed: text or json\n" +  //
                path_ + ":3: unknown key log.levl; did you mean log.level?\n" +
                "LOCKSTEP_QUEUE_CONCURRENCY: queue.concurrency = many: allowed: 1 to 256 jobs at a time");
}

TEST(DescribeSettings, NamesEveryKeyOnce) {
  const std::string text = describe_settings();
  EXPECT_THAT(text, StartsWith("[server]\nlisten = \"127.0.0.1:5000\"\n    address:port"));
  EXPECT_THAT(text, HasSubstr("\n[queue]\n"));
  EXPECT_THAT(text, HasSubstr("\nconcurrency = 1\n"));
  EXPECT_THAT(text, HasSubstr("LOCKSTEP_SECURITY_ENCRYPTION_KEY or ENCRYPTION_KEY\n"));
  EXPECT_EQ(text.find("[queue]"), text.rfind("[queue]"));
}

TEST(ProcessEnvironment, HoldsWhatTheProgramWasStartedWith) {
  ::setenv("LOCKSTEP_SETTINGS_TEST", "a=b", 1);
  EXPECT_EQ(process_environment().at("LOCKSTEP_SETTINGS_TEST"), "a=b");
}

}  // namespace
}  // namespace settings
