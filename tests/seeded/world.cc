#include "world.h"

#include <algorithm>
#include <tuple>

namespace seeded {
namespace {

using namespace std::chrono_literals;
using model::Cell;

constexpr std::size_t most_records = 8;

model::RecordId record_id(std::size_t number) {
  std::string text = "003000000000000";
  for (std::size_t place = 14; number > 0; --place, number /= 10) text[place] = static_cast<char>('0' + number % 10);
  return *model::RecordId::parse(text);
}

base::Error lost(base::ErrorKind kind) { return {kind, "the weather"}; }

}  // namespace

World::World(std::uint64_t seed, const Weather& weather)
    : weather_(weather),
      random_(seed),
      clock_(base::Utc{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}}),
      store_(clock_, 2 + random_.below(3)) {
  const std::size_t width = store_.width();
  mapping_.object = "Contact";
  mapping_.table = "contacts";
  mapping_.upsert_field = "Lockstep_Id__c";
  const auto policy = static_cast<model::ConflictPolicy>(random_.below(3));
  for (std::size_t i = 0; i < width; ++i) {
    model::FieldMapping field;
    field.column = "f" + std::to_string(i);
    field.org_field = "F" + std::to_string(i);
    field.on_conflict = policy;
    mapping_.fields.push_back(std::move(field));
  }
  store_.on_overwrite = [this](const std::string& key, std::size_t field, const Text& old_value, const Text& value) {
    note_overwrite("row " + key, field, old_value, value);
  };
}

void World::mix(std::string_view text) {
  for (const char c : text) trace_ = (trace_ ^ static_cast<unsigned char>(c)) * 1099511628211ull;
}

World::Text World::new_value(const Text& seen) {
  std::string value = "v" + std::to_string(++next_value_);
  saw_[value] = seen.value_or("");
  edits_.push_back(value);
  return value;
}

bool World::is_ancestor(const Text& older, const Text& newer) const {
  if (!older || !newer || older == newer) return false;
  for (auto at = saw_.find(*newer); at != saw_.end(); at = saw_.find(at->second))
    if (at->second == *older) return true;
  return false;
}

void World::note_overwrite(const std::string& where, std::size_t field, const Text& old_value, const Text& value) {
  mix(where + std::to_string(field) + value.value_or("-"));
  if (is_ancestor(value, old_value))
    reverted_.push_back(where + " field " + std::to_string(field) + ": " + *value + " put back over " + *old_value);
}

void World::somebody_edits() {
  const bool in_org = !weather_.push_only && random_.chance(0.5);
  const bool creates = identities_.size() < most_records && random_.chance(identities_.empty() ? 1.0 : 0.1);
  if (creates) {
    const std::string name = "n" + std::to_string(identities_.size());
    identities_.push_back(name);
    store::MemoryStore::Row row(mapping_.fields.size());
    row[0] = name;
    if (!in_org) {
      store_.insert(std::move(row));
      return;
    }
    records_.push_back({record_id(records_.size() + 1), {}, std::move(row), base::whole_second(clock_.now()), false});
    if (weather_.late_commits && random_.chance(0.2)) {
      const std::size_t record = records_.size() - 1;
      hidden_.insert(record);
      records_[record].locked = true;
      open_.push_back({clock_.now() + std::chrono::milliseconds{random_.below(
                                          static_cast<std::uint64_t>(weather_.commit_delay / 1ms))},
                       record, 0, std::nullopt, records_[record].stamp, true});
    }
    return;
  }
  if (mapping_.fields.size() < 2) return;
  const std::size_t field = 1 + random_.below(mapping_.fields.size() - 1);
  if (!in_org) {
    if (store_.rows().empty()) return;
    auto row = store_.rows().begin();
    std::advance(row, static_cast<std::ptrdiff_t>(random_.below(store_.rows().size())));
    const std::string key = row->first;
    store_.edit(key, field, new_value(row->second[field]));
    return;
  }
  if (records_.empty()) return;
  const std::size_t index = random_.below(records_.size());
  Record& record = records_[index];
  if (record.locked) return;
  const base::Utc stamp = base::whole_second(clock_.now());
  record.unreadable = random_.chance(weather_.unreadable);
  // A second write in the second of the last one, in a transaction that commits later, leaves the stamp as it was:
  // `If-Unmodified-Since` cannot tell, and neither can any client. Such pairs are left out.
  if (weather_.late_commits && stamp != record.stamp && random_.chance(0.2)) {
    record.locked = true;
    open_.push_back({clock_.now() + std::chrono::milliseconds{random_.below(
                                        static_cast<std::uint64_t>(weather_.commit_delay / 1ms))},
                     index, field, new_value(record.fields[field]), stamp, false});
    return;
  }
  record.fields[field] = new_value(record.fields[field]);
  record.stamp = stamp;
}

