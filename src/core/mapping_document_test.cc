#include "core/mapping_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace core {
namespace {

using testing::HasSubstr;

MappingSetting contacts() {
  MappingSetting setting;
  setting.object_type = "Contact";
  setting.table = "people";
  setting.key_column = "uid";
  setting.direction = "salesforce_to_crm";
  setting.conflict_resolution = "manual";
  setting.on_filter_leave = "flag";
  setting.on_salesforce_delete = "archive";
  setting.on_crm_delete = "ignore";
  setting.match_rules = {{"Email"}, {"LastName", "Phone"}};
  setting.fields = {{"email", "Email", "", ""},
                    {.crm_field = "stage",
                     .salesforce_field = "Stage__c",
                     .direction = "bidirectional",
                     .winner = "crm_wins",
                     .write_mode = "if_empty",
                     .transform = R"({"toSalesforce":{"won":"Closed Won"}})"}};
  return setting;
}

TEST(MappingDocument, WhatWasExportedIsImportedAsItWas) {
  const std::vector<MappingSetting> settings = {contacts()};
  const std::string text = document_json(settings, {{"Contact", "Title != 'x'"}, {"Account", "Type = 'y'"}});
  const auto back = document_from(text);
  ASSERT_TRUE(back) << back.error().message << text;
  ASSERT_EQ(back->size(), 1u);
  EXPECT_EQ((*back)[0].filter, "Title != 'x'");
  EXPECT_EQ((*back)[0].setting.on_salesforce_delete, "archive");
  EXPECT_EQ((*back)[0].setting.on_crm_delete, "ignore");
  EXPECT_EQ(document_json(std::vector{(*back)[0].setting}, {{"Contact", "Title != 'x'"}}), text);
  EXPECT_THAT(text, HasSubstr("\n        {\"crmField\":\"email\",\"salesforceField\":\"Email\"},\n")) << "a field is a line";
}

TEST(MappingDocument, AMistakeInAFileIsNamedWithItsPlace) {
  const auto error = [](std::string_view text) {
    const auto read = document_from(text);
    return read ? std::string{"(taken)"} : read.error().message;
  };
  EXPECT_THAT(error("{"), HasSubstr("no JSON"));
  EXPECT_THAT(error("[]"), HasSubstr("\"mappings\""));
  EXPECT_THAT(error(R"({"mappings":[7]})"), HasSubstr("mappings[0] must be an object"));
  EXPECT_THAT(error(R"({"mappings":[{"objectType":"Contact","tabel":"x","mappings":[]}]})"),
              HasSubstr("no key \"tabel\"; allowed are objectType, table"));
  EXPECT_THAT(error(R"({"mappings":[{"objectType":"Contact","mappings":[{"crmField":"a","salesforcefield":"B"}]}]})"),
              HasSubstr("mappings[0].mappings[0]: there is no key \"salesforcefield\""));
  EXPECT_THAT(error(R"({"mappings":[{"objectType":"Contact","mappings":[{"crmField":7}]}]})"), HasSubstr("must be a text"));
  EXPECT_THAT(error(R"({"mappings":[{"mappings":[]}]})"), HasSubstr("names no objectType"));
  EXPECT_THAT(error(R"({"mappings":[{"objectType":"Contact"}]})"), HasSubstr("list \"mappings\" of its fields"));
}

TEST(MappingDocument, WhatOthersKeepBesideAFieldStays) {
  const std::string before =
      R"([{"crmField":"email","salesforceField":"Email","winner":"manual","note":"ask Ann","transform":"lower"}])";
  const auto after = fields_json({{"email", "Email", "", ""}}, before);
  EXPECT_EQ(after, R"([{"note":"ask Ann","crmField":"email","salesforceField":"Email"}])");
  EXPECT_EQ(fields_from(before)[0].transform, "\"lower\"");
  EXPECT_EQ(fields_from(R"([{"crm_field":"email","salesforce_field":"Email","write_mode":"if_empty"}])")[0].write_mode,
            "if_empty");
  EXPECT_TRUE(fields_from("nonsense").empty());
}

TEST(MappingDocument, AFieldFitsIntoAnArgument) {
  const auto field = field_from_argument("stage=Stage__c;winner=manual;writeMode=if_empty;transform={\"default\":\"a;b\"}");
  ASSERT_TRUE(field) << field.error().message;
  EXPECT_EQ(field->crm_field, "stage");
  EXPECT_EQ(field->salesforce_field, "Stage__c");
  EXPECT_EQ(field->winner, "manual");
  EXPECT_EQ(field->write_mode, "if_empty");
  EXPECT_EQ(field->transform, R"({"default":"a;b"})");
  EXPECT_EQ(field_from_argument("email=Email;transform=lower;winner=manual")->transform, "\"lower\"");
  EXPECT_EQ(field_from_argument(R"({"crmField":"a","salesforceField":"B","direction":"bidirectional"})")->direction,
            "bidirectional");
  EXPECT_THAT(field_from_argument("email").error().message, HasSubstr("crmField=SalesforceField"));
  EXPECT_THAT(field_from_argument("email=Email;loser=me").error().message, HasSubstr("no key \"loser\""));
}

}  // namespace
}  // namespace core
