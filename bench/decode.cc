// How many records a second come out of a query's answer, decoded into canonical cells? Pages of 2,000 contacts with
// seven fields of five types, as the org prints them.

#include <cstdio>
#include <string>

#include "base/clock.h"
#include "model/mapping.h"
#include "salesforce/records.h"

namespace {

model::FieldMapping field(const char* org_field, model::FieldKind kind, std::int32_t scale = 0) {
  model::FieldMapping out;
  out.column = org_field;
  out.org_field = org_field;
  out.type = {.kind = kind, .scale = scale};
  return out;
}

std::string page_of(std::size_t records) {
  std::string body =
      "{\"totalSize\":1000000,\"done\":false,\"nextRecordsUrl\":\"/services/data/v66.0/query/01g-2000\","
      "\"records\":[";
  for (std::size_t i = 0; i < records; ++i) {
    const std::string number = std::to_string(100000 + i);
    const std::string id = "003000000" + number + "AAA";
    if (i > 0) body += ',';
    body += "{\"attributes\":{\"type\":\"Contact\",\"url\":\"/services/data/v66.0/sobjects/Contact/" + id +
            "\"},\"Id\":\"" + id + "\",\"SystemModstamp\":\"2026-01-31T10:" + number.substr(2, 2) +
            ":12.000+0000\",\"FirstName\":\"Ann" + "\",\"LastName\":\"O'Neil-" + number + "\",\"Email\":\"ann." +
            number + "@example.com\",\"Score__c\":" + number +
            ".5,\"HasOptedOutOfEmail\":false,\"Birthdate\":\"1990-02-28\"," +
            "\"Seen__c\":\"2026-01-02T21:33:43.000+0000\"}";
  }
  for (std::size_t at = 0; (at = body.find(":12.000+0000", at)) != std::string::npos; ++at)
    if (body[at - 2] > '5') body[at - 2] = '5';
  return body + "]}";
}

}  // namespace

int main() {
  model::Mapping mapping;
  mapping.object = "Contact";
  mapping.fields = {field("FirstName", model::FieldKind::text),
                    field("LastName", model::FieldKind::text),
                    field("Email", model::FieldKind::text),
                    field("Score__c", model::FieldKind::number, 2),
                    field("HasOptedOutOfEmail", model::FieldKind::boolean),
                    field("Birthdate", model::FieldKind::date),
                    field("Seen__c", model::FieldKind::datetime)};
  constexpr std::size_t records = 2'000, pages = 500;
  std::string body = page_of(records);
  salesforce::JsonReader reader;
  core::Page page;
  base::SystemClock clock;
  const auto start = clock.elapsed();
  for (std::size_t i = 0; i < pages; ++i) {
    page.observed.restart(mapping.fields.size());
    if (!reader.open(body) || !salesforce::RecordDecoder{mapping}.read_page(reader.root(), page) ||
        page.observed.size() != records) {
      std::puts("the page could not be decoded");
      return 1;
    }
  }
  const double seconds = std::chrono::duration<double>(clock.elapsed() - start).count();
  const double megabytes = static_cast<double>(body.size() * pages) / 1e6;
  std::printf("decode: %.0f records/s, %.0f MB/s (7 fields, %zu bytes a record)\n",
              static_cast<double>(records * pages) / seconds, megabytes / seconds, body.size() / records);
  return 0;
}
