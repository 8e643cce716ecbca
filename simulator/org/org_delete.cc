#include <algorithm>
#include <chrono>

#include "simulator/org/org.h"
#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

constexpr std::uint32_t bin_life_s = 15 * 86'400;

/// References that stay what they were when the record they lead to is deleted.
bool is_historic(const Field& field) {
  return field.name == "MasterRecordId" || field.name.starts_with("Converted") || field.source != Source::stored;
}

std::unexpected<ApiError> undelete_failed(std::string why) {
  return refusal(400, "UNDELETE_FAILED", std::move(why));
}

}  // namespace

Outcome<void> Org::remove(const Object& object, std::uint64_t number, const Caller& caller) {
  if (!object.deletable)
    return refusal(403, "INSUFFICIENT_ACCESS_OR_READONLY", "entity type cannot be deleted: " + object.label);
  const RecordKey record{object.index, number};
  if (!object.find_any("IsDeleted")) return hard_delete(object, number, caller);
  for (const Schema::Child& child : schema().children_of(object)) {
    if (!child.reference().restricted_delete) continue;
    const Table& rows = world_.tables[child.object->index];
    for (const std::uint64_t each : rows.children(child.field, record))
      if (!rows.is_deleted(each))
        return refusal(400, "DELETE_FAILED",
                       "Your attempt to delete " + id_of(record) + " could not be completed because it is associated with " +
                           id_of({child.object->index, each}));
  }
  const Row row = table(record).copy(number);
  Row after = row;
  after.deleted = true;
  if (auto locked = lock(record, &row, after, caller); !locked) return locked;
  Transaction all{*this};
  Deletion deletion;
  if (auto done = bin(record, caller, deletion); !done) return done;
  deletions_[record] = std::move(deletion);
  all.commit();
  return {};
}

Outcome<void> Org::bin(RecordKey record, const Caller& caller, Deletion& deletion) {
  Row row = table(record).copy(record.number);
  row.deleted = true;
  change(record, std::move(row), caller);
  recycle_bin_.push_back({now_second(), record});
  for (const Schema::Child& child : schema().children_of(schema()[record.object])) {
    const Field& reference = child.reference();
    if (is_historic(reference)) continue;
    Table& rows = world_.tables[child.object->index];
    for (const std::uint64_t number : rows.children(child.field, record)) {
      const RecordKey each{child.object->index, number};
      if (rows.is_deleted(number)) continue;
      if (reference.cascade_delete) {
        if (auto held = hold(each, caller); !held) return held;
        deletion.children.push_back(each);
        if (auto done = bin(each, caller, deletion); !done) return done;
      } else if (unconfirmed::lookups_are_cleared_on_delete) {
        if (auto held = hold(each, caller); !held) return held;
        Row cleared = rows.copy(number);
        cleared.fields.set(child.field, {});
        deletion.cleared.push_back({each, child.field, record});
        if (unconfirmed::clearing_moves_the_stamp) {
          change(each, std::move(cleared), {.user = caller.user, .is_automation = true});
        } else {
          store(each, std::move(cleared));
        }
      }
    }
  }
  return {};
}

Outcome<void> Org::undelete(const Object& object, std::uint64_t number, const Caller& caller) {
  const RecordKey record{object.index, number};
  if (!object.undeletable) return undelete_failed("entity type cannot be undeleted: " + object.label);
  if (!table(record).exists(number) || !table(record).is_deleted(number))
    return undelete_failed("entity is not in the recycle bin");
  std::vector<RecordKey> records{record};
  const auto deletion = deletions_.find(record);
  if (deletion != deletions_.end())
    std::ranges::copy_if(deletion->second.children, std::back_inserter(records), [this](RecordKey each) {
      return table(each).exists(each.number) && table(each).is_deleted(each.number);
    });
  Transaction all{*this};
  for (const RecordKey each : records) {
    Row row = table(each).copy(each.number);
    row.deleted = false;
    if (const auto master = schema()[each.object].find_any("MasterRecordId")) row.fields.set(*master, {});
    if (auto unique = check_unique(schema()[each.object], each.number, nullptr, row); !unique) return unique;
    change(each, std::move(row), caller);
  }
  for (const RecordKey each : records) {  // a parent that is gone for good is not waited for
    Row row = table(each).copy(each.number);
    std::vector<std::size_t> dangling;
    row.fields.each([&](std::size_t field, const Cell& cell) {
      if (cell.kind == Kind::reference && !is_historic(schema()[each.object].fields[field]) &&
          !table(cell.key).is_living(cell.key.number))
        dangling.push_back(field);
    });
    for (const std::size_t field : dangling) row.fields.set(field, {});
    if (!dangling.empty()) store(each, std::move(row));
  }
  if (deletion != deletions_.end()) {
    for (const auto& [each, field, to] : deletion->second.cleared) {
      if (!table(each).is_living(each.number) || !table(to).is_living(to.number)) continue;
      Row row = table(each).copy(each.number);
      if (!row.fields.get(field).is_null()) continue;
      if (auto held = hold(each, caller); !held) return held;
      row.fields.set(field, Cell::of(to));
      change(each, std::move(row), {.user = caller.user, .is_automation = true});
    }
    deletions_.erase(deletion);
  }
  all.commit();
  return {};
}

Outcome<void> Org::hard_delete(const Object& object, std::uint64_t number, const Caller& caller) {
  if (!object.deletable)
    return refusal(403, "INSUFFICIENT_ACCESS_OR_READONLY", "entity type cannot be deleted: " + object.label);
  const RecordKey record{object.index, number};
  Transaction all{*this};
  Deletion deletion;
  if (object.find_any("IsDeleted") && !table(record).is_deleted(number)) {
    const Row row = table(record).copy(number);
    Row after = row;
    after.deleted = true;
    if (auto locked = lock(record, &row, after, caller); !locked) return locked;
    if (auto done = bin(record, caller, deletion); !done) return done;
  }
  for (const RecordKey each : deletion.children) erase(each);
  erase(record);
  last_purge_[record.object] = now_second();
  all.commit();
  return {};
}

std::size_t Org::empty_recycle_bin() {
  std::size_t removed = 0;
  for (const Binned& each : recycle_bin_)
    if (table(each.record).exists(each.record.number) && table(each.record).is_deleted(each.record.number)) {
      purge(each.record);
      ++removed;
    }
  recycle_bin_.clear();
  return removed;
}

void Org::purge(RecordKey record) {
  table(record).erase(record.number);
  deletions_.erase(record);
  last_purge_[record.object] = now_second();
}

void Org::pass_time() {
  const std::uint32_t now = now_second();
  while (!recycle_bin_.empty() && recycle_bin_.front().second + bin_life_s <= now) {
    const auto [second, record] = recycle_bin_.front();
    recycle_bin_.pop_front();
    const Table& rows = table(record);
    if (rows.exists(record.number) && rows.is_deleted(record.number) && rows.stamp(record.number) <= second) purge(record);
  }
}

}  // namespace simulator
