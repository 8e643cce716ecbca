#include "base/outages.h"

#include <algorithm>

namespace base {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds first_silence = 1min, longest_silence = 1h;

/// "42 s", "12 min", "3 h 5 min".
std::string spoken(std::chrono::nanoseconds time) {
  const auto minutes = std::chrono::floor<std::chrono::minutes>(time).count();
  if (minutes == 0) return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count()) + " s";
  if (minutes < 60) return std::to_string(minutes) + " min";
  return std::to_string(minutes / 60) + " h" + (minutes % 60 == 0 ? "" : " " + std::to_string(minutes % 60) + " min");
}

}  // namespace

std::optional<Outage::Line> Outage::tried(const std::string& what, const Error* error,
                                          std::chrono::nanoseconds elapsed) {
  if (!error) {
    if (!since_) return std::nullopt;
    const auto lasted = elapsed - *std::exchange(since_, std::nullopt);
    return Line{LogLevel::info, what + " works again, after " + spoken(lasted)};
  }
  if (!since_) {
    since_ = said_at_ = elapsed;
    silence_ = first_silence;
    return Line{LogLevel::error, what + " fails: " + error->message};
  }
  if (elapsed - said_at_ < silence_) return std::nullopt;
  said_at_ = elapsed;
  silence_ = std::min(silence_ * 2, longest_silence);
  return Line{LogLevel::error, what + " has been failing for " + spoken(elapsed - *since_) + ": " + error->message};
}

void Outages::enter(const std::string& what, const Error* error) {
  const std::lock_guard lock{mutex_};
  const auto found = outages_.find(what);
  if (!error && found == outages_.end()) return;
  if (const auto line = outages_[what].tried(what, error, clock_.elapsed())) log(line->level, line->text);
  if (!error) outages_.erase(what);
}

}  // namespace base
