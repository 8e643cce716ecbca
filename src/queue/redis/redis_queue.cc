#include "queue/redis/redis_queue.h"

#include "queue/redis/health.h"
#include "queue/redis/redis_job.h"
#include "queue/redis/scripts.h"
#include "queue/rules.h"

namespace queue {
namespace {

using base::ErrorKind;
using namespace std::chrono_literals;

constexpr std::string_view metric_minutes = "1440";

/// What getWorkers() and Bull Board look for among the server's clients.
std::string client_name(const RedisQueueOptions& options) {
  return options.prefix + ":" + base64(options.name) + (options.worker.empty() ? "" : ":w:" + options.worker);
}

base::Error refusal(std::int64_t code, std::string_view script, std::string_view id) {
  const std::string job = "job " + std::string{id};
  const auto error = [&](const std::string& message, std::string_view its) {
    return base::Error{ErrorKind::precondition, message, std::string{its}};
  };
  switch (code) {
    case -1:
      return error("there is no " + job + " (any more)", code::job_missing);
    case -2:
      return error(job + " is not this worker's any more: its lock is gone", code::lock_missing);
    case -3:
      return error(job + " is not in the state that this needs", code::wrong_state);
    case -4:
      return error(job + " waits for its children", code::has_children);
    case -6:
      if (script == "remove") return error(job + " is being worked on", code::job_is_active);
      return error(job + " is not this worker's any more: another worker has it", code::lock_taken);
    case -8:
      return error(job + " is the next run of a job scheduler: remove that instead", code::of_scheduler);
    case -9:
      return error(job + " has children that failed", code::has_children);
    default:
      return {ErrorKind::corrupt, "script " + std::string{script} + " answered " + std::to_string(code)};
  }
}

base::Result<Taken> taken_from(const Reply& reply) {
  if (reply.items.size() < 4)
    return base::failure(ErrorKind::malformed, "the answer to taking a job cannot be understood");
  Taken taken;
  if (!reply.items[0].is_nil()) taken.job = job_from(reply.items[1].text, reply.items[0]);
  if (reply.items[2].integer > 0) taken.limited_for = milliseconds{reply.items[2].integer};
  if (reply.items[3].integer > 0) taken.next_due = base::Utc{milliseconds{reply.items[3].integer}};
  return taken;
}

}  // namespace

RedisQueue::RedisQueue(RedisQueueOptions options)
    : options_(std::move(options)),
      keys_(options_.prefix + ":" + options_.name + ":"),
      commands_(options_.address, ""),
      listener_(options_.address, client_name(options_)) {}

// Talking to the server.

base::Result<Reply> RedisQueue::command(const Arguments& arguments) {
  const std::lock_guard lock{mutex_};
  return commands_.command(arguments);
}

base::Result<std::vector<Reply>> RedisQueue::pipeline(std::span<const Arguments> commands) {
  const std::lock_guard lock{mutex_};
  return commands_.pipeline(commands);
}

/// Once a connection: who we are, as a Node queue says it.
base::Result<void> RedisQueue::introduce() {
  if (introduced_ != 0 && introduced_ == commands_.times_connected()) return {};
  const std::string meta = key("meta");
  const Arguments hello[] = {{"HSETNX", meta, "opts.maxLenEvents", "10000"},
                             {"HSET", meta, "version", "lockstep:" LOCKSTEP_VERSION}};
  RETURN_IF_ERROR(commands_.pipeline(hello));
  introduced_ = commands_.times_connected();
  return {};
}

base::Result<Reply> RedisQueue::run_locked(std::string_view name, const Arguments& arguments) {
  const Script& its = script(name);
  Arguments call{"EVALSHA", its.sha1, "1", keys_};
  call.insert(call.end(), arguments.begin(), arguments.end());
  auto reply = commands_.command(call);
  if (reply || reply.error().service_code != "NOSCRIPT") return reply;
  RETURN_IF_ERROR(commands_.command({"SCRIPT", "LOAD", its.source}));
  return commands_.command(call);
}

base::Result<Reply> RedisQueue::run(std::string_view name, const Arguments& arguments) {
  const std::lock_guard lock{mutex_};
  RETURN_IF_ERROR(introduce());
  return run_locked(name, arguments);
}

base::Result<std::int64_t> RedisQueue::run_on(std::string_view name, std::string_view id, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const Reply reply, run(name, arguments));
  if (reply.integer < 0) return std::unexpected(refusal(reply.integer, name, id));
  return reply.integer;
}

// Producers.

base::Result<std::string> RedisQueue::add(const NewJob& job, base::Utc now) {
  RETURN_IF_ERROR(check_new_job(job));
  const JobOptions& o = job.options;
  const std::string opts = options_json(o), timestamp = ms(o.timestamp.value_or(now)),
                    delay = ms(std::max(milliseconds{0}, o.delay)), priority = std::to_string(o.priority),
                    ttl = o.deduplication && o.deduplication->ttl ? ms(*o.deduplication->ttl) : "";
  ASSIGN_OR_RETURN(const Reply reply,
                   run("add", {o.id, job.name, job.data, opts, timestamp, delay, priority, o.lifo ? "1" : "",
                               o.deduplication ? o.deduplication->id : "", ttl, o.scheduler}));
  return reply.text;
}

// Workers.

base::Result<Taken> RedisQueue::take(const TakeRequest& request, base::Utc now) {
  const std::string at = ms(now), lock = ms(request.lock);
  ASSIGN_OR_RETURN(const Reply reply, run("take", {at, request.token, lock, request.worker}));
  return taken_from(reply);
}

