#include "core/retry.h"

#include <algorithm>

namespace core {

base::Utc next_attempt(base::ErrorKind kind, int attempts, base::Utc now) {
  using namespace std::chrono_literals;
  // It waits for another record, whose arrival wakes it anyway.
  if (kind == base::ErrorKind::precondition) return now + 24h;
  if (attempts > 8) return now + 24h * 7;
  return now + std::min(std::chrono::hours{1} * (1 << (std::max(attempts, 1) - 1)), std::chrono::hours{24});
}

}  // namespace core
