#include "simulator/http/control.h"

#include <boost/json.hpp>
#include <limits>
#include <memory>

#include "base/time_text.h"
#include "simulator/http/answers.h"
#include "simulator/http/router.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::string_view newest_root = "/services/data/v66.0";
constexpr std::size_t records_per_chunk = 500;
constexpr Caller administrator{.user = 1, .is_administrator = true};

Reply bad_settings(std::string message) {
  return refuse({400, "INVALID_SETTINGS", std::move(message)});
}

bool read(const json::value& value, bool& into) {
  if (!value.is_bool()) return false;
  into = value.as_bool();
  return true;
}
template <class Duration>
bool read_time(const json::value& value, Duration& into) {
  if (!value.is_int64()) return false;
  into = Duration{value.as_int64()};
  return true;
}

}  // namespace

void CallStatistics::count(const std::string& kind) {
  const std::lock_guard lock{mutex_};
  ++by_kind_[kind];
}

void CallStatistics::reset() {
  const std::lock_guard lock{mutex_};
  by_kind_.clear();
}

std::map<std::string, std::int64_t> CallStatistics::by_kind() const {
  const std::lock_guard lock{mutex_};
  return by_kind_;
}

Reply Control::answer(const http::Request& request) {
  const auto path = segments(request.path);  // "__sim", …
  if (path.size() < 2) return refuse(not_found_error);
  const std::string& name = path[1];
  if (name == "health") return {200, R"({"status":"ok"})"};
  if (name == "stats") return statistics(request);
  if (name == "faults") return faults(request);
  if (name == "clock") return clock(request);
  if (name == "oauth") return oauth(request);
  if (name == "limits") return limits(request);
  if (name == "users") return users();
  if (name == "expire-tokens" && request.method == "POST") {
    if (parameter(request.query, "refresh") == "true")
      parts_.auth.revoke_grants();
    else
      parts_.auth.expire_sessions();
    return {200, "{}"};
  }
  if (name == "dump" && path.size() == 3) return dump(path[2]);
  if (name == "as" && path.size() > 3) return act(request, path);
  auto happened = happenings_.answer(request.method, name, std::span{path}.subspan(2), request.body, administrator);
  return happened ? *std::move(happened) : refuse(not_found_error);
}

Reply Control::statistics(const http::Request& request) {
  if (request.method == "DELETE") {
    parts_.limits.forget_use(daily_calls_limit);
    parts_.statistics.reset();
  }
  return {200, json::serialize(json::object{{"calls", parts_.limits.used(daily_calls_limit)},
                                            {"by_kind", json::value_from(parts_.statistics.by_kind())},
                                            {"faults", json::value_from(parts_.faults.struck())}})};
}

Reply Control::faults(const http::Request& request) {
  if (request.method == "DELETE") parts_.faults.clear();
  if (request.method == "PUT")
    if (const auto wrong = parts_.faults.set(request.body)) return refuse({400, "INVALID_FAULTS", *wrong});
  return {200, parts_.faults.text()};
}

Reply Control::clock(const http::Request& request) {
  if (!parts_.clock) return refuse({409, "INVALID_SETTINGS", "this clock belongs to the test that runs the simulator"});
  if (request.method == "PUT") {
    const auto given = object_in(request.body);
    if (!given) return bad_settings("the clock is set by an object with now, advance_ms or frozen");
    std::optional<base::Utc> now;
    std::chrono::milliseconds advance{0};
    bool frozen = parts_.clock->is_frozen();
    for (const auto& [key, value] : *given) {
      const bool good = key == "advance_ms" ? read_time(value, advance)
                        : key == "frozen"   ? read(value, frozen)
                        : key == "now"      ? value.is_string() && (now = base::parse_iso(value.as_string()))
                                            : false;
      if (!good) return bad_settings("clock: an unknown key or a bad value: " + std::string{key});
    }
    if (now) parts_.clock->set(*now);
    if (advance.count() != 0) parts_.clock->advance(advance);
    parts_.clock->freeze(frozen);
  }
  return {200, json::serialize(
                   json::object{{"now", base::to_iso(parts_.clock->now())}, {"frozen", parts_.clock->is_frozen()}})};
}

Reply Control::oauth(const http::Request& request) {
  AuthSettings set = parts_.auth.settings();
  if (request.method == "PUT") {
    const auto given = object_in(request.body);
    if (!given) return bad_settings("these settings are an object");
    for (const auto& [key, value] : *given) {
      const bool good = key == "token_lifetime_s"        ? read_time(value, set.token_lifetime)
                        : key == "refresh_token_idle_s"  ? read_time(value, set.refresh_token_idle)
                        : key == "rotate_refresh_tokens" ? read(value, set.rotate_refresh_tokens)
                        : key == "auto_approve"          ? read(value, set.auto_approve)
                        : key == "require_pkce"          ? read(value, set.require_pkce)
                        : key == "jwt_preauthorized"     ? read(value, set.jwt_preauthorized)
                                                         : false;
      if (!good) return bad_settings("oauth: an unknown key or a bad value: " + std::string{key});
    }
    parts_.auth.set(set);
  }
  return {200, json::serialize(json::object{{"token_lifetime_s", set.token_lifetime.count()},
                                            {"refresh_token_idle_s", set.refresh_token_idle.count()},
                                            {"rotate_refresh_tokens", set.rotate_refresh_tokens},
                                            {"auto_approve", set.auto_approve},
                                            {"require_pkce", set.require_pkce},
                                            {"jwt_preauthorized", set.jwt_preauthorized}})};
}

