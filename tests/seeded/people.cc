// What people do on both sides while a process works.
#include <algorithm>

#include "core/resolve.h"
#include "world.h"

namespace seeded {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_of_an_object = 5;

bool is_plain(std::size_t object, std::size_t field) {
  return objects()[object].fields[field].parent == no_parent;
}

std::vector<std::size_t> fields_of(std::size_t object, bool plain) {
  std::vector<std::size_t> out;
  for (std::size_t f = 1; f < objects()[object].fields.size(); ++f)
    if (is_plain(object, f) == plain) out.push_back(f);
  return out;
}

}  // namespace

void World::somebody_acts() {
  if (weather_.decide > 0 && choices_.chance(weather_.decide)) return somebody_decides();
  if (!weather_.push_only && choices_.below(2) == 1) {
    act_in_org();
  } else {
    act_in_store();
  }
}

/// Looks into the inbox, or settles something that was there at the last look; meanwhile it may have changed.
void World::somebody_decides() {
  if (shown_.empty() || choices_.below(3) == 0) {
    shown_ = store_->inbox();
    return;
  }
  const core::ConflictEntry entry = shown_[choices_.below(static_cast<std::uint32_t>(shown_.size()))];
  const auto mapping = std::ranges::find(mappings_, entry.mapping, &model::Mapping::id);
  const auto take = choices_.below(2) == 1 ? core::Choice::Take::store : core::Choice::Take::org;
  const auto done =
      core::resolve_conflict(*store_->desk(), *mapping, entry, {take, {}, "somebody"}, setting_.safeguards);
  say("conflict " + std::to_string(entry.id) + " over row " + entry.row.text + ": " +
      (take == core::Choice::Take::org ? "the org's " + entry.org.value_or("-")
                                       : "the store's " + entry.store.value_or("-")) +
      " is chosen" + (done ? "" : ": " + done.error().message));
}

