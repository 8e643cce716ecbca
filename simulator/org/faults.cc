#include "simulator/org/faults.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::string_view batch_method = "BATCH";
constexpr std::array<std::pair<std::string_view, Misfortune::Kind>, 9> effects = {{
    {"unavailable", Misfortune::Kind::unavailable}, {"html_500", Misfortune::Kind::html_error},
    {"cut_before", Misfortune::Kind::cut_before}, {"cut_after", Misfortune::Kind::cut_after},
    {"expire_token", Misfortune::Kind::expire_token}, {"request_limit", Misfortune::Kind::request_limit},
    {"latency", Misfortune::Kind::none}, {"lock_rows", Misfortune::Kind::none},
    {"fail_job", Misfortune::Kind::fail_job}}};

/// Whether a rule is about the batches of Bulk jobs rather than about calls.
bool befalls_batches(std::string_view effect, std::string_view method) {
  return effect == "fail_job" || (effect == "lock_rows" && method == batch_method);
}

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

}  // namespace

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
      const bool good = key == "effect"        ? read(value, rule.effect)
                        : key == "method"      ? read(value, rule.method)
                        : key == "path"        ? read(value, rule.path)
                        : key == "object"      ? read(value, rule.object)
                        : key == "probability" ? read(value, rule.probability)
                        : key == "share"       ? read(value, rule.share)
                        : key == "after"       ? read(value, rule.after)
                        : key == "count"       ? read(value, rule.count)
                        : key == "latency_ms"  ? read(value, rule.latency_ms)
                                               : false;
      if (!good) return "rule has an unknown key or a bad value: " + std::string{key};
    }
    const bool known = std::ranges::any_of(effects, [&](const auto& effect) { return effect.first == rule.effect; });
    if (!known) return "unknown effect: " + rule.effect;
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

std::optional<ApiError> Faults::row(const Misfortune& misfortune) {
  if (misfortune.locked_rows <= 0) return std::nullopt;
  const std::lock_guard lock{mutex_};
  if (!chance(misfortune.locked_rows)) return std::nullopt;
  return ApiError{400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records"};
}

void Faults::clear() {
  const std::lock_guard lock{mutex_};
  rules_.clear();
  text_ = R"({"rules":[]})";
}

Misfortune Faults::decide(std::string_view method, std::string_view path, std::string_view target) {
  const std::lock_guard lock{mutex_};
  Misfortune result;
  for (Rule& rule : rules_) {
    if ((!rule.method.empty() && rule.method != method) || !path.contains(rule.path) || !target.contains(rule.object) ||
        rule.count == 0 || (method == batch_method) != befalls_batches(rule.effect, rule.method))
      continue;
    if (rule.after > 0) {
      --rule.after;
      continue;
    }
    if (!chance(rule.probability)) continue;
    if (rule.count > 0) --rule.count;
    result.latency += std::chrono::milliseconds{rule.latency_ms};
    if (rule.effect == "lock_rows") result.locked_rows = std::max(result.locked_rows, rule.share);
    for (const auto& [name, kind] : effects)
      if (rule.effect == name && kind != Misfortune::Kind::none && result.kind == Misfortune::Kind::none)
        result.kind = kind;
  }
  return result;
}

}  // namespace simulator
