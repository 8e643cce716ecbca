#include "core/integration_setting.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace core {
namespace {

TEST(IntegrationSetting, WhatIsSetIsReadBackUnderItsName) {
  Integration integration;
  const std::vector<std::pair<std::string, std::string>> wanted = {{"syncDirection", "crm_to_salesforce"},
                                                                   {"syncFrequency", "30"},
                                                                   {"syncContacts", "false"},
                                                                   {"syncAccounts", "true"},
                                                                   {"syncOpportunities", "false"},
                                                                   {"syncTasks", "true"},
                                                                   {"syncEvents", "true"},
                                                                   {"conflictResolution", "manual"},
                                                                   {"contactFilter", "Title != null"},
                                                                   {"accountFilter", ""},
                                                                   {"opportunityFilter", "Amount > 0"},
                                                                   {"taskFilter", ""},
                                                                   {"eventFilter", ""},
                                                                   {"onSalesforceDelete", "archive"},
                                                                   {"onCrmDelete", "ignore"},
                                                                   {"maxDeletes", "7"},
                                                                   {"maxDeletePercent", "50"},
                                                                   {"maxChanges", "1000"},
                                                                   {"maxChangePercent", "20"}};
  for (const auto& [name, value] : wanted) EXPECT_TRUE(set_setting(integration, name, value)) << name;
  EXPECT_EQ(settings_of(integration), wanted);
  EXPECT_EQ(integration.sync_frequency_minutes, 30);
  EXPECT_EQ(integration.filters.size(), 2u) << "an empty filter is none";
  EXPECT_EQ(integration.limits.deletes, 7);
  EXPECT_EQ(integration.on_record_deleted, model::DeletePolicy::archive);
}

TEST(IntegrationSetting, WhatIsNotAllowedIsRefusedWithWhatIs) {
  Integration integration;
  const auto before = settings_of(integration);
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"conflictResolution", "loudest_wins"},
                                                        {"onCrmDelete", "purge"},
                                                        {"maxDeletes", "-1"},
                                                        {"maxDeletePercent", "101"},
                                                        {"syncFrequency", "0"},
                                                        {"syncFrequency", "often"},
                                                        {"syncContacts", "yes"},
                                                        {"noSuchThing", "1"}}) {
    const auto set = set_setting(integration, name, value);
    ASSERT_FALSE(set) << name;
    EXPECT_EQ(set.error().kind, base::ErrorKind::settings);
    EXPECT_NE(set.error().message.find(name), std::string::npos);
  }
  EXPECT_EQ(settings_of(integration), before);
}

}  // namespace
}  // namespace core
