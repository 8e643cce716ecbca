#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "simulator/org/formula.h"

namespace simulator {

struct FormulaFunction;

/// A part of a formula: a literal, a field, or a function (operators are functions too) of other parts.
struct FormulaNode {
  enum class What : std::uint8_t { literal, field, function };
  What what = What::literal;
  Cell literal = {};
  std::string text = {};               ///< Of a literal text.
  std::vector<std::size_t> hops = {};  ///< Of a field: the references that lead to its record.
  std::size_t field = 0;
  const FormulaFunction* function = nullptr;
  std::vector<FormulaNode> arguments = {};
};

/// Evaluates parts for one record.
class FormulaRun {
 public:
  FormulaRun(const Formula::Input& given, base::Arena& scratch) : input(given), arena(scratch) {}

  Cell value(const FormulaNode& node);
  bool truth(const FormulaNode& node) { return value(node).truth; }
  double number(const FormulaNode& node) { return value(node).number; }
  std::string_view text(const FormulaNode& node) { return text_of(value(node)); }
  std::string_view text_of(const Cell& cell);
  /// The field's value before the write; the present one if it is a create or belongs to a parent.
  Cell prior(const FormulaNode& node);

  Cell kept(std::string_view text) { return text.empty() ? Cell{} : Cell::of(arena.copy(text)); }

  const Formula::Input& input;
  base::Arena& arena;
};

using FormulaArguments = const std::vector<FormulaNode>&;

struct FormulaFunction {
  std::string_view name;
  std::size_t fewest, most;  ///< Arguments.
  Cell (*evaluate)(FormulaRun& run, FormulaArguments arguments);
};

/// By name, without regard to case. Null for names nobody knows.
const FormulaFunction* find_formula_function(std::string_view name);

}  // namespace simulator