void World::commit_due() {
  std::erase_if(open_, [this](const OpenTransaction& transaction) {
    if (transaction.commits_at > clock_.now()) return false;
    Record& record = records_[transaction.record];
    if (!transaction.creates) record.fields[transaction.field] = transaction.value;
    record.stamp = transaction.stamp;
    record.locked = false;
    hidden_.erase(transaction.record);
    return true;
  });
}

void World::pass_time(std::chrono::milliseconds by) {
  clock_.advance(by);
  commit_due();
  do_slow_writes(calm_);
}

bool World::resets() {
  return !calm_ && weather_.reset > 0 && random_.chance(weather_.reset);
}

void World::do_slow_writes(bool all) {
  std::erase_if(slow_writes_, [&](const SlowWrite& write) {
    if (!all && write.due > clock_.now()) return false;
    auto record = std::ranges::find_if(records_, [&](const Record& each) {
      return write.id ? each.id == write.id : each.upsert_key == write.upsert_key;
    });
    if (record == records_.end()) {
      records_.push_back({record_id(records_.size() + 1),
                          write.upsert_key,
                          store::MemoryStore::Row(mapping_.fields.size()),
                          {},
                          false});
      record = records_.end() - 1;
    }
    ++org_writes_;
    for (const auto& [field, value] : write.fields) {
      note_overwrite("record " + record->id.str(), field, record->fields[field], value);
      record->fields[field] = value;
    }
    record->stamp = base::whole_second(clock_.now());
    return true;
  });
}

