#include "simulator/http/record_count.h"

#include <boost/json.hpp>

#include "simulator/http/answers.h"

namespace simulator {

namespace json = boost::json;

Reply RecordCount::answer(const Call& call) {
  if (call.method != "GET") return refuse(method_not_allowed(call.method));
  const auto wanted = list_in(parameter(call.query, "sObjects"));
  json::array counts;
  const auto add = [&](const Object& object) {
    if (const std::uint64_t live = org_.world().tables[object.index].live(); live > 0)
      counts.push_back({{"count", live}, {"name", object.name}});
  };
  if (wanted.empty()) {
    for (const Object& object : org_.schema().objects()) add(object);
  } else {
    for (const std::string& name : wanted)
      if (const Object* object = org_.schema().find(name)) add(*object);
  }
  return {200, json::serialize(json::object{{"sObjects", std::move(counts)}})};
}

}  // namespace simulator
