#include "simulator/org/standard_rules.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <string>

#include "simulator/org/field_value.h"

namespace simulator {
namespace {

constexpr std::int64_t minute_ms = 60'000, day_ms = 86'400'000;

struct Stage {
  std::string_view name;
  double probability;
  std::string_view category;
};
constexpr auto stages = std::to_array<Stage>({{"Prospecting", 10, "Pipeline"},
                                              {"Qualification", 10, "Pipeline"},
                                              {"Needs Analysis", 20, "Pipeline"},
                                              {"Value Proposition", 50, "Pipeline"},
                                              {"Id. Decision Makers", 60, "Pipeline"},
                                              {"Perception Analysis", 70, "Pipeline"},
                                              {"Proposal/Price Quote", 75, "Pipeline"},
                                              {"Negotiation/Review", 90, "Pipeline"},
                                              {"Closed Won", 100, "Closed"},
                                              {"Closed Lost", 0, "Omitted"}});

/// A row's fields by name. Names that the object lacks are null and stay so.
class Fields {
 public:
  Fields(const Object& object, Row& row) : object_(object), row_(row) {}
  Cell get(std::string_view name) const {
    const auto field = object_.find_any(name);
    return field ? row_.fields.get(*field) : Cell{};
  }
  void set(std::string_view name, const Cell& cell) {
    if (const auto field = object_.find_any(name)) row_.fields.set(*field, cell);
  }
  /// Whether the write changed it. Nothing counts as changed to null by a create.
  bool changed(const Row* before, std::string_view name) const {
    const auto field = object_.find_any(name);
    if (!field) return false;
    const Cell now = row_.fields.get(*field);
    if (before == nullptr) return !now.is_null();
    return before->fields.get(*field) != now;
  }

