#include "daemon/workers.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/log.h"
#include "daemon/open_queue.h"
#include "queue/rules.h"
#include "schedule/due.h"
#include "security/seal.h"

namespace daemon_process {
namespace {

using namespace std::chrono_literals;
using base::LogLevel;
using schedule::Cut;
using Do = schedule::Verdict::Do;

constexpr int most_stalls = 1;  ///< As BullMQ: who loses its worker twice fails.
constexpr int kept_log_rows = 200;
constexpr auto turn = std::chrono::minutes{5};  ///< How long a run goes on while others wait.

}  // namespace

queue::JobOptions kept_by(const settings::Settings& settings) {
  queue::JobOptions options;
  options.on_complete = queue::Retention{.count = settings.queue.keep_completed, .age = {}};
  options.on_fail = queue::Retention{.count = settings.queue.keep_failed, .age = {}};
  options.log_rows = kept_log_rows;
  return options;
}

Workers::Workers(const settings::Settings& settings, queue::JobQueue& queue, base::Outages& outages)
    : settings_(settings),
      queue_(queue),
      outages_(outages),
      lock_(settings.queue.lock_duration_ms),
      stalled_(settings.queue.stalled_interval_ms) {}

base::Result<std::unique_ptr<Workers>> Workers::start(const settings::Settings& settings, queue::JobQueue& queue,
                                                      base::Outages& outages) {
  std::unique_ptr<Workers> workers{new Workers{settings, queue, outages}};
  for (int i = 0; i < settings.queue.concurrency; ++i) {
    ASSIGN_OR_RETURN(auto app, open_app(settings));
    if (!workers->apps_.empty()) app->breakers = workers->apps_.front()->breakers;
    workers->apps_.push_back(std::move(app));
  }
  workers->working_ = workers->apps_.size();
  workers->keeper_ = std::jthread{[self = workers.get()] { self->keep(); }};
  for (auto& app : workers->apps_)
    workers->threads_.emplace_back([self = workers.get(), app = app.get()] { self->work(*app); });
  return workers;
}

Workers::~Workers() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
}

bool Workers::drain(std::chrono::milliseconds at_most) {
  queue_.wake();
  std::unique_lock lock{mutex_};
  changed_.notify_all();
  if (changed_.wait_for(lock, at_most, [&] { return working_ == 0; })) return true;
  for (Held* held : held_) (void)queue_.give_back(held->job, held->token, clock_.now());
  return false;
}

void Workers::pause(std::chrono::milliseconds time) {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, time, [&] { return stopping_ || stop_requested.load(); });
}

// Locks.

void Workers::keep() {
  const auto every = std::clamp<std::chrono::milliseconds>(std::min(lock_ / 3, stalled_ / 2), 50ms, 10s);
  for (;;) {
    {
      std::unique_lock lock{mutex_};
      changed_.wait_for(lock, every, [&] { return stopping_; });
      if (stopping_) return;
    }
    keep_locks();
    if (stop_requested) continue;
    if (const auto stalled = queue_.check_stalled(stalled_, most_stalls, clock_.now()))
      for (const std::string& id : *stalled)
        base::log(LogLevel::warn, "job " + id + " lost its worker and is handed out again");
    share_turns();
  }
}

void Workers::keep_locks() {
  std::vector<queue::JobQueue::Held> locks;
  {
    const std::lock_guard lock{mutex_};
    for (const Held* held : held_) locks.push_back({held->job.id, held->token});
  }
  if (locks.empty()) return;
  const auto lost = queue_.extend(locks, lock_, clock_.now());
  if (!outages_.tried("extending the locks of running jobs", lost)) return;
  const std::lock_guard lock{mutex_};
  for (Held* held : held_)
    if (std::ranges::find(*lost, held->job.id) != lost->end() && !held->lost.exchange(true))
      base::log(LogLevel::warn, "job " + held->job.id + " is not ours any more: its run stops");
}

/// The longest run makes room when all of this daemon's hands are full and others wait.
void Workers::share_turns() {
  {
    const std::lock_guard lock{mutex_};
    if (held_.size() < apps_.size()) return;
    if (std::ranges::none_of(held_, [&](Held* held) { return clock_.elapsed() - held->since > turn; })) return;
  }
  const auto counts = queue_.counts();
  if (!counts || counts->at(queue::State::waiting) + counts->at(queue::State::prioritized) == 0) return;
  const std::lock_guard lock{mutex_};
  const auto longest = std::ranges::min_element(held_, {}, &Held::since);
  if (longest != held_.end()) (*longest)->give_way = true;
}

// Work.

void Workers::work(App& app) {
  const auto number = std::ranges::find(apps_, &app, &std::unique_ptr<App>::get) - apps_.begin();
  const std::string name = process_name() + "#" + std::to_string(number);
  while (!stop_requested) {
    const std::string token = security::random_hex(16);
    const auto taken = queue_.take({token, lock_, name}, clock_.now());
    if (!outages_.tried("taking jobs from the queue", taken)) {
      pause(3s);
    } else if (taken->job) {
      handle(app, *taken->job, token);
    } else {
      auto idle = taken->limited_for.value_or(5s);
      if (taken->next_due) idle = std::min(idle, *taken->next_due - clock_.now());
      if (const auto waited = queue_.wait(std::clamp<queue::milliseconds>(idle, 1ms, 5s)); !waited) pause(1s);
    }
  }
  const std::lock_guard lock{mutex_};
  --working_;
  changed_.notify_all();
}

