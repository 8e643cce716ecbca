#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/clock.h"

namespace simulator {

/// A clock that runs along with another until it is moved or stopped. May be used from several threads.
class SimClock final : public base::Clock {
 public:
  /// The other clock must outlive it.
  explicit SimClock(const base::Clock& machine) : machine_(machine) {}

  base::Utc now() const override;
  std::chrono::nanoseconds elapsed() const override;

  /// Lets time pass; wakes sleepers whose time has come. Backwards, elapsed() does not follow.
  void advance(std::chrono::milliseconds by);
  void set(base::Utc moment);  ///< Civil time alone; durations go on.
  void freeze(bool frozen);    ///< now() stands still; durations go on.
  bool is_frozen() const;
  /// Returns once that much of elapsed() has passed.
  void sleep(std::chrono::milliseconds time) const;
  void wake_all();  ///< Whoever sleeps returns, now and from now on: the program ends.

 private:
  base::Utc unlocked_now() const { return frozen_at_ ? *frozen_at_ : machine_.now() + offset_; }

  const base::Clock& machine_;
  mutable std::mutex mutex_;
  mutable std::condition_variable advanced_;
  std::chrono::milliseconds offset_{0}, passed_{0};
  std::optional<base::Utc> frozen_at_;
  bool awake_ = false;
};

}  // namespace simulator
