#include <boost/json.hpp>

#include "simulator/http/answers.h"
#include "simulator/http/composite.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::size_t most_parts = 25;
constexpr std::string_view data_path = "/services/data/";

/// "v66.0/sobjects/…" is meant as "/services/data/v66.0/sobjects/…", which is taken too.
std::string whole_url(std::string url) {
  if (url.starts_with(data_path)) return url;
  if (url.starts_with('/')) url.erase(0, 1);
  return url.starts_with(data_path.substr(1)) ? "/" + url : std::string{data_path} + url;
}

}  // namespace

Reply Batch::answer(const Call& call) {
  if (call.method != "POST") return refuse(method_not_allowed(call.method));
  const auto request = object_in(call.body);
  const json::value* list = request ? request->if_contains("batchRequests") : nullptr;
  if (!list || !list->is_array()) return refuse(bad_json_error);
  const json::array& parts = list->as_array();
  if (parts.size() > most_parts)
    return refuse(
        {400, std::string{unconfirmed::composite_limit_code}, "The limit of 25 requests in a batch was exceeded"});
  for (const json::value& part : parts)
    if (!part.is_object()) return refuse(bad_json_error);
  const bool halts = is_set(*request, "haltOnError");
  bool failed = false;
  std::string results;
  for (const json::value& part : parts) {
    const Reply reply = failed && halts
                            ? refuse({412, "BATCH_PROCESSING_HALTED", "Batch processing halted per request"})
                            : run(call, part.as_object());
    failed = failed || reply.status >= 400;
    if (!results.empty()) results += ',';
    results += "{\"statusCode\":" + std::to_string(reply.status) +
               ",\"result\":" + (reply.body.empty() ? "null" : reply.body) + "}";
  }
  Reply reply{200, std::string{R"({"hasErrors":)"} + (failed ? "true" : "false") + R"(,"results":[)" + results + "]}"};
  reply.calls = static_cast<std::int64_t>(std::max<std::size_t>(1, parts.size()));
  return reply;
}

Reply Batch::run(const Call& call, const json::object& part) {
  auto nested = nested_call(router_, call, whole_url(text_at(part, "url")));
  if (!nested) return refuse(nested.error());
  nested->call.method = text_at(part, "method");
  nested->call.headers = call.headers;
  if (const json::value* body = part.if_contains("richInput")) nested->call.body = json::serialize(*body);
  return nested->resource->answer(nested->call);
}

}  // namespace simulator
