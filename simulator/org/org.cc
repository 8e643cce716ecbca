#include "simulator/org/org.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <limits>
#include <utility>

#include "base/error.h"
#include "simulator/org/field_value.h"
#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::int64_t age_s = 400 * 86'400;

std::int64_t seconds_of(base::Utc moment) {
  return std::chrono::floor<std::chrono::seconds>(moment).time_since_epoch().count();
}

/// Permission sets, their assignments and what they grant.
bool is_security(RecordKey record) {
  return record.object >= permission_set && record.object <= object_permissions;
}

ApiError not_found() {
  return {404, "NOT_FOUND", "The requested resource does not exist"};
}

ApiError deleted_record() {
  return {unconfirmed::deleted_row_status, "ENTITY_IS_DELETED", std::string{unconfirmed::deleted_row_text}};
}

json::object user_values(std::string_view first, std::string_view last, std::string_view name) {
  const std::string address = std::string{name} + "@sfsim.example.com";
  return {{"FirstName", first},          {"LastName", last},
          {"Username", address},         {"Email", address},
          {"Alias", name.substr(0, 8)},  {"CommunityNickname", name},
          {"IsActive", true},            {"TimeZoneSidKey", "GMT"},
          {"LocaleSidKey", "en_US"},     {"LanguageLocaleKey", "en_US"},
          {"EmailEncodingKey", "UTF-8"}, {"Title", "Sales"},
          {"UserType", "Standard"}};
}

}  // namespace

Org::Org(const base::Clock& clock, const OrgOptions& options) : Org(clock, options, Schema{options.schema}) {
  CHECK(options.schema.directory.empty());
}

Org::Org(const base::Clock& clock, const OrgOptions& options, Schema objects)
    : clock_(clock), world_(std::move(objects), options.sample, seconds_of(clock.now())), cursors_(options.short_pages),
      began_(static_cast<std::uint32_t>(seconds_of(clock.now()) - age_s)) {
  seed();
  compute_described();
}

void Org::seed(const Object& object, std::uint64_t number, const json::object& values) {
  Row row;
  row.created = row.modified = row.stamp = began_;
  base::Arena arena;
  for (const auto& [name, value] : values)
    if (const auto field = object.find_any(name)) {
      const auto cell = read_json(object.fields[*field], value, arena);
      CHECK(cell.has_value());
      row.fields.set(*field, cell->kind == Kind::reference
                                 ? Cell::of(RecordKey{schema().with_prefix(cell->text.substr(0, 3))->index,
                                                      number_in(cell->text, cell->text.substr(0, 3))})
                                 : *cell);
    }
  world_.tables[object.index].put(number, std::move(row));
}

