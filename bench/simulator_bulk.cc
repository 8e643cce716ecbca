// How many CSV rows a second go into and out of the simulator's Bulk API, in process? Query results of a million
// contacts with twelve fields; an update of 300,000 of them; an upsert that makes 300,000 more. Next to it what the
// machine does with the same bytes: copying them, cutting them into values, packing them.

#include <cstdio>
#include <cstring>
#include <ctime>

#include "csv/reader.h"
#include "csv/writer.h"
#include "gzip/gzip.h"
#include "simulator/bulk/bulk.h"
#include "simulator/http/api.h"

namespace {

using namespace simulator;

constexpr std::uint64_t contacts = 1'000'000;
constexpr int rows = 300'000;

base::SystemClock real_clock;

/// Also by the processor time it took, which other work on the machine does not lengthen.
template <class Work>
void report(const char* what, double count, Work work) {
  const auto start = real_clock.elapsed();
  const std::clock_t before = std::clock();
  work();
  const double busy = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  const double seconds = std::chrono::duration<double>(real_clock.elapsed() - start).count();
  std::printf("%-42s %11.0f rows/s %11.0f a CPU second\n", what, count / seconds, count / busy);
}

struct Sim {
  base::ManualClock clock{base::Utc{std::chrono::seconds{1'770'000'000}}};
  Org org{clock, {.sample = {.contacts = contacts}, .schema = {}}};
  Api api{org, {}};
  bulk::Bulk bulk{api.access(), api.limits(), api.faults()};
  std::string token;

  Sim() {
    api.mount("jobs/**", bulk);
    const std::string answer =
        api.handle({"POST",
                    "/services/oauth2/token",
                    "",
                    {},
                    "grant_type=client_credentials&client_id=sfsim-client&client_secret=sfsim-secret"})
            .body;
    token = member(answer, "access_token");
  }
  static std::string member(const std::string& json, const std::string& name) {
    const auto at = json.find("\"" + name + "\":\"") + name.size() + 4;
    return json.substr(at, json.find('"', at) - at);
  }
  http::Response call(const std::string& method, const std::string& path, std::string body = {},
                      const char* type = "application/json", const std::string& query = {}) {
    return api.handle({method,
                       "/services/data/v66.0" + path,
                       query,
                       {{"authorization", "Bearer " + token}, {"content-type", type}},
                       std::move(body)});
  }
  std::string make(const char* kind, const std::string& body) {
    return member(call("POST", std::string{"/jobs/"} + kind, body).body, "id");
  }
  void work() {
    clock.advance(std::chrono::seconds{1});
    bulk.work_off();
  }
  bool ingest(const std::string& description, std::string csv) {
    const std::string id = make("ingest", description);
    call("PUT", "/jobs/ingest/" + id + "/batches", std::move(csv), "text/csv");
    call("PATCH", "/jobs/ingest/" + id, R"({"state":"UploadComplete"})");
    work();
    const std::string job = call("GET", "/jobs/ingest/" + id).body;
    if (job.find("\"numberRecordsProcessed\":" + std::to_string(rows)) != std::string::npos &&
        job.find("\"numberRecordsFailed\":0") != std::string::npos)
      return true;
    std::printf("unexpected: %s\n", job.c_str());
    return false;
  }
};

}  // namespace

int main() {
  Sim sim;
  std::string text, changes, additions;
  bool good = true;
  const std::string id = sim.make(
      "query", R"({"operation":"query","query":"SELECT Id, FirstName, LastName, Email, Phone, Title, AccountId, )"
               R"(Account.Name, MailingCity, MailingCountry, CreatedDate, SystemModstamp FROM Contact"})");
  report("query: read and packed", contacts, [&] { sim.work(); });
  report("query: fetched", contacts, [&] {
    auto page = sim.call("GET", "/jobs/query/" + id + "/results", "", "", "maxRecords=1000000");
    good = good && page.stream;
    std::string chunk;
    for (bool more = good; more; text += chunk, chunk.clear()) more = page.stream(chunk);
  });

  csv::Reader reader;
  csv::Row row;
  changes = "Id,Title,Phone\n";
  csv::Writer writer{changes};
  std::uint64_t seen = 0;
  std::size_t touched = 0;
  std::string copy(text.size(), '\0'), packed;
  report("  the machine: the same bytes copied", contacts, [&] { std::memcpy(copy.data(), text.data(), text.size()); });
  report("  the machine: cut into values", contacts, [&] {
    std::string_view left = text;
    while (!left.empty()) {
      reader.feed(left.substr(0, 262'144));
      left.remove_prefix(std::min<std::size_t>(left.size(), 262'144));
      if (left.empty()) reader.finish();
      for (auto next = reader.next(row); next && *next == csv::Reader::Next::row; next = reader.next(row)) {
        touched += row[3].size();
        if (++seen > 1 && seen <= rows + 1) {
          writer.value(row[0]);
          writer.value("Changed, " + std::to_string(seen));
          writer.bare(row[4].empty() ? "" : "#N/A");
          writer.end_row();
        }
      }
    }
  });
  report("  the machine: packed", contacts, [&] { packed = gzip::packed(text); });
  good = good && seen == contacts + 1;

  report("ingest: update, 2 fields", rows,
         [&] { good = sim.ingest(R"({"object":"Contact","operation":"update"})", changes) && good; });
  additions = "Lockstep_Id__c,FirstName,LastName,Email,Phone,Title,MailingCity,AccountId\n";
  csv::Writer adding{additions};
  for (int i = 0; i < rows; ++i) {
    const std::string number = std::to_string(i);
    for (const std::string& value :
         {"key-" + number, std::string{"Zoë"}, "Müller " + number, "zoe." + number + "@example.org", "+49 30 " + number,
          std::string{"Vice President"}, std::string{"Freiburg"}, std::string{}})
      adding.value(value);
    adding.end_row();
  }
  report("ingest: upsert of new records, 7 fields", rows, [&] {
    good =
        sim.ingest(R"({"object":"Contact","operation":"upsert","externalIdFieldName":"Lockstep_Id__c"})", additions) &&
        good;
  });
  report("ingest: the same upsert again", rows, [&] {
    good =
        sim.ingest(R"({"object":"Contact","operation":"upsert","externalIdFieldName":"Lockstep_Id__c"})", additions) &&
        good;
  });
  std::printf("%zu bytes of results, packed to %.2f; %zu bytes touched\n", text.size(),
              static_cast<double>(packed.size()) / static_cast<double>(text.size()), touched);
  return good ? 0 : 1;
}
