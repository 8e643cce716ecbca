#include "simulator/org/schema_file.h"

#include <gmock/gmock.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "simulator/org/describe.h"
#include "simulator/org/org_test_support.h"

namespace simulator {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

/// As an org describes it, but for members that do not matter here.
constexpr std::string_view widget = R"json({"status":0,"result":{
 "name":"Widget__c","label":"Widget","labelPlural":"Widgets","keyPrefix":"a0B","custom":true,"createable":true,
 "supportedScopes":[{"label":"All widgets","name":"everything"}],
 "childRelationships":[{"childSObject":"Part__c","field":"Widget__c","relationshipName":"Parts__r","cascadeDelete":true,"restrictedDelete":false}],
 "fields":[
  {"name":"Id","type":"id","label":"Record ID","length":18,"nillable":false,"defaultedOnCreate":true,"idLookup":true},
  {"name":"IsDeleted","type":"boolean","label":"Deleted","nillable":false,"defaultedOnCreate":true},
  {"name":"Name","type":"string","label":"Widget Number","length":80,"autoNumber":true,"nameField":true,"nillable":false,"defaultedOnCreate":true},
  {"name":"SystemModstamp","type":"datetime","label":"System Modstamp","nillable":false,"defaultedOnCreate":true},
  {"name":"OwnerId","type":"reference","label":"Owner ID","length":18,"referenceTo":["Group","User"],"relationshipName":"Owner","nillable":false,"defaultedOnCreate":true,"createable":true,"updateable":true},
  {"name":"Code__c","type":"string","label":"Code","length":10,"externalId":true,"unique":true,"caseSensitive":true,"custom":true,"createable":true,"updateable":true,"inlineHelpText":"Printed on the lid"},
  {"name":"Colours__c","type":"multipicklist","label":"Colours","length":4099,"restrictedPicklist":true,"custom":true,"createable":true,"updateable":true,
   "picklistValues":[{"active":true,"defaultValue":false,"label":"Red","validFor":null,"value":"red"},{"active":true,"defaultValue":false,"label":"Green","value":"green"},{"active":false,"defaultValue":false,"label":"Grey","value":"grey"}]},
  {"name":"Size__c","type":"picklist","label":"Size","length":255,"custom":true,"createable":true,"updateable":true,"picklistValues":[{"active":true,"defaultValue":true,"label":"Medium","value":"M"}]},
  {"name":"Active__c","type":"boolean","label":"Active","nillable":false,"defaultedOnCreate":true,"defaultValue":true,"custom":true,"createable":true,"updateable":true},
  {"name":"Price__c","type":"currency","label":"Price","precision":10,"scale":2,"nillable":false,"custom":true,"createable":true,"updateable":true},
  {"name":"Double_Price__c","type":"currency","label":"Double","precision":10,"scale":2,"calculated":true,"calculatedFormula":"Price__c * 2","custom":true},
  {"name":"Odd__c","type":"double","label":"Odd","precision":10,"scale":2,"calculated":true,"calculatedFormula":"HYPERLINK(1)","custom":true},
  {"name":"Place__c","type":"location","label":"Place","custom":true},
  {"name":"Place__Latitude__s","type":"double","label":"Place (Latitude)","precision":18,"scale":15,"compoundFieldName":"Place__c","custom":true,"createable":true,"updateable":true},
  {"name":"Place__Longitude__s","type":"double","label":"Place (Longitude)","precision":18,"scale":15,"compoundFieldName":"Place__c","custom":true,"createable":true,"updateable":true},
  {"name":"Opens__c","type":"time","label":"Opens","custom":true,"createable":true,"updateable":true},
  {"name":"Account__c","type":"reference","label":"Account","length":18,"referenceTo":["Account"],"relationshipName":"Account__r","custom":true,"createable":true,"updateable":true}
 ]}})json";
constexpr std::string_view part = R"({"name":"Part__c","label":"Part","labelPlural":"Spare Parts","keyPrefix":"a0C","custom":true,"fields":[
  {"name":"Id","type":"id"},{"name":"IsDeleted","type":"boolean"},{"name":"Name","type":"string","length":80,"createable":true,"nillable":false},
  {"name":"Widget__c","type":"reference","length":18,"referenceTo":["Widget__c"],"relationshipName":"Widget__r","nillable":false,"createable":true,"custom":true},
  {"name":"Contact__c","type":"reference","length":18,"referenceTo":["Contact"],"relationshipName":"Contact__r","createable":true,"custom":true,"restrictedDelete":true}]})";

