#include "queue/redis/redis_job.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "base/utf8.h"

namespace queue {
namespace {

int small(std::string_view text) {
  return static_cast<int>(std::clamp<std::int64_t>(number(text), 0, 1'000'000'000));
}

/// What should be JSON and is not, as a JSON text that shows it.
std::string as_json(const std::string& text) {
  boost::system::error_code failed;
  boost::json::storage_ptr memory = boost::json::make_shared_resource<boost::json::monotonic_resource>();
  boost::json::parse(text, failed, memory);
  return failed ? boost::json::serialize(boost::json::string(base::as_utf8(text))) : text;
}

std::vector<std::string> texts_of(std::string_view json) {
  std::vector<std::string> texts;
  boost::system::error_code failed;
  const auto parsed = boost::json::parse(json, failed);
  if (failed || !parsed.is_array()) return texts;
  for (const auto& item : parsed.get_array())
    if (const auto* text = item.if_string()) texts.emplace_back(*text);
  return texts;
}

JobOptions options_of(std::string_view json) {
  auto options = options_from_json(json);
  return options ? *std::move(options) : JobOptions{};
}

}  // namespace

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Job job_from(std::string id, const Reply& hash) {
  Job job;
  job.id = std::move(id);
  bool has_atm = false;
  for (std::size_t i = 0; i + 1 < hash.items.size(); i += 2) {
    const std::string_view name = hash.items[i].text;
    const std::string& value = hash.items[i + 1].text;
    if (name == "name")
      job.name = base::as_utf8(value);
    else if (name == "data")
      job.data = as_json(value);
    else if (name == "opts")
      job.options = options_of(value);
    else if (name == "timestamp")
      job.timestamp = moment(value);
    else if (name == "delay")
      job.delay = milliseconds{number(value)};
    else if (name == "priority")
      job.priority = small(value);
    else if (name == "rjk")
      job.scheduler = value;
    else if (name == "deid")
      job.deduplication_id = value;
    else if (name == "parentKey")
      job.parent_key = value;
    else if (name == "processedOn")
      job.processed_on = moment(value);
    else if (name == "finishedOn")
      job.finished_on = moment(value);
    else if (name == "pb")
      job.processed_by = base::as_utf8(value);
    else if (name == "ats")
      job.attempts_started = small(value);
    else if (name == "stc")
      job.stalled = small(value);
    else if (name == "defa")
      job.deferred_failure = base::as_utf8(value);
    else if (name == "progress")
      job.progress = as_json(value);
    else if (name == "returnvalue")
      job.return_value = as_json(value);
    else if (name == "failedReason")
      job.failed_reason = base::as_utf8(value);
    else if (name == "stacktrace")
      job.stacktrace = texts_of(value);
    else if (name == "nrjid")
      job.next_run = value;
    else if (name == "atm") {
      job.attempts_made = small(value);
      has_atm = true;
    } else if (name == "attemptsMade" && !has_atm) {
      job.attempts_made = small(value);
    }
  }
  return job;
}

Scheduler scheduler_from(std::string id, const Reply& hash, base::Utc next) {
  Scheduler scheduler;
  scheduler.id = std::move(id);
  scheduler.next = next;
  for (std::size_t i = 0; i + 1 < hash.items.size(); i += 2) {
    const std::string_view name = hash.items[i].text;
    const std::string& value = hash.items[i + 1].text;
    if (name == "name")
      scheduler.name = base::as_utf8(value);
    else if (name == "pattern")
      scheduler.repeat.pattern = value;
    else if (name == "every")
      scheduler.repeat.every = milliseconds{number(value)};
    else if (name == "tz")
      scheduler.repeat.tz = value;
    else if (name == "limit")
      scheduler.repeat.limit = number(value);
    else if (name == "startDate")
      scheduler.repeat.start = moment(value);
    else if (name == "endDate")
      scheduler.repeat.end = moment(value);
    else if (name == "offset")
      scheduler.repeat.offset = milliseconds{number(value)};
    else if (name == "ic")
      scheduler.iterations = number(value);
    else if (name == "data")
      scheduler.data = as_json(value);
    else if (name == "opts")
      scheduler.options = options_of(value);
  }
  return scheduler;
}

std::string_view key_of(State state) {
  return state == State::waiting ? "wait" : name_of(state);
}

std::string stacktrace_json(const std::vector<std::string>& stacktrace) {
  boost::json::array list;
  for (const std::string& entry : stacktrace) list.emplace_back(base::as_utf8(entry));
  return boost::json::serialize(list);
}

}  // namespace queue
