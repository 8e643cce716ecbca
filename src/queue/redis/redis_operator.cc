// What operators do to a queue in Redis: bullmq-wire.md section 11.
#include "queue/redis/redis_job.h"
#include "queue/redis/redis_queue.h"

namespace queue {

base::Result<void> RedisQueue::pause() {
  RETURN_IF_ERROR(run("pause", {"paused"}));
  return {};
}
base::Result<void> RedisQueue::resume() {
  RETURN_IF_ERROR(run("pause", {"resumed"}));
  return {};
}

base::Result<void> RedisQueue::set_concurrency(std::optional<int> most) {
  const std::string meta = key("meta"), number = std::to_string(most.value_or(0));
  RETURN_IF_ERROR(
      command(most ? Arguments{"HSET", meta, "concurrency", number} : Arguments{"HDEL", meta, "concurrency"}));
  return {};
}
base::Result<void> RedisQueue::set_rate_limit(std::optional<RateLimit> limit) {
  const std::string meta = key("meta");
  if (!limit) {
    RETURN_IF_ERROR(command({"HDEL", meta, "max", "duration"}));
    return {};
  }
  const std::string most = std::to_string(limit->max), duration = ms(limit->duration);
  RETURN_IF_ERROR(command({"HSET", meta, "max", most, "duration", duration}));
  return {};
}
base::Result<void> RedisQueue::release_rate_limit() {
  const std::string limiter = key("limiter");
  RETURN_IF_ERROR(command({"DEL", limiter}));
  return {};
}

base::Result<void> RedisQueue::promote(std::string_view id, base::Utc) {
  RETURN_IF_ERROR(run_on("promote", id, {id}));
  return {};
}
base::Result<std::int64_t> RedisQueue::promote_all(base::Utc) {
  std::int64_t all = 0;
  while (true) {
    ASSIGN_OR_RETURN(const std::int64_t page, run_on("promote", "", {""}));
    if (page == 0) return all;
    all += page;
  }
}

base::Result<void> RedisQueue::retry_finished(std::string_view id, base::Utc) {
  ASSIGN_OR_RETURN(const auto known, job(id));
  RETURN_IF_ERROR(run_on("reprocess", id, {id, "", "", known && known->options.lifo ? "1" : ""}));
  return {};
}
base::Result<std::int64_t> RedisQueue::retry_all(State finished, base::Utc now) {
  const std::string until = ms(now);
  std::int64_t all = 0;
  while (true) {
    ASSIGN_OR_RETURN(const std::int64_t page, run_on("reprocess", "", {"", key_of(finished), until, ""}));
    if (page == 0) return all;
    all += page;
  }
}

base::Result<void> RedisQueue::remove(std::string_view id) {
  RETURN_IF_ERROR(run_on("remove", id, {id}));
  return {};
}

base::Result<std::vector<std::string>> RedisQueue::clean(State state, milliseconds grace, std::int64_t limit,
                                                         base::Utc now) {
  constexpr std::int64_t page = 1000;
  const std::string before = ms(now - grace);
  std::vector<std::string> removed;
  while (true) {
    const std::int64_t left = limit > 0 ? limit - static_cast<std::int64_t>(removed.size()) : page;
    const std::string most = std::to_string(std::min(left, page));
    ASSIGN_OR_RETURN(const Reply reply, run("clean", {key_of(state), before, most}));
    for (const Reply& id : reply.items) removed.push_back(id.text);
    if (static_cast<std::int64_t>(reply.items.size()) < page) return removed;
  }
}

base::Result<void> RedisQueue::drain(bool delayed_too) {
  while (true) {
    ASSIGN_OR_RETURN(const std::int64_t more, run_on("drain", "", {delayed_too ? "1" : ""}));
    if (more == 0) return {};
  }
}

base::Result<void> RedisQueue::obliterate(bool force) {
  while (true) {
    ASSIGN_OR_RETURN(const Reply reply, run("obliterate", {force ? "1" : ""}));
    if (reply.integer == -1)
      return base::failure(base::ErrorKind::precondition, "the queue must be paused before it is obliterated",
                           std::string{code::not_paused});
    if (reply.integer == -2)
      return base::failure(base::ErrorKind::precondition, "the queue has active jobs: wait for them, or force it",
                           std::string{code::has_active});
    if (reply.integer == 0) return {};
  }
}

base::Result<void> RedisQueue::change_delay(std::string_view id, milliseconds delay, base::Utc now) {
  const std::string at = ms(now), later = ms(delay);
  RETURN_IF_ERROR(run_on("change", id, {id, at, "delay", later, ""}));
  return {};
}
base::Result<void> RedisQueue::change_priority(std::string_view id, int priority) {
  const std::string number = std::to_string(priority);
  RETURN_IF_ERROR(run_on("change", id, {id, "0", "priority", number, ""}));
  return {};
}

}  // namespace queue
