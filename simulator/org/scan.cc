#include "simulator/org/scan.h"

#include <algorithm>

namespace simulator {
namespace {

using soql::Form;
using soql::Op;

std::uint32_t second_of(std::int64_t second) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(second, 0, std::numeric_limits<std::uint32_t>::max()));
}

std::int64_t floor_second(std::int64_t ms) {
  return (ms >= 0 ? ms : ms - 999) / 1000;
}

/// Stamps lie on whole seconds, so a span of milliseconds [from, end) is that of the seconds in it.
Bounds stamp_bounds(const Comparison& comparison) {
  Bounds out;
  const auto& spans = comparison.spans();
  if (spans.empty()) return out;
  const std::uint32_t from = second_of(floor_second(spans.front().first + 999));
  const auto last_before = [](std::int64_t end) { return second_of(floor_second(end - 1)); };
  switch (comparison.op()) {
    case Op::equal:
    case Op::in:
      out.first = from;
      out.last = last_before(spans.back().second);
      break;
    case Op::greater:
      out.first = second_of(floor_second(spans.front().second + 999));
      break;
    case Op::greater_equal:
      out.first = from;
      break;
    case Op::less:
      out.last = last_before(spans.front().first);
      break;
    case Op::less_equal:
      out.last = last_before(spans.front().second);
      break;
    default:
      break;
  }
  out.after = {out.first, 0};
  return out;
}

Bounds id_bounds(const Comparison& comparison, const Object& object) {
  Bounds out;
  if (comparison.op() < Op::less || comparison.op() > Op::greater_equal || comparison.id_bound().empty()) return out;
  bool exact = false;
  const std::uint64_t number = number_up_to(comparison.id_bound(), object.prefix, exact);
  switch (comparison.op()) {
    case Op::greater:
      out.after_number = number;
      break;
    case Op::greater_equal:
      out.after_number = number - (exact && number > 0 ? 1 : 0);
      break;
    case Op::less:
      out.last_number = number - (exact && number > 0 ? 1 : 0);
      break;
    default:
      out.last_number = number;
  }
  return out;
}

void append(std::vector<std::uint64_t>& out, const std::vector<std::uint64_t>& more) {
  out.insert(out.end(), more.begin(), more.end());
}

template <class Pick>
std::optional<std::vector<std::uint64_t>> numbers_from(const Pick& pick) {
  std::vector<std::uint64_t> out;
  pick(out);
  std::ranges::sort(out);
  const auto again = std::ranges::unique(out);
  out.erase(again.begin(), again.end());
  return out;
}

std::optional<std::vector<std::uint64_t>> candidates(const World& world, const Object& object, const Test& test) {
  if (!test.comparison.is_equality() || !test.term.path.hops.empty() || test.term.function) return std::nullopt;
  const Table& table = world.tables[object.index];
  const std::size_t field = test.term.path.field;
  if (test.term.field().source == Source::id)
    return numbers_from([&](std::vector<std::uint64_t>& out) {
      for (const std::uint64_t packed : test.comparison.keys())
        if (const RecordKey key = RecordKey::unpacked(packed); key.object == object.index && table.exists(key.number))
          out.push_back(key.number);
    });
  if (table.is_indexed(field))
    return numbers_from([&](std::vector<std::uint64_t>& out) {
      for (const std::string& key : test.comparison.index_keys(test.term.field())) append(out, table.find(field, key));
    });
  if (table.knows_children(field))
    return numbers_from([&](std::vector<std::uint64_t>& out) {
      for (const std::uint64_t packed : test.comparison.keys())
        append(out, table.children(field, RecordKey::unpacked(packed)));
    });
  return std::nullopt;
}

}  // namespace

