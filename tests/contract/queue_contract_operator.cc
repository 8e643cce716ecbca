// What every queue promises to operators and job schedulers.
#include "queue/rules.h"
#include "queue_under_test.h"

namespace contract {

using queue::Job;
using queue::JobOptions;
using queue::JobQueue;
using queue::Scheduler;
using queue::State;
using Names = std::vector<std::string>;

namespace {

Scheduler quarterly() {
  Scheduler scheduler;
  scheduler.id = "sync";
  scheduler.repeat.pattern = "*/15 * * * *";
  scheduler.repeat.tz = "UTC";
  scheduler.name = "salesforce-sync";
  scheduler.data = R"({"all":true})";
  queue::Retention twenty;
  twenty.count = 20;
  scheduler.options.on_complete = twenty;
  return scheduler;
}

Scheduler every(queue::milliseconds interval) {
  Scheduler scheduler;
  scheduler.id = "beat";
  scheduler.repeat.every = interval;
  return scheduler;
}

}  // namespace

TEST_P(QueueContract, GivesNothingOutWhilePaused) {
  add("before");
  const Job active = take();
  add("waiting");
  must(queue().pause());
  EXPECT_TRUE(must(queue().settings(now())).paused);
  JobOptions low;
  low.priority = 4;
  add("while paused");
  add("low", low);
  EXPECT_FALSE(try_take());
  EXPECT_EQ(count(State::paused), 2);
  EXPECT_EQ(count(State::waiting), 0);
  EXPECT_EQ(names(State::paused), (Names{"waiting", "while paused"}));
  EXPECT_EQ(names(State::waiting), Names{});
  complete(active);
  must(queue().pause());
  must(queue().resume());
  must(queue().resume());
  EXPECT_FALSE(must(queue().settings(now())).paused);
  EXPECT_EQ(count(State::waiting), 2);
  EXPECT_EQ(take().name, "waiting");
  EXPECT_EQ(take().name, "while paused");
  EXPECT_EQ(take().name, "low");
}

TEST_P(QueueContract, BringsDueJobsInWhilePaused) {
  JobOptions soon;
  soon.delay = 5ms;
  add("due", soon);
  must(queue().pause());
  pass(10ms);
  EXPECT_FALSE(try_take());
  EXPECT_EQ(count(State::paused), 1);
  must(queue().resume());
  EXPECT_EQ(take().name, "due");
}

TEST_P(QueueContract, HoldsToOneActiveJobInTheWholeGroup) {
  must(queue().set_concurrency(1));
  EXPECT_EQ(must(queue().settings(now())).concurrency, 1);
  add("one");
  add("two");
  const Job one = take();
  EXPECT_FALSE(must(under_test_->elsewhere().take({"t", 30s, "other"}, now())).job);
  const auto next = must(queue().complete(one, token_of(one), "1", {}, now(), queue::TakeRequest{"t", 30s, "w"}));
  ASSERT_TRUE(next.job);
  EXPECT_EQ(next.job->name, "two");
  must(queue().set_concurrency(std::nullopt));
  add("three");
  EXPECT_EQ(take().name, "three");
}

TEST_P(QueueContract, HoldsToItsRateLimit) {
  must(queue().set_rate_limit(JobQueue::RateLimit{2, 60s}));
  for (int i = 0; i < 4; ++i) add("job");
  take();
  take();
  const auto limited = ask();
  EXPECT_FALSE(limited.job);
  ASSERT_TRUE(limited.limited_for);
  EXPECT_GT(*limited.limited_for, 0ms);
  EXPECT_LE(*limited.limited_for, 60s);
  EXPECT_GT(must(queue().settings(now())).limited_for, 0ms);
  EXPECT_EQ(must(queue().settings(now())).limit_max, 2);
  must(queue().release_rate_limit());
  EXPECT_EQ(must(queue().settings(now())).limited_for, 0ms);
  take();
  must(queue().set_rate_limit(std::nullopt));
  EXPECT_FALSE(must(queue().settings(now())).limit_max);
  take();
}

TEST_P(QueueContract, PromotesDelayedJobs) {
  JobOptions later, later_low;
  later.delay = 60s;
  later_low.delay = 60s;
  later_low.priority = 2;
  const std::string id = add("later", later);
  const std::string low = add("low", later_low);
  add("third", later);
  must(queue().promote(low, now()));
  EXPECT_EQ(state(low), State::prioritized);
  expect_refused(queue().promote(low, now()), queue::code::wrong_state);
  expect_refused(queue().promote("nobody", now()), queue::code::job_missing);
  EXPECT_EQ(must(queue().promote_all(now())), 2);
  EXPECT_EQ(state(id), State::waiting);
  EXPECT_EQ(job(id).delay, 0ms);
  EXPECT_EQ(take().name, "later");
}

TEST_P(QueueContract, RetriesFinishedJobs) {
  const std::string id = add("fails");
  fail(take(), "bad luck");
  const std::string done = add("done");
  complete(take(), "5");
  expect_refused(queue().retry_finished("nobody", now()), queue::code::job_missing);
  must(queue().retry_finished(id, now()));
  EXPECT_EQ(state(id), State::waiting);
  EXPECT_TRUE(job(id).failed_reason.empty());
  EXPECT_FALSE(job(id).finished_on);
  EXPECT_EQ(job(id).attempts_made, 1);
  EXPECT_EQ(job(id).stacktrace.size(), 1u);
  expect_refused(queue().retry_finished(id, now()), queue::code::wrong_state);
  must(queue().retry_finished(done, now()));
  EXPECT_EQ(take().name, "fails");
  EXPECT_EQ(take().name, "done");
}

TEST_P(QueueContract, RetriesAllFailedJobs) {
  for (int i = 0; i < 5; ++i) add("job " + std::to_string(i));
  while (auto taken = try_take()) {
    fail(*taken, "no");
    pass(1ms);
  }
  EXPECT_EQ(must(queue().retry_all(State::failed, now())), 5);
  EXPECT_EQ(must(queue().retry_all(State::failed, now())), 0);
  EXPECT_EQ(names(State::waiting), (Names{"job 0", "job 1", "job 2", "job 3", "job 4"}));
}

TEST_P(QueueContract, RemovesAJobFromWhereverItIs) {
  JobOptions delayed, low;
  delayed.delay = 60s;
  low.priority = 1;
  const std::string waiting = add("waiting"), later = add("later", delayed), urgent = add("low", low);
  must(queue().log(waiting, "row"));
  for (const auto& id : {waiting, later, urgent}) {
    must(queue().remove(id));
    EXPECT_FALSE(must(queue().job(id)));
  }
  EXPECT_EQ(must(queue().logs(waiting)).count, 0);
  expect_refused(queue().remove(waiting), queue::code::job_missing);
  EXPECT_FALSE(try_take());
}

TEST_P(QueueContract, CleansWhatIsOldEnough) {
  for (int i = 0; i < 4; ++i) {
    add("job " + std::to_string(i));
    complete(take());
    pass(10s);
  }
  EXPECT_EQ(must(queue().clean(State::completed, 25s, 1, now())).size(), 1u);
  EXPECT_EQ(names(State::completed), (Names{"job 1", "job 2", "job 3"}));
  EXPECT_EQ(must(queue().clean(State::completed, 25s, 0, now())).size(), 1u);
  EXPECT_EQ(names(State::completed), (Names{"job 2", "job 3"}));
  add("waiting");
  JobOptions delayed;
  delayed.delay = 1h;
  add("delayed", delayed);
  pass(10s);
  EXPECT_EQ(must(queue().clean(State::waiting, 5s, 0, now())).size(), 1u);
  EXPECT_EQ(must(queue().clean(State::delayed, 5s, 0, now())).size(), 1u);
  add("active");
  take();
  pass(10s);
  EXPECT_EQ(must(queue().clean(State::active, 5s, 0, now())).size(), 0u);
}

TEST_P(QueueContract, DrainsWhatWaits) {
  must(queue().upsert_scheduler(quarterly(), now()));
  JobOptions delayed, low;
  delayed.delay = 60s;
  low.priority = 1;
  add("active");
  take();
  add("waiting");
  add("low", low);
  add("delayed", delayed);
  must(queue().drain(false));
  EXPECT_EQ(count(State::waiting) + count(State::prioritized), 0);
  EXPECT_EQ(count(State::delayed), 2);
  EXPECT_EQ(count(State::active), 1);
  must(queue().drain(true));
  EXPECT_EQ(names(State::delayed), Names{"salesforce-sync"});
}

TEST_P(QueueContract, ObliteratesAPausedQueue) {
  must(queue().upsert_scheduler(quarterly(), now()));
  add("done");
  complete(take());
  add("active");
  take();
  add("waiting");
  expect_refused(queue().obliterate(false), queue::code::not_paused);
  must(queue().pause());
  expect_refused(queue().obliterate(false), queue::code::has_active);
  must(queue().obliterate(true));
  for (const auto& [state, number] : must(queue().counts())) EXPECT_EQ(number, 0) << queue::name_of(state);
  EXPECT_TRUE(must(queue().schedulers()).empty());
  EXPECT_FALSE(must(queue().settings(now())).paused);
  EXPECT_EQ(add("new life"), "1");
}

TEST_P(QueueContract, ChangesDelayAndPriority) {
  JobOptions delayed;
  delayed.delay = 60s;
  const std::string id = add("delayed", delayed);
  must(queue().change_delay(id, 5s, now()));
  EXPECT_EQ(job(id).delay, 5s);
  EXPECT_EQ(ask().next_due, now() + 5s);
  const std::string a = add("a"), b = add("b");
  expect_refused(queue().change_delay(a, 5s, now()), queue::code::wrong_state);
  must(queue().change_priority(a, 3));
  EXPECT_EQ(state(a), State::prioritized);
  EXPECT_EQ(job(a).priority, 3);
  must(queue().change_priority(b, 2));
  EXPECT_EQ(names(State::prioritized), (Names{"b", "a"}));
  must(queue().change_priority(a, 0));
  EXPECT_EQ(state(a), State::waiting);
  must(queue().change_priority(id, 9));
  EXPECT_EQ(job(id).priority, 9);
  EXPECT_EQ(state(id), State::delayed);
}

// Job schedulers.

TEST_P(QueueContract, SchedulesByPattern) {
  const std::string first = must(queue().upsert_scheduler(quarterly(), now()));
  EXPECT_EQ(first, "repeat:sync:1795486500000");  // 02:15 of that morning.
  EXPECT_EQ(state(first), State::delayed);
  const Job run = job(first);
  EXPECT_EQ(run.name, "salesforce-sync");
  EXPECT_EQ(run.data, R"({"all":true})");
  EXPECT_EQ(run.scheduler, "sync");
  ASSERT_TRUE(run.options.repeat);
  EXPECT_EQ(run.options.repeat->pattern, "*/15 * * * *");
  EXPECT_EQ(run.options.repeat->count, 1);
  EXPECT_EQ(run.options.on_complete->count, 20);
  EXPECT_EQ(run.options.previous, base::Utc{1795486500000ms});
  EXPECT_EQ(must(queue().upsert_scheduler(quarterly(), now())), first);  // Again is the same.
  EXPECT_EQ(count(State::delayed), 1);

  const auto stored = must(queue().scheduler("sync"));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->next, base::Utc{1795486500000ms});
  EXPECT_EQ(stored->iterations, 1);
  EXPECT_EQ(stored->name, "salesforce-sync");
  EXPECT_TRUE(queue::same_schedule(*stored, quarterly()));
  EXPECT_EQ(must(queue().schedulers()).size(), 1u);
  EXPECT_FALSE(must(queue().scheduler("other")));
}

