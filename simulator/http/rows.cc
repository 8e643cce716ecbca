#include "simulator/http/rows.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>

#include "base/time_text.h"
#include "simulator/http/answers.h"
#include "simulator/http/conditions.h"
#include "simulator/org/describe.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::size_t children_per_page = 2'000;
constexpr double oldest_with_created = 46.0;  // before it an upsert that updates answers 204

/// When a user last changed the record.
base::Utc changed_at(const Org& org, RecordKey record) {
  const Table& rows = org.world().tables[record.object];
  const auto field =
      unconfirmed::conditions_look_at_the_system_stamp ? std::nullopt : rows.object().with_source(Source::modified);
  base::Arena arena;
  if (!field) return base::Utc{std::chrono::seconds{rows.stamp(record.number)}};
  return base::Utc{std::chrono::milliseconds{rows.cell(record.number, *field, arena).moment}};
}

}  // namespace

Reply Rows::answer(const Call& call) {
  const auto object = org_.object(call.path[1]);
  if (!object) return refuse(object.error());
  const auto& path = call.path;
  if (path.size() == 2) return call.method == "POST" ? create(call, **object, std::nullopt) : about(call, **object);
  if (path.size() == 3 && path[2] == "Id" && call.method == "POST") return create(call, **object, true);
  const auto fifteen = parse_id(path[2]);
  const bool is_key = path.size() == 4 && !(fifteen && fifteen->starts_with((*object)->prefix));
  if (is_key) return by_key(call, **object);
  const auto number = org_.by_id(**object, path[2], call.caller);
  if (!number) return refuse(number.error());
  const RecordKey record{(*object)->index, *number};
  return path.size() == 3 ? one(call, record) : related(call, record, 3);
}

Reply Rows::about(const Call& call, const Object& object) {
  if (call.method != "GET" && call.method != "HEAD") return refuse(method_not_allowed(call.method));
  return {200, R"({"objectDescribe":)" + describe_briefly(object, call.root) + R"(,"recentItems":[]})"};
}

Reply Rows::create(const Call& call, const Object& object, std::optional<bool> upserted) {
  const auto values = object_in(call.body);
  if (!values) return refuse(bad_json_error);
  if (const auto fault = call.row_fault()) return refuse(*fault);
  const auto number = org_.insert(object, *values, call.caller);
  return number ? written(call, object, *number, upserted) : refuse(number.error());
}

Reply Rows::upsert(const Call& call, const Object& object, std::size_t field) {
  const auto values = object_in(call.body);
  if (!values) return refuse(bad_json_error);
  for (const std::string& name : {std::string{"Id"}, object.fields[field].name})
    if (values->contains(name))
      return refuse({400, "INVALID_FIELD", "The " + name + " field should not be specified in the sobject data."});
  if (const auto fault = call.row_fault()) return refuse(*fault);
  const auto found = org_.by_key(object, field, call.path[3]);
  if (found.empty() && parameter(call.query, "updateOnly") == "true")
    return refuse({unconfirmed::update_only_status, not_found_error.code, not_found_error.message});
  if (found.size() == 1)
    if (auto unmet = unmet_condition(call, {changed_at(org_, {object.index, found.front()})})) return *std::move(unmet);
  const auto done = org_.upsert(object, field, call.path[3], *values, call.caller);
  if (!done && done.error().status == 300) return several(call, object, found);
  return done ? written(call, object, done->number, done->created) : refuse(done.error());
}

Reply Rows::by_key(const Call& call, const Object& object) {
  const auto field = org_.key_field(object, call.path[2]);
  if (!field) return refuse(field.error());
  if (call.method == "PATCH") return upsert(call, object, *field);
  const auto found = org_.by_key(object, *field, call.path[3]);
  if (found.empty()) return refuse(not_found_error);
  return found.size() == 1 ? one(call, {object.index, found.front()}) : several(call, object, found);
}

Reply Rows::several(const Call& call, const Object& object, std::span<const std::uint64_t> numbers) const {
  json::array urls;
  for (const auto number : numbers) urls.emplace_back(url_of(call, {object.index, number}));
  return {300, json::serialize(urls)};
}

