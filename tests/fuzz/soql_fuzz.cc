// Any text as a SOQL statement over a small org: it is refused or answered, every page can be read, its rows without
// JSON are as many, and a statement that is understood is understood again as it is written out.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "simulator/org/org.h"

namespace {

constexpr std::string_view root = "/services/data/v66.0";

simulator::Org& org() {
  static const base::ManualClock clock{base::Utc{std::chrono::sys_days{std::chrono::year{2026} / 1 / 31}}};
  static simulator::Org& made = []() -> simulator::Org& {
    static simulator::Org out{clock, {.sample = {.contacts = 300}, .schema = {}}};
    const auto make = [](const char* object, boost::json::object values) {
      CHECK(out.insert(**out.object(object), values).has_value());
    };
    const std::string account = out.id_of({simulator::account, 1}), contact = out.id_of({simulator::contact, 1});
    make("Task", {{"Subject", "Call"}, {"WhoId", contact}, {"WhatId", account}});
    make("Lead", {{"LastName", "L"}, {"Company", "C"}});
    make("Account", {{"Name", "Below"}, {"ParentId", account}});
    make("Contact", {{"LastName", "Key"}, {"Lockstep_Id__c", "k"}, {"AccountId", account}});
    CHECK(out.remove(**out.object("Contact"), 7).has_value());
    return out;
  }();
  return made;
}

void read_rows(std::string_view statement, bool with_deleted, std::size_t expected) {
  const auto rows = simulator::RowSet::make(org().world(), org().asking(), statement, with_deleted);
  if (!rows) return;
  CHECK(rows->size() == expected);
  base::Arena arena;
  std::vector<simulator::Cell> cells;
  for (std::size_t row = 0; row < rows->size(); ++row) CHECK(rows->read(org().world(), row, cells, arena));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view statement{reinterpret_cast<const char*>(data), size};
  if (const auto parsed = simulator::soql::parse(statement)) {
    const std::string written = simulator::soql::to_text(*parsed);
    if (written.size() <= simulator::soql::longest_statement) {
      const auto again = simulator::soql::parse(written);
      CHECK(again.has_value());
      CHECK(simulator::soql::to_text(*again) == written);
    }
  }
  const bool with_deleted = size % 2 == 1;
  auto page = org().query(statement, with_deleted, 200, root);
  if (page) {
    constexpr std::string_view head = "{\"totalSize\":";
    CHECK(page->starts_with(head));
    if (page->find("\"AggregateResult\"") == std::string::npos)
      read_rows(statement, with_deleted, std::stoul(page->substr(head.size())));
  }
  while (page) {
    constexpr std::string_view next = "\"nextRecordsUrl\":\"/services/data/v66.0/query/";
    const auto at = page->find(next);
    if (at == std::string::npos) break;
    const std::size_t from = at + next.size();
    page = org().next_page(page->substr(from, page->find('"', from) - from), root);
    CHECK(page.has_value());
  }
  return 0;
}
