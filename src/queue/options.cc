// Options between their two spellings in JSON and JobOptions.
#include <boost/json.hpp>

#include <array>
#include <cmath>

#include "base/time_text.h"
#include "queue/job.h"

namespace queue {
namespace {

namespace json = boost::json;

/// The stored short names and what people write.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> short_names = {
    {{"de", "deduplication"},
     {"kl", "keepLogs"},
     {"fpof", "failParentOnFailure"},
     {"cpof", "continueParentOnFailure"},
     {"idof", "ignoreDependencyOnFailure"},
     {"rdof", "removeDependencyOnFailure"}}};

std::string_view stored_name(std::string_view name) {
  for (const auto& [stored, shown] : short_names)
    if (name == shown) return stored;
  return name;
}
std::string_view shown_name(std::string_view name) {
  for (const auto& [stored, shown] : short_names)
    if (name == stored) return shown;
  return name;
}

/// Reads values of one object and remembers the first that is none of ours to guess.
class Reader {
 public:
  std::string wrong;

  void refuse(std::string_view name, std::string_view allowed) {
    if (wrong.empty()) wrong = "option " + std::string{name} + " must be " + std::string{allowed};
  }

  std::optional<double> real(std::string_view name, const json::value& value, double least, double most,
                             std::string_view allowed) {
    const auto number = value.is_number() ? std::optional{value.to_number<double>()} : std::nullopt;
    if (number && *number >= least && *number <= most) return number;
    refuse(name, allowed);
    return std::nullopt;
  }
  std::int64_t whole(std::string_view name, const json::value& value, double least, double most,
                     std::string_view allowed) {
    return static_cast<std::int64_t>(real(name, value, least, most, allowed).value_or(0));
  }
  std::int64_t count(std::string_view name, const json::value& value) {
    return whole(name, value, 0, 9e15, "a number that is not negative");
  }
  std::string text(std::string_view name, const json::value& value) {
    if (value.is_number()) return std::to_string(value.to_number<std::int64_t>());
    if (const json::string* text = value.if_string()) return std::string{*text};
    refuse(name, "a text");
    return {};
  }
  std::optional<base::Utc> moment(std::string_view name, const json::value& value) {
    if (value.is_number()) return base::Utc{milliseconds{count(name, value)}};
    if (const json::string* iso = value.if_string())
      if (const auto parsed = base::parse_iso(*iso)) return parsed;
    refuse(name, "a time in milliseconds or an ISO date");
    return std::nullopt;
  }

  Backoff backoff(const json::value& value) {
    if (value.is_number()) return {"fixed", milliseconds{count("backoff", value)}, 0};
    Backoff backoff;
    const json::object* object = value.if_object();
    if (object == nullptr) refuse("backoff", "a number of milliseconds or {type, delay, jitter}");
    else
      for (const auto& [name, part] : *object) {
        if (name == "type") backoff.type = text("backoff.type", part);
        if (name == "delay") backoff.delay = milliseconds{count("backoff.delay", part)};
        if (name == "jitter") backoff.jitter = real("backoff.jitter", part, 0, 1, "between 0 and 1").value_or(0);
      }
    return backoff;
  }

  Retention retention(std::string_view name, const json::value& value) {
    Retention keep;
    if (value.is_bool()) {
      if (value.get_bool()) keep.count = 0;
    } else if (value.is_number()) {
      keep.count = count(name, value);
    } else if (const json::object* object = value.if_object()) {
      for (const auto& [part_name, part] : *object) {
        if (part_name == "count") keep.count = count(name, part);
        if (part_name == "age") keep.age = std::chrono::seconds{count(name, part)};
        if (part_name == "limit") keep.limit = count(name, part);
      }
    } else {
      refuse(name, "true, false, a number of jobs or {count, age, limit}");
    }
    return keep;
  }

  /// `false` when the object holds what we do not do, so that it is kept as it is.
  bool deduplication(const json::value& value, JobOptions& to) {
    const json::object* object = value.if_object();
    if (object == nullptr || !object->contains("id")) {
      refuse("deduplication", "{id, ttl}");
      return true;
    }
    Deduplication found;
    for (const auto& [name, part] : *object) {
      if (name == "id") found.id = text("deduplication.id", part);
      else if (name == "ttl") found.ttl = milliseconds{count("deduplication.ttl", part)};
      else return false;
    }
    to.deduplication = std::move(found);
    return true;
  }

