#include "simulator/http/api.h"

#include <boost/json.hpp>
#include <thread>

#include "base/time_text.h"
#include "simulator/http/answers.h"

namespace simulator {
namespace {

namespace json = boost::json;
using Fault = Misfortune::Kind;

const ApiError limit_exceeded{403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."};

std::string resources_json(const std::string& root) {
  return json::serialize(json::object{{"sobjects", root + "/sobjects"},
                                      {"query", root + "/query"},
                                      {"queryAll", root + "/queryAll"},
                                      {"composite", root + "/composite"},
                                      {"jobs", root + "/jobs"},
                                      {"limits", root + "/limits"}});
}

}  // namespace

Api::Api(Org& org, const ApiOptions& options)
    : org_(org),
      limits_(org.clock()),
      auth_(org, options.auth),
      control_(access(), limits_, faults_, statistics_),
      describe_(org),
      rows_(org),
      query_(org),
      collections_(org),
      composite_(org, router_),
      limits_resource_(limits_) {
  limits_.set_max(daily_calls_limit, options.daily_calls);
  mount("sobjects", describe_);
  mount("sobjects/*/describe", describe_);
  mount("sobjects/**", rows_);
  for (const char* pattern : {"query", "query/*", "queryAll", "queryAll/*"}) mount(pattern, query_);
  for (const char* pattern : {"composite/sobjects", "composite/sobjects/*", "composite/sobjects/*/*"})
    mount(pattern, collections_);
  mount("composite", composite_);
  mount("limits", limits_resource_);
}

http::Response Api::handle(const http::Request& request) {
  http::Response response;
  Misfortune misfortune;
  Reply reply;
  before_each_();
  if (request.path.starts_with("/__sim/")) {
    reply = control_.answer(request);
  } else {
    misfortune = faults_.decide(request.method, request.path, request.path + "?" + request.query + "\n" + request.body);
    if (misfortune.kind == Fault::cut_before) {
      response.close_without_answer = true;
      return response;
    }
    if (misfortune.kind == Fault::expire_token) auth_.expire_tokens();
    reply = answer(request, misfortune);
  }
  response.status = reply.status;
  response.headers = std::move(reply.headers);
  response.body = std::move(reply.body);
  response.stream = std::move(reply.stream);
  response.close_without_answer = misfortune.kind == Fault::cut_after;
  response.headers.emplace_back("Date", base::to_http_date(org_.clock().now()));
  response.headers.emplace_back("Content-Type", std::move(reply.content_type));
  if (misfortune.latency.count() > 0) std::this_thread::sleep_for(misfortune.latency);
  return response;
}

Reply Api::answer(const http::Request& request, const Misfortune& misfortune) {
  if (auto reply = auth_.answer(request)) {
    statistics_.count("oauth");
    return *std::move(reply);
  }
  if (request.path == "/services/data")
    return {200, R"([{"label":"Summer '24","url":"/services/data/v61.0","version":"61.0"},)"
                 R"({"label":"Winter '25","url":"/services/data/v62.0","version":"62.0"},)"
                 R"({"label":"Spring '26","url":"/services/data/v66.0","version":"66.0"}])"};
  if (misfortune.kind == Fault::unavailable) return refuse({503, "SERVER_UNAVAILABLE", "server too busy"});
  if (misfortune.kind == Fault::html_error) {
    Reply reply{500, "<html><body><h1>An internal server error has occurred</h1></body></html>"};
    reply.content_type = "text/html;charset=UTF-8";
    return reply;
  }
  if (misfortune.kind == Fault::request_limit) return refuse(limit_exceeded);
  const auto caller = auth_.user_of(request.header("authorization"));
  if (!caller) return refuse({401, "INVALID_SESSION_ID", "Session expired or invalid"});
  if (auto reply = auth_.answer_signed_in(request, *caller)) return *std::move(reply);
  Reply reply = limits_.spend(daily_calls_limit) ? data(request, *caller, misfortune) : refuse(limit_exceeded);
  reply.headers.emplace_back("Sforce-Limit-Info", "api-usage=" + std::to_string(limits_.used(daily_calls_limit)) + "/" +
                                                      std::to_string(limits_.max(daily_calls_limit)));
  return reply;
}

Reply Api::data(const http::Request& request, std::uint64_t caller, const Misfortune& misfortune) {
  auto call = parse_data_path(request.path);
  if (!call) return refuse(not_found_error);
  if (call->path.empty()) return {200, resources_json(call->root)};
  Resource* resource = router_.find(call->path);
  if (!resource) return refuse(not_found_error);
  call->method = request.method;
  call->query = request.query;
  call->headers = request.headers;
  call->body = request.body;
  call->user = caller;
  call->misfortune = misfortune;
  call->faults = &faults_;
  statistics_.count(resource->kind(*call));
  if (resource->guards_itself()) return resource->answer(*call);
  const std::lock_guard lock{mutex_};
  return resource->answer(*call);
}

}  // namespace simulator
