#include <algorithm>
#include <boost/json.hpp>

#include "simulator/org/field_value.h"
#include "simulator/org/org.h"
#include "simulator/org/standard_rules.h"
#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::string_view master_record_type = "012000000000000";

std::unexpected<ApiError> no_such_column(const Object& object, std::string_view name) {
  return refusal(400, "INVALID_FIELD", "No such column '" + std::string{name} + "' on sobject of type " + object.name);
}

bool is_key(const Field& field) {
  return field.external_id || field.id_lookup;
}

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) (list += list.empty() ? "" : ", ") += name;
  return list;
}

std::unexpected<ApiError> not_allowed(const Object& object, std::string_view verb) {
  return refusal(403, "INSUFFICIENT_ACCESS_OR_READONLY",
                 "entity type cannot be " + std::string{verb} + ": " + object.label);
}

std::unexpected<ApiError> is_locked(const std::string& id) {
  return refusal(unconfirmed::locked_row_status, "UNABLE_TO_LOCK_ROW",
                 "unable to obtain exclusive access to this record or 1 records: " + id);
}

}  // namespace

Outcome<Column> Org::column(const Object& object, std::string_view name) const {
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) {
    const auto field = object.find(name);
    return field ? Outcome<Column>{Column{*field}} : no_such_column(object, name);
  }
  std::string_view relationship = name.substr(0, dot), type;
  if (const auto colon = relationship.find(':'); colon != std::string_view::npos) {
    type = relationship.substr(0, colon);
    relationship.remove_prefix(colon + 1);
  }
  const auto reference = object.find_relation(relationship);
  if (!reference) return no_such_column(object, name);
  const Field& field = object.fields[*reference];
  if (field.is_polymorphic() == type.empty()) return no_such_column(object, name);
  const Object* parent = type.empty() ? schema().find(field.targets.front()) : schema().find(type);
  const auto key = parent != nullptr ? parent->find(name.substr(dot + 1)) : std::nullopt;
  const bool fits = key && field.leads_to(parent->index) && is_key(parent->fields[*key]);
  return fits ? Outcome<Column>{Column{*reference, parent, *key}} : no_such_column(object, name);
}

Outcome<Cell> Org::read(const Object& object, const Column& column, std::string_view text, base::Arena& arena) const {
  if (column.parent == nullptr) return read_text(object.fields[column.field], text, arena);
  if (trimmed(text).empty()) return Cell{};
  return parent_by_key(*column.parent, column.parent_key, text);
}

Outcome<Cell> Org::parent_by_key(const Object& parent, std::size_t field, std::string_view key) const {
  const auto found = by_key(parent, field, key);
  if (found.size() > 1)
    return refusal(400, "DUPLICATE_EXTERNAL_ID", "more than one record found for external id field");
  if (found.empty())
    return refusal(400, "INVALID_FIELD",
                   "Foreign key external ID: " + folded(key) + " not found for field " + parent.fields[field].name +
                       " in entity " + parent.name);
  return Cell::of(RecordKey{parent.index, found.front()});
}

Outcome<Column> Org::parent_column(const Object& object, std::size_t reference, const json::object& key) const {
  const Field& field = object.fields[reference];
  std::string_view type = field.targets.front(), name;
  if (const json::value* attributes = key.if_contains("attributes"); attributes && attributes->is_object())
    if (const json::value* given = attributes->get_object().if_contains("type"); given && given->is_string())
      type = given->get_string();
  for (const auto& [each, value] : key) {
    if (each == "attributes") continue;
    if (!name.empty())
      return refusal(400, "INVALID_FIELD",
                     "More than 1 field provided in an external foreign key reference in entity: " + std::string{type});
    name = each;
  }
  const Object* parent = schema().find(type);
  const auto place = parent != nullptr ? parent->find(name) : std::nullopt;
  const bool fits = place && field.leads_to(parent->index) && is_key(parent->fields[*place]);
  if (!fits)
    return refusal(400, "INVALID_FIELD",
                   "Field name provided, " + std::string{name} + " is not an External ID or indexed field for " +
                       std::string{type});
  return Column{reference, parent, *place};
}

