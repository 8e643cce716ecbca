// Job schedulers in Redis: bullmq-wire.md section 13.
#include <boost/json.hpp>

#include "queue/redis/redis_job.h"
#include "queue/redis/redis_queue.h"
#include "queue/rules.h"

namespace queue {
namespace {

/// The pieces of a run's options that the scripts finish, since only they learn the run's time.
struct RunPieces {
  std::string options, repeat, id;

  RunPieces(const JobOptions& base, Repeat its, const std::string& scheduler) {
    JobOptions own = without_run(base);
    own.scheduler = scheduler;
    options = open(options_json(own));
    its.offset.reset();
    its.count = 0;
    repeat = open(repeat_json(its));
    id = open(boost::json::serialize(boost::json::string("repeat:" + scheduler + ":")));
  }

 private:
  static std::string open(std::string json) {
    json.pop_back();
    return json;
  }
};

std::string text_of(const std::optional<base::Utc>& time) {
  return time ? ms(*time) : "";
}

}  // namespace

base::Result<std::string> RedisQueue::upsert_scheduler(const Scheduler& scheduler, base::Utc now, First first) {
  RETURN_IF_ERROR(check_scheduler(scheduler, now));
  const Repeat& repeat = scheduler.repeat;
  const bool by_pattern = !repeat.pattern.empty();
  std::optional<base::Utc> next = now;
  if (by_pattern && first == First::at_its_time) {
    ASSIGN_OR_RETURN(next, next_by_pattern(repeat, now));
  }
  const RunPieces pieces{scheduler.options, repeat, scheduler.id};
  const std::string at = ms(now), next_at = by_pattern ? text_of(next) : "", every = by_pattern ? "" : ms(repeat.every),
                    offset = repeat.offset ? ms(*repeat.offset) : "", start = text_of(repeat.start),
                    end = text_of(repeat.end), limit = repeat.limit ? std::to_string(*repeat.limit) : "",
                    options = options_json(without_run(scheduler.options)),
                    priority = std::to_string(scheduler.options.priority);
  Arguments arguments{scheduler.id,
                      at,
                      next_at,
                      every,
                      offset,
                      start,
                      scheduler.name.empty() ? scheduler.id : scheduler.name,
                      scheduler.data,
                      options,
                      pieces.options,
                      pieces.repeat,
                      pieces.id,
                      priority,
                      scheduler.options.lifo ? "1" : ""};
  const auto field = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    arguments.push_back(name);
    arguments.push_back(value);
  };
  field("pattern", repeat.pattern);
  field("every", every);
  field("tz", repeat.tz);
  field("limit", limit);
  field("startDate", start);
  field("endDate", end);
  ASSIGN_OR_RETURN(const Reply reply, run("upsert", arguments));
  if (reply.kind == Reply::Kind::integer)
    return base::failure(base::ErrorKind::precondition,
                         "job scheduler " + scheduler.id + ": the job of its next time exists already",
                         std::string{code::slot_taken});
  return reply.text;
}

base::Result<std::string> RedisQueue::advance(const Job& taken, base::Utc now) {
  if (taken.scheduler.empty() || is_last_run(taken, now)) return std::string{};
  const Repeat repeat = taken.options.repeat.value_or(Repeat{});
  std::string next_at;
  if (!repeat.pattern.empty()) {
    ASSIGN_OR_RETURN(const auto next, next_by_pattern(repeat, std::max(now, taken.options.previous.value_or(now))));
    if (!next) return std::string{};
    next_at = ms(*next);
  }
  const RunPieces pieces{taken.options, repeat, taken.scheduler};
  const std::string at = ms(now), count = std::to_string(repeat.count + 1),
                    priority = std::to_string(taken.options.priority);
  ASSIGN_OR_RETURN(const Reply reply,
                   run("advance", {taken.scheduler, at, next_at, taken.id, pieces.options, pieces.repeat, pieces.id,
                                   count, priority, taken.options.lifo ? "1" : ""}));
  return reply.text;
}

base::Result<void> RedisQueue::remove_scheduler(std::string_view id) {
  ASSIGN_OR_RETURN(const Reply reply, run("unschedule", {id}));
  if (reply.integer < 0)
    return base::failure(base::ErrorKind::precondition, "there is no job scheduler " + std::string{id},
                         std::string{code::scheduler_missing});
  return {};
}

base::Result<std::vector<Scheduler>> RedisQueue::schedulers() {
  const std::string repeat = key("repeat");
  ASSIGN_OR_RETURN(const Reply found, command({"ZRANGE", repeat, "0", "-1", "WITHSCORES"}));
  std::vector<Scheduler> all;
  for (std::size_t i = 0; i + 1 < found.items.size(); i += 2) {
    ASSIGN_OR_RETURN(auto one, scheduler(found.items[i].text));
    if (one) all.push_back(*std::move(one));
  }
  return all;
}

base::Result<std::optional<Scheduler>> RedisQueue::scheduler(std::string_view id) {
  const std::string repeat = key("repeat"), hash = key("repeat:" + std::string{id});
  const Arguments questions[] = {{"ZSCORE", repeat, id}, {"HGETALL", hash}};
  ASSIGN_OR_RETURN(const auto replies, pipeline(questions));
  if (replies[0].is_nil() || replies[1].items.empty()) return std::nullopt;
  return scheduler_from(std::string{id}, replies[1], moment(replies[0].text));
}

}  // namespace queue
