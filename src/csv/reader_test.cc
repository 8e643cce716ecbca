#include "csv/reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.h"
#include "csv/masks.h"
#include "csv/slow_for_test.h"
#include "csv/writer.h"

namespace csv {
namespace {

Parsed parse(std::string_view text, const Dialect& dialect = {}) {
  return parse_in(text, dialect, [] { return 1 << 20; });
}

TEST(CsvReader, ReadsValuesQuotedOrNot) {
  EXPECT_EQ(parse("a,b\n\"c\",\"d,e\"\n").rows, (Table{{"a", "b"}, {"c", "d,e"}}));
  EXPECT_EQ(parse("\"say \"\"hi\"\"\",\"\",\n").rows, (Table{{"say \"hi\"", "", ""}}));
  EXPECT_EQ(parse("\"\"\"\",\"\"\"x\",\"x\"\"\"\n").rows, (Table{{"\"", "\"x", "x\""}}));
  EXPECT_EQ(parse("\"two\nlines\r\n\",x\n").rows, (Table{{"two\nlines\r\n", "x"}}));
}

TEST(CsvReader, ReadsALastRowWithoutLineEnding) {
  EXPECT_EQ(parse("a,b\nc,d").rows, (Table{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(parse("a,").rows, (Table{{"a", ""}}));
  EXPECT_EQ(parse("\"a\"").rows, (Table{{"a"}}));
  EXPECT_EQ(parse("").rows, Table{});
}

TEST(CsvReader, TakesAnEmptyLineForAnEmptyValue) {
  EXPECT_EQ(parse("a\n\nb\n").rows, (Table{{"a"}, {""}, {"b"}}));
}

TEST(CsvReader, DropsAByteOrderMark) {
  EXPECT_EQ(parse("\xEF\xBB\xBFId,Name\n").rows, (Table{{"Id", "Name"}}));
  EXPECT_EQ(parse("\xEF\xBB\xBF\"Id\"").rows, (Table{{"Id"}}));
  EXPECT_EQ(parse("\xEF\xBB\xBF").rows, Table{});
}

TEST(CsvReader, EndsRowsAsTheDialectSays) {
  const Dialect crlf{',', LineEnding::crlf}, either{',', LineEnding::either};
  EXPECT_EQ(parse("a,b\r\nc,\"d\"\r\n", crlf).rows, (Table{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(parse("a\nb\r\nc", crlf).rows, (Table{{"a\nb"}, {"c"}}));
  EXPECT_EQ(parse("a\r\nb\n\"c\"\r\nd", either).rows, (Table{{"a"}, {"b"}, {"c"}, {"d"}}));
  EXPECT_EQ(parse("a\r\nb\n").rows, (Table{{"a\r"}, {"b"}}));
}

TEST(CsvReader, KnowsAllDelimitersOfTheOrg) {
  for (const char delimiter : std::string_view{",;|^`\t"}) {
    std::string text = "\"a1b\"1c\n";
    std::ranges::replace(text, '1', delimiter);
    EXPECT_EQ(parse(text, {delimiter}).rows, (Table{{std::string{'a', delimiter, 'b'}, "c"}})) << delimiter;
  }
}

TEST(CsvReader, NamesARowWhoseQuotesMakeNoSenseAndGoesOn) {
  const Parsed blank_before = parse("h\n \"a\"\nok\n");
  EXPECT_EQ(blank_before.faults, std::vector<std::string>{"2: a quote stands within a value that is not quoted"});
  EXPECT_EQ(blank_before.rows, (Table{{"h"}, {"ok"}}));
  EXPECT_EQ(parse("\"a\" ,b\nok\n").faults, std::vector<std::string>{"1: other text stands behind a quoted value"});
  EXPECT_EQ(parse("\"a\"x\"b\"\nok\n").rows, (Table{{"ok"}}));
  EXPECT_EQ(parse("x\"\"y,b\nok\n").rows, (Table{{"ok"}}));
  EXPECT_EQ(parse("\"a\"\rx\r\nok\r\n", {',', LineEnding::crlf}).rows, (Table{{"ok"}}));
}

TEST(CsvReader, SaysWhichRowIsCutWithinQuotes) {
  const Parsed cut = parse("a\n\"b\nc");
  EXPECT_EQ(cut.rows, (Table{{"a"}}));
  EXPECT_EQ(cut.error, "row 2 of the CSV is cut short: a quote is still open at the end");
}

TEST(CsvReader, BoundsRowsAndColumns) {
  const ReaderLimits limits{.row_bytes = 100, .columns = 3};
  for (const std::size_t chunk : {1, 7, 1000}) {
    const auto in_chunks = [&](std::string_view text) { return parse_in(text, {}, [&] { return chunk; }, limits); };
    EXPECT_EQ(in_chunks("a,b,c\n").rows.size(), 1u);
    EXPECT_EQ(in_chunks("x\na,b,c,d\n").error, "row 2 of the CSV has more than 3 values");
    EXPECT_EQ(in_chunks(std::string(99, 'x') + "\n").rows.size(), 1u);
    EXPECT_EQ(in_chunks(std::string(200, 'x') + "\n").error, "row 1 of the CSV has more than 100 bytes");
    EXPECT_EQ(in_chunks("\"" + std::string(200, 'x')).error, "row 1 of the CSV has more than 100 bytes");
  }
}

TEST(CsvReader, SaysWhereARowLies) {
  const std::string text = "\xEF\xBB\xBFid\n\"1\"\"\"\r\n2\n3";
  const Parsed parsed = parse_in(text, {',', LineEnding::either}, [] { return 1; });
  Table slices;
  for (const auto& [begin, end] : parsed.places) slices.push_back({text.substr(begin, end - begin)});
  EXPECT_EQ(slices, (Table{{"id\n"}, {"\"1\"\"\"\r\n"}, {"2\n"}, {"3"}}));
}

TEST(CsvReader, KeepsOnlyTheRowAtHand) {
  Reader reader;
  Row row;
  const std::string chunk(1000, 'x');
  for (int i = 0; i < 10'000; ++i) {
    reader.feed(chunk);
    reader.feed("\n");
    for (auto next = reader.next(row); next && *next == Reader::Next::row; next = reader.next(row)) {
    }
  }
  EXPECT_LE(reader.room(1).size(), std::size_t{256} * 1024);
}

Dialect any_dialect(base::Random& random) {
  constexpr std::string_view delimiters = ",;|^`\t";
  constexpr LineEnding endings[] = {LineEnding::lf, LineEnding::crlf, LineEnding::either};
  return {delimiters[random.below(delimiters.size())], endings[random.below(3)]};
}

std::string any_text(base::Random& random, std::string_view alphabet, std::size_t longest) {
  std::string text;
  for (auto left = random.below(longest); left > 0; --left) text += alphabet[random.below(alphabet.size())];
  return text;
}

TEST(CsvReaderProperty, GivesBackWhatTheWriterWroteHoweverItIsCut) {
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::Random random{seed};
    const Dialect dialect = any_dialect(random);
    const bool all_quoted = random.chance(0.5);
    const std::size_t width = 1 + random.below(6), longest = random.chance(0.1) ? 400 : 12;
    Table table(random.below(20));
    std::string text;
    Writer writer{text, dialect};
    for (auto& row : table) {
      for (std::size_t i = 0; i < width; ++i) {
        row.push_back(any_text(random, "\"\",;|^`\t\r\n ab", longest));
        all_quoted ? writer.quoted(row.back()) : writer.value(row.back());
      }
      writer.end_row();
    }
    const std::size_t chunk = random.chance(0.3) ? 1 : 1 + random.below(200);
    const Parsed parsed = parse_in(text, dialect, [&] { return random.chance(0.5) ? chunk : 1 + random.below(70); });
    ASSERT_EQ(parsed.rows, table);
    ASSERT_TRUE(parsed.faults.empty() && parsed.error.empty());
  }
}

TEST(CsvReaderProperty, ReadsAnyBytesAsTheSlowWayDoes) {
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::Random random{seed};
    const Dialect dialect = any_dialect(random);
    const char alphabet[] = {'"', '"', dialect.delimiter, '\r', '\n', '\n', 'a', 'b', ' '};
    const std::string text = any_text(random, {alphabet, sizeof alphabet}, random.chance(0.2) ? 400 : 80);
    const Parsed expected = slow(text, dialect);
    ASSERT_EQ(parse(text, dialect), expected);
    ASSERT_EQ(parse_in(text, dialect, [&] { return 1 + random.below(90); }), expected);
  }
}

TEST(CsvMasks, AreTheSameInVectorsAndOneByOne) {
  base::Random random{7};
  for (int i = 0; i < 2'000; ++i) {
    char bytes[64];
    for (char& byte : bytes) byte = random.chance(0.5) ? "\",\n\r;"[random.below(5)] : static_cast<char>(random.next());
    ASSERT_EQ(masks_of(bytes, ';'), masks_one_by_one(bytes, ';'));
  }
}

TEST(CsvWriter, QuotesOnlyWhatNeedsIt) {
  std::string out;
  Writer writer{out, {';', LineEnding::crlf}};
  for (const char* text : {"plain", "a,b", "a;b", "say \"hi\"", " blank", "two\nlines", "", "#N/A"}) writer.value(text);
  writer.end_row();
  EXPECT_EQ(out, "plain;a,b;\"a;b\";\"say \"\"hi\"\"\";\" blank\";\"two\nlines\";;#N/A\r\n");
  out.clear();
  writer.value("");
  writer.end_row();
  EXPECT_EQ(out, "\"\"\r\n");
}

}  // namespace
}  // namespace csv