 private:
  const Object& object_;
  Row& row_;
};

void complete_opportunity(Fields& fields, const Row* before, base::Utc now) {
  if (!fields.changed(before, "StageName")) return;
  const auto stage = std::ranges::find(stages, fields.get("StageName").text, &Stage::name);
  const Stage known = stage != stages.end() ? *stage : Stage{"", 10, "Pipeline"};
  if (!fields.changed(before, "Probability")) fields.set("Probability", Cell::of(known.probability));
  if (!fields.changed(before, "ForecastCategoryName")) fields.set("ForecastCategoryName", Cell::of(known.category));
  if (before != nullptr) fields.set("LastStageChangeDate", Cell::at(base::whole_second(now).time_since_epoch().count()));
}

void complete_task(Fields& fields, const Row* before, base::Utc now) {
  if (!fields.changed(before, "Status")) return;
  const bool completed = fields.get("Status").text == "Completed";
  fields.set("CompletedDateTime",
             completed ? Cell::at(base::whole_second(now).time_since_epoch().count()) : Cell{});
}

/// Start, end, duration and day say the same; whichever was written last leads.
void complete_event(Fields& fields, const Row* before) {
  const auto changed = [&](std::string_view name) { return fields.changed(before, name); };
  if (fields.get("IsAllDayEvent").truth) {
    if (!changed("ActivityDate") && !fields.get("StartDateTime").is_null() && changed("StartDateTime"))
      fields.set("ActivityDate", Cell::day(fields.get("StartDateTime").moment / day_ms));
    const Cell day = fields.get("ActivityDate");
    if (day.is_null()) return;
    fields.set("StartDateTime", Cell::at(day.moment * day_ms));
    fields.set("ActivityDateTime", Cell{});
    if (fields.get("DurationInMinutes").is_null()) fields.set("DurationInMinutes", Cell::of(1440.0));
  } else {
    if (changed("ActivityDateTime") && !changed("StartDateTime")) fields.set("StartDateTime", fields.get("ActivityDateTime"));
    fields.set("ActivityDateTime", fields.get("StartDateTime"));
  }
  const Cell start = fields.get("StartDateTime");
  if (start.is_null()) return;
  fields.set("ActivityDate", Cell::day((start.moment - (start.moment % day_ms + day_ms) % day_ms) / day_ms));
  if (changed("EndDateTime") && !changed("DurationInMinutes") && !fields.get("EndDateTime").is_null())
    fields.set("DurationInMinutes",
               Cell::of(static_cast<double>((fields.get("EndDateTime").moment - start.moment) / minute_ms)));
  const Cell duration = fields.get("DurationInMinutes");
  if (duration.is_null()) return;
  const std::int64_t end = start.moment + static_cast<std::int64_t>(duration.number) * minute_ms;
  fields.set("EndDateTime", Cell::at(end));
  const std::int64_t last = std::max(start.moment, end - 1);
  fields.set("EndDate", Cell::day(last / day_ms));
}

void fill_in_defaults(World& world, const Object& object, Row& row, const Caller& caller) {
  base::Arena arena;
  for (const std::size_t place : object.filled_in()) {
    const Field& field = object.fields[place];
    const bool is_missing = row.fields.get(place).is_null();
    if (field.auto_number) {
      row.fields.set(place, Cell::of(arena.copy(std::to_string(world.tables[object.index].next_automatic_number()))));
    } else if (is_missing && field.source == Source::owner) {
      row.fields.set(place, Cell::of(RecordKey{user, caller.user}));
    } else if (is_missing && !field.default_value.empty()) {
      if (const auto cell = read_text(field, field.default_value, arena)) row.fields.set(place, *cell);
    }
  }
}

Outcome<void> check_field_permission(const World& world, const Fields& fields, const Row* before) {
  const std::string_view name = fields.get("Field").text, type = fields.get("SobjectType").text;
  const Object* object = world.schema.find(type);
  if (object == nullptr || !name.starts_with(std::string{type} + ".") || !object->find_any(name.substr(type.size() + 1)))
    return refusal(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                   "Field Name: bad value for restricted picklist field: " + std::string{name}, {"Field"});
  if (fields.get("PermissionsEdit").truth && !fields.get("PermissionsRead").truth)
    return refusal(400, "FIELD_INTEGRITY_EXCEPTION", "Permission to edit a field depends on permission to read it",
                   {"PermissionsEdit"});
  if (before != nullptr) return {};
  const Table& rows = world.tables[field_permissions];
  const std::size_t parent = rows.object().at("ParentId"), field = rows.object().at("Field");
  base::Arena arena;
  for (const std::uint64_t other : rows.children(parent, fields.get("ParentId").key))
    if (rows.cell(other, field, arena).text == name)
      return refusal(400, "DUPLICATE_VALUE", "duplicate value found: the permission set knows this field already", {"Field"});
  return {};
}

}  // namespace

Outcome<void> check_parent(const World& world, const Object& object, const Field& field, RecordKey parent) {
  base::Arena arena;
  const auto read = [&](std::string_view name) {
    const Table& table = world.tables[parent.object];
    return table.cell(parent.number, table.object().at(name), arena);
  };
  if (parent.object == record_type && (read("SobjectType").text != object.name || !read("IsActive").truth))
    return refusal(400, "INVALID_CROSS_REFERENCE_KEY",
                   "Record Type ID: this ID value isn't valid for the user: " + id_text(world.prefix(parent), parent.number),
                   {field.name});
  if (parent.object == user && field.source == Source::owner && !read("IsActive").truth)
    return refusal(400, "INACTIVE_OWNER_OR_USER",
                   "operation performed with inactive user [" + id_text(world.prefix(parent), parent.number) +
                       "] as owner of " + object.name,
                   {field.name});
  return {};
}

void complete_row(World& world, const Object& object, const Row* before, Row& row, const Caller& caller,
                  base::Utc now) {
  if (before == nullptr) fill_in_defaults(world, object, row, caller);
  Fields fields{object, row};
  if (object.index == opportunity) complete_opportunity(fields, before, now);
  if (object.index == task) complete_task(fields, before, now);
  if (object.index == event) complete_event(fields, before);
}

Outcome<void> check_row(const World& world, const Object& object, const Row* before, const Row& row) {
  if (object.index != lead && object.index != event && object.index != field_permissions) return {};
  Row copy = row;
  const Fields fields{object, copy};
  if (object.index == field_permissions) return check_field_permission(world, fields, before);
  if (object.index == lead && before != nullptr && fields.get("IsConverted").truth)
    return refusal(400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead");
  if (object.index == event) {
    std::vector<std::string> missing;
    if (fields.get("StartDateTime").is_null()) missing.emplace_back("ActivityDateTime");
    if (fields.get("DurationInMinutes").is_null()) missing.emplace_back("DurationInMinutes");
    if (!missing.empty()) {
      std::string message = "Required fields are missing: [";
      for (const std::string& name : missing) (message += message.back() == '[' ? "" : ", ") += name;
      return refusal(400, "REQUIRED_FIELD_MISSING", message + "]", std::move(missing));
    }
    if (fields.get("DurationInMinutes").number < 0)
      return refusal(400, "FIELD_INTEGRITY_EXCEPTION", "Event duration can not be negative", {"DurationInMinutes"});
  }
  return {};
}

}  // namespace simulator
