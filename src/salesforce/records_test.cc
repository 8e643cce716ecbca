#include "salesforce/records.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "base/time_text.h"
#include "salesforce/fakes_for_test.h"

namespace salesforce {
namespace {

using base::ErrorKind;

constexpr const char* ann =
    R"({"attributes":{"type":"Contact","url":"/services/data/v66.0/sobjects/Contact/003000000000001"},)"
    R"("Id":"003000000000001AAA","SystemModstamp":"2026-01-31T10:11:12.000+0000","Lockstep_Id__c":"k1",)"
    R"("FirstName":" Ann ","LastName":"O\"Neil \u00e4\n","Score__c":12.50,"HasOptedOutOfEmail":true,)"
    R"("Birthdate":"1990-02-28","Seen__c":"2026-01-02T21:33:43.000+0000",)"
    R"("Account":{"attributes":{"type":"Account","url":"/x"},"Name":"Acme"}})";

std::string page_of(const std::vector<std::string>& records, const char* done = "true") {
  std::string body = R"({"totalSize":9,"done":)" + std::string{done} + R"(,"records":[)";
  for (std::size_t i = 0; i < records.size(); ++i) body += (i > 0 ? "," : "") + records[i];
  return body + "]}";
}

base::Result<core::Page> decode(std::string body, const model::Mapping& mapping) {
  JsonReader reader;
  core::Page page;
  page.observed.restart(mapping.fields.size());
  if (!reader.open(body)) return base::failure(ErrorKind::malformed, "not JSON");
  RETURN_IF_ERROR(RecordDecoder{mapping}.read_page(reader.root(), page));
  return page;
}

base::Result<core::Observation> retrieved(std::string body, const model::Mapping& mapping,
                                          const std::vector<model::RecordId>& ids) {
  JsonReader reader;
  core::Observation out;
  out.restart(mapping.fields.size());
  if (!reader.open(body)) return base::failure(ErrorKind::malformed, "not JSON");
  RETURN_IF_ERROR(RecordDecoder{mapping}.read_retrieved(reader.root(), ids, out));
  return out;
}

std::vector<std::string> texts(std::span<const model::Cell> cells) {
  std::vector<std::string> out;
  for (const model::Cell& cell : cells) out.push_back(cell.has_text() ? std::string{cell.text()} : "<null>");
  return out;
}

const std::vector<std::string> ann_cells = {"Ann", "O\"Neil ä", "12.5", "true", "1990-02-28", "2026-01-02T21:33:43Z",
                                            "Acme"};

TEST(RecordDecoder, ReadsEveryTypeIntoItsCanonicalForm) {
  const auto page = decode(page_of({ann}), contacts());
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->observed.size(), 1u);
  EXPECT_EQ(page->observed.heads[0].id, id_of("003000000000001AAA"));
  EXPECT_EQ(page->observed.heads[0].upsert_key, "k1");
  EXPECT_EQ(base::to_iso(page->observed.heads[0].stamp), "2026-01-31T10:11:12.000Z");
  EXPECT_EQ(texts(std::as_const(page->observed.cells)[0]), ann_cells);
  EXPECT_TRUE(page->observed.unreadable.empty());
  EXPECT_FALSE(page->more);
}

RC_GTEST_PROP(RecordDecoderProperty, ReadsKeysInAnyOrder, ()) {
  std::vector<std::string> members = {R"("attributes":{"type":"Contact","Id":"nested"})",
                                      R"("Id":"003000000000001AAA")",
                                      R"("SystemModstamp":"2026-01-31T10:11:12.000+0000")",
                                      R"("Lockstep_Id__c":"k1")",
                                      R"("FirstName":"Ann")",
                                      R"("LastName":"O\"Neil ä")",
                                      R"("Score__c":12.5)",
                                      R"("HasOptedOutOfEmail":true)",
                                      R"("Birthdate":"1990-02-28")",
                                      R"("Seen__c":"2026-01-02T21:33:43.000+0000")",
                                      R"("Account":{"Name":"Acme","attributes":{"type":"Account"}})",
                                      R"("Unasked":[1,{"Id":2}])"};
  for (std::size_t i = members.size(); i > 1; --i)
    std::swap(members[i - 1], members[*rc::gen::inRange<std::size_t>(0, i)]);
  std::string record = "{";
  for (const std::string& member : members) record += (record.size() > 1 ? "," : "") + member;
  const auto page = decode(page_of({record + "}", ann}), contacts());
  RC_ASSERT(page.has_value());
  RC_ASSERT(page->observed.size() == 2u);
  RC_ASSERT(page->observed.heads[0].upsert_key == "k1");
  RC_ASSERT(texts(std::as_const(page->observed.cells)[0]) == ann_cells);
  RC_ASSERT(texts(std::as_const(page->observed.cells)[1]) == ann_cells);
}

