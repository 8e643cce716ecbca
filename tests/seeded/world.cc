#include "world.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/compile_transform.h"
#include "core/fenced_org.h"
#include "core/order.h"
#include "core/resolve.h"
#include "memory_side.h"
#include "sfsim_side.h"
#include "sqlite_side.h"
#include "turbulence.h"

namespace seeded {
namespace {

using namespace std::chrono_literals;

constexpr core::Lookback short_lookback{.revisit = 3s,
                                        .revisit_records = 3,
                                        .overlap = 1min,
                                        .sweep_every = 1min,
                                        .bin_keeps = 14 * 24h,
                                        .check_ids_every = 7 * 24h};

base::Error weather(base::ErrorKind kind) {
  return {kind, "the weather"};
}

bool is_plain(std::size_t object, std::size_t field) {
  return objects()[object].fields[field].parent == no_parent;
}

/// Names begin as their objects do.
std::size_t object_of_name(const std::string& name) {
  const auto object = std::string_view{"ACT"}.find(name.front());
  CHECK(object != std::string_view::npos);
  return object;
}

/// Turns a random half of what may happen off, so that rare combinations show.
void thin_out(Weather& weather, Choices& choices) {
  for (double* each : {&weather.lost_request, &weather.lost_answer, &weather.crash, &weather.busy_row, &weather.delayed,
                       &weather.second_daemon, &weather.exhausted, &weather.unreadable, &weather.hidden_field,
                       &weather.clock_jump, &weather.long_pause, &weather.late, &weather.remove, &weather.move,
                       &weather.take_back, &weather.merge, &weather.purge})
    if (choices.below(2) == 0) *each = 0;
  for (double* each : {&weather.bulk_lost, &weather.reset, &weather.one_way})
    if (*each > 0 && choices.below(2) == 0) *each = 0;
}

}  // namespace

World::World(Choices& choices, const Setting& setting)
    : choices_(choices),
      setting_(setting),
      weather_(setting.weather),
      machine_(base::Utc{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}}),
      random_(1) {
  use_every_kind(weather_.kinds);
  if (weather_.swarm) thin_out(weather_, choices_);
  const bool triggers = choices_.chance(weather_.trigger), with_key = !choices_.chance(weather_.without_key);
  if (setting_.org == OrgKind::sfsim) {
    org_ = std::make_unique<SfsimSide>(
        machine_, machine_.now(), with_key,
        setting_.daily_calls > 0 ? SfsimSide::Calls{setting_.daily_calls, setting_.budgeted} : SfsimSide::Calls{});
  } else {
    auto fake = std::make_unique<FakeOrg>(machine_.now());
    fake->set_trigger(triggers);
    fake->on_trigger = [this](const std::string& from, const std::string& made) { oracle_.derived(from, made); };
    fake->offer_bulk(choices_, weather_);
    if (weather_.refusals > 0) fake->set_rule(choices_.chance(weather_.refusals));
    org_ = std::move(fake);
  }
  if (setting_.backend == Backend::sqlite) {
    store_ = std::make_unique<SqliteSide>(machine_);
  } else {
    store_ = std::make_unique<MemorySide>(machine_);
  }
  for (std::size_t i = 0; i < objects().size(); ++i)
    if (i == 0 || !weather_.sparse_objects || choices_.below(2) == 1) objects_.push_back(i);
  const auto policy = setting_.on_conflict.value_or(static_cast<model::ConflictPolicy>(choices_.below(4)));
  const auto deletes = [&](const std::optional<model::DeletePolicy>& wanted) {
    const auto chosen = choices_.below(12);  // Mostly followed.
    return wanted.value_or(chosen < 9 ? model::DeletePolicy::follow : static_cast<model::DeletePolicy>(chosen - 8));
  };
  const auto on_record_deleted = deletes(setting_.on_record_deleted), on_row_deleted = deletes(setting_.on_row_deleted);
  for (const std::size_t object : objects_) {
    model::Mapping mapping = mapping_of(object, with_key);
    mapping.on_record_deleted = on_record_deleted;
    mapping.on_row_deleted = on_row_deleted;
    if (weather_.push_only) mapping.direction = model::SyncDirection::to_org;
    if (setting_.match) mapping.match_rules = {{1}};
    for (model::FieldMapping& field : mapping.fields) field.on_conflict = policy;
    if (weather_.kinds) set_rules(object, mapping);
    mappings_.push_back(std::move(mapping));
  }
  core::put_in_order(mappings_);
  leave_fields_out();
  set_filters();
}

World::~World() = default;

