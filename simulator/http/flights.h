#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>

namespace simulator {

/// The calls that are under way, and how many long ones an org puts up with. May be used from several threads;
/// outlives what it hands out.
class Flights {
 public:
  struct Limit {
    std::size_t long_calls = 25;              ///< With so many long calls under way further ones are refused.
    std::chrono::milliseconds after{20'000};  ///< When a call counts as long.
  };

  /// The call is under way for as long as anything holds this.
  std::shared_ptr<void> begin(std::chrono::nanoseconds now);
  bool is_full(std::chrono::nanoseconds now) const;

  Limit limit() const;
  void set_limit(const Limit& limit);

 private:
  mutable std::mutex mutex_;
  Limit limit_;
  std::list<std::chrono::nanoseconds> begun_;
};

}  // namespace simulator
