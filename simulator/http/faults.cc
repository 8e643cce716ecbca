#include "simulator/http/faults.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 18> effects = {
    "unavailable", "html_500",     "maintenance", "request_limit", "concurrent_limit", "too_many_requests",
    "error",       "expire_token", "cut_before",  "cut_after",     "cut_body",         "cut_gzip",
    "cut_csv",     "slow",         "latency",     "lock_rows",     "fail_rows",        "fail_job"};
constexpr std::string_view batch_method = "BATCH";
constexpr std::string_view data_path = "/services/data/";

bool read(const json::value& value, std::string& into) {
  if (!value.is_string()) return false;
  into = std::string{value.as_string()};
  return true;
}
bool read(const json::value& value, double& into) {
  if (!value.is_number()) return false;
  into = value.to_number<double>();
  return into >= 0;
}
bool read(const json::value& value, std::int64_t& into) {
  if (!value.is_int64()) return false;
  into = value.as_int64();
  return into >= 0;
}

std::string or_else(const std::string& text, std::string_view otherwise) {
  return text.empty() ? std::string{otherwise} : text;
}

}  // namespace

bool Faults::read_member(std::string_view key, const json::value& value, Rule& rule) {
  if (key == "effect") return read(value, rule.effect) && std::ranges::find(effects, rule.effect) != effects.end();
  if (key == "method") return read(value, rule.method);
  if (key == "path") return read(value, rule.path);
  if (key == "object") return read(value, rule.object);
  if (key == "code") return read(value, rule.code);
  if (key == "message") return read(value, rule.message);
  if (key == "probability") return read(value, rule.probability);
  if (key == "share") return read(value, rule.share);
  if (key == "after") return read(value, rule.after);
  if (key == "every") return read(value, rule.every) && rule.every > 0;
  if (key == "count") return read(value, rule.count);
  if (key == "latency_ms") return read(value, rule.latency_ms);
  if (key == "status") return read(value, rule.status) && rule.status >= 400 && rule.status <= 599;
  if (key == "bytes") return read(value, rule.bytes);
  if (key == "bytes_per_second") return read(value, rule.bytes) && rule.bytes > 0;
  if (key == "retry_after_s") return read(value, rule.retry_after_s);
  return false;
}

std::optional<std::string> Faults::set(std::string_view text) {
  boost::system::error_code error;
  const json::value document = json::parse(json::string_view{text.data(), text.size()}, error);
  const json::object* root = error ? nullptr : document.if_object();
  const json::value* list = root ? root->if_contains("rules") : nullptr;
  if (!list || !list->is_array()) return "faults are a JSON object with a list \"rules\"";
  std::vector<Rule> rules;
  for (const json::value& entry : list->as_array()) {
    const json::object* given = entry.if_object();
    if (!given) return "each rule is an object";
    Rule rule;
    for (const auto& [key, value] : *given) {
      if (read_member(key, value, rule)) continue;
      if (key == "effect") return "unknown effect: " + json::serialize(value);
      return "rule has an unknown key or a bad value: " + std::string{key};
    }
    if (rule.effect.empty()) return "each rule has an \"effect\"";
    rules.push_back(std::move(rule));
  }
  std::int64_t seed = 1;
  if (const json::value* given = root->if_contains("seed"); given && !read(*given, seed)) return "seed is a number";
  const std::lock_guard lock{mutex_};
  rules_ = std::move(rules);
  random_ = base::Random{static_cast<std::uint64_t>(seed)};
  text_ = text;
  return std::nullopt;
}

std::string Faults::text() const {
  const std::lock_guard lock{mutex_};
  return text_;
}

std::vector<std::int64_t> Faults::struck() const {
  const std::lock_guard lock{mutex_};
  std::vector<std::int64_t> counts;
  for (const Rule& rule : rules_) counts.push_back(rule.struck);
  return counts;
}

void Faults::clear() {
  const std::lock_guard lock{mutex_};
  rules_.clear();
  text_ = R"({"rules":[]})";
}

std::optional<ApiError> Faults::row(const Misfortune& misfortune) {
  if (misfortune.row_share <= 0) return std::nullopt;
  const std::lock_guard lock{mutex_};
  if (!chance(misfortune.row_share)) return std::nullopt;
  return misfortune.row_error;
}

bool Faults::befalls(Rule& rule, std::string_view method, std::string_view path, std::string_view target) {
  if (!rule.method.empty() && rule.method != method) return false;
  if ((method == batch_method) != (rule.effect == "fail_job" || rule.method == batch_method)) return false;
  if (rule.path.empty() ? !path.starts_with(data_path) && rule.effect != "maintenance" : !path.contains(rule.path))
    return false;
  if (!target.contains(rule.object) || rule.count == 0) return false;
  if (rule.matched++ < rule.after || (rule.matched - rule.after - 1) % rule.every != 0) return false;
  if (!chance(rule.probability)) return false;
  if (rule.count > 0) --rule.count;
  ++rule.struck;
  return true;
}

void Faults::apply(const Rule& rule, Misfortune& result) {
  const auto answer = [&](int status, std::string_view code, std::string_view message, bool html = false) {
    if (result.answer) return;  // The first rule counts.
    result.answer = {{rule.status > 0 ? static_cast<int>(rule.status) : status, or_else(rule.code, code),
                      or_else(rule.message, message)},
                     html,
                     {}};
    if (rule.retry_after_s >= 0) result.answer->retry_after_s = rule.retry_after_s;
  };
  const auto rows = [&](std::string_view code, std::string_view message) {
    if (rule.share <= result.row_share) return;
    result.row_share = rule.share;
    result.row_error = {400, or_else(rule.code, code), or_else(rule.message, message)};
  };
  const std::string& effect = rule.effect;
  result.latency += std::chrono::milliseconds{rule.latency_ms};
  if (effect == "unavailable") answer(503, "SERVER_UNAVAILABLE", "server too busy");
  if (effect == "maintenance") answer(503, "", "Down for Maintenance", true);
  if (effect == "html_500") answer(500, "", "An internal server error has occurred", true);
  if (effect == "request_limit") answer(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
  if (effect == "concurrent_limit") answer(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.");
  if (effect == "too_many_requests") answer(429, "REQUEST_LIMIT_EXCEEDED", "Too many requests");
  if (effect == "error")
    answer(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. ErrorId: 1234567890-12345 (1)");
  if (effect == "expire_token") result.expire_token = true;
  if (effect == "fail_job") result.fail_job = true;
  if (effect == "cut_before") result.cut_before = true;
  if (effect == "cut_after") result.cut_after = true;
  if (effect == "cut_body") result.cut_body_at = rule.bytes > 0 ? rule.bytes : -1;
  if (effect == "cut_gzip") result.cut_gzip = true;
  if (effect == "cut_csv") result.cut_csv = true;
  if (effect == "slow") result.bytes_per_second = rule.bytes > 0 ? rule.bytes : 100;
  if (effect == "lock_rows")
    rows("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records");
  if (effect == "fail_rows") rows("FIELD_CUSTOM_VALIDATION_EXCEPTION", "A fault refused this record");
}

Misfortune Faults::decide(std::string_view method, std::string_view path, std::string_view target) {
  const std::lock_guard lock{mutex_};
  Misfortune result;
  for (Rule& rule : rules_)
    if (befalls(rule, method, path, target)) apply(rule, result);
  return result;
}

}  // namespace simulator
