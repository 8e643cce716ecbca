#include "simulator/http/sim_clock.h"

#include <algorithm>

namespace simulator {

using namespace std::chrono_literals;

base::Utc SimClock::now() const {
  const std::lock_guard lock{mutex_};
  return unlocked_now();
}

std::chrono::nanoseconds SimClock::elapsed() const {
  const std::lock_guard lock{mutex_};
  return machine_.elapsed() + passed_;
}

void SimClock::advance(std::chrono::milliseconds by) {
  {
    const std::lock_guard lock{mutex_};
    if (frozen_at_) *frozen_at_ += by;
    offset_ += by;
    passed_ += std::max(by, 0ms);
  }
  advanced_.notify_all();
}

void SimClock::set(base::Utc moment) {
  const std::lock_guard lock{mutex_};
  if (frozen_at_) frozen_at_ = moment;
  offset_ = moment - machine_.now();
}

void SimClock::freeze(bool frozen) {
  const std::lock_guard lock{mutex_};
  if (frozen == frozen_at_.has_value()) return;
  if (frozen) {
    frozen_at_ = unlocked_now();
  } else {
    offset_ = *frozen_at_ - machine_.now();  // Goes on from where it stood.
    frozen_at_.reset();
  }
}

bool SimClock::is_frozen() const {
  const std::lock_guard lock{mutex_};
  return frozen_at_.has_value();
}

void SimClock::sleep(std::chrono::milliseconds time) const {
  std::unique_lock lock{mutex_};
  const auto end = machine_.elapsed() + passed_ + time;
  for (auto left = end - machine_.elapsed() - passed_; left > 0ns && !awake_; left = end - machine_.elapsed() - passed_)
    advanced_.wait_for(lock, left);
}

void SimClock::wake_all() {
  {
    const std::lock_guard lock{mutex_};
    awake_ = true;
  }
  advanced_.notify_all();
}

}  // namespace simulator
