#include "simulator/org/table.h"

#include <algorithm>
#include <bit>
#include <chrono>

#include "simulator/org/text.h"

namespace simulator {
namespace {

constexpr std::uint64_t first_created_number = 1'048'576;  // behind all sample data, so that ids ascend with age

Cell joined_text(base::Arena& arena, const std::string& text) {
  return Cell::of(arena.copy(text));
}

}  // namespace

Table::Table(const Object& object, const SampleData& sample)
    : object_(&object),
      sample_(&sample),
      samples_(sample.size(object.index)),
      last_number_(std::max(first_created_number, samples_)),
      live_(samples_),
      replaced_(samples_ / 64 + 2) {
  for (std::size_t field = 0; field < object.fields.size(); ++field) {
    const Field& f = object.fields[field];
    if (f.external_id || (f.id_lookup && f.type == FieldType::email)) indexes_.push_back({field, {}});
  }
  if (object.find("FirstName")) {
    first_name_ = object.at("FirstName");
    last_name_ = object.at("LastName");
  }
  if (object.find("AccountId")) account_ = object.at("AccountId");
  if (object.find("StageName")) {
    stage_ = object.at("StageName");
    amount_ = object.at("Amount");
    probability_ = object.at("Probability");
    close_ = object.at("CloseDate");
  }
}

bool Table::is_deleted(std::uint64_t number) const {
  const auto found = rows_.find(number);
  return found != rows_.end() && found->second.deleted;
}

std::uint32_t Table::stamp(std::uint64_t number) const {
  if (is_sample(number)) return sample_->stamp(object_->index, number);
  return rows_.at(number).stamp;
}

Row Table::copy(std::uint64_t number) const {
  if (!is_sample(number)) return rows_.at(number);
  Row row;
  row.stamp = row.modified = sample_->stamp(object_->index, number);
  row.created = sample_->created(object_->index, number);
  base::Arena arena;
  for (std::size_t field = 0; field < object_->fields.size(); ++field)
    row.fields.set(field, sample_->cell(object_->index, number, field, arena));
  return row;
}

std::optional<Row> Table::remembered(std::uint64_t number) const {
  const auto found = rows_.find(number);
  if (found == rows_.end()) return std::nullopt;
  return found->second;
}

void Table::index(std::uint64_t number, const Row& row, bool add) {
  const Place place{row.stamp, number};
  if (add) {
    order_.insert(place);
  } else {
    order_.erase(place);
  }
  for (TextIndex& each : indexes_) {
    const Cell cell = row.fields.get(each.field);
    if (cell.is_null()) continue;
    const std::string key = folded(cell.text);
    if (add) {
      each.numbers.emplace(key, number);
      continue;
    }
    auto [at, end] = each.numbers.equal_range(key);
    for (; at != end; ++at)
      if (at->second == number) {
        each.numbers.erase(at);
        break;
      }
  }
}

void Table::put(std::uint64_t number, Row row) {
  restore(number, std::move(row));
}

void Table::restore(std::uint64_t number, std::optional<Row> row) {
  const auto lives = [&] { return exists(number) && !is_deleted(number); };
  const bool lived = lives();
  const bool in_sample = number >= 1 && number <= samples_;
  if (const auto old = rows_.find(number); old != rows_.end()) index(number, old->second, false);
  if (row) {
    row->fields.shrink();
    index(number, *row, true);
    rows_.insert_or_assign(number, *std::move(row));
    if (in_sample) replaced_[number / 64] |= std::uint64_t{1} << (number % 64);
  } else {
    rows_.erase(number);
    if (in_sample) replaced_[number / 64] &= ~(std::uint64_t{1} << (number % 64));
  }
  if (lived) --live_;
  if (lives()) ++live_;
}

Cell Table::stored(std::uint64_t number, const Row* row, std::size_t field, base::Arena& arena) const {
  return row != nullptr ? row->fields.get(field) : sample_->cell(object_->index, number, field, arena);
}

Cell Table::address(std::uint64_t number, const Row* row, const Field& field, base::Arena& arena) const {
  const std::string prefix = field.name.substr(0, field.name.size() - std::string_view{"Address"}.size());
  std::string json = "{";
  bool any = false;
  constexpr std::pair<std::string_view, std::string_view> parts[] = {
      {"city", "City"},         {"country", "Country"},       {"geocodeAccuracy", "GeocodeAccuracy"},
      {"latitude", "Latitude"}, {"longitude", "Longitude"},   {"postalCode", "PostalCode"},
      {"state", "State"},       {"street", "Street"}};
  for (const auto& [key, suffix] : parts) {
    const Cell part = stored(number, row, object_->at(prefix + std::string{suffix}), arena);
    any = any || !part.is_null();
    if (json.size() > 1) json += ',';
    ((json += '"') += key) += "\":";
    if (part.kind == Kind::text) {
      append_json(json, part.text);
    } else if (part.kind == Kind::number) {
      append_double(json, part.number, false);
    } else {
      json += "null";
    }
  }
  return any ? joined_text(arena, json += '}') : Cell{};
}

Cell Table::from_stage(std::uint64_t number, const Row* row, Source source, base::Arena& arena) const {
  const Cell stage = stored(number, row, stage_, arena);
  const bool won = stage.text == "Closed Won", closed = won || stage.text == "Closed Lost";
  switch (source) {
    case Source::stage_closed:
      return Cell::of(closed);
    case Source::stage_won:
      return Cell::of(won);
    case Source::stage_category:
      return Cell::of(std::string_view{won ? "Closed" : closed ? "Omitted" : "Pipeline"});
    case Source::expected_revenue: {
      const Cell amount = stored(number, row, amount_, arena), chance = stored(number, row, probability_, arena);
      if (amount.is_null() || chance.is_null()) return {};
      return Cell::of(static_cast<double>(static_cast<std::int64_t>(amount.number * chance.number + 0.5)) / 100.0);
    }
    default: {
      const Cell close = stored(number, row, close_, arena);
      if (close.is_null()) return {};
      const std::chrono::year_month_day day{std::chrono::sys_days{std::chrono::days{close.moment}}};
      const int quarter = static_cast<int>((unsigned{day.month()} - 1) / 3 + 1);
      if (source == Source::fiscal_quarter) return Cell::of(static_cast<double>(quarter));
      if (source == Source::fiscal_year) return Cell::of(static_cast<double>(int{day.year()}));
      return joined_text(arena, std::to_string(int{day.year()}) + " " + std::to_string(quarter));
    }
  }
}

Cell Table::cell(std::uint64_t number, std::size_t field, base::Arena& arena) const {
  const Row* row = nullptr;
  if (!is_sample(number)) row = &rows_.at(number);
  const auto seconds = [](std::uint32_t second) { return Cell::at(std::int64_t{second} * 1000); };
  const Field& f = object_->fields[field];
  switch (f.source) {
    case Source::stored: {
      const Cell cell = stored(number, row, field, arena);
      if (cell.is_null() && f.type == FieldType::boolean) return Cell::of(false);
      return cell;
    }
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
    case Source::modified_by:
      return Cell::of(RecordKey{user, 1});
    case Source::owner: {
      const Cell cell = stored(number, row, field, arena);
      return cell.is_null() ? Cell::of(RecordKey{user, 1}) : cell;
    }
    case Source::person_name: {
      const Cell first = stored(number, row, first_name_, arena), last = stored(number, row, last_name_, arena);
      if (first.is_null()) return last;
      char* const place = arena.reserve(first.text.size() + 1 + last.text.size());
      std::ranges::copy(first.text, place);
      place[first.text.size()] = ' ';
      std::ranges::copy(last.text, place + first.text.size() + 1);
      return Cell::of(std::string_view{place, first.text.size() + 1 + last.text.size()});
    }
    case Source::photo_url: {
      std::string text = "/services/images/photo/";
      append_id(text, object_->prefix, number);
      return joined_text(arena, text);
    }
    case Source::address:
      return address(number, row, f, arena);
    default:
      return from_stage(number, row, f.source, arena);
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

void Table::walk(Place after, std::uint32_t last, const std::function<bool(std::uint64_t)>& visit) const {
  std::uint64_t sample = samples_ + 1;
  if (samples_ > 0) {
    sample = sample_->first_from(object_->index, after.second);
    // Within a second the samples ascend, so those up to `after` are skipped by number.
    if (after.number >= sample && sample <= samples_ && sample_->stamp(object_->index, sample) == after.second) {
      const std::uint64_t beyond =
          after.second == std::numeric_limits<std::uint32_t>::max()
              ? samples_ + 1
              : sample_->first_from(object_->index, after.second + 1);
      sample = std::min(after.number + 1, beyond);
    }
    sample = next_sample(sample);
  }
  auto row = order_.upper_bound(after);
  while (true) {
    const bool has_sample = sample <= samples_;
    if (!has_sample && row == order_.end()) return;
    const Place at_sample = has_sample ? Place{sample_->stamp(object_->index, sample), sample} : Place{};
    const bool take_sample = has_sample && (row == order_.end() || at_sample < *row);
    const Place at = take_sample ? at_sample : *row;
    if (at.second > last || !visit(at.number)) return;
    if (take_sample) {
      sample = next_sample(sample + 1);
    } else {
      ++row;
    }
  }
}

std::vector<std::uint64_t> Table::children_of(std::uint64_t account_number) const {
  const RecordKey parent{account, account_number};
  base::Arena arena;
  std::vector<std::uint64_t> out;
  const auto [first, end] = sample_->children_of(object_->index, account_number);
  for (std::uint64_t number = next_sample(first); number < end; number = next_sample(number + 1))
    if (stored(number, nullptr, account_, arena).key == parent) out.push_back(number);
  for (const auto& [number, row] : rows_)
    if (const Cell cell = row.fields.get(account_); !cell.is_null() && cell.key == parent) out.push_back(number);
  std::ranges::sort(out);
  return out;
}

bool Table::is_indexed(std::size_t field) const {
  return std::ranges::any_of(indexes_, [field](const TextIndex& each) { return each.field == field; });
}

std::vector<std::uint64_t> Table::find(std::size_t field, const std::string& key) const {
  std::vector<std::uint64_t> out;
  for (const TextIndex& each : indexes_) {
    if (each.field != field) continue;
    for (auto [at, end] = each.numbers.equal_range(key); at != end; ++at) out.push_back(at->second);
    if (object_->fields[field].type == FieldType::email && object_->index == contact) {
      base::Arena arena;
      const std::uint64_t number = sample_->contact_with_email(key, arena);
      if (number != 0 && is_sample(number)) out.push_back(number);
    }
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace simulator
