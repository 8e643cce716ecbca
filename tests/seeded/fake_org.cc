#include "fake_org.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "salesforce/condition.h"

namespace seeded {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;
using model::Cell;
using model::RecordId;

constexpr std::chrono::hours bin_keeps{15 * 24};

RecordId id_of(const ObjectSpec& spec, std::size_t number) {
  std::string text = spec.prefix + "000000000000";
  for (std::size_t place = 14; number > 0; --place, number /= 10) text[place] = static_cast<char>('0' + number % 10);
  return *RecordId::parse(text);
}

}  // namespace

std::size_t FakeOrg::object_of(const model::Mapping& mapping) const {
  for (std::size_t i = 0; i < objects().size(); ++i)
    if (objects()[i].object == mapping.object) return i;
  base::die("no such object", __FILE__, __LINE__);
}

FakeOrg::Record* FakeOrg::find_record(std::size_t object, const RecordId& id) {
  for (Record& record : records_[object])
    if (record.id == id && !record.purged) return &record;
  return nullptr;
}

FakeOrg::Record* FakeOrg::living(std::size_t object, const RecordId& id) {
  Record* record = find_record(object, id);
  return record && !record->deleted && !record->hidden ? record : nullptr;
}

bool FakeOrg::refuses(std::size_t object, std::size_t field, const Text& value) const {
  const FieldSpec& spec = objects()[object].fields[field];
  if (!rule_ || field == 0 || spec.parent != no_parent || spec.kind != model::FieldKind::text || !value) return false;
  return value->ends_with('4') || value->ends_with('9');
}

std::vector<RecordView> FakeOrg::records(std::size_t object) {
  std::vector<RecordView> views;
  for (const Record& record : records_[object])
    if (!record.hidden && !record.purged)
      views.push_back({record.id, record.deleted, is_held(object, record), record.fields});
  return views;
}

FakeOrg::Record& FakeOrg::add(std::size_t object, const Fields& fields) {
  Record record;
  record.id = id_of(objects()[object], records_[object].size() + 1);
  record.fields.resize(fields.size());
  record.stamp = record.created = second();
  records_[object].push_back(std::move(record));
  Record& made = records_[object].back();
  for (std::size_t f = 0; f < fields.size(); ++f) set(object, made, f, fields[f]);
  return made;
}

void FakeOrg::set(std::size_t object, Record& record, std::size_t field, Text value) {
  const auto& specs = objects()[object].fields;
  value = kept_by_org(specs[field], std::move(value));
  const bool last_plain = specs[field].parent == no_parent && field > 0 &&
                          (field + 1 == specs.size() || specs[field + 1].parent != no_parent);
  if (trigger_ && last_plain && value && !value->ends_with('*')) {
    if (on_trigger) on_trigger(*value, *value + '*');
    *value += '*';
  }
  record.fields[field] = std::move(value);
}

bool FakeOrg::create(std::size_t object, const Fields& fields, std::chrono::milliseconds late) {
  Record& record = add(object, fields);
  if (late == 0ms) return true;
  record.hidden = record.busy = true;
  late_.push_back({clock_.now() + late, record.stamp, record.id, object, 0, {}, true});
  return true;
}

bool FakeOrg::edit(std::size_t object, const RecordId& id, std::size_t field, const Text& value,
                   std::chrono::milliseconds late) {
  Record* record = living(object, id);
  // A second write in the second of the last one, in a transaction that commits later, leaves the stamp as it was:
  // no condition can tell, and neither can any client. Such pairs are left out.
  if (late > 0ms && record->stamp != second()) {
    record->busy = true;
    late_.push_back({clock_.now() + late, second(), id, object, field, value, false});
    return true;
  }
  set(object, *record, field, value);
  record->stamp = second();
  return true;
}

bool FakeOrg::is_held(std::size_t object, const Record& record) const {
  if (record.busy) return true;
  for (std::size_t child = 0; child < objects().size(); ++child)
    for (std::size_t f = 0; f < objects()[child].fields.size(); ++f)
      if (objects()[child].fields[f].parent == object && !record.deleted)
        for (const Record& other : records_[child])
          if (!other.purged && !other.deleted && other.fields[f] == record.id.str() && &other != &record &&
              (objects()[child].fields[f].cascades ? is_held(child, other) : other.busy))
            return true;
  return false;
}

