// What does a question cost the simulator? Starts an org with sample contacts, or with as many that were really
// written, and asks it what a synchronisation asks: polls, sweeps, look-ups by id and key; and what a person asks.
// Prints the start, the memory, and for each question its records, its time and the rate. Usage: bench_soql [CONTACTS]
// [written]

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "simulator/org/ids.h"
#include "simulator/org/org.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view root = "/services/data/v66.0";
constexpr std::string_view fields = "Id, SystemModstamp, FirstName, LastName, Email, Phone, Title, AccountId";

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

long memory_mib(const char* which) {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(which))
      return std::strtol(line.c_str() + std::string_view{which}.size() + 1, nullptr, 10) / 1024;
  return 0;
}

void report(const char* what, std::size_t records, double seconds) {
  std::printf("%-44s %9zu records %10.2f ms %12.0f records/s\n", what, records, seconds * 1000,
              static_cast<double>(records) / seconds);
  std::fflush(stdout);
}

std::string page_of(const simulator::Outcome<std::string>& answer) {
  if (answer) return *answer;
  std::fprintf(stderr, "%s: %s\n", answer.error().code.c_str(), answer.error().message.c_str());
  std::exit(1);
}

std::size_t records_in(std::string_view page) {
  std::size_t count = 0;
  for (auto at = page.find("{\"attributes\""); at != page.npos; at = page.find("{\"attributes\"", at + 1)) ++count;
  return count;
}

std::string next_locator(std::string_view page) {
  constexpr std::string_view url = "\"nextRecordsUrl\":\"/services/data/v66.0/query/";
  const auto at = page.substr(0, 200).find(url);
  return at == page.npos ? ""
                         : std::string{page.substr(at + url.size(), page.find('"', at + url.size()) - at - url.size())};
}

