#include "simulator/http/query.h"

#include <algorithm>
#include <cstdlib>

#include "simulator/http/answers.h"
#include "simulator/http/columns.h"

namespace simulator {
namespace {

constexpr std::size_t largest_page = 2'000, smallest_page = 200;
constexpr std::string_view page_option = "batchSize=";

std::size_t page_size(const Call& call) {
  const std::string options{call.header("sforce-query-options")};
  const auto at = options.find(page_option);
  if (at == std::string::npos) return largest_page;
  return std::clamp<std::size_t>(std::strtoul(options.c_str() + at + page_option.size(), nullptr, 10), smallest_page,
                                 largest_page);
}

}  // namespace

Reply QueryResource::answer(const Call& call) {
  if (call.method != "GET") return refuse(not_found_error);
  if (call.path.size() == 2) return reply_with(org_.next_page(call.path[1], call.root, call.caller));
  const std::string statement = parameter(call.query, "q");
  const bool with_deleted = call.path[0] == "queryAll";
  if (parameter(call.query, "columns") == "true")
    return reply_with(query_columns_json(org_, call.caller, statement, with_deleted));
  return reply_with(org_.query(statement, with_deleted, page_size(call), call.root, call.caller));
}

}  // namespace simulator