class Directory {
 public:
  Directory() { std::filesystem::create_directories(path()); }
  ~Directory() { std::filesystem::remove_all(path()); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  void put(const std::string& name, std::string_view text) const { std::ofstream{path() + "/" + name} << text; }
  std::string path() const {
    return testing::TempDir() + "describe_" + testing::UnitTest::GetInstance()->current_test_info()->name() + std::to_string(::getpid());
  }
};

Schema schema_of(std::initializer_list<std::string_view> files) {
  const Directory directory;
  int number = 0;
  for (const std::string_view file : files) directory.put("object" + std::to_string(++number) + ".json", file);
  auto schema = make_schema({.directory = directory.path()});
  if (!schema) throw std::runtime_error(schema.error().message);
  return *std::move(schema);
}

struct Cloned {
  Cloned() : org(clock, {}, schema_of({widget, part})) {}
  std::string read(std::uint64_t number, std::string_view field) const {
    const Object& object = **org.object("Widget__c");
    base::Arena arena;
    std::string out;
    append_cell(org.world(), org.world().tables[object.index].cell(number, object.at(field), arena), object.fields[object.at(field)], out);
    return out;
  }
  std::uint64_t create(std::string_view json) {
    const auto made = org.insert(**org.object("Widget__c"), json::parse(json).as_object());
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().message);
    return made.value_or(0);
  }
  base::ManualClock clock{base::Utc{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}}};
  Org org;
};

