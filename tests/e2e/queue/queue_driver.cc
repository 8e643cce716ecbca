// Our queue as a program that a Node test can drive: one JSON command a line on standard input, one JSON answer a line
// on standard output. Usage: queue_driver URL PREFIX NAME
#include <boost/json.hpp>
#include <functional>
#include <iostream>
#include <map>

#include "queue/redis/redis_queue.h"
#include "queue/rules.h"

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using queue::Job;
using queue::State;

base::Utc now() {
  return base::SystemClock{}.now();
}

std::string text(const json::object& command, std::string_view name, std::string_view otherwise = "") {
  const json::value* value = command.if_contains(name);
  return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{otherwise};
}
std::int64_t number(const json::object& command, std::string_view name, std::int64_t otherwise) {
  const json::value* value = command.if_contains(name);
  return value != nullptr && value->is_number() ? value->to_number<std::int64_t>() : otherwise;
}
std::string json_text(const json::object& command, std::string_view name) {
  const json::value* value = command.if_contains(name);
  return value == nullptr ? "{}" : json::serialize(*value);
}

json::value shown(const Job& job) {
  json::object out{{"id", job.id},
                   {"name", job.name},
                   {"data", json::parse(job.data)},
                   {"opts", json::parse(queue::options_json(job.options, queue::Spelling::shown))},
                   {"attemptsMade", job.attempts_made},
                   {"attemptsStarted", job.attempts_started},
                   {"stalled", job.stalled},
                   {"priority", job.priority},
                   {"delay", job.delay.count()},
                   {"progress", json::parse(job.progress)},
                   {"failedReason", job.failed_reason},
                   {"deferredFailure", job.deferred_failure},
                   {"scheduler", job.scheduler},
                   {"processedBy", job.processed_by},
                   {"parentKey", job.parent_key},
                   {"nextRun", job.next_run}};
  out["returnvalue"] = job.return_value.empty() ? json::value(nullptr) : json::parse(job.return_value);
  json::array trace;
  for (const auto& entry : job.stacktrace) trace.emplace_back(entry);
  out["stacktrace"] = std::move(trace);
  return out;
}

class Driver {
 public:
  explicit Driver(queue::RedisQueueOptions options) : redis_(std::move(options)) {}

  json::value answer(const json::object& command) {
    const std::string op = text(command, "op");
    const auto found = operations_.find(op);
    if (found == operations_.end()) return json::object{{"error", "no such op: " + op}};
    return found->second(command);
  }