base::Result<Taken> RedisQueue::finish(const Job& job, std::string_view token, std::string_view set,
                                       std::string_view value, std::string_view trace, const Retention& keep,
                                       base::Utc now, const std::optional<TakeRequest>& next) {
  const TakeRequest none{"", 0ms, ""};
  const TakeRequest& request = next ? *next : none;
  const std::string at = ms(now), count = keep.count ? std::to_string(*keep.count) : "",
                    age = keep.age ? std::to_string(keep.age->count()) : "", limit = std::to_string(keep.limit),
                    attempts = std::to_string(job.options.attempts), lock = ms(request.lock);
  ASSIGN_OR_RETURN(const Reply reply, run("finish", {job.id, at, token, set, value, count, age, limit, attempts, trace,
                                                     request.token, lock, request.worker, metric_minutes}));
  if (reply.kind == Reply::Kind::integer) return std::unexpected(refusal(reply.integer, "finish", job.id));
  return taken_from(reply);
}

base::Result<Taken> RedisQueue::complete(const Job& job, std::string_view token, std::string_view return_value_json,
                                         const Retention& keep, base::Utc now, const std::optional<TakeRequest>& next) {
  return finish(job, token, "completed", return_value_json.empty() ? "null" : return_value_json, "", keep, now, next);
}

base::Result<Taken> RedisQueue::fail(const Job& job, std::string_view token, const Failure& failure,
                                     const Retention& keep, base::Utc now, const std::optional<TakeRequest>& next) {
  return finish(job, token, "failed", failure.reason, stacktrace_json(failure.stacktrace), keep, now, next);
}

base::Result<void> RedisQueue::requeue(const Job& job, std::string_view token, std::string_view how, milliseconds delay,
                                       const Failure& failure, base::Utc now) {
  const std::string at = ms(now), later = ms(delay), trace = stacktrace_json(failure.stacktrace);
  RETURN_IF_ERROR(
      run_on("requeue", job.id, {job.id, at, token, how, later, job.options.lifo ? "1" : "", failure.reason, trace}));
  return {};
}

base::Result<void> RedisQueue::retry(const Job& job, std::string_view token, const Failure& failure, milliseconds delay,
                                     base::Utc now) {
  return requeue(job, token, delay.count() > 0 ? "delay" : "retry", delay, failure, now);
}
base::Result<void> RedisQueue::postpone(const Job& job, std::string_view token, milliseconds delay, base::Utc now) {
  return requeue(job, token, "postpone", delay, {}, now);
}
base::Result<void> RedisQueue::give_back(const Job& job, std::string_view token, base::Utc now) {
  return requeue(job, token, "return", 0ms, {}, now);
}

base::Result<std::vector<std::string>> RedisQueue::extend(std::span<const Held> held, milliseconds lock, base::Utc) {
  const std::string duration = ms(lock);
  Arguments arguments{duration};
  for (const Held& one : held) {
    arguments.emplace_back(one.id);
    arguments.emplace_back(one.token);
  }
  ASSIGN_OR_RETURN(const Reply reply, run("extend", arguments));
  std::vector<std::string> lost;
  for (const Reply& id : reply.items) lost.push_back(id.text);
  return lost;
}

base::Result<std::vector<std::string>> RedisQueue::check_stalled(milliseconds interval, int most, base::Utc now) {
  const std::string at = ms(now), period = ms(interval), times = std::to_string(most);
  ASSIGN_OR_RETURN(const Reply reply, run("stalled", {at, period, times}));
  std::vector<std::string> stalled;
  for (const Reply& id : reply.items) stalled.push_back(id.text);
  return stalled;
}

base::Result<void> RedisQueue::set_progress(std::string_view id, std::string_view json) {
  RETURN_IF_ERROR(run_on("note", id, {id, "progress", json, ""}));
  return {};
}
base::Result<void> RedisQueue::set_data(std::string_view id, std::string_view json) {
  RETURN_IF_ERROR(run_on("note", id, {id, "data", json, ""}));
  return {};
}
base::Result<void> RedisQueue::log(std::string_view id, std::string_view row, std::optional<int> keep) {
  const std::string rows = keep ? std::to_string(*keep) : "";
  RETURN_IF_ERROR(run_on("note", id, {id, "log", row, rows}));
  return {};
}

// Waiting for work.

void RedisQueue::wake() {
  const std::lock_guard lock{idle_mutex_};
  ++wakes_;
  if (listening_) listener_.interrupt();
  idle_.notify_all();
}

base::Result<void> RedisQueue::wait(milliseconds at_most) {
  const auto until = std::chrono::steady_clock::now() + std::min(at_most, options_.longest_wait);
  std::unique_lock lock{idle_mutex_};
  const std::uint64_t before = wakes_;
  if (!idle_.wait_until(lock, until, [&] { return !listening_ || wakes_ != before; }) || wakes_ != before) return {};
  const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
  if (left <= 0ms) return {};
  listening_ = true;
  lock.unlock();
  const std::string marker = key("marker"), seconds = std::to_string(static_cast<double>(left.count()) / 1000.0);
  const auto popped = listener_.command({"BZPOPMIN", marker, seconds}, left + 1s);
  lock.lock();
  listening_ = false;
  idle_.notify_one();
  if (!popped && popped.error().kind != ErrorKind::cancelled) return std::unexpected(popped.error());
  return {};
}

}  // namespace queue
