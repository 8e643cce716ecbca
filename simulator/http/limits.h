#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "simulator/http/resource.h"

namespace simulator {

/// What the org may use within any 24 hours, and what it has used: "DailyApiRequests", "DailyBulkApiBatches" …
/// Use falls out of the account a day after it happened, to the minute. May be used from several threads.
class Limits {
 public:
  explicit Limits(const base::Clock& clock);

  /// Counts `amount` if that much is left; false changes nothing.
  bool spend(std::string_view name, std::int64_t amount = 1);
  std::int64_t used(std::string_view name) const;
  std::int64_t max(std::string_view name) const;
  bool knows(std::string_view name) const;
  /// Sets a limit, also one that has no name yet.
  void set_max(std::string_view name, std::int64_t max);
  void forget_use(std::string_view name);
  /// As if all but `left` had been used just now.
  void set_left(std::string_view name, std::int64_t left);
  void exhaust(std::string_view name);  ///< Uses up what is left.
  std::string usage() const;            ///< "api-usage=18/100000", the value of Sforce-Limit-Info.
  /// {"DailyApiRequests":{"Max":100000,"Remaining":99998},…}
  std::string json() const;

 private:
  struct Limit {
    std::int64_t max = 0, used = 0;
    std::deque<std::pair<std::chrono::sys_time<std::chrono::minutes>, std::int64_t>> by_minute = {};
  };
  void forget_yesterday(Limit& limit) const;
  void use(Limit& limit, std::int64_t amount);

  const base::Clock& clock_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Limit, std::less<>> limits_;
};

constexpr std::string_view daily_calls_limit = "DailyApiRequests";

/// limits
class LimitsResource final : public Resource {
 public:
  explicit LimitsResource(const Limits& limits) : limits_(limits) {}
  Reply answer(const Call&) override { return {200, limits_.json()}; }
  std::string kind(const Call&) const override { return "limits"; }

 private:
  const Limits& limits_;
};

}  // namespace simulator
