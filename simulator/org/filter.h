#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "simulator/org/soql.h"
#include "simulator/org/world.h"

namespace simulator {

/// Finds `path` from `object`. INVALID_FIELD with the caret in `statement`.
Outcome<FieldPath> resolve(const World& world, const Object& object, const soql::Path& path,
                           std::string_view statement);

/// Which part of the order of (SystemModstamp, Id) a condition can hold in.
struct Bounds {
  std::uint32_t first = 0, last = std::numeric_limits<std::uint32_t>::max();
  Place after{};  ///< All records that match lie behind this place.
  std::uint64_t after_number = 0;
};

/// A WHERE clause, bound to the fields of an object.
class Filter {
 public:
  static Outcome<Filter> make(const World& world, const Object& object, const soql::Condition& condition,
                              std::string_view statement);

  bool matches(const World& world, RecordKey record, base::Arena& arena) const;
  Bounds bounds() const;
  /// The few records that can match at all, by id or by an indexed text; nothing if all have to be looked at.
  std::optional<std::vector<std::uint64_t>> candidates(const World& world, const Object& object) const;

 private:
  Filter() = default;
  static Outcome<Filter> make_comparison(const World& world, const Object& object, const soql::Condition& condition,
                                         std::string_view statement);
  Outcome<void> add_value(const World& world, const soql::Literal& literal, std::string_view statement);
  bool compare(const Cell& cell) const;
  bool has(const Cell& cell) const;
  int order_against(const Cell& cell) const;

  soql::Form form_ = soql::Form::comparison;
  std::vector<Filter> parts_;
  FieldPath path_;
  soql::Op op_ = soql::Op::equal;
  bool null_ = false;                       ///< null is among the values.
  std::vector<double> numbers_;             ///< Of number fields, and 0 or 1 of booleans.
  std::vector<std::int64_t> moments_;
  std::unordered_set<std::string> texts_;   ///< Folded.
  std::unordered_set<std::uint64_t> keys_;  ///< Packed record keys.
  std::string text_;                        ///< The only text, folded; of LIKE the pattern.
  std::string prefix_;                      ///< Of the ids in this field.
  std::uint64_t number_bound_ = 0;          ///< For `Id > 'x'`.
  bool bound_exact_ = false;
};

}  // namespace simulator