TEST(SchemaFile, ACustomObjectLivesByItsDescribe) {
  Cloned clone;
  const auto number = clone.create(R"({"Code__c":"Ab","Colours__c":"green;red;green","Price__c":2.5,"Opens__c":"08:30:00.000Z",
                                       "Place__Latitude__s":52.5,"Place__Longitude__s":13.25})");
  EXPECT_EQ(clone.read(number, "Name"), "\"1\"");
  EXPECT_EQ(clone.read(number, "Colours__c"), "\"red;green\"");
  EXPECT_EQ(clone.read(number, "Size__c"), "\"M\"");
  EXPECT_EQ(clone.read(number, "Active__c"), "true");
  EXPECT_EQ(clone.read(number, "Double_Price__c"), "5.0");
  EXPECT_EQ(clone.read(number, "Odd__c"), "null");
  EXPECT_EQ(clone.read(number, "Opens__c"), "\"08:30:00.000Z\"");
  EXPECT_EQ(clone.read(number, "Place__c"), R"({"latitude":52.5,"longitude":13.25})");
  EXPECT_TRUE(clone.org.id_of({(*clone.org.object("Widget__c"))->index, number}).starts_with("a0B"));
  const Object& widgets = **clone.org.object("widget__c");
  const auto refused = [&](std::string_view text) {
    const auto done = clone.org.insert(widgets, json::parse(text).as_object());
    return done ? "" : done.error().code;
  };
  EXPECT_EQ(refused(R"({"Code__c":"C"})"), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(refused(R"({"Price__c":1,"Colours__c":"red;blue"})"), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
  EXPECT_EQ(refused(R"({"Price__c":1,"Colours__c":"grey"})"), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
  EXPECT_EQ(refused(R"({"Price__c":1,"Code__c":"Ab"})"), "DUPLICATE_VALUE");
  EXPECT_EQ(refused(R"({"Price__c":1,"Code__c":"AB"})"), "") << "case counts in this key";
}

TEST(SchemaFile, TheParentsFileSaysWhatBecomesOfChildren) {
  Cloned clone;
  const auto number = clone.create(R"({"Price__c":1})");
  const Object &widgets = **clone.org.object("Widget__c"), &parts = **clone.org.object("Part__c");
  const json::object child{{"Name", "P"}, {"Widget__c", clone.org.id_of({widgets.index, number})}};
  const auto part_number = clone.org.insert(parts, child);
  ASSERT_TRUE(part_number.has_value());
  const auto found = clone.org.query("SELECT Id, (SELECT Id FROM Parts__r) FROM Widget__c", false, 200, "");
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_THAT(*found, HasSubstr("\"Parts__r\":{\"totalSize\":1"));
  ASSERT_TRUE(clone.org.remove(widgets, number).has_value());
  EXPECT_TRUE(clone.org.world().tables[parts.index].is_deleted(*part_number));
  EXPECT_EQ(parts.fields[parts.at("Contact__c")].child_relationship, "SpareParts__r");
}

TEST(SchemaFile, DescribeGivesTheFileBack) {
  Cloned clone;
  const Object& widgets = **clone.org.object("Widget__c");
  const json::value told = json::parse(describe(clone.org.schema(), widgets, "/services/data/v66.0"));
  const json::value file = json::parse(widget).at("result");
  EXPECT_EQ(told.at("fields"), file.at("fields"));
  EXPECT_EQ(told.at("supportedScopes"), file.at("supportedScopes"));
  EXPECT_EQ(told.at("childRelationships"), file.at("childRelationships"));
  EXPECT_EQ(told.at("urls").at("rowTemplate"), "/services/data/v66.0/sobjects/Widget__c/{ID}");
  EXPECT_THAT(describe_global(clone.org.schema(), ""), HasSubstr("\"name\":\"Widget__c\""));
}

TEST(SchemaFile, AnOrgReadsWhatItDescribes) {
  const Schema original{SchemaOptions{}};
  std::vector<std::string> files;
  for (const Object& object : original.objects()) files.push_back(describe(original, object, "/r"));
  const Directory directory;
  for (std::size_t i = 0; i < files.size(); ++i) directory.put(std::to_string(i) + ".json", files[i]);
  const auto copy = make_schema({.directory = directory.path()});
  ASSERT_TRUE(copy.has_value()) << copy.error().message;
  for (const Object& object : original.objects()) {
    const Object& twin = (*copy)[object.index];
    ASSERT_EQ(twin.name, object.name);
    ASSERT_EQ(twin.fields.size(), object.fields.size());
    for (std::size_t i = 0; i < object.fields.size(); ++i) {
      const Field &a = object.fields[i], &b = twin.fields[i];
      SCOPED_TRACE(object.name + "." + a.name);
      EXPECT_EQ(b.name, a.name);
      EXPECT_EQ(b.type, a.type);
      EXPECT_EQ(b.source, a.source);
      EXPECT_EQ(b.required, a.required);
      EXPECT_EQ(b.nillable, a.nillable);
      EXPECT_EQ(b.length, a.length);
      EXPECT_EQ(b.scale, a.scale);
      EXPECT_EQ(b.targets, a.targets);
      EXPECT_EQ(b.relationship, a.relationship);
      EXPECT_EQ(b.child_relationship, a.child_relationship);
      EXPECT_EQ(b.cascade_delete, a.cascade_delete);
      EXPECT_EQ(b.default_value, a.default_value);
      EXPECT_EQ(b.is_sortable(), a.is_sortable());
      EXPECT_EQ(b.is_groupable(), a.is_groupable());
      EXPECT_EQ(b.external_id, a.external_id);
      EXPECT_EQ(b.compound, a.compound);
    }
    EXPECT_EQ(json::parse(describe(*copy, twin, "/r")), json::parse(describe(original, object, "/r")));
  }
  base::ManualClock clock{base::Utc{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}}};
  Org org{clock, {.sample = {.contacts = 100}, .schema = {}, .short_pages = {}}, make_schema({.directory = directory.path()}).value()};
  EXPECT_EQ(org.query("SELECT COUNT() FROM Contact WHERE Account.Name != null", false, 200, "").has_value(), true);
}

TEST(SchemaFile, SaysInWhichFileWhichPropertyIsWrong) {
  const auto message = [](std::string_view text) {
    const auto read = read_describe(text, "orders.json");
    return read ? std::string{"accepted"} : read.error().message;
  };
  const std::string id = R"({"name":"Id","type":"id"})";
  EXPECT_THAT(message("{"), HasSubstr("orders.json: this is no JSON"));
  EXPECT_THAT(message("[]"), HasSubstr("orders.json: this must be an object"));
  EXPECT_THAT(message(R"({"sobjects":[]})"), HasSubstr("orders.json: \"name\" must be a text"));
  EXPECT_THAT(message(R"({"name":"O__c"})"), HasSubstr("\"fields\" is missing"));
  EXPECT_THAT(message(R"({"name":"O__c","fields":[]})"), HasSubstr("has no field Id"));
  EXPECT_THAT(message(R"({"name":"O__c","keyPrefix":"a","fields":[)" + id + "]}"), HasSubstr("\"keyPrefix\""));
  EXPECT_THAT(message(R"({"name":"O__c","createable":"yes","fields":[)" + id + "]}"), HasSubstr("\"createable\" must be true or false"));
  EXPECT_THAT(message(R"({"name":"O__c","fields":[)" + id + R"(,{"name":"A__c"}]})"), HasSubstr("orders.json, fields[1]: \"type\""));
  EXPECT_THAT(message(R"({"name":"O__c","fields":[)" + id + R"(,{"name":"A__c","type":"blob"}]})"), HasSubstr("A__c is not known: blob"));
  EXPECT_THAT(message(R"({"name":"O__c","fields":[)" + id + R"(,{"name":"A__c","type":"string","length":"8"}]})"),
              HasSubstr("fields[1]: \"length\" must be a whole number"));
  EXPECT_THAT(message(R"({"name":"O__c","fields":[)" + id + "," + id + "]}"), HasSubstr("fields[1]: the field Id is there twice"));
  EXPECT_EQ(message(R"({"name":"O__c","fields":[)" + id + "]}"), "accepted");
}

TEST(SchemaFile, FilesMustNotContradictEachOther) {
  const auto message = [](std::initializer_list<std::string_view> files) {
    const Directory directory;
    int number = 0;
    for (const std::string_view file : files) directory.put(std::to_string(++number) + ".json", file);
    const auto schema = make_schema({.directory = directory.path()});
    return schema ? std::string{"accepted"} : schema.error().message;
  };
  EXPECT_THAT(message({}), HasSubstr("there is no describe file"));
  EXPECT_THAT(message({part, part}), HasSubstr("\"name\" Part__c is also in"));
  EXPECT_THAT(message({R"({"name":"O__c","keyPrefix":"001","fields":[{"name":"Id","type":"id"}]})"}), HasSubstr("\"keyPrefix\" 001 belongs to Account"));
  EXPECT_EQ(message({R"({"name":"O__c","keyPrefix":null,"fields":[{"name":"Id","type":"id"}]})"}), "accepted");
  EXPECT_FALSE(make_schema({.directory = "/nonexistent"}).has_value());
}

}  // namespace
}  // namespace simulator
