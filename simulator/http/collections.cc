#include "simulator/http/collections.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "simulator/http/answers.h"
#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::size_t most_records = 200, most_chunks = 10;
const ApiError too_many{400, "INVALID_BATCH_SIZE", "record limit reached. cannot submit more than 200 records"};

/// A record's fields as the body gives them, without what only says which record is meant.
json::object fields_of(const json::object& record) {
  json::object fields;
  for (const auto& [key, value] : record)
    if (key != "attributes" && key != "id" && key != "Id") fields[key] = value;
  return fields;
}

std::string type_in(const json::object& record) {
  const json::value* attributes = record.if_contains("attributes");
  return attributes && attributes->is_object() ? text_at(attributes->as_object(), "type") : "";
}

/// Records of one type that stand together are one chunk.
std::size_t chunks_in(const json::array& records) {
  std::size_t chunks = 0;
  std::string last;
  for (const json::value& record : records) {
    const std::string type = record.is_object() ? folded(type_in(record.as_object())) : "";
    if (chunks == 0 || type != last) ++chunks;
    last = type;
  }
  return chunks;
}

std::vector<std::string> texts_in(const json::value* list) {
  std::vector<std::string> out;
  for (const json::value& each : list->as_array())
    out.emplace_back(each.is_string() ? std::string_view{each.as_string()} : "");
  return out;
}

std::string id_in(const json::object& record) {
  const std::string id = text_at(record, "id");
  return id.empty() ? text_at(record, "Id") : id;
}

/// What two records of one update or upsert must not have in common: the id without its checksum, or the key.
std::string identity_of(const Call& call, const json::object& record) {
  if (call.path.size() == 2) return unconfirmed::repeated_id_is_refused ? id_in(record).substr(0, 15) : "";
  return unconfirmed::repeated_key_is_refused ? folded(text_at(record, call.path.back())) : "";
}

/// Commits, or takes all back and says so of each record that had succeeded.
Reply finish(Org::Transaction& transaction, json::array results, bool roll_back) {
  if (!roll_back) {
    transaction.commit();
  } else {
    for (json::value& result : results)
      if (result.as_object().at("success").as_bool()) result = row_result(rolled_back_error);
  }
  return {200, json::serialize(results)};
}

}  // namespace

Reply Collections::answer(const Call& call) {
  if (call.method == "DELETE" && call.path.size() == 2) return remove(call);
  if (call.path.size() == 3 && (call.method == "POST" || call.method == "GET")) return retrieve(call);
  if (call.method != "POST" && call.method != "PATCH") return refuse(method_not_allowed(call.method));
  return write(call);
}

Reply Collections::remove(const Call& call) {
  const std::string ids = parameter(call.query, "ids");
  if (ids.empty() || std::ranges::count(ids, ',') >= std::int64_t{most_records}) return refuse(too_many);
  json::array results;
  bool failed = false;
  Org::Transaction transaction{org_};
  for (std::size_t from = 0; from <= ids.size();) {
    const std::size_t end = std::min(ids.find(',', from), ids.size());
    const std::string id = ids.substr(from, end - from);
    from = end + 1;
    const auto done = remove_one(call, id);
    failed = failed || !done;
    results.emplace_back(done ? row_result(*done, std::nullopt) : row_result(done.error()));
  }
  return finish(transaction, std::move(results), failed && parameter(call.query, "allOrNone") == "true");
}

Outcome<std::string> Collections::remove_one(const Call& call, const std::string& id) {
  const Object* object = org_.schema().with_prefix(id.substr(0, 3));
  if (object == nullptr) return refusal(400, "MALFORMED_ID", "malformed id " + id);
  if (auto fault = call.row_fault()) return std::unexpected(*std::move(fault));
  const auto number = org_.by_id(*object, id, call.caller);
  if (!number) return std::unexpected(number.error());
  if (auto done = org_.remove(*object, *number, call.caller); !done) return std::unexpected(done.error());
  return org_.id_of({object->index, *number});
}

