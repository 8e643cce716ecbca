#include "simulator/http/api.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <thread>

#include "base/time_text.h"
#include "gzip/gzip.h"
#include "simulator/http/answers.h"
#include "simulator/http/transport.h"
#include "simulator/http/versions.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

constexpr std::size_t largest_uri = 16'384, largest_json = 50 << 20, largest_unpacked = 160 << 20;
constexpr std::string_view control_path = "/__sim/", html_type = "text/html;charset=UTF-8";

const ApiError limit_exceeded{403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."};
const ApiError too_many_long_calls{403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."};

bool accepts_gzip(const http::Request& request) {
  return request.header("accept-encoding").contains("gzip");
}
bool is_packed(const http::Request& request) {
  return request.header("content-encoding") == "gzip";
}

Reply html(int status, const std::string& text) {
  Reply reply{status, "<html><head><title>" + text + "</title></head><body><h1>" + text + "</h1></body></html>"};
  reply.content_type = html_type;
  return reply;
}

/// What a fault answers, in the form of the place that it befell.
Reply reply_of(const Misfortune::Answer& answer, const http::Request& request) {
  Reply reply;
  if (answer.html) {
    reply = html(answer.error.status, answer.error.message);
  } else if (request.path.starts_with("/services/oauth2/")) {
    reply = oauth_error(answer.error.code, answer.error.message, answer.error.status);
  } else {
    reply = refuse(answer.error);
  }
  if (answer.retry_after_s) reply.headers.emplace_back("Retry-After", std::to_string(*answer.retry_after_s));
  return reply;
}

std::optional<Reply> too_large(const http::Request& request) {
  const std::size_t uri = request.path.size() + 1 + request.query.size();
  if (uri > largest_uri) return html(414, "URI Too Long");
  std::size_t head = uri;
  for (const auto& [name, value] : request.headers) head += name.size() + value.size();
  if (head > largest_uri) return html(431, "Request Header Fields Too Large");
  return std::nullopt;
}

/// The Salesforce CLI joins an address that ends in a slash with a path that begins with one.
bool has_slashes_to_spare(const http::Request& request) {
  return unconfirmed::leading_slashes_are_one && request.path.starts_with("//");
}

http::Request with_one_slash(http::Request request) {
  request.path.erase(0, std::min(request.path.find_first_not_of('/'), request.path.size()) - 1);
  return request;
}

Call call_of(const http::Request& request, Call call) {
  call.method = request.method;
  call.query = request.query;
  call.headers = request.headers;
  call.body = request.body;
  // For clients that know no PATCH.
  if (unconfirmed::method_can_be_tunnelled && call.method == "POST")
    if (std::string real = parameter(call.query, "_HttpMethod"); !real.empty()) call.method = std::move(real);
  return call;
}

}  // namespace

Api::Api(Org& org, const ApiOptions& options)
    : org_(org),
      options_(options),
      limits_(org.clock()),
      auth_(access(), options.auth),
      control_({access(), limits_, flights_, faults_, statistics_, auth_, options.clock,
                [this](Call call) {
                  Resource* resource = router_.find(call.path);
                  return resource ? run(call, *resource) : refuse(not_found_error);
                }}),
      describe_(org),
      rows_(org),
      query_(org),
      collections_(org),
      composite_(org, router_),
      graph_(org, router_),
      batch_(router_),
      tree_(org),
      replication_(org),
      record_count_(org),
      tooling_(org),
      limits_resource_(limits_) {
  flights_.set_limit(options.long_calls);
  limits_.set_max(daily_calls_limit, options.daily_calls);
  mount("sobjects", describe_);
  mount("sobjects/*/describe", describe_);
  mount("sobjects/*/updated", replication_);
  mount("sobjects/*/deleted", replication_);
  mount("sobjects/**", rows_);
  for (const char* pattern : {"query", "query/*", "queryAll", "queryAll/*"}) mount(pattern, query_);
  for (const char* pattern : {"composite/sobjects", "composite/sobjects/*", "composite/sobjects/*/*"})
    mount(pattern, collections_);
  mount("composite", composite_);
  mount("composite/graph", graph_);
  mount("composite/batch", batch_);
  mount("composite/tree/*", tree_);
  mount("tooling/sobjects/*", tooling_);
  mount("limits/recordCount", record_count_);
  mount("limits", limits_resource_);
}

http::Response Api::handle(const http::Request& request) {
  if (has_slashes_to_spare(request)) return handle(with_one_slash(request));
  before_each_();
  if (request.path.starts_with(control_path)) return dressed(request, control_.answer(request), {}, nullptr);
  if (is_packed(request) && unconfirmed::request_bodies_may_be_packed) {
    auto body = gzip::unpacked(request.body, largest_unpacked);
    if (!body) return dressed(request, refuse({400, "JSON_PARSER_ERROR", body.error().message}), {}, nullptr);
    http::Request plain = request;
    plain.body = *std::move(body);
    plain.headers.erase("content-encoding");
    return handle(plain);
  }
  auto flight = flights_.begin(org_.clock().elapsed());
  const Misfortune misfortune = misfortune_of(request);
  if (misfortune.cut_before) {
    http::Response cut;
    cut.close_without_answer = true;
    return cut;
  }
  Reply reply = answer(request, misfortune, flight);
  return dressed(request, std::move(reply), misfortune, std::move(flight));
}

Misfortune Api::misfortune_of(const http::Request& request) {
  Misfortune misfortune =
      faults_.decide(request.method, request.path, request.path + "?" + request.query + "\n" + request.body);
  if (misfortune.expire_token) auth_.expire_sessions();
  return misfortune;
}

Reply Api::answer(const http::Request& request, const Misfortune& misfortune, Flight& flight) {
  if (misfortune.answer) return reply_of(*misfortune.answer, request);
  if (auto reply = too_large(request)) return *std::move(reply);
  if (auto reply = auth_.answer(request)) {
    statistics_.count("oauth");
    return *std::move(reply);
  }
  if (request.path == "/services/data" || request.path == "/services/data/") {
    statistics_.count("versions");
    return {200, versions_json()};
  }
  // Where jsforce turns with many records unless it is told otherwise; better no than "session expired".
  if (request.path.starts_with("/services/async/"))
    return {400,
            R"({"exceptionCode":"FeatureNotEnabled","exceptionMessage":"sfsim has no Bulk API 1.0: use Bulk API 2.0, )"
            R"(/services/data/vXX.X/jobs"})"};
  auto admitted = admit(request, misfortune, flight);
  if (Reply* refused = std::get_if<Reply>(&admitted)) return std::move(*refused);
  const auto& [call, resource] = std::get<Admitted>(admitted);
  return limited(run(call, *resource));
}