base::Result<core::Page> World::fetch_in_bulk(const core::PageRequest& request) {
  constexpr std::uint64_t rows_per_page = 4;
  core::Page page;
  page.observed.restart(mapping_.fields.size());
  page.observed.as_of = base::whole_second(clock_.now());
  page.more = true;
  const auto soon = [&] { return clock_.now() + std::chrono::milliseconds{random_.below(5'000)}; };
  if (!request.bulk) {
    const std::string id = "job " + std::to_string(bulk_jobs_.size() + 1);
    bulk_jobs_[id] = {base::whole_second(clock_.now()), soon(), {}, 0};
    page.bulk = model::BulkPlace{id, "", 0, bulk_jobs_[id].started};
    return page;
  }
  BulkJob& job = bulk_jobs_.at(request.bulk->job);
  if (!calm_ && random_.chance(0.05)) return base::failure(base::ErrorKind::precondition, "the job is gone");
  page.bulk = *request.bulk;
  if (job.halves < 2) {
    if (calm_ || clock_.now() >= job.runs_at) {
      for (std::size_t i = static_cast<std::size_t>(job.halves); i < records_.size(); i += 2)
        if (!hidden_.contains(i))
          job.rows.insert(job.rows.begin() + static_cast<std::ptrdiff_t>(random_.below(job.rows.size() + 1)),
                          records_[i]);
      ++job.halves;
      job.runs_at = soon();
    }
    return page;
  }
  model::BulkPlace& place = *page.bulk;
  const std::uint64_t first = place.locator.empty() ? 0 : std::stoull(place.locator);
  for (std::size_t taken = 0;
       taken < request.limit && first + place.rows < job.rows.size() && place.rows < rows_per_page;
       ++taken, ++place.rows)
    observe(job.rows[first + place.rows], page.observed);
  bulk_pages_ += page.observed.size() > 0 ? 1 : 0;
  page.more = first + place.rows < job.rows.size();
  if (page.more && place.rows == rows_per_page)
    place = {place.job, std::to_string(first + rows_per_page), 0, place.started_at};
  return page;
}

void World::tick() { pass_time(std::chrono::milliseconds{random_.below(700)}); }

std::optional<base::Error> World::before() {
  tick();
  if (calm_) return std::nullopt;
  if (random_.chance(weather_.edit_before)) somebody_edits();
  if (random_.chance(weather_.crash)) throw Crash{};
  if (random_.chance(weather_.lost_request)) return lost(base::ErrorKind::unreachable);
  return std::nullopt;
}

std::optional<base::Error> World::after() {
  if (calm_) return std::nullopt;
  if (random_.chance(weather_.edit_after)) somebody_edits();
  if (random_.chance(weather_.crash)) throw Crash{};
  if (random_.chance(weather_.lost_answer)) return lost(base::ErrorKind::unknown_fate);
  return std::nullopt;
}

void World::calm() { calm_ = true; }

/// False if the record is one of the unreadable.
bool World::observe(const Record& record, core::Observation& observed) const {
  if (record.unreadable) {
    observed.unreadable.push_back({record.id, {base::ErrorKind::malformed, "unreadable"}, record.stamp, observed.size()});
    return false;
  }
  observed.heads.push_back({record.id, observed.cells.text().copy(record.upsert_key), record.stamp});
  const auto cells = observed.cells.add();
  for (std::size_t f = 0; f < cells.size(); ++f)
    if (record.fields[f]) cells[f] = Cell{observed.cells.text().copy(*record.fields[f])};
  return true;
}

std::vector<base::Result<core::Page>> World::fetch(std::span<const core::PageRequest> requests) {
  std::vector<base::Result<core::Page>> pages;
  const auto all_fail = [&](const base::Error& error) {
    pages.clear();
    for (std::size_t i = 0; i < requests.size(); ++i) pages.emplace_back(std::unexpected(error));
    return std::move(pages);
  };
  if (auto error = before()) return all_fail(*error);
  for (const core::PageRequest& request : requests) {
    if (weather_.bulk_reads && (request.bulk || request.after == model::Keyset{})) {
      pages.emplace_back(fetch_in_bulk(request));
      continue;
    }
    core::Page page;
    page.observed.restart(mapping_.fields.size());
    page.observed.as_of = base::whole_second(clock_.now());
    std::vector<const Record*> found;
    for (std::size_t i = 0; i < records_.size(); ++i) {
      const Record& record = records_[i];
      if (hidden_.contains(i)) continue;
      const bool later = record.stamp > request.after.at ||
                         (record.stamp == request.after.at &&
                          (!request.after.last || record.id > request.after.last));
      if (later) found.push_back(&record);
    }
    std::ranges::sort(found, [](const Record* a, const Record* b) {
      return std::tie(a->stamp, a->id) < std::tie(b->stamp, b->id);
    });
    page.more = found.size() > request.limit;
    if (page.more) found.resize(request.limit);
    for (const Record* record : found) observe(*record, page.observed);
    pages.emplace_back(std::move(page));
  }
  if (auto error = after()) return all_fail(*error);
  return pages;
}

std::size_t World::visible(const model::RecordId& id) const {
  for (std::size_t i = 0; i < records_.size(); ++i)
    if (records_[i].id == id && !hidden_.contains(i)) return i;
  return records_.size();
}

base::Result<core::Observation> World::retrieve(const model::Mapping&, std::span<const model::RecordId> ids) {
  if (auto error = before()) return std::unexpected(*error);
  if (weather_.slow_jobs_are_awaited) do_slow_writes(true);
  core::Observation observed;
  observed.restart(mapping_.fields.size());
  observed.as_of = base::whole_second(clock_.now());
  for (const model::RecordId& id : ids) {
    const std::size_t at = visible(id);
    if (at < records_.size() && observe(records_[at], observed)) continue;
    observed.heads.push_back({});
    observed.cells.add();
  }
  if (auto error = after()) return std::unexpected(*error);
  return observed;
}

base::Result<std::vector<std::optional<core::FoundRecord>>> World::find(const model::Mapping&,
                                                                        std::span<const std::string_view> keys) {
  if (auto error = before()) return std::unexpected(*error);
  if (weather_.slow_jobs_are_awaited) do_slow_writes(true);
  std::vector<std::optional<core::FoundRecord>> found;
  for (const std::string_view key : keys) {
    const auto record = std::ranges::find(records_, key, &Record::upsert_key);
    found.push_back(record == records_.end() ? std::nullopt : std::optional{core::FoundRecord{record->id, false}});
  }
  if (auto error = after()) return std::unexpected(*error);
  return found;
}

base::Result<std::vector<base::Result<model::RecordId>>> World::write(const model::Mapping&,
                                                                      std::span<const core::OrgWrite> writes) {
  if (auto error = before()) return std::unexpected(*error);
  if (weather_.slow_jobs_are_awaited) do_slow_writes(true);
  if (!calm_ && weather_.slow_job > 0 && random_.chance(weather_.slow_job)) {
    for (const core::OrgWrite& write : writes) {
      SlowWrite& slow = slow_writes_.emplace_back(clock_.now() + std::chrono::milliseconds{random_.below(10'000)},
                                                  write.id, std::string{write.upsert_key});
      for (std::size_t f = 0; f < mapping_.fields.size(); ++f)
        if (write.fields[f])
          slow.fields.emplace_back(
              f, write.values[f].has_text() ? Text{std::string{write.values[f].text()}} : std::nullopt);
    }
    return base::failure(base::ErrorKind::unknown_fate, "a job that takes long");
  }
  std::vector<base::Result<model::RecordId>> results;
  for (const core::OrgWrite& write : writes) {
    Record* record = nullptr;
    if (write.id) {
      record = &records_.at(visible(write.id));
    } else if (const auto same = std::ranges::find(records_, write.upsert_key, &Record::upsert_key);
               same != records_.end()) {
      record = &*same;
    }
    if ((record && record->locked) || (!calm_ && random_.chance(weather_.busy_row))) {
      results.push_back(base::failure(base::ErrorKind::throttled, "locked", "UNABLE_TO_LOCK_ROW"));
      continue;
    }
    if (record && write.id && record->stamp > write.unless_changed_since) {
      results.push_back(base::failure(base::ErrorKind::precondition, "changed since it was read"));
      continue;
    }
    if (!record) {
      records_.push_back({record_id(records_.size() + 1), std::string{write.upsert_key},
                          store::MemoryStore::Row(mapping_.fields.size()), {}, false});
      record = &records_.back();
    }
    ++org_writes_;
    for (std::size_t f = 0; f < mapping_.fields.size(); ++f) {
      if (!write.fields[f]) continue;
      const Text value = write.values[f].has_text() ? Text{std::string{write.values[f].text()}} : std::nullopt;
      note_overwrite("record " + record->id.str(), f, record->fields[f], value);
      record->fields[f] = value;
    }
    record->stamp = base::whole_second(clock_.now());
    results.push_back(record->id);
  }
  if (auto error = after()) return std::unexpected(*error);
  return results;
}

std::vector<std::string> World::verdict() const {
  std::vector<std::string> broken;
  std::set<std::string> kept;
  const auto keep = [&](const Text& value) {
    for (std::string at = value.value_or(""); !at.empty() && kept.insert(at).second;) {
      const auto parent = saw_.find(at);
      at = parent == saw_.end() ? std::string{} : parent->second;
    }
  };
  for (const std::string& name : identities_) {
    const auto in_org = std::ranges::count_if(records_, [&](const Record& r) { return r.fields[0] == name; });
    const auto in_store = std::ranges::count_if(store_.rows(), [&](const auto& row) { return row.second[0] == name; });
    // Nobody has mended it, so it waits, and its row with it.
    if (std::ranges::any_of(records_, [&](const Record& r) { return r.fields[0] == name && r.unreadable; })) continue;
    if (in_org == 0 || in_store == 0) broken.push_back("I1 lost: " + name);
    if (in_org > 1 || in_store > 1) broken.push_back("I2 duplicated: " + name);
    if (in_org != 1 || in_store != 1) continue;
    const auto record = std::ranges::find_if(records_, [&](const Record& r) { return r.fields[0] == name; });
    const auto row = std::ranges::find_if(store_.rows(), [&](const auto& r) { return r.second[0] == name; });
    if (record->fields != row->second) broken.push_back("I5 diverged: " + name);
  }
  for (const Record& record : records_)
    for (const Text& value : record.fields) keep(value);
  for (const auto& [key, row] : store_.rows())
    for (const Text& value : row) keep(value);
  for (const auto& conflict : store_.conflicts()) {
    keep(conflict.org);
    keep(conflict.store);
  }
  for (const std::string& edit : edits_)
    if (!kept.contains(edit)) broken.push_back("I3 edit lost: " + edit);
  return broken;
}

}  // namespace seeded
