#include <algorithm>
#include <array>
#include <utility>

#include "simulator/org/soql_scanner.h"
#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator::soql {
namespace {

constexpr int deepest_condition = 100, deepest_select = 10;
constexpr std::string_view too_complicated =
    "Query is either selecting too many fields or the filter conditions are too complicated.";

class Parser {
 public:
  explicit Parser(std::string_view text) : in_(text) {}

  Statement whole() {
    Statement out = statement(0);
    if (!in_.at_end()) in_.fail();
    return out;
  }

 private:
  static void check_depth(int depth, int deepest) {
    if (depth > deepest) throw ApiError{400, "QUERY_TOO_COMPLICATED", std::string{too_complicated}};
  }

  Statement statement(int depth, bool is_semi_join = false) {
    check_depth(depth, deepest_select);
    Statement out;
    in_.need_word("select");
    items(out, depth);
    in_.need_word("from");
    from(out);
    if (in_.try_word("using")) {
      in_.need_word("scope");
      out.scope.emplace(Path{{}, in_.place()}).parts.push_back(in_.name());
    }
    if (in_.try_word("where")) out.where = condition(depth, 0);
    with();
    if (is_semi_join) {
      for (const std::string_view clause : {"group", "having", "order", "limit", "offset"})
        if (same_name(in_.word(), clause)) in_.fail("missing value at '" + std::string{in_.word()} + "'");
      return out;
    }
    if (in_.try_word("group")) groups(out);
    if (in_.try_word("having")) out.having = condition(depth, 0);
    if (in_.try_word("order")) {
      in_.need_word("by");
      do out.order.push_back(order());
      while (in_.try_sign(","));
    }
    if (in_.try_word("limit")) out.limit = in_.whole_number();
    if (in_.try_word("offset")) out.offset = in_.whole_number();
    purpose(out);
    return out;
  }

  void items(Statement& out, int depth) {
    do {
      const std::size_t before = in_.place();
      if (out.items.empty() && in_.try_word("count") && in_.try_sign("(") && in_.try_sign(")")) {
        out.count = true;
        return;
      }
      in_.back_to(before);
      out.items.push_back(item(depth));
    } while (in_.try_sign(","));
  }

  Item item(int depth) {
    Item out;
    out.at = in_.place();
    if (in_.try_sign("(")) {
      out.children = std::make_shared<const Statement>(statement(depth + 1));
      in_.need(")");
    } else if (in_.try_word("typeof")) {
      out.type_of = type_of();
    } else if (const auto fields = field_set()) {
      out.fields = fields;
    } else {
      out.expression = expression();
      if (const std::string_view next = in_.word(); !next.empty() && !is_keyword(next)) out.alias = in_.name();
    }
    return out;
  }

  std::optional<FieldSet> field_set() {
    const std::size_t before = in_.place();
    if (in_.try_word("fields") && in_.try_sign("(")) {
      constexpr std::pair<std::string_view, FieldSet> sets[] = {
          {"all", FieldSet::all}, {"custom", FieldSet::custom}, {"standard", FieldSet::standard}};
      for (const auto& [word, set] : sets)
        if (in_.try_word(word)) {
          in_.need(")");
          return set;
        }
      in_.fail();
    }
    in_.back_to(before);
    return std::nullopt;
  }

  TypeOf type_of() {
    TypeOf out;
    out.reference = in_.path();
    while (in_.try_word("when")) {
      TypeOf::Case one{in_.path(), {}};
      in_.need_word("then");
      one.fields = paths();
      out.cases.push_back(std::move(one));
    }
    if (out.cases.empty()) in_.fail();
    if (in_.try_word("else")) out.otherwise = paths();
    in_.need_word("end");
    return out;
  }

  std::vector<Path> paths() {
    std::vector<Path> out;
    do out.push_back(in_.path());
    while (in_.try_sign(","));
    return out;
  }

  Expression expression() {
    Expression out;
    out.at = in_.place();
    int open = 0;
    while (true) {
      out.field = in_.path();
      const std::size_t before = in_.place();
      if (!in_.try_sign("(")) break;
      const auto function = out.field.parts.size() == 1 ? function_named(out.field.parts[0]) : std::nullopt;
      in_.back_to(before);
      if (!function || open == 3) in_.fail();
      in_.need("(");
      out.functions.push_back(*function);
      ++open;
    }
    for (; open > 0; --open) in_.need(")");
    return out;
  }

  void from(Statement& out) {
    out.object = object_path();
    alias(out, Path{});
    while (in_.try_sign(",")) {
      const Path parent = in_.path();
      const std::size_t known = out.aliases.size();
      alias(out, parent);
      if (out.aliases.size() == known) out.aliases.emplace_back("", parent);
    }
  }

  /// Objects may be called like a keyword: Group, Order.
  Path object_path() {
    Path out{{}, in_.place()};
    const std::string_view first = in_.word();
    if (!same_name(first, "group") && !same_name(first, "order")) return in_.path();
    out.parts.push_back(in_.name());
    return out;
  }

  void alias(Statement& out, Path meaning) {
    constexpr auto clauses = std::to_array<std::string_view>({"offset", "for", "update", "all"});
    const std::string_view next = in_.word();
    if (next.empty() || is_keyword(next) ||
        std::ranges::any_of(clauses, [next](std::string_view word) { return same_name(word, next); }))
      return;
    out.aliases.emplace_back(in_.name(), std::move(meaning));
  }

