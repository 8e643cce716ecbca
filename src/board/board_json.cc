#include "board/board_json.h"

#include <algorithm>
#include <charconv>

namespace board {
namespace {

namespace json = boost::json;

std::int64_t ms(base::Utc moment) {
  return moment.time_since_epoch().count();
}

template <class Number>
Number number_at(const queue::ServerInfo& info, const char* name) {
  Number number{};
  if (const auto found = info.find(name); found != info.end())
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), number);
  return number;
}

std::string text_at(const queue::ServerInfo& info, const char* name) {
  const auto found = info.find(name);
  return found == info.end() ? std::string{} : found->second;
}

}  // namespace

json::value parsed(std::string_view text) {
  boost::system::error_code broken;
  json::value value = json::parse(text, broken);
  return broken ? json::value(text) : value;
}

json::object job_json(const queue::Job& job) {
  json::array stack;
  for (auto trace = job.stacktrace.rbegin(); trace != job.stacktrace.rend(); ++trace)
    stack.push_back(json::value(*trace));
  json::object options;
  if (json::value shown = parsed(queue::options_json(job.options, queue::Spelling::shown)); shown.is_object())
    options = std::move(shown.get_object());
  if (!options.contains("attempts")) options["attempts"] = 0;
  options.erase("repeatJobKey");
  json::object out{{"id", job.id},
                   {"name", job.name},
                   {"timestamp", ms(job.timestamp)},
                   {"progress", parsed(job.progress)},
                   {"attempts", job.attempts_made},
                   {"delay", job.delay.count()},
                   {"stacktrace", std::move(stack)},
                   {"opts", std::move(options)},
                   {"data", parsed(job.data)},
                   {"returnValue", job.return_value.empty() ? json::value(nullptr) : parsed(job.return_value)},
                   {"isFailed", !job.failed_reason.empty() || !job.stacktrace.empty()}};
  if (job.processed_on) out["processedOn"] = ms(*job.processed_on);
  if (job.finished_on) out["finishedOn"] = ms(*job.finished_on);
  if (!job.processed_by.empty()) out["processedBy"] = job.processed_by;
  if (!job.failed_reason.empty()) out["failedReason"] = job.failed_reason;
  if (job.priority != 0) out["priority"] = job.priority;
  if (job.attempts_started > job.attempts_made) out["attemptsStarted"] = job.attempts_started;
  if (job.stalled > 0) out["stalledCounter"] = job.stalled;
  if (!job.deduplication_id.empty()) out["deduplicationId"] = job.deduplication_id;
  if (!job.deferred_failure.empty()) out["deferredFailure"] = job.deferred_failure;
  return out;
}

json::object scheduler_json(const queue::Scheduler& scheduler, std::string_view queue_name, bool next_exists,
                            const std::optional<queue::Job>& last) {
  const queue::Repeat& repeat = scheduler.repeat;
  json::object out{{"id", scheduler.id},
                   {"queueName", queue_name},
                   {"name", scheduler.name.empty() ? scheduler.id : scheduler.name},
                   {"next", ms(scheduler.next)},
                   {"iterationCount", scheduler.iterations},
                   {"template",
                    {{"data", parsed(scheduler.data)},
                     {"opts", parsed(queue::options_json(scheduler.options, queue::Spelling::shown))}}}};
  if (repeat.pattern.empty()) {
    out["every"] = repeat.every.count();
  } else {
    out["pattern"] = repeat.pattern;
  }
  if (!repeat.tz.empty()) out["tz"] = repeat.tz;
  if (repeat.limit) out["limit"] = *repeat.limit;
  if (repeat.start) out["startDate"] = ms(*repeat.start);
  if (repeat.end) out["endDate"] = ms(*repeat.end);
  if (next_exists) out["nextRunJobId"] = "repeat:" + scheduler.id + ":" + std::to_string(ms(scheduler.next));
  if (last) {
    out["lastRun"] = ms(last->timestamp);
    out["lastRunJobId"] = last->id;
  }
  return out;
}

json::value metrics_json(const std::optional<queue::Metrics>& metrics) {
  if (!metrics) return nullptr;
  return json::object{
      {"meta",
       {{"count", metrics->count}, {"prevTS", ms(metrics->previous_at)}, {"prevCount", metrics->previous_count}}},
      {"data", json::value_from(metrics->data)},
      {"count", metrics->data.size()}};
}

json::object server_json(const queue::ServerInfo& info) {
  const auto whole = [&](const char* name) { return number_at<std::int64_t>(info, name); };
  const std::int64_t most = whole("maxmemory");
  return {{"backend", "redis"},
          {"version", text_at(info, "redis_version")},
          {"mode", text_at(info, "redis_mode")},
          {"port", whole("tcp_port")},
          {"os", text_at(info, "os")},
          {"uptime", whole("uptime_in_seconds")},
          {"memory",
           {{"total", most > 0 ? most : whole("total_system_memory")},
            {"used", whole("used_memory")},
            {"fragmentationRatio", number_at<double>(info, "mem_fragmentation_ratio")},
            {"peak", whole("used_memory_peak")}}},
          {"clients", {{"connected", whole("connected_clients")}, {"blocked", whole("blocked_clients")}}}};
}

}  // namespace board