void World::say(const std::string& what, const std::string& aside) {
  for (const char c : what) trace_ = (trace_ ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  if (setting_.trace)
    std::printf("%8lld %s\n", static_cast<long long>(machine_.elapsed().count() / 1'000'000), (what + aside).c_str());
}

// --- the process

bool World::run() {
  if (depth_ == 0) {
    change_circumstances();
    map_late_fields();
    change_filters();
  }
  if (!calm_ || depth_ > 0) resting_.reset();
  if (!resting_) {
    resting_ = store_->start();
    for (const model::Mapping& mapping : mappings_) CHECK(store_->prepare(mapping).has_value());
  }
  const Process process = *resting_;
  org_->begins();
  TurbulentStore store{*process.store, *this};
  TurbulentOrg air{org_->org(), *this};
  core::FencedOrg org{air, process.still_ours};
  if (depth_ == 0) reset_readings(*process.store);
  const core::RunWorld world{org,
                             store,
                             machine_,
                             random_,
                             [this](std::chrono::milliseconds time) { pass_time(time); },
                             [this] { return !calm_ && choices_.chance(weather_.stop); },
                             [](const std::string&) {},
                             {.deletes = 0, .delete_percent = 0},
                             some_direction(),
                             short_lookback,
                             setting_.safeguards,
                             setting_.page_size};
  ++depth_;
  say("run begins");
  bool well = false;
  const auto removed_before = removed_unseen_;
  try {
    const core::RunResult result = core::run_sync(mappings_, world);
    well = !result.stopped_by;
    for (const core::RunError& error : result.errors) {
      say("error " + error.record + " " + error.code, " " + error.message);
      if (error.record.empty()) well = false;
    }
    if (!well) ++failed_runs;
    org_->ends();
  } catch (const Crash&) {
    say("crash");
    ++crashes;
    resting_.reset();
  }
  say("run ends");
  --depth_;
  if (depth_ == 0) judge_orphans();
  if (const std::string why = org_->overspent(); !why.empty()) breaches_.insert("I10 " + why);
  if (well)
    for (const std::string& record : removed_before) removed_unseen_.erase(record);
  if (hidden_for_ > 0 && --hidden_for_ == 0) hidden_object_.reset();
  return well;
}

void World::change_circumstances() {
  if (calm_) return;
  if (choices_.chance(weather_.clock_jump)) {
    const auto by = std::chrono::minutes{static_cast<int>(choices_.below(121)) - 60};
    say("our clock jumps " + std::to_string(by.count()) + " minutes");
    machine_.jump(by);
  }
  if (choices_.chance(weather_.long_pause)) {
    say("sixteen days pass");
    empty_the_bin();
    pass_time(16 * 24h);
  }
  if (choices_.chance(weather_.exhausted))
    exhausted_until_ = org_->now() + std::chrono::minutes{1 + choices_.below(30)};
  if (choices_.chance(weather_.hidden_field)) {
    hidden_object_ = objects_[choices_.below(static_cast<std::uint32_t>(objects_.size()))];
    hidden_for_ = 1 + static_cast<int>(choices_.below(2));
  }
}

/// After so long a pause nobody can tell what a record held that was deleted just before it.
void World::empty_the_bin() {
  for (const std::size_t object : objects_)
    for (const RecordView& record : org_->records(object)) {
      if (!record.deleted) continue;
      if (removed_unseen_.contains(record.id.str())) oracle_.forgotten(record.fields);
      doubt_deletion(record.fields[0].value_or(""));
    }
}

void World::doubt_deletion(const std::string& name) {
  for (const std::size_t object : objects_)
    for (const RowView& row : store_->rows(object))
      if (row.fields[0] == name && row.status != "synced") oracle_.touched(name);
}

void World::set_rules(std::size_t object, model::Mapping& mapping) {
  for (std::size_t f = 1; f < mapping.fields.size(); ++f) {
    model::FieldMapping& field = mapping.fields[f];
    const FieldSpec& spec = objects()[object].fields[f];
    if (spec.parent != no_parent) continue;
    if (choices_.chance(weather_.policies)) {
      const auto chosen = choices_.below(8);
      if (chosen < 4) field.on_conflict = static_cast<model::ConflictPolicy>(chosen);
      if (chosen == 4 || chosen == 5) field.write_mode = model::WriteMode::if_empty;
      if (chosen == 6) field.direction = model::SyncDirection::to_store;
      if (chosen == 7) field.direction = model::SyncDirection::to_org;
      say(mapping.object + "." + field.org_field + ": " + std::string{name_of(field.on_conflict)} + ", " +
          std::string{name_of(field.write_mode)} + ", " + std::string{name_of(field.direction)});
    }
    if (!spec.transform.empty())
      field.transform = core::compile_transform(spec.transform, field.direction, field.type)->transform;
    if (setting_.taken_for_text.contains(spec.kind)) {
      field.type = {};
      field.transform = nullptr;
    }
    oracle_.set_rule("ACT" [object], f, { spec.kind, field.direction, field.on_conflict, field.write_mode });
  }
}

void World::leave_fields_out() {
  if (weather_.late_field <= 0 || setting_.backend != Backend::sqlite) return;
  for (model::Mapping& mapping : mappings_) {
    if (!choices_.chance(weather_.late_field)) continue;
    to_grow_.push_back(mapping);
    mapping.fields.erase(mapping.fields.begin() + 1);  // Plain in every object.
  }
}

/// What ends in one of five digits matches, so that every other edit leaves.
void World::set_filter(model::Mapping& mapping) {
  constexpr std::size_t filtered = 1;  // A plain field that no trigger changes.
  const char first = choices_.below(4) == 0 ? '1' : '0';
  mapping.filter.clear();
  for (const char digit : {'\0', '\2', '\4', '\6', '\10'})
    mapping.filter += (mapping.filter.empty() ? "" : " OR ") + mapping.fields[filtered].org_field + " LIKE '%" +
                      std::string(1, static_cast<char>(first + digit)) + "'";
  const auto chosen = choices_.below(6);  // Mostly removed.
  mapping.on_filter_leave = setting_.on_filter_leave.value_or(chosen < 4 ? model::FilterLeave::remove
                                                                         : static_cast<model::FilterLeave>(chosen - 4));
  say(mapping.object + " has a filter: " + mapping.filter + ", " + std::string{name_of(mapping.on_filter_leave)});
}

void World::set_filters() {
  for (model::Mapping& mapping : mappings_)
    if (weather_.filter > 0 && mapping.object != "Task" && choices_.chance(weather_.filter)) set_filter(mapping);
}

/// Only where the store keeps sweeps.
void World::change_filters() {
  if (calm_ || weather_.other_filter <= 0 || setting_.backend != Backend::sqlite) return;
  for (model::Mapping& mapping : mappings_)
    if (!mapping.filter.empty() && choices_.chance(weather_.other_filter)) set_filter(mapping);
}

bool World::fits_filter(std::size_t object, const RecordView& record) const {
  const auto mapping = std::ranges::find(mappings_, objects()[object].object, &model::Mapping::object);
  if (mapping == mappings_.end() || mapping->filter.empty()) return true;
  const Text& value = record.fields[1];
  return value && !value->empty() && mapping->filter.contains('%' + value->substr(value->size() - 1));
}

void World::excuse_outsiders(const Held& org, Held& store, std::set<std::string>& excused) {
  for (const std::size_t object : objects_)
    for (const RecordView& record : org_->records(object)) {
      const std::string name = record.fields[0].value_or("");
      if (record.deleted || fits_filter(object, record)) continue;
      const auto mapping = std::ranges::find(mappings_, objects()[object].object, &model::Mapping::object);
      if (mapping->on_filter_leave == model::FilterLeave::keep) excused.insert(name);
      if (!store.contains(name)) store[name] = org.at(name);
    }
}

void World::map_late_fields() {
  std::erase_if(to_grow_, [&](const model::Mapping& whole) {
    if (!calm_ && !choices_.chance(0.25)) return false;
    say(whole.object + "." + whole.fields[1].org_field + " is mapped");
    *std::ranges::find(mappings_, whole.id, &model::Mapping::id) = whole;
    resting_.reset();
    return true;
  });
}

void World::change_mapping(std::size_t object, const std::function<void(model::Mapping&)>& how) {
  how(*std::ranges::find(mappings_, objects()[object].object, &model::Mapping::object));
  resting_.reset();
}

void World::read_again(std::size_t object) {
  const model::Mapping& mapping = *std::ranges::find(mappings_, objects()[object].object, &model::Mapping::object);
  resting_.reset();
  const Process process = store_->start();
  CHECK(store_->prepare(mapping).has_value());
  CHECK(process.store
            ->update(mapping, {}, [](const core::Known&) { return core::WriteSet{.position = model::Beginning{}}; })
            .has_value());
}

void World::settle_inbox(bool for_store) {
  for (const core::ConflictEntry& entry : store_->inbox()) {
    const auto mapping = std::ranges::find(mappings_, entry.mapping, &model::Mapping::id);
    const auto take = for_store ? core::Choice::Take::store : core::Choice::Take::org;
    CHECK(core::resolve_conflict(*store_->desk(), *mapping, entry, {take, {}, "somebody"}).has_value());
  }
}

/// As somebody asks for who wants everything read again.
void World::reset_readings(core::Store& store) {
  if (calm_ || weather_.reset <= 0) return;
  for (const model::Mapping& mapping : mappings_) {
    if (!choices_.chance(weather_.reset)) continue;
    say(mapping.object + " is to be read from the beginning");
    CHECK(store.update(mapping, {}, [](const core::Known&) { return core::WriteSet{.position = model::Beginning{}}; })
              .has_value());
  }
}

model::SyncDirection World::some_direction() {
  if (calm_ || weather_.one_way <= 0 || !choices_.chance(weather_.one_way)) return model::SyncDirection::both;
  return choices_.below(2) == 1 ? model::SyncDirection::to_org : model::SyncDirection::to_store;
}

void World::pass_time(std::chrono::milliseconds by) {
  // A delayed create arrives when it is due, however long nobody looks.
  while (!delayed_.empty()) {
    const base::Utc next = std::ranges::min_element(delayed_, {}, &Delayed::due)->due;
    const auto until = std::max(next - org_->now(), 0ms);
    if (until > by) break;
    machine_.advance(until);
    org_->pass_time(until);
    deliver_delayed();
    by -= until;
  }
  machine_.advance(by);
  org_->pass_time(by);
}

std::optional<base::Error> World::before(Call call) {
  ++port_calls_;
  pass_time(std::chrono::milliseconds{choices_.below(700)});
  if (crash_at_ == port_calls_) throw Crash{};
  if (calm_) return std::nullopt;
  if (choices_.chance(weather_.act)) somebody_acts();
  if (choices_.chance(weather_.crash)) throw Crash{};
  if (choices_.chance(weather_.lost_request)) return weather(base::ErrorKind::unreachable);
  if (call != Call::store && org_->now() < exhausted_until_)
    return base::Error{base::ErrorKind::throttled, "the day's calls are used up", "REQUEST_LIMIT_EXCEEDED", 900s};
  // Between a process's last look at its lease and its write to the org nobody can take over: that is what the
  // margin is for.
  if (call != Call::org_write && depth_ == 1 && choices_.chance(weather_.second_daemon)) {
    say("the process sleeps, and another takes over");
    pass_time(2min);
    run();
    say("the process wakes");
  }
  return std::nullopt;
}

std::optional<base::Error> World::after() {
  if (calm_) return std::nullopt;
  if (choices_.chance(weather_.act / 2)) somebody_acts();
  if (choices_.chance(weather_.crash)) throw Crash{};
  if (choices_.chance(weather_.lost_answer)) return weather(base::ErrorKind::unknown_fate);
  return std::nullopt;
}

std::optional<base::Error> World::hides(const model::Mapping& mapping) const {
  if (calm_ || !hidden_object_ || objects()[*hidden_object_].object != mapping.object || mapping.fields.empty())
    return std::nullopt;
  return base::Error{base::ErrorKind::settings, "No such column", "INVALID_FIELD"};
}

void World::blur(core::Observation& observed, bool in_places) const {
  if (unreadable_.empty()) return;
  core::Observation clear;
  clear.restart(observed.cells.width());
  for (std::size_t i = 0; i < observed.size(); ++i) {
    const core::RecordHead& head = observed.heads[i];
    const bool blurred = head.id && !head.deleted && unreadable_.contains(head.id);
    if (blurred)
      clear.unreadable.push_back({head.id,
                                  {base::ErrorKind::malformed, "the weather", "INVALID_VALUE"},
                                  head.stamp,
                                  in_places ? i : clear.size()});
    if (blurred && !in_places) continue;
    clear.heads.push_back(blurred ? core::RecordHead{} : head);
    const auto cells = clear.cells.add();
    if (blurred) continue;
    for (std::size_t f = 0; f < cells.size(); ++f) {
      const model::Cell& cell = observed.cells[i][f];
      cells[f] = cell.has_text() ? model::Cell{clear.cells.text().copy(cell.text())} : cell;
    }
    clear.heads.back().upsert_key = clear.cells.text().copy(head.upsert_key);
  }
  clear.as_of = observed.as_of;
  observed = std::move(clear);
}

bool World::delays(const model::Mapping& mapping, std::span<const core::OrgWrite> writes) {
  if (calm_ || !mapping.upsert_field.empty() || !choices_.chance(weather_.delayed)) return false;
  for (const core::OrgWrite& write : writes) {
    if (write.id) continue;
    Delayed& later = delayed_.emplace_back(
        Delayed{org_->now() + std::chrono::seconds{choices_.below(500)}, mapping, write.fields, {}});
    for (const model::Cell& cell : write.values)
      later.values.push_back(cell.has_text() ? Text{std::string{cell.text()}} : std::nullopt);
  }
  return true;
}

void World::expect_at_most(std::size_t most, std::size_t held, const char* what) {
  if (held > most)
    breaches_.insert("I9 " + std::to_string(held) + " " + what + ", and " + std::to_string(most) + " is the limit");
}

void World::note_announced(const model::Mapping& mapping, const core::WriteSet& writes) {
  constexpr std::size_t attempts_kept = 16;
  const auto announces = [](const core::Settlement& settlement) {
    return settlement.sent && !settlement.sent->empty();
  };
  expect_at_most(page_size(), static_cast<std::size_t>(std::ranges::count_if(writes.settlements, announces)),
                 "rows of a push");
  for (const core::Settlement& settlement : writes.settlements)
    if (settlement.sent) {
      if (!settlement.sent->empty()) ++announcements_;
      most_announced_ = std::max(most_announced_, settlement.sent->size());
      expect_at_most(attempts_kept * mapping.fields.size(), settlement.sent->size(), "announced values of a row");
    }
  for (const core::Settlement& settlement : writes.settlements)
    for (const model::SentValue& sent : settlement.sent.value_or(std::vector<model::SentValue>{}))
      if (sent.value.has_text()) oracle_.announced(std::string{sent.value.text()});
}

void World::deliver_delayed() {
  while (true) {
    const auto due = std::ranges::find_if(delayed_, [&](const Delayed& each) { return each.due <= org_->now(); });
    if (due == delayed_.end()) return;
    const Delayed later = std::move(*due);
    delayed_.erase(due);
    std::vector<model::Cell> cells(later.values.size());
    for (std::size_t f = 0; f < cells.size(); ++f)
      if (later.values[f]) cells[f] = model::Cell{*later.values[f]};
    const core::OrgWrite write{{}, {}, later.fields, cells, {}};
    say("a delayed create arrives");
    (void)org_->org().write(later.mapping, {&write, 1});
  }
}

base::Result<std::vector<base::Result<model::RecordId>>> World::write_some(core::Org& org,
                                                                           const model::Mapping& mapping,
                                                                           std::span<const core::OrgWrite> writes) {
  std::vector<core::OrgWrite> sent;
  std::vector<bool> busy;
  for (const core::OrgWrite& write : writes) {
    busy.push_back(!calm_ && choices_.chance(weather_.busy_row));
    if (!busy.back()) sent.push_back(write);
  }
  std::vector<base::Result<model::RecordId>> some;
  if (!sent.empty()) {
    ASSIGN_OR_RETURN(some, org.write(mapping, sent));
  }
  std::vector<base::Result<model::RecordId>> results;
  std::size_t at = 0;
  for (const bool is_busy : busy)
    results.push_back(is_busy ? base::failure(base::ErrorKind::throttled, "locked", "UNABLE_TO_LOCK_ROW") : some[at++]);
  return results;
}

// --- what both sides hold

std::map<std::string, Fields> World::records_of_org() {
  std::map<std::string, std::string> names;
  std::vector<std::vector<RecordView>> all;
  for (std::size_t object = 0; object < objects().size(); ++object) {
    all.push_back(org_->records(object));
    for (const RecordView& record : all.back())
      if (!record.deleted) names[record.id.str()] = record.fields[0].value_or("");
  }
  std::map<std::string, Fields> held;
  for (std::size_t object = 0; object < objects().size(); ++object)
    for (RecordView& record : all[object]) {
      if (record.deleted) continue;
      for (std::size_t f = 0; f < record.fields.size(); ++f) {
        if (is_plain(object, f) || !record.fields[f]) continue;
        const auto named = names.find(*record.fields[f]);
        record.fields[f] = named == names.end() ? Text{} : Text{named->second};
      }
      for (std::size_t f = 0; f < record.fields.size(); ++f)
        record.fields[f] = folded(objects()[object].fields[f], std::move(record.fields[f]));
      held[record.id.str()] = std::move(record.fields);
    }
  return held;
}

World::Held World::held_by_org() {
  Held held;
  for (auto& [id, fields] : records_of_org()) held[fields[0].value_or("")].push_back(fields);
  return held;
}

World::Held World::held_by_store() {
  std::vector<std::vector<RowView>> all;
  std::vector<std::map<std::string, std::string>> names;
  for (std::size_t object = 0; object < objects().size(); ++object) {
    all.push_back(store_->rows(object));
    auto& of_object = names.emplace_back();
    for (const RowView& row : all.back()) of_object[row.key] = row.fields[0].value_or("");
  }
  Held held;
  for (std::size_t object = 0; object < objects().size(); ++object)
    for (RowView& row : all[object]) {
      for (std::size_t f = 0; f < row.fields.size(); ++f) {
        if (is_plain(object, f) || !row.fields[f]) continue;
        const auto& of_parent = names[objects()[object].fields[f].parent];
        // A reference to a row that is gone is one still, should that row come back.
        const auto named = of_parent.find(*row.fields[f]);
        row.fields[f] = named == of_parent.end() ? "no row " + *row.fields[f] : named->second;
      }
      for (std::size_t f = 0; f < row.fields.size(); ++f)
        row.fields[f] = folded(objects()[object].fields[f], std::move(row.fields[f]));
      held[row.fields[0].value_or("")].push_back(row.fields);
    }
  return held;
}

std::vector<Fields> World::copies(const Held& held, const std::string& name) const {
  const auto found = held.find(name);
  return found == held.end() ? std::vector<Fields>{} : found->second;
}

std::map<std::string, Fields> World::snapshot(bool org) {
  std::map<std::string, Fields> held;
  for (std::size_t object = 0; object < objects().size(); ++object) {
    if (org) {
      for (RecordView& record : org_->records(object))
        if (!record.deleted) held[record.id.str()] = std::move(record.fields);
    } else {
      for (RowView& row : store_->rows(object)) held[std::to_string(object) + "/" + row.key] = std::move(row.fields);
    }
  }
  return held;
}

World::Watch::Watch(World& world, bool org, std::set<std::string> removed)
    : world_(world), org_side_(org), removed_(std::move(removed)), before_(world.snapshot(org)) {}

World::Watch::~Watch() {
  const auto now = world_.snapshot(org_side_);
  std::size_t& writes = org_side_ ? world_.org_writes_ : world_.row_writes_;
  const std::string side = org_side_ ? "sync: record " : "sync: row ";
  for (const auto& [key, fields] : now) {
    const auto old = before_.find(key);
    if (old != before_.end() && old->second == fields) continue;
    ++writes;
    const std::size_t object = object_of_name(fields[0].value_or(""));
    // What a trigger makes of a record whose row went meanwhile is like an edit that the deleter had not seen.
    if (org_side_ && old == before_.end() &&
        std::ranges::any_of(fields, [](const Text& field) { return field && field->ends_with('*'); }))
      world_.oracle_.touched(fields[0].value_or(""));
    if (org_side_ && old == before_.end()) world_.note_orphan(object, fields);
    for (std::size_t f = 0; f < fields.size(); ++f) {
      const Text was = old == before_.end() ? Text{} : old->second[f];
      if (was == fields[f]) continue;
      if (org_side_ && was && !fields[f]) ++world_.emptied_references_;
      world_.say(side + key + " " + std::to_string(f) + ": " + was.value_or("-") + " -> " + fields[f].value_or("-"));
      if (old == before_.end()) continue;
      const FieldSpec& spec = objects()[object].fields[f];
      world_.oracle_.overwrote(fields[0].value_or(""), f, org_side_ ? model::Side::org : model::Side::store, side + key,
                               folded(spec, was), folded(spec, fields[f]));
    }
  }
  for (const auto& [key, fields] : before_)
    if (!now.contains(key)) {
      ++writes;
      world_.say(side + key + " (" + fields[0].value_or("-") + ") is deleted");
      world_.forgo_unmapped(fields);
      // The org takes children along, as it would if somebody deleted the parent there.
      if (!org_side_) continue;
      if (removed_.contains(key)) {
        world_.removed_unseen_.insert(key);
      } else {
        world_.oracle_.taken_along(fields[0].value_or(""), fields);
      }
    }
}

void World::forgo_unmapped(const Fields& fields) {
  for (const model::Mapping& whole : to_grow_)
    if (fields[0].value_or(" ").front() == whole.object.front()) oracle_.forgone(fields[1]);
}

std::set<std::string> World::excused() {
  any_in_doubt_ = false;
  std::set<std::string> names;
  std::vector<std::map<std::string, std::string>> rows(objects().size());
  for (const DeletedRow& row : deleted_rows_) rows[row.object][row.key] = row.fields[0].value_or("");
  for (std::size_t object = 0; object < objects().size(); ++object)
    for (const RowView& row : store_->rows(object)) rows[object][row.key] = row.fields[0].value_or("");
  for (const ConflictView& conflict : store_->conflicts())
    if (conflict.open) names.merge(oracle_.heirs(rows[conflict.object][conflict.row]));
  if (const auto* fake = dynamic_cast<const FakeOrg*>(org_.get()))
    for (const std::size_t object : objects_)
      for (const RowView& row : store_->rows(object))
        for (std::size_t f = 0; f < row.fields.size(); ++f)
          if (row.status == "error" && fake->refuses(object, f, row.fields[f]))
            names.insert(row.fields[0].value_or(""));
  // A reference to a row that is not in the org cannot be spelt there; a parent that ought to be is missed by its own
  // name.
  std::set<std::string> living;
  for (std::size_t object = 0; object < objects().size(); ++object)
    for (const RecordView& record : org_->records(object))
      if (!record.deleted) living.insert(record.id.str());
  // Nor can a record's reference be spelt in the store where the parent has no row; the same goes for that parent.
  std::set<std::string> with_row;
  for (std::size_t object = 0; object < objects().size(); ++object)
    for (const RowView& row : store_->rows(object)) with_row.insert(row.record.value_or(""));
  for (const std::size_t object : objects_)
    for (const RecordView& record : org_->records(object))
      for (std::size_t f = 0; f < record.fields.size(); ++f)
        if (!record.deleted && !is_plain(object, f) && record.fields[f] && !with_row.contains(*record.fields[f]))
          names.insert(record.fields[0].value_or(""));
  for (const std::size_t object : objects_)
    for (const RowView& row : store_->rows(object)) {
      for (std::size_t f = 0; f < row.fields.size(); ++f) {
        if (is_plain(object, f) || !row.fields[f]) continue;
        const auto parents = store_->rows(objects()[object].fields[f].parent);
        const auto parent = std::ranges::find(parents, *row.fields[f], &RowView::key);
        if (parent == parents.end() || !parent->record || !living.contains(*parent->record))
          names.insert(row.fields[0].value_or(""));
      }
    }
  // Without a key field a record that was changed so much, before the lost answer to its creation was looked for, that
  // another program may have made it stands aside, and so does its row.
  for (const model::Mapping& mapping : mappings_)
    for (std::size_t object = 0; mapping.upsert_field.empty() && object < objects().size(); ++object)
      for (const RowView& row : store_->rows(object))
        if (objects()[object].object == mapping.object && !row.record && row.status == "pending")
          for (const RecordView& record : org_->records(object))
            if (!record.deleted && record.fields[0] == row.fields[0] && !with_row.contains(record.id.str())) {
              names.insert(row.fields[0].value_or(""));
              any_in_doubt_ = true;
            }
  // A record whose row was deleted stays while a child that cannot go on refers to it: it would go along.
  std::map<std::string, std::string> name_of_record;
  for (const std::size_t object : objects_)
    for (const RecordView& record : org_->records(object))
      name_of_record[record.id.str()] = record.fields[0].value_or("");
  for (const std::size_t object : objects_)
    for (const RecordView& record : org_->records(object)) {
      if (record.deleted || !names.contains(record.fields[0].value_or(""))) continue;
      for (std::size_t f = 0; f < record.fields.size(); ++f)
        if (!is_plain(object, f) && record.fields[f] && !with_row.contains(*record.fields[f]))
          names.insert(name_of_record[*record.fields[f]]);
    }
  return names;
}

/// Their records are gone, by policy or, as far as anybody can see, without a trace: a person decides.
std::set<std::string> World::left_alone() {
  std::set<std::string> names;
  for (const std::size_t object : objects_)
    for (const RowView& row : store_->rows(object))
      if (!row.record && row.status != "pending") names.insert(row.fields[0].value_or(""));
  return names;
}

bool World::nothing_goes() const {
  return weather_.remove == 0 && weather_.purge == 0 && weather_.merge == 0 && weather_.filter == 0;
}

void World::note_orphan(std::size_t object, const Fields& record) {
  for (std::size_t f = 0; f < record.size(); ++f)
    if (!is_plain(object, f) && !record[f]) orphans_.push_back({object, f, record[0].value_or("")});
}

void World::judge_orphans() {
  for (const Orphan& orphan : std::exchange(orphans_, {})) {
    const auto records = org_->records(orphan.object);
    const auto record = std::ranges::find(records, Text{orphan.name}, [](const RecordView& r) { return r.fields[0]; });
    if (record == records.end() || record->fields[orphan.field] || !nothing_goes()) continue;
    for (const RowView& row : store_->rows(orphan.object))
      if (row.fields[0] == orphan.name && row.fields[orphan.field] && row.status == "synced")
        breaches_.insert("I8 " + orphan.name + " was made before its parent, and its row does not wait");
  }
}

/// What the row may say at rest, where nothing was deleted.
std::vector<std::string> World::states_of(std::size_t object, const RowView& row) {
  const auto* fake = dynamic_cast<const FakeOrg*>(org_.get());
  std::set<std::string> living;
  const RecordView* record = nullptr;
  std::vector<std::vector<RecordView>> all;
  for (std::size_t o = 0; o < objects().size(); ++o) all.push_back(org_->records(o));
  for (const auto& records : all)
    for (const RecordView& each : records) living.insert(each.id.str());
  for (const RecordView& each : all[object])
    if (row.record == each.id.str()) record = &each;
  std::string state = record ? "synced" : "lost";
  std::set<Text> undecided;  // Not sent before somebody has decided.
  for (const ConflictView& conflict : store_->conflicts())
    if (conflict.open && conflict.object == object && conflict.row == row.key) {
      state = "conflict";
      undecided.insert(conflict.store);
    }
  for (std::size_t f = 0; f < row.fields.size(); ++f)
    if (fake && fake->refuses(object, f, row.fields[f]) && !undecided.contains(row.fields[f]) &&
        (!record || folded(record->fields[f]) != folded(row.fields[f])))
      state = "error";
  std::vector<std::string> states;
  for (std::size_t f = 0; f < row.fields.size(); ++f) {
    if (is_plain(object, f) || !row.fields[f]) continue;
    const auto parents = store_->rows(objects()[object].fields[f].parent);
    const auto parent = std::ranges::find(parents, *row.fields[f], &RowView::key);
    if (parent != parents.end() && (!parent->record || !living.contains(*parent->record)))
      states.emplace_back("pending");
  }
  // A reference over which somebody is to decide waits for that, not for its parent.
  if (states.empty() || state == "error" || state == "conflict") states.push_back(state);
  return states;
}

void World::judge_states(std::vector<std::string>& broken) {
  // What waits for a pair in doubt to be told apart waits with it.
  if (!nothing_goes() || any_in_doubt_) return;
  for (const model::Mapping& mapping : mappings_) {
    const auto spec = std::ranges::find(objects(), mapping.object, &ObjectSpec::object);
    const auto object = static_cast<std::size_t>(spec - objects().begin());
    std::size_t fewest = 0, most = 0;
    for (const RowView& row : store_->rows(object)) {
      const auto states = states_of(object, row);
      const std::string says = row.status.value_or("nothing");
      const bool explains = row.error && !row.error->empty();
      if (std::ranges::find(states, says) == states.end() || explains != (says != "synced"))
        broken.push_back("I11 row " + row.fields[0].value_or("-") + " says " + says +
                         (explains ? " with a reason" : " without a reason") + ", and is " + states.front());
      fewest += states.back() == "error" || states.back() == "pending" ? 1 : 0;
      most += states.front() == "error" || states.front() == "pending" ? 1 : 0;
    }
    if (const std::size_t parked = store_->parked(mapping); parked < fewest || parked > most)
      broken.push_back("I11 " + std::to_string(parked) + " of " + mapping.object + " count as parked, and " +
                       std::to_string(most) + " are");
  }
}

void World::tell_both_sides() {
  if (!setting_.trace) return;
  const auto told = [](const Fields& fields) {
    std::string text;
    for (const Text& field : fields) text += " " + field.value_or("-");
    return text;
  };
  for (const std::size_t object : objects_) {
    for (const RecordView& record : org_->records(object))
      std::printf("  org:   %s%s%s\n", record.id.str().c_str(), told(record.fields).c_str(),
                  record.deleted ? " (deleted)" : "");
    for (const RowView& row : store_->rows(object))
      std::printf("  store: row %s%s, %s, %s\n", row.key.c_str(), told(row.fields).c_str(),
                  row.status.value_or("-").c_str(), row.record.value_or("no record").c_str());
  }
}

std::vector<std::string> World::verdict() {
  const bool followed = std::ranges::all_of(mappings_, [](const model::Mapping& mapping) {
    return mapping.on_record_deleted == model::DeletePolicy::follow &&
           mapping.on_row_deleted == model::DeletePolicy::follow;
  });
  tell_both_sides();
  auto excused = this->excused();
  const Held org = held_by_org();
  Held store = held_by_store();
  excuse_outsiders(org, store, excused);
  const auto alone = followed ? std::set<std::string>{} : left_alone();
  auto broken = oracle_.verdict(org, store, store_->conflicts(), excused, alone, followed);
  if (weather_.filter > 0 && weather_.move == 0 && weather_.remove == 0 && emptied_references_ > 0)
    broken.push_back("I4 the sync emptied references in the org, as nobody did");
  std::size_t parked = 0;
  for (const model::Mapping& mapping : mappings_) {
    parked += store_->parked(mapping);
    if (const std::size_t left = store_->outbox(mapping))
      broken.push_back("I7 " + std::to_string(left) + " entries of " + mapping.object +
                       " are left though all is quiet");
  }
  broken.insert(broken.end(), breaches_.begin(), breaches_.end());
  judge_states(broken);
  if (const auto* fake = dynamic_cast<const FakeOrg*>(org_.get()); fake && nothing_goes() && fake->dead_parents > 0)
    broken.push_back("I8 a child was sent before its parent");
  if (parked == 0 && excused.empty())
    for (const std::size_t object : objects_)
      for (const RowView& row : store_->rows(object))
        if (row.status != "synced")
          broken.push_back("I11 row " + row.fields[0].value_or("-") + " says " + row.status.value_or("nothing"));
  return broken;
}

}  // namespace seeded
