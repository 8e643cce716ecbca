#include "core/integration_setting.h"

#include <charconv>
#include <functional>
#include <optional>

namespace core {
namespace {

struct Setting {
  std::string name;
  std::string allowed;  ///< For messages.
  std::function<std::string(const Integration&)> read;
  std::function<bool(Integration&, std::string_view)> write;  ///< False for a value that is not allowed.
};

template <class Number>
bool read_number(std::string_view text, std::int64_t least, std::int64_t most, Number& into) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < least || number > most) return false;
  into = static_cast<Number>(number);
  return true;
}

template <class Value>
bool take(std::optional<Value> named, Value& into) {
  if (named) into = *named;
  return named.has_value();
}

/// A number of the integration.
template <class Place>
Setting number(std::string name, std::int64_t least, std::int64_t most, Place place) {
  std::string allowed = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  return {std::move(name), std::move(allowed),
          [place](const Integration& i) { return std::to_string(place(const_cast<Integration&>(i))); },
          [=](Integration& i, std::string_view text) { return read_number(text, least, most, place(i)); }};
}

Setting object(std::string name, const std::string& object) {
  return {std::move(name), "true and false",
          [object](const Integration& i) {
            const auto found = i.sync_objects.find(object);
            return std::string{found != i.sync_objects.end() && found->second ? "true" : "false"};
          },
          [object](Integration& i, std::string_view text) {
            if (text != "true" && text != "false") return false;
            i.sync_objects[object] = text == "true";
            return true;
          }};
}

Setting filter(std::string name, const std::string& object) {
  return {std::move(name), "SOQL conditions; empty for all records",
          [object](const Integration& i) {
            const auto found = i.filters.find(object);
            return found == i.filters.end() ? std::string{} : found->second;
          },
          [object](Integration& i, std::string_view text) {
            if (text.empty()) {
              i.filters.erase(object);
            } else {
              i.filters[object] = text;
            }
            return true;
          }};
}

constexpr std::string_view delete_policies = "delete, archive, ignore and recreate";

const std::vector<Setting>& all_settings() {
  static const std::vector<Setting> all = {
      {"syncDirection", "bidirectional, salesforce_to_crm and crm_to_salesforce",
       [](const Integration& i) { return std::string{model::name_of(i.direction)}; },
       [](Integration& i, std::string_view text) { return take(model::sync_direction_named(text), i.direction); }},
      number("syncFrequency", 1, 43'200, [](Integration& i) -> int& { return i.sync_frequency_minutes; }),
      object("syncContacts", "Contact"),
      object("syncAccounts", "Account"),
      object("syncOpportunities", "Opportunity"),
      object("syncTasks", "Task"),
      object("syncEvents", "Event"),
      {"conflictResolution", "newest_wins, salesforce_wins, crm_wins and manual",
       [](const Integration& i) { return std::string{model::name_of(i.on_conflict)}; },
       [](Integration& i, std::string_view text) { return take(model::conflict_policy_named(text), i.on_conflict); }},
      filter("contactFilter", "Contact"),
      filter("accountFilter", "Account"),
      filter("opportunityFilter", "Opportunity"),
      filter("taskFilter", "Task"),
      filter("eventFilter", "Event"),
      {"onSalesforceDelete", std::string{delete_policies},
       [](const Integration& i) { return std::string{model::name_of(i.on_record_deleted)}; },
       [](Integration& i, std::string_view text) {
         return take(model::delete_policy_named(text), i.on_record_deleted);
       }},
      {"onCrmDelete", std::string{delete_policies},
       [](const Integration& i) { return std::string{model::name_of(i.on_row_deleted)}; },
       [](Integration& i, std::string_view text) { return take(model::delete_policy_named(text), i.on_row_deleted); }},
      number("maxDeletes", 0, 1'000'000'000, [](Integration& i) -> std::int64_t& { return i.limits.deletes; }),
      number("maxDeletePercent", 0, 100, [](Integration& i) -> int& { return i.limits.delete_percent; }),
      number("maxChanges", 0, 1'000'000'000, [](Integration& i) -> std::int64_t& { return i.limits.changes; }),
      number("maxChangePercent", 0, 100, [](Integration& i) -> int& { return i.limits.change_percent; })};
  return all;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> settings_of(const Integration& integration) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Setting& setting : all_settings()) out.emplace_back(setting.name, setting.read(integration));
  return out;
}

base::Result<void> set_setting(Integration& integration, std::string_view name, std::string_view value) {
  std::string known;
  for (const Setting& setting : all_settings()) {
    (known += known.empty() ? "" : ", ") += setting.name;
    if (setting.name != name) continue;
    if (setting.write(integration, value)) return {};
    return base::failure(base::ErrorKind::settings,
                         setting.name + " is \"" + std::string{value} + "\"; allowed are " + setting.allowed);
  }
  return base::failure(base::ErrorKind::settings,
                       "an integration has no setting " + std::string{name} + "; it has " + known);
}

}  // namespace core
