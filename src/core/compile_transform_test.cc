#include "core/compile_transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

namespace core {
namespace {

using model::Cell;
using model::SyncDirection;
using testing::HasSubstr;

model::FieldMapping field_with(const std::string& transform, SyncDirection direction, model::FieldType type = {}) {
  model::FieldMapping field;
  field.direction = direction;
  field.type = type;
  auto compiled = compile_transform(transform, direction, type);
  EXPECT_TRUE(compiled) << transform << ": " << compiled.error().message;
  if (compiled) field.transform = compiled->transform;
  return field;
}

std::string text_of(const std::optional<Cell>& cell) {
  if (!cell) return "(refused)";
  return cell->has_text() ? std::string{cell->text()} : "(null)";
}

/// What a row's value is in the org's spelling.
std::string sent(const std::string& transform, std::string_view value, SyncDirection direction = SyncDirection::both) {
  base::Arena arena;
  return text_of(row_cell(field_with(transform, direction), value, arena));
}

/// What the row is to hold for a record's value.
std::string stored(const std::string& transform, model::Raw value, SyncDirection direction = SyncDirection::both) {
  base::Arena arena;
  const std::vector<model::FieldMapping> fields = {field_with(transform, direction)};
  const auto cell = org_cell(fields[0], value, arena);
  if (!cell) return "(refused)";
  return text_of(column_value(fields, 0, std::array{*cell}, arena));
}

TEST(Transform, DoesWhatItsNameSays) {
  EXPECT_EQ(sent("\"trim\"", "  Ann \t Lee "), "Ann Lee");
  EXPECT_EQ(sent("\"upper\"", "élan 9"), "ÉLAN 9");
  EXPECT_EQ(sent("{\"case\":\"lower\"}", "ÄRGER"), "ärger");
  EXPECT_EQ(sent("\"title\"", "mary-ann o'NEIL of ÖREBRO"), "Mary-Ann O'neil Of Örebro");
  EXPECT_EQ(sent("{\"truncate\":3}", "äöüß", SyncDirection::to_org), "äöü");
  EXPECT_EQ(sent("{\"truncate\":4}", "abc def", SyncDirection::to_org), "abc") << "no blank is left at the end";
  EXPECT_EQ(sent("{\"default\":\"Unknown\"}", " "), "Unknown");
  EXPECT_EQ(sent("{\"default\":\"Unknown\"}", "Acme"), "Acme");
  EXPECT_EQ(sent("{\"constant\":\"Web\"}", "Phone", SyncDirection::to_org), "Web");
  EXPECT_EQ(sent(R"(["trim", "upper", {"truncate": 5}])", "ab   cdef", SyncDirection::to_org), "AB CD");
}

TEST(Transform, AValueMapIsReadBothWays) {
  const std::string map = R"({"toSalesforce": {"won": "Closed Won", "lost": "Closed Lost"}})";
  EXPECT_EQ(sent(map, "won"), "Closed Won");
  EXPECT_EQ(stored(map, "Closed Lost"), "lost");
  EXPECT_EQ(sent(map, "open"), "open");
  EXPECT_EQ(stored(map, "Prospecting"), "Prospecting");
  EXPECT_EQ(stored(R"({"toCrm": {"Closed Won": "won"}})", "Closed Won"), "won");
  EXPECT_EQ(sent(R"({"toCrm": {"Closed Won": "won"}})", "won"), "Closed Won");
  EXPECT_EQ(stored(map, "won"), "(refused)") << "it would go back to the org as Closed Won";
}

TEST(Transform, AValueMapMayStandForACheckBox) {
  base::Arena arena;
  const std::vector<model::FieldMapping> fields = {
      field_with(R"({"toSalesforce": {"yes": true, "no": false}})", SyncDirection::both, {model::FieldKind::boolean})};
  EXPECT_EQ(text_of(row_cell(fields[0], "yes", arena)), "true");
  EXPECT_EQ(text_of(column_value(fields, 0, std::array{Cell{"false"}}, arena)), "no");
  EXPECT_EQ(fields[0].column_kind(), model::FieldKind::text);
}

TEST(Transform, OneWayIsAppliedOnThatWay) {
  const auto pull = SyncDirection::to_store;
  EXPECT_EQ(stored("\"upper\"", "ann", pull), "ANN");
  EXPECT_EQ(stored("{\"default\":\"none\"}", {}, pull), "none");
  EXPECT_EQ(stored(R"({"toCrm": {"Closed Won": "done", "Closed Lost": "done"}})", "Closed Lost", pull), "done");
  EXPECT_EQ(stored("{\"split\":\"last\"}", "Ann van Lee", pull), "Lee");
  EXPECT_EQ(stored("{\"constant\":\"salesforce\"}", {}, pull), "salesforce");
  EXPECT_EQ(sent(R"({"toSalesforce": {"a": "x", "b": "x"}})", "b", SyncDirection::to_org), "x");
}

TEST(Transform, WhatCannotComeBackNeedsADirection) {
  const auto refused = [](std::string_view transform, model::FieldType type = {}) {
    const auto compiled = compile_transform(transform, SyncDirection::both, type);
    return compiled ? std::string{"(taken)"} : compiled.error().message;
  };
  EXPECT_THAT(refused(R"({"constant":"x"})"), HasSubstr("crm_to_salesforce or salesforce_to_crm"));
  EXPECT_THAT(refused(R"({"truncate":10})", {model::FieldKind::text, 0, 80}), HasSubstr("cuts values off after 10"));
  EXPECT_EQ(refused(R"({"truncate":80})", {model::FieldKind::text, 0, 80}), "(taken)");
  EXPECT_THAT(refused(R"({"join":["last_name"]})"), HasSubstr("crm_to_salesforce"));
  EXPECT_THAT(refused(R"({"toSalesforce":{"a":"x","b":"x"}})"), HasSubstr("\"a\" and \"b\""));
  EXPECT_EQ(refused(R"({"toSalesforce":{"a":"x","b":"x"},"toCrm":{"x":"a"}})"), "(taken)");
  EXPECT_THAT(refused(R"({"toSalesforce":{"a":"x"},"toCrm":{"x":"b"}})"), HasSubstr("comes back as \"b\""));
  EXPECT_THAT(refused(R"({"toSalesforce":{"a":"x"},"toCrm":{"x":"a","y":"a"}})"), HasSubstr("goes out as \"x\""));
  EXPECT_THAT(refused(R"([{"toSalesforce":{"a":"b"}}, "upper"])"), HasSubstr("together send \"a\" as \"B\""));
}

TEST(Transform, WhatIsNotUnderstoodIsRefusedWithWhatIsAllowed) {
  for (const char* text : {"", "7", "{}", "\"shout\"", "{\"case\":\"loud\"}", "{\"truncate\":0}", "{\"truncate\":\"9\"}",
                           "{\"split\":\"middle\"}", "{\"toSalesforce\":{}}", "{\"toSalesforce\":{\"a\":[]}}",
                           "{\"trim\":true,\"case\":\"upper\"}", "[\"upper\", {\"nonsense\":1}]",
                           "[\"upper\", {\"split\":\"first\"}]"}) {
    const auto compiled = compile_transform(text, SyncDirection::both, {});
    ASSERT_FALSE(compiled) << text;
    EXPECT_EQ(compiled.error().kind, base::ErrorKind::settings);
    EXPECT_THAT(compiled.error().message, testing::AnyOf(HasSubstr("allowed are"), HasSubstr("put \"split\" first")));
  }
}

std::string any_transform() {
  static constexpr std::array<std::string_view, 8> parts = {
      "\"trim\"", "\"upper\"", "\"lower\"", "\"title\"", R"({"default":"d e"})",
      R"({"toSalesforce":{"ab":"X y","b":"cd"}})", R"({"toSalesforce":{"ab":"b","b":"ab"}})",
      R"({"toSalesforce":{"ab":"Q","c":"Q"},"toCrm":{"Q":"ab"}})"};
  std::string text = "[";
  const int count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) {
    if (i > 0) text += ',';
    text += parts[static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(parts.size())))];
  }
  return text + "]";
}

