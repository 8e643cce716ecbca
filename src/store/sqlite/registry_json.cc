#include "store/sqlite/registry_json.h"

#include <array>
#include <boost/json.hpp>

#include "base/time_text.h"

namespace store {
namespace {

namespace json = boost::json;

struct FilterName {
  std::string_view object, name, snake;
};
constexpr std::array<FilterName, 5> filter_names = {{{"Contact", "contactFilter", "contact_filter"},
                                                     {"Account", "accountFilter", "account_filter"},
                                                     {"Opportunity", "opportunityFilter", "opportunity_filter"},
                                                     {"Task", "taskFilter", "task_filter"},
                                                     {"Event", "eventFilter", "event_filter"}}};

json::object object_of(std::string_view text) {
  boost::system::error_code failed;
  const json::value value = json::parse(json::string_view{text.data(), text.size()}, failed);
  return !failed && value.is_object() ? value.get_object() : json::object{};
}

json::array array_of(std::string_view text) {
  boost::system::error_code failed;
  const json::value value = json::parse(json::string_view{text.data(), text.size()}, failed);
  return !failed && value.is_array() ? value.get_array() : json::array{};
}

/// The first of the names that is there and text.
std::string text_at(const json::object& object, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names)
    if (const auto* value = object.if_contains(json::string_view{name.data(), name.size()});
        value && value->is_string())
      return std::string{value->get_string().data(), value->get_string().size()};
  return {};
}

std::int64_t number_in(const json::value& value) {
  if (value.is_double()) return static_cast<std::int64_t>(value.get_double());
  boost::system::error_code failed;
  const auto number = value.to_number<std::int64_t>(failed);
  return failed ? 0 : number;
}

std::int64_t number_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(json::string_view{name.data(), name.size()});
  return value && value->is_number() ? number_in(*value) : 0;
}

std::string key_text(json::string_view key) {
  return {key.data(), key.size()};
}

}  // namespace

std::string filters_json(const std::map<std::string, std::string>& filters) {
  json::object object;
  for (const auto& [name, condition] : filters) {
    std::string_view key = name;
    for (const FilterName& known : filter_names)
      if (known.object == name) key = known.name;
    object[json::string_view{key.data(), key.size()}] = condition;
  }
  return json::serialize(object);
}

std::map<std::string, std::string> filters_from(std::string_view text) {
  std::map<std::string, std::string> filters;
  for (const auto& entry : object_of(text)) {
    if (!entry.value().is_string() || entry.value().get_string().empty()) continue;
    std::string name = key_text(entry.key());
    for (const FilterName& known : filter_names)
      if (name == known.name || name == known.snake) name = known.object;
    filters[name] = key_text(entry.value().get_string());
  }
  return filters;
}

std::string flags_json(const std::map<std::string, bool>& flags) {
  json::object object;
  for (const auto& [name, on] : flags) object[name] = on;
  return json::serialize(object);
}

std::map<std::string, bool> flags_from(std::string_view text) {
  std::map<std::string, bool> flags;
  for (const auto& entry : object_of(text)) {
    if (entry.value().is_bool()) flags[key_text(entry.key())] = entry.value().get_bool();
    if (entry.value().is_number()) flags[key_text(entry.key())] = number_in(entry.value()) != 0;
  }
  return flags;
}

std::string stats_json(const std::map<std::string, std::int64_t>& stats) {
  json::object object;
  for (const auto& [name, count] : stats) object[name] = count;
  return json::serialize(object);
}

std::map<std::string, std::int64_t> stats_from(std::string_view text) {
  std::map<std::string, std::int64_t> stats;
  for (const auto& entry : object_of(text))
    if (entry.value().is_number()) stats[key_text(entry.key())] = number_in(entry.value());
  return stats;
}

std::string match_rules_json(const std::vector<std::vector<std::string>>& rules) {
  return json::serialize(json::value_from(rules));
}

std::optional<std::vector<std::vector<std::string>>> match_rules_from(std::string_view text) {
  boost::system::error_code broken;
  const json::value rules = json::parse(text, broken);
  if (broken || !rules.is_array()) return std::nullopt;
  std::vector<std::vector<std::string>> out;
  for (const json::value& rule : rules.get_array()) {
    if (!rule.is_array()) return std::nullopt;
    out.emplace_back();
    for (const json::value& name : rule.get_array()) {
      if (!name.is_string()) return std::nullopt;
      out.back().emplace_back(name.get_string());
    }
  }
  return out;
}

std::string summary_json(const core::RunRecord& run) {
  return json::serialize(json::object{{"successful", run.successful}, {"errors", run.errors}});
}

void summary_from(std::string_view text, core::RunRecord& run) {
  const json::object object = object_of(text);
  run.successful = number_at(object, "successful");
  run.errors = number_at(object, "errors");
}

std::string objects_json(const core::RunRecord& run) {
  json::array array;
  for (const auto& [name, counts] : run.objects)
    array.push_back(json::object{
        {"object", name},
        {"pulled",
         {{"created", counts.pulled_created},
          {"updated", counts.pulled_updated},
          {"deleted", counts.pulled_deleted},
          {"unchanged", counts.pulled_unchanged}}},
        {"pushed",
         {{"created", counts.pushed_created}, {"updated", counts.pushed_updated}, {"deleted", counts.pushed_deleted}}},
        {"linked", counts.linked},
        {"conflicts", counts.conflicts},
        {"parked", counts.parked}});
  return json::serialize(array);
}

void objects_from(std::string_view text, core::RunRecord& run) {
  for (const json::value& value : array_of(text)) {
    if (!value.is_object()) continue;
    const json::object& object = value.get_object();
    const auto part = [&object](json::string_view name) {
      const auto* found = object.if_contains(name);
      return found && found->is_object() ? found->get_object() : json::object{};
    };
    const json::object pulled = part("pulled"), pushed = part("pushed");
    run.objects.emplace_back(text_at(object, {"object"}),
                             core::ObjectCounts{.pulled_created = number_at(pulled, "created"),
                                                .pulled_updated = number_at(pulled, "updated"),
                                                .pulled_deleted = number_at(pulled, "deleted"),
                                                .pulled_unchanged = number_at(pulled, "unchanged"),
                                                .pushed_created = number_at(pushed, "created"),
                                                .pushed_updated = number_at(pushed, "updated"),
                                                .pushed_deleted = number_at(pushed, "deleted"),
                                                .linked = number_at(object, "linked"),
                                                .conflicts = number_at(object, "conflicts"),
                                                .parked = number_at(object, "parked")});
  }
}

std::string errors_json(const core::RunRecord& run) {
  json::array array;
  for (const core::RunError& error : run.sync_errors)
    array.push_back(json::object{{"message", error.message},
                                 {"timestamp", base::to_iso(error.timestamp)},
                                 {"record", error.record},
                                 {"code", error.code}});
  return json::serialize(array);
}

void errors_from(std::string_view text, core::RunRecord& run) {
  for (const json::value& value : array_of(text)) {
    if (!value.is_object()) continue;
    const json::object& object = value.get_object();
    run.sync_errors.push_back({.message = text_at(object, {"message"}),
                               .record = text_at(object, {"record"}),
                               .code = text_at(object, {"code"}),
                               .timestamp = base::parse_iso(text_at(object, {"timestamp"})).value_or(base::Utc{})});
  }
}

}  // namespace store
