#include "connection/session_settings.h"

#include <gtest/gtest.h>

namespace connection {
namespace {

struct SessionSettingsTest : testing::Test {
  const security::KeyRing keys = *security::KeyRing::parse("0123456789abcdef0123456789abcdef");
  core::Integration integration = [] {
    core::Integration made;
    made.id = {"i"};
    made.flow = "client-credentials";
    made.login_url = "https://acme.my.salesforce.com";
    made.username = "ann@acme.example";
    made.org_id = "00D000000000001EAA";
    return made;
  }();
};

TEST_F(SessionSettingsTest, TakeTheClientFromTheSettings) {
  const auto settings = session_settings(integration, {"id", "secret", {}}, keys);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->flow, salesforce::Flow::client_credentials);
  EXPECT_EQ(settings->client_id, "id");
  EXPECT_EQ(settings->client_secret.reveal(), "secret");
  EXPECT_EQ(settings->org_id, "00D000000000001EAA");
  EXPECT_FALSE(settings->domains.empty());
}

TEST_F(SessionSettingsTest, KeepKeyAndPasswordSealedForThisIntegrationOnly) {
  integration.flow = "jwt";
  integration.secret = seal(keys, integration.id,
                            {base::Secret{"-----BEGIN \"KEY\"\n"}, base::Secret{"pw"}, "own id", base::Secret{"own"}});
  EXPECT_FALSE(integration.secret.contains("BEGIN"));
  const auto settings = session_settings(integration, {"id", "secret", {"example.com"}}, keys);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->private_key.reveal(), "-----BEGIN \"KEY\"\n");
  EXPECT_EQ(settings->password.reveal(), "pw");
  EXPECT_EQ(settings->client_id, "own id");
  EXPECT_EQ(settings->client_secret.reveal(), "own");
  EXPECT_EQ(settings->domains, std::vector<std::string>{"example.com"});
  integration.id = {"another"};
  EXPECT_EQ(session_settings(integration, {"id", "", {}}, keys).error().kind, base::ErrorKind::corrupt);
  EXPECT_EQ(seal(keys, integration.id, {}), "");
}

TEST_F(SessionSettingsTest, SayWhatIsMissing) {
  EXPECT_TRUE(session_settings(integration, {}, keys).error().message.contains("SALESFORCE_CLIENT_ID"));
  integration.flow = "telepathy";
  EXPECT_TRUE(session_settings(integration, {"id", "", {}}, keys).error().message.contains("telepathy"));
}

}  // namespace
}  // namespace connection
