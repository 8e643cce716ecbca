#include "simulator/org/rules.h"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

namespace simulator {
namespace {

namespace json = boost::json;

std::string url_of(const World& world, RecordKey record) {
  return "/services/data/v66.0/sobjects/" + world.schema[record.object].name + "/" +
         id_text(world.prefix(record), record.number);
}

/// As the wire has it, its misspelt key included.
std::string found_json(const World& world, const Rules::Duplicate& rule, const std::vector<RecordKey>& found) {
  const std::string& type = world.schema[rule.object].name;
  json::array records;
  for (const RecordKey each : found)
    records.push_back({{"additionalInformation", json::array{}},
                       {"fieldDiffs", json::array{}},
                       {"matchConfidence", 100.0},
                       {"record",
                        {{"attributes", {{"type", type}, {"url", url_of(world, each)}}},
                         {"Id", id_text(world.prefix(each), each.number)}}}});
  const json::object match{{"entityType", type},
                           {"errors", json::array{}},
                           {"matchEngine", "ExactMatchEngine"},
                           {"matchRecords", records},
                           {"rule", rule.name + "_Match"},
                           {"size", records.size()},
                           {"success", true}};
  return json::serialize(json::object{{"allowSave", rule.allows_save},
                                      {"duplicateRule", rule.name},
                                      {"duplicateRuleEntityType", type},
                                      {"errorMessage", rule.message},
                                      {"matchResults", json::array{match}}});
}

/// Living records, other than this one, with the same text in all fields of the rule.
std::vector<RecordKey> matches_of(const Formula::Input& input, const Rules::Duplicate& rule) {
  const Table& rows = input.world.tables[rule.object];
  const Object& object = rows.object();
  base::Arena arena;
  const auto text = [&](std::uint64_t number, std::size_t field) {
    return key_text(object.fields[field], rows.cell(number, field, arena));
  };
  std::vector<std::string> wanted;
  bool changed = input.before == nullptr;
  for (const std::size_t field : rule.fields) {
    wanted.push_back(text(input.record.number, field));
    if (wanted.back().empty()) return {};
    changed = changed || key_text(object.fields[field], input.before->fields.get(field)) != wanted.back();
  }
  if (!changed) return {};
  std::vector<RecordKey> out;
  const auto look_at = [&](std::uint64_t number) {
    arena.clear();
    if (number == input.record.number || rows.is_deleted(number)) return;
    for (std::size_t at = 0; at < rule.fields.size(); ++at)
      if (text(number, rule.fields[at]) != wanted[at]) return;
    out.push_back({rule.object, number});
  };
  const auto indexed = std::ranges::find_if(rule.fields, [&](std::size_t field) { return rows.is_indexed(field); });
  if (indexed != rule.fields.end()) {
    for (const std::uint64_t number : rows.find(*indexed, wanted[static_cast<std::size_t>(indexed - rule.fields.begin())]))
      look_at(number);
  } else {
    rows.walk({}, std::numeric_limits<std::uint32_t>::max(), [&](std::uint64_t number) {
      look_at(number);
      return true;
    });
  }
  return out;
}

}  // namespace

bool Rules::concern(const Object& object) const {
  const auto is_for = [&](const auto& rule) { return rule.object == object.index; };
  return std::ranges::any_of(validations_, is_for) || std::ranges::any_of(duplicates_, is_for) ||
         std::ranges::any_of(updates_, is_for);
}

Outcome<void> Rules::validate(const Formula::Input& input) const {
  for (const Validation& rule : validations_)
    if (rule.object == input.record.object && rule.condition.holds(input))
      return refusal(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, rule.fields);
  return {};
}

Outcome<void> Rules::look_for_duplicates(const Formula::Input& input, const Caller& caller) const {
  for (const Duplicate& rule : duplicates_) {
    if (rule.object != input.record.object || (rule.allows_save && caller.saves_duplicates)) continue;
    const auto found = matches_of(input, rule);
    if (found.empty()) continue;
    ApiError error{400, "DUPLICATES_DETECTED", rule.message};
    error.duplicates = found_json(input.world, rule, found);
    return std::unexpected(std::move(error));
  }
  return {};
}

}  // namespace simulator
