#pragma once

#include <chrono>
#include <optional>

namespace core {

/// Keeps calls away from an org that has stopped answering.
///
/// Closed while the org answers. After five failures in a row it opens and refuses every call, for 10 seconds first and
/// twice as long after each vain probe, up to 5 minutes. Then it is half open: one call goes through as a probe, and
/// its outcome closes or opens it. Times are those of base::Clock::elapsed(). Used by one thread at a time.
class Breaker {
 public:
  using Time = std::chrono::nanoseconds;
  enum class State { closed, open, half_open };

  static constexpr int failures_to_open = 5;
  static constexpr std::chrono::seconds first_pause{10}, longest_pause{300};
  /// A probe that reports nothing for so long is taken for lost, and another may go.
  static constexpr std::chrono::seconds probe_patience{600};

  /// Nothing: go ahead, and report what came of it. Otherwise how long to stay away.
  std::optional<Time> refuse(Time now);

  void answered();         ///< With anything that an org in working order says, errors included.
  void failed(Time now);   ///< No answer, or one that says the org is out of order.
  void nothing_learned();  ///< The call was given up before it could tell.

  State state() const { return state_; }

 private:
  void open(Time now);

  State state_ = State::closed;
  int failures_ = 0;
  Time pause_{0};  ///< Of the current or last time it was open.
  Time until_{0};  ///< Open: when to probe. Half open: when the probe is taken for lost.
};

}  // namespace core
