// Random programs: every queue does step for step what the memory queue does.
#include <algorithm>
#include <iostream>
#include <sstream>

#include "base/random.h"
#include "queue/memory/memory_queue.h"
#include "queue/rules.h"
#include "queue_under_test.h"

namespace contract {
namespace {

using queue::Job;
using queue::JobOptions;
using queue::JobQueue;
using queue::State;

std::string shown(const std::optional<base::Utc>& time) {
  return time ? std::to_string(time->time_since_epoch().count()) : "-";
}

/// All that can be seen of a job.
std::string shown(const Job& job) {
  std::ostringstream out;
  out << job.id << ' ' << job.name << ' ' << job.data << ' ' << job.delay.count() << "ms p" << job.priority << " made "
      << job.attempts_made << '/' << job.attempts_started << " stalled " << job.stalled << " at "
      << shown(job.processed_on) << ' ' << shown(job.finished_on) << ' ' << job.progress << " > " << job.return_value
      << " ! " << job.failed_reason << ' ' << job.deferred_failure << ' ' << job.stacktrace.size() << " next "
      << job.next_run << " of " << job.scheduler << ' ' << queue::options_json(job.options);
  return out.str();
}

std::string snapshot(JobQueue& queue, base::Utc now) {
  std::ostringstream out;
  for (const State state : queue::all_states) {
    out << queue::name_of(state) << ":\n";
    for (const Job& job : must(queue.jobs(state, 0, -1, JobQueue::Order::oldest_first)))
      out << "  " << shown(job) << '\n';
  }
  for (const auto& scheduler : must(queue.schedulers()))
    out << "scheduler " << scheduler.id << ' ' << shown(scheduler.next) << ' ' << scheduler.iterations << '\n';
  const auto settings = must(queue.settings(now));
  out << (settings.paused ? "paused" : "running") << ' ' << settings.concurrency.value_or(-1) << '\n';
  return out.str();
}

template <class T>
std::string outcome(const base::Result<T>& result) {
  if (!result) return "refused " + result.error().service_code;
  if constexpr (std::is_void_v<T>)
    return "done";
  else if constexpr (std::is_same_v<T, std::string>)
    return *result;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return std::to_string(*result);
  else if constexpr (std::is_same_v<T, queue::Taken>)
    return result->job ? shown(*result->job) : "nothing " + shown(result->next_due);
  else {
    std::string all;
    for (const std::string& one : *result) all += one + ' ';
    return all;
  }
}

/// One program, its steps done to both queues.
class Program {
 public:
  Program(QueueUnderTest& under_test, std::uint64_t seed) : under_test_(under_test), random_(seed) {}

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure() && !over_; ++i) {
      under_test_.pass(queue::milliseconds{1 + static_cast<int>(random_.below(random_.chance(0.2) ? 5000 : 20))});
      step();
      if (over_) return;
      const std::string ours = snapshot(under_test_.here(), now()), models = snapshot(*model_, now());
      EXPECT_EQ(ours, models) << "after step " << i << ": " << trace_;
    }
  }

 private:
  base::Utc now() const { return under_test_.now(); }

  /// Does one thing to both and compares what they answer.
  template <class Do>
  auto both(const std::string& what, Do action) {
    const auto ours = action(under_test_.here());
    const auto models = action(*model_);
    trace_ += what + " -> " + outcome(models) + "\n";
    EXPECT_EQ(outcome(ours), outcome(models)) << trace_;
    return models;
  }

  std::string any_id() { return ids_.empty() ? "nobody" : ids_[random_.below(ids_.size())]; }

  JobOptions any_options() {
    JobOptions options;
    if (random_.chance(0.3)) options.priority = static_cast<int>(random_.below(4));
    if (random_.chance(0.3)) options.delay = queue::milliseconds{random_.below(4000)};
    if (random_.chance(0.1)) options.lifo = true;
    if (random_.chance(0.1)) options.id = "own-" + std::to_string(random_.below(5));
    if (random_.chance(0.2)) options.deduplication = queue::Deduplication{"d" + std::to_string(random_.below(3)), {}};
    if (random_.chance(0.5)) options.attempts = static_cast<int>(random_.below(4));
    if (random_.chance(0.5))
      options.backoff =
          queue::Backoff{random_.chance(0.5) ? "fixed" : "exponential", queue::milliseconds{random_.below(500)}, 0};
    return options;
  }

  void add() {
    const JobOptions options = any_options();
    const std::string name = "job " + std::to_string(++names_);
    const auto id = both("add " + name, [&](JobQueue& q) { return q.add({name, "{}", options}, now()); });
    if (id) ids_.push_back(*id);
  }

  void take() {
    const std::string token = "t" + std::to_string(++names_);
    const auto taken = both("take", [&](JobQueue& q) { return q.take({token, 1h, "w"}, now()); });
    if (!taken || !taken->job) return;
    held_.emplace_back(*taken->job, token);
    if (!taken->job->scheduler.empty()) {
      const auto next = both("advance", [&](JobQueue& q) { return q.advance(*taken->job, now()); });
      if (next && !next->empty()) ids_.push_back(*next);
    }
  }

