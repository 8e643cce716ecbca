#include <boost/json.hpp>
#include <cstdio>

#include "base/time_text.h"
#include "daemon/command.h"
#include "daemon/open_queue.h"

namespace daemon_process {
namespace {

namespace json = boost::json;
using queue::State;

struct QueueState {
  std::map<State, std::int64_t> counts;
  queue::QueueSettings settings;
  std::vector<queue::Scheduler> schedulers;
};

base::Result<QueueState> read_state(queue::JobQueue& jobs, base::Utc now) {
  QueueState state;
  ASSIGN_OR_RETURN(state.counts, jobs.counts());
  ASSIGN_OR_RETURN(state.settings, jobs.settings(now));
  ASSIGN_OR_RETURN(state.schedulers, jobs.schedulers());
  return state;
}

std::string rhythm_of(const queue::Repeat& repeat) {
  return repeat.pattern.empty() ? "every " + std::to_string(repeat.every.count() / 60'000) + " minutes"
                                : repeat.pattern;
}

json::object to_json(const App& app, const QueueState& state) {
  json::object counts;
  for (const auto& [of, count] : state.counts) counts[queue::name_of(of)] = count;
  json::array schedulers;
  for (const queue::Scheduler& one : state.schedulers) {
    json::object shown{{"id", one.id}, {"next", base::to_iso(one.next)}};
    if (one.repeat.pattern.empty())
      shown["every_ms"] = one.repeat.every.count();
    else
      shown["pattern"] = one.repeat.pattern;
    schedulers.push_back(std::move(shown));
  }
  return {{"name", app.settings.queue.name},
          {"paused", state.settings.paused},
          {"counts", std::move(counts)},
          {"schedulers", std::move(schedulers)}};
}

void print(const App& app, const QueueState& state) {
  std::printf("queue %s%s\n", app.settings.queue.name.c_str(), state.settings.paused ? ", paused" : "");
  for (const State of : queue::all_states)
    if (const std::int64_t count = state.counts.at(of); count > 0 || of == State::waiting || of == State::failed)
      std::printf("  %-16s %lld\n", std::string{queue::name_of(of)}.c_str(), static_cast<long long>(count));
  for (const queue::Scheduler& one : state.schedulers)
    std::printf("  next tick %s (%s)\n", base::to_iso_seconds(one.next).c_str(), rhythm_of(one.repeat).c_str());
}

/// What the command does to the queue. Returns how many jobs it touched, where it counts them.
using Change = std::function<base::Result<std::optional<std::int64_t>>(queue::JobQueue&, base::Utc)>;

int do_queue(App& app, const Change& change, bool as_json) {
  const base::Utc now = app.clock.now();
  auto opened = open_queue(app.settings, Check::nothing);
  if (!opened) return tell(opened.error());
  const auto changed = change(*opened->jobs, now);
  if (!changed) return tell(changed.error());
  const auto state = read_state(*opened->jobs, now);
  if (!state) return tell(state.error());
  if (as_json) {
    json::object document = to_json(app, *state);
    if (*changed) document["changed"] = **changed;
    std::printf("%s\n", json::serialize(document).c_str());
  } else {
    if (*changed) std::printf("%lld jobs\n", static_cast<long long>(**changed));
    print(app, *state);
  }
  return done;
}

void add(CLI::App& queue, Commands& commands, const std::string& name, const std::string& what,
         const std::string& footer, Change change) {
  const auto as_json = std::make_shared<bool>(false);
  auto* command = queue.add_subcommand(name, what);
  command->add_flag("--json", *as_json, "One JSON document on standard output");
  command->footer("Example: lockstep queue " + footer);
  commands.push_back(
      {command, [as_json, change = std::move(change)](App& app) { return do_queue(app, change, *as_json); }});
}

}  // namespace

void add_queue(CLI::App& cli, Commands& commands) {
  using Count = std::optional<std::int64_t>;
  auto* queue = cli.add_subcommand("queue", "The job queue that queue.url names");
  queue->require_subcommand(1);
  queue->footer("Examples:\n  lockstep queue status --json\n  lockstep queue pause\n  lockstep queue retry-failed");
  add(*queue, commands, "status", "Jobs by state, and the next tick", "status --json",
      [](queue::JobQueue&, base::Utc) -> base::Result<Count> { return Count{}; });
  add(*queue, commands, "pause", "Give out no more jobs; running ones go on", "pause",
      [](queue::JobQueue& jobs, base::Utc) -> base::Result<Count> {
        RETURN_IF_ERROR(jobs.pause());
        return Count{};
      });
  add(*queue, commands, "resume", "Give out jobs again", "resume",
      [](queue::JobQueue& jobs, base::Utc) -> base::Result<Count> {
        RETURN_IF_ERROR(jobs.resume());
        return Count{};
      });
  add(*queue, commands, "retry-failed", "Put every failed job back in line", "retry-failed",
      [](queue::JobQueue& jobs, base::Utc now) -> base::Result<Count> {
        ASSIGN_OR_RETURN(const std::int64_t count, jobs.retry_all(State::failed, now));
        return Count{count};
      });
  add(*queue, commands, "drain", "Drop what waits or is delayed; the schedule and running jobs stay", "drain",
      [](queue::JobQueue& jobs, base::Utc) -> base::Result<Count> {
        const auto waiting = [&]() -> base::Result<std::int64_t> {
          ASSIGN_OR_RETURN(const auto counts, jobs.counts());
          return counts.at(State::waiting) + counts.at(State::paused) + counts.at(State::prioritized) +
                 counts.at(State::delayed);
        };
        ASSIGN_OR_RETURN(const std::int64_t before, waiting());
        RETURN_IF_ERROR(jobs.drain(true));
        ASSIGN_OR_RETURN(const std::int64_t after, waiting());
        return Count{before - after};
      });
}

}  // namespace daemon_process
