#pragma once

#include <memory>
#include <string_view>

#include "base/arena.h"
#include "base/clock.h"
#include "simulator/org/api_error.h"
#include "simulator/org/world.h"

namespace simulator {

struct FormulaNode;

/// An expression over the fields of an object, written as Salesforce writes its formulas: `AND(ISBLANK(Email),
/// Account.Industry = "Energy")`. Of the language it knows the operators, and the functions in formula_functions.cc.
/// Blank text equals "", a blank number counts as 0. Names of fields include those that are hidden.
class Formula {
 public:
  /// The message says what is wrong, and where. The schema must outlive the formula.
  static Outcome<Formula> parse(const Schema& schema, const Object& object, std::string_view text);

  /// What it is evaluated for: a record as it stands, and what it was before the write at hand (null on create).
  struct Input {
    const World& world;
    RecordKey record;
    const Row* before = nullptr;
    base::Utc now = {};
  };
  /// Text lives in `arena`, in the formula, or until the next write.
  Cell evaluate(const Input& input, base::Arena& arena) const;
  bool holds(const Input& input) const;

  Formula(Formula&&) noexcept;
  Formula& operator=(Formula&&) noexcept;
  ~Formula();

 private:
  explicit Formula(std::unique_ptr<FormulaNode> root);
  std::unique_ptr<FormulaNode> root_;
};

}  // namespace simulator