TEST_P(QueueContract, AdvancesOnceAsARunIsTaken) {
  must(queue().upsert_scheduler(quarterly(), now()));
  pass(15min);
  const Job run = take();
  const std::string next = must(queue().advance(run, now()));
  EXPECT_EQ(next, "repeat:sync:1795487400000");
  EXPECT_TRUE(must(queue().advance(run, now())).empty());
  EXPECT_EQ(job(run.id).next_run, next);
  EXPECT_EQ(job(next).options.repeat->count, 2);
  EXPECT_EQ(job(next).data, R"({"all":true})");
  EXPECT_EQ(must(queue().scheduler("sync"))->iterations, 2);
  complete(run);
  EXPECT_TRUE(must(queue().advance(run, now())).empty());
  // After a long sleep there is the overdue run, and no other to catch up with.
  pass(3h);
  const Job overdue = take();
  EXPECT_EQ(overdue.id, next);
  EXPECT_FALSE(try_take());
  must(queue().advance(overdue, now()));
  EXPECT_EQ(count(State::delayed), 1);
  EXPECT_GT(must(queue().scheduler("sync"))->next, now());
}

TEST_P(QueueContract, KeepsAnOverdueRunWhenNothingChanged) {
  EXPECT_TRUE(must(queue::ensure_scheduler(queue(), quarterly(), now())));
  const base::Utc next = must(queue().scheduler("sync"))->next;
  pass(2h);
  EXPECT_FALSE(must(queue::ensure_scheduler(queue(), quarterly(), now())));
  EXPECT_EQ(must(queue().scheduler("sync"))->next, next);
  EXPECT_EQ(take().scheduler, "sync");
  Scheduler hourly = quarterly();
  hourly.repeat.pattern = "0 * * * *";
  EXPECT_TRUE(must(queue::ensure_scheduler(queue(), hourly, now())));
  EXPECT_EQ(must(queue().scheduler("sync"))->repeat.pattern, "0 * * * *");
  EXPECT_EQ(count(State::delayed), 1);
}