void FakeOrg::bin(std::size_t object, Record& record, std::vector<RecordId>* taken) {
  record.deleted = true;
  record.stamp = second();
  if (taken) taken->push_back(record.id);
  const RecordId id = record.id;
  for (std::size_t child = 0; child < objects().size(); ++child)
    for (std::size_t f = 0; f < objects()[child].fields.size(); ++f) {
      const FieldSpec& spec = objects()[child].fields[f];
      if (spec.parent != object) continue;
      for (std::size_t i = 0; i < records_[child].size(); ++i) {
        Record& other = records_[child][i];
        if (other.purged || other.deleted || other.fields[f] != id.str()) continue;
        if (spec.cascades) {
          bin(child, other, taken);
        } else {
          other.fields[f] = std::nullopt;  // Without a stamp: a change that no poll sees.
          record.cleared.push_back({child, other.id, f});
        }
      }
    }
}

void FakeOrg::remove(std::size_t object, const RecordId& id) {
  Record* record = living(object, id);
  std::vector<RecordId> taken;
  bin(object, *record, &taken);
  find_record(object, id)->taken_along = std::move(taken);
}

bool FakeOrg::undelete(std::size_t object, const RecordId& id) {
  Record* record = find_record(object, id);
  if (!record || !record->deleted) return false;
  const auto back = record->taken_along.empty() ? std::vector<RecordId>{id} : record->taken_along;
  for (std::size_t other = 0; other < objects().size(); ++other)
    for (const RecordId& each : back)
      if (Record* again = find_record(other, each); again && again->deleted) {
        again->deleted = false;
        again->master = {};
        again->stamp = second();
        // What it referred to may be gone.
        for (std::size_t f = 0; f < again->fields.size(); ++f) {
          const FieldSpec& spec = objects()[other].fields[f];
          if (spec.parent == no_parent || !again->fields[f]) continue;
          const auto parent = RecordId::parse(*again->fields[f]);
          const bool returns = std::ranges::find(back, *parent) != back.end();
          if (!returns && !living(spec.parent, *parent)) again->fields[f] = std::nullopt;
        }
      }
  for (std::size_t other = 0; other < objects().size(); ++other)
    for (const RecordId& each : back)
      if (Record* again = living(other, each)) refer_again(*again);
  record = find_record(object, id);
  record->taken_along.clear();
  return true;
}

void FakeOrg::refer_again(Record& record) {
  for (const Record::Cleared& reference : std::exchange(record.cleared, {})) {
    Record* child = living(reference.object, reference.id);
    // What a transaction holds is stamped when that commits, and could not show both changes.
    if (!child || child->busy || child->fields[reference.field]) continue;
    child->fields[reference.field] = record.id.str();
    child->stamp = second();
  }
}

void FakeOrg::purge(std::size_t object, const RecordId& id) {
  Record* record = find_record(object, id);
  if (!record->deleted) remove(object, id);
  find_record(object, id)->purged = true;
}

void FakeOrg::merge(std::size_t object, const RecordId& winner, const RecordId& loser) {
  for (std::size_t child = 0; child < objects().size(); ++child)
    for (std::size_t f = 0; f < objects()[child].fields.size(); ++f) {
      if (objects()[child].fields[f].parent != object) continue;
      for (Record& other : records_[child]) {
        if (other.purged || other.deleted || other.fields[f] != loser.str()) continue;
        const bool itself = other.id == winner;
        other.fields[f] = itself ? std::nullopt : Text{winner.str()};
        other.stamp = second();
      }
    }
  Record* lost = living(object, loser);
  lost->deleted = true;
  lost->master = winner;
  lost->stamp = second();
  living(object, winner)->stamp = second();
}

void FakeOrg::pass_time(std::chrono::milliseconds by) {
  clock_.advance(by);
  std::erase_if(late_, [this](const Late& late) {
    if (late.due > clock_.now()) return false;
    Record* record = find_record(late.object, late.id);
    record->hidden = record->busy = false;
    record->stamp = late.stamp;
    if (!late.creates) set(late.object, *record, late.field, late.value);
    return true;
  });
  for (auto& of_object : records_)
    for (Record& record : of_object)
      if (record.deleted && clock_.now() - record.stamp > bin_keeps) record.purged = true;
}

