#include "simulator/http/happenings.h"

#include <boost/json.hpp>
#include <cstdlib>

#include "simulator/http/answers.h"
#include "simulator/org/ids.h"

namespace simulator {
namespace {

namespace json = boost::json;

json::object members_of(const json::object& given, std::string_view key) {
  const json::value* value = given.if_contains(key);
  return value && value->is_object() ? value->as_object() : json::object{};
}

std::vector<std::string> ids_in(const json::object& given, std::string_view key) {
  std::vector<std::string> out;
  if (const json::value* list = given.if_contains(key); list && list->is_array())
    for (const json::value& each : list->as_array())
      out.emplace_back(each.is_string() ? std::string_view{each.as_string()} : "");
  return out;
}

std::unexpected<ApiError> missing(std::string what) {
  return refusal(400, "MISSING_ARGUMENT", "say " + std::move(what));
}

}  // namespace

std::optional<Reply> Happenings::answer(std::string_view method, std::string_view name,
                                        std::span<const std::string> rest, const std::string& body,
                                        const Caller& caller) {
  const auto given = object_in(body.empty() ? "{}" : body);
  if (name == "rules") {
    const auto done = rules(method, body);
    return done ? Reply{200, json::serialize(*done)} : refuse(done.error());
  }
  const bool is_known = name == "merge" || name == "undelete" || name == "hard-delete" || name == "empty-recycle-bin" ||
                        name == "convert-lead" || name == "silent" || name == "hidden" || name == "late";
  if (!is_known) return std::nullopt;
  if (method != "POST") return refuse(method_not_allowed(method));
  if (!given) return refuse(bad_json_error);
  const std::lock_guard lock{access_.mutex};
  const auto done = name == "merge"          ? merge(*given, caller)
                    : name == "convert-lead" ? convert(*given, caller)
                    : name == "silent"       ? silently(*given)
                    : name == "hidden"       ? hide(*given)
                    : name == "late"         ? late(rest, *given, caller)
                                             : each_id(name, *given, caller);
  return done ? Reply{200, json::serialize(*done)} : refuse(done.error());
}

Outcome<RecordKey> Happenings::record(std::string_view id) const {
  const Org& org = access_.org;
  const auto fifteen = parse_id(id);
  const Object* object = fifteen ? org.schema().with_prefix(fifteen->substr(0, 3)) : nullptr;
  if (!object) return refusal(400, "MALFORMED_ID", "malformed id " + std::string{id});
  const std::uint64_t number = number_in(*fifteen, object->prefix);
  if (number == 0 || !org.world().tables[object->index].exists(number)) return std::unexpected(not_found_error);
  return RecordKey{object->index, number};
}

Outcome<RecordKey> Happenings::record_at(const json::object& given, std::string_view key) const {
  const std::string id = text_at(given, key);
  if (id.empty()) return missing(std::string{key} + ", an id");
  return record(id);
}

Outcome<json::value> Happenings::rules(std::string_view method, const std::string& body) {
  const std::lock_guard lock{access_.mutex};
  if (method == "PUT" || method == "DELETE")
    if (auto done = access_.org.set_rules(method == "DELETE" ? "{}" : body); !done)
      return std::unexpected(std::move(done).error());
  return json::parse(access_.org.rules().text());
}

Outcome<json::value> Happenings::merge(const json::object& given, const Caller& caller) {
  const auto master = record_at(given, "master");
  if (!master) return std::unexpected(master.error());
  std::vector<std::uint64_t> losers;
  for (const std::string& id : ids_in(given, "losers")) {
    const auto loser = record(id);
    if (!loser) return std::unexpected(loser.error());
    if (loser->object != master->object)
      return refusal(400, "INVALID_MERGE_RECORD", "another object than the master: " + id);
    losers.push_back(loser->number);
  }
  if (losers.empty()) return missing("losers, one or two ids");
  const Object& object = access_.org.schema()[master->object];
  if (auto done = access_.org.merge(object, master->number, losers, members_of(given, "values"), caller); !done)
    return std::unexpected(std::move(done).error());
  return json::object{{"id", access_.org.id_of(*master)}, {"success", true}};
}

/// One result for each id, as the collections give them.
Outcome<json::value> Happenings::each_id(std::string_view name, const json::object& given, const Caller& caller) {
  Org& org = access_.org;
  if (name == "empty-recycle-bin") return json::object{{"purged", org.empty_recycle_bin()}};
  json::array out;
  for (const std::string& id : ids_in(given, "ids")) {
    const auto one = record(id);
    if (!one) {
      out.emplace_back(row_result(one.error()));
      continue;
    }
    const Object& object = org.schema()[one->object];
    const auto done =
        name == "undelete" ? org.undelete(object, one->number, caller) : org.hard_delete(object, one->number, caller);
    out.emplace_back(done ? row_result(id_text(object.prefix, one->number), std::nullopt) : row_result(done.error()));
  }
  if (out.empty()) return missing("ids, a list");
  return out;
}

Outcome<json::value> Happenings::convert(const json::object& given, const Caller& caller) {
  const auto converted = record_at(given, "lead");
  if (!converted) return std::unexpected(converted.error());
  const auto is_gone = [&](RecordKey each) { return access_.org.world().tables[each.object].is_deleted(each.number); };
  if (is_gone(*converted)) return refusal(400, "ENTITY_IS_DELETED", "the lead is deleted: " + text_at(given, "lead"));
  if (converted->object != lead) return refusal(400, "INVALID_ID_FIELD", "not a lead: " + text_at(given, "lead"));
  LeadConversion conversion;
  for (const auto& [key, object, into] :
       {std::tuple{"account", account, &conversion.account}, std::tuple{"contact", contact, &conversion.contact}}) {
    if (!given.contains(key)) continue;
    const auto found = record_at(given, key);
    if (!found) return std::unexpected(found.error());
    if (found->object != object)
      return refusal(400, "INVALID_ID_FIELD", std::string{"no "} + key + ": " + text_at(given, key));
    if (is_gone(*found)) return refusal(400, "ENTITY_IS_DELETED", "deleted: " + text_at(given, key));
    *into = found->number;
  }
  if (const json::value* wanted = given.if_contains("opportunity"))
    conversion.makes_opportunity = *wanted != json::value(false);
  conversion.opportunity_name = text_at(given, "opportunity");
  if (const std::string status = text_at(given, "status"); !status.empty()) conversion.status = status;
  Org& org = access_.org;
  const auto done = org.convert_lead(converted->number, conversion, caller);
  if (!done) return std::unexpected(done.error());
  json::object out{{"accountId", org.id_of({account, done->account})},
                   {"contactId", org.id_of({contact, done->contact})},
                   {"opportunityId", nullptr}};
  if (done->opportunity != 0) out["opportunityId"] = org.id_of({opportunity, done->opportunity});
  return out;
}

Outcome<json::value> Happenings::silently(const json::object& given) {
  const auto changed = record_at(given, "id");
  if (!changed) return std::unexpected(changed.error());
  const Object& object = access_.org.schema()[changed->object];
  if (auto done = access_.org.set_silently(object, changed->number, members_of(given, "values")); !done)
    return std::unexpected(std::move(done).error());
  return json::object{{"id", access_.org.id_of(*changed)}, {"success", true}};
}

Outcome<json::value> Happenings::hide(const json::object& given) {
  Org& org = access_.org;
  const json::value* hidden = given.if_contains("hidden");
  if (!hidden || !hidden->is_bool()) return missing("hidden, true or false");
  if (given.contains("id")) {
    const auto one = record_at(given, "id");
    if (!one) return std::unexpected(one.error());
    org.hide(*one, hidden->as_bool());
    return json::object{{"success", true}};
  }
  const std::string field = text_at(given, "field");
  const auto dot = field.find('.');
  const Object* object = dot == std::string::npos ? nullptr : org.schema().find(field.substr(0, dot));
  const auto place = object ? object->find_any(field.substr(dot + 1)) : std::nullopt;
  if (!place) return missing("the id of a record, or field as \"Contact.Phone\"");
  org.hide_field(*object, *place, hidden->as_bool());
  return json::object{{"success", true}};
}

Outcome<json::value> Happenings::late(std::span<const std::string> rest, const json::object& given,
                                      const Caller& caller) {
  Org& org = access_.org;
  if (rest.empty()) return json::object{{"transaction", org.open_late()}};
  const std::uint64_t transaction = std::strtoull(rest[0].c_str(), nullptr, 10);
  if (rest.size() == 2 && (rest[1] == "commit" || rest[1] == "rollback")) {
    if (auto done = org.end_late(transaction, rest[1] == "commit"); !done)
      return std::unexpected(std::move(done).error());
    return json::object{{"success", true}};
  }
  if (rest.size() > 1) return std::unexpected(not_found_error);
  std::string id;
  auto done = org.write_late(transaction, caller, [&](const Caller& writer) { return write(given, writer, id); });
  if (!done) return std::unexpected(std::move(done).error());
  return json::object{{"id", id}, {"success", true}};
}

/// {"object","values"} makes a record, {"id","values"} changes one, {"id","delete":true} deletes it.
Outcome<void> Happenings::write(const json::object& given, const Caller& caller, std::string& id) {
  Org& org = access_.org;
  if (!given.contains("id")) {
    const auto object = org.object(text_at(given, "object"));
    if (!object) return std::unexpected(object.error());
    const auto number = org.insert(**object, members_of(given, "values"), caller);
    if (!number) return std::unexpected(number.error());
    id = org.id_of({(*object)->index, *number});
    return {};
  }
  const auto one = record_at(given, "id");
  if (!one) return std::unexpected(one.error());
  id = org.id_of(*one);
  const Object& object = org.schema()[one->object];
  return is_set(given, "delete") ? org.remove(object, one->number, caller)
                                 : org.update(object, one->number, members_of(given, "values"), caller);
}

}  // namespace simulator
