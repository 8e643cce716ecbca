#include "core/advice.h"

#include <algorithm>

namespace core {
namespace {

using base::ErrorKind;
using std::chrono::milliseconds;

/// How often a step is tried in all; 0: what failed fails again.
int attempts_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::unreachable:
    case ErrorKind::unknown_fate: return 4;
    case ErrorKind::throttled: return 8;
    case ErrorKind::unauthorized:
    case ErrorKind::corrupt:
    case ErrorKind::cancelled:
    case ErrorKind::precondition:
    case ErrorKind::rejected:
    case ErrorKind::malformed:
    case ErrorKind::settings: return 0;
  }
  return 0;
}

}  // namespace

bool ends_run(const base::Error& error) {
  switch (error.kind) {
    case ErrorKind::unreachable:
    case ErrorKind::unknown_fate:
    case ErrorKind::throttled:
    case ErrorKind::unauthorized:
    case ErrorKind::corrupt:
    case ErrorKind::cancelled: return true;
    case ErrorKind::precondition:
    case ErrorKind::rejected:
    case ErrorKind::malformed:
    case ErrorKind::settings: return false;
  }
  return true;
}

Advice advice_for(const base::Error& error, int attempt, double chance) {
  const bool too_long = error.retry_after > longest_pause;
  if (attempt >= attempts_of(error.kind) || too_long)
    return {ends_run(error) ? Advice::Do::end_run : Advice::Do::end_object};
  const milliseconds longest{longest_pause};
  const milliseconds own = std::min(longest, milliseconds{1'000} * (1 << std::min(attempt - 1, 16)));
  const milliseconds half = own / 2;
  const milliseconds spread{static_cast<std::int64_t>(static_cast<double>(half.count()) * std::clamp(chance, 0.0, 1.0))};
  // "Retry-After: 0" is no leave to ask in a loop.
  const milliseconds least = std::max(half, milliseconds{error.retry_after.value_or(std::chrono::seconds{0})});
  return {Advice::Do::again, least + spread, error.smaller};
}

}  // namespace core
