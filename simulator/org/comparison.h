#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "simulator/org/soql.h"
#include "simulator/org/world.h"

namespace simulator {

/// An operator with its right side, bound to the type of the values it is asked about.
class Comparison {
 public:
  /// `name` is what messages call the left side, which stands at `at` in `statement`. Throws ApiError.
  Comparison(const World& world, const Asking& asking, const Field& type, const std::string& name, soql::Op op,
             const std::vector<soql::Literal>& values, std::string_view statement, std::size_t at);
  /// IN or NOT IN these records.
  Comparison(soql::Op op, std::unordered_set<std::uint64_t> keys) : op_(op), keys_(std::move(keys)) {}

  bool holds(const World& world, const Cell& cell) const;

  // What tells which records to look at.
  soql::Op op() const { return op_; }
  bool is_equality() const { return (op_ == soql::Op::equal || op_ == soql::Op::in) && !null_; }
  const std::unordered_set<std::uint64_t>& keys() const { return keys_; }  ///< Packed.
  /// As Table::find() takes them.
  std::vector<std::string> index_keys(const Field& field) const;
  /// Milliseconds or days in [first, second), ascending and apart.
  const std::vector<std::pair<std::int64_t, std::int64_t>>& spans() const { return spans_; }
  const std::string& id_bound() const { return id_bound_; }  ///< 15 characters.

 private:
  using Set = std::vector<std::string>;
  void add(const World& world, const Asking& asking, const Field& type, const std::string& name,
           const soql::Literal& literal, std::string_view statement, std::size_t at);
  void add_text(const Field& type, const soql::Literal& literal);
  bool has(const Cell& cell) const;
  int order_against(const World& world, const Cell& cell) const;
  bool includes(const Cell& cell) const;
  std::string comparable(std::string_view text) const;

  soql::Op op_;
  bool null_ = false;            ///< null is among the values.
  bool by_case_ = false;         ///< Whether upper and lower case differ.
  bool is_set_ = false;          ///< Of a multi-select picklist.
  std::vector<double> numbers_;  ///< Ascending; 0 and 1 of booleans.
  std::vector<std::pair<std::int64_t, std::int64_t>> spans_;
  std::unordered_set<std::string> texts_;
  std::unordered_set<std::uint64_t> keys_;
  std::vector<Set> sets_;  ///< Of INCLUDES and EXCLUDES.
  std::string text_;       ///< The only text, in the form for order or LIKE.
  std::string id_bound_;
};

}  // namespace simulator
