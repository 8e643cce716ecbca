#include "core/compile_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/reconcile.h"

namespace core {
namespace {

using model::ConflictPolicy;
using model::FieldKind;
using model::SyncDirection;
using testing::HasSubstr;

class CompileMapping : public testing::Test {
 protected:
  CompileMapping() {
    integration_.sync_objects = {{"Account", true}, {"Contact", true}};
    setting_.object_type = "Contact";
    schema_.object = "Contact";
    schema_.columns = {"id", "first_name", "last_name", "email", "name", "company_id", "company", "score"};
    schema_.org_fields = {{"FirstName", {FieldKind::text, 0, 40}, true, "", ""},
                          {"LastName", {FieldKind::text, 0, 80}, true, "", ""},
                          {"Name", {FieldKind::text, 0, 121}, false, "", ""},
                          {"Email", {FieldKind::email, 0, 80}, true, "", ""},
                          {"Score__c", {FieldKind::number, 2, 0}, true, "", ""},
                          {"AccountId", {FieldKind::reference, 0, 0}, true, "Account", "Account"}};
  }
  CompiledMapping compiled() {
    auto out = compile_mapping(integration_, setting_, schema_, "Lockstep_Id__c");
    EXPECT_TRUE(out) << out.error().message;
    return out ? *std::move(out) : CompiledMapping{};
  }
  void map(FieldSetting field) { setting_.fields.push_back(std::move(field)); }
  std::string warning() {
    const auto out = compiled();
    return out.warnings.empty() ? "(none)" : out.warnings.back().message;
  }

