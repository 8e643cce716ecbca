#include "board/board_api.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "board/board_json.h"
#include "queue/cron.h"

namespace board {
namespace {

namespace json = boost::json;
using queue::State;
namespace code = queue::code;

/// How long a finished job is safe from "clean". Source: @bull-board/api, its GRACE_TIME_MS.
constexpr std::chrono::milliseconds clean_grace{5000};

http::Response answer_json(int status, const json::value& body) {
  return {status,
          {{"Content-Type", "application/json; charset=utf-8"}, {"Cache-Control", "no-store"}},
          json::serialize(body),
          {},
          false};
}
http::Response ok(const json::value& body = json::object{}) {
  return answer_json(200, body);
}
http::Response no_content() {
  return {204, {}, {}, {}, false};
}

json::object key(std::string_view name, const json::object& options = {}) {
  json::object out{{"key", "ERRORS." + std::string{name}}};
  if (!options.empty()) out["options"] = options;
  return out;
}

http::Response refuse(int status, std::string_view name, const json::object& options = {}, json::object more = {}) {
  more["error"] = key(name, options);
  return answer_json(status, more);
}
http::Response invalid(std::string_view name, std::string_view field) {
  return refuse(400, name, {{"field", field}}, {{"code", "INVALID_REQUEST"}});
}
http::Response no_job() {
  return refuse(404, "JOB_NOT_FOUND");
}

http::Response failed(const base::Error& error) {
  if (error.service_code == code::job_missing) return no_job();
  if (error.service_code == code::scheduler_missing) return refuse(404, "JOB_SCHEDULER_NOT_FOUND");
  if (error.service_code == code::not_paused) return refuse(400, "QUEUE_NOT_PAUSED");
  if (error.service_code == code::has_active)
    return refuse(409, "QUEUE_HAS_ACTIVE_JOBS", {}, {{"message", key("QUEUE_HAS_ACTIVE_JOBS_DETAILS")}});
  if (error.kind == base::ErrorKind::unreachable)
    return refuse(500, "REDIS_UNAVAILABLE", {}, {{"message", error.message}});
  return refuse(500, "INTERNAL_SERVER_ERROR", {}, {{"message", error.message}});
}

http::Response done(const base::Result<void>& result, bool with_body = true) {
  if (!result) return failed(result.error());
  return with_body ? ok() : no_content();
}

/// A parameter of the query: nothing where it is absent or empty.
std::optional<std::string> parameter(const http::Request& request, std::string_view name) {
  for (const auto& [given, value] : http::parse_form(request.query))
    if (given == name && !value.empty()) return value;
  return std::nullopt;
}

/// A whole number from 1 on; `otherwise` where it is absent; nothing where it is no such number.
std::optional<std::int64_t> count_parameter(const http::Request& request, std::string_view name,
                                            std::int64_t otherwise) {
  const auto text = parameter(request, name);
  if (!text) return otherwise;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size() || number < 1 || number > 1'000'000)
    return std::nullopt;
  return number;
}

std::optional<std::int64_t> whole_number(const json::object& body, std::string_view name) {
  const json::value* value = body.if_contains(name);
  if (!value) return std::nullopt;
  if (value->is_int64()) return value->get_int64();
  if (value->is_double() && std::floor(value->get_double()) == value->get_double() &&
      std::abs(value->get_double()) < 9e15)
    return static_cast<std::int64_t>(value->get_double());
  return std::nullopt;
}

std::string text_in(const json::object& body, std::string_view name) {
  const json::value* value = body.if_contains(name);
  return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

json::array status_names() {
  json::array names{"latest"};
  for (const State state : listed_states) names.push_back(json::value(queue::name_of(state)));
  return names;
}

}  // namespace

http::Response BoardApi::answer(const http::Request& request, const Path& path) {
  if (request.method == "GET" || request.method == "HEAD") return read(request, path);
  if (request.method != "PUT" && request.method != "PATCH" && request.method != "POST")
    return refuse(405, "INTERNAL_SERVER_ERROR", {},
                  {{"message", "the method " + request.method + " is not answered here"}});
  if (!may_change_) return refuse(405, "QUEUE_READ_ONLY");
  return change(request, path);
}

http::Response BoardApi::read(const http::Request& request, const Path& path) {
  if (path == Path{"queues"}) return queues(request);
  if (path == Path{"job-schedulers"}) return schedulers();
  if (path == Path{"redis", "stats"}) {
    const auto info = queue_.server_info();
    if (!info) return failed(info.error());
    return has_server_ && *info ? ok(server_json(**info)) : refuse(404, "REDIS_STATS_UNAVAILABLE");
  }
  if (path.size() >= 3 && path[0] == "queues") return read_queue(request, path);
  return refuse(404, "QUEUE_NOT_FOUND");
}

http::Response BoardApi::read_queue(const http::Request&, const Path& path) {
  if (path[1] != name_) return refuse(404, "QUEUE_NOT_FOUND");
  const std::string& what = path[2];
  if (path.size() == 3) {
    if (what == "metrics") {
      const auto completed = queue_.metrics(State::completed), failures = queue_.metrics(State::failed);
      if (!completed) return failed(completed.error());
      if (!failures) return failed(failures.error());
      return ok(json::object{{"completed", metrics_json(*completed)}, {"failed", metrics_json(*failures)}});
    }
    if (what == "workers") {
      const auto workers = queue_.workers();
      if (!workers) return failed(workers.error());
      if (!*workers) return ok(json::object{{"workers", nullptr}});
      json::array list;
      for (const queue::WorkerInfo& worker : **workers)
        list.push_back({{"id", worker.id},
                        {"name", worker.name.empty() ? json::value(nullptr) : json::value(worker.name)},
                        {"addr", worker.address},
                        {"age", worker.age.count()}});
      return ok(json::object{{"workers", std::move(list)}});
    }
    if (what == "rate-limit") {
      const auto settings = queue_.settings(now_);
      if (!settings) return failed(settings.error());
      json::value limit = nullptr;
      if (settings->limit_max)
        limit = json::object{{"max", *settings->limit_max}, {"duration", settings->limit_duration.count()}};
      return ok(json::object{{"supported", true}, {"rateLimit", std::move(limit)}});
    }
    if (what == "default-job-options" || what == "job-data-schema") return ok();
    return job(what);
  }
  if (path.size() == 4 && path[3] == "logs") {
    const auto logs = queue_.logs(what);
    return logs ? ok(json::value_from(logs->rows)) : failed(logs.error());
  }
  if (path.size() == 4 && path[3] == "flow") {
    const auto found = queue_.job(what);
    if (!found) return failed(found.error());
    if (!*found) return no_job();
    return ok(json::object{{"nodeId", what}, {"isFlowNode", false}, {"flowRoot", nullptr}});
  }
  return no_job();
}

base::Result<json::array> BoardApi::jobs_of(State state, std::int64_t first, std::int64_t last) {
  json::array list;
  ASSIGN_OR_RETURN(const auto jobs, queue_.jobs(state, first, last));
  for (const queue::Job& job : jobs) list.push_back(job_json(job));
  return list;
}

http::Response BoardApi::queues(const http::Request& request) {
  const auto page = count_parameter(request, "page", 1);
  const auto per_page = count_parameter(request, "jobsPerPage", 10);
  if (!page) return invalid("INVALID_QUERY_PARAM", "page");
  if (!per_page) return invalid("INVALID_QUERY_PARAM", "jobsPerPage");
  const std::string status = parameter(request, "status").value_or("latest");
  const auto state = queue::state_named(status);
  if (!state && status != "latest") return invalid("INVALID_QUERY_PARAM", "status");

  const auto counts = queue_.counts();
  const auto settings = queue_.settings(now_);
  const auto schedulers = queue_.schedulers();
  const auto workers = queue_.workers();
  if (!counts) return failed(counts.error());
  if (!settings) return failed(settings.error());
  if (!schedulers) return failed(schedulers.error());
  if (!workers) return failed(workers.error());

  json::object count_of;
  for (const State each : listed_states) count_of[queue::name_of(each)] = counts->at(each);
  std::int64_t first = 0, last = *per_page - 1, pages = 1;
  json::array jobs;
  if (parameter(request, "activeQueue") == name_) {
    std::vector<State> wanted;
    if (!state) {
      wanted.assign(listed_states.begin(), listed_states.end());
    } else {
      first = (*page - 1) * *per_page;
      last = first + *per_page - 1;
      pages = std::max<std::int64_t>(1, (counts->at(*state) + *per_page - 1) / *per_page);
      wanted.push_back(*state);
      // Those of a paused queue stand in another list, and people look for them among the waiting.
      if (*state == State::waiting && counts->at(State::waiting) == 0) wanted.push_back(State::paused);
    }
    for (const State each : wanted) {
      auto part = jobs_of(each, first, last);
      if (!part) return failed(part.error());
      jobs.insert(jobs.end(), part->begin(), part->end());
    }
  }
  return ok(json::object{
      {"queues",
       json::array{json::object{
           {"name", name_},
           {"statuses", status_names()},
           {"counts", std::move(count_of)},
           {"jobs", std::move(jobs)},
           {"pagination", {{"pageCount", pages}, {"range", {{"start", first}, {"end", last}}}}},
           {"readOnlyMode", !may_change_},
           {"allowRetries", may_change_},
           {"allowCompletedRetries", may_change_},
           {"isPaused", settings->paused},
           {"type", "bullmq"},
           {"delimiter", ""},
           {"globalConcurrency", settings->concurrency ? json::value(*settings->concurrency) : json::value(nullptr)},
           {"activeRateLimitTtl", settings->limited_for.count()},
           {"supportsGlobalRateLimit", true},
           {"jobSchedulerCount", schedulers->size()},
           {"hasWorkers", *workers ? json::value(!(*workers)->empty()) : json::value(nullptr)}}}}});
}

http::Response BoardApi::job(const std::string& id) {
  const auto found = queue_.job(id);
  if (!found) return failed(found.error());
  if (!*found) return no_job();
  const auto state = queue_.state_of(id);
  if (!state) return failed(state.error());
  return ok(json::object{{"job", job_json(**found)}, {"status", *state ? queue::name_of(**state) : "unknown"}});
}

http::Response BoardApi::schedulers() {
  const auto all = queue_.schedulers();
  if (!all) return failed(all.error());
  json::array list;
  for (const queue::Scheduler& scheduler : *all) {
    const auto run = [&](std::int64_t at) { return queue_.job("repeat:" + scheduler.id + ":" + std::to_string(at)); };
    const std::int64_t next_at = scheduler.next.time_since_epoch().count();
    const auto next = run(next_at);
    if (!next) return failed(next.error());
    std::optional<queue::Job> last;
    if (scheduler.repeat.pattern.empty() && scheduler.iterations > 1) {
      const auto found = run(next_at - scheduler.repeat.every.count());
      if (!found) return failed(found.error());
      last = *found;
    }
    list.push_back(scheduler_json(scheduler, name_, next->has_value(), last));
  }
  return ok(json::object{{"schedulers", std::move(list)}});
}

http::Response BoardApi::change(const http::Request& request, const Path& path) {
  json::object body;
  if (!request.body.empty()) {
    boost::system::error_code broken;
    json::value value = json::parse(request.body, broken);
    if (broken || !value.is_object()) return invalid("INVALID_REQUEST_BODY", "body");
    body = std::move(value.get_object());
  }
  const std::string& method = request.method;
  if (path.size() == 2 && path[0] == "queues" && method == "PUT" && (path[1] == "pause" || path[1] == "resume"))
    return change_queue(path[1], body);
  if (path.size() < 3 || path[0] != "queues" || path[1] != name_) return refuse(404, "QUEUE_NOT_FOUND");
  if (path[2] == "job-schedulers" && (path.size() == 4 || path.size() == 5))
    return change_scheduler(method, path[3], path.size() == 5 ? path[4] : "", body);
  if (path.size() == 3 && method == "POST" && path[2] == "add") return add(body);
  if (path.size() == 3 && method == "PUT") return change_queue(path[2], body);
  if (path.size() == 4 && method == "PUT" && (path[2] == "retry" || path[2] == "clean"))
    return change_many(path[2], path[3]);
  if (path.size() == 4 && method == "PUT" && path[2] == "rate-limit" && path[3] == "release")
    return done(queue_.release_rate_limit());
  if (path.size() == 4) return change_job(path[2], path[3], body);
  return no_job();
}

http::Response BoardApi::change_queue(const std::string& what, const json::object& body) {
  if (what == "pause") return done(queue_.pause());
  if (what == "resume") return done(queue_.resume());
  if (what == "empty") return done(queue_.drain(false));
  if (what == "promote") {
    const auto promoted = queue_.promote_all(now_);
    return promoted ? ok() : failed(promoted.error());
  }
  if (what == "obliterate") {
    const json::value* force = body.if_contains("force");
    return done(queue_.obliterate(force && force->is_bool() && force->get_bool()));
  }
  if (what == "concurrency") {
    const auto most = whole_number(body, "concurrency");
    if (!most || *most < 0 || *most > 1'000'000) return refuse(400, "INVALID_CONCURRENCY");
    return done(queue_.set_concurrency(*most == 0 ? std::nullopt : std::optional{static_cast<int>(*most)}));
  }
  if (what == "rate-limit") {
    const json::value* most = body.if_contains("max");
    if (!most || most->is_null()) return done(queue_.set_rate_limit(std::nullopt));
    const auto max = whole_number(body, "max"), duration = whole_number(body, "duration");
    if (!max || !duration || *max < 1 || *max > 1'000'000'000 || *duration < 1)
      return refuse(400, "INVALID_RATE_LIMIT");
    return done(queue_.set_rate_limit(
        queue::JobQueue::RateLimit{static_cast<int>(*max), std::chrono::milliseconds{*duration}}));
  }
  return no_job();
}

http::Response BoardApi::change_many(const std::string& what, const std::string& status) {
  const auto state = queue::state_named(status);
  if (what == "retry") {
    if (state != State::failed && state != State::completed)
      return refuse(400, "STATUS_NOT_RETRIABLE", {{"status", status}});
    const auto retried = queue_.retry_all(*state, now_);
    return retried ? ok(json::object{{"retried", *retried}, {"skipped", 0}}) : failed(retried.error());
  }
  if (!state) return invalid("INVALID_QUERY_PARAM", "status");
  const auto cleaned = queue_.clean(*state, clean_grace, 0, now_);
  return cleaned ? ok() : failed(cleaned.error());
}

http::Response BoardApi::change_job(const std::string& id, const std::string& what, const json::object& body) {
  const auto found = queue_.job(id);
  if (!found) return failed(found.error());
  if (!*found) return no_job();
  if (what == "retry") return retry_job(id);
  if (what == "promote") return done(queue_.promote(id, now_), false);
  if (what == "clean") return clean_job(id);
  if (what == "update-data") {
    const json::value* data = body.if_contains("jobData");
    if (!data) return invalid("INVALID_REQUEST_BODY", "jobData");
    return done(queue_.set_data(id, json::serialize(*data)));
  }
  if (what == "delay") {
    const auto run_at = whole_number(body, "runAt");
    if (!run_at || *run_at < 0) return refuse(400, "INVALID_RUN_AT");
    const auto state = queue_.state_of(id);
    if (!state) return failed(state.error());
    if (*state != State::delayed)
      return refuse(400, "JOB_NOT_DELAYED", {{"status", *state ? queue::name_of(**state) : "unknown"}});
    const auto delay =
        std::max(std::chrono::milliseconds{0}, std::chrono::milliseconds{*run_at} - now_.time_since_epoch());
    return done(queue_.change_delay(id, delay, now_));
  }
  if (what == "priority") {
    const auto priority = whole_number(body, "priority");
    if (!priority || *priority < 0 || *priority > queue::lowest_priority)
      return refuse(400, "INVALID_PRIORITY", {{"max", queue::lowest_priority}});
    return done(queue_.change_priority(id, static_cast<int>(*priority)));
  }
  if (what == "remove-unprocessed-children") return refuse(400, "JOB_HAS_NO_UNPROCESSED_CHILDREN");
  return no_job();
}

http::Response BoardApi::retry_job(const std::string& id) {
  const auto state = queue_.state_of(id);
  if (!state) return failed(state.error());
  const auto result = queue_.retry_finished(id, now_);
  if (!result && result.error().service_code == code::wrong_state)
    return refuse(400, "JOB_NOT_RETRIABLE", {{"state", *state ? queue::name_of(**state) : "unknown"}});
  return done(result, false);
}

http::Response BoardApi::clean_job(const std::string& id) {
  const auto job = queue_.job(id);
  const auto result = queue_.remove(id);
  if (!result && result.error().service_code == code::of_scheduler) {
    const std::string scheduler = job && *job ? (*job)->scheduler : "";
    return refuse(
        400, "JOB_BELONGS_TO_JOB_SCHEDULER", {},
        {{"message", key("JOB_BELONGS_TO_JOB_SCHEDULER_DETAILS", {{"jobId", id}, {"jobSchedulerId", scheduler}})},
         {"code", "JOB_BELONGS_TO_JOB_SCHEDULER"},
         {"jobSchedulerId", scheduler}});
  }
  if (!result && result.error().service_code == code::job_is_active)
    return refuse(409, "JOB_IS_ACTIVE", {}, {{"message", key("JOB_IS_ACTIVE_DETAILS", {{"jobId", id}})}});
  return done(result, false);
}

http::Response BoardApi::add(const json::object& body) {
  queue::NewJob job;
  job.name = text_in(body, "name");
  if (job.name.empty()) return invalid("INVALID_REQUEST_BODY", "name");
  if (const json::value* data = body.if_contains("data")) job.data = json::serialize(*data);
  if (const json::value* options = body.if_contains("options"); options && !options->is_null()) {
    if (!options->is_object()) return invalid("INVALID_REQUEST_BODY", "options");
    auto read = queue::options_from_json(json::serialize(*options));
    if (!read) return invalid("INVALID_REQUEST_BODY", "options: " + read.error().message);
    job.options = std::move(*read);
  }
  const auto id = queue_.add(job, now_);
  if (!id) {
    if (id.error().kind == base::ErrorKind::rejected) return invalid("INVALID_REQUEST_BODY", id.error().message);
    return failed(id.error());
  }
  return this->job(*id);
}

http::Response BoardApi::change_scheduler(const std::string& method, const std::string& id, const std::string& what,
                                          const json::object& body) {
  const auto found = queue_.scheduler(id);
  if (!found) return failed(found.error());
  if (!*found) return refuse(404, "JOB_SCHEDULER_NOT_FOUND");
  queue::Scheduler scheduler = **found;
  if (method == "PUT" && what == "remove") return done(queue_.remove_scheduler(id), false);
  if (method == "PUT" && what == "run") {
    const auto added =
        queue_.add({scheduler.name.empty() ? scheduler.id : scheduler.name, scheduler.data, scheduler.options}, now_);
    if (!added) return failed(added.error());
    const auto job = queue_.job(*added);
    if (!job) return failed(job.error());
    return *job ? ok(json::object{{"job", job_json(**job)}}) : no_job();
  }
  if (method != "PATCH" || !what.empty()) return refuse(404, "JOB_SCHEDULER_NOT_FOUND");

  const std::string pattern = text_in(body, "pattern"), zone = text_in(body, "tz");
  const bool has_every = body.contains("every") && !body.at("every").is_null();
  if (pattern.empty() != has_every) return refuse(400, "INVALID_SCHEDULER_SCHEDULE");
  queue::Repeat repeat;
  repeat.pattern = pattern;
  repeat.tz = zone;
  if (has_every) {
    const auto every = whole_number(body, "every");
    if (!every || *every < 1) return refuse(400, "INVALID_SCHEDULER_INTERVAL");
    repeat.every = std::chrono::milliseconds{*every};
  } else if (const auto cron = queue::Cron::parse(pattern); !cron) {
    return refuse(400, "INVALID_SCHEDULER_PATTERN", {}, {{"message", cron.error().message}});
  } else if (const auto known = queue::Zone::named(zone); !known) {
    return refuse(400, "INVALID_SCHEDULER_SCHEDULE", {}, {{"message", known.error().message}});
  }
  if (const json::value* given = body.if_contains("limit"); given && !given->is_null()) {
    repeat.limit = whole_number(body, "limit");
    if (!repeat.limit || *repeat.limit < 1) return refuse(400, "INVALID_SCHEDULER_LIMIT");
  }
  if (const json::value* given = body.if_contains("endDate"); given && !given->is_null()) {
    const auto end = whole_number(body, "endDate");
    if (!end || *end <= now_.time_since_epoch().count()) return refuse(400, "INVALID_SCHEDULER_END_DATE");
    repeat.end = base::Utc{std::chrono::milliseconds{*end}};
  }
  scheduler.repeat = repeat;
  const auto upserted = queue_.upsert_scheduler(scheduler, now_);
  return upserted ? no_content() : failed(upserted.error());
}

}  // namespace board
