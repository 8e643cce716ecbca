#include "salesforce/csv_records.h"

#include <gtest/gtest.h>

#include "base/time_text.h"
#include "gzip/gzip.h"
#include "salesforce/csv_sink.h"
#include "salesforce/fakes_for_test.h"

namespace salesforce {
namespace {

constexpr const char* header =
    "\"Id\",\"SystemModstamp\",\"Lockstep_Id__c\",\"FirstName\",\"LastName\",\"Score__c\",\"HasOptedOutOfEmail\","
    "\"Birthdate\",\"Seen__c\",\"Account.Name\"\n";

base::Result<core::Observation> read(const model::Mapping& mapping, std::string_view text) {
  core::Observation out;
  out.restart(mapping.fields.size());
  CsvRecords records{mapping};
  csv::Reader reader;
  reader.feed(text);
  reader.finish();
  csv::Row row;
  for (auto next = reader.next(row); next && *next == csv::Reader::Next::row; next = reader.next(row))
    RETURN_IF_ERROR(row.number == 1 ? records.read_header(row) : records.append(row, out));
  return out;
}

TEST(CsvRecords, ReadBulksSpellingAsTheRestOfUsSpells) {
  const model::Mapping mapping = contacts();
  const auto out =
      read(mapping, std::string{header} + "\"" + contact_id(1).str() +
                        "\",\"2026-01-31T10:11:12.000Z\",\"k1\",\"Ann\",\"O \"\"Neil\"\"\",\"9.12260031E8\","
                        "\"true\",\"1990-02-28\",\"2026-01-02T21:33:43.000Z\",\"\"\n");
  ASSERT_TRUE(out) << out.error().message;
  ASSERT_EQ(out->size(), 1u);
  EXPECT_EQ(out->heads[0].id, contact_id(1));
  EXPECT_EQ(out->heads[0].upsert_key, "k1");
  EXPECT_EQ(base::to_iso(out->heads[0].stamp), "2026-01-31T10:11:12.000Z");
  const auto cells = std::as_const(out->cells)[0];
  for (const auto& [at, text] : {std::pair{0, "Ann"},
                                 {1, "O \"Neil\""},
                                 {2, "912260031"},
                                 {3, "true"},
                                 {4, "1990-02-28"},
                                 {5, "2026-01-02T21:33:43Z"}})
    EXPECT_EQ(cells[static_cast<std::size_t>(at)].text(), text);
  EXPECT_TRUE(cells[6].is_null());
}

TEST(CsvRecords, SetAsideWhatIsNoValueOfItsType) {
  const model::Mapping mapping = contacts();
  const auto line = [](std::size_t n, const char* score) {
    return "\"" + contact_id(n).str() + "\",\"2026-01-31T10:11:12.000Z\",\"\",\"\",\"Lee\",\"" + score +
           "\",\"false\",\"\",\"\",\"\"\n";
  };
  const auto out = read(mapping, header + line(1, "1") + line(2, "many") + line(3, ""));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->size(), 2u);
  ASSERT_EQ(out->unreadable.size(), 1u);
  EXPECT_EQ(out->unreadable[0].id, contact_id(2));
  EXPECT_EQ(out->unreadable[0].at, 1u);
  EXPECT_TRUE(out->unreadable[0].error.message.contains("Score__c"));
}

TEST(CsvRecords, RefuseWhatIsNoRecord) {
  const model::Mapping mapping = contacts();
  EXPECT_FALSE(read(mapping, "\"Id\",\"SystemModstamp\"\n")) << "a column that was asked for is missing";
  const std::string rest = ",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"\n";
  EXPECT_FALSE(read(mapping, header + ("\"" + contact_id(1).str() + "\",\"\"") + rest));
  EXPECT_FALSE(read(mapping, std::string{header} + "\"nonsense\",\"2026-01-31T10:11:12.000Z\"" + rest));
  EXPECT_FALSE(read(mapping, header + ("\"" + contact_id(1).str() + "\",\"2026-01-31T10:11:12.000Z\"\n")));
}

base::Result<std::vector<std::string>> through_sink(const std::string& body, const char* encoding,
                                                    std::size_t piece_size) {
  std::vector<std::string> rows;
  CsvSink sink{[&](const csv::Row& row) {
    rows.emplace_back(row[0]);
    return base::Result<void>{};
  }};
  Answer head{.status = 200, .headers = {}};
  if (*encoding != '\0') head.headers.push_back({"content-encoding", encoding});
  sink.begin(head);
  for (std::size_t at = 0; at < body.size(); at += piece_size)
    if (!sink.take(std::string_view{body}.substr(at, piece_size))) break;
  RETURN_IF_ERROR(sink.finish(head));
  return rows;
}

TEST(CsvSink, TakesRowsPackedOrNotHoweverTheyCome) {
  std::string csv;
  std::vector<std::string> expected;
  for (int i = 0; i < 5'000; ++i) {
    expected.push_back("row \"" + std::to_string(i));
    csv += "\"row \"\"" + std::to_string(i) + "\"\n";
  }
  for (const std::size_t piece : {1ul, 100ul, 1ul << 20}) {
    for (const auto& [body, encoding] : {std::pair{csv, ""}, {gzip::packed(csv), "gzip"}}) {
      const auto rows = through_sink(body, encoding, piece);
      ASSERT_TRUE(rows) << rows.error().message;
      EXPECT_EQ(*rows, expected);
    }
  }
}

TEST(CsvSink, TakesNoCutAnswerForAWholeOne) {
  const std::string packed = gzip::packed("a\nb\n");
  EXPECT_EQ(through_sink(packed.substr(0, packed.size() - 1), "gzip", 10).error().kind, base::ErrorKind::unreachable);
  EXPECT_EQ(through_sink("a\n\"b", "", 10).error().kind, base::ErrorKind::unreachable);
  EXPECT_EQ(through_sink("no gzip at all", "gzip", 10).error().kind, base::ErrorKind::unreachable);
}

}  // namespace
}  // namespace salesforce