  /// Everything behind WITH belongs to Apex or to knowledge articles, of which this org has none.
  void with() {
    const std::size_t before = in_.place();
    if (!in_.try_word("with")) return;
    if (unconfirmed::security_enforced_in_api && in_.try_word("security_enforced")) return;
    in_.back_to(before);
    in_.fail();
  }

  void groups(Statement& out) {
    in_.need_word("by");
    const std::size_t before = in_.place();
    const Grouping kind = in_.try_word("rollup") ? Grouping::rollup
                          : in_.try_word("cube") ? Grouping::cube
                                                 : Grouping::plain;
    if (kind != Grouping::plain && in_.try_sign("(")) {
      out.grouping = kind;
    } else {
      in_.back_to(before);
      out.grouping = Grouping::plain;
    }
    do out.groups.push_back(expression());
    while (in_.try_sign(","));
    if (out.grouping != Grouping::plain) in_.need(")");
  }

  Order order() {
    Order out{expression()};
    if (!in_.try_word("asc")) out.descending = in_.try_word("desc");
    if (in_.try_word("nulls")) {
      out.nulls_last = in_.try_word("last");
      if (!*out.nulls_last) in_.need_word("first");
    }
    return out;
  }

  void purpose(Statement& out) {
    const std::size_t before = in_.place();
    if (in_.try_word("for")) {
      constexpr std::pair<std::string_view, Purpose> purposes[] = {
          {"view", Purpose::view}, {"reference", Purpose::reference}, {"update", Purpose::update}};
      for (const auto& [word, purpose] : purposes)
        if (in_.try_word(word)) out.purpose = purpose;
      if (out.purpose == Purpose::none) in_.fail();
      if (out.purpose == Purpose::update && !unconfirmed::for_update_in_api) {
        in_.back_to(before);
        in_.fail("FOR UPDATE not allowed in this context");
      }
    } else if (in_.try_word("all")) {
      in_.need_word("rows");
      in_.back_to(before);
      in_.fail("ALL ROWS not allowed in this context");
    }
  }

  Form try_joint() { return in_.try_word("and") ? Form::both : in_.try_word("or") ? Form::either : Form::comparison; }

  /// AND, OR and NOT may not stand side by side without parentheses.
  Condition condition(int select_depth, int depth) {
    const auto is_not = [this] { return unconfirmed::not_needs_parentheses && same_name(in_.word(), "not"); };
    const bool stands_alone = is_not();
    Condition first = operand(select_depth, depth);
    std::size_t before = in_.place();
    const Form form = try_joint();
    if (form == Form::comparison) return first;
    Condition out{form};
    out.parts.push_back(std::move(first));
    for (Form next = form; next != Form::comparison; next = try_joint()) {
      if (next != form || stands_alone) {
        in_.back_to(before);
        in_.fail();
      }
      if (is_not()) in_.fail();
      out.parts.push_back(operand(select_depth, depth));
      before = in_.place();
    }
    return out;
  }

  Condition operand(int select_depth, int depth) {
    check_depth(depth, deepest_condition);
    const std::size_t before = in_.place();
    if (in_.try_word("not")) {
      Condition out{.form = Form::negation, .at = before};
      out.parts.push_back(operand(select_depth, depth + 1));
      return out;
    }
    if (in_.try_sign("(")) {
      Condition out = condition(select_depth, depth + 1);
      in_.need(")");
      return out;
    }
    return comparison(select_depth);
  }

  Condition comparison(int select_depth) {
    Condition out;
    out.left = expression();
    out.op = operation();
    const bool is_list = out.op == Op::in || out.op == Op::not_in || out.op == Op::includes || out.op == Op::excludes;
    if (!is_list) {
      out.values.push_back(in_.literal(out.op == Op::like));
      return out;
    }
    if (!in_.try_sign("(")) {
      in_.literal(false);  // which says so of a bind variable
      in_.fail();
    }
    out.at = in_.place();
    if ((out.op == Op::in || out.op == Op::not_in) && same_name(in_.word(), "select")) {
      out.select = std::make_shared<const Statement>(statement(select_depth + 1, true));
    } else {
      do out.values.push_back(in_.literal(false));
      while (in_.try_sign(","));
    }
    in_.need(")");
    return out;
  }

  Op operation() {
    constexpr std::pair<std::string_view, Op> signs[] = {
        {"!=", Op::unequal}, {"<>", Op::unequal}, {"<=", Op::less_equal}, {">=", Op::greater_equal},
        {"=", Op::equal},    {"<", Op::less},     {">", Op::greater}};
    for (const auto& [sign, op] : signs)
      if (in_.try_sign(sign)) return op;
    constexpr std::pair<std::string_view, Op> words[] = {
        {"like", Op::like}, {"in", Op::in}, {"includes", Op::includes}, {"excludes", Op::excludes}};
    for (const auto& [word, op] : words)
      if (in_.try_word(word)) return op;
    in_.need_word("not");
    in_.need_word("in");
    return Op::not_in;
  }

  Scanner in_;
};

}  // namespace

Outcome<Statement> parse(std::string_view text) {
  if (!is_utf8(text)) return refusal(400, "MALFORMED_QUERY", "The query is not valid UTF-8");
  if (characters(text) > longest_statement)
    return refusal(400, "MALFORMED_QUERY", "SOQL statements cannot be longer than 100000 characters.");
  if (trimmed(text).empty()) return refusal(400, "MALFORMED_QUERY", "A query string has to be specified");
  try {
    return Parser{text}.whole();
  } catch (ApiError& error) {
    return std::unexpected(std::move(error));
  }
}

}  // namespace simulator::soql