std::string last_value(std::string_view page, std::string_view key) {
  const std::string start = "\"" + std::string{key} + "\":\"";
  const auto at = page.rfind(start) + start.size();
  return std::string{page.substr(at, page.find('"', at) - at)};
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t contacts = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const bool written = argc > 2;
  const base::SystemClock clock;
  auto start = Clock::now();
  simulator::Org org{clock, {.sample = {.contacts = written ? 0 : contacts}, .schema = {}}};
  std::printf("start: %.1f ms, %ld MiB resident\n", seconds_since(start) * 1000, memory_mib("VmRSS:"));
  const auto& contact = **org.object("Contact");
  if (written) {
    start = Clock::now();
    const auto& account = **org.object("Account");
    std::string parent;
    for (std::uint64_t i = 0; i < contacts; ++i) {
      const std::string number = std::to_string(i);
      if (i % 10 == 0)
        parent = org.id_of({account.index, *org.insert(account, boost::json::object{{"Name", "Account " + number}})});
      const auto made = org.insert(contact, boost::json::object{{"FirstName", "Given" + std::to_string(i % 1000)},
                                                                {"LastName", "Family" + std::to_string(i % 5000)},
                                                                {"Email", "person." + number + "@example.com"},
                                                                {"Phone", "+49 30 " + number},
                                                                {"Title", "Head of Sales"},
                                                                {"AccountId", parent},
                                                                {"Lockstep_Id__c", "key-" + number}});
      if (!made) return 1;
    }
    report("insert, one by one", contacts, seconds_since(start));
    std::printf("then %ld MiB resident\n", memory_mib("VmRSS:"));
  }
  const auto measure = [&](const char* what, const std::function<std::size_t()>& run) {
    const auto from = Clock::now();
    const std::size_t records = run();
    report(what, records, seconds_since(from));
  };
  const auto ask = [&](const std::string& statement) { return page_of(org.query(statement, false, 2000, root)); };
  const auto count = [&](const std::string& statement) { return records_in(ask(statement)); };
  const std::string all = "SELECT " + std::string{fields} + " FROM Contact";

  measure("COUNT()", [&] {
    ask("SELECT COUNT() FROM Contact");
    return contacts;
  });
  std::string page = ask("SELECT Id, SystemModstamp FROM Contact ORDER BY SystemModstamp, Id LIMIT 1 OFFSET 2000");
  const auto position = [&] {
    const std::string stamp = last_value(page, "SystemModstamp").substr(0, 19) + "Z";
    return "((SystemModstamp = " + stamp + " AND Id > '" + last_value(page, "Id") + "') OR SystemModstamp > " + stamp +
           ")";
  };
  measure("one poll of 2,000",
          [&] { return count(all + " WHERE " + position() + " ORDER BY SystemModstamp, Id LIMIT 2000"); });
  measure("all polls of 2,000, as a backfill does", [&] {
    page = ask(all + " ORDER BY SystemModstamp, Id LIMIT 2000");
    std::size_t records = 0;
    for (std::size_t here = records_in(page); here > 0; here = records_in(page)) {
      records += here;
      page = ask(all + " WHERE " + position() + " ORDER BY SystemModstamp, Id LIMIT 2000");
    }
    return records;
  });
  measure("all pages of one query by nextRecordsUrl", [&] {
    page = ask(all);
    std::size_t records = records_in(page);
    for (std::string locator = next_locator(page); !locator.empty(); locator = next_locator(page)) {
      page = page_of(org.next_page(locator, root));
      records += records_in(page);
    }
    return records;
  });
  measure("sweep of ids, 2,000 a query", [&] {
    std::size_t records = 0;
    for (std::string after = "000000000000000";;) {
      page = ask("SELECT Id FROM Contact WHERE Id > '" + after + "' ORDER BY Id LIMIT 2000");
      const std::size_t here = records_in(page);
      if (here == 0) return records;
      records += here;
      after = last_value(page, "Id");
    }
  });
  std::string ids, emails, keys;
  const std::uint64_t first = written ? 1'048'577 : 1;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const std::uint64_t number = i * (contacts / 2000);
    ids += (i > 0 ? ",'" : "'") + org.id_of({contact.index, first + number}) + "'";
    keys += (i > 0 ? ",'key-" : "'key-") + std::to_string(number) + "'";
  }
  measure("Id IN (2,000)", [&] { return count(all + " WHERE Id IN (" + ids + ")"); });
  if (written)
    measure("Lockstep_Id__c IN (2,000)", [&] { return count(all + " WHERE Lockstep_Id__c IN (" + keys + ")"); });
  measure("one record by Id",
          [&] { return count(all + " WHERE Id = '" + org.id_of({contact.index, first + 77}) + "'"); });
  measure("contacts of one account", [&] {
    return count(all + " WHERE AccountId = '" +
                 last_value(page.empty() ? "" : ask("SELECT Id FROM Account LIMIT 1"), "Id") + "'");
  });
  measure("a scan by LastName LIKE '%z%'", [&] { return count("SELECT Id FROM Contact WHERE LastName LIKE '%z%'"); });
  measure("a scan by Account.Name = 'x'", [&] { return count("SELECT Id FROM Contact WHERE Account.Name = 'x'"); });
  measure("ORDER BY LastName, LIMIT 10", [&] { return count("SELECT Id FROM Contact ORDER BY LastName LIMIT 10"); });
  measure("ORDER BY LastName, the first page",
          [&] { return count("SELECT Id FROM Contact ORDER BY LastName, FirstName"); });
  measure("GROUP BY Title",
          [&] { return count("SELECT Title, COUNT(Id), MAX(CreatedDate) FROM Contact GROUP BY Title"); });
  measure("accounts with a contact named so", [&] {
    return count(
        "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact WHERE FirstName LIKE 'a%') LIMIT 2000");
  });
  measure("a page of accounts with their contacts",
          [&] { return count("SELECT Id, (SELECT Id, LastName FROM Contacts) FROM Account"); });
  measure("all rows without JSON, as Bulk reads them", [&] {
    const auto rows = simulator::RowSet::make(org.world(), org.asking(), all + " WHERE LastName != null", false);
    base::Arena arena;
    std::vector<simulator::Cell> cells;
    std::size_t records = 0;
    for (std::size_t row = 0; row < rows->size(); ++row) {
      if (row % 1000 == 0) arena.clear();
      records += rows->read(org.world(), row, cells, arena) ? 1 : 0;
    }
    return records;
  });
  measure("pages with Name and MailingAddress", [&] {
    page = ask("SELECT Id, Name, MailingAddress FROM Contact LIMIT 200000");
    std::size_t records = records_in(page);
    for (std::string locator = next_locator(page); !locator.empty(); locator = next_locator(page)) {
      page = page_of(org.next_page(locator, root));
      records += records_in(page);
    }
    return records;
  });
  std::printf("peak: %ld MiB\n", memory_mib("VmHWM:"));
  return 0;
}
