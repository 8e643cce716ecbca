#pragma once

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "simulator/org/binder.h"
#include "simulator/org/comparison.h"
#include "simulator/org/term.h"

namespace simulator {

/// Conditions joined by AND, OR and NOT.
template <class Leaf>
struct Tree {
  soql::Form form = soql::Form::comparison;
  std::vector<Tree> parts = {};
  std::optional<Leaf> leaf = {};

  /// `leaf_holds` decides for one condition.
  template <class Holds>
  bool holds(const Holds& leaf_holds) const {
    const auto part_holds = [&](const Tree& part) { return part.holds(leaf_holds); };
    switch (form) {
      case soql::Form::both:
        return std::ranges::all_of(parts, part_holds);
      case soql::Form::either:
        return std::ranges::any_of(parts, part_holds);
      case soql::Form::negation:
        return !part_holds(parts.front());
      case soql::Form::comparison:
        return leaf_holds(*leaf);
    }
    return false;
  }
};

/// Builds the tree of a condition; `make_leaf` makes that of a comparison.
template <class Leaf, class Make>
Tree<Leaf> tree_of(const soql::Condition& condition, const Make& make_leaf) {
  Tree<Leaf> out{condition.form};
  if (condition.form == soql::Form::comparison) out.leaf.emplace(make_leaf(condition));
  for (const soql::Condition& part : condition.parts) out.parts.push_back(tree_of<Leaf>(part, make_leaf));
  return out;
}

/// One condition of a WHERE.
struct Test {
  Term term;
  Comparison comparison;
};

/// A WHERE clause, bound to the fields of an object.
class Filter {
 public:
  /// Runs the sub-selects of the clause. Throws ApiError.
  Filter(const Binder& binder, const soql::Condition& condition);

  bool matches(const World& world, const Asking& asking, RecordKey record, base::Arena& arena) const {
    return tree_.holds([&](const Test& test) {
      return test.comparison.holds(world, value_of(world, asking, record, test.term, arena));
    });
  }
  const Tree<Test>& tree() const { return tree_; }

 private:
  Tree<Test> tree_;
};

}  // namespace simulator
