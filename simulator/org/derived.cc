#include "simulator/org/derived.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <string>

#include "simulator/org/text.h"
#include "simulator/org/world.h"

namespace simulator {
namespace {

/// Reads one record's fields by name. A field that the org does not have is null.
class Reader {
 public:
  Reader(const World& world, RecordKey record, base::Arena& arena)
      : table_(world.tables[record.object]), number_(record.number), arena_(arena) {}
  Cell operator()(std::string_view name) const {
    const auto field = table_.object().find_any(name);
    return field ? table_.stored(number_, *field, arena_) : Cell{};
  }

 private:
  const Table& table_;
  std::uint64_t number_;
  base::Arena& arena_;
};

Cell kept(base::Arena& arena, const std::string& text) {
  return Cell::of(arena.copy(text));
}

Cell person_name(const Reader& read, base::Arena& arena) {
  const Cell first = read("FirstName"), last = read("LastName");
  if (first.is_null()) return last;
  char* const place = arena.reserve(first.text.size() + 1 + last.text.size());
  std::ranges::copy(first.text, place);
  place[first.text.size()] = ' ';
  std::ranges::copy(last.text, place + first.text.size() + 1);
  return Cell::of(std::string_view{place, first.text.size() + 1 + last.text.size()});
}

struct Part {
  std::string_view key, suffix;
};
constexpr Part address_parts[] = {
    {"city", "City"},         {"country", "Country"},     {"geocodeAccuracy", "GeocodeAccuracy"},
    {"latitude", "Latitude"}, {"longitude", "Longitude"}, {"postalCode", "PostalCode"},
    {"state", "State"},       {"street", "Street"}};
constexpr Part location_parts[] = {{"latitude", "Latitude"}, {"longitude", "Longitude"}};

/// A compound as JSON, null when all its parts are. MailingAddress has MailingCity, Place__c has Place__City__s.
Cell compound(const Reader& read, const Field& field, base::Arena& arena) {
  const bool is_custom = field.name.ends_with("__c");
  const std::size_t cut = is_custom ? 1 : std::string_view{"Address"}.size();
  const std::string prefix = field.name.substr(0, field.name.size() - cut);
  std::string json = "{";
  bool any = false;
  for (const auto& [key, suffix] : field.type == FieldType::address ? std::span<const Part>{address_parts} : location_parts) {
    std::string name = prefix;
    name += suffix;
    const Cell part = read(is_custom ? name += "__s" : name);
    any = any || !part.is_null();
    if (json.size() > 1) json += ',';
    ((json += '"') += key) += "\":";
    if (part.kind == Kind::text) {
      append_json(json, part.text);
    } else if (part.kind == Kind::number) {
      append_double(json, part.number, false);
    } else {
      json += "null";
    }
  }
  return any ? kept(arena, json += '}') : Cell{};
}

Cell from_stage(const Reader& read, Source source, base::Arena& arena) {
  const Cell stage = read("StageName");
  const bool won = stage.text == "Closed Won", closed = won || stage.text == "Closed Lost";
  switch (source) {
    case Source::stage_closed:
      return Cell::of(closed);
    case Source::stage_won:
      return Cell::of(won);
    case Source::stage_category:
      return Cell::of(std::string_view{won ? "Closed" : closed ? "Omitted" : "Pipeline"});
    case Source::expected_revenue: {
      const Cell amount = read("Amount"), chance = read("Probability");
      if (amount.is_null() || chance.is_null()) return {};
      return Cell::of(static_cast<double>(static_cast<std::int64_t>(amount.number * chance.number + 0.5)) / 100.0);
    }
    default: {
      const Cell close = read("CloseDate");
      if (close.is_null()) return {};
      const std::chrono::year_month_day day{std::chrono::sys_days{std::chrono::days{close.moment}}};
      const int quarter = static_cast<int>((unsigned{day.month()} - 1) / 3 + 1);
      if (source == Source::fiscal_quarter) return Cell::of(static_cast<double>(quarter));
      if (source == Source::fiscal_year) return Cell::of(static_cast<double>(int{day.year()}));
      return kept(arena, std::to_string(int{day.year()}) + " " + std::to_string(quarter));
    }
  }
}

/// The account behind what a task or event is about, or else behind the contact it is with.
Cell activity_account(const World& world, const Reader& read, base::Arena& arena) {
  for (const std::string_view name : {"WhatId", "WhoId"}) {
    const Cell to = read(name);
    if (to.kind != Kind::reference || !world.tables[to.key.object].exists(to.key.number)) continue;
    if (to.key.object == account) return to;
    if (to.key.object != opportunity && to.key.object != contact) continue;
    if (const Cell parent = Reader{world, to.key, arena}("AccountId"); !parent.is_null()) return parent;
  }
  return {};
}

/// The latest day of a closed task or an event of this record.
Cell last_activity(const World& world, RecordKey record, base::Arena& arena) {
  Cell latest;
  for (const std::uint16_t index : {task, event}) {
    const Table& activities = world.tables[index];
    if (activities.live() == 0) continue;
    for (const std::string_view name : {"WhoId", "WhatId"}) {
      const auto field = activities.object().find_any(name);
      if (!field) continue;
      for (const std::uint64_t number : activities.children(*field, record)) {
        const Reader read{world, {index, number}, arena};
        const Cell day = read("ActivityDate");
        const bool counts = index == event || read("Status").text == "Completed";
        if (activities.is_deleted(number) || !counts || day.is_null()) continue;
        if (latest.is_null() || latest.moment < day.moment) latest = day;
      }
    }
  }
  return latest;
}

}  // namespace

Cell derived(const World& world, RecordKey record, std::size_t place, base::Arena& arena) {
  const Table& table = world.tables[record.object];
  const Field& field = table.object().fields[place];
  const Reader read{world, record, arena};
  switch (field.source) {
    case Source::person_name:
      return person_name(read, arena);
    case Source::address:
    case Source::location:
      return compound(read, field, arena);
    case Source::photo_url: {
      std::string text = "/services/images/photo/";
      append_id(text, table.object().prefix, record.number);
      return kept(arena, text);
    }
    case Source::task_closed:
      return Cell::of(read("Status").text == "Completed");
    case Source::task_high_priority:
      return Cell::of(read("Priority").text == "High");
    case Source::activity_account:
      return activity_account(world, read, arena);
    case Source::last_activity:
      return last_activity(world, record, arena);
    case Source::formula: {
      const auto computed = world.computed.find({record.object, place});
      if (computed != world.computed.end()) return computed->second(record, arena);
      const Cell cell = table.stored(record.number, place, arena);
      return cell.is_null() && field.type == FieldType::boolean ? Cell::of(false) : cell;
    }
    default:
      return from_stage(read, field.source, arena);
  }
}

}  // namespace simulator
