// Any text as a SOQL statement over a small org: it is refused or answered, and every page can be read.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "simulator/org/org.h"

namespace {

simulator::Org& org() {
  static const base::ManualClock clock{base::Utc{std::chrono::sys_days{std::chrono::year{2026} / 1 / 31}}};
  static simulator::Org made{clock, {.sample = {.contacts = 300}, .schema = {}}};
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view statement{reinterpret_cast<const char*>(data), size};
  const bool with_deleted = size % 2 == 1;
  auto page = org().query(statement, with_deleted, 200, "/services/data/v66.0");
  while (page) {
    constexpr std::string_view next = "/query/01g";
    const auto at = page->rfind(next);
    if (at == std::string::npos || page->find("\"done\":false") == std::string::npos) break;
    const std::size_t from = at + next.size() - 3;
    page = org().next_page(page->substr(from, page->find('"', from) - from), "/services/data/v66.0");
  }
  return 0;
}