std::chrono::milliseconds World::lateness() {
  return choices_.chance(weather_.late) ? std::chrono::milliseconds{1 + choices_.below(20'000)} : 0ms;
}

/// A parent for a field: none, or one that the side has. Only objects that take part can be parents.
Text World::some_parent(std::size_t object, std::size_t field, bool in_org, const std::string& self) {
  const std::size_t parent = objects()[object].fields[field].parent;
  if (std::ranges::find(objects_, parent) == objects_.end()) return std::nullopt;
  std::vector<std::string> there;
  if (in_org) {
    for (const RecordView& record : org_->records(parent))
      if (!record.deleted && record.id.str() != self) there.push_back(record.id.str());
  } else {
    for (const RowView& row : store_->rows(parent))
      if (parent != object || row.key != self) there.push_back(row.key);
  }
  const auto chosen = choices_.below(static_cast<std::uint32_t>(there.size() + 1));
  return chosen == 0 ? Text{} : Text{there[chosen - 1]};
}

Fields World::new_fields(std::size_t object, bool in_org) {
  Fields fields(objects()[object].fields.size());
  fields[0] = oracle_.name(object);
  for (std::size_t f = 1; f < fields.size(); ++f) {
    if (!is_plain(object, f)) {
      fields[f] = some_parent(object, f, in_org, {});
    } else if (choices_.below(2) == 1) {
      fields[f] = new_value(objects()[object].fields[f], {}, in_org);
    }
  }
  note_ticks(object, fields, in_org ? model::Side::org : model::Side::store);
  return fields;
}

/// What somebody writes who saw `seen`.
std::string World::new_value(const FieldSpec& field, const Text& seen, bool in_org) {
  if (field.kind == model::FieldKind::boolean) {
    const bool on = folded(field, seen) == "no";
    return in_org ? (on ? "true" : "false") : (on ? "1" : "0");
  }
  const std::string edit = oracle_.edit(seen);
  return in_org ? spelt_in_org(field, edit) : spelt_in_store(field, edit);
}

void World::note_ticks(std::size_t object, const Fields& fields, model::Side side) {
  for (std::size_t f = 1; f < fields.size(); ++f)
    if (const FieldSpec& field = objects()[object].fields[f]; field.kind == model::FieldKind::boolean && fields[f])
      oracle_.ticked(fields[0].value_or(""), f, side, folded(field, fields[f]) == "yes");
}

bool World::is_busy(const std::string& name) {
  for (const std::size_t object : objects_)
    for (const RecordView& record : org_->records(object))
      if (record.busy && record.fields[0] == name) return true;
  return false;
}

bool World::stands_for(const std::string& name, const std::string& record) {
  for (const std::size_t object : objects_)
    for (const RowView& row : store_->rows(object))
      if (row.fields[0] == name && row.record != record) return false;
  return true;
}

void World::with_names(const std::function<void()>& what, const std::string& merged, const std::string& into) {
  const auto living = records_of_org();
  const Held before = held_by_org(), store = held_by_store();
  what();
  const auto left = records_of_org();
  const Held now = held_by_org();
  for (const auto& [id, fields] : living) {
    if (left.contains(id)) continue;
    const std::string name = fields[0].value_or("");
    if (name == merged) {
      oracle_.merged_away(name, fields, into, stands_for(name, id));
    } else if (copies(before, name).size() > 1) {
      oracle_.may_be_twice(name);
      oracle_.deleted(name, fields, {});
      oracle_.touched(name);
    } else {
      oracle_.deleted(name, fields, copies(store, name));
    }
    say("org: " + name + " goes");
  }
  // Whatever referred to the one that is merged away refers to the other now: a change that no deleter saw.
  for (const Held* side : {&before, &store})
    for (const auto& [name, held] : *side)
      for (const Fields& fields : held)
        if (!merged.empty() && name != merged && std::ranges::find(fields, Text{merged}) != fields.end())
          oracle_.touched(name);
  for (const auto& [name, held] : now) {
    if (copies(before, name).size() < held.size()) {
      oracle_.may_be_twice(name);
      say("org: " + name + " is back");
    } else if (copies(before, name) != held) {
      oracle_.touched(name);
    }
  }
}

void World::act_in_org() {
  const std::size_t object = objects_[choices_.below(static_cast<std::uint32_t>(objects_.size()))];
  const auto all = org_->records(object);
  std::vector<RecordView> living, binned;
  for (const RecordView& record : all)
    if (!record.busy) (record.deleted ? binned : living).push_back(record);
  const bool creates = living.empty() || choices_.chance(weather_.create);
  if (creates) {
    if (all.size() >= most_of_an_object) return;
    const Fields fields = new_fields(object, true);
    const auto late = lateness();
    say("org: " + *fields[0] + " is made" + (late > 0ms ? ", to be seen later" : ""));
    if (!org_->create(object, fields, late)) refused(fields);
    return;
  }
  if (choices_.chance(weather_.take_back) && !binned.empty()) {
    const RecordView& record = binned[choices_.below(static_cast<std::uint32_t>(binned.size()))];
    return with_names([&] { org_->undelete(object, record.id); });
  }
  const RecordView& record = living[choices_.below(static_cast<std::uint32_t>(living.size()))];
  const std::string name = record.fields[0].value_or("");
  if (choices_.chance(weather_.remove)) return with_names([&] { org_->remove(object, record.id); });
  if (choices_.chance(weather_.purge)) {
    const bool from_bin = !binned.empty() && choices_.below(2) == 1;
    return purge(object, from_bin ? binned.front() : record);
  }
  if (choices_.chance(weather_.merge) && objects()[object].merges && living.size() > 1) {
    const RecordView& other = living[choices_.below(static_cast<std::uint32_t>(living.size()))];
    if (other.id == record.id) return;
    say("org: " + other.fields[0].value_or("") + " is merged into " + name);
    return with_names([&] { org_->merge(object, record.id, other.id); }, other.fields[0].value_or(""), name);
  }
  const auto references = fields_of(object, false);
  if (choices_.chance(weather_.move) && !references.empty()) {
    const std::size_t field = references[choices_.below(static_cast<std::uint32_t>(references.size()))];
    const Text parent = some_parent(object, field, true, record.id.str());
    say("org: " + name + " gets parent " + parent.value_or("none"));
    oracle_.touched(name);
    std::erase_if(orphans_, [&](const Orphan& orphan) { return orphan.name == name && orphan.field == field; });
    return move(name, field, [&] {
      if (!org_->edit(object, record.id, field, parent, 0ms)) refused({});
    });
  }
  const auto plain = fields_of(object, true);
  const std::size_t field = plain[choices_.below(static_cast<std::uint32_t>(plain.size()))];
  const FieldSpec& spec = objects()[object].fields[field];
  const std::string value = new_value(spec, record.fields[field], true);
  const auto late = lateness();
  say("org: " + name + " " + std::to_string(field) + " := " + value + (late > 0ms ? ", to be seen later" : ""));
  oracle_.touched(name);
  unreadable_.erase(record.id);
  if (choices_.chance(weather_.unreadable)) unreadable_.insert(record.id);
  if (!org_->edit(object, record.id, field, value, late)) return refused({std::nullopt, value});
  if (spec.kind == model::FieldKind::boolean)
    oracle_.ticked(name, field, model::Side::org, folded(spec, value) == "yes");
}

void World::move(const std::string& name, std::size_t field, const std::function<void()>& what) {
  const auto agree = [&] {
    const auto org = copies(held_by_org(), name), store = copies(held_by_store(), name);
    return org.size() == 1 && store.size() == 1 && org[0][field] && org[0][field] == store[0][field];
  };
  const bool before = agree();
  what();
  if (!before && agree()) met_.insert(name);
}

void World::purge(std::size_t object, const RecordView& record) {
  say("org: " + record.id.str() + " is purged");
  with_names([&] { org_->purge(object, record.id); });
  const auto left = org_->records(object);
  if (std::ranges::find(left, record.id, &RecordView::id) != left.end()) return;  // Refused.
  oracle_.forgotten(record.fields);  // By somebody who saw them.
  doubt_deletion(record.fields[0].value_or(""));
}

void World::refused(const Fields& fields) {
  say("org: refused");
  oracle_.undone(fields);
}

void World::act_in_store() {
  const std::size_t object = objects_[choices_.below(static_cast<std::uint32_t>(objects_.size()))];
  const auto rows = store_->rows(object);
  const bool creates = rows.empty() || choices_.chance(weather_.create);
  if (creates) {
    if (rows.size() >= most_of_an_object) return;
    const Fields fields = new_fields(object, false);
    say("store: " + *fields[0] + " is made");
    store_->insert(object, fields);
    return;
  }
  if (choices_.chance(weather_.take_back)) return take_row_back();
  const RowView& row = rows[choices_.below(static_cast<std::uint32_t>(rows.size()))];
  const std::string name = row.fields[0].value_or("");
  if (choices_.chance(weather_.remove)) return delete_row(object, row);
  const auto references = fields_of(object, false);
  if (choices_.chance(weather_.move) && !references.empty()) {
    const std::size_t field = references[choices_.below(static_cast<std::uint32_t>(references.size()))];
    const Text parent = some_parent(object, field, false, row.key);
    say("store: " + name + " gets parent row " + parent.value_or("none"));
    oracle_.touched(name);
    return move(name, field, [&] { store_->edit(object, row.key, field, parent); });
  }
  const auto plain = fields_of(object, true);
  const std::size_t field = plain[choices_.below(static_cast<std::uint32_t>(plain.size()))];
  const FieldSpec& spec = objects()[object].fields[field];
  const std::string value = new_value(spec, row.fields[field], false);
  say("store: " + name + " " + std::to_string(field) + " := " + value);
  oracle_.touched(name);
  if (spec.kind == model::FieldKind::boolean)
    oracle_.ticked(name, field, model::Side::store, folded(spec, value) == "yes");
  store_->edit(object, row.key, field, value);
}

void World::delete_row(std::size_t object, const RowView& row) {
  const std::string name = row.fields[0].value_or("");
  const Held store = held_by_store(), org = held_by_org();
  if (choices_.chance(weather_.detach))
    for (const std::size_t child : objects_)
      for (std::size_t f = 0; f < objects()[child].fields.size(); ++f) {
        if (objects()[child].fields[f].parent != object) continue;
        for (const RowView& other : store_->rows(child)) {
          if (other.fields[f] != row.key || (child == object && other.key == row.key)) continue;
          oracle_.touched(other.fields[0].value_or(""));
          store_->edit(child, other.key, f, std::nullopt);
        }
      }
  for (const std::size_t child : objects_)
    for (std::size_t f = 0; f < objects()[child].fields.size(); ++f)
      for (const RowView& other : store_->rows(child))
        if (objects()[child].fields[f].parent == object && other.fields[f] == row.key)
          oracle_.touched(other.fields[0].value_or(""));
  say("store: " + name + " (row " + row.key + ") is deleted");
  const auto held = copies(store, name);
  // Of several copies this one has been seen.
  oracle_.deleted(name, held.size() == 1 ? held.front() : row.fields, copies(org, name));
  if (held.size() > 1) oracle_.may_be_twice(name);
  if (is_busy(name)) oracle_.touched(name);
  if (met_.erase(name) > 0 && row.status != "synced") oracle_.touched(name);
  deleted_rows_.push_back({object, row.key, row.fields});
  store_->erase(object, row.key);
}

void World::take_row_back() {
  if (deleted_rows_.empty()) return;
  const DeletedRow row = deleted_rows_[choices_.below(static_cast<std::uint32_t>(deleted_rows_.size()))];
  const auto rows = store_->rows(row.object);
  if (std::ranges::find(rows, row.key, &RowView::key) != rows.end()) return;
  Fields fields = row.fields;
  for (std::size_t f = 0; f < fields.size(); ++f) {
    if (!fields[f] || f == 0) continue;
    if (is_plain(row.object, f)) {
      // Whoever puts an old value back over a newer one means to; as an edit of the old one the oracle can tell.
      fields[f] = new_value(objects()[row.object].fields[f], fields[f], false);
      continue;
    }
    const auto parents = store_->rows(objects()[row.object].fields[f].parent);
    if (std::ranges::find(parents, *fields[f], &RowView::key) == parents.end()) fields[f] = std::nullopt;
  }
  oracle_.may_be_twice(fields[0].value_or(""));
  say("store: " + fields[0].value_or("") + " (row " + row.key + ") is put back");
  store_->insert(row.object, fields, row.key);
}

}  // namespace seeded