TEST_P(QueueContract, SchedulesAtAnInterval) {
  const base::Utc start = now();
  const std::string first = must(queue().upsert_scheduler(every(60s), now()));
  EXPECT_EQ(state(first), State::waiting);  // The first run is now.
  EXPECT_EQ(must(queue().upsert_scheduler(every(60s), now())), first);
  const Job run = take();
  EXPECT_EQ(run.name, "beat");
  const std::string second = must(queue().advance(run, now()));
  EXPECT_EQ(must(queue().scheduler("beat"))->next, start + 60s);
  complete(run);
  pass(60s);
  const Job next = take();
  EXPECT_EQ(next.id, second);
  pass(200s);  // Slots go by while it runs.
  must(queue().advance(next, now()));
  EXPECT_EQ(must(queue().scheduler("beat"))->next, start + 300s);
  const auto changed = must(queue().upsert_scheduler(every(10s), now()));
  EXPECT_EQ(must(queue().scheduler("beat"))->next, now());
  EXPECT_EQ(take().id, changed);
}

TEST_P(QueueContract, StopsASchedulerAtItsLimitAndItsEnd) {
  Scheduler twice = quarterly();
  twice.repeat.limit = 2;
  must(queue().upsert_scheduler(twice, now()));
  pass(15min);
  Job run = take();
  EXPECT_FALSE(must(queue().advance(run, now())).empty());
  complete(run);
  pass(15min);
  run = take();
  EXPECT_TRUE(must(queue().advance(run, now())).empty());
  complete(run);
  EXPECT_EQ(count(State::delayed), 0);

  Scheduler ending = quarterly();
  ending.id = "ending";
  ending.repeat.end = now() + 20min;
  must(queue().upsert_scheduler(ending, now()));
  pass(15min);
  EXPECT_TRUE(must(queue().advance(take(), now())).empty());
  pass(20min);
  EXPECT_FALSE(queue().upsert_scheduler(ending, now()));
}

