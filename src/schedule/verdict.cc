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
    // The calls of an hour come back a day after its end.
    const std::chrono::seconds after = std::clamp<std::chrono::seconds>(error->retry_after.value_or(60s), 1s, 48h);
    return {Do::postpone, after, error->message};
  }
  if (cut == Cut::shutdown) return {Do::give_back};
  if (error->kind == base::ErrorKind::cancelled) return {Do::postpone, 2s, error->message};
  return {Do::fail, 0ms, error->message};
}

}  // namespace schedule
