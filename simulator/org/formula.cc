#include "simulator/org/formula.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "simulator/org/formula_node.h"
#include "simulator/org/text.h"

namespace simulator {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

struct Operator {
  std::string_view sign, function;
};
/// From the loosest to the tightest. Longer signs stand before the shorter ones they begin with.
constexpr std::array<std::array<Operator, 7>, 6> levels = {{
    {{{"||", "OR"}}},
    {{{"&&", "AND"}}},
    {{{"<>", "!="}, {"!=", "!="}, {"<=", "<="}, {">=", ">="}, {"==", "="}, {"=", "="}, {"<", "<"}}},
    {{{"&", "&"}, {"+", "+"}, {"-", "-"}}},
    {{{"*", "*"}, {"/", "/"}}},
    {{{"^", "^"}}},
}};
constexpr std::size_t comparisons = 2;

class Parser {
 public:
  Parser(const Schema& schema, const Object& object, std::string_view text) : schema_(schema), object_(object), text_(text) {}

  FormulaNode whole() {
    FormulaNode node = level(0);
    if (skip(); at_ < text_.size()) fail("cannot go on with '" + std::string{text_.substr(at_, 10)} + "'");
    return node;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw ApiError{400, "INVALID_FORMULA", "Formula, character " + std::to_string(at_ + 1) + ": " + what};
  }

  void skip() {
    while (at_ < text_.size()) {
      if (text_.substr(at_).starts_with("/*")) {
        at_ = std::min(text_.find("*/", at_), text_.size() - 2) + 2;
      } else if (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t') {
        ++at_;
      } else {
        return;
      }
    }
  }
  bool take(std::string_view sign) {
    skip();
    if (!text_.substr(at_).starts_with(sign)) return false;
    at_ += sign.size();
    return true;
  }
  void need(std::string_view sign) {
    if (!take(sign)) fail("expected '" + std::string{sign} + "'");
  }

  static FormulaNode call(std::string_view name, std::vector<FormulaNode> arguments) {
    FormulaNode node;
    node.what = FormulaNode::What::function;
    node.function = find_formula_function(name);
    node.arguments = std::move(arguments);
    return node;
  }

  const Operator* sign_of(std::size_t which) {
    for (const Operator& each : levels[which]) {
      if (each.sign.empty()) break;
      skip();
      if (each.sign == "&" && text_.substr(at_).starts_with("&&")) continue;
      if (take(each.sign)) return &each;
    }
    static constexpr Operator greater{">", ">"};
    return which == comparisons && take(">") ? &greater : nullptr;
  }

  FormulaNode level(std::size_t which) {
    if (which == levels.size()) return unary();
    FormulaNode node = level(which + 1);
    while (const Operator* found = sign_of(which)) {
      std::vector<FormulaNode> sides;
      sides.push_back(std::move(node));
      sides.push_back(level(which + 1));
      node = call(found->function, std::move(sides));
    }
    return node;
  }

  FormulaNode unary() {
    if (++depth_ > 100) fail("nested too deeply");
    skip();
    FormulaNode node;
    if (take("!")) {
      node = call("NOT", one(unary()));
    } else if (take("-")) {
      node = call("NEGATIVE", one(unary()));
    } else {
      node = primary();
    }
    --depth_;
    return node;
  }
  static std::vector<FormulaNode> one(FormulaNode node) {
    std::vector<FormulaNode> out;
    out.push_back(std::move(node));
    return out;
  }

  FormulaNode primary() {
    if (take("(")) {
      FormulaNode node = level(0);
      need(")");
      return node;
    }
    if (at_ == text_.size()) fail("something is missing here");
    const char c = text_[at_];
    if (c == '"' || c == '\'') return text_literal(c);
    if (is_digit(c) || c == '.') return number_literal();
    if (is_letter(c)) return named();
    fail("cannot go on with '" + std::string{c} + "'");
  }

  FormulaNode text_literal(char quote) {
    FormulaNode node;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      node.text += text_[at_];
    }
    if (at_ == text_.size()) fail("a text without its end");
    ++at_;
    node.literal.kind = node.text.empty() ? Kind::null : Kind::text;
    return node;
  }

  FormulaNode number_literal() {
    double number = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), number);
    if (error != std::errc{}) fail("no number");
    at_ = static_cast<std::size_t>(end - text_.data());
    FormulaNode node;
    node.literal = Cell::of(number);
    return node;
  }

  std::string_view word() {
    const std::size_t from = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    return text_.substr(from, at_ - from);
  }

  FormulaNode named() {
    const std::size_t from = at_;
    std::string_view name = word();
    FormulaNode node;
    if (same_name(name, "TRUE") || same_name(name, "FALSE")) {
      node.literal = Cell::of(same_name(name, "TRUE"));
      return node;
    }
    if (same_name(name, "NULL")) return node;
    if (take("(")) return function(name, from);
    node.what = FormulaNode::What::field;
    const Object* here = &object_;
    while (take(".")) {
      const auto reference = std::ranges::find_if(here->fields, [&](const Field& field) { return same_name(field.relationship, name); });
      if (reference == here->fields.end() || reference->target_objects.size() != 1)
        fail(here->name + " has no relationship '" + std::string{name} + "' that leads to one object");
      node.hops.push_back(static_cast<std::size_t>(reference - here->fields.begin()));
      here = &schema_[reference->target_objects.front()];
      skip();
      name = word();
    }
    const auto field = here->find_any(name);
    if (!field) fail(here->name + " has no field '" + std::string{name} + "'");
    node.field = *field;
    return node;
  }

  FormulaNode function(std::string_view name, std::size_t from) {
    std::vector<FormulaNode> arguments;
    if (!take(")")) {
      do arguments.push_back(level(0));
      while (take(","));
      need(")");
    }
    FormulaNode node = call(name, std::move(arguments));
    at_ = node.function ? at_ : from;
    if (!node.function || !is_letter(node.function->name.front())) fail("unknown function " + std::string{name});
    if (node.arguments.size() < node.function->fewest || node.arguments.size() > node.function->most)
      fail(std::string{name} + " does not take " + std::to_string(node.arguments.size()) + " arguments");
    const bool wants_field = same_name(name, "ISCHANGED") || same_name(name, "PRIORVALUE");
    if (wants_field && (node.arguments[0].what != FormulaNode::What::field || !node.arguments[0].hops.empty()))
      fail(std::string{name} + " takes a field of the record itself");
    return node;
  }

  const Schema& schema_;
  const Object& object_;
  const std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Formula::Formula(std::unique_ptr<FormulaNode> root) : root_(std::move(root)) {}
Formula::Formula(Formula&&) noexcept = default;
Formula& Formula::operator=(Formula&&) noexcept = default;
Formula::~Formula() = default;

Outcome<Formula> Formula::parse(const Schema& schema, const Object& object, std::string_view text) {
  try {
    return Formula{std::make_unique<FormulaNode>(Parser{schema, object, text}.whole())};
  } catch (ApiError& error) {
    return std::unexpected(std::move(error));
  }
}

Cell Formula::evaluate(const Input& input, base::Arena& arena) const {
  return FormulaRun{input, arena}.value(*root_);
}

bool Formula::holds(const Input& input) const {
  base::Arena arena;
  return evaluate(input, arena).truth;
}

}  // namespace simulator