 private:
  template <class T>
  json::value say(const base::Result<T>& result) {
    if (!result) return json::object{{"error", result.error().message}, {"code", result.error().service_code}};
    if constexpr (std::is_void_v<T>)
      return json::object{{"ok", true}};
    else if constexpr (std::is_same_v<T, queue::Taken>)
      return say_taken(*result);
    else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      json::array all;
      for (const auto& one : *result) all.emplace_back(one);
      return all;
    } else if constexpr (std::is_same_v<T, std::vector<Job>>) {
      json::array all;
      for (const auto& one : *result) all.push_back(shown(one));
      return all;
    } else
      return json::value(*result);
  }

  json::value say_taken(const queue::Taken& taken) {
    json::object out;
    if (taken.job) {
      jobs_[taken.job->id] = *taken.job;
      out["job"] = shown(*taken.job);
    }
    if (taken.limited_for) out["limitedFor"] = taken.limited_for->count();
    if (taken.next_due) out["nextDue"] = taken.next_due->time_since_epoch().count();
    return out;
  }

  queue::TakeRequest request(const json::object& c) {
    return {text(c, "token", "driver"), queue::milliseconds{number(c, "lock", 30'000)}, text(c, "worker", "lockstep")};
  }
  std::optional<queue::TakeRequest> next(const json::object& c) {
    if (!c.contains("next")) return std::nullopt;
    return queue::TakeRequest{text(c, "next"), 30s, "lockstep"};
  }
  const Job& held(const json::object& c) { return jobs_[text(c, "id")]; }
  queue::Failure failure(const json::object& c) {
    return queue::failure_of(held(c), text(c, "reason"), "at " + text(c, "reason"));
  }
  queue::Scheduler scheduler(const json::object& c) {
    queue::Scheduler its;
    its.id = text(c, "id");
    its.repeat.pattern = text(c, "pattern");
    its.repeat.every = queue::milliseconds{number(c, "every", 0)};
    its.repeat.tz = text(c, "tz");
    its.name = text(c, "name");
    its.data = json_text(c, "data");
    its.options = queue::options_from_json(json_text(c, "opts")).value_or(queue::JobOptions{});
    return its;
  }

  queue::RedisQueue redis_;
  queue::JobQueue& queue_ = redis_;
  std::map<std::string, Job> jobs_;  ///< As taken.
  using Command = const json::object&;
  const std::map<std::string, std::function<json::value(Command)>, std::less<>> operations_ = {
      {"add",
       [this](Command c) -> json::value {
         auto options = queue::options_from_json(json_text(c, "opts"));
         if (!options) return say(base::Result<void>{std::unexpected(options.error())});
         return say(queue_.add({text(c, "name"), json_text(c, "data"), *options}, now()));
       }},
      {"take", [this](Command c) { return say(queue_.take(request(c), now())); }},
      {"wait", [this](Command c) { return say(queue_.wait(queue::milliseconds{number(c, "ms", 1000)})); }},
      {"complete",
       [this](Command c) {
         return say(queue_.complete(held(c), text(c, "token", "driver"), json_text(c, "value"),
                                    queue::retention_for(held(c), State::completed, {}), now(), next(c)));
       }},
      {"fail",
       [this](Command c) {
         return say(queue_.fail(held(c), text(c, "token", "driver"), failure(c),
                                queue::retention_for(held(c), State::failed, {}), now(), next(c)));
       }},
      {"retry",
       [this](Command c) {
         return say(queue_.retry(held(c), text(c, "token", "driver"), failure(c),
                                 queue::milliseconds{number(c, "delay", 0)}, now()));
       }},
      {"postpone",
       [this](Command c) {
         return say(
             queue_.postpone(held(c), text(c, "token", "driver"), queue::milliseconds{number(c, "delay", 0)}, now()));
       }},
      {"giveBack", [this](Command c) { return say(queue_.give_back(held(c), text(c, "token", "driver"), now())); }},
      {"extend",
       [this](Command c) {
         const queue::JobQueue::Held one[] = {{text(c, "id"), text(c, "token", "driver")}};
         return say(queue_.extend(one, queue::milliseconds{number(c, "lock", 30'000)}, now()));
       }},
      {"checkStalled",
       [this](Command c) {
         return say(queue_.check_stalled(queue::milliseconds{number(c, "interval", 1000)}, 1, now()));
       }},
      {"advance", [this](Command c) { return say(queue_.advance(held(c), now())); }},
      {"progress", [this](Command c) { return say(queue_.set_progress(text(c, "id"), json_text(c, "value"))); }},
      {"log", [this](Command c) { return say(queue_.log(text(c, "id"), text(c, "row"), std::nullopt)); }},
      {"state",
       [this](Command c) -> json::value {
         const auto state = queue_.state_of(text(c, "id"));
         if (!state) return say(state.error());
         return *state ? json::value(queue::name_of(**state)) : json::value(nullptr);
       }},
      {"job",
       [this](Command c) -> json::value {
         const auto found = queue_.job(text(c, "id"));
         return found && *found ? shown(**found) : json::value(nullptr);
       }},
      {"jobs",
       [this](Command c) {
         return say(queue_.jobs(queue::state_named(text(c, "state")).value_or(State::waiting), 0, -1,
                                queue::JobQueue::Order::oldest_first));
       }},
      {"counts",
       [this](Command) -> json::value {
         json::object out;
         if (const auto counts = queue_.counts())
           for (const auto& [state, count] : *counts) out[queue::name_of(state)] = count;
         return out;
       }},
      {"pause", [this](Command) { return say(queue_.pause()); }},
      {"resume", [this](Command) { return say(queue_.resume()); }},
      {"concurrency",
       [this](Command c) { return say(queue_.set_concurrency(static_cast<int>(number(c, "most", 1)))); }},
      {"promote", [this](Command c) { return say(queue_.promote(text(c, "id"), now())); }},
      {"promoteAll", [this](Command) { return say(queue_.promote_all(now())); }},
      {"retryFinished", [this](Command c) { return say(queue_.retry_finished(text(c, "id"), now())); }},
      {"retryAll", [this](Command) { return say(queue_.retry_all(State::failed, now())); }},
      {"remove", [this](Command c) { return say(queue_.remove(text(c, "id"))); }},
      {"clean", [this](Command c) { return say(queue_.clean(*queue::state_named(text(c, "state")), 0ms, 0, now())); }},
      {"drain", [this](Command) { return say(queue_.drain(false)); }},
      {"obliterate", [this](Command) { return say(queue_.obliterate(false)); }},
      {"schedule", [this](Command c) { return say(queue_.upsert_scheduler(scheduler(c), now())); }},
      {"ensure", [this](Command c) { return say(queue::ensure_scheduler(queue_, scheduler(c), now())); }},
      {"unschedule", [this](Command c) { return say(queue_.remove_scheduler(text(c, "id"))); }},
      {"schedulers",
       [this](Command) -> json::value {
         json::array out;
         if (const auto all = queue_.schedulers())
           for (const auto& one : *all)
             out.push_back(json::object{{"id", one.id},
                                        {"name", one.name},
                                        {"pattern", one.repeat.pattern},
                                        {"every", one.repeat.every.count()},
                                        {"iterations", one.iterations},
                                        {"next", one.next.time_since_epoch().count()}});
         return out;
       }},
      {"workers",
       [this](Command) -> json::value {
         json::array out;
         if (const auto all = queue_.workers(); all && *all)
           for (const auto& one : **all) out.emplace_back(one.name);
         return out;
       }},
      {"warnings", [this](Command) { return say(redis_.server_warnings()); }},
  };

  json::value say(const base::Error& error) { return json::object{{"error", error.message}}; }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  auto address = queue::RedisAddress::parse(argv[1]);
  if (!address) {
    std::cerr << address.error().message << '\n';
    return 2;
  }
  Driver driver{{*std::move(address), argv[2], argv[3], "lockstep"}};
  std::string line;
  while (std::getline(std::cin, line))
    std::cout << json::serialize(driver.answer(json::parse(line).as_object())) << std::endl;
}