void Workers::handle(App& app, const queue::Job& job, const std::string& token) {
  Held held{.job = job, .token = token, .since = clock_.elapsed()};
  {
    const std::lock_guard lock{mutex_};
    held_.push_back(&held);
  }
  if (!job.scheduler.empty())
    if (const auto next = queue_.advance(job, clock_.now()); !next)
      base::log(LogLevel::error, "the next run of " + job.scheduler + " was not put: " + next.error().message);
  const Outcome outcome = do_job(app, held);
  const auto settled = settle(app, job, token, outcome);
  if (!settled)
    base::log(LogLevel::warn, "job " + job.id + " could not be ended: " + settled.error().message +
                                  (queue::is_lost(settled.error()) ? "" : "; it is handed out again"));
  const std::lock_guard lock{mutex_};
  held_.remove(&held);
}

base::Result<void> Workers::settle(App& app, const queue::Job& job, const std::string& token, const Outcome& outcome) {
  const schedule::Verdict& verdict = outcome.verdict;
  const base::Utc now = clock_.now();
  const auto keep = [&](queue::State state, int count) {
    return queue::retention_for(job, state, queue::Retention{.count = count, .age = {}});
  };
  switch (verdict.what) {
    case Do::complete:
      RETURN_IF_ERROR(queue_.complete(job, token, outcome.return_value,
                                      keep(queue::State::completed, settings_.queue.keep_completed), now));
      return {};
    case Do::give_back:
      return queue_.give_back(job, token, now);
    case Do::postpone:
      (void)queue_.log(job.id, verdict.reason, kept_log_rows);
      return queue_.postpone(job, token, verdict.delay, now);
    case Do::fail:
      break;
  }
  base::log(LogLevel::warn, "job " + job.id + " failed: " + verdict.reason);
  const queue::Failure failure = queue::failure_of(job, verdict.reason, "Error: " + verdict.reason);
  // Other programs' jobs may ask for more tries.
  if (const auto again = queue::retry_after(job, false, app.random))
    return queue_.retry(job, token, failure, *again, now);
  RETURN_IF_ERROR(queue_.fail(job, token, failure, keep(queue::State::failed, settings_.queue.keep_failed), now));
  return {};
}

Workers::Outcome Workers::do_job(App& app, Held& held) {
  const queue::Job& job = held.job;
  if (!job.deferred_failure.empty()) return {{Do::fail, 0ms, job.deferred_failure}};
  if (job.name != schedule::job_name)
    return {{Do::fail, 0ms,
             "Lockstep does jobs named " + std::string{schedule::job_name} + ", and this one is named " + job.name}};
  const auto order = schedule::order_from_json(job.data);
  if (!order) return {{Do::fail, 0ms, order.error().message}};
  return order->integration.empty() ? fan_out(app, job) : sync(app, held, *order);
}

Workers::Outcome Workers::fan_out(App& app, const queue::Job& job) {
  const auto integrations = app.store->integrations();
  if (!integrations) return {{Do::fail, 0ms, integrations.error().message}};
  boost::json::array put;
  for (const core::Integration& integration : *integrations) {
    if (!schedule::is_due(integration, clock_.now())) continue;
    const auto added = queue_.add(
        schedule::job_for({integration.id.text, schedule::Trigger::schedule, {}}, kept_by(settings_)), clock_.now());
    if (!added) return {{Do::fail, 0ms, added.error().message}};
    put.push_back({{"integration_id", integration.id.text}, {"job_id", *added}});
  }
  if (put.empty()) (void)queue_.log(job.id, "no integration is due for sync", kept_log_rows);
  return {{Do::complete}, boost::json::serialize(boost::json::object{{"jobs", std::move(put)}})};
}

std::function<void(const std::string&)> Workers::progress_of(const queue::Job& job) {
  // Twice a second at most: each is a write, and a page may take milliseconds.
  return [this, id = job.id, last = std::chrono::nanoseconds{0}](const std::string& line) mutable {
    if (clock_.elapsed() - last < 500ms) return;
    last = clock_.elapsed();
    (void)queue_.set_progress(id, boost::json::serialize(boost::json::value(line)));
    (void)queue_.log(id, line, kept_log_rows);
  };
}

Workers::Outcome Workers::sync(App& app, Held& held, const schedule::Order& order) {
  auto integrations = app.store->integrations();
  if (!integrations) return {{Do::fail, 0ms, integrations.error().message}};
  const auto found =
      std::ranges::find(*integrations, order.integration, [](const core::Integration& one) { return one.id.text; });
  if (found == integrations->end())
    return {{Do::fail, 0ms, "there is no integration " + order.integration + ": `lockstep status` lists them"}};
  if (!found->is_active) {
    if (order.trigger != schedule::Trigger::manual) return {{Do::complete}, R"({"status":"skipped"})"};
    return {{Do::fail, 0ms,
             "integration " + order.integration + " is paused: `lockstep integration resume` sets it going"}};
  }
  SyncRequest request;
  request.integration = order.integration;
  request.objects = order.objects;
  if (order.trigger == schedule::Trigger::manual) request.lane = core::Lane::interactive;
  request.progress = progress_of(held.job);
  request.stopping = [&] { return held.lost || held.give_way; };
  std::optional<base::Error> end;
  const auto run = sync_once(app, *found, request, end);
  if (!run) end = run.error();
  const bool cut = run && run->cut_short;
  auto verdict = schedule::verdict_for(end, stop_requested && (cut || end) ? Cut::shutdown
                                            : cut && held.give_way         ? Cut::turn
                                                                           : Cut::none);
  if (!run) return {std::move(verdict)};
  base::log(run->status == "completed" ? LogLevel::info : LogLevel::warn,
            "run " + run->id.text + " " + run->status + ": " + std::to_string(run->successful) + " moved, " +
                std::to_string(run->errors) + " errors, " + std::to_string(run->api_calls) + " API calls");
  return {std::move(verdict), run_json(*run)};
}

}  // namespace daemon_process
