#include "core/breaker.h"

#include <algorithm>

namespace core {

std::optional<Breaker::Time> Breaker::refuse(Time now) {
  if (state_ == State::closed) return std::nullopt;
  if (now < until_) return state_ == State::open ? until_ - now : std::min(until_ - now, Time{first_pause});
  state_ = State::half_open;
  until_ = now + probe_patience;
  return std::nullopt;
}

void Breaker::answered() {
  state_ = State::closed;
  failures_ = 0;
  pause_ = Time{0};
}

void Breaker::failed(Time now) {
  if (state_ == State::half_open || ++failures_ >= failures_to_open) open(now);
}

void Breaker::nothing_learned() {
  if (state_ != State::half_open) return;
  state_ = State::open;
  until_ = Time{0};  // the next call is the probe
}

void Breaker::open(Time now) {
  if (state_ == State::open) return;  // a call that had gone out before it opened
  state_ = State::open;
  pause_ = pause_.count() == 0 ? Time{first_pause} : std::min(2 * pause_, Time{longest_pause});
  until_ = now + pause_;
}

}  // namespace core