std::variant<Api::Admitted, Reply> Api::admit(const http::Request& request, const Misfortune& misfortune,
                                              Flight& flight) {
  if (flights_.is_full(org_.clock().elapsed())) return refuse(too_many_long_calls);
  const auto session = auth_.session_of(request.header("authorization"));
  if (!session) return refuse(session.error());
  auto parsed = parse_data_path(request.path);
  if (!parsed) return refuse(not_found_error);
  if (const auto gone = version_error(parsed->version)) return refuse(*gone);
  const bool spent = limits_.spend(daily_calls_limit);
  const auto counted = [&](Reply reply) {
    reply.headers.emplace_back("Sforce-Limit-Info", limits_.usage());
    return reply;
  };
  if (!spent) return counted(refuse(limit_exceeded));
  Call call = call_of(request, *std::move(parsed));
  if (call.path.empty()) return counted({200, resources_json(call.root)});
  Resource* resource = router_.find(call.path);
  if (!resource) return counted(refuse(not_found_error));
  if (call.body.size() > largest_json && resource->takes_json())
    return counted(refuse({413, "EXCEEDED_MAX_SIZE_REQUEST", "The maximum request size of 50 MB was exceeded"}));
  if (!call.body.empty() && resource->takes_json() && !call.header("content-type").starts_with("application/json"))
    return counted(refuse({415, "UNSUPPORTED_MEDIA_TYPE",
                           "Content type '" + std::string{call.header("content-type")} + "' is not supported"}));
  call.caller.user = static_cast<std::uint16_t>(session->user);
  call.caller.saves_duplicates = call.header("sforce-duplicate-rule-header").contains("allowSave=true");
  if ((options_.latency + misfortune.latency).count() > 0) keep_locks(call.caller, flight);
  call.misfortune = misfortune;
  call.faults = &faults_;
  statistics_.count(resource->kind(call));
  return Admitted{std::move(call), resource};
}

void Api::keep_locks(Caller& caller, Flight& flight) {
  const std::lock_guard lock{mutex_};
  caller.request = org_.locks().begin();
  flight = Flight{flight.get(), [this, inner = flight, holder = caller.request](void*) {
                    const std::lock_guard ending{mutex_};
                    org_.locks().end(holder);
                  }};
}

