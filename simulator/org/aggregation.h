#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulator/org/binder.h"
#include "simulator/org/filter.h"
#include "simulator/org/projection.h"
#include "simulator/org/scan.h"

namespace simulator {

/// GROUP BY and aggregate functions of a SELECT, with its HAVING and ORDER BY.
class Aggregation {
 public:
  /// Whether the statement asks for groups or aggregates at all.
  static bool is_in(const soql::Statement& statement);
  /// Throws ApiError.
  explicit Aggregation(const Binder& binder);

  /// The records of type AggregateResult, each as JSON, in order, without LIMIT and OFFSET.
  std::vector<std::string> run(const Search& search) const;
  bool is_grouped() const { return grouping_ != soql::Grouping::none; }

 private:
  /// What is worked out for each group.
  struct Aggregate {
    soql::Function function;
    Term term;              ///< Of GROUPING(): the group.
    std::size_t group = 0;  ///< Of GROUPING().
    const Field& type() const;
  };
  struct Output {
    std::string key;
    std::size_t slot = 0;
    Look look = Look::plain;
  };
  struct Test {
    std::size_t slot;
    Comparison comparison;
  };
  struct OrderBy {
    std::size_t slot;
    Direction direction;
  };
  struct Tallied;
  struct Group;

  /// The groups come first, then the aggregates.
  std::size_t slot_of(const Binder& binder, const soql::Expression& expression, std::string_view refusal);
  std::size_t group_slot(const Term& term) const;
  std::size_t aggregate_slot(const Binder& binder, const soql::Expression& expression);
  void bind_groups(const Binder& binder);
  void bind_outputs(const Binder& binder);
  void add_output(const Binder& binder, const soql::Item& item, std::size_t& unnamed);
  const Field& type_of(std::size_t slot) const;
  Cell cell_of(const Group& group, std::size_t slot) const;
  bool is_kept(const World& world, const Group& group) const;
  void sort(const World& world, std::vector<const Group*>& groups) const;

  soql::Grouping grouping_ = soql::Grouping::none;
  std::vector<Term> groups_;
  std::vector<Aggregate> aggregates_;
  std::vector<Output> outputs_;
  std::optional<Tree<Test>> having_;
  std::vector<OrderBy> order_;
};

}  // namespace simulator
