#include "simulator/http/limits.h"

#include <boost/json.hpp>

namespace simulator {

namespace json = boost::json;

Limits::Limits(const base::Clock& clock) : clock_(clock) {
  for (const auto& [name, max] : std::initializer_list<std::pair<const char*, std::int64_t>>{
           {"DailyApiRequests", 100'000},
           {"DailyAsyncApexExecutions", 250'000},
           {"DailyBulkApiBatches", 15'000},
           {"DailyBulkV2QueryFileStorageMB", 976'562},
           {"DailyBulkV2QueryJobs", 10'000},
           {"DailyDeliveredPlatformEvents", 25'000},
           {"DailyDurableStreamingApiEvents", 1'000'000},
           {"DailyStreamingApiEvents", 1'000'000},
           {"DataStorageMB", 10'240},
           {"FileStorageMB", 10'240},
           {"HourlyPublishedPlatformEvents", 250'000},
           {"MassEmail", 5'000},
           {"MonthlyPlatformEvents", 1'000'000},
           {"SingleEmail", 5'000},
           {"StreamingApiConcurrentClients", 1'000}})
    limits_.emplace(name, Limit{max});
}

void Limits::forget_yesterday(Limit& limit) const {
  const auto edge = std::chrono::floor<std::chrono::minutes>(clock_.now() - std::chrono::hours{24});
  while (!limit.by_minute.empty() && limit.by_minute.front().first <= edge) {
    limit.used -= limit.by_minute.front().second;
    limit.by_minute.pop_front();
  }
}

bool Limits::spend(std::string_view name, std::int64_t amount) {
  const std::lock_guard lock{mutex_};
  const auto found = limits_.find(name);
  if (found == limits_.end()) return true;
  Limit& limit = found->second;
  forget_yesterday(limit);
  if (limit.used + amount > limit.max) return false;
  use(limit, amount);
  return true;
}

void Limits::use(Limit& limit, std::int64_t amount) {
  limit.used += amount;
  const auto minute = std::chrono::floor<std::chrono::minutes>(clock_.now());
  if (limit.by_minute.empty() || limit.by_minute.back().first != minute) limit.by_minute.emplace_back(minute, 0);
  limit.by_minute.back().second += amount;
}

void Limits::exhaust(std::string_view name) {
  const std::lock_guard lock{mutex_};
  const auto found = limits_.find(name);
  if (found == limits_.end()) return;
  forget_yesterday(found->second);
  if (const auto left = found->second.max - found->second.used; left > 0) use(found->second, left);
}

std::string Limits::usage() const {
  return "api-usage=" + std::to_string(used(daily_calls_limit)) + "/" + std::to_string(max(daily_calls_limit));
}

std::int64_t Limits::used(std::string_view name) const {
  const std::lock_guard lock{mutex_};
  const auto found = limits_.find(name);
  if (found == limits_.end()) return 0;
  forget_yesterday(found->second);
  return found->second.used;
}

std::int64_t Limits::max(std::string_view name) const {
  const std::lock_guard lock{mutex_};
  const auto found = limits_.find(name);
  return found == limits_.end() ? 0 : found->second.max;
}

bool Limits::knows(std::string_view name) const {
  const std::lock_guard lock{mutex_};
  return limits_.contains(name);
}

void Limits::set_max(std::string_view name, std::int64_t max) {
  const std::lock_guard lock{mutex_};
  limits_[std::string{name}].max = max;
}

void Limits::forget_use(std::string_view name) {
  const std::lock_guard lock{mutex_};
  if (const auto found = limits_.find(name); found != limits_.end()) found->second = {found->second.max};
}

void Limits::set_left(std::string_view name, std::int64_t left) {
  const std::lock_guard lock{mutex_};
  const auto found = limits_.find(name);
  if (found == limits_.end()) return;
  found->second = {found->second.max};
  use(found->second, found->second.max - left);
}

std::string Limits::json() const {
  const std::lock_guard lock{mutex_};
  json::object all;
  for (auto& [name, limit] : limits_) {
    forget_yesterday(limit);
    all[name] = {{"Max", limit.max}, {"Remaining", limit.max - limit.used}};
  }
  return json::serialize(all);
}

}  // namespace simulator