  Repeat repeat(const json::value& value) {
    Repeat repeat;
    const json::object* object = value.if_object();
    if (object == nullptr) refuse("repeat", "{pattern or every, tz, limit, startDate, endDate, offset}");
    else
      for (const auto& [name, part] : *object) {
        if (part.is_null()) continue;
        if (name == "pattern") repeat.pattern = text("repeat.pattern", part);
        if (name == "every") repeat.every = milliseconds{count("repeat.every", part)};
        if (name == "tz") repeat.tz = text("repeat.tz", part);
        if (name == "limit") repeat.limit = count("repeat.limit", part);
        if (name == "startDate") repeat.start = moment("repeat.startDate", part);
        if (name == "endDate") repeat.end = moment("repeat.endDate", part);
        if (name == "offset") repeat.offset = milliseconds{count("repeat.offset", part)};
        if (name == "count") repeat.count = count("repeat.count", part);
      }
    return repeat;
  }
};

/// Reads one option. False: not ours, keep it.
bool read_option(std::string_view name, const json::value& value, Reader& reader, JobOptions& to) {
  if (name == "attempts") to.attempts = static_cast<int>(reader.whole(name, value, 0, 1e9, "a number of tries"));
  else if (name == "backoff") to.backoff = reader.backoff(value);
  else if (name == "removeOnComplete") to.on_complete = reader.retention(name, value);
  else if (name == "removeOnFail") to.on_fail = reader.retention(name, value);
  else if (name == "delay") to.delay = milliseconds{reader.whole(name, value, -9e15, 9e15, "a number of milliseconds")};
  else if (name == "priority")
    to.priority = static_cast<int>(reader.whole(name, value, 0, lowest_priority, "between 0 and 2097151"));
  else if (name == "lifo") to.lifo = value.is_bool() && value.get_bool();
  else if (name == "jobId") to.id = reader.text(name, value);
  else if (name == "timestamp") to.timestamp = reader.moment(name, value);
  else if (name == "stackTraceLimit")
    to.stack_traces = static_cast<int>(reader.whole(name, value, 0, 1e9, "a number of entries"));
  else if (name == "kl") to.log_rows = static_cast<int>(reader.whole("keepLogs", value, 0, 1e9, "a number of rows"));
  else if (name == "de") return reader.deduplication(value, to);
  else if (name == "repeat") to.repeat = reader.repeat(value);
  else if (name == "prevMillis") to.previous = reader.moment(name, value);
  else if (name == "repeatJobKey") to.scheduler = reader.text(name, value);
  else return false;
  return true;
}

json::value to_json(const Retention& keep) {
  if (!keep.count && !keep.age) return json::value(false);
  json::object object;
  if (keep.count) object["count"] = *keep.count;
  if (keep.age) object["age"] = keep.age->count();
  if (keep.age && keep.limit != Retention{}.limit) object["limit"] = keep.limit;
  return object;
}

json::object to_json(const Repeat& repeat) {
  json::object object;
  if (!repeat.pattern.empty()) object["pattern"] = repeat.pattern;
  if (repeat.every.count() > 0) object["every"] = repeat.every.count();
  if (!repeat.tz.empty()) object["tz"] = repeat.tz;
  if (repeat.limit) object["limit"] = *repeat.limit;
  if (repeat.start) object["startDate"] = repeat.start->time_since_epoch().count();
  if (repeat.end) object["endDate"] = repeat.end->time_since_epoch().count();
  if (repeat.offset) object["offset"] = repeat.offset->count();
  if (repeat.count > 0) object["count"] = repeat.count;
  return object;
}

}  // namespace

base::Result<JobOptions> options_from_json(std::string_view text) {
  boost::system::error_code failed;
  const json::value parsed = json::parse(text, failed);
  if (failed) return base::failure(base::ErrorKind::malformed, "a job's options are no JSON: " + failed.message());
  // An empty object may have come through Lua, which cannot tell it from an empty array.
  if (parsed.is_array() && parsed.get_array().empty()) return JobOptions{};
  const json::object* object = parsed.if_object();
  if (object == nullptr) return base::failure(base::ErrorKind::malformed, "a job's options must be a JSON object");
  JobOptions options;
  json::object others;
  Reader reader;
  for (const auto& [key, value] : *object) {
    if (value.is_null()) continue;
    const std::string_view name = stored_name(key);
    if (!read_option(name, value, reader, options)) others[name] = value;
  }
  if (!reader.wrong.empty()) return base::failure(base::ErrorKind::malformed, reader.wrong);
  if (!others.empty()) options.others = json::serialize(others);
  return options;
}

std::string repeat_json(const Repeat& repeat) {
  return json::serialize(to_json(repeat));
}

std::string options_json(const JobOptions& o, Spelling spelling) {
  json::object object;
  const auto put = [&](std::string_view name, json::value value) {
    object[spelling == Spelling::stored ? name : shown_name(name)] = std::move(value);
  };
  const json::value others = json::parse(o.others.empty() ? "{}" : o.others);
  for (const auto& [name, value] : others.as_object()) put(name, value);
  if (o.attempts != 0) put("attempts", o.attempts);
  if (o.backoff) {
    json::object backoff{{"type", o.backoff->type}, {"delay", o.backoff->delay.count()}};
    if (o.backoff->jitter > 0) backoff["jitter"] = o.backoff->jitter;
    put("backoff", std::move(backoff));
  }
  if (o.on_complete) put("removeOnComplete", to_json(*o.on_complete));
  if (o.on_fail) put("removeOnFail", to_json(*o.on_fail));
  if (o.delay.count() != 0) put("delay", o.delay.count());
  if (o.priority != 0) put("priority", o.priority);
  if (o.lifo) put("lifo", true);
  if (!o.id.empty()) put("jobId", json::value(o.id));
  if (o.timestamp) put("timestamp", o.timestamp->time_since_epoch().count());
  if (o.stack_traces) put("stackTraceLimit", *o.stack_traces);
  if (o.log_rows) put("kl", *o.log_rows);
  if (o.deduplication) {
    json::object deduplication{{"id", o.deduplication->id}};
    if (o.deduplication->ttl) deduplication["ttl"] = o.deduplication->ttl->count();
    put("de", std::move(deduplication));
  }
  if (o.repeat) put("repeat", to_json(*o.repeat));
  if (o.previous) put("prevMillis", o.previous->time_since_epoch().count());
  if (!o.scheduler.empty() && spelling == Spelling::stored) put("repeatJobKey", json::value(o.scheduler));
  return json::serialize(object);
}

}  // namespace queue