Reply Rows::one(const Call& call, RecordKey record) {
  const Object& object = org_.schema()[record.object];
  if (call.method == "GET" || call.method == "HEAD") return read(call, record);
  if (call.method == "PATCH") return change(call, object, record.number);
  if (call.method != "DELETE") return refuse(method_not_allowed(call.method));
  if (const auto fault = call.row_fault()) return refuse(*fault);
  const auto done = org_.remove(object, record.number, call.caller);
  return done ? Reply{204} : refuse(done.error());
}

Reply Rows::change(const Call& call, const Object& object, std::uint64_t number) {
  const RecordKey record{object.index, number};
  const auto values = object_in(call.body);
  if (!values) return refuse(bad_json_error);
  if (const auto fault = call.row_fault()) return refuse(*fault);
  Version version{changed_at(org_, record)};
  if (object.index == account) {
    const auto projection = projection_of(org_.world(), object, visible_fields(object));
    version.etag = etag_of(org_.record_json(*projection, number, call.root));
  }
  if (auto unmet = unmet_condition(call, version)) return *std::move(unmet);
  const auto done = org_.update(object, number, *values, call.caller);
  return done ? Reply{204} : refuse(done.error());
}

Reply Rows::read(const Call& call, RecordKey record) {
  const Object& object = org_.schema()[record.object];
  Version version{changed_at(org_, record)};
  Reply reply{200};
  if (object.index == account) {  // the only rows with an ETag
    const auto whole = projection_of(org_.world(), object, visible_fields(object));
    version.etag = etag_of(org_.record_json(*whole, record.number, call.root));
    reply.headers.emplace_back("ETag", version.etag);
  }
  reply.headers.emplace_back("Last-Modified", base::to_http_date(version.changed));
  if (auto unmet = unmet_condition(call, version)) return *std::move(unmet);
  std::vector<std::string> names = list_in(parameter(call.query, "fields"));
  if (names.empty()) names = visible_fields(object);
  const auto projection = projection_of(org_.world(), object, names);
  if (!projection) return refuse(projection.error());
  reply.body = org_.record_json(*projection, record.number, call.root);
  return reply;
}

Reply Rows::related(const Call& call, RecordKey record, std::size_t segment) {
  const Object& object = org_.schema()[record.object];
  const std::string& name = call.path[segment];
  const bool is_last = segment + 1 == call.path.size();
  if (const auto child = org_.schema().find_child(object, name); child && is_last)
    return children(call, record, *child);
  const auto reference = object.find_relation(name);
  if (!reference) return refuse(not_found_error);
  base::Arena arena;
  const Cell cell = org_.world().tables[record.object].cell(record.number, *reference, arena);
  if (cell.is_null() || !is_seen(org_.world(), cell.key)) return refuse(not_found_error);
  if (org_.world().tables[cell.key.object].is_deleted(cell.key.number)) return refuse(not_found_error);
  return is_last ? one(call, cell.key) : related(call, cell.key, segment + 1);
}

Reply Rows::children(const Call& call, RecordKey parent, const Schema::Child& child) {
  if (call.method != "GET") return refuse(method_not_allowed(call.method));
  std::vector<std::string> names = list_in(parameter(call.query, "fields"));
  if (names.empty()) names = visible_fields(*child.object);
  if (const auto known = projection_of(org_.world(), *child.object, names); !known) return refuse(known.error());
  std::string statement = "SELECT ";
  for (const std::string& name : names) (statement += statement.size() > 7 ? "," : "") += name;
  statement += " FROM " + child.object->name + " WHERE " + child.reference().name + " = '" + org_.id_of(parent) + "'";
  return reply_with(org_.query(statement, false, children_per_page, call.root, call.caller));
}

Reply Rows::written(const Call& call, const Object& object, std::uint64_t number, std::optional<bool> created) const {
  const RecordKey record{object.index, number};
  std::pair<std::string, std::string> location{"Location", url_of(call, record)};
  const double version = std::strtod(call.version.c_str(), nullptr);
  const bool is_old = created && version > 0 && version < oldest_with_created;
  if (is_old && !*created) return {204};
  const std::optional<bool> told = is_old ? std::nullopt : created;
  return {created == false ? 200 : 201, json::serialize(row_result(org_.id_of(record), told)), {std::move(location)}};
}

std::string Rows::url_of(const Call& call, RecordKey record) const {
  return call.root + "/sobjects/" + org_.schema()[record.object].name + "/" + org_.id_of(record);
}

}  // namespace simulator
