#include "connection/store_vault.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/random.h"
#include "base/time_text.h"
#include "store/sqlite/sqlite_store.h"

namespace connection {
namespace {

using salesforce::Credentials;
using salesforce::Renewal;

const model::IntegrationId id{"the-integration"};

template <class T>
T need(base::Result<T> result) {
  EXPECT_TRUE(result) << result.error().message;
  return *std::move(result);
}

class StoreVaultTest : public testing::Test {
 protected:
  StoreVaultTest() {
    core::Integration integration;
    integration.id = id;
    EXPECT_TRUE(store_->save(integration));
  }
  ~StoreVaultTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<store::SqliteStore> another_store() { return need(store::SqliteStore::open(file_)); }
  StoreVault vault(core::Registry& registry) { return {registry, keys_, id, clock_}; }
  std::string everything_in_the_files() const {
    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator{folder_}) {
      std::ifstream file{entry.path(), std::ios::binary};
      all.append(std::istreambuf_iterator<char>{file}, {});
    }
    return all;
  }

  const std::filesystem::path folder_ = [] {
    const auto path = std::filesystem::temp_directory_path() / ("vault-" + base::random_from_system().uuid());
    std::filesystem::create_directory(path);
    return path;
  }();
  const std::string file_ = folder_ / "store.db";
  base::SystemClock clock_;
  const security::KeyRing keys_ = need(security::KeyRing::parse("0123456789abcdef0123456789abcdef"));
  std::unique_ptr<store::SqliteStore> store_ = need(store::SqliteStore::open(file_));
};

TEST_F(StoreVaultTest, KeepsTokensForOtherProcessesToOpenAndNobodyElse) {
  StoreVault one = vault(*store_);
  ASSERT_TRUE(one.save(Credentials{base::Secret{"canary-access"}, base::Secret{"canary-refresh"}, "https://a.force.com"}));
  const auto other_store = another_store();
  const Credentials read = need(vault(*other_store).load());
  EXPECT_EQ(read.access_token.reveal(), "canary-access");
  EXPECT_EQ(read.refresh_token.reveal(), "canary-refresh");
  EXPECT_EQ(read.instance_url, "https://a.force.com");
  EXPECT_FALSE(everything_in_the_files().contains("canary"));
}

TEST_F(StoreVaultTest, ATokenOfAnotherIntegrationOrColumnIsOfNoUse) {
  StoreVault one = vault(*store_);
  ASSERT_TRUE(one.save(Credentials{base::Secret{"access"}, base::Secret{"refresh"}, ""}));
  const core::Integration mine = need(store_->integrations()).at(0);
  ASSERT_TRUE(store_->save_tokens(id, mine.refresh_token, mine.access_token, ""));
  EXPECT_EQ(one.load().error().kind, base::ErrorKind::corrupt);

  core::Integration thief;
  thief.id = {"thief"};
  thief.refresh_token = mine.refresh_token;
  ASSERT_TRUE(store_->save(thief));
  EXPECT_EQ(StoreVault(*store_, keys_, thief.id, clock_).load().error().kind, base::ErrorKind::corrupt);
}

TEST_F(StoreVaultTest, AnAccessTokenAloneLeavesTheRefreshToken) {
  StoreVault one = vault(*store_);
  ASSERT_TRUE(one.save(Credentials{base::Secret{"A1"}, base::Secret{"R1"}, "https://a.force.com"}));
  ASSERT_TRUE(one.save(Credentials{base::Secret{"A2"}, {}, "https://b.force.com"}));
  EXPECT_EQ(need(one.load()).refresh_token.reveal(), "R1");
  EXPECT_EQ(need(one.load()).access_token.reveal(), "A2");
}

TEST_F(StoreVaultTest, OneProcessAtATimeHasTheTurn) {
  const auto other_store = another_store();
  StoreVault one = vault(*store_), other = vault(*other_store);
  auto turn = need(one.take_turn());
  ASSERT_TRUE(turn);
  EXPECT_EQ(need(other.take_turn()), nullptr);
  EXPECT_EQ(need(one.take_turn()), nullptr) << "another thread of this process";
  turn.reset();
  EXPECT_TRUE(need(other.take_turn()));
}

TEST_F(StoreVaultTest, TheTurnOfAProcessThatDiedIsFree) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto own = store::SqliteStore::open(file_);
    const bool taken = own && StoreVault(**own, keys_, id, clock_).take_turn().value().release() != nullptr;
    ::_exit(taken ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  StoreVault one = vault(*store_);
  EXPECT_TRUE(need(one.take_turn()));
}

TEST_F(StoreVaultTest, WhatIsKnownAboutARenewalIsSharedAndNotTheToken) {
  const Renewal renewal{.grant = keys_.fingerprint("token"),
                        .token = keys_.fingerprint("the token alone"),
                        .asked_at = *base::parse_iso("2026-01-31T10:11:12.345Z"),
                        .unanswered = 1,
                        .rotation = Renewal::Rotation::on,
                        .refusal = "it \"says\" no",
                        .refusal_code = "invalid_grant"};
  StoreVault one = vault(*store_);
  EXPECT_EQ(need(one.renewal()), Renewal{});
  ASSERT_TRUE(one.save(renewal));
  const auto other_store = another_store();
  EXPECT_EQ(need(vault(*other_store).renewal()), renewal);
  for (const char* damaged : {"", "[]", "{", R"({"unanswered":"x","rotation":7})", R"({"unanswered":-99999999999999})"})
    EXPECT_EQ(renewal_from(damaged), Renewal{}) << damaged;
}

}  // namespace
}  // namespace connection