TEST_P(QueueContract, RefusesASchedulerThatCannotRun) {
  for (const auto& spoil : std::vector<std::function<void(Scheduler&)>>{
           [](Scheduler& s) { s.repeat.pattern = "61 * * * *"; }, [](Scheduler& s) { s.repeat.tz = "Mars/Olympus"; },
           [](Scheduler& s) { s.repeat.every = 5s; }, [](Scheduler& s) { s.repeat.pattern.clear(); },
           [](Scheduler& s) { s.id = "a:b"; }, [](Scheduler& s) { s.data = "no JSON"; }}) {
    Scheduler scheduler = quarterly();
    spoil(scheduler);
    EXPECT_FALSE(queue().upsert_scheduler(scheduler, now()));
  }
  EXPECT_TRUE(must(queue().schedulers()).empty());
}

TEST_P(QueueContract, RemovesASchedulerWithItsNextRun) {
  const std::string run = must(queue().upsert_scheduler(quarterly(), now()));
  expect_refused(queue().remove(run), queue::code::of_scheduler);
  must(queue().remove_scheduler("sync"));
  EXPECT_FALSE(must(queue().job(run)));
  EXPECT_TRUE(must(queue().schedulers()).empty());
  expect_refused(queue().remove_scheduler("sync"), queue::code::scheduler_missing);
}

TEST_P(QueueContract, RunsASchedulersNextRunEarlyWhenPromoted) {
  const std::string run = must(queue().upsert_scheduler(quarterly(), now()));
  must(queue().promote(run, now()));
  const Job taken = take();
  EXPECT_EQ(must(queue().advance(taken, now())), "repeat:sync:1795487400000");  // The slot after the one used up.
}

TEST_P(QueueContract, NeverFailsASchedulersRunForStalling) {
  must(queue().upsert_scheduler(quarterly(), now()));
  pass(15min);
  for (int i = 0; i < 4; ++i) {
    const Job run = take();
    EXPECT_TRUE(run.deferred_failure.empty());
    check_stalled();
    check_stalled();
  }
}

}  // namespace contract