Outcome<std::vector<Assignment>> Org::assignments(const Object& object, const json::object& values, bool creating,
                                                  base::Arena& arena) const {
  std::vector<Assignment> out;
  out.reserve(values.size());
  for (const auto& [key, value] : values) {
    const std::string_view name = key;
    if (name == "attributes") continue;
    const auto place = object.find(name);
    const auto relation = place ? std::nullopt : object.find_relation(name);
    if (relation && value.is_object()) {
      const auto column = parent_column(object, *relation, value.get_object());
      if (!column) return std::unexpected(column.error());
      const json::value& wanted = value.get_object().at(
          std::ranges::find_if(value.get_object(), [](const auto& each) { return each.key() != "attributes"; })->key());
      const std::string text = wanted.is_string() ? std::string{wanted.get_string()} : json::serialize(wanted);
      auto parent = parent_by_key(*column->parent, column->parent_key, text);
      if (!parent) return std::unexpected(std::move(parent).error());
      out.push_back({*relation, *parent});
      continue;
    }
    if (!place) return no_such_column(object, name);
    const Field& field = object.fields[*place];
    if (field.type == FieldType::id && unconfirmed::id_in_patch_body_is_refused && !creating)
      return refusal(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.");
    if (!(creating ? field.createable : field.updateable)) {
      out.push_back({*place, {}});  // apply() refuses it, whatever it is
      continue;
    }
    auto cell = read_json(field, value, arena);
    if (!cell) return std::unexpected(std::move(cell).error());
    out.push_back({*place, *cell});
  }
  return out;
}

Outcome<Cell> Org::parent_of(const Object& object, const Field& field, std::string_view fifteen,
                             const Caller& caller) const {
  if (fifteen == master_record_type && field.leads_to(record_type)) return Cell{};
  const Object* target = schema().with_prefix(fifteen.substr(0, 3));
  const std::string id = std::string{fifteen} + id_checksum(fifteen);
  if (target == nullptr || !field.leads_to(target->index))
    return refusal(400, "FIELD_INTEGRITY_EXCEPTION", field.label + ": id value of incorrect type: " + id, {field.name});
  const std::uint64_t number = number_in(fifteen, target->prefix);
  const Table& parents = world_.tables[target->index];
  if (number == 0 || !parents.is_living(number) || (parents.is_hidden(number) && !caller.is_administrator))
    return refusal(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", {field.name});
  if (auto fits = check_parent(world_, object, field, {target->index, number}); !fits)
    return std::unexpected(std::move(fits).error());
  return Cell::of(RecordKey{target->index, number});
}

Outcome<void> Org::apply(const Object& object, std::optional<std::uint64_t> number, std::span<const Assignment> values,
                         const Caller& caller, Row& row) const {
  std::vector<std::string> forbidden;
  for (const Assignment& value : values) {
    const Field& field = object.fields[value.field];
    const bool allowed = (number ? field.updateable : field.createable) && (!field.hidden || caller.is_administrator);
    if (!allowed) {
      forbidden.push_back(field.name);
      continue;
    }
    Cell cell = value.cell;
    if (cell.kind == Kind::reference && cell.key.number == 0) {
      auto parent = parent_of(object, field, cell.text, caller);
      if (!parent) return std::unexpected(std::move(parent).error());
      cell = *parent;
    }
    row.fields.set(value.field, cell);
  }
  if (!forbidden.empty()) {
    std::string message = "Unable to create/update fields: " + joined(forbidden) +
                          ". Please check the security settings of this field and verify that it is read/write for "
                          "your profile or permission set.";
    return refusal(400, "INVALID_FIELD_FOR_INSERT_UPDATE", std::move(message), std::move(forbidden));
  }
  return {};
}

Outcome<void> Org::check_required(const Object& object, bool creating, std::span<const Assignment> values,
                                  const Row& row) const {
  std::vector<std::string> missing;
  const auto look_at = [&](std::size_t place) {
    const Field& field = object.fields[place];
    const bool must_have = field.required || (!creating && !field.nillable && field.type != FieldType::boolean);
    if (must_have && row.fields.get(place).is_null()) missing.push_back(field.name);
  };
  if (creating) {
    for (const std::size_t place : object.required()) look_at(place);
  } else {
    for (const Assignment& value : values) look_at(value.field);
  }
  if (missing.empty()) return {};
  const std::string names = joined(missing);  // Before it is moved: arguments are evaluated in any order.
  return refusal(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [" + names + "]", std::move(missing));
}

Outcome<void> Org::check_unique(const Object& object, std::uint64_t number, const Row* before, const Row& row) const {
  const Table& rows = world_.tables[object.index];
  for (const std::size_t field : object.unique()) {
    const Cell cell = row.fields.get(field);
    if (cell.is_null() || (before != nullptr && before->fields.get(field) == cell)) continue;
    for (const std::uint64_t holder : rows.find(field, key_text(object.fields[field], cell)))
      if (holder != number && !(rows.is_deleted(holder) && unconfirmed::binned_unique_value_is_free))
        return refusal(400, "DUPLICATE_VALUE",
                       std::string{unconfirmed::duplicate_value_text} + object.fields[field].name +
                           " duplicates value on record with id: " + id_of({object.index, holder}),
                       {object.fields[field].name});
  }
  return {};
}

Outcome<void> Org::lock(RecordKey record, const Row* before, const Row& after, const Caller& caller) {
  if (caller.request == 0 && locks_.are_all_free()) return {};
  std::vector<RecordKey> wanted;
  if (before != nullptr) wanted.push_back(record);
  after.fields.each([&](std::size_t field, const Cell& cell) {
    if (cell.kind != Kind::reference || cell.key.object == user || cell.key.object == record_type) return;
    const bool is_new = before == nullptr || before->fields.get(field).key != cell.key;
    if (is_new || before->deleted != after.deleted) wanted.push_back(cell.key);
  });
  for (const RecordKey each : wanted)
    if (!locks_.is_free(each, caller.request)) return is_locked(id_of(each));
  if (caller.request != 0)
    for (const RecordKey each : wanted) locks_.take(each, caller.request);
  return {};
}

Outcome<void> Org::hold(RecordKey record, const Caller& caller) {
  if (!locks_.is_free(record, caller.request)) return is_locked(id_of(record));
  if (caller.request != 0) locks_.take(record, caller.request);
  return {};
}

Outcome<std::uint64_t> Org::insert(const Object& object, std::span<const Assignment> values, const Caller& caller) {
  if (!object.createable) return not_allowed(object, "inserted");
  Row row;
  row.created = now_second();
  row.created_by = caller.user;
  if (auto done = apply(object, std::nullopt, values, caller, row); !done) return std::unexpected(std::move(done).error());
  complete_row(world_, object, nullptr, row, caller, clock_.now());
  if (auto done = check_required(object, true, values, row); !done) return std::unexpected(std::move(done).error());
  if (auto done = check_row(world_, object, nullptr, row); !done) return std::unexpected(std::move(done).error());
  if (auto done = check_unique(object, 0, nullptr, row); !done) return std::unexpected(std::move(done).error());
  if (auto done = lock({object.index, 0}, nullptr, row, caller); !done) return std::unexpected(std::move(done).error());
  const std::uint64_t number = world_.tables[object.index].next_number();
  if (auto done = save({object.index, number}, nullptr, std::move(row), caller); !done)
    return std::unexpected(std::move(done).error());
  return number;
}

Outcome<void> Org::update(const Object& object, std::uint64_t number, std::span<const Assignment> values,
                          const Caller& caller) {
  if (!object.updateable) return not_allowed(object, "updated");
  const Row before = world_.tables[object.index].copy(number);
  Row row = before;
  if (auto done = apply(object, number, values, caller, row); !done) return done;
  complete_row(world_, object, &before, row, caller, clock_.now());
  if (auto done = check_required(object, false, values, row); !done) return done;
  if (auto done = check_row(world_, object, &before, row); !done) return done;
  if (auto done = check_unique(object, number, &before, row); !done) return done;
  if (auto done = lock({object.index, number}, &before, row, caller); !done) return done;
  return save({object.index, number}, &before, std::move(row), caller);
}

Outcome<Written> Org::upsert(const Object& object, std::size_t field, std::string_view key,
                             std::span<const Assignment> values, const Caller& caller) {
  const auto found = by_key(object, field, key);
  if (found.size() > 1) return refusal(300, "DUPLICATE_EXTERNAL_ID", "more than one record found for external id field");
  if (found.size() == 1) {
    if (auto done = update(object, found.front(), values, caller); !done) return std::unexpected(std::move(done).error());
    return Written{found.front(), false};
  }
  std::vector<Assignment> with_key(values.begin(), values.end());
  base::Arena arena;
  if (object.fields[field].type != FieldType::id) {
    auto cell = read_text(object.fields[field], key, arena);
    if (!cell) return std::unexpected(std::move(cell).error());
    with_key.push_back({field, *cell});
  } else if (!trimmed(key).empty()) {
    return std::unexpected(by_id(object, key, caller).error());
  }
  auto inserted = insert(object, with_key, caller);
  if (!inserted) return std::unexpected(std::move(inserted).error());
  return Written{*inserted, true};
}

Outcome<std::uint64_t> Org::insert(const Object& object, const json::object& values, const Caller& caller) {
  base::Arena arena;
  const auto cells = assignments(object, values, true, arena);
  if (!cells) return std::unexpected(cells.error());
  return insert(object, *cells, caller);
}

Outcome<void> Org::update(const Object& object, std::uint64_t number, const json::object& values,
                          const Caller& caller) {
  base::Arena arena;
  const auto cells = assignments(object, values, false, arena);
  if (!cells) return std::unexpected(cells.error());
  return update(object, number, *cells, caller);
}

Outcome<Written> Org::upsert(const Object& object, std::size_t field, std::string_view key, const json::object& values,
                             const Caller& caller) {
  base::Arena arena;
  const auto cells = assignments(object, values, by_key(object, field, key).empty(), arena);
  if (!cells) return std::unexpected(cells.error());
  return upsert(object, field, key, *cells, caller);
}

}  // namespace simulator
