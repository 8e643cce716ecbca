#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <regex>
#include <string>

#include "base/time_text.h"
#include "simulator/org/formula_node.h"
#include "simulator/org/text.h"

namespace simulator {

Cell FormulaRun::value(const FormulaNode& node) {
  switch (node.what) {
    case FormulaNode::What::literal: {
      Cell cell = node.literal;
      if (cell.kind == Kind::text) cell.text = node.text;
      return cell;
    }
    case FormulaNode::What::field: {
      RecordKey record = input.record;
      for (const std::size_t hop : node.hops) {
        const Cell parent = input.world.tables[record.object].cell(record.number, hop, arena);
        if (parent.is_null() || !input.world.tables[parent.key.object].exists(parent.key.number)) return {};
        record = parent.key;
      }
      return input.world.tables[record.object].cell(record.number, node.field, arena);
    }
    case FormulaNode::What::function:
      return node.function->evaluate(*this, node.arguments);
  }
  return {};
}

Cell FormulaRun::prior(const FormulaNode& node) {
  if (input.before == nullptr || !node.hops.empty()) return value(node);
  const Field& field = input.world.schema[input.record.object].fields[node.field];
  const Cell cell = input.before->fields.get(node.field);
  return cell.is_null() && field.type == FieldType::boolean ? Cell::of(false) : cell;
}

std::string_view FormulaRun::text_of(const Cell& cell) {
  std::string out;
  switch (cell.kind) {
    case Kind::null:
      return {};
    case Kind::text:
      return cell.text;
    case Kind::boolean:
      return cell.truth ? "true" : "false";
    case Kind::number:
      append_double(out, cell.number, std::trunc(cell.number) == cell.number);
      break;
    case Kind::date:
      append_date(out, cell.moment);
      break;
    case Kind::datetime:
      out = base::to_iso_seconds(base::Utc{std::chrono::milliseconds{cell.moment}});
      break;
    case Kind::reference:
      append_id(out, input.world.prefix(cell.key), cell.key.number);
  }
  return arena.copy(out);
}

namespace {

constexpr std::size_t any = 1000;
constexpr std::int64_t day_ms = 86'400'000;

using Run = FormulaRun;
using Args = FormulaArguments;

bool is_moment(const Cell& cell) {
  return cell.kind == Kind::date || cell.kind == Kind::datetime;
}
std::int64_t milliseconds(const Cell& cell) {
  return cell.kind == Kind::date ? cell.moment * day_ms : cell.moment;
}

/// Negative, 0 or positive. Text counts as text, ids disregard their checksum, moments meet in milliseconds.
int compare(Run& run, const Cell& a, const Cell& b) {
  const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (a.kind == Kind::reference || b.kind == Kind::reference)
    return order(run.text_of(a).substr(0, 15), run.text_of(b).substr(0, 15));
  if (a.kind == Kind::text || b.kind == Kind::text) return order(run.text_of(a), run.text_of(b));
  if (a.kind == Kind::boolean || b.kind == Kind::boolean) return order(a.truth, b.truth);
  if (is_moment(a) || is_moment(b)) return a.is_null() || b.is_null() ? order(b.is_null(), a.is_null()) : order(milliseconds(a), milliseconds(b));
  return order(a.number, b.number);
}
int compare(Run& run, Args args) {
  const Cell a = run.value(args[0]), b = run.value(args[1]);
  return compare(run, a, b);
}

Cell shifted(const Cell& moment, double days) {
  return moment.kind == Kind::date ? Cell::day(moment.moment + static_cast<std::int64_t>(days))
                                   : Cell::at(moment.moment + static_cast<std::int64_t>(days * static_cast<double>(day_ms)));
}
Cell plus(Run& run, Args args) {
  const Cell a = run.value(args[0]), b = run.value(args[1]);
  if (is_moment(a)) return shifted(a, b.number);
  if (is_moment(b)) return shifted(b, a.number);
  if (a.kind == Kind::text || b.kind == Kind::text) return run.kept(std::string{run.text_of(a)} += run.text_of(b));
  return Cell::of(a.number + b.number);
}
Cell minus(Run& run, Args args) {
  const Cell a = run.value(args[0]), b = run.value(args[1]);
  if (is_moment(a) && is_moment(b))
    return Cell::of(static_cast<double>(milliseconds(a) - milliseconds(b)) / static_cast<double>(day_ms));
  return is_moment(a) ? shifted(a, -b.number) : Cell::of(a.number - b.number);
}
Cell divided(Run& run, Args args) {
  const double by = run.number(args[1]);
  return by == 0 ? Cell{} : Cell::of(run.number(args[0]) / by);
}

Cell choose(Run& run, Args args) {
  const Cell wanted = run.value(args[0]);
  std::size_t at = 1;
  for (; at + 1 < args.size(); at += 2)
    if (compare(run, wanted, run.value(args[at])) == 0) return run.value(args[at + 1]);
  return run.value(args[at < args.size() ? at : args.size() - 1]);
}

Cell to_number(Run& run, Args args) {
  const std::string_view text = trimmed(run.text(args[0]));
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error != std::errc{} || end != text.data() + text.size() ? Cell{} : Cell::of(number);
}

std::size_t count_of(Run& run, const FormulaNode& node) {
  return static_cast<std::size_t>(std::max(0.0, run.number(node)));
}
Cell right(Run& run, Args args) {
  const std::string_view text = run.text(args[0]);
  return run.kept(text.substr(text.size() - std::min(text.size(), count_of(run, args[1]))));
}
Cell middle(Run& run, Args args) {
  const std::string_view text = run.text(args[0]);
  const std::size_t from = std::max<std::size_t>(1, count_of(run, args[1])) - 1;
  return run.kept(from < text.size() ? text.substr(from, count_of(run, args[2])) : "");
}
Cell cased(Run& run, Args args, char first, char last, int by) {
  std::string text{run.text(args[0])};
  for (char& c : text)
    if (c >= first && c <= last) c = static_cast<char>(c + by);
  return run.kept(text);
}
Cell substituted(Run& run, Args args) {
  std::string text{run.text(args[0])};
  const std::string_view from = run.text(args[1]), to = run.text(args[2]);
  for (std::size_t at = 0; !from.empty() && (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return run.kept(text);
}
Cell found(Run& run, Args args) {
  const auto at = run.text(args[1]).find(run.text(args[0]));
  return Cell::of(at == std::string_view::npos ? 0.0 : static_cast<double>(at + 1));
}
Cell includes(Run& run, Args args) {
  const std::string set = ";" + std::string{run.text(args[0])} + ";";
  return Cell::of(set.contains(";" + std::string{run.text(args[1])} + ";"));
}
Cell matches(Run& run, Args args) {
  try {
    const std::string text{run.text(args[0])};
    return Cell::of(std::regex_match(text, std::regex{std::string{run.text(args[1])}}));
  } catch (const std::regex_error&) {
    return Cell::of(false);
  }
}

Cell extreme(Run& run, Args args, int sign) {
  Cell best = run.value(args[0]);
  for (std::size_t at = 1; at < args.size(); ++at)
    if (const Cell next = run.value(args[at]); compare(run, next, best) * sign > 0) best = next;
  return best;
}
Cell rounded(Run& run, Args args) {
  const double power = std::pow(10.0, run.number(args[1]));
  return Cell::of(std::round(run.number(args[0]) * power) / power);
}
Cell remainder_of(Run& run, Args args) {
  const double by = run.number(args[1]);
  return by == 0 ? Cell{} : Cell::of(std::fmod(run.number(args[0]), by));
}

std::chrono::year_month_day day_of(const Cell& cell) {
  return std::chrono::floor<std::chrono::days>(base::Utc{std::chrono::milliseconds{milliseconds(cell)}});
}
Cell date_of(Run& run, Args args) {
  using namespace std::chrono;
  const year_month_day day{year{static_cast<int>(run.number(args[0]))}, month{static_cast<unsigned>(run.number(args[1]))},
                           std::chrono::day{static_cast<unsigned>(run.number(args[2]))}};
  return day.ok() ? Cell::day(sys_days{day}.time_since_epoch().count()) : Cell{};
}
Cell date_value(Run& run, Args args) {
  const Cell cell = run.value(args[0]);
  const auto moment = is_moment(cell) ? std::optional{base::Utc{std::chrono::milliseconds{milliseconds(cell)}}}
                                      : base::parse_iso(run.text_of(cell));
  return moment ? Cell::day(std::chrono::floor<std::chrono::days>(*moment).time_since_epoch().count()) : Cell{};
}
template <class Part>
Cell part_of_day(Run& run, Args args, Part part) {
  const Cell cell = run.value(args[0]);
  return is_moment(cell) ? Cell::of(static_cast<double>(part(day_of(cell)))) : Cell{};
}

Cell is_changed(Run& run, Args args) {
  return Cell::of(run.input.before != nullptr && compare(run, run.value(args[0]), run.prior(args[0])) != 0);
}

constexpr auto functions = std::to_array<FormulaFunction>({
    {"OR", 1, any, [](Run& r, Args a) { return Cell::of(std::ranges::any_of(a, [&](const FormulaNode& n) { return r.truth(n); })); }},
    {"AND", 1, any, [](Run& r, Args a) { return Cell::of(std::ranges::all_of(a, [&](const FormulaNode& n) { return r.truth(n); })); }},
    {"NOT", 1, 1, [](Run& r, Args a) { return Cell::of(!r.truth(a[0])); }},
    {"=", 2, 2, [](Run& r, Args a) { return Cell::of(compare(r, a) == 0); }},
    {"!=", 2, 2, [](Run& r, Args a) { return Cell::of(compare(r, a) != 0); }},
    {"<", 2, 2, [](Run& r, Args a) { return Cell::of(compare(r, a) < 0); }},
    {"<=", 2, 2, [](Run& r, Args a) { return Cell::of(compare(r, a) <= 0); }},
    {">", 2, 2, [](Run& r, Args a) { return Cell::of(compare(r, a) > 0); }},
    {">=", 2, 2, [](Run& r, Args a) { return Cell::of(compare(r, a) >= 0); }},
    {"&", 2, 2, [](Run& r, Args a) { return r.kept(std::string{r.text(a[0])} += r.text(a[1])); }},
    {"+", 2, 2, plus},
    {"-", 2, 2, minus},
    {"*", 2, 2, [](Run& r, Args a) { return Cell::of(r.number(a[0]) * r.number(a[1])); }},
    {"/", 2, 2, divided},
    {"^", 2, 2, [](Run& r, Args a) { return Cell::of(std::pow(r.number(a[0]), r.number(a[1]))); }},
    {"NEGATIVE", 1, 1, [](Run& r, Args a) { return Cell::of(-r.number(a[0])); }},
    {"IF", 3, 3, [](Run& r, Args a) { return r.value(a[r.truth(a[0]) ? 1 : 2]); }},
    {"CASE", 4, any, choose},
    {"ISBLANK", 1, 1, [](Run& r, Args a) { return Cell::of(r.value(a[0]).is_null()); }},
    {"ISNULL", 1, 1, [](Run& r, Args a) { return Cell::of(r.value(a[0]).is_null()); }},
    {"BLANKVALUE", 2, 2, [](Run& r, Args a) { return r.value(a[r.value(a[0]).is_null() ? 1 : 0]); }},
    {"NULLVALUE", 2, 2, [](Run& r, Args a) { return r.value(a[r.value(a[0]).is_null() ? 1 : 0]); }},
    {"ISPICKVAL", 2, 2, [](Run& r, Args a) { return Cell::of(compare(r, a) == 0); }},
    {"INCLUDES", 2, 2, includes},
    {"ISNEW", 0, 0, [](Run& r, Args) { return Cell::of(r.input.before == nullptr); }},
    {"ISCHANGED", 1, 1, is_changed},
    {"PRIORVALUE", 1, 1, [](Run& r, Args a) { return r.prior(a[0]); }},
    {"TEXT", 1, 1, [](Run& r, Args a) { return r.kept(r.text(a[0])); }},
    {"VALUE", 1, 1, to_number},
    {"LEN", 1, 1, [](Run& r, Args a) { return Cell::of(static_cast<double>(characters(r.text(a[0])))); }},
    {"LEFT", 2, 2, [](Run& r, Args a) { return r.kept(r.text(a[0]).substr(0, count_of(r, a[1]))); }},
    {"RIGHT", 2, 2, right},
    {"MID", 3, 3, middle},
    {"UPPER", 1, 1, [](Run& r, Args a) { return cased(r, a, 'a', 'z', 'A' - 'a'); }},
    {"LOWER", 1, 1, [](Run& r, Args a) { return cased(r, a, 'A', 'Z', 'a' - 'A'); }},
    {"TRIM", 1, 1, [](Run& r, Args a) { return r.kept(trimmed(r.text(a[0]))); }},
    {"CONTAINS", 2, 2, [](Run& r, Args a) { return Cell::of(r.text(a[0]).contains(r.text(a[1]))); }},
    {"BEGINS", 2, 2, [](Run& r, Args a) { return Cell::of(r.text(a[0]).starts_with(r.text(a[1]))); }},
    {"SUBSTITUTE", 3, 3, substituted},
    {"FIND", 2, 2, found},
    {"REGEX", 2, 2, matches},
    {"ABS", 1, 1, [](Run& r, Args a) { return Cell::of(std::abs(r.number(a[0]))); }},
    {"ROUND", 2, 2, rounded},
    {"CEILING", 1, 1, [](Run& r, Args a) { return Cell::of(std::ceil(r.number(a[0]))); }},
    {"FLOOR", 1, 1, [](Run& r, Args a) { return Cell::of(std::floor(r.number(a[0]))); }},
    {"SQRT", 1, 1, [](Run& r, Args a) { return Cell::of(std::sqrt(std::max(0.0, r.number(a[0])))); }},
    {"MOD", 2, 2, remainder_of},
    {"MAX", 1, any, [](Run& r, Args a) { return extreme(r, a, 1); }},
    {"MIN", 1, any, [](Run& r, Args a) { return extreme(r, a, -1); }},
    {"NOW", 0, 0, [](Run& r, Args) { return Cell::at(base::whole_second(r.input.now).time_since_epoch().count()); }},
    {"TODAY", 0, 0, [](Run& r, Args) { return Cell::day(std::chrono::floor<std::chrono::days>(r.input.now).time_since_epoch().count()); }},
    {"DATE", 3, 3, date_of},
    {"DATEVALUE", 1, 1, date_value},
    {"YEAR", 1, 1, [](Run& r, Args a) { return part_of_day(r, a, [](auto day) { return int{day.year()}; }); }},
    {"MONTH", 1, 1, [](Run& r, Args a) { return part_of_day(r, a, [](auto day) { return unsigned{day.month()}; }); }},
    {"DAY", 1, 1, [](Run& r, Args a) { return part_of_day(r, a, [](auto day) { return unsigned{day.day()}; }); }},
});

}  // namespace

const FormulaFunction* find_formula_function(std::string_view name) {
  const auto at = std::ranges::find_if(functions, [&](const FormulaFunction& each) { return same_name(each.name, name); });
  return at == functions.end() ? nullptr : &*at;
}

}  // namespace simulator
