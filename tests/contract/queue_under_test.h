#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "queue/job_queue.h"

namespace contract {

using namespace std::chrono_literals;

/// One queue as two processes see it, and its clock, for the suite in queue_contract*.cc.
class QueueUnderTest {
 public:
  virtual ~QueueUnderTest() = default;
  virtual queue::JobQueue& here() = 0;
  virtual queue::JobQueue& elsewhere() = 0;  ///< Another process's. A memory queue has only one.

  base::Utc now() const { return now_; }
  /// Lets time pass, for the queue's own timers too.
  virtual void pass(queue::milliseconds by) { now_ += by; }

 private:
  base::Utc now_{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24} + 2h + 1min + 27s + 500ms};
};

struct QueueBackend {
  std::string name;
  std::function<std::unique_ptr<QueueUnderTest>()> make;  ///< Empty.
  std::uint64_t programs = 60;  ///< Random ones in a test run; fewer where each step reaches a disk.
};

inline void PrintTo(const QueueBackend& backend, std::ostream* out) {
  *out << backend.name;
}

/// A backend's program compiles queue_contract*.cc and says
/// INSTANTIATE_TEST_SUITE_P(Memory, QueueContract, testing::Values(contract::QueueBackend{"memory", make}));
class QueueContract : public testing::TestWithParam<QueueBackend> {
 protected:
  queue::JobQueue& queue() { return under_test_->here(); }
  base::Utc now() const { return under_test_->now(); }
  void pass(queue::milliseconds by) { under_test_->pass(by); }

  std::string add(const std::string& name, queue::JobOptions options = {}, const std::string& data = "{}");
  /// The next job under a fresh token; fails the test when there is none.
  queue::Job take();
  std::optional<queue::Job> try_take();
  queue::Taken ask();  ///< What take() answers, whatever it is.
  std::string token_of(const queue::Job& job) const { return tokens_.at(job.id); }
  void complete(const queue::Job& job, const std::string& result = "null", const queue::Retention& keep = {});
  void fail(const queue::Job& job, const std::string& reason, const queue::Retention& keep = {});
  /// Names of a state's jobs.
  std::vector<std::string> names(queue::State state,
                                 queue::JobQueue::Order order = queue::JobQueue::Order::oldest_first);
  std::int64_t count(queue::State state);
  std::optional<queue::State> state(const std::string& id);
  queue::Job job(const std::string& id);
  std::vector<std::string> check_stalled(int most = 1);

  std::unique_ptr<QueueUnderTest> under_test_ = GetParam().make();
  std::map<std::string, std::string> tokens_;  ///< Of the jobs taken last, by id.
};

/// The value of a Result, or a failed test and the end of the program.
template <class T>
T must(base::Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// Expects an error with that code of queue::code.
template <class T>
void expect_refused(const base::Result<T>& result, std::string_view code) {
  ASSERT_FALSE(result.has_value()) << "was not refused with " << code;
  EXPECT_EQ(result.error().service_code, code) << result.error().message;
}

}  // namespace contract

using contract::QueueContract;