TEST(RecordDecoder, ReadsWhenARecordWasMadeIfAsked) {
  model::Mapping mapping;
  JsonReader reader;
  core::Page page;
  page.observed.restart(0);
  std::string body = page_of({R"({"Id":"003000000000001AAA","SystemModstamp":"2026-01-31T10:11:12.000+0000",)"
                              R"("CreatedDate":"2026-01-30T10:11:12.000+0000"})"});
  ASSERT_TRUE(reader.open(body));
  RecordDecoder decoder{mapping};
  decoder.read_creation();
  ASSERT_TRUE(decoder.read_page(reader.root(), page).has_value());
  EXPECT_EQ(base::to_iso(page.observed.heads.at(0).created_at), "2026-01-30T10:11:12.000Z");
}

TEST(RecordDecoder, ReadsNullsAndMissingParents) {
  const auto page = decode(
      page_of({R"({"Id":"003000000000001AAA","SystemModstamp":"2026-01-31T10:11:12.000+0000","Lockstep_Id__c":null,)"
               R"("FirstName":null,"LastName":"","Score__c":null,"HasOptedOutOfEmail":null,"Birthdate":null,)"
               R"("Seen__c":null,"Account":null})"}),
      contacts());
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->observed.size(), 1u);
  EXPECT_EQ(page->observed.heads[0].upsert_key, "");
  EXPECT_EQ(texts(std::as_const(page->observed.cells)[0]),
            (std::vector<std::string>{"<null>", "<null>", "<null>", "false", "<null>", "<null>", "<null>"}));
}

TEST(RecordDecoder, GivesAFieldMappedTwiceToBothColumns) {
  model::Mapping mapping;
  mapping.object = "Contact";
  mapping.upsert_field = "K__c";
  mapping.fields = {field("a", "LastName"),
                    field("b", "LastName"),
                    field("c", "Id"),
                    field("d", "K__c"),
                    field("e", "SystemModstamp", model::FieldKind::datetime),
                    field("f", "Account.Owner.Name"),
                    field("g", "Account.Name")};
  const auto page = decode(
      page_of(
          {R"({"Id":"003000000000001AAA","SystemModstamp":"2026-01-31T10:11:12.000+0000","K__c":"k","LastName":"Lee",)"
           R"("Account":{"Owner":{"Name":"Bo"},"Name":"Acme"}})"}),
      mapping);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(texts(std::as_const(page->observed.cells)[0]),
            (std::vector<std::string>{"Lee", "Lee", "003000000000001AAA", "k", "2026-01-31T10:11:12Z", "Bo", "Acme"}));
}

TEST(RecordDecoder, KeepsNumbersAsTheyWereWritten) {
  model::Mapping mapping;
  mapping.object = "X";
  mapping.fields = {field("n", "N", model::FieldKind::number, -1), field("t", "T")};
  const auto page = decode(page_of({R"({"Id":"003000000000001AAA","SystemModstamp":"2026-01-31T10:11:12.000+0000",)"
                                    R"("N":123456789012345678.125 ,"T":9.12260031E8})"}),
                           mapping);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(texts(std::as_const(page->observed.cells)[0]),
            (std::vector<std::string>{"123456789012345678.125", "9.12260031E8"}));
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

TEST(RecordDecoder, SetsARecordAsideWhoseValueIsNoneOfItsType) {
  for (const auto& [was, is, name] :
       {std::tuple{R"("1990-02-28")", R"("1990-02-30")", "Birthdate"},
        {R"("1990-02-28")", R"({"year":1990})", "Birthdate"},
        {"12.50", R"("much")", "Score__c"},
        {"true", R"("maybe")", "HasOptedOutOfEmail"},
        {R"(" Ann ")", R"("\ud800")", "FirstName"},
        {R"("FirstName":" Ann ",)", "", "FirstName"},
        {R"("Name":"Acme")", R"("Nom":"Acme")", "Name"},
        {R"({"attributes":{"type":"Account","url":"/x"},"Name":"Acme"})", "7", "Account"}}) {
    const std::string second = replaced(ann, "003000000000001AAA", "003000000000002AAA");
    const auto page = decode(page_of({replaced(ann, was, is), second}), contacts());
    ASSERT_TRUE(page) << is << page.error().message;
    ASSERT_EQ(page->observed.unreadable.size(), 1u) << is;
    EXPECT_EQ(page->observed.unreadable[0].id, id_of("003000000000001AAA"));
    EXPECT_EQ(page->observed.unreadable[0].error.service_code, "INVALID_VALUE");
    EXPECT_TRUE(page->observed.unreadable[0].error.message.contains(name)) << page->observed.unreadable[0].error.message;
    EXPECT_FALSE(page->observed.unreadable[0].error.message.contains("much"));
    ASSERT_EQ(page->observed.size(), 1u);
    EXPECT_EQ(page->observed.cells.size(), 1u);
    EXPECT_EQ(page->observed.heads[0].id, id_of("003000000000002AAA"));
    EXPECT_EQ(texts(std::as_const(page->observed.cells)[0]), ann_cells);
  }
}

TEST(RecordDecoder, TakesNoKeyThatComesTwiceForAnother) {
  const auto page = decode(page_of({replaced(ann, R"("FirstName":" Ann ")", R"("LastName":"Lee")")}), contacts());
  ASSERT_TRUE(page);
  ASSERT_EQ(page->observed.unreadable.size(), 1u);
  EXPECT_TRUE(page->observed.unreadable[0].error.message.contains("FirstName")) << page->observed.unreadable[0].error.message;
}

TEST(RecordDecoder, RefusesAPageThatIsCutShortAnywhere) {
  const std::string whole = page_of({ann, ann});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto page = decode(whole.substr(0, length), contacts());
    ASSERT_FALSE(page) << whole.substr(0, length);
    EXPECT_EQ(page.error().kind, ErrorKind::malformed);
  }
}

