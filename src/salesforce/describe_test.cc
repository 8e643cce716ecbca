#include "salesforce/describe.h"

#include <gtest/gtest.h>

namespace salesforce {
namespace {

using model::FieldKind;

constexpr const char* account = R"({"actionOverrides":[],"childRelationships":[{"field":"ParentId"}],"createable":true,
 "fields":[
  {"calculated":false,"createable":true,"defaultedOnCreate":false,"externalId":false,"label":"Account Name","length":255,
   "name":"Name","nillable":false,"referenceTo":[],"relationshipName":null,"scale":0,"type":"string","unique":false,
   "updateable":true},
  {"name":"AnnualRevenue","type":"currency","scale":2,"precision":18,"length":0,"createable":false,"updateable":true,
   "nillable":true,"label":"Revenue"},
  {"name":"ParentId","type":"reference","referenceTo":["Account"],"relationshipName":"Parent","length":18},
  {"name":"Ext__c","type":"string","length":36,"externalId":true,"unique":true,"calculated":true,
   "defaultedOnCreate":true}],
 "label":"Account","name":"Account","updateable":false})";

TEST(Describe, ReadsWhatAMappingNeeds) {
  const auto described = parse_describe(account);
  ASSERT_TRUE(described) << described.error().message;
  EXPECT_EQ(described->name, "Account");
  EXPECT_TRUE(described->createable);
  EXPECT_FALSE(described->updateable);
  ASSERT_EQ(described->fields.size(), 4u);
  const auto& name = described->fields[0];
  EXPECT_EQ(name.name, "Name");
  EXPECT_EQ(name.label, "Account Name");
  EXPECT_EQ(name.field_type, (model::FieldType{FieldKind::text, 0, 255}));
  EXPECT_TRUE(name.createable && name.updateable);
  EXPECT_FALSE(name.nillable || name.unique || name.external_id || name.calculated || name.defaulted_on_create);
  const auto& revenue = described->fields[1];
  EXPECT_EQ(revenue.field_type, (model::FieldType{FieldKind::number, 2, 0}));
  EXPECT_TRUE(revenue.updateable && revenue.nillable && !revenue.createable);
  const auto& parent = described->fields[2];
  EXPECT_EQ(parent.relationship_name, "Parent");
  EXPECT_EQ(parent.reference_to, std::vector<std::string>{"Account"});
  const auto& ext = described->fields[3];
  EXPECT_TRUE(ext.external_id && ext.unique && ext.calculated && ext.defaulted_on_create);
}

TEST(Describe, GivesEachTypeItsKind) {
  for (const auto& [type, kind] : {std::pair{"int", FieldKind::number},
                                   {"double", FieldKind::number},
                                   {"percent", FieldKind::number},
                                   {"boolean", FieldKind::boolean},
                                   {"date", FieldKind::date},
                                   {"datetime", FieldKind::datetime},
                                   {"multipicklist", FieldKind::multi},
                                   {"reference", FieldKind::reference},
                                   {"id", FieldKind::reference},
                                   {"picklist", FieldKind::text},
                                   {"email", FieldKind::email},
                                   {"phone", FieldKind::phone},
                                   {"time", FieldKind::time},
                                   {"textarea", FieldKind::text}})
    EXPECT_EQ(field_type_for(type, 3, 40).kind, kind) << type;
  EXPECT_EQ(field_type_for("int", 3, 0).scale, 0);
  EXPECT_EQ(field_type_for("double", 3, 0).scale, 3);
  EXPECT_EQ(field_type_for("phone", 0, 40).length, 40);
}

TEST(Describe, RefusesWhatIsNone) {
  for (const char* body : {"", "[]", "{}", R"({"name":"A"})", R"({"name":"A","fields":[{"name":"B"}]})",
                           R"({"name":"A","fields":[{"name":"B","type":"string"})"})
    EXPECT_EQ(parse_describe(body).error().kind, base::ErrorKind::malformed) << body;
}

}  // namespace
}  // namespace salesforce