Bounds bounds_of(const Tree<Test>& tree, const Object& object) {
  Bounds out;
  if (tree.form == Form::both) {
    for (const Tree<Test>& part : tree.parts) {
      const Bounds b = bounds_of(part, object);
      out.first = std::max(out.first, b.first);
      out.last = std::min(out.last, b.last);
      out.after = std::max(out.after, b.after);
      out.after_number = std::max(out.after_number, b.after_number);
      out.last_number = std::min(out.last_number, b.last_number);
    }
    out.after = std::max(out.after, Place{out.first, 0});
    // Within one second the id alone says where to go on.
    if (out.first == out.last) out.after = std::max(out.after, Place{out.first, out.after_number});
  } else if (tree.form == Form::either) {
    out = bounds_of(tree.parts.front(), object);
    for (const Tree<Test>& part : tree.parts) {
      const Bounds b = bounds_of(part, object);
      out.first = std::min(out.first, b.first);
      out.last = std::max(out.last, b.last);
      out.after = std::min(out.after, b.after);
      out.after_number = std::min(out.after_number, b.after_number);
      out.last_number = std::max(out.last_number, b.last_number);
    }
  } else if (tree.form == Form::comparison && tree.leaf->term.path.hops.empty() && !tree.leaf->term.function) {
    const Source source = tree.leaf->term.field().source;
    if (source == Source::stamp) return stamp_bounds(tree.leaf->comparison);
    if (source == Source::id) return id_bounds(tree.leaf->comparison, object);
  }
  return out;
}

std::optional<std::vector<std::uint64_t>> candidates(const World& world, const Object& object, const Tree<Test>& tree) {
  if (tree.form == Form::comparison) return candidates(world, object, *tree.leaf);
  if (tree.form == Form::negation) return std::nullopt;
  if (tree.form == Form::both) {
    std::optional<std::vector<std::uint64_t>> fewest;
    for (const Tree<Test>& part : tree.parts)
      if (auto found = candidates(world, object, part); found && (!fewest || found->size() < fewest->size()))
        fewest = std::move(found);
    return fewest;
  }
  std::vector<std::uint64_t> all;
  for (const Tree<Test>& part : tree.parts) {
    const auto found = candidates(world, object, part);
    if (!found) return std::nullopt;
    append(all, *found);
  }
  return numbers_from([&](std::vector<std::uint64_t>& out) { out = std::move(all); });
}

Scan::Scan(const Search& search, WalkOrder wanted) : search_(search) {
  if (search.filter != nullptr) {
    const Tree<Test>& tree = search.filter->tree();
    bounds_ = bounds_of(tree, search.object);
    if (auto few = candidates(search.world, search.object, tree)) {
      way_ = Way::few;
      few_ = *std::move(few);
      const Table& table = search.world.tables[search.object.index];
      if (wanted == WalkOrder::stamp)
        std::ranges::sort(few_, {}, [&](std::uint64_t number) { return Place{table.stamp(number), number}; });
      return;
    }
  }
  const bool by_stamp_is_shorter = bounds_.after != Place{} || bounds_.last != Bounds{}.last;
  const bool ids_are_bounded = bounds_.after_number > 0 || bounds_.last_number != Bounds{}.last_number;
  if (wanted != WalkOrder::stamp && !by_stamp_is_shorter && (wanted == WalkOrder::number || ids_are_bounded))
    way_ = Way::by_number;
  in_wanted_order_ = wanted != WalkOrder::number || way_ == Way::by_number;
}

void Scan::each(const std::function<bool(std::uint64_t)>& visit) const {
  const Table& table = search_.world.tables[search_.object.index];
  base::Arena arena;
  const auto go_on = [&](std::uint64_t number) {
    if (!table.is_visible(number, search_.with_deleted)) return true;
    if (search_.filter != nullptr) {
      arena.clear();
      const RecordKey record{search_.object.index, number};
      if (!search_.filter->matches(search_.world, search_.asking, record, arena)) return true;
    }
    return visit(number);
  };
  switch (way_) {
    case Way::few:
      for (const std::uint64_t number : few_)
        if (!go_on(number)) return;
      return;
    case Way::by_stamp:
      table.walk(bounds_.after, bounds_.last, go_on);
      return;
    case Way::by_number:
      for (std::uint64_t number = table.following(bounds_.after_number); number != 0 && number <= bounds_.last_number;
           number = table.following(number))
        if (!go_on(number)) return;
  }
}

}  // namespace simulator