TEST(RecordDecoder, RefusesAPageOfAnotherForm) {
  for (const std::string& body : {std::string{"[]"}, std::string{R"({"done":true})"}, std::string{R"({"records":[]})"},
                                  std::string{R"({"done":"yes","records":[]})"}, page_of({"7"}),
                                  page_of({replaced(ann, "003000000000001AAA", "x")}),
                                  page_of({replaced(ann, "2026-01-31T10:11:12.000+0000", "yesterday")}),
                                  page_of({replaced(ann, "true", "tru")})}) {
    const auto page = decode(body, contacts());
    ASSERT_FALSE(page) << body;
    EXPECT_EQ(page.error().kind, ErrorKind::malformed);
  }
}

TEST(RecordDecoder, KnowsThatThereIsMore) {
  EXPECT_TRUE(decode(page_of({ann}, "false"), contacts()).value().more);
}

std::string contact_record(std::size_t n) {
  return replaced(replaced(ann, "003000000000001AAA", contact_id(n).view()), "k1", "k" + std::to_string(n));
}

TEST(RecordDecoder, AnswersForIdsInTheirOrder) {
  const std::vector ids = {contact_id(1), contact_id(2), contact_id(3)};
  const auto out = retrieved("[" + contact_record(1) + ",null," + contact_record(3) + "]", contacts(), ids);
  ASSERT_TRUE(out) << out.error().message;
  ASSERT_EQ(out->size(), 3u);
  EXPECT_EQ(out->cells.size(), 3u);
  EXPECT_EQ(out->heads[0].id, ids[0]);
  EXPECT_FALSE(out->heads[1].id);
  EXPECT_EQ(out->heads[2].upsert_key, "k3");
  EXPECT_EQ(texts(std::as_const(out->cells)[2]), ann_cells);
}

TEST(RecordDecoder, TakesNoRecordForAnotherWhenTheOrgAnswersOutOfOrder) {
  const std::vector ids = {contact_id(1), contact_id(2), contact_id(3)};
  const auto out = retrieved("[" + contact_record(3) + "," + contact_record(1) + ",null]", contacts(), ids);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->heads[0].upsert_key, "k1");
  EXPECT_FALSE(out->heads[1].id);
  EXPECT_EQ(out->heads[2].upsert_key, "k3");
  EXPECT_EQ(texts(std::as_const(out->cells)[0]), ann_cells);
  EXPECT_EQ(texts(std::as_const(out->cells)[2]), ann_cells);
}

TEST(RecordDecoder, RefusesARetrieveThatAnswersForFewer) {
  EXPECT_EQ(retrieved("[" + contact_record(1) + "]", contacts(), {contact_id(1), contact_id(2)}).error().kind,
            ErrorKind::malformed);
}

TEST(RecordDecoder, ARecordThatCannotBeReadDoesNotFailTheOthersOfARetrieve) {
  const std::string bad = replaced(contact_record(2), "12.50", "\"much\"");
  const std::vector ids = {contact_id(1), contact_id(2), contact_id(3)};
  for (const std::string& body : {"[" + contact_record(1) + "," + bad + "," + contact_record(3) + "]",
                                  "[" + bad + "," + contact_record(3) + "," + contact_record(1) + "]"}) {
    const auto out = retrieved(body, contacts(), ids);
    ASSERT_TRUE(out) << out.error().message;
    ASSERT_EQ(out->size(), 3u);
    EXPECT_EQ(out->cells.size(), 3u);
    EXPECT_EQ(out->heads[0].id, ids[0]);
    EXPECT_FALSE(out->heads[1].id);
    EXPECT_EQ(texts(std::as_const(out->cells)[2]), ann_cells);
    ASSERT_EQ(out->unreadable.size(), 1u);
    EXPECT_EQ(out->unreadable[0].id, ids[1]);
    EXPECT_EQ(out->unreadable[0].at, 1u);
    EXPECT_EQ(out->unreadable[0].error.service_code, "INVALID_VALUE");
    EXPECT_EQ(out->unreadable[0].stamp, base::parse_iso("2026-01-31T10:11:12Z"));
  }
}

}  // namespace
}  // namespace salesforce
