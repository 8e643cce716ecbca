#include "simulator/org/term.h"

#include <algorithm>
#include <bit>

#include "simulator/org/text.h"

namespace simulator {
namespace {

const Field& whole_number() {
  static const Field field = [] {
    Field out;
    out.type = FieldType::integer;
    return out;
  }();
  return field;
}

const Field& day() {
  static const Field field = [] {
    Field out;
    out.type = FieldType::date;
    return out;
  }();
  return field;
}

DatePart part_in(soql::Function function) {
  using soql::Function;
  switch (function) {
    case Function::calendar_month:
    case Function::fiscal_month:
      return DatePart::month;
    case Function::calendar_quarter:
    case Function::fiscal_quarter:
      return DatePart::quarter;
    case Function::day_in_month:
      return DatePart::day_in_month;
    case Function::day_in_week:
      return DatePart::day_in_week;
    case Function::day_in_year:
      return DatePart::day_in_year;
    case Function::hour_in_day:
      return DatePart::hour_in_day;
    case Function::week_in_month:
      return DatePart::week_in_month;
    case Function::week_in_year:
      return DatePart::week_in_year;
    default:
      return DatePart::year;
  }
}

void append_ordered(std::string& out, std::uint64_t bits) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(bits >> shift & 0xFF);
}

std::uint64_t ordered(std::int64_t value) {
  return static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
}

std::uint64_t ordered(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);
  return bits >> 63 ? ~bits : bits | std::uint64_t{1} << 63;
}

/// The end mark is less than any character.
void append_text(std::string& out, std::string_view text) {
  const std::size_t from = out.size();
  out += collated(text);
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(), '\0', '\1');
  out += '\0';
}

}  // namespace

const Field& Term::type() const {
  if (!function) return field();
  return *function == soql::Function::day_only ? day() : whole_number();
}

Cell value_of(const World& world, const Asking& asking, RecordKey record, const Term& term, base::Arena& arena) {
  const Cell cell = cell_at(world, record, term.path, arena);
  if (!term.function || cell.is_null()) return cell;
  std::int64_t local = cell.kind == Kind::date ? cell.moment * day_ms : cell.moment;
  if (term.in_user_zone && cell.kind == Kind::datetime) local = asking.zone.local_of(local);
  if (*term.function == soql::Function::day_only) return Cell::day((local >= 0 ? local : local - day_ms + 1) / day_ms);
  return Cell::of(static_cast<double>(part_of(local, part_in(*term.function))));
}

std::string_view label_of(const Field& field, std::string_view value) {
  const auto found = std::ranges::find(field.picklist, value, &PicklistValue::value);
  return found == field.picklist.end() ? value : std::string_view{found->label};
}

void append_sort_key(std::string& out, const World& world, const Field& type, const Cell& cell, Direction direction) {
  if (cell.is_null()) {
    out += direction.nulls_last ? '\2' : '\0';
    return;
  }
  out += '\1';
  const std::size_t from = out.size();
  switch (cell.kind) {
    case Kind::null:
      break;
    case Kind::boolean:
      out += cell.truth ? '\1' : '\0';
      break;
    case Kind::number:
      append_ordered(out, ordered(cell.number));
      break;
    case Kind::date:
    case Kind::datetime:
      append_ordered(out, ordered(cell.moment));
      break;
    case Kind::reference:
      out += world.prefix(cell.key);
      append_ordered(out, cell.key.number);
      break;
    case Kind::text:
      if (type.type == FieldType::picklist) {
        const auto place = static_cast<std::size_t>(std::ranges::find(type.picklist, cell.text, &PicklistValue::value) -
                                                    type.picklist.begin());
        out += static_cast<char>(place >> 8 & 0xFF);
        out += static_cast<char>(place & 0xFF);
      }
      append_text(out, cell.text);
  }
  if (direction.descending)
    for (std::size_t i = from; i < out.size(); ++i) out[i] = static_cast<char>(~out[i]);
}

}  // namespace simulator