namespace {

/// A limit as it is set: a number, or {"Max":n,"Remaining":n} as GET …/limits tells it.
struct LimitSetting {
  std::int64_t max = 0;
  std::optional<std::int64_t> left = {};
};
std::optional<LimitSetting> limit_setting(const json::value& value) {
  const auto number = [](const json::value* at) {
    return at && at->is_int64() && at->as_int64() >= 0 ? std::optional{at->as_int64()} : std::nullopt;
  };
  if (!value.is_object()) {
    const auto max = number(&value);
    return max ? std::optional{LimitSetting{*max}} : std::nullopt;
  }
  const json::object& both = value.as_object();
  const auto max = number(both.if_contains("Max")), left = number(both.if_contains("Remaining"));
  if (!max || !left || *left > *max || both.size() != 2) return std::nullopt;
  return LimitSetting{*max, left};
}

}  // namespace

Reply Control::limits(const http::Request& request) {
  Flights::Limit calls = parts_.flights.limit();
  if (request.method == "PUT") {
    const auto given = object_in(request.body);
    if (!given) return bad_settings("limits are an object of names and numbers");
    for (const auto& [key, value] : *given) {
      const auto limit = limit_setting(value);
      const bool of_calls = key == "long_calls" || key == "long_call_after_ms";
      if (!limit || (of_calls && limit->left))
        return bad_settings("limits: neither a number nor {\"Max\":n,\"Remaining\":n}: " + std::string{key});
      if (key == "long_calls")
        calls.long_calls = static_cast<std::size_t>(limit->max);
      else if (key == "long_call_after_ms")
        calls.after = std::chrono::milliseconds{limit->max};
      else if (!parts_.limits.knows(key))
        return bad_settings("limits: there is no limit of this name: " + std::string{key});
    }
    for (const auto& [key, value] : *given) {
      if (!parts_.limits.knows(key)) continue;
      const LimitSetting limit = *limit_setting(value);
      parts_.limits.set_max(key, limit.max);
      if (limit.left) parts_.limits.set_left(key, *limit.left);
    }
    parts_.flights.set_limit(calls);
  }
  json::object all = json::parse(parts_.limits.json()).as_object();
  all["long_calls"] = calls.long_calls;
  all["long_call_after_ms"] = calls.after.count();
  return {200, json::serialize(all)};
}

Reply Control::users() {
  const std::lock_guard lock{parts_.access.mutex};
  json::array all;
  for (const Person& one : people(parts_.access.org))
    all.push_back({{"id", one.id}, {"username", one.username}, {"name", one.name()}, {"active", one.active}});
  return {200, json::serialize(all)};
}

Reply Control::act(const http::Request& request, const std::vector<std::string>& path) {
  Call call;
  call.root = newest_root;
  call.path.assign(path.begin() + 3, path.end());
  if (call.path[0] == "services") {  // The long form, as clients write it.
    const auto at = request.path.find("/services/");
    auto parsed = parse_data_path(std::string_view{request.path}.substr(at));
    if (!parsed) return refuse(not_found_error);
    call = *std::move(parsed);
  }
  {
    const std::lock_guard lock{parts_.access.mutex};
    const auto who = person_meant(parts_.access.org, path[2]);
    if (!who) return refuse({404, "NOT_FOUND", "There is no user " + path[2] + "; GET /__sim/users lists them"});
    call.caller = {static_cast<std::uint16_t>(who->number), true};
  }
  const auto rest = std::span{path}.subspan(4);
  if (auto happened = happenings_.answer(request.method, path[3], rest, request.body, call.caller))
    return *std::move(happened);
  call.method = request.method;
  call.query = request.query;
  call.headers = request.headers;
  call.body = request.body;
  return parts_.perform(std::move(call));
}

Reply Control::dump(std::string_view name) {
  std::shared_ptr<Projection> projection;
  std::size_t index = 0;
  {
    const std::lock_guard lock{parts_.access.mutex};
    const Org& org = parts_.access.org;
    const auto object = org.object(name);
    if (!object) return refuse(object.error());
    index = (*object)->index;
    projection = std::make_shared<Projection>(**object);
    for (std::size_t field = 0; field < (*object)->fields.size(); ++field)
      projection->add(org.world(), {{}, field, &(*object)->fields[field]});
  }
  Reply reply;
  reply.content_type = "application/x-ndjson";
  reply.stream = [access = parts_.access, projection, index, after = Place{}](std::string& chunk) mutable {
    const std::lock_guard lock{access.mutex};
    const World& world = access.org.world();
    const Table& rows = world.tables[index];
    base::Arena arena;
    std::size_t left = records_per_chunk;
    rows.walk(after, std::numeric_limits<std::uint32_t>::max(), [&](std::uint64_t number) {
      if (left == 0) return false;
      --left;
      after = {rows.stamp(number), number};
      if (rows.is_deleted(number)) return true;
      projection->append(world, number, newest_root, chunk, arena);
      chunk += '\n';
      arena.clear();
      return true;
    });
    return left == 0;
  };
  return reply;
}

}  // namespace simulator