  Integration integration_;
  MappingSetting setting_;
  ObjectSchema schema_;
};

TEST_F(CompileMapping, TheNearestRuleCounts) {
  integration_.on_conflict = ConflictPolicy::crm_wins;
  map({"firstName", "FirstName", "", ""});
  map({"email", "Email", "salesforce_to_crm", "manual"});
  EXPECT_EQ(compiled().mapping.fields[0].on_conflict, ConflictPolicy::crm_wins);
  setting_.conflict_resolution = "salesforce_wins";
  const auto mapping = compiled().mapping;
  EXPECT_EQ(mapping.fields[0].on_conflict, ConflictPolicy::salesforce_wins);
  EXPECT_EQ(mapping.fields[0].direction, SyncDirection::both);
  EXPECT_EQ(mapping.fields[1].on_conflict, ConflictPolicy::manual);
  EXPECT_EQ(mapping.fields[1].direction, SyncDirection::to_store);
}

TEST_F(CompileMapping, KeepsTheOrgsNameOfTheWayToAParent) {
  schema_.org_fields.push_back({"Parent__c", {FieldKind::reference, 0, 0}, true, "Parent__r", "Account"});
  map({"companyId", "AccountId", "", ""});
  map({"score", "Parent__c", "", ""});
  const auto mapping = compiled().mapping;
  ASSERT_EQ(mapping.fields.size(), 2u);
  EXPECT_EQ(mapping.fields[0].relationship, "Account");
  EXPECT_EQ(mapping.fields[1].relationship, "Parent__r");
}

TEST_F(CompileMapping, NothingFlowsAgainstAWiderDirection) {
  map({"firstName", "FirstName", "", ""});
  map({"lastName", "LastName", "bidirectional", ""});
  map({"email", "Email", "crm_to_salesforce", ""});
  setting_.direction = "salesforce_to_crm";
  const auto out = compiled();
  EXPECT_EQ(out.mapping.direction, SyncDirection::to_store);
  ASSERT_EQ(out.mapping.fields.size(), 2u);
  EXPECT_EQ(out.mapping.fields[1].direction, SyncDirection::to_store);
  EXPECT_THAT(warning(), HasSubstr("the mapping only flows the other way"));
  integration_.direction = SyncDirection::to_org;
  EXPECT_THAT(compile_mapping(integration_, setting_, schema_, "").error().message, HasSubstr("nothing would flow"));
}

TEST_F(CompileMapping, AWrongChoiceSetsItsFieldAsideAndNamesWhatIsAllowed) {
  map({"lastName", "LastName", "", ""});
  map({"email", "Email", "up", ""});
  EXPECT_THAT(warning(), HasSubstr("direction is \"up\"; allowed are bidirectional, salesforce_to_crm"));
  setting_.fields.back() = {"email", "Email", "", "me"};
  EXPECT_THAT(warning(), HasSubstr("winner is \"me\"; allowed are newest_wins"));
  setting_.fields.back() = {"email", "Email", "", "", "often"};
  EXPECT_THAT(warning(), HasSubstr("writeMode is \"often\"; allowed are always and if_empty"));
  setting_.fields.back() = {"email", "Email", "", "", "", "\"shout\""};
  EXPECT_THAT(warning(), HasSubstr("\"shout\" is not understood"));
  setting_.fields.back() = {"mail", "Email", "", ""};
  EXPECT_THAT(warning(), HasSubstr("no column mail"));
  setting_.fields.back() = {"email", "Mail", "", ""};
  EXPECT_THAT(warning(), HasSubstr("no field Mail that the sync user can see"));
  setting_.fields.back() = {"email", "", "", ""};
  EXPECT_THAT(warning(), HasSubstr("salesforceField is empty"));
  EXPECT_EQ(compiled().mapping.fields.size(), 1u) << "the other field goes on";
  setting_.on_filter_leave = "forget";
  EXPECT_THAT(compile_mapping(integration_, setting_, schema_, "").error().message,
              HasSubstr("onFilterLeave is \"forget\"; allowed are keep, flag and remove"));
  setting_.on_filter_leave = "remove";
  EXPECT_EQ(compiled().mapping.on_filter_leave, model::FilterLeave::remove);
  setting_.conflict_resolution = "nobody";
  EXPECT_THAT(compile_mapping(integration_, setting_, schema_, "").error().message,
              HasSubstr("conflictResolution is \"nobody\""));
}

TEST_F(CompileMapping, AFieldThatCannotBeWrittenIsOnlyRead) {
  map({"name", "Name", "", ""});
  EXPECT_EQ(compiled().mapping.fields[0].direction, SyncDirection::to_store);
  map({"score", "Name", "crm_to_salesforce", ""});
  EXPECT_THAT(warning(), HasSubstr("cannot write Name"));
}

TEST_F(CompileMapping, TheTwoPartsOfANameKnowEachOther) {
  map({"name", "FirstName", "", "", "", R"({"split":"first"})"});
  map({"email", "Email", "", ""});
  map({"name", "LastName", "", "", "", R"({"split":"last"})"});
  const auto fields = compiled().mapping.fields;
  EXPECT_EQ(fields[0].name_pair, 2u);
  EXPECT_EQ(fields[2].name_pair, 0u);
  EXPECT_FALSE(fields[1].name_pair);
}

TEST_F(CompileMapping, AConstantNeedsNoFieldOnTheOtherSide) {
  map({"", "FirstName", "crm_to_salesforce", "", "", R"({"constant":"n/a"})"});
  map({"company", "", "salesforce_to_crm", "", "", R"({"constant":"Salesforce"})"});
  map({"firstName", "Name", "crm_to_salesforce", "", "", R"({"join":["lastName"]})"});
  auto out = compiled();
  ASSERT_EQ(out.mapping.fields.size(), 2u);
  EXPECT_EQ(out.mapping.fields[0].column, "");
  EXPECT_EQ(out.mapping.fields[1].org_field, "");
  schema_.org_fields[2].writable = true;
  out = compiled();
  ASSERT_EQ(out.mapping.fields.size(), 3u);
  EXPECT_EQ(out.mapping.fields[2].more_columns, std::vector<std::string>{"last_name"});
}

TEST_F(CompileMapping, WhatFlowsOneWayIsComparedAsTheMapMakesIt) {
  map({"name", "Score__c", "salesforce_to_crm", "", "", R"({"toCrm":{"1":"low","2":"high"}})"});
  EXPECT_EQ(compiled().mapping.fields[0].type.kind, FieldKind::text);
  setting_.fields[0].direction = "";
  EXPECT_EQ(compiled().mapping.fields[0].type.kind, FieldKind::number);
  EXPECT_EQ(compiled().mapping.fields[0].column_kind(), FieldKind::text);
}

TEST_F(CompileMapping, ReferencesTakeNoTransform) {
  map({"companyId", "AccountId", "", "", "", "\"upper\""});
  map({"company", "Account.Name", "", "", "", "\"upper\""});
  map({"email", "Email", "", ""});
  EXPECT_EQ(compiled().warnings.size(), 2u);
}

struct Rule {
  std::string name;
  ConflictPolicy policy;
};
const std::vector<Rule> rules = {{"newest_wins", ConflictPolicy::newest_wins},
                                 {"salesforce_wins", ConflictPolicy::salesforce_wins},
                                 {"crm_wins", ConflictPolicy::crm_wins},
                                 {"manual", ConflictPolicy::manual}};

Outcome decided_by(ConflictPolicy policy, bool org_is_newer) {
  switch (policy) {
    case ConflictPolicy::salesforce_wins:
      return Outcome::org_won;
    case ConflictPolicy::crm_wins:
      return Outcome::store_won;
    case ConflictPolicy::manual:
      return Outcome::open;
    case ConflictPolicy::newest_wins:
      break;
  }
  return org_is_newer ? Outcome::org_won : Outcome::store_won;
}

/// Whatever stands where, a field that both sides changed is decided by the nearest word: its own, the mapping's, the
/// integration's; and no other field hears it.
RC_GTEST_PROP(ConflictRules, TheNearestWordDecides, ()) {
  const auto maybe = [] {
    return *rc::gen::arbitrary<bool>() ? std::optional{*rc::gen::elementOf(rules)} : std::nullopt;
  };
  Integration integration;
  integration.on_conflict = (*rc::gen::elementOf(rules)).policy;
  const auto of_mapping = maybe();
  const std::array of_fields{maybe(), maybe()};
  const auto word = [](const std::optional<Rule>& rule) { return rule ? rule->name : std::string{}; };
  MappingSetting setting;
  setting.object_type = "Contact";
  setting.conflict_resolution = word(of_mapping);
  setting.fields = {{"first_name", "FirstName", "", word(of_fields[0])},
                    {"last_name", "LastName", "", word(of_fields[1])}};
  const ObjectSchema schema{.object = "Contact",
                            .org_fields = {{"FirstName", {FieldKind::text, 0, 40}, true, "", ""},
                                           {"LastName", {FieldKind::text, 0, 80}, true, "", ""}},
                            .columns = {"id", "first_name", "last_name"}};
  const auto compiled = compile_mapping(integration, setting, schema, "");
  RC_ASSERT(compiled.has_value());

  const bool org_is_newer = *rc::gen::arbitrary<bool>();
  const std::array base{model::Cell{"1"}, model::Cell{"1"}}, org{model::Cell{"2"}, model::Cell{"2"}},
      store{model::Cell{"3"}, model::Cell{"3"}};
  std::array<Outcome, 2> outcomes{};
  reconcile({compiled->mapping.fields,
             base,
             org,
             store,
             {},
             {},
             base::Utc{std::chrono::seconds{org_is_newer ? 2 : 1}},
             base::Utc{std::chrono::seconds{org_is_newer ? 1 : 2}}},
            Safeguards{}, outcomes);
  for (std::size_t i = 0; i < 2; ++i) {
    const ConflictPolicy nearest = of_fields[i] ? of_fields[i]->policy
                                   : of_mapping ? of_mapping->policy
                                                : integration.on_conflict;
    RC_ASSERT(outcomes[i] == decided_by(nearest, org_is_newer));
  }
}

TEST(OneATable, ASecondDocumentAddsToTheFirst) {
  MappingSetting first, second, other;
  first.id = model::MappingId{1};
  first.object_type = "Contact";
  first.fields = {{"email", "Email", "", ""}, {"phone", "Phone", "", ""}};
  second.id = model::MappingId{2};
  second.object_type = "contact";
  second.fields = {{"mobile", "Phone", "", ""}, {"url", "Url__c", "", ""}};
  other.id = model::MappingId{3};
  other.object_type = "Contact";
  other.table = "people";
  const auto merged = one_a_table({first, second, other});
  ASSERT_EQ(merged.size(), 2u);
  EXPECT_EQ(merged[0].id, first.id);
  EXPECT_EQ(merged[0].also, std::vector{second.id});
  ASSERT_EQ(merged[0].fields.size(), 3u);
  EXPECT_EQ(merged[0].fields[1].crm_field, "mobile") << "the later word on Phone counts";
  EXPECT_EQ(merged[1].table, "people");
}

}  // namespace
}  // namespace core
