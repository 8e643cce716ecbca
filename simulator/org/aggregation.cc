#include "simulator/org/aggregation.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <unordered_set>

#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

using soql::Function;

/// A cell with its text.
struct Kept {
  Cell cell;
  std::string text;
  explicit Kept(const Cell& from = {}) : cell(from), text(from.text) {}
  Cell view() const {
    Cell out = cell;
    out.text = text;
    return out;
  }
};

/// The org counts in decimals: what only the binary fraction adds, behind fifteen digits, is dropped.
double decimal(long double number) {
  char text[64];
  const auto written =
      std::to_chars(text, text + sizeof text, static_cast<double>(number), std::chars_format::scientific, 14);
  double out = 0;
  std::from_chars(text, written.ptr, out);
  return out;
}

void append_group_key(std::string& out, const World& world, const Field& type, const Cell& cell) {
  append_sort_key(out, world, type, cell, {});
  if (cell.kind == Kind::text && !unconfirmed::grouping_ignores_case) (out += cell.text) += '\0';
}

std::uint64_t hash_of(std::string_view key) {
  std::uint64_t hash = 0xCBF29CE484222325ull;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
  return scattered(hash);
}

}  // namespace

/// What one aggregate has seen of a group.
struct Aggregation::Tallied {
  std::uint64_t count = 0;
  long double sum = 0;
  std::string best_key = {};
  Kept best{};
  std::unordered_set<std::string> distinct = {};

  void add(const World& world, const Aggregate& aggregate, const Cell& cell) {
    if (cell.is_null()) return;
    ++count;
    if (cell.kind == Kind::number) sum += cell.number;
    const bool is_extreme = aggregate.function == Function::min || aggregate.function == Function::max;
    if (!is_extreme && aggregate.function != Function::count_distinct) return;
    std::string key;
    append_sort_key(key, world, aggregate.term.type(), cell, {});
    if (!is_extreme) {
      distinct.insert(std::move(key));
    } else if (best_key.empty() || (aggregate.function == Function::min ? key < best_key : key > best_key)) {
      best_key = std::move(key);
      best = Kept{cell};
    }
  }

  Cell result(const Aggregate& aggregate) const {
    switch (aggregate.function) {
      case Function::count:
        return Cell::of(static_cast<double>(count));
      case Function::count_distinct:
        return Cell::of(static_cast<double>(distinct.size()));
      case Function::sum:
        return count == 0 ? Cell{} : Cell::of(decimal(sum));
      case Function::avg:
        return count == 0 ? Cell{} : Cell::of(decimal(sum / static_cast<long double>(count)));
      default:
        return best.view();
    }
  }
};

struct Aggregation::Group {
  std::string key;         ///< Of the values and of which of them are rolled up.
  std::uint32_t kept = 0;  ///< Which of the group's terms are not rolled up, by bit.
  std::vector<Kept> values;
  std::vector<Tallied> tallied;
};

const Field& Aggregation::type_of(std::size_t slot) const {
  return slot < groups_.size() ? groups_[slot].type() : aggregates_[slot - groups_.size()].type();
}

Cell Aggregation::cell_of(const Group& group, std::size_t slot) const {
  if (slot < groups_.size()) return group.values[slot].view();
  const Aggregate& aggregate = aggregates_[slot - groups_.size()];
  if (aggregate.function == Function::grouping) return Cell::of((group.kept >> aggregate.group & 1) == 0 ? 1.0 : 0.0);
  return group.tallied[slot - groups_.size()].result(aggregate);
}

bool Aggregation::is_kept(const World& world, const Group& group) const {
  return !having_ ||
         having_->holds([&](const Test& test) { return test.comparison.holds(world, cell_of(group, test.slot)); });
}

void Aggregation::sort(const World& world, std::vector<const Group*>& groups) const {
  std::unordered_map<const Group*, std::string> keys;
  for (const Group* group : groups)
    for (const OrderBy& order : order_)
      append_sort_key(keys[group], world, type_of(order.slot), cell_of(*group, order.slot), order.direction);
  std::ranges::sort(groups, [&](const Group* a, const Group* b) {
    if (!order_.empty())
      if (const int order = keys[a].compare(keys[b]); order != 0) return order < 0;
    return hash_of(a->key) < hash_of(b->key);
  });
}

std::vector<std::string> Aggregation::run(const Search& search) const {
  // Which terms are kept: all of them; of a roll-up also the first ones; of a cube also any of them.
  const std::size_t width = groups_.size();
  const auto first_ones = [](std::size_t count) { return static_cast<std::uint32_t>((std::uint64_t{1} << count) - 1); };
  std::vector<std::uint32_t> kept{first_ones(width)};
  if (grouping_ == soql::Grouping::rollup)
    for (std::size_t first = width; first-- > 0;) kept.push_back(first_ones(first));
  if (grouping_ == soql::Grouping::cube)
    for (std::uint32_t some = first_ones(width); some-- > 0;) kept.push_back(some);

  std::unordered_map<std::string, Group> groups;
  if (width == 0) groups[""].tallied.resize(aggregates_.size());
  base::Arena arena;
  std::string key;
  Scan{search, WalkOrder::any}.each([&](std::uint64_t number) {
    arena.clear();
    const RecordKey record{search.object.index, number};
    const auto value = [&](const Term& term) { return value_of(search.world, search.asking, record, term, arena); };
    std::vector<Cell> values, inputs;
    for (const Term& term : groups_) values.push_back(value(term));
    for (const Aggregate& each : aggregates_)
      inputs.push_back(each.function == Function::grouping ? Cell{} : value(each.term));
    for (const std::uint32_t terms : kept) {
      key.clear();
      if (width > 0) key += static_cast<char>(terms);
      for (std::size_t i = 0; i < width; ++i)
        if (terms >> i & 1) append_group_key(key, search.world, groups_[i].type(), values[i]);
      Group& group = groups[key];
      if (group.tallied.empty() && group.values.empty()) {
        group.key = key;
        group.kept = terms;
        for (std::size_t i = 0; i < width; ++i) group.values.emplace_back(terms >> i & 1 ? values[i] : Cell{});
        group.tallied.resize(aggregates_.size());
      }
      for (std::size_t i = 0; i < inputs.size(); ++i) group.tallied[i].add(search.world, aggregates_[i], inputs[i]);
    }
    return true;
  });

  std::vector<const Group*> in_order;
  for (const auto& [each, group] : groups)
    if (is_kept(search.world, group)) in_order.push_back(&group);
  sort(search.world, in_order);
  std::vector<std::string> out;
  for (const Group* group : in_order) {
    std::string& json = out.emplace_back("{\"attributes\":{\"type\":\"AggregateResult\"}");
    for (const Output& output : outputs_) {
      ((json += ',') += quoted_json(output.key)) += ':';
      append_cell(search.world, cell_of(*group, output.slot), type_of(output.slot), output.look, json);
    }
    json += '}';
  }
  return out;
}

}  // namespace simulator