core::Observation FakeOrg::observation(const model::Mapping& mapping) const {
  core::Observation observed;
  observed.restart(mapping.fields.size());
  observed.as_of = second();
  return observed;
}

const Text& FakeOrg::value_of(std::size_t object, const Record& record, std::string_view org_field) {
  const auto& specs = objects()[object].fields;
  const auto spec = std::ranges::find(specs, org_field, &FieldSpec::org_field);
  CHECK(spec != specs.end());
  return record.fields[static_cast<std::size_t>(spec - specs.begin())];
}

/// As much of SOQL as the storm's filters need: patterns of LIKE that begin with '%', joined by OR.
bool FakeOrg::fits(const std::string& filter, std::size_t object, const Record& record) {
  if (filter.empty()) return true;
  const auto condition = salesforce::soql::parse_condition(filter);
  CHECK(condition.has_value());
  const auto holds = [&](const salesforce::soql::Condition& part) {
    CHECK(part.form == salesforce::soql::Condition::Form::comparison && part.op == salesforce::soql::Operator::like);
    const Text& value = value_of(object, record, part.field);
    return value && value->ends_with(std::string_view{part.values.front().text}.substr(1));
  };
  return condition->parts.empty() ? holds(*condition) : std::ranges::any_of(condition->parts, holds);
}

void FakeOrg::observe(const model::Mapping& mapping, std::size_t object, const Record& record,
                      core::Observation& out) const {
  core::RecordHead head{.id = record.id,
                        .upsert_key = out.cells.text().copy(record.key),
                        .stamp = record.stamp,
                        .deleted = record.deleted};
  if (mapping.shows_merged) head.merged_into = record.master;
  if (mapping.upsert_field.empty()) head.upsert_key = {};
  out.heads.push_back(head);
  const auto cells = out.cells.add();
  for (std::size_t f = 0; f < cells.size(); ++f) {
    const Text& value = value_of(object, record, mapping.fields[f].org_field);
    const auto cell = model::org_cell(
        mapping.fields[f], value ? model::Raw{out.cells.text().copy(*value)} : std::nullopt, out.cells.text());
    CHECK(cell.has_value());
    cells[f] = *cell;
  }
}

core::Page FakeOrg::begin_bulk(const model::Mapping& mapping) {
  const std::string id = "750" + std::to_string(jobs_.size() + 1);
  jobs_[id] = {soon(), 0, false, mapping.filter, {}};
  core::Page page;
  page.observed = observation(mapping);
  page.more = true;
  page.bulk = model::BulkPlace{id, {}, 0, second()};
  page.ready_in = 2s;
  return page;
}

void FakeOrg::run_job(std::size_t object, BulkJob& job) {
  const auto& records = records_[object];
  for (std::size_t i = static_cast<std::size_t>(job.halves); i < records.size(); i += 2) {
    if (records[i].hidden || records[i].purged || records[i].deleted || !fits(job.filter, object, records[i])) continue;
    const auto place = choices_->below(static_cast<std::uint32_t>(job.rows.size() + 1));
    job.rows.insert(job.rows.end() - static_cast<std::ptrdiff_t>(place), records[i]);
  }
  ++job.halves;
  job.runs_at = soon();
}

base::Result<core::Page> FakeOrg::fetch_in_bulk(const core::PageRequest& request) {
  constexpr std::uint64_t rows_of_a_locator = 4;
  const auto found = jobs_.find(request.bulk->job);
  if (found == jobs_.end() || found->second.lost || choices_->chance(weather_->bulk_lost)) {
    if (found != jobs_.end()) found->second.lost = true;
    return base::failure(ErrorKind::precondition, "the job is gone");
  }
  BulkJob& job = found->second;
  core::Page page;
  page.observed = observation(*request.mapping);
  page.more = true;
  page.bulk = *request.bulk;
  const std::size_t object = object_of(*request.mapping);
  if (job.halves < 2) {
    if (clock_.now() >= job.runs_at) run_job(object, job);
    page.ready_in = 2s;
    return page;
  }
  model::BulkPlace& place = *page.bulk;
  const std::uint64_t first = place.locator.empty() ? 0 : std::stoull(place.locator);
  for (std::size_t taken = 0;
       taken < request.limit && first + place.rows < job.rows.size() && place.rows < rows_of_a_locator;
       ++taken, ++place.rows)
    observe(*request.mapping, object, job.rows[first + place.rows], page.observed);
  page.more = first + place.rows < job.rows.size();
  if (page.more && place.rows == rows_of_a_locator)
    place = {place.job, std::to_string(first + rows_of_a_locator), 0, place.started_at};
  bulk_records += page.observed.size();
  return page;
}

