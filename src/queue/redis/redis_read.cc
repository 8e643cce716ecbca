// What a queue in Redis tells about itself: bullmq-wire.md section 15.
#include "base/utf8.h"
#include "queue/redis/health.h"
#include "queue/redis/redis_job.h"
#include "queue/redis/redis_queue.h"

namespace queue {
namespace {

bool is_list(State state) {
  return state == State::waiting || state == State::paused || state == State::active;
}

/// Some hosts rename commands, and users may lack the right to them.
bool is_forbidden(const base::Error& error) {
  return error.kind == base::ErrorKind::rejected || error.service_code == "NOPERM";
}

}  // namespace

base::Result<std::map<State, std::int64_t>> RedisQueue::counts() {
  std::vector<std::string> keys;
  for (const State state : all_states) keys.push_back(key(key_of(state)));
  std::vector<Arguments> questions;
  for (std::size_t i = 0; i < keys.size(); ++i)
    questions.push_back({is_list(all_states[i]) ? "LLEN" : "ZCARD", keys[i]});
  ASSIGN_OR_RETURN(const auto replies, pipeline(questions));
  std::map<State, std::int64_t> counts;
  for (std::size_t i = 0; i < replies.size(); ++i) counts[all_states[i]] = replies[i].integer;
  return counts;
}

base::Result<std::vector<Job>> RedisQueue::jobs(State state, std::int64_t first, std::int64_t last, Order order) {
  const std::string from = std::to_string(first), to = std::to_string(last);
  ASSIGN_OR_RETURN(const Reply reply, run("page", {key_of(state), from, to, order == Order::newest_first ? "1" : ""}));
  std::vector<Job> jobs;
  for (const Reply& one : reply.items)
    if (one.items.size() == 2) jobs.push_back(job_from(one.items[0].text, one.items[1]));
  return jobs;
}

base::Result<std::optional<Job>> RedisQueue::job(std::string_view id) {
  const std::string hash = key(id);
  ASSIGN_OR_RETURN(const Reply reply, command({"HGETALL", hash}));
  if (reply.items.empty()) return std::nullopt;
  return job_from(std::string{id}, reply);
}

base::Result<std::optional<State>> RedisQueue::state_of(std::string_view id) {
  ASSIGN_OR_RETURN(const Reply reply, run("state", {id}));
  if (reply.text.empty()) return std::nullopt;
  if (reply.text == "wait" || reply.text == "paused") return State::waiting;
  return state_named(reply.text);
}

base::Result<LogPage> RedisQueue::logs(std::string_view id, std::int64_t first, std::int64_t last) {
  const std::string list = key(std::string{id} + ":logs"), from = std::to_string(first), to = std::to_string(last);
  const Arguments questions[] = {{"LRANGE", list, from, to}, {"LLEN", list}};
  ASSIGN_OR_RETURN(const auto replies, pipeline(questions));
  LogPage page{{}, replies[1].integer};
  for (const Reply& row : replies[0].items) page.rows.push_back(base::as_utf8(row.text));
  return page;
}

base::Result<QueueSettings> RedisQueue::settings(base::Utc) {
  const std::string meta = key("meta"), limiter = key("limiter");
  const Arguments questions[] = {
      {"HMGET", meta, "paused", "concurrency", "max", "duration"}, {"GET", limiter}, {"PTTL", limiter}};
  ASSIGN_OR_RETURN(const auto replies, pipeline(questions));
  const auto& set = replies[0].items;
  QueueSettings settings;
  settings.paused = !set[0].is_nil();
  if (!set[1].is_nil()) settings.concurrency = static_cast<int>(number(set[1].text));
  if (!set[2].is_nil()) settings.limit_max = static_cast<int>(number(set[2].text));
  settings.limit_duration = milliseconds{number(set[3].text)};
  if (settings.limit_max && number(replies[1].text) >= *settings.limit_max && replies[2].integer > 0)
    settings.limited_for = milliseconds{replies[2].integer};
  return settings;
}

base::Result<std::optional<Metrics>> RedisQueue::metrics(State finished) {
  const std::string hash = key("metrics:" + std::string{key_of(finished)}), list = hash + ":data";
  const Arguments questions[] = {{"HMGET", hash, "count", "prevTS", "prevCount"}, {"LRANGE", list, "0", "-1"}};
  ASSIGN_OR_RETURN(const auto replies, pipeline(questions));
  const auto& set = replies[0].items;
  Metrics metrics{number(set[0].text), base::Utc{milliseconds{number(set[1].text)}}, number(set[2].text), {}};
  for (const Reply& point : replies[1].items) metrics.data.push_back(number(point.text));
  return metrics;
}

base::Result<std::optional<std::vector<WorkerInfo>>> RedisQueue::workers() {
  auto listed = command({"CLIENT", "LIST"});
  if (!listed && is_forbidden(listed.error())) return std::nullopt;
  if (!listed) return std::unexpected(listed.error());
  return workers_in(listed->text, options_.prefix, options_.name);
}

base::Result<std::optional<ServerInfo>> RedisQueue::server_info() {
  const auto info = command({"INFO"});
  if (!info && is_forbidden(info.error())) return std::nullopt;
  if (!info) return std::unexpected(info.error());
  return info_from(info->text);
}

base::Result<std::vector<std::string>> RedisQueue::server_warnings() {
  ASSIGN_OR_RETURN(const auto info, server_info());
  if (!info)
    return std::vector<std::string>{
        "its user may not ask INFO, so its eviction policy and persistence are not checked (ACL SETUSER … +info)"};
  std::optional<std::string> save;
  if (const auto asked = command({"CONFIG", "GET", "save"}); asked && asked->items.size() == 2)
    save = asked->items[1].text;
  return warnings_for(*info, save);
}

}  // namespace queue
