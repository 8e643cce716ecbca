#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "simulator/org/field_value.h"
#include "simulator/org/org.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::uint16_t api_user = 1;

}  // namespace

Outcome<void> Org::set_silently(const Object& object, std::uint64_t number, const json::object& values) {
  const RecordKey record{object.index, number};
  Row row = table(record).copy(number);
  base::Arena arena;
  for (const auto& [name, value] : values) {
    const auto field = object.find_any(name);
    if (!field)
      return refusal(400, "INVALID_FIELD", "No such column '" + std::string{name} + "' on sobject of type " + object.name);
    auto cell = read_json(object.fields[*field], value, arena);
    if (!cell) return std::unexpected(std::move(cell).error());
    if (cell->kind == Kind::reference) {
      cell = parent_of(object, object.fields[*field], cell->text, {.is_administrator = true});
      if (!cell) return std::unexpected(std::move(cell).error());
    }
    row.fields.set(*field, *cell);
  }
  store(record, std::move(row));
  return {};
}

void Org::hide_field(const Object& object, std::size_t field, bool hidden) {
  if (hidden) {
    hidden_fields_.insert({object.index, field});
  } else {
    hidden_fields_.erase({object.index, field});
  }
  world_.schema.field(object.index, field).hidden = hidden;
  apply_security();
}

std::size_t Org::add_field(const Object& object, Field field) {
  const bool is_granted = field.required;  // a required field is everybody's
  const std::size_t place = world_.schema.add_field(object.index, std::move(field));
  const Field& made = object.fields[place];
  if (made.external_id || made.unique || made.type == FieldType::reference) world_.tables[object.index].add_index(place);
  if (!is_granted) fields_to_grant_.insert({object.index, place});
  apply_security();
  return place;
}

/// Field-level security as the API's user has it: a field that was made at run time needs a FieldPermissions record
/// in a permission set of the user or of the user's profile; the fields that were there from the start do not.
void Org::apply_security() {
  schema_changed_ = now_second();
  base::Arena arena;
  const auto read = [&](RecordKey record, std::string_view name) {
    const Table& rows = world_.tables[record.object];
    const auto field = rows.object().find_any(name);
    return field ? rows.cell(record.number, *field, arena) : Cell{};
  };
  const auto each_of = [&](std::uint16_t object, const auto& visit) {
    world_.tables[object].walk({}, std::numeric_limits<std::uint32_t>::max(), [&](std::uint64_t number) {
      visit(RecordKey{object, number});
      return true;
    });
  };
  std::set<RecordKey> held;
  const RecordKey own_profile = read({user, api_user}, "ProfileId").key;
  each_of(permission_set, [&](RecordKey each) {
    if (read(each, "IsOwnedByProfile").truth && read(each, "ProfileId").key == own_profile) held.insert(each);
  });
  each_of(permission_set_assignment, [&](RecordKey each) {
    if (read(each, "AssigneeId").key == RecordKey{user, api_user}) held.insert(read(each, "PermissionSetId").key);
  });
  std::map<std::string, std::pair<bool, bool>, std::less<>> grants;  // "Contact.Score__c" → may read, may edit
  each_of(field_permissions, [&](RecordKey each) {
    if (!held.contains(read(each, "ParentId").key)) return;
    auto& [may_read, may_edit] = grants[std::string{read(each, "Field").text}];
    may_read = may_read || read(each, "PermissionsRead").truth;
    may_edit = may_edit || read(each, "PermissionsEdit").truth;
  });
  for (const auto& [object, place] : fields_to_grant_) {
    Field& field = world_.schema.field(object, place);
    const auto grant = grants.find(schema()[object].name + "." + field.name);
    field.hidden = hidden_fields_.contains({object, place}) || grant == grants.end() || !grant->second.first;
    field.createable = field.updateable =
        !field.calculated && !field.auto_number && grant != grants.end() && grant->second.second;
  }
}

std::uint64_t Org::open_late() {
  late_.emplace(++last_late_, LateTransaction{now_second(), locks_.begin(), {}});
  return last_late_;
}

std::vector<RecordKey> Org::changed_since(std::size_t undo_start) const {
  std::vector<RecordKey> out;
  for (std::size_t at = undo_start; at < undo_.size(); ++at)
    if (std::ranges::find(out, undo_[at].record) == out.end()) out.push_back(undo_[at].record);
  return out;
}

Outcome<void> Org::write_late(std::uint64_t transaction, Caller caller,
                              const std::function<Outcome<void>(const Caller&)>& write) {
  const auto found = late_.find(transaction);
  if (found == late_.end()) return refusal(404, "NOT_FOUND", "no such open transaction: " + std::to_string(transaction));
  LateTransaction& late = found->second;
  caller.request = late.holder;
  Transaction scratch{*this};  // never committed: what it leaves is kept aside until end_late()
  const std::size_t start = undo_.size();
  for (const auto& [record, row] : late.rows) {
    if (row) {
      store(record, *row);
    } else {
      erase(record);
    }
  }
  if (auto done = write(caller); !done) return done;
  late.rows.clear();
  for (const RecordKey record : changed_since(start)) {
    locks_.take(record, late.holder);
    late.rows.emplace_back(record, table(record).remembered(record.number));
  }
  return {};
}

Outcome<void> Org::end_late(std::uint64_t transaction, bool commit) {
  const auto found = late_.find(transaction);
  if (found == late_.end()) return refusal(404, "NOT_FOUND", "no such open transaction: " + std::to_string(transaction));
  const LateTransaction late = std::move(found->second);
  late_.erase(found);
  locks_.end(late.holder);
  if (!commit) return {};
  for (const auto& [record, row] : late.rows) {
    if (row) {
      store(record, *row);
    } else {
      erase(record);
    }
  }
  return {};
}

}  // namespace simulator