std::string any_text() {
  return *rc::gen::container<std::string>(rc::gen::element('a', 'b', 'A', ' ', 'c', 'd', 'Q', 'X', 'y'));
}

/// What a pull writes is read as what it wrote, and what a push sends comes back as what was sent: neither is an edit.
RC_GTEST_PROP(TransformProperty, BothWaysAgreeAndAgainChangesNothing, ()) {
  const std::string transform = any_transform();
  const auto direction = static_cast<SyncDirection>(*rc::gen::inRange(0, 3));
  const auto compiled = compile_transform(transform, direction, {});
  RC_PRE(compiled.has_value());
  std::vector<model::FieldMapping> fields(1);
  fields[0].direction = direction;
  fields[0].transform = compiled->transform;
  base::Arena arena;
  const std::string text = any_text();

  if (direction != SyncDirection::to_org) {
    if (const auto pulled = org_cell(fields[0], text, arena)) {
      const Cell column = column_value(fields, 0, std::array{*pulled}, arena);
      const auto read = row_cell(fields[0], column.has_text() ? model::Raw{column.text()} : model::Raw{}, arena);
      RC_ASSERT(read.has_value());
      RC_ASSERT(text_of(read) == text_of(pulled));
    }
  }
  if (direction != SyncDirection::to_store) {
    const auto pushed = row_cell(fields[0], text, arena);
    RC_ASSERT(pushed.has_value());
    const auto back = org_cell(fields[0], pushed->has_text() ? model::Raw{pushed->text()} : model::Raw{}, arena);
    if (back) RC_ASSERT(text_of(back) == text_of(pushed));
  }
}

