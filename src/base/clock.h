#pragma once

#include <chrono>

namespace base {

/// A moment of civil time in UTC, to the millisecond.
using Utc = std::chrono::sys_time<std::chrono::milliseconds>;

/// Where time comes from. Nothing else in the program asks the machine for it.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Utc now() const = 0;                           ///< For stamps; may jump.
  virtual std::chrono::nanoseconds elapsed() const = 0;  ///< For durations; never goes back.
};

/// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  Utc now() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
  std::chrono::nanoseconds elapsed() const override { return std::chrono::steady_clock::now().time_since_epoch(); }
};

/// A clock that moves only when told: tests, seeded runs, and a simulator asked to travel.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Utc start) : now_(start) {}
  Utc now() const override { return now_; }
  std::chrono::nanoseconds elapsed() const override { return elapsed_; }
  void advance(std::chrono::milliseconds by) {
    now_ += by;
    elapsed_ += by;
  }
  void jump(std::chrono::milliseconds by) { now_ += by; }  ///< A correction of civil time; elapsed() does not notice.

 private:
  Utc now_;
  std::chrono::nanoseconds elapsed_{0};
};

/// The second that holds `moment`. Salesforce stamps records in whole seconds.
inline Utc whole_second(Utc moment) { return std::chrono::floor<std::chrono::seconds>(moment); }

}  // namespace base
