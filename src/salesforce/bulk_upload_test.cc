#include "salesforce/bulk_upload.h"

#include <gtest/gtest.h>

#include "salesforce/fakes_for_test.h"

namespace salesforce {
namespace {

using File = UploadResults::File;

struct BulkUploadTest : testing::Test {
  core::OrgWrite write(std::string_view key_or_id, bool creates, std::initializer_list<std::size_t> fields) {
    core::OrgWrite out{.id = creates ? model::RecordId{} : id_of(key_or_id),
                       .upsert_key = creates ? key_or_id : "",
                       .fields = {},
                       .values = values};
    for (const std::size_t field : fields) out.fields.set(field);
    return out;
  }
  /// Reads a result file given as text.
  static base::Result<void> read(UploadResults& results, File file, std::string_view text) {
    csv::Reader reader;
    reader.feed(text);
    reader.finish();
    csv::Row row;
    for (auto next = reader.next(row); next && *next == csv::Reader::Next::row; next = reader.next(row))
      RETURN_IF_ERROR(results.read(file, row));
    return {};
  }

  model::Mapping mapping = contacts();  // first_name last_name score opted_out born seen_at company
  std::vector<model::Cell> values{model::Cell{"Ann \"A\", Jr"}, model::Cell{}, model::Cell{"12.5"},
                                  model::Cell{"true"},          model::Cell{}, model::Cell{"2026-01-31T10:11:12Z"},
                                  model::Cell{"Acme"}};
  const std::string first = contact_id(1).str(), second = contact_id(2).str();
};

TEST_F(BulkUploadTest, SpellsUpdatesByIdWithNullAsItsSign) {
  const std::vector writes{write(first, false, {0, 1, 6}), write(second, false, {0, 1, 6})};
  const auto uploads = spell_uploads(mapping, writes, std::vector<std::size_t>{0, 1});
  ASSERT_EQ(uploads.size(), 1u);
  EXPECT_FALSE(uploads[0].creates);
  EXPECT_EQ(uploads[0].csv, "Id,FirstName,LastName\n" + first + ",\"Ann \"\"A\"\", Jr\",#N/A\n" + second +
                                ",\"Ann \"\"A\"\", Jr\",#N/A\n");
}

TEST_F(BulkUploadTest, SpellsCreatesByOurKeyAndLeavesOutWhatTheyDoNotGive) {
  const std::vector writes{write("k1", true, {2}), write("k2", true, {3, 1})};
  const auto uploads = spell_uploads(mapping, writes, std::vector<std::size_t>{0, 1});
  ASSERT_EQ(uploads.size(), 1u);
  EXPECT_EQ(uploads[0].csv, "Lockstep_Id__c,LastName,Score__c,HasOptedOutOfEmail\nk1,,12.5,\nk2,,,true\n");
}

TEST_F(BulkUploadTest, HeadsAColumnOfParentsByTheirKeyWithTheWayToIt) {
  mapping.fields[0] = field("company_id", "AccountId", model::FieldKind::reference);
  mapping.fields[0].role = model::FieldRole::reference;
  mapping.fields[0].parent_object = "Account";
  mapping.fields[0].relationship = "Account";
  values[0] = model::Cell{"parent-1"};
  std::vector writes{write("k1", true, {0, 2}), write("k2", true, {2})};
  const std::vector<std::size_t> places{0, 1};
  EXPECT_TRUE(spell_uploads(mapping, writes, places)[0].csv.starts_with("Lockstep_Id__c,AccountId,Score__c\n"));
  writes[0].by_key.set(0);
  EXPECT_EQ(spell_uploads(mapping, writes, places)[0].csv,
            "Lockstep_Id__c,Account.Lockstep_Id__c,Score__c\nk1,parent-1,12.5\nk2,,12.5\n");

  mapping.fields[0].relationship = "What";
  mapping.fields[0].parent_prefix = "001";
  EXPECT_TRUE(spell_uploads(mapping, writes, places)[0].csv.starts_with(
      "Lockstep_Id__c,Account:What.Lockstep_Id__c,Score__c\n"))
      << "where it may lead to several objects";
}

TEST_F(BulkUploadTest, NeverPutsOneRecordTwiceIntoAJobNorMoreThanItTakes) {
  const std::vector writes{write(first, false, {2}), write(first, false, {2}), write(second, false, {2})};
  const auto twice = spell_uploads(mapping, writes, std::vector<std::size_t>{0, 1, 2});
  ASSERT_EQ(twice.size(), 2u);
  EXPECT_EQ(twice[0].writes, (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(twice[1].writes, std::vector<std::size_t>{1});
  EXPECT_EQ(spell_uploads(mapping, writes, std::vector<std::size_t>{0, 2}, 40).size(), 2u);
  EXPECT_TRUE(spell_uploads(mapping, writes, {}).empty());
}

TEST_F(BulkUploadTest, KnowsEachRowsFateByItsKeyInWhateverOrder) {
  const std::vector writes{write("k1", true, {2}), write("k2", true, {2}), write("k3", true, {2}),
                           write("k4", true, {2})};
  const auto upload = spell_uploads(mapping, writes, std::vector<std::size_t>{0, 1, 2, 3}).at(0);
  UploadResults results{mapping, writes, upload, {.what = "write"}};
  ASSERT_TRUE(read(results, File::successful,
                   "\"sf__Id\",\"sf__Created\",Lockstep_Id__c,Score__c\n\"" + second + "\",\"true\",k3,12.5\n\"" +
                       first + "\",\"false\",k1,12.5\n"));
  EXPECT_FALSE(results.is_complete());
  ASSERT_TRUE(
      read(results, File::failed,
           "\"sf__Id\",\"sf__Error\",Lockstep_Id__c,Score__c\n\"\",\"REQUIRED_FIELD_MISSING:Required fields are "
           "missing: [LastName]:LastName --\",k2,12.5\n"));
  ASSERT_TRUE(read(results, File::unprocessed, "Lockstep_Id__c,Score__c\nk4,12.5\n\n"));
  EXPECT_TRUE(results.is_complete());
  EXPECT_EQ(results.rows()[0]->value(), contact_id(1));
  EXPECT_EQ(results.rows()[2]->value(), contact_id(2));
  EXPECT_EQ(results.rows()[1]->error().kind, base::ErrorKind::rejected);
  EXPECT_EQ(results.rows()[1]->error().service_code, "REQUIRED_FIELD_MISSING");
  EXPECT_TRUE(results.rows()[1]->error().message.contains("LastName"));
  EXPECT_EQ(results.rows()[3]->error().kind, base::ErrorKind::unreachable) << "it was not done, and is sent again";
}

TEST_F(BulkUploadTest, RefusesResultsThatAreNotOurs) {
  const std::vector writes{write("k1", true, {2})};
  const auto upload = spell_uploads(mapping, writes, std::vector<std::size_t>{0}).at(0);
  UploadResults results{mapping, writes, upload, {.what = "write"}};
  for (const std::string& text :
       {std::string{"<html>\n"}, std::string{"\"sf__Id\",Lockstep_Id__c\n\"" + first + "\",other\n"},
        std::string{"\"sf__Id\",Lockstep_Id__c\n\"nonsense\",k1\n"}, std::string{"\"sf__Id\",Lockstep_Id__c\nk1\n"}})
    EXPECT_FALSE(read(results, File::successful, text)) << text;
  EXPECT_FALSE(results.is_complete());
}

TEST(UploadError, IsTakenApart) {
  const ServiceError missing = upload_error("REQUIRED_FIELD_MISSING:Required fields are missing: [A, B]:A,B --");
  EXPECT_EQ(missing.code, "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(missing.message, "Required fields are missing: [A, B]");
  EXPECT_EQ(missing.fields, (std::vector<std::string>{"A", "B"}));
  const ServiceError bare = upload_error("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access: --");
  EXPECT_EQ(bare.code, "UNABLE_TO_LOCK_ROW");
  EXPECT_EQ(bare.message, "unable to obtain exclusive access");
  EXPECT_TRUE(bare.fields.empty());
  EXPECT_EQ(upload_error("ODD").code, "ODD");
  EXPECT_EQ(upload_error("").code, "");
}

}  // namespace
}  // namespace salesforce