Reply Collections::retrieve(const Call& call) {
  const auto object = org_.object(call.path[2]);
  if (!object) return refuse(object.error());
  std::vector<std::string> ids = list_in(parameter(call.query, "ids")),
                           names = list_in(parameter(call.query, "fields"));
  if (call.method == "POST") {
    const auto request = object_in(call.body);
    const json::value* given_ids = request ? request->if_contains("ids") : nullptr;
    const json::value* given_fields = request ? request->if_contains("fields") : nullptr;
    if (!given_ids || !given_ids->is_array() || !given_fields || !given_fields->is_array())
      return refuse(bad_json_error);
    ids = texts_in(given_ids);
    names = texts_in(given_fields);
  }
  if (ids.size() > unconfirmed::most_retrieved_records)
    return refuse({400, "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 2000 records"});
  const auto projection = projection_of(org_.world(), **object, names);
  if (!projection) return refuse(projection.error());
  std::string out = "[";
  for (const std::string& id : ids) {
    if (out.size() > 1) out += ',';
    const auto number = org_.by_id(**object, id, call.caller);
    out += number ? org_.record_json(*projection, *number, call.root) : "null";
  }
  return {200, out + "]"};
}

Reply Collections::write(const Call& call) {
  const auto request = object_in(call.body);
  if (!request) return refuse(bad_json_error);
  const json::value* records = request->if_contains("records");
  if (!records || !records->is_array()) return refuse(bad_json_error);
  if (records->as_array().size() > most_records) return refuse(too_many);
  if (call.path.size() == 2 && chunks_in(records->as_array()) > most_chunks)
    return refuse({400, std::string{unconfirmed::composite_limit_code},
                   "The records change their type too often: at most 10 groups of one type"});
  json::array results;
  std::set<std::string> written;
  bool failed = false;
  Org::Transaction transaction{org_};
  for (const json::value& entry : records->as_array()) {
    if (!entry.is_object()) return refuse(bad_json_error);
    const json::object& record = entry.as_object();
    const std::string which = call.method == "PATCH" ? identity_of(call, record) : std::string{};
    auto done = !which.empty() && !written.insert(which).second
                    ? Outcome<json::object>{refusal(400, "DUPLICATE_VALUE", "Duplicate id in list: " + which)}
                    : write_one(call, record);
    failed = failed || !done;
    results.emplace_back(done ? *std::move(done) : row_result(done.error()));
  }
  return finish(transaction, std::move(results), failed && is_set(*request, "allOrNone"));
}

Outcome<json::object> Collections::write_one(const Call& call, const json::object& record) {
  const std::string type = call.path.size() > 2 ? call.path[2] : type_in(record);
  const auto object = org_.object(type);
  if (!object) return std::unexpected(object.error());
  if (auto fault = call.row_fault()) return std::unexpected(*std::move(fault));
  if (call.method == "POST") {
    const auto number = org_.insert(**object, fields_of(record), call.caller);
    if (!number) return std::unexpected(number.error());
    return row_result(org_.id_of({(*object)->index, *number}), std::nullopt);
  }
  if (call.path.size() == 4) return upsert_one(call, **object, record);
  const std::string id = id_in(record);
  if (id.empty()) return refusal(400, "MISSING_ARGUMENT", "Id not specified in an update call", {"Id"});
  const auto number = org_.by_id(**object, id, call.caller);
  if (!number) return std::unexpected(number.error());
  if (auto done = org_.update(**object, *number, fields_of(record), call.caller); !done)
    return std::unexpected(done.error());
  return row_result(org_.id_of({(*object)->index, *number}), std::nullopt);
}

Outcome<json::object> Collections::upsert_one(const Call& call, const Object& object, const json::object& record) {
  const auto field = org_.key_field(object, call.path[3]);
  if (!field) return std::unexpected(field.error());
  json::object fields = fields_of(record);
  const Field& key_field = object.fields[*field];
  std::string key = id_in(record);  // of the pseudo key Id: without one a record is made
  if (key_field.type != FieldType::id) {
    const json::value* given = fields.if_contains(key_field.name);
    if (given && !given->is_null())
      key = given->is_string() ? std::string{given->as_string()} : json::serialize(*given);
    else
      key.clear();
    if (key.empty()) return refusal(400, "MISSING_ARGUMENT", call.path[3] + " not specified", {key_field.name});
    fields.erase(key_field.name);
  }
  const auto written = org_.upsert(object, *field, key, fields, call.caller);
  if (!written) return std::unexpected(written.error());
  return row_result(org_.id_of({object.index, written->number}), written->created);
}

}  // namespace simulator
