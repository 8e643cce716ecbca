#include "simulator/org/org.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "simulator/org/field_value.h"
#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::chrono::hours cursor_life{48};
constexpr std::string_view cursor_prefix = "01g";

std::int64_t seconds_of(base::Utc moment) {
  return std::chrono::floor<std::chrono::seconds>(moment).time_since_epoch().count();
}

ApiError not_found() {
  return {404, "NOT_FOUND", "The requested resource does not exist"};
}

ApiError deleted() {
  return {unconfirmed::deleted_row_status, "ENTITY_IS_DELETED", std::string{unconfirmed::deleted_row_text}};
}

json::object user_values(std::string_view first, std::string_view last, std::string_view name) {
  const std::string address = std::string{name} + "@sfsim.example.com";
  return {{"FirstName", first},          {"LastName", last},
          {"Username", address},         {"Email", address},
          {"Alias", name.substr(0, 8)},  {"CommunityNickname", name},
          {"IsActive", true},            {"TimeZoneSidKey", "GMT"},
          {"LocaleSidKey", "en_US"},     {"LanguageLocaleKey", "en_US"},
          {"EmailEncodingKey", "UTF-8"}, {"Title", "Sales"}};
}

}  // namespace

Org::Org(const base::Clock& clock, const OrgOptions& options)
    : clock_(clock), world_(options.schema, options.sample, seconds_of(clock.now())) {
  std::uint64_t number = 0;
  for (const json::object& values : {user_values("Integration", "User", "integration"),
                                     user_values("Olga", "Owner", "olga"), user_values("Sven", "Seller", "sven")}) {
    Row row;
    row.created = row.modified = row.stamp = static_cast<std::uint32_t>(seconds_of(clock.now()) - 400 * 86'400);
    for (const auto& [name, value] : values) {
      const std::size_t field = schema()[user].at(name);
      row.fields.set(field, read_field_value(schema()[user].fields[field], value)->view());
    }
    row.fields.set(schema()[user].at("UserType"), Cell::of(std::string_view{"Standard"}));
    world_.tables[user].put(++number, std::move(row));
  }
}

std::string Org::id_of(RecordKey record) const {
  return id_text(world_.prefix(record), record.number);
}

std::uint32_t Org::now_second() const {
  return static_cast<std::uint32_t>(seconds_of(clock_.now()));
}

Outcome<const Object*> Org::object(std::string_view name) const {
  if (const Object* found = schema().find(name)) return found;
  return std::unexpected(not_found());
}

Outcome<std::uint64_t> Org::by_id(const Object& object, std::string_view id) const {
  const auto fifteen = parse_id(id);
  if (!fifteen)
    return refusal(400, "MALFORMED_ID", object.label + " ID: id value of incorrect type: " + std::string{id}, {"Id"});
  if (!fifteen->starts_with(object.prefix)) return std::unexpected(not_found());
  const std::uint64_t number = number_in(*fifteen, object.prefix);
  const Table& table = world_.tables[object.index];
  if (number == 0 || !table.exists(number)) return std::unexpected(not_found());
  if (table.is_deleted(number)) return std::unexpected(deleted());
  return number;
}

Outcome<std::size_t> Org::key_field(const Object& object, std::string_view name) const {
  const auto field = object.find(name);
  if (!field || !(object.fields[*field].external_id || object.fields[*field].id_lookup))
    return refusal(404, "NOT_FOUND",
                   "Provided external ID field does not exist or is not accessible: " + std::string{name});
  return *field;
}

std::vector<std::uint64_t> Org::by_key(const Object& object, std::size_t field, std::string_view key) const {
  const Table& table = world_.tables[object.index];
  if (object.fields[field].type == FieldType::id) {
    const auto found = by_id(object, key);
    return found ? std::vector{*found} : std::vector<std::uint64_t>{};
  }
  const std::string wanted = folded(trimmed(key));
  std::vector<std::uint64_t> out;
  if (wanted.empty()) return out;
  if (table.is_indexed(field)) {
    out = table.find(field, wanted);
  } else {
    base::Arena arena;
    table.walk({}, std::numeric_limits<std::uint32_t>::max(), [&](std::uint64_t number) {
      arena.clear();
      if (folded(table.cell(number, field, arena).text) == wanted) out.push_back(number);
      return true;
    });
  }
  std::erase_if(out, [&](std::uint64_t number) { return table.is_deleted(number); });
  return out;
}

Org::Transaction::~Transaction() {
  --org_.open_transactions_;
  if (!committed_)
    for (; org_.undo_.size() > start_; org_.undo_.pop_back()) {
      Undo& undo = org_.undo_.back();
      org_.world_.tables[undo.record.object].restore(undo.record.number, std::move(undo.before));
    }
  if (org_.open_transactions_ == 0) org_.undo_.clear();
}

void Org::change(RecordKey record, Row row) {
  Table& table = world_.tables[record.object];
  if (open_transactions_ > 0) undo_.push_back({record, table.remembered(record.number)});
  row.modified = row.stamp = now_second();
  table.put(record.number, std::move(row));
}

Outcome<void> Org::set_parent(const Object& object, std::size_t reference, const json::object& key, Row& row) const {
  const Field& field = object.fields[reference];
  const Object& target = *schema().find(field.targets.front());
  std::string_view name;
  const json::value* value = nullptr;
  for (const auto& [each, content] : key) {
    if (std::string_view{each} == "attributes") continue;
    if (value != nullptr)
      return refusal(400, "INVALID_FIELD", "More than 1 field provided in an external foreign key reference in entity: " + target.name);
    name = each;
    value = &content;
  }
  const auto place = target.find(name);
  if (value == nullptr || !place || !(target.fields[*place].external_id || target.fields[*place].id_lookup) ||
      !value->is_string())
    return refusal(400, "INVALID_FIELD",
                   "Field name provided, " + std::string{name} + " is not an External ID or indexed field for " + target.name);
  const std::string_view text = value->get_string();
  const auto found = by_key(target, *place, text);
  if (found.size() != 1)
    return refusal(400, found.empty() ? "INVALID_FIELD" : "DUPLICATE_EXTERNAL_ID",
                   found.empty() ? "Foreign key external ID: " + std::string{text} + " not found for field " +
                                       target.fields[*place].name + " in entity " + target.name
                                 : "more than one record found for external id field");
  row.fields.set(reference, Cell::of(RecordKey{target.index, found.front()}));
  return {};
}

Outcome<void> Org::apply(const Object& object, std::optional<std::uint64_t> number, const json::object& values,
                         Row& row) const {
  std::vector<std::string> missing, forbidden;
  std::string forbidden_text;
  for (const auto& [key, value] : values) {
    const std::string_view name = key;
    if (name == "attributes") continue;
    const auto place = object.find(name);
    if (!place) {
      const auto relation = object.find_relation(name);
      if (relation && value.is_object() && schema().find(object.fields[*relation].targets.front()) != nullptr) {
        if (auto set = set_parent(object, *relation, value.get_object(), row); !set) return set;
        continue;
      }
      return refusal(400, "INVALID_FIELD",
                     "No such column '" + std::string{name} + "' on sobject of type " + object.name);
    }
    const Field& field = object.fields[*place];
    if (field.type == FieldType::id && unconfirmed::id_in_patch_body_is_refused && number)
      return refusal(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.");
    if (!(number ? field.updateable : field.createable)) {
      forbidden.push_back(field.name);
      (forbidden_text += forbidden_text.empty() ? "" : ", ") += field.name;
      continue;
    }
    auto read = read_field_value(field, value);
    if (!read) return std::unexpected(std::move(read).error());
    if (read->cell.is_null() && field.required) missing.push_back(field.name);
    if (read->cell.kind == Kind::reference) {
      const Object* target = schema().find(field.targets.front());
      if (!read->text.starts_with(target->prefix))
        return refusal(400, "FIELD_INTEGRITY_EXCEPTION",
                       field.label + ": id value of incorrect type: " + read->text + id_checksum(read->text),
                       {field.name});
      const std::uint64_t parent = number_in(read->text, target->prefix);
      const Table& parents = world_.tables[target->index];
      if (parent == 0 || !parents.exists(parent) || parents.is_deleted(parent))
        return refusal(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", {field.name});
      read->cell.key = {target->index, parent};
    }
    row.fields.set(*place, read->view());
  }
  if (!forbidden.empty())
    return refusal(400, "INVALID_FIELD_FOR_INSERT_UPDATE",
                   "Unable to create/update fields: " + forbidden_text +
                       ". Please check the security settings of this field and verify that it is read/write for your "
                       "profile or permission set.",
                   std::move(forbidden));
  if (!number) {
    missing.clear();
    for (std::size_t field = 0; field < object.fields.size(); ++field)
      if (object.fields[field].required && row.fields.get(field).is_null()) missing.push_back(object.fields[field].name);
  }
  if (!missing.empty()) {
    std::string list;
    for (const std::string& name : missing) (list += list.empty() ? "" : ", ") += name;
    return refusal(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [" + list + "]", std::move(missing));
  }
  if (object.index == opportunity && values.contains("StageName") && !values.contains("Probability")) {
    const Cell stage = row.fields.get(object.at("StageName"));
    const double chance = stage.text == "Closed Won" ? 100 : stage.text == "Closed Lost" ? 0
                          : stage.text == "Negotiation/Review" ? 90 : stage.text == "Value Proposition" ? 50
                          : stage.text == "Needs Analysis" ? 20 : 10;
    row.fields.set(object.at("Probability"), Cell::of(chance));
  }
  return {};
}

Outcome<void> Org::check_unique(const Object& object, std::uint64_t number, const Row& row) const {
  const Table& table = world_.tables[object.index];
  for (std::size_t field = 0; field < object.fields.size(); ++field) {
    if (!object.fields[field].unique) continue;
    const Cell cell = row.fields.get(field);
    if (cell.is_null()) continue;
    for (const std::uint64_t holder : table.find(field, folded(cell.text)))
      if (holder != number && !(table.is_deleted(holder) && unconfirmed::binned_unique_value_is_free))
        return refusal(400, "DUPLICATE_VALUE",
                       std::string{unconfirmed::duplicate_value_text} + object.fields[field].name +
                           " duplicates value on record with id: " + id_of({object.index, holder}),
                       {object.fields[field].name});
  }
  return {};
}

Outcome<std::uint64_t> Org::insert(const Object& object, const json::object& values) {
  if (!object.writable)
    return refusal(403, "INSUFFICIENT_ACCESS_OR_READONLY", "entity type cannot be inserted: " + object.label);
  Row row;
  row.created = now_second();
  if (auto applied = apply(object, std::nullopt, values, row); !applied) return std::unexpected(std::move(applied).error());
  if (auto unique = check_unique(object, 0, row); !unique) return std::unexpected(std::move(unique).error());
  const std::uint64_t number = world_.tables[object.index].next_number();
  change({object.index, number}, std::move(row));
  return number;
}

Outcome<void> Org::update(const Object& object, std::uint64_t number, const json::object& values) {
  if (!object.writable)
    return refusal(403, "INSUFFICIENT_ACCESS_OR_READONLY", "entity type cannot be updated: " + object.label);
  Row row = world_.tables[object.index].copy(number);
  if (auto applied = apply(object, number, values, row); !applied) return applied;
  if (auto unique = check_unique(object, number, row); !unique) return unique;
  change({object.index, number}, std::move(row));
  return {};
}

Outcome<void> Org::remove(const Object& object, std::uint64_t number) {
  if (!object.writable)
    return refusal(403, "INSUFFICIENT_ACCESS_OR_READONLY", "entity type cannot be deleted: " + object.label);
  if (object.index == account && unconfirmed::account_delete_takes_children) remove_children(number);
  Row row = world_.tables[object.index].copy(number);
  row.deleted = true;
  change({object.index, number}, std::move(row));
  return {};
}

void Org::remove_children(std::uint64_t parent) {
  for (const std::uint8_t index : {contact, opportunity}) {
    Table& table = world_.tables[index];
    for (const std::uint64_t child : table.children_of(parent)) {
      Row row = table.copy(child);
      if (row.deleted) continue;
      row.deleted = true;
      change({index, child}, std::move(row));
    }
  }
}

Outcome<Written> Org::upsert(const Object& object, std::size_t field, std::string_view key,
                             const json::object& values) {
  const auto found = by_key(object, field, key);
  if (found.size() > 1) return refusal(300, "DUPLICATE_EXTERNAL_ID", "more than one record found for external id field");
  if (found.size() == 1) {
    if (auto updated = update(object, found.front(), values); !updated) return std::unexpected(std::move(updated).error());
    return Written{found.front(), false};
  }
  json::object with_key = values;
  if (object.fields[field].type != FieldType::id) with_key[object.fields[field].name] = key;
  auto inserted = insert(object, with_key);
  if (!inserted) return std::unexpected(std::move(inserted).error());
  return Written{*inserted, true};
}

std::string Org::record_json(const Projection& projection, std::uint64_t number, std::string_view root) const {
  std::string out;
  base::Arena arena;
  projection.append(world_, number, root, out, arena);
  return out;
}

Outcome<std::string> Org::query(std::string_view statement, bool with_deleted, std::size_t page_size,
                                std::string_view root) {
  auto made = Query::make(world_, statement, with_deleted);
  if (!made) return std::unexpected(std::move(made).error());
  std::vector<std::uint64_t> numbers = made->run(world_);
  if (made->counts()) return "{\"totalSize\":" + std::to_string(numbers.size()) + ",\"done\":true,\"records\":[]}";
  if (numbers.size() <= page_size) return page_json(*made, numbers, 0, page_size, {}, root);
  const std::string locator = id_text(cursor_prefix, ++last_cursor_);
  if (cursors_.size() >= unconfirmed::open_cursors) cursors_.erase(cursors_.begin());  // ids ascend: the oldest
  const Cursor& cursor =
      cursors_[locator] = {std::make_shared<const Query>(*std::move(made)), std::move(numbers), page_size, clock_.now()};
  return page_json(*cursor.query, cursor.numbers, 0, page_size, locator, root);
}

Outcome<std::string> Org::next_page(std::string_view locator, std::string_view root) {
  const auto bad = [] {
    return refusal(unconfirmed::bad_locator_status, "INVALID_QUERY_LOCATOR", std::string{unconfirmed::bad_locator_text});
  };
  const auto dash = locator.find('-');
  if (dash == std::string_view::npos) return bad();
  const std::string_view digits = locator.substr(dash + 1);
  std::size_t offset = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
  const auto found = cursors_.find(locator.substr(0, dash));
  if (error != std::errc{} || end != digits.data() + digits.size() || found == cursors_.end()) return bad();
  const Cursor& cursor = found->second;
  if (clock_.now() - cursor.opened > cursor_life) {
    cursors_.erase(found);
    return bad();
  }
  if (offset >= cursor.numbers.size()) return bad();
  return page_json(*cursor.query, cursor.numbers, offset, cursor.page_size, found->first, root);
}

std::string Org::page_json(const Query& query, const std::vector<std::uint64_t>& numbers, std::size_t offset,
                           std::size_t page_size, std::string_view locator, std::string_view root) const {
  const std::size_t end = std::min(numbers.size(), offset + page_size);
  const bool done = end == numbers.size();
  std::string out = "{\"totalSize\":";
  append_number(out, numbers.size());
  if (done) {
    out += ",\"done\":true,\"records\":[";
  } else {
    (((out += ",\"done\":false,\"nextRecordsUrl\":\"") += root) += "/query/") += locator;
    out += '-';
    append_number(out, end);
    out += "\",\"records\":[";
  }
  const std::size_t head = out.size();
  const Table& table = world_.tables[query.object().index];
  base::Arena arena;
  for (std::size_t i = offset; i < end; ++i) {
    if (!query.with_deleted() && table.is_deleted(numbers[i]) && unconfirmed::deleted_rows_leave_open_cursors) continue;
    if (out.size() > head) out += ',';
    arena.clear();
    query.projection().append(world_, numbers[i], root, out, arena);
    if (i == offset) out.reserve(head + (out.size() - head + 64) * (end - offset) * 9 / 8);
  }
  return out += "]}";
}

}  // namespace simulator