std::vector<base::Result<core::Page>> FakeOrg::fetch(std::span<const core::PageRequest> requests) {
  std::vector<base::Result<core::Page>> pages;
  for (const core::PageRequest& request : requests) {
    if (request.bulk) {
      pages.push_back(fetch_in_bulk(request));
      continue;
    }
    const bool from_the_beginning = request.after == model::Keyset{} && !request.authors;
    if (weather_ && weather_->bulk > 0 && from_the_beginning && choices_->chance(weather_->bulk)) {
      pages.emplace_back(begin_bulk(*request.mapping));
      continue;
    }
    const std::size_t object = object_of(*request.mapping);
    core::Page page;
    page.observed = observation(*request.mapping);
    std::vector<const Record*> found;
    for (const Record& record : records_[object]) {
      if (record.hidden || record.purged || (record.deleted && !request.mapping->shows_deleted)) continue;
      // What lies in the bin counts whatever the filter says.
      if (!record.deleted && !fits(request.mapping->filter, object, record)) continue;
      const bool later = record.stamp > request.after.at ||
                         (record.stamp == request.after.at && (!request.after.last || record.id > request.after.last));
      if (later) found.push_back(&record);
    }
    std::ranges::sort(
        found, [](const Record* a, const Record* b) { return std::tie(a->stamp, a->id) < std::tie(b->stamp, b->id); });
    page.more = found.size() > request.limit;
    if (page.more) found.resize(request.limit);
    for (const Record* record : found) observe(*request.mapping, object, *record, page.observed);
    pages.emplace_back(std::move(page));
  }
  return pages;
}

base::Result<core::Observation> FakeOrg::retrieve(const model::Mapping& mapping, std::span<const RecordId> ids) {
  const std::size_t object = object_of(mapping);
  core::Observation observed = observation(mapping);
  for (const RecordId& id : ids) {
    if (const Record* record = living(object, id)) {
      observe(mapping, object, *record, observed);
    } else {
      observed.heads.push_back({});
      observed.cells.add();
    }
  }
  return observed;
}

base::Result<core::Observation> FakeOrg::fates(const model::Mapping& mapping, std::span<const RecordId> ids) {
  const std::size_t object = object_of(mapping);
  core::Observation observed = observation(mapping);
  for (const RecordId& id : ids) {
    const Record* record = find_record(object, id);
    if (record && !record->hidden) {
      observe(mapping, object, *record, observed);
    } else {
      observed.heads.push_back({});
      observed.cells.add();
    }
  }
  return observed;
}

base::Result<core::Observation> FakeOrg::created(const model::Mapping& mapping, base::Utc since) {
  const std::size_t object = object_of(mapping);
  core::Observation observed = observation(mapping);
  for (const Record& record : records_[object])
    if (record.ours && !record.hidden && !record.purged && record.created >= base::whole_second(since)) {
      observe(mapping, object, record, observed);
      observed.heads.back().created_at = record.created;
    }
  return observed;
}

base::Result<std::vector<std::optional<core::FoundRecord>>> FakeOrg::find(const model::Mapping& mapping,
                                                                          std::span<const std::string_view> keys) {
  std::vector<std::optional<core::FoundRecord>> found;
  for (const std::string_view key : keys) {
    std::optional<core::FoundRecord>& best = found.emplace_back();
    for (const Record& record : records_[object_of(mapping)])
      if (record.key == key && !record.purged && (!best || best->deleted)) best = {record.id, record.deleted};
  }
  return found;
}

base::Result<std::vector<bool>> FakeOrg::fitting(const model::Mapping& mapping, std::span<const RecordId> ids) {
  const std::size_t object = object_of(mapping);
  std::vector<bool> answers;
  for (const RecordId& id : ids) {
    const Record* record = living(object, id);
    answers.push_back(record && fits(mapping.filter, object, *record));
  }
  return answers;
}

