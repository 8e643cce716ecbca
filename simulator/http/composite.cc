#include "simulator/http/composite.h"

#include <algorithm>
#include <boost/json.hpp>

#include "simulator/http/answers.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::size_t most_subrequests = 25, most_queries = 5;

ApiError limit(std::string message) {
  return {400, std::string{unconfirmed::composite_limit_code}, std::move(message)};
}

std::optional<ApiError> check(const json::array& parts) {
  if (parts.size() > most_subrequests) return limit("The limit of 25 subrequests was exceeded");
  if (const auto wrong = Subrequests::check(parts)) return wrong;
  const auto queries = std::ranges::count_if(parts, [](const json::value& part) {
    const std::string url = text_at(part.as_object(), "url");
    return url.contains("/query") || url.contains("/composite/sobjects");
  });
  if (static_cast<std::size_t>(queries) > most_queries)
    return limit("The limit of 5 query and collections subrequests was exceeded");
  return std::nullopt;
}

}  // namespace

Reply Composite::answer(const Call& call) {
  if (call.method != "POST") return refuse(method_not_allowed(call.method));
  const auto request = object_in(call.body);
  const json::value* list = request ? request->if_contains("compositeRequest") : nullptr;
  if (!list || !list->is_array()) return refuse(bad_json_error);
  const json::array& parts = list->as_array();
  if (const auto wrong = check(parts)) return refuse(*wrong);
  const bool all_or_none = is_set(*request, "allOrNone");
  Subrequests subrequests{router_, call};
  std::vector<Reply> replies;
  bool failed = false;
  {
    Org::Transaction transaction{org_};
    for (const json::value& part : parts) {
      replies.push_back(failed && all_or_none ? refuse(halted_error) : subrequests.run(part.as_object()));
      failed = failed || replies.back().status >= 400;
    }
    if (!(failed && all_or_none)) transaction.commit();
  }
  if (failed && all_or_none)
    for (Reply& reply : replies)
      if (reply.status < 400) reply = refuse(halted_error);
  return {200, R"({"compositeResponse":[)" + Subrequests::joined(parts, replies) + "]}"};
}

}  // namespace simulator
