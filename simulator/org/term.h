#pragma once

#include <optional>
#include <string>

#include "simulator/org/calendar.h"
#include "simulator/org/path.h"

namespace simulator {

/// What a query reads from a record: a field of it or of a parent, or a date function of one.
struct Term {
  FieldPath path;
  std::string name = {};  ///< As the statement has it, folded: what tells equal terms.
  std::optional<soql::Function> function = {};
  bool in_user_zone = false;

  const Field& field() const { return *path.description; }
  /// The type of its values: the field's, or that of the function.
  const Field& type() const;
  bool operator==(const Term& other) const { return name == other.name; }
};

Cell value_of(const World& world, const Asking& asking, RecordKey record, const Term& term, base::Arena& arena);

/// Appends bytes whose order is the order of values, so that rows of several are sorted as bytes: nulls, then values,
/// or all the other way round. Text by its capitals, picklists by the place of the value in the list.
struct Direction {
  bool descending = false, nulls_last = false;
};
void append_sort_key(std::string& out, const World& world, const Field& type, const Cell& cell, Direction direction);

/// The label of a picklist value; the value itself where there is none.
std::string_view label_of(const Field& field, std::string_view value);

/// Scatters records that compare equal: nothing may rely on their order.
inline std::uint64_t scattered(std::uint64_t number) {
  number *= 0x9E3779B97F4A7C15ull;
  return number ^ (number >> 29);
}

}  // namespace simulator