base::Result<core::Observation> FakeOrg::alike(const model::Mapping& mapping, std::span<const std::size_t> rule,
                                               std::span<const std::span<const Cell>> rows) {
  const std::size_t object = object_of(mapping);
  core::Observation observed = observation(mapping);
  for (const Record& record : records_[object]) {
    if (record.hidden || record.purged || record.deleted) continue;
    const bool fits_one = std::ranges::any_of(rows, [&](std::span<const Cell> row) {
      return std::ranges::all_of(rule, [&](std::size_t f) {
        return value_of(object, record, mapping.fields[f].org_field) == Text{std::string{row[f].text()}};
      });
    });
    if (fits_one) observe(mapping, object, record, observed);
  }
  return observed;
}

base::Result<std::vector<base::Result<void>>> FakeOrg::remove(const model::Mapping& mapping,
                                                              std::span<const core::OrgRemoval> removals) {
  const std::size_t object = object_of(mapping);
  std::vector<base::Result<void>> results;
  for (const core::OrgRemoval& removal : removals) {
    const Record* record = living(object, removal.id);
    if (record && is_held(object, *record)) {
      results.push_back(base::failure(ErrorKind::throttled, "locked", "UNABLE_TO_LOCK_ROW"));
      continue;
    }
    results.emplace_back();
    if (record && !removal.archive) remove(object, removal.id);
  }
  return results;
}

base::Result<std::vector<base::Result<RecordId>>> FakeOrg::write(const model::Mapping& mapping,
                                                                 std::span<const core::OrgWrite> writes) {
  const std::size_t object = object_of(mapping);
  const ObjectSpec& spec = objects()[object];
  std::vector<base::Result<RecordId>> results;
  for (const core::OrgWrite& write : writes) {
    Record* record = nullptr;
    if (write.id) {
      record = living(object, write.id);
      if (!record) {
        results.push_back(base::failure(ErrorKind::precondition, "entity is deleted", "ENTITY_IS_DELETED"));
        continue;
      }
    } else if (!write.upsert_key.empty()) {
      for (Record& other : records_[object])
        if (other.key == write.upsert_key && !other.deleted && !other.purged) record = &other;
    }
    if (record && record->busy) {
      results.push_back(base::failure(ErrorKind::throttled, "locked", "UNABLE_TO_LOCK_ROW"));
      continue;
    }
    if (record && write.id && record->stamp > write.unless_changed_since) {
      results.push_back(base::failure(ErrorKind::precondition, "changed since it was read"));
      continue;
    }
    std::optional<std::string> dead;
    Fields values(spec.fields.size());
    std::vector<bool> named(spec.fields.size());
    for (std::size_t f = 0; f < mapping.fields.size(); ++f) {
      if (!write.fields[f]) continue;
      const auto at = static_cast<std::size_t>(
          std::ranges::find(spec.fields, mapping.fields[f].org_field, &FieldSpec::org_field) - spec.fields.begin());
      named[at] = true;
      if (!write.values[f].has_text()) continue;
      values[at] = std::string{write.values[f].text()};
      if (spec.fields[at].parent == no_parent) continue;
      const auto parent = RecordId::parse(*values[at]);
      if (!parent || !living(spec.fields[at].parent, *parent)) dead = values[at];
    }
    if (dead) {
      ++dead_parents;
      results.push_back(base::failure(ErrorKind::rejected, "no such parent", "INVALID_CROSS_REFERENCE_KEY"));
      continue;
    }
    const auto refused = [&] {
      for (std::size_t f = 0; f < values.size(); ++f)
        if (named[f] && refuses(object, f, values[f])) return values[f];
      return Text{};
    }();
    if (refused) {
      ++refusals[*refused];
      results.push_back(
          base::failure(ErrorKind::rejected, "no such value, please", "FIELD_CUSTOM_VALIDATION_EXCEPTION"));
      continue;
    }
    if (!record) {
      record = &add(object, Fields(spec.fields.size()));
      record->key = write.upsert_key;
      record->ours = true;
    }
    for (std::size_t f = 0; f < values.size(); ++f)
      if (named[f]) set(object, *record, f, values[f]);
    record->stamp = second();
    results.push_back(record->id);
  }
  return results;
}

}  // namespace seeded
