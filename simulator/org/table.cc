#include "simulator/org/table.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "simulator/org/derived.h"
#include "simulator/org/text.h"
#include "simulator/org/world.h"

namespace simulator {
namespace {

constexpr std::uint64_t first_created_number = 1'048'576;  // behind all sample data, so that ids ascend with age
constexpr std::size_t usual_row_bytes = 384;

bool identifies(const Field& field) {
  return field.external_id || field.unique || (field.id_lookup && field.type == FieldType::email);
}

/// Owners and record types have too many records each for anybody to ask.
bool leads_to_data(const Field& field) {
  return field.type == FieldType::reference && field.source == Source::stored &&
         std::ranges::any_of(field.target_objects, [](std::uint16_t each) {
           return each != user && each != record_type && each != user_group;
         });
}

}  // namespace

std::string key_text(const Field& field, const Cell& cell) {
  if (cell.kind == Kind::text) return field.case_sensitive ? std::string{cell.text} : folded(cell.text);
  if (cell.kind == Kind::reference) return std::to_string(cell.key.packed());
  std::string out;
  if (cell.kind == Kind::number) append_double(out, cell.number, false);
  return out;
}

Table::Table(const Object& object, const World& world)
    : object_(&object),
      world_(&world),
      sample_(&world.sample),
      samples_(sample_->size(object.index)),
      first_number_(std::max(first_created_number, samples_)),
      last_number_(first_number_),
      live_(samples_),
      replaced_(samples_ / 64 + 2) {
  for (std::size_t field = 0; field < object.fields.size(); ++field)
    if (identifies(object.fields[field]) || leads_to_data(object.fields[field])) add_index(field);
}

const Row* Table::row(std::uint64_t number) const {
  if (number <= first_number_) {
    const auto found = changed_.find(number);
    return found == changed_.end() ? nullptr : &found->second;
  }
  const std::uint64_t place = number - first_number_ - 1;
  return place < made_.size() && made_[place].stamp != 0 ? &made_[place] : nullptr;
}

Row* Table::place_for(std::uint64_t number) {
  if (number <= first_number_) return &changed_[number];
  const std::uint64_t place = number - first_number_ - 1;
  while (made_.size() <= place) made_.emplace_back();
  return &made_[place];
}

bool Table::is_deleted(std::uint64_t number) const {
  const Row* found = row(number);
  return found != nullptr && found->deleted;
}

void Table::hide(std::uint64_t number, bool hidden) {
  if (hidden) {
    hidden_.insert(number);
  } else {
    hidden_.erase(number);
  }
}

std::uint32_t Table::stamp(std::uint64_t number) const {
  if (is_sample(number)) return sample_->stamp(object_->index, number);
  return row(number)->stamp;
}

Row Table::copy(std::uint64_t number) const {
  if (!is_sample(number)) return *row(number);
  Row out;
  out.stamp = out.modified = sample_->stamp(object_->index, number);
  out.created = sample_->created(object_->index, number);
  out.created_by = out.modified_by = SampleData::author;
  base::Arena arena;
  out.fields.reserve(usual_row_bytes);
  sample_->each(object_->index, number, arena,
                [&](std::size_t field, const Cell& cell) { out.fields.add(field, cell); });
  return out;
}

std::optional<Row> Table::remembered(std::uint64_t number) const {
  const Row* found = row(number);
  return found != nullptr ? std::optional{*found} : std::nullopt;
}

void Table::reindex(std::uint64_t number, const Row* before, const Row* after) {
  if (after != nullptr && (before == nullptr || before->stamp != after->stamp)) order_.add({after->stamp, number});
  for (Index& index : indexes_) {
    const auto value = [&](const Row* row) { return row != nullptr ? row->fields.get(index.field) : Cell{}; };
    const Cell old_cell = value(before), new_cell = value(after);
    if (old_cell == new_cell) continue;
    const auto key = [&](const Cell& cell) -> std::optional<std::uint64_t> {
      if (cell.is_null()) return std::nullopt;
      if (index.is_reference) return cell.key.packed();
      return std::hash<std::string>{}(key_text(object_->fields[index.field], cell));
    };
    const auto old_key = key(old_cell), new_key = key(new_cell);
    if (old_key == new_key) continue;
    if (old_key) index.numbers.remove(*old_key, number);
    if (new_key) index.numbers.add(*new_key, number);
  }
}

void Table::put(std::uint64_t number, Row row) {
  replace(number, std::move(row));
  if (number >= 1 && number <= samples_) replaced_[number / 64] |= std::uint64_t{1} << (number % 64);
}

void Table::erase(std::uint64_t number) {
  if (is_living(number) && is_sample(number)) --live_;
  if (number >= 1 && number <= samples_) replaced_[number / 64] |= std::uint64_t{1} << (number % 64);
  replace(number, std::nullopt);
  hidden_.erase(number);
}

void Table::restore(std::uint64_t number, std::optional<Row> row) {
  if (row) return put(number, *std::move(row));
  if (is_sample(number)) return;
  replace(number, std::nullopt);
  if (number < 1 || number > samples_) return;
  replaced_[number / 64] &= ~(std::uint64_t{1} << (number % 64));
  ++live_;
}

void Table::replace(std::uint64_t number, std::optional<Row> after) {
  const Row* before = row(number);
  if (before != nullptr ? !before->deleted : is_sample(number)) --live_;
  if (after) after->fields.shrink();
  reindex(number, before, after ? &*after : nullptr);
  if (after) {
    if (!after->deleted) ++live_;
    *place_for(number) = *std::move(after);
  } else if (before != nullptr) {
    if (number <= first_number_) {
      changed_.erase(number);
    } else {
      *place_for(number) = Row{};
    }
  }
}

Cell Table::stored(std::uint64_t number, const Row* row, std::size_t field, base::Arena& arena) const {
  return row != nullptr ? row->fields.get(field) : sample_->cell(object_->index, number, field, arena);
}

Cell Table::stored(std::uint64_t number, std::size_t field, base::Arena& arena) const {
  return stored(number, is_sample(number) ? nullptr : row(number), field, arena);
}

Cell Table::own(std::uint64_t number, const Row* row, Source source) const {
  const auto seconds = [](std::uint32_t second) { return Cell::at(std::int64_t{second} * 1000); };
  const auto by = [](std::uint16_t number_of_user) { return Cell::of(RecordKey{user, number_of_user}); };
  switch (source) {
    case Source::id:
      return Cell::of(RecordKey{object_->index, number});
    case Source::is_deleted:
      return Cell::of(row != nullptr && row->deleted);
    case Source::created:
      return seconds(row != nullptr ? row->created : sample_->created(object_->index, number));
    case Source::modified:
      return seconds(row != nullptr ? row->modified : sample_->stamp(object_->index, number));
    case Source::stamp:
      return seconds(row != nullptr ? row->stamp : sample_->stamp(object_->index, number));
    case Source::created_by:
      return by(row != nullptr ? row->created_by : SampleData::author);
    default:
      return by(row != nullptr ? row->modified_by : SampleData::author);
  }
}

Cell Table::cell(std::uint64_t number, std::size_t field, base::Arena& arena) const {
  const Row* const found = is_sample(number) ? nullptr : row(number);
  const Field& f = object_->fields[field];
  switch (f.source) {
    case Source::stored: {
      const Cell cell = stored(number, found, field, arena);
      return cell.is_null() && f.type == FieldType::boolean ? Cell::of(false) : cell;
    }
    case Source::owner: {
      const Cell cell = stored(number, found, field, arena);
      return cell.is_null() ? Cell::of(RecordKey{user, 1}) : cell;
    }
    case Source::id:
    case Source::is_deleted:
    case Source::created:
    case Source::modified:
    case Source::stamp:
    case Source::created_by:
    case Source::modified_by:
      return own(number, found, f.source);
    default:
      return derived(*world_, {object_->index, number}, field, arena);
  }
}

std::uint64_t Table::next_sample(std::uint64_t number) const {
  while (number <= samples_) {
    const std::uint64_t free = ~replaced_[number / 64] >> (number % 64);
    if (free != 0) {
      number += static_cast<std::uint64_t>(std::countr_zero(free));
      break;
    }
    number = (number / 64 + 1) * 64;
  }
  return number;
}

std::uint64_t Table::following(std::uint64_t number) const {
  while (++number <= last_number_) {
    if (exists(number)) return number;
    if (number > samples_ && number < first_number_) number = first_number_;
  }
  return 0;
}

void Table::walk(Place after, std::uint32_t last, const std::function<bool(std::uint64_t)>& visit) const {
  std::uint64_t sample = samples_ + 1;
  if (samples_ > 0) {
    sample = sample_->first_from(object_->index, after.second);
    // Within a second the samples ascend, so those up to `after` are skipped by number.
    if (after.number >= sample && sample <= samples_ && sample_->stamp(object_->index, sample) == after.second) {
      const std::uint64_t beyond = after.second == std::numeric_limits<std::uint32_t>::max()
                                       ? samples_ + 1
                                       : sample_->first_from(object_->index, after.second + 1);
      sample = std::min(after.number + 1, beyond);
    }
    sample = next_sample(sample);
  }
  const auto is_current = [this](Place place) {
    const Row* found = row(place.number);
    return found != nullptr && found->stamp == place.second;
  };
  const std::vector<Place>& places = order_.sorted(made_.size() + changed_.size(), is_current);
  auto at = std::ranges::upper_bound(places, after);
  while (true) {
    while (at != places.end() && !is_current(*at)) ++at;
    const bool has_sample = sample <= samples_;
    if (!has_sample && at == places.end()) return;
    const Place at_sample = has_sample ? Place{sample_->stamp(object_->index, sample), sample} : Place{};
    const bool take_sample = has_sample && (at == places.end() || at_sample < *at);
    const Place place = take_sample ? at_sample : *at;
    if (place.second > last || !visit(place.number)) return;
    if (take_sample) {
      sample = next_sample(sample + 1);
    } else {
      ++at;
    }
  }
}

bool Table::refers(std::uint64_t number, std::size_t field, RecordKey parent) const {
  base::Arena arena;
  const Cell cell = stored(number, field, arena);
  return cell.kind == Kind::reference && cell.key == parent;
}

std::vector<std::uint64_t> Table::children(std::size_t field, RecordKey parent) const {
  std::vector<std::uint64_t> out;
  const auto index = std::ranges::find(indexes_, field, &Index::field);
  if (index == indexes_.end()) {
    walk({}, std::numeric_limits<std::uint32_t>::max(), [&](std::uint64_t number) {
      if (refers(number, field, parent)) out.push_back(number);
      return true;
    });
  } else {
    index->numbers.each(parent.packed(), [&](std::uint64_t number) { out.push_back(number); });
    if (parent.object == account) {
      const auto [first, end] = sample_->children_of(object_->index, field, parent.number);
      for (std::uint64_t number = next_sample(first); number < end; number = next_sample(number + 1))
        if (refers(number, field, parent)) out.push_back(number);
    }
  }
  std::ranges::sort(out);
  return out;
}

bool Table::knows_children(std::size_t field) const {
  const auto index = std::ranges::find(indexes_, field, &Index::field);
  return index != indexes_.end() && index->is_reference;
}

bool Table::is_indexed(std::size_t field) const {
  const auto index = std::ranges::find(indexes_, field, &Index::field);
  return index != indexes_.end() && !index->is_reference;
}

std::vector<std::uint64_t> Table::find(std::size_t field, const std::string& key) const {
  std::vector<std::uint64_t> out;
  base::Arena arena;
  const auto index = std::ranges::find(indexes_, field, &Index::field);
  if (index == indexes_.end()) return out;
  index->numbers.each(std::hash<std::string>{}(key), [&](std::uint64_t number) {
    arena.clear();
    if (key_text(object_->fields[field], stored(number, field, arena)) == key) out.push_back(number);
  });
  if (object_->fields[field].type == FieldType::email && object_->index == contact) {
    const std::uint64_t number = sample_->contact_with_email(key, arena);
    if (number != 0 && is_sample(number)) out.push_back(number);
  }
  std::ranges::sort(out);
  return out;
}

void Table::add_index(std::size_t field) {
  if (std::ranges::find(indexes_, field, &Index::field) != indexes_.end()) return;
  const bool is_reference = object_->fields[field].type == FieldType::reference;
  Index& index = indexes_.emplace_back(Index{field, is_reference, {}});
  const auto add = [&](std::uint64_t number, const Row& each) {
    const Cell cell = each.fields.get(field);
    if (cell.is_null()) return;
    index.numbers.add(
        is_reference ? cell.key.packed() : std::hash<std::string>{}(key_text(object_->fields[field], cell)), number);
  };
  for (const auto& [number, each] : changed_) add(number, each);
  for (std::size_t place = 0; place < made_.size(); ++place)
    if (made_[place].stamp != 0) add(first_number_ + 1 + place, made_[place]);
}

}  // namespace simulator
