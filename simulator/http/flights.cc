#include "simulator/http/flights.h"

#include <algorithm>

namespace simulator {

std::shared_ptr<void> Flights::begin(std::chrono::nanoseconds now) {
  const std::lock_guard lock{mutex_};
  const auto place = begun_.insert(begun_.end(), now);
  return {&*place, [this, place](void*) {
            const std::lock_guard ending{mutex_};
            begun_.erase(place);
          }};
}

bool Flights::is_full(std::chrono::nanoseconds now) const {
  const std::lock_guard lock{mutex_};
  const auto is_long = [&](std::chrono::nanoseconds begin) { return now - begin >= limit_.after; };
  return static_cast<std::size_t>(std::ranges::count_if(begun_, is_long)) >= limit_.long_calls;
}

Flights::Limit Flights::limit() const {
  const std::lock_guard lock{mutex_};
  return limit_;
}

void Flights::set_limit(const Limit& limit) {
  const std::lock_guard lock{mutex_};
  limit_ = limit;
}

}  // namespace simulator
