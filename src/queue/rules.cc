#include "queue/rules.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "queue/cron.h"

namespace queue {
namespace {

using base::ErrorKind;

constexpr std::pair<State, std::string_view> state_names[] = {
    {State::waiting, "waiting"},         {State::paused, "paused"},       {State::prioritized, "prioritized"},
    {State::delayed, "delayed"},         {State::active, "active"},       {State::completed, "completed"},
    {State::failed, "failed"},           {State::waiting_children, "waiting-children"}};

/// Floor division, as Math.floor: both may lie before the epoch.
std::int64_t floored(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}


bool same_json(const std::string& a, const std::string& b) {
  boost::system::error_code failed_a, failed_b;
  const auto parsed_a = boost::json::parse(a.empty() ? "{}" : a, failed_a);
  const auto parsed_b = boost::json::parse(b.empty() ? "{}" : b, failed_b);
  return failed_a || failed_b ? a == b : parsed_a == parsed_b;
}

}  // namespace

std::string_view name_of(State state) {
  for (const auto& [known, name] : state_names)
    if (known == state) return name;
  return "unknown";
}

std::optional<State> state_named(std::string_view name) {
  for (const auto& [state, known] : state_names)
    if (known == name) return state;
  return std::nullopt;
}

bool is_lost(const base::Error& error) {
  return error.service_code == code::lock_missing || error.service_code == code::lock_taken ||
         error.service_code == code::job_missing || error.service_code == code::wrong_state;
}

base::Result<void> check_new_job(const NewJob& job) {
  const auto refuse = [&](const std::string& why) {
    return base::failure(ErrorKind::rejected, "job " + (job.name.empty() ? "without a name" : job.name) + ": " + why);
  };
  const std::string& id = job.options.id;
  const bool digits = !id.empty() && id.find_first_not_of("0123456789") == id.npos;
  if (digits) return refuse("its id " + id + " is a number; numbers are given by the queue");
  const auto colons = std::ranges::count(id, ':');
  if (id.starts_with("0:") || (colons != 0 && colons != 2))
    return refuse("its id " + id + " holds a colon, which divides keys");
  if (job.options.priority < 0 || job.options.priority > lowest_priority)
    return refuse("priority must be between 0 and " + std::to_string(lowest_priority));
  if (!job.options.others.empty() && boost::json::parse(job.options.others).as_object().contains("de"))
    return refuse("of deduplication only id and ttl are known");
  boost::system::error_code failed;
  boost::json::parse(job.data, failed);
  if (failed) return refuse("its data are no JSON: " + failed.message());
  return {};
}

Retention retention_for(const Job& job, State target, const Retention& standard) {
  const auto& own = target == State::completed ? job.options.on_complete : job.options.on_fail;
  return own.value_or(standard);
}

std::optional<milliseconds> retry_after(const Job& job, bool unrecoverable, base::Random& random) {
  const int attempt = job.attempts_made + 1;
  if (unrecoverable || !job.deferred_failure.empty() || attempt >= job.options.attempts) return std::nullopt;
  const Backoff backoff = job.options.backoff.value_or(Backoff{});
  double full = static_cast<double>(backoff.delay.count());
  if (backoff.type == "exponential") full = std::round(std::pow(2.0, std::min(attempt - 1, 62)) * full);
  else if (backoff.type != "fixed") return std::nullopt;
  if (backoff.jitter > 0) {
    const double chance = static_cast<double>(random.next() >> 11) * 0x1.0p-53;
    full = std::floor(chance * full * backoff.jitter + full * (1 - backoff.jitter));
  }
  constexpr double longest = 1e13;  // Three hundred years.
  return milliseconds{static_cast<std::int64_t>(std::min(full, longest))};
}

Failure failure_of(const Job& job, std::string reason, std::string trace) {
  Failure failure{std::move(reason), job.stacktrace};
  failure.stacktrace.push_back(std::move(trace));
  if (const auto keep = job.options.stack_traces; keep && failure.stacktrace.size() > static_cast<std::size_t>(*keep))
    failure.stacktrace.erase(failure.stacktrace.begin(), failure.stacktrace.end() - *keep);
  return failure;
}

base::Result<std::optional<base::Utc>> next_by_pattern(const Repeat& repeat, base::Utc from) {
  ASSIGN_OR_RETURN(const Cron cron, Cron::parse(repeat.pattern));
  ASSIGN_OR_RETURN(const Zone zone, Zone::named(repeat.tz));
  const auto next = cron.next(repeat.start ? std::max(from, *repeat.start) : from, zone);
  if (next && repeat.end && *next > *repeat.end) return std::nullopt;
  return next;
}

NextEvery next_every(std::optional<base::Utc> previous, const Repeat& repeat, base::Utc now) {
  const std::int64_t every = repeat.every.count(), moment = now.time_since_epoch().count();
  const std::int64_t offset = repeat.offset.value_or(milliseconds{0}).count();
  const auto slot_after_now = [&] {
    const std::int64_t slot = floored(moment, every) * every + offset;
    return slot > moment ? slot : slot + every;
  };
  std::int64_t next = moment;
  if (previous) {
    next = previous->time_since_epoch().count() + every;
    if (next < moment) next = slot_after_now();
  } else if (repeat.start) {
    next = std::max(repeat.start->time_since_epoch().count(), moment);
  } else if (offset > 0) {
    next = slot_after_now();
  }
  return {base::Utc{milliseconds{next}}, milliseconds{offset != 0 ? offset : next % every}};
}

base::Result<void> check_scheduler(const Scheduler& scheduler, base::Utc now) {
  const auto refuse = [&](const std::string& why) {
    return base::failure(ErrorKind::settings, "job scheduler " + scheduler.id + ": " + why);
  };
  const Repeat& repeat = scheduler.repeat;
  if (scheduler.id.empty() || scheduler.id.find(':') != std::string::npos)
    return refuse("its id must not be empty or hold a colon");
  if (repeat.pattern.empty() == (repeat.every.count() <= 0))
    return refuse("give either a pattern or an interval above zero");
  if (repeat.end && *repeat.end < now) return refuse("its end has passed");
  if (repeat.limit && *repeat.limit < 1) return refuse("its limit must be at least 1");
  RETURN_IF_ERROR(check_new_job({scheduler.name, scheduler.data, scheduler.options}));
  if (repeat.pattern.empty()) return {};
  ASSIGN_OR_RETURN(const auto next, next_by_pattern(repeat, now));
  if (!next) return refuse("its pattern has no time before its end");
  return {};
}

std::string run_id(std::string_view scheduler, base::Utc at) {
  return "repeat:" + std::string{scheduler} + ":" + std::to_string(at.time_since_epoch().count());
}

JobOptions without_run(JobOptions options) {
  options.id.clear();
  options.scheduler.clear();
  options.delay = milliseconds{0};
  options.timestamp.reset();
  options.previous.reset();
  options.repeat.reset();
  return options;
}

JobOptions run_options(JobOptions base, const Repeat& repeat, std::int64_t count, std::string_view scheduler,
                       base::Utc at, base::Utc now) {
  JobOptions options = without_run(std::move(base));
  options.repeat = repeat;
  options.repeat->count = count;
  options.id = run_id(scheduler, at);
  options.scheduler = scheduler;
  options.delay = std::max(milliseconds{0}, at - now);
  options.timestamp = now;
  if (!repeat.pattern.empty()) options.previous = at;
  return options;
}

bool is_last_run(const Job& run, base::Utc now) {
  if (!run.options.repeat) return false;
  const Repeat& repeat = *run.options.repeat;
  return (repeat.limit && repeat.count + 1 > *repeat.limit) || (repeat.end && now > *repeat.end);
}

bool same_schedule(const Scheduler& stored, const Scheduler& wanted) {
  Repeat a = stored.repeat, b = wanted.repeat;
  a.count = b.count = 0;
  if (!b.offset) a.offset.reset();  // Node writes one for patterns too, and the queue finds its own for intervals.
  const auto name = [](const Scheduler& s) { return s.name.empty() ? s.id : s.name; };
  return a == b && name(stored) == name(wanted) && same_json(stored.data, wanted.data) &&
         same_json(options_json(without_run(stored.options)), options_json(without_run(wanted.options)));
}

base::Result<bool> ensure_scheduler(JobQueue& queue, const Scheduler& wanted, base::Utc now) {
  ASSIGN_OR_RETURN(const auto stored, queue.scheduler(wanted.id));
  if (stored && same_schedule(*stored, wanted)) return false;
  RETURN_IF_ERROR(queue.upsert_scheduler(wanted, now));
  return true;
}

}  // namespace queue