  void end_one() {
    if (held_.empty()) return take();
    const std::size_t at = random_.below(held_.size());
    const auto [job, token] = held_[at];
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(at));
    queue::Retention five;
    five.count = 5;
    const int how = static_cast<int>(random_.below(6));
    if (how < 2) {
      both("complete " + job.id, [&](JobQueue& q) { return q.complete(job, token, "{\"n\":1}", five, now()); });
    } else if (how < 4) {
      const auto again = queue::retry_after(job, false, random_);
      const auto failure = queue::failure_of(job, "bad", "trace");
      if (again)
        both("retry " + job.id, [&](JobQueue& q) { return q.retry(job, token, failure, *again, now()); });
      else
        both("fail " + job.id, [&](JobQueue& q) { return q.fail(job, token, failure, five, now()); });
    } else if (how == 4 || job.priority > 0) {  // Two handed back to one priority have no order that is agreed.
      both("postpone " + job.id, [&](JobQueue& q) { return q.postpone(job, token, 700ms, now()); });
    } else {
      both("give back " + job.id, [&](JobQueue& q) { return q.give_back(job, token, now()); });
    }
  }

  /// Every worker dies.
  void stall() {
    held_.clear();
    under_test_.pass(2h);
    both("check", [&](JobQueue& q) { return q.check_stalled(30s, 1, now()); });
    under_test_.pass(1min);
    const auto stalled = both("check", [&](JobQueue& q) {
      auto found = q.check_stalled(30s, 1, now());
      if (found) std::ranges::sort(*found);
      return found;
    });
    over_ = stalled && stalled->size() > 1;  // Their order in the queue is nobody's promise.
  }

  void operate() {
    const std::string id = any_id();
    switch (random_.below(12)) {
      case 0:
        both("promote " + id, [&](JobQueue& q) { return q.promote(id, now()); });
        break;
      case 1:
        both("promote all", [&](JobQueue& q) { return q.promote_all(now()); });
        break;
      case 2:
        both("remove " + id, [&](JobQueue& q) { return q.remove(id); });
        break;
      case 3:
        both("retry finished " + id, [&](JobQueue& q) { return q.retry_finished(id, now()); });
        break;
      case 4:
        both("retry all", [&](JobQueue& q) { return q.retry_all(State::failed, now()); });
        break;
      case 5:
        both("pause", [&](JobQueue& q) { return q.pause(); });
        break;
      case 6:
        both("resume", [&](JobQueue& q) { return q.resume(); });
        break;
      case 7: {
        const State state = queue::all_states[random_.below(std::size(queue::all_states))];
        both("clean " + std::string{queue::name_of(state)},
             [&](JobQueue& q) { return q.clean(state, 1000ms, 3, now()); });
        break;
      }
      case 8:
        both("priority of " + id, [&](JobQueue& q) { return q.change_priority(id, 2); });
        break;
      case 9:
        both("delay of " + id, [&](JobQueue& q) { return q.change_delay(id, 300ms, now()); });
        break;
      case 10:
        both("drain", [&](JobQueue& q) { return q.drain(false); });
        break;
      default: {
        const auto most = random_.chance(0.5) ? std::optional<int>{} : std::optional{1};
        both("concurrency", [&](JobQueue& q) { return q.set_concurrency(most); });
      }
    }
  }

  void schedule() {
    queue::Scheduler scheduler;
    scheduler.id = "s" + std::to_string(random_.below(2));
    if (random_.chance(0.5))
      scheduler.repeat.pattern = random_.chance(0.5) ? "*/2 * * * * *" : "* * * * * *";
    else
      scheduler.repeat.every = queue::milliseconds{random_.chance(0.5) ? 700 : 1500};
    scheduler.repeat.tz = "UTC";
    if (random_.chance(0.3)) {
      both("unschedule", [&](JobQueue& q) { return q.remove_scheduler(scheduler.id); });
    } else {
      const auto id =
          both("schedule " + scheduler.id, [&](JobQueue& q) { return q.upsert_scheduler(scheduler, now()); });
      if (id) ids_.push_back(*id);
    }
  }

  void step() {
    const auto dice = random_.below(100);
    if (dice < 30)
      add();
    else if (dice < 55)
      take();
    else if (dice < 78)
      end_one();
    else if (dice < 90)
      operate();
    else if (dice < 96)
      schedule();
    else if (dice < 98)
      stall();
    else {
      const std::string id = any_id();
      both("progress of " + id, [&](JobQueue& q) { return q.set_progress(id, "7"); });
    }
  }

  QueueUnderTest& under_test_;
  base::Random random_;
  std::unique_ptr<JobQueue> model_ = queue::make_memory_queue();
  std::vector<std::string> ids_;
  std::vector<std::pair<Job, std::string>> held_;
  std::string trace_;
  int names_ = 0;
  bool over_ = false;
};

}  // namespace

/// QUEUE_PROGRAMS=n runs more of them, QUEUE_SEED=n begins elsewhere.
TEST_P(QueueContract, BehavesAsTheMemoryQueueInAnyProgram) {
  const auto number = [](const char* name, std::uint64_t otherwise) {
    const char* set = std::getenv(name);
    return set ? std::strtoull(set, nullptr, 10) : otherwise;
  };
  const std::uint64_t first = number("QUEUE_SEED", 1), programs = number("QUEUE_PROGRAMS", GetParam().programs);
  for (std::uint64_t seed = first; seed < first + programs && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto fresh = GetParam().make();
    Program{*fresh, seed}.run(80);
  }
  std::cout << programs << " programs from seed " << first << '\n';
}

}  // namespace contract