/// Names with several words keep their border as long as they are what was agreed on.
RC_GTEST_PROP(TransformProperty, AnAgreedNameIsTakenApartAsItWasPutTogether, ()) {
  const auto name = [] {
    static constexpr std::array<std::string_view, 6> words = {"Ann", "van", "der", "Lee", "Berg", "B."};
    std::string text;
    const int count = *rc::gen::inRange(0, 4);
    for (int i = 0; i < count; ++i) (text += i > 0 ? " " : "") += words[static_cast<std::size_t>(*rc::gen::inRange(0, 6))];
    return text;
  };
  const std::string first = name(), last = name();
  const auto raw = [](const std::string& text) { return text.empty() ? model::Raw{} : model::Raw{text}; };
  base::Arena arena;
  const auto full = model::joined_name(raw(first), raw(last), arena);
  const auto [f, l] = model::split_name(full.empty() ? model::Raw{} : model::Raw{full}, raw(first), raw(last));
  RC_ASSERT(f.value_or("") == first);
  RC_ASSERT(l.value_or("") == last);
}

TEST(SplitName, KeepsTheBorderOfThePartThatStayed) {
  using model::split_name;
  using Names = std::pair<model::Raw, model::Raw>;
  EXPECT_EQ(split_name("Ann Mary Lee", {}, {}), (Names{"Ann Mary", "Lee"}));
  EXPECT_EQ(split_name("Lee", {}, {}), (Names{std::nullopt, "Lee"}));
  EXPECT_EQ(split_name("Anna van der Berg", "Ann", "van der Berg"), (Names{"Anna", "van der Berg"}));
  EXPECT_EQ(split_name("Ann van den Berg", "Ann", "van der Berg"), (Names{"Ann", "van den Berg"}));
  EXPECT_EQ(split_name(" ", "Ann", "Lee"), (Names{}));
}

}  // namespace
}  // namespace core