void Org::seed() {
  const Schema& objects = schema();
  seed(objects[organization], 1,
       {{"Name", "sfsim"}, {"OrganizationType", "Developer Edition"}, {"InstanceName", "SIM"}, {"IsSandbox", false},
        {"LanguageLocaleKey", "en_US"}, {"DefaultLocaleSidKey", "en_US"}, {"TimeZoneSidKey", "GMT"}});
  seed(objects[profile], 1, {{"Name", "Standard User"}, {"UserType", "Standard"}});
  std::uint64_t number = 0;
  for (json::object values : {user_values("Integration", "User", "integration"), user_values("Olga", "Owner", "olga"),
                              user_values("Sven", "Seller", "sven")}) {
    values["ProfileId"] = id_of({profile, 1});
    seed(objects[user], ++number, values);
  }
  seed(objects[permission_set], 1,
       {{"Name", "X00eSF0000000001"}, {"Label", "Standard User"}, {"ProfileId", id_of({profile, 1})},
        {"IsOwnedByProfile", true}, {"PermissionsApiEnabled", true}, {"PermissionsBulkApiHardDelete", true}});
  for (std::uint64_t each = 1; each <= number; ++each)
    seed(objects[permission_set_assignment], each,
         {{"PermissionSetId", id_of({permission_set, 1})}, {"AssigneeId", id_of({user, each})}});
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

Outcome<std::uint64_t> Org::by_id(const Object& object, std::string_view id, const Caller& caller) const {
  const auto fifteen = parse_id(id);
  if (!fifteen)
    return refusal(400, "MALFORMED_ID", object.label + " ID: id value of incorrect type: " + std::string{id}, {"Id"});
  if (!fifteen->starts_with(object.prefix)) return std::unexpected(not_found());
  const std::uint64_t number = number_in(*fifteen, object.prefix);
  const Table& rows = world_.tables[object.index];
  if (number == 0 || !rows.exists(number) || (rows.is_hidden(number) && !caller.is_administrator))
    return std::unexpected(not_found());
  if (rows.is_deleted(number)) return std::unexpected(deleted_record());
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
  const Table& rows = world_.tables[object.index];
  const Field& description = object.fields[field];
  if (description.type == FieldType::id) {
    const auto found = by_id(object, key);
    return found ? std::vector{*found} : std::vector<std::uint64_t>{};
  }
  base::Arena arena;
  const auto cell = read_text(description, key, arena);
  if (!cell || cell->is_null()) return {};
  const std::string wanted = key_text(description, *cell);
  std::vector<std::uint64_t> out;
  if (rows.is_indexed(field)) {
    out = rows.find(field, wanted);
  } else {
    rows.walk({}, std::numeric_limits<std::uint32_t>::max(), [&](std::uint64_t number) {
      arena.clear();
      if (key_text(description, rows.cell(number, field, arena)) == wanted) out.push_back(number);
      return true;
    });
    std::ranges::sort(out);
  }
  std::erase_if(out, [&](std::uint64_t number) { return rows.is_deleted(number) || rows.is_hidden(number); });
  return out;
}

Org::Transaction::~Transaction() {
  --org_.open_transactions_;
  const bool touched_security =
      !committed_ && std::ranges::any_of(org_.undo_.begin() + static_cast<std::ptrdiff_t>(start_), org_.undo_.end(),
                                         [](const Undo& undo) { return is_security(undo.record); });
  if (!committed_)
    for (; org_.undo_.size() > start_; org_.undo_.pop_back()) {
      Undo& undo = org_.undo_.back();
      org_.world_.tables[undo.record.object].restore(undo.record.number, std::move(undo.before));
    }
  if (org_.open_transactions_ == 0) org_.undo_.clear();
  if (touched_security) org_.apply_security();
}

void Org::change(RecordKey record, Row row, const Caller& caller) {
  row.stamp = now_second();
  if (!caller.is_automation || row.modified == 0) {
    row.modified = row.stamp;
    row.modified_by = caller.user;
  }
  store(record, std::move(row));
}

void Org::store(RecordKey record, Row row) {
  if (open_transactions_ > 0) undo_.push_back({record, table(record).remembered(record.number)});
  table(record).put(record.number, std::move(row));
  if (is_security(record)) apply_security();
}

void Org::erase(RecordKey record) {
  if (open_transactions_ > 0) undo_.push_back({record, table(record).remembered(record.number)});
  table(record).erase(record.number);
  if (is_security(record)) apply_security();
}

std::string Org::record_json(const Projection& projection, std::uint64_t number, std::string_view root) const {
  std::string out;
  base::Arena arena;
  projection.append(world_, number, root, out, arena);
  return out;
}

Outcome<std::string> Org::query(std::string_view statement, bool with_deleted, std::size_t page_size,
                                std::string_view root, const Caller& caller) {
  return cursors_.query(world_, asking(caller), statement, with_deleted, page_size, root);
}

Outcome<std::string> Org::next_page(std::string_view locator, std::string_view root, const Caller& caller) {
  return cursors_.next(world_, asking(caller), locator, root);
}

}  // namespace simulator
