#include "schedule/verdict.h"

#include <algorithm>

namespace schedule {

using namespace std::chrono_literals;

Verdict verdict_for(const std::optional<base::Error>& error, Cut cut) {
  using Do = Verdict::Do;
  if (!error) {
    if (cut == Cut::shutdown) return {Do::give_back};
    if (cut == Cut::turn) return {Do::postpone, 1ms, "others are waiting: it goes on after them"};
    return {Do::complete};
  }
  if (error->kind == base::ErrorKind::throttled) {
    const std::chrono::seconds after = std::clamp<std::chrono::seconds>(error->retry_after.value_or(60s), 1s, 24h);
    return {Do::postpone, after, error->message};
  }
  if (cut == Cut::shutdown) return {Do::give_back};
  if (error->kind == base::ErrorKind::cancelled) return {Do::postpone, 2s, error->message};
  return {Do::fail, 0ms, error->message};
}

}  // namespace schedule
