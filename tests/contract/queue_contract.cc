// What every queue promises to producers and workers.
#include <atomic>
#include <set>
#include <thread>

#include "base/random.h"
#include "queue/rules.h"
#include "queue_under_test.h"

namespace contract {

using queue::Job;
using queue::JobOptions;
using queue::JobQueue;
using queue::Retention;
using queue::State;

std::string QueueContract::add(const std::string& name, JobOptions options, const std::string& data) {
  return must(queue().add({name, data, std::move(options)}, now()));
}
queue::Taken QueueContract::ask() {
  static std::atomic<int> number = 0;
  const std::string token = "token " + std::to_string(++number);
  auto taken = must(queue().take({token, 45s, "worker"}, now()));
  if (taken.job) tokens_[taken.job->id] = token;
  return taken;
}
std::optional<Job> QueueContract::try_take() {
  return ask().job;
}
Job QueueContract::take() {
  auto taken = try_take();
  if (!taken) {
    ADD_FAILURE() << "there is no job to take";
    std::abort();
  }
  return *std::move(taken);
}
void QueueContract::complete(const Job& job, const std::string& result, const Retention& keep) {
  must(queue().complete(job, token_of(job), result, queue::retention_for(job, State::completed, keep), now()));
}
void QueueContract::fail(const Job& job, const std::string& reason, const Retention& keep) {
  must(queue().fail(job, token_of(job), queue::failure_of(job, reason, "trace of " + reason),
                    queue::retention_for(job, State::failed, keep), now()));
}
std::vector<std::string> QueueContract::names(State state, JobQueue::Order order) {
  std::vector<std::string> names;
  for (const Job& job : must(queue().jobs(state, 0, -1, order))) names.push_back(job.name);
  return names;
}
std::int64_t QueueContract::count(State state) {
  return must(queue().counts()).at(state);
}
std::optional<State> QueueContract::state(const std::string& id) {
  return must(queue().state_of(id));
}
Job QueueContract::job(const std::string& id) {
  auto found = must(queue().job(id));
  EXPECT_TRUE(found) << "no job " << id;
  return found.value_or(Job{});
}
std::vector<std::string> QueueContract::check_stalled(int most) {
  pass(30s);
  return must(queue().check_stalled(30s, most, now()));
}

namespace {

using Names = std::vector<std::string>;

}  // namespace

TEST_P(QueueContract, TakesAJobThroughItsLife) {
  const std::string id = add("sync", {}, R"({"integrationId":"a/b","trigger":"manual"})");
  EXPECT_EQ(state(id), State::waiting);
  EXPECT_EQ(count(State::waiting), 1);
  const base::Utc added = now();
  pass(5ms);
  const Job taken = take();
  EXPECT_EQ(taken.id, id);
  EXPECT_EQ(taken.name, "sync");
  EXPECT_EQ(taken.data, R"({"integrationId":"a/b","trigger":"manual"})");
  EXPECT_EQ(taken.timestamp, added);
  EXPECT_EQ(taken.processed_on, now());
  EXPECT_EQ(taken.processed_by, "worker");
  EXPECT_EQ(taken.attempts_started, 1);
  EXPECT_EQ(taken.attempts_made, 0);
  EXPECT_EQ(state(id), State::active);
  EXPECT_FALSE(try_take());
  pass(5ms);
  complete(taken, R"({"status":"completed"})");
  EXPECT_EQ(state(id), State::completed);
  const Job done = job(id);
  EXPECT_EQ(done.return_value, R"({"status":"completed"})");
  EXPECT_EQ(done.finished_on, now());
  EXPECT_EQ(done.attempts_made, 1);
  EXPECT_TRUE(done.failed_reason.empty());
  EXPECT_EQ(count(State::active), 0);
  EXPECT_EQ(count(State::completed), 1);
}

TEST_P(QueueContract, KnowsNothingOfUnknownJobs) {
  EXPECT_FALSE(must(queue().job("nobody")));
  EXPECT_FALSE(state("nobody"));
  EXPECT_EQ(must(queue().logs("nobody")).count, 0);
  expect_refused(queue().set_progress("nobody", "1"), queue::code::job_missing);
  expect_refused(queue().log("nobody", "row"), queue::code::job_missing);
  expect_refused(queue().set_data("nobody", "{}"), queue::code::job_missing);
}

TEST_P(QueueContract, GivesOutInOrderAndUrgentOnesLastOfTheUnprioritized) {
  JobOptions urgent, later, front;
  urgent.priority = 1;
  later.priority = 7;
  front.lifo = true;
  add("later 1", later);
  add("urgent 1", urgent);
  add("first");
  add("second");
  add("urgent 2", urgent);
  add("front", front);
  add("later 2", later);
  EXPECT_EQ(names(State::waiting), (Names{"front", "first", "second"}));
  EXPECT_EQ(names(State::prioritized), (Names{"urgent 1", "urgent 2", "later 1", "later 2"}));
  Names order;
  while (auto taken = try_take()) order.push_back(taken->name);
  EXPECT_EQ(order, (Names{"front", "first", "second", "urgent 1", "urgent 2", "later 1", "later 2"}));
}

TEST_P(QueueContract, HoldsADelayedJobUntilItsTimeAndSaysWhen) {
  JobOptions in_a_second, urgent;
  in_a_second.delay = 1000ms;
  urgent.delay = 1000ms;
  urgent.priority = 3;
  const base::Utc due = now() + 1s;
  const std::string id = add("delayed 1", in_a_second);
  add("delayed 2", in_a_second);
  add("delayed urgent", urgent);
  EXPECT_EQ(state(id), State::delayed);
  const auto early = ask();
  EXPECT_FALSE(early.job);
  EXPECT_EQ(early.next_due, due);
  pass(999ms);
  EXPECT_FALSE(try_take());
  pass(1ms);
  add("later");
  EXPECT_EQ(take().name, "later");  // It waited already when the delayed ones were brought in.
  EXPECT_EQ(take().name, "delayed 1");
  EXPECT_EQ(take().name, "delayed 2");
  EXPECT_EQ(take().name, "delayed urgent");
  EXPECT_EQ(job(id).delay, 0ms);
}

TEST_P(QueueContract, KeepsTheOrderWithinOneMillisecond) {
  JobOptions soon;
  soon.delay = 10ms;
  Names expected;
  for (int i = 0; i < 50; ++i) {
    expected.push_back("job " + std::to_string(i));
    add(expected.back(), soon);
  }
  EXPECT_EQ(names(State::delayed), expected);
  pass(10ms);
  for (const std::string& name : expected) EXPECT_EQ(take().name, name);
}

TEST_P(QueueContract, AddsAJobOfOneIdOnce) {
  JobOptions mine;
  mine.id = "my-job";
  EXPECT_EQ(add("first", mine), "my-job");
  EXPECT_EQ(add("second", mine), "my-job");
  EXPECT_EQ(job("my-job").name, "first");
  complete(take());
  EXPECT_EQ(add("third", mine), "my-job");
  EXPECT_EQ(count(State::waiting), 0);
  for (const char* id : {"7", "0", "0:5", "a:b", "a:b:c:d"}) {
    JobOptions bad;
    bad.id = id;
    EXPECT_FALSE(queue().add({"bad", "{}", bad}, now())) << id;
  }
  EXPECT_FALSE(queue().add({"bad", "no JSON", {}}, now()));
}

TEST_P(QueueContract, AddsAJobOfOneDeduplicationIdAgainOnlyOnceItHasEnded) {
  JobOptions once;
  once.deduplication = queue::Deduplication{"integration-1", {}};
  const std::string first = add("first", once);
  EXPECT_EQ(add("second", once), first);
  const Job taken = take();
  EXPECT_EQ(taken.deduplication_id, "integration-1");
  EXPECT_EQ(add("third", once), first);
  complete(taken);
  const std::string fourth = add("fourth", once);
  EXPECT_NE(fourth, first);
  fail(take(), "no");
  const std::string fifth = add("fifth", once);
  EXPECT_NE(fifth, fourth);
  must(queue().remove(fifth));
  EXPECT_NE(add("sixth", once), fifth);
}

TEST_P(QueueContract, HoldsADeduplicationIdForItsTimeWhateverBecomesOfTheJob) {
  JobOptions throttled;
  throttled.deduplication = queue::Deduplication{"t", 60s};
  const std::string first = add("first", throttled);
  complete(take());
  EXPECT_EQ(add("second", throttled), first);
  pass(60s);
  EXPECT_NE(add("third", throttled), first);
}

TEST_P(QueueContract, RetriesAsTheJobSays) {
  JobOptions three;
  three.attempts = 3;
  three.backoff = queue::Backoff{"exponential", 1000ms, 0};
  const std::string id = add("flaky", three);
  add("other");
  base::Random random{1};
  const Job first = take();
  EXPECT_EQ(queue::retry_after(first, false, random), 1000ms);
  must(queue().retry(first, token_of(first), queue::failure_of(first, "one", "trace one"), 1000ms, now()));
  EXPECT_EQ(state(id), State::delayed);
  EXPECT_EQ(job(id).attempts_made, 1);
  EXPECT_EQ(job(id).delay, 1000ms);
  EXPECT_EQ(take().name, "other");
  EXPECT_FALSE(try_take());
  pass(1s);
  const Job second = take();
  EXPECT_EQ(second.attempts_started, 2);
  EXPECT_EQ(queue::retry_after(second, false, random), 2000ms);
  must(queue().retry(second, token_of(second), queue::failure_of(second, "two", "trace two"), 0ms, now()));
  EXPECT_EQ(state(id), State::waiting);
  const Job third = take();
  EXPECT_EQ(queue::retry_after(third, false, random), std::nullopt);
  fail(third, "three");
  const Job failed = job(id);
  EXPECT_EQ(state(id), State::failed);
  EXPECT_EQ(failed.failed_reason, "three");
  EXPECT_EQ(failed.stacktrace, (Names{"trace one", "trace two", "trace of three"}));
  EXPECT_EQ(failed.attempts_made, 3);
  EXPECT_EQ(failed.finished_on, now());
}

TEST_P(QueueContract, PutsARetryBehindTheOthersAndAJobHandedBackBeforeThem) {
  const std::string id = add("first");
  add("second");
  add("third");
  Job first = take();
  must(queue().retry(first, token_of(first), {"failed", {"trace"}}, 0ms, now()));
  EXPECT_EQ(names(State::waiting), (Names{"second", "third", "first"}));
  Job second = take();
  must(queue().give_back(second, token_of(second), now()));
  EXPECT_EQ(names(State::waiting), (Names{"second", "third", "first"}));
  EXPECT_EQ(job(second.id).attempts_made, 0);
  EXPECT_EQ(job(id).attempts_made, 1);
}

TEST_P(QueueContract, HandsAPrioritizedJobBackAtTheFrontOfItsPriority) {
  JobOptions low;
  low.priority = 5;
  add("a", low);
  add("b", low);
  const Job taken = take();
  must(queue().give_back(taken, token_of(taken), now()));
  EXPECT_EQ(names(State::prioritized), (Names{"a", "b"}));
}

TEST_P(QueueContract, PutsAJobOffWithoutCountingAnAttempt) {
  const std::string id = add("limited");
  const Job taken = take();
  must(queue().postpone(taken, token_of(taken), 60s, now()));
  EXPECT_EQ(state(id), State::delayed);
  EXPECT_EQ(job(id).attempts_made, 0);
  EXPECT_EQ(job(id).attempts_started, 1);
  EXPECT_TRUE(job(id).failed_reason.empty());
  pass(60s);
  EXPECT_EQ(take().attempts_started, 2);
}

TEST_P(QueueContract, LetsOnlyTheHolderOfTheLockEndAJob) {
  add("mine");
  const Job taken = take();
  expect_refused(queue().complete(taken, "other", "1", {}, now()), queue::code::lock_taken);
  expect_refused(queue().fail(taken, "other", {"x", {"x"}}, {}, now()), queue::code::lock_taken);
  expect_refused(queue().retry(taken, "other", {"x", {"x"}}, 0ms, now()), queue::code::lock_taken);
  expect_refused(queue().retry(taken, "other", {"x", {"x"}}, 5ms, now()), queue::code::lock_taken);
  expect_refused(queue().postpone(taken, "other", 1s, now()), queue::code::lock_taken);
  expect_refused(queue().give_back(taken, "other", now()), queue::code::lock_taken);
  EXPECT_EQ(state(taken.id), State::active);
  expect_refused(queue().remove(taken.id), queue::code::job_is_active);
  complete(taken);
  const auto again = queue().complete(taken, token_of(taken), "1", {}, now());
  ASSERT_FALSE(again);
  EXPECT_TRUE(queue::is_lost(again.error()));
}

TEST_P(QueueContract, ExtendsItsOwnLocksOnly) {
  add("one");
  add("two");
  const Job one = take(), two = take();
  const std::vector<JobQueue::Held> held = {{one.id, token_of(one)}, {two.id, "wrong"}, {"nobody", "t"}};
  EXPECT_EQ(must(queue().extend(held, 30s, now())), (Names{two.id, "nobody"}));
}

TEST_P(QueueContract, GivesAJobWhoseWorkerIsGoneToAnother) {
  const std::string id = add("orphan");
  add("next");
  const Job lost = take();
  EXPECT_TRUE(check_stalled().empty());  // Now it is only suspected.
  const auto stalled = check_stalled();
  EXPECT_EQ(stalled, Names{id});
  EXPECT_EQ(state(id), State::waiting);
  const Job again = take();  // Before those that waited.
  EXPECT_EQ(again.id, id);
  EXPECT_EQ(again.stalled, 1);
  EXPECT_EQ(again.attempts_started, 2);
  EXPECT_EQ(again.attempts_made, 0);
  expect_refused(queue().complete(lost, "its old token", "1", {}, now()), queue::code::lock_taken);
  complete(again);
}

TEST_P(QueueContract, LeavesAJobWhoseLockIsExtended) {
  add("long");
  const Job taken = take();
  for (int i = 0; i < 6; ++i) {
    EXPECT_TRUE(check_stalled().empty());
    const std::vector<JobQueue::Held> held = {{taken.id, token_of(taken)}};
    EXPECT_TRUE(must(queue().extend(held, 45s, now())).empty());
  }
  complete(taken);
}

TEST_P(QueueContract, ChecksForStalledJobsOnceAnInterval) {
  add("orphan");
  take();
  pass(30s);
  EXPECT_TRUE(must(queue().check_stalled(30s, 1, now())).empty());
  EXPECT_TRUE(must(queue().check_stalled(30s, 1, now())).empty());
  pass(29s);
  EXPECT_TRUE(must(queue().check_stalled(30s, 1, now())).empty());
  pass(1s);
  EXPECT_EQ(must(queue().check_stalled(30s, 1, now())).size(), 1u);
}

TEST_P(QueueContract, SaysThatAJobStalledTooOftenMustFail) {
  const std::string id = add("killer");
  take();
  check_stalled();
  check_stalled();
  take();
  check_stalled();
  EXPECT_EQ(check_stalled(), Names{id});
  const Job doomed = take();
  EXPECT_EQ(doomed.deferred_failure, "job stalled more than allowable limit");
  base::Random random{1};
  EXPECT_EQ(queue::retry_after(doomed, false, random), std::nullopt);
  fail(doomed, doomed.deferred_failure);
  EXPECT_TRUE(job(id).deferred_failure.empty());
}

TEST_P(QueueContract, TakesTheNextJobInTheSameStepAsItEndsOne) {
  add("one");
  add("two");
  add("three");
  const Job one = take();
  const auto next = must(queue().complete(one, token_of(one), "1", {}, now(), queue::TakeRequest{"t2", 30s, "w"}));
  ASSERT_TRUE(next.job);
  EXPECT_EQ(next.job->name, "two");
  const auto after = must(queue().fail(*next.job, "t2", {"bad", {"bad"}}, {}, now(), queue::TakeRequest{"t3", 30s, "w"}));
  ASSERT_TRUE(after.job);
  EXPECT_EQ(after.job->name, "three");
  const auto none = must(queue().complete(*after.job, "t3", "1", {}, now(), queue::TakeRequest{"t4", 30s, "w"}));
  EXPECT_FALSE(none.job);
}

TEST_P(QueueContract, KeepsTheNewestFinishedJobs) {
  Retention three;
  three.count = 3;
  Names ids;
  for (int i = 0; i < 6; ++i) {
    ids.push_back(add("job"));
    pass(1ms);
    complete(take(), "null", three);
  }
  EXPECT_EQ(count(State::completed), 3);
  EXPECT_FALSE(must(queue().job(ids[2])));
  EXPECT_TRUE(must(queue().job(ids[3])));
  Retention none;
  none.count = 0;
  const std::string gone = add("gone");
  complete(take(), "null", none);
  EXPECT_FALSE(must(queue().job(gone)));
  EXPECT_EQ(count(State::completed), 3);
}

TEST_P(QueueContract, KeepsFinishedJobsForTheirAge) {
  Retention minute;
  minute.age = 60s;
  const std::string old = add("old");
  fail(take(), "no", minute);
  pass(61s);
  add("new");
  fail(take(), "no", minute);
  EXPECT_EQ(names(State::failed), Names{"new"});
  EXPECT_FALSE(must(queue().job(old)));
}

TEST_P(QueueContract, LetsTheJobsOwnRetentionWinOverTheWorkers) {
  Retention one, all;
  one.count = 1;
  JobOptions own;
  own.on_complete = all;
  own.on_fail = one;
  for (int i = 0; i < 3; ++i) {
    add("job", own);
    pass(1ms);
    complete(take(), "null", one);
    add("job", own);
    pass(1ms);
    fail(take(), "no", all);
  }
  EXPECT_EQ(count(State::completed), 3);
  EXPECT_EQ(count(State::failed), 1);
}

TEST_P(QueueContract, KeepsProgressLogsAndData) {
  const std::string id = add("noisy");
  EXPECT_EQ(job(id).progress, "0");
  must(queue().set_progress(id, R"({"object":"Contact","records":50})"));
  EXPECT_EQ(job(id).progress, R"({"object":"Contact","records":50})");
  must(queue().set_data(id, R"({"a":1})"));
  EXPECT_EQ(job(id).data, R"({"a":1})");
  for (int i = 0; i < 5; ++i) must(queue().log(id, "row " + std::to_string(i)));
  auto page = must(queue().logs(id));
  EXPECT_EQ(page.count, 5);
  EXPECT_EQ(page.rows, (Names{"row 0", "row 1", "row 2", "row 3", "row 4"}));
  EXPECT_EQ(must(queue().logs(id, 1, 2)).rows, (Names{"row 1", "row 2"}));
  must(queue().log(id, "row 5", 2));
  page = must(queue().logs(id));
  EXPECT_EQ(page.rows, (Names{"row 4", "row 5"}));
}

TEST_P(QueueContract, KeepsUnknownOptionsAndAllTheirForms) {
  const auto options = must(queue::options_from_json(
      R"({"attempts":2,"backoff":500,"removeOnComplete":true,"removeOnFail":{"age":3600,"count":5},"keepLogs":3,)"
      R"("stackTraceLimit":1,"sizeLimit":1000,"telemetry":{"metadata":"x"}})"));
  const Job stored = job(add("foreign", options));
  EXPECT_EQ(stored.options.attempts, 2);
  ASSERT_TRUE(stored.options.backoff);
  EXPECT_EQ(stored.options.backoff->delay, 500ms);
  EXPECT_EQ(stored.options.on_complete->count, 0);
  EXPECT_EQ(stored.options.on_fail->age, 3600s);
  EXPECT_EQ(stored.options.on_fail->count, 5);
  EXPECT_EQ(stored.options.log_rows, 3);
  EXPECT_EQ(stored.options.stack_traces, 1);
  EXPECT_NE(stored.options.others.find("sizeLimit"), std::string::npos);
  EXPECT_NE(queue::options_json(stored.options, queue::Spelling::shown).find("\"keepLogs\":3"), std::string::npos);
  EXPECT_NE(queue::options_json(stored.options).find("\"kl\":3"), std::string::npos);
}

TEST_P(QueueContract, ShowsPagesFromEitherEnd) {
  for (int i = 0; i < 7; ++i) {
    add(std::to_string(i));
    pass(1ms);
  }
  const auto page = [&](State state, std::int64_t first, std::int64_t last, JobQueue::Order order) {
    Names names;
    for (const Job& job : must(queue().jobs(state, first, last, order))) names.push_back(job.name);
    return names;
  };
  using enum JobQueue::Order;
  EXPECT_EQ(page(State::waiting, 0, 2, newest_first), (Names{"6", "5", "4"}));
  EXPECT_EQ(page(State::waiting, 3, 99, newest_first), (Names{"3", "2", "1", "0"}));
  EXPECT_EQ(page(State::waiting, 1, 2, oldest_first), (Names{"1", "2"}));
  EXPECT_EQ(page(State::waiting, 7, 9, oldest_first), Names{});
  while (auto taken = try_take()) {
    complete(*taken);
    pass(1ms);
  }
  EXPECT_EQ(page(State::completed, 0, 1, newest_first), (Names{"6", "5"}));
  EXPECT_EQ(page(State::completed, 5, -1, oldest_first), (Names{"5", "6"}));
}

TEST_P(QueueContract, CountsFinishedJobsByTheMinute) {
  pass(queue::milliseconds{60'000 - now().time_since_epoch().count() % 60'000});
  const auto finish = [&] {
    add("job");
    complete(take());
  };
  finish();
  finish();
  finish();
  pass(60s);
  finish();
  pass(120s);
  finish();
  const auto metrics = must(queue().metrics(State::completed));
  ASSERT_TRUE(metrics);
  EXPECT_EQ(metrics->count, 5);
  EXPECT_EQ(metrics->data, (std::vector<std::int64_t>{0, 1, 3}));
}

TEST_P(QueueContract, WakesAWaitingWorker) {
  std::jthread worker{[&] {
    while (true) {
      const auto got = must(under_test_->elsewhere().take({"t", 30s, "w"}, now()));
      if (got.job) return;
      must(under_test_->elsewhere().wait(1h));  // Nothing but being woken ends this within the test's time.
    }
  }};
  std::this_thread::sleep_for(50ms);
  add("call");
  worker.join();
  EXPECT_EQ(count(State::active), 1);
}

TEST_P(QueueContract, EndsAWaitWhenTold) {
  std::atomic<bool> ended = false;
  std::jthread worker{[&] {
    (void)queue().wait(1h);
    ended = true;
  }};
  while (!ended) {  // Before or after the worker has begun to wait.
    std::this_thread::sleep_for(10ms);
    queue().wake();
  }
}

TEST_P(QueueContract, GivesEachJobToOneOfManyWorkers) {
  constexpr int jobs = 200;
  for (int i = 0; i < jobs; ++i) add("job");
  std::mutex mutex;
  std::multiset<std::string> done;
  const auto work = [&](JobQueue& mine, const std::string& name) {
    for (int i = 0;; ++i) {
      const std::string token = name + std::to_string(i);
      const auto taken = must(mine.take({token, 30s, name}, now()));
      if (!taken.job) return;
      must(mine.complete(*taken.job, token, "null", {}, now()));
      const std::lock_guard lock{mutex};
      done.insert(taken.job->id);
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 4; ++i)
      workers.emplace_back([&, i] { work(i % 2 ? under_test_->elsewhere() : queue(), "worker " + std::to_string(i)); });
  }
  EXPECT_EQ(done.size(), static_cast<std::size_t>(jobs));
  EXPECT_EQ(std::set<std::string>(done.begin(), done.end()).size(), static_cast<std::size_t>(jobs));
  EXPECT_EQ(count(State::completed), jobs);
}

}  // namespace contract