Reply Api::run(const Call& call, Resource& resource) {
  if (resource.guards_itself()) return resource.answer(call);
  const std::lock_guard lock{mutex_};
  org_.pass_time();
  return resource.answer(call);
}

/// What the call cost beyond the one that was counted when it was let in, and how much of the day is used.
Reply Api::limited(Reply reply) {
  if (reply.calls > 1 && !limits_.spend(daily_calls_limit, reply.calls - 1)) limits_.exhaust(daily_calls_limit);
  reply.headers.emplace_back("Sforce-Limit-Info", limits_.usage());
  return reply;
}

http::Response Api::dressed(const http::Request& request, Reply reply, const Misfortune& misfortune, Flight flight) {
  http::Response response;
  response.status = reply.status;
  response.headers = std::move(reply.headers);
  response.body = std::move(reply.body);
  response.stream = std::move(reply.stream);
  response.close_without_answer = misfortune.cut_after;
  response.headers.emplace_back("Date", base::to_http_date(org_.clock().now()));
  if (!reply.content_type.empty()) response.headers.emplace_back("Content-Type", std::move(reply.content_type));
  befall(response, misfortune, accepts_gzip(request), org_.clock());
  if (response.stream)  // A call lasts as long as its answer.
    response.stream = [flight, stream = std::move(response.stream)](std::string& chunk) { return stream(chunk); };
  if (flight) wait(options_.latency + misfortune.latency);
  return response;
}

void Api::wait(std::chrono::milliseconds time) const {
  if (time.count() <= 0) return;
  if (options_.sleep) return options_.sleep(time);
  std::this_thread::sleep_for(time);
}

/// A call whose body goes to its resource as it comes.
class Api::Upload final : public http::BodyReceiver {
 public:
  Upload(Api& api, http::Request head)
      : api_(api),
        head_(std::move(head)),
        flight_(api.flights_.begin(api.org_.clock().elapsed())),
        misfortune_(api.misfortune_of(head_)) {
    if (misfortune_.cut_before) return;
    if (misfortune_.answer) {
      refusal_ = reply_of(*misfortune_.answer, head_);
      return;
    }
    auto admitted = api_.admit(head_, misfortune_, flight_);
    if (Reply* refused = std::get_if<Reply>(&admitted)) {
      refusal_ = std::move(*refused);
      return;
    }
    auto& [call, resource] = std::get<Admitted>(admitted);
    if (is_packed(head_) && unconfirmed::request_bodies_may_be_packed) {
      inflater_.emplace();
      call.headers.erase("content-encoding");
    }
    std::unique_lock lock{api_.mutex_, std::defer_lock};
    if (!resource->guards_itself()) lock.lock();
    sink_ = resource->receive(call);
  }

  bool take(std::string_view bytes) override {
    if (!sink_) return false;
    if (!inflater_) return sink_->write(bytes);
    std::array<char, 64 * 1024> room;
    while (!bytes.empty()) {
      const auto size = inflater_->inflate(bytes, room);
      if (!size) {
        refusal_ = refuse({400, "INVALIDCONTENT", "The body cannot be unpacked: " + size.error().message});
        return false;
      }
      if (*size > 0 && !sink_->write({room.data(), *size})) return false;
    }
    return true;
  }

  http::Response finish() override {
    if (misfortune_.cut_before) {
      http::Response cut;
      cut.close_without_answer = true;
      return cut;
    }
    if (!refusal_ && inflater_ && !inflater_->is_complete())
      refusal_ = refuse({400, "INVALIDCONTENT", "The body cannot be unpacked: it ends early"});
    Reply reply = refusal_ ? *std::move(refusal_) : api_.limited(sink_->finish());
    return api_.dressed(head_, std::move(reply), misfortune_, std::move(flight_));
  }

 private:
  Api& api_;
  const http::Request head_;
  Flight flight_;
  const Misfortune misfortune_;
  std::unique_ptr<BodySink> sink_;
  std::optional<Reply> refusal_;
  std::optional<gzip::Inflater> inflater_;
};

std::unique_ptr<http::BodyReceiver> Api::receive(const http::Request& head) {
  if (has_slashes_to_spare(head)) return receive(with_one_slash(head));
  auto parsed = parse_data_path(head.path);
  Resource* resource = parsed ? router_.find(parsed->path) : nullptr;
  if (!resource || !resource->takes_stream(call_of(head, *std::move(parsed)))) return nullptr;
  before_each_();
  return std::make_unique<Upload>(*this, head);
}

}  // namespace simulator
