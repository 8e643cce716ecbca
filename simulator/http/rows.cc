#include "simulator/http/rows.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/time_text.h"
#include "simulator/http/answers.h"

namespace simulator {

namespace json = boost::json;

Reply Rows::answer(const Call& call) {
  const auto object = org_.object(call.path[1]);
  if (!object) return refuse(object.error());
  switch (call.path.size()) {
    case 2:
      return create(call, **object);
    case 3: {
      const auto number = org_.by_id(**object, call.path[2], call.caller);
      return number ? one(call, **object, *number) : refuse(number.error());
    }
    case 4:
      return by_key(call, **object);
    default:
      return refuse(not_found_error);
  }
}

Reply Rows::create(const Call& call, const Object& object) {
  if (call.method != "POST") return refuse(method_not_allowed(call.method));
  const auto values = object_in(call.body);
  if (!values) return refuse(bad_json_error);
  if (const auto fault = call.row_fault()) return refuse(*fault);
  const auto number = org_.insert(object, *values, call.caller);
  return number ? written(call, object, *number, std::nullopt) : refuse(number.error());
}

Reply Rows::by_key(const Call& call, const Object& object) {
  const auto field = org_.key_field(object, call.path[2]);
  if (!field) return refuse(field.error());
  const std::string& key = call.path[3];
  if (call.method == "PATCH") {
    const auto values = object_in(call.body);
    if (!values) return refuse(bad_json_error);
    if (const auto fault = call.row_fault()) return refuse(*fault);
    if (parameter(call.query, "updateOnly") == "true" && org_.by_key(object, *field, key).empty())
      return refuse(not_found_error);
    const auto done = org_.upsert(object, *field, key, *values, call.caller);
    return done ? written(call, object, done->number, done->created) : refuse(done.error());
  }
  const auto found = org_.by_key(object, *field, key);
  if (found.empty()) return refuse(not_found_error);
  if (found.size() == 1) return one(call, object, found.front());
  json::array urls;
  for (const auto number : found)
    urls.emplace_back(call.root + "/sobjects/" + object.name + "/" + org_.id_of({object.index, number}));
  return {300, json::serialize(urls)};
}

Reply Rows::one(const Call& call, const Object& object, std::uint64_t number) {
  std::optional<json::object> values;
  if (call.method == "PATCH" || call.method == "POST") {
    values = object_in(call.body);
    if (!values) return refuse(bad_json_error);
  }
  if (call.method != "GET" && call.method != "HEAD")
    if (const auto fault = call.row_fault()) return refuse(*fault);
  if (const std::string since{call.header("if-unmodified-since")}; !since.empty() && call.method != "DELETE") {
    const auto moment = base::parse_http_date(since);
    if (!moment) return refuse({400, "INVALID_HEADER", "If-Unmodified-Since is no HTTP date"});
    const base::Utc stamp{std::chrono::seconds{org_.world().tables[object.index].stamp(number)}};
    if (stamp > *moment) return refuse({412, "PRECONDITION_FAILED", "The record was changed since " + since});
  }
  if (call.method == "PATCH") {
    const auto done = org_.update(object, number, *values, call.caller);
    return done ? Reply{204} : refuse(done.error());
  }
  if (call.method == "DELETE") {
    const auto done = org_.remove(object, number, call.caller);
    return done ? Reply{204} : refuse(done.error());
  }
  return read(call, object, number);
}

Reply Rows::read(const Call& call, const Object& object, std::uint64_t number) const {
  Projection projection{object};
  std::string wanted = parameter(call.query, "fields");
  if (wanted.empty())
    for (const Field& field : object.fields) wanted += (wanted.empty() ? "" : ",") + std::string{field.name};
  for (std::size_t from = 0; from <= wanted.size();) {
    const std::size_t end = std::min(wanted.find(',', from), wanted.size());
    soql::Path steps;
    for (std::size_t step = from; step <= end;) {
      const std::size_t dot = std::min(wanted.find('.', step), end);
      steps.parts.emplace_back(wanted.substr(step, dot - step));
      step = dot + 1;
    }
    const auto resolved = resolve(org_.world(), object, steps, wanted);
    if (!resolved)
      return refuse({400, "INVALID_FIELD",
                     "No such column '" + wanted.substr(from, end - from) + "' on sobject of type " + object.name});
    projection.add(org_.world(), *resolved);
    from = end + 1;
  }
  return {200, org_.record_json(projection, number, call.root)};
}

Reply Rows::written(const Call& call, const Object& object, std::uint64_t number, std::optional<bool> created) const {
  const std::string id = org_.id_of({object.index, number});
  return {created == false ? 200 : 201, json::serialize(row_result(id, created)),
          {{"Location", call.root + "/sobjects/" + object.name + "/" + id}}};
}

}  // namespace simulator
