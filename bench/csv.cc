// How fast are rows cut out of CSV, written as CSV, packed and unpacked, next to what the machine can do with the same
// bytes at all? 200,000 contacts of 12 columns, all quoted as Bulk query results are; 3 % of the titles hold a quote, a
// comma or a line feed. Best of five.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "csv/reader.h"
#include "csv/writer.h"
#include "gzip/gzip.h"

namespace {

constexpr std::size_t rows = 200'000, columns = 12, chunk = 256 * 1024;

std::string contacts() {
  base::Random random{1};
  std::string text;
  csv::Writer writer{text};
  constexpr const char* header[columns] = {
      "Id",        "FirstName",   "LastName",       "Email",      "Phone",       "Title",
      "AccountId", "MailingCity", "MailingCountry", "Department", "CreatedDate", "SystemModstamp"};
  for (const char* name : header) writer.quoted(name);
  writer.end_row();
  for (std::size_t i = 0; i < rows; ++i) {
    const std::string number = std::to_string(1'000'000 + i);
    const char* title = random.chance(0.03) ? "Head of \"Sales\", North\nand East" : "Vice President";
    const std::string values[columns] = {"003000000" + number + "AA",
                                         "Zoë",
                                         "Müller-" + number,
                                         "zoe." + number + "@example.com",
                                         "+49 30 " + number,
                                         title,
                                         "001000000" + number.substr(1) + "AAA",
                                         "Freiburg",
                                         "Germany",
                                         "",
                                         "2025-03-04T05:06:07.000Z",
                                         "2026-01-31T10:11:12.000Z"};
    for (const std::string& value : values) writer.quoted(value);
    writer.end_row();
  }
  return text;
}

template <class Work>
double seconds_of(Work work) {
  const base::SystemClock clock;
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const auto start = clock.elapsed();
    work();
    best = std::min(best, std::chrono::duration<double>(clock.elapsed() - start).count());
  }
  return best;
}

void report(const char* what, std::size_t bytes, double seconds) {
  std::printf("%-34s %8.0f MB/s %12.0f rows/s\n", what, static_cast<double>(bytes) / seconds / 1e6, rows / seconds);
}

}  // namespace

int main() {
  const std::string text = contacts();
  std::string copy(text.size(), '\0');
  std::size_t lines = 0, touched = 0, seen = 0;
  report("memcpy", text.size(), seconds_of([&] { std::memcpy(copy.data(), text.data(), text.size()); }));
  report("memchr for line feeds", text.size(), seconds_of([&] {
           for (const char* at = text.data();
                (at = static_cast<const char*>(
                     std::memchr(at, '\n', static_cast<std::size_t>(text.data() + text.size() - at)))) != nullptr;
                ++at)
             ++lines;
         }));
  const auto each_row = [&](auto use) {
    csv::Reader reader;
    csv::Row row;
    seen = 0;
    const auto drain = [&] {
      for (auto next = reader.next(row); next && *next == csv::Reader::Next::row; next = reader.next(row)) {
        ++seen;
        use(row);
      }
    };
    for (std::string_view left = text; !left.empty(); left.remove_prefix(std::min(chunk, left.size()))) {
      reader.feed(left.substr(0, chunk));
      drain();
    }
    reader.finish();
    drain();
  };
  report("csv::Reader, every value touched", text.size(), seconds_of([&] {
           each_row([&](const csv::Row& row) {
             for (std::size_t i = 0; i < row.size(); ++i) touched += row[i].size();
           });
         }));
  std::string out;
  const auto written_again = [&](auto write) {
    return seconds_of([&] {
      out.clear();
      csv::Writer writer{out};
      each_row([&](const csv::Row& row) {
        for (std::size_t i = 0; i < row.size(); ++i) write(writer, row[i]);
        writer.end_row();
      });
    });
  };
  const double as_needed = written_again([](csv::Writer& writer, std::string_view text_of) { writer.value(text_of); });
  report("read, written with quotes as needed", out.size(), as_needed);
  const double quoted = written_again([](csv::Writer& writer, std::string_view text_of) { writer.quoted(text_of); });
  report("read, written all quoted", out.size(), quoted);
  const bool same = out == text;
  std::string packed;
  report("gzip::Deflater", text.size(), seconds_of([&] {
           packed.clear();
           gzip::Deflater deflater;
           for (std::string_view left = text; !left.empty(); left.remove_prefix(std::min(chunk, left.size())))
             deflater.deflate(left.substr(0, chunk), gzip::Deflater::Flush::none, packed);
           deflater.deflate("", gzip::Deflater::Flush::end, packed);
         }));
  report("gzip::Inflater", text.size(), seconds_of([&] {
           gzip::Inflater inflater;
           std::string room(chunk, '\0');
           std::string_view left = packed;
           while (true) {
             const auto wrote = inflater.inflate(left, room);
             if (!wrote || *wrote == 0) break;
             touched += *wrote;
           }
         }));
  std::printf("%zu bytes a row; packed to %.2f; %zu rows, %zu lines and %zu bytes seen\n", text.size() / rows,
              static_cast<double>(packed.size()) / static_cast<double>(text.size()), seen, lines, touched);
  return seen == rows + 1 && same ? 0 : 1;
}
