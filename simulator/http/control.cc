#include "simulator/http/control.h"

#include <boost/json.hpp>
#include <limits>
#include <memory>

#include "simulator/http/answers.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::string_view dump_path = "/__sim/dump/";
constexpr std::size_t records_per_chunk = 500;

}  // namespace

void CallStatistics::count(const std::string& kind) {
  const std::lock_guard lock{mutex_};
  ++by_kind_[kind];
}

void CallStatistics::reset() {
  const std::lock_guard lock{mutex_};
  by_kind_.clear();
}

std::string CallStatistics::json(std::int64_t api_calls) const {
  const std::lock_guard lock{mutex_};
  return json::serialize(json::object{{"calls", api_calls}, {"by_kind", json::value_from(by_kind_)}});
}

Reply Control::answer(const http::Request& request) {
  if (request.path == "/__sim/health") return {200, R"({"status":"ok"})"};
  if (request.path == "/__sim/stats") {
    if (request.method == "DELETE") {
      limits_.forget_use(daily_calls_limit);
      statistics_.reset();
    }
    return {200, statistics_.json(limits_.used(daily_calls_limit))};
  }
  if (request.path == "/__sim/faults") {
    if (request.method == "DELETE") faults_.clear();
    if (request.method == "PUT")
      if (const auto wrong = faults_.set(request.body)) return refuse({400, "INVALID_FAULTS", *wrong});
    return {200, faults_.text()};
  }
  if (request.path.starts_with(dump_path)) {
    const std::lock_guard lock{access_.mutex};
    if (const auto object = access_.org.object(std::string_view{request.path}.substr(dump_path.size())))
      return dump(**object);
  }
  return refuse(not_found_error);
}

Reply Control::dump(const Object& object) {
  Org& org = access_.org;
  auto projection = std::make_shared<Projection>(object);
  for (std::size_t field = 0; field < object.fields.size(); ++field)
    projection->add(org.world(), {{}, field, &object.fields[field]});
  Reply reply;
  reply.content_type = "application/x-ndjson";
  reply.stream = [access = access_, projection, index = object.index, after = Place{}](std::string& chunk) mutable {
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
      projection->append(world, number, "/services/data/v62.0", chunk, arena);
      chunk += '\n';
      arena.clear();
      return true;
    });
    return left == 0;
  };
  return reply;
}

}  // namespace simulator
