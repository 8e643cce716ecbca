#include "simulator/org/select.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

namespace simulator {
namespace {

constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();

}  // namespace

WalkOrder Select::wanted_order() const {
  const auto is = [this](std::size_t place, Source source) {
    const OrderBy& order = order_[place];
    return order.term.path.hops.empty() && !order.term.function && !order.direction.descending &&
           order.term.field().source == source;
  };
  if (!order_.empty() && is(0, Source::id)) return WalkOrder::number;
  if (order_.size() >= 2 && is(0, Source::stamp) && is(1, Source::id)) return WalkOrder::stamp;
  return WalkOrder::any;
}

void Select::sort(const World& world, const Asking& asking, std::vector<std::uint64_t>& numbers) const {
  if (order_.empty()) {
    // In blocks, so that a million records are still read nearly as they lie in memory.
    std::ranges::sort(numbers, {},
                      [](std::uint64_t number) { return std::pair{scattered(number >> 8), scattered(number)}; });
    return;
  }
  struct Sorted {
    std::string_view key;
    std::uint64_t number;
  };
  base::Arena keys, scratch;
  std::string key;
  std::vector<Sorted> rows;
  rows.reserve(numbers.size());
  for (const std::uint64_t number : numbers) {
    scratch.clear();
    key.clear();
    for (const OrderBy& order : order_)
      append_sort_key(key, world, order.term.type(),
                      value_of(world, asking, {object_.index, number}, order.term, scratch), order.direction);
    rows.push_back({keys.copy(key), number});
  }
  const auto before = [](const Sorted& a, const Sorted& b) {
    const int order = a.key.compare(b.key);
    return order != 0 ? order < 0 : scattered(a.number) < scattered(b.number);
  };
  const std::uint64_t wanted = limit_ ? offset_ + *limit_ : all;
  if (wanted < rows.size()) {
    std::ranges::partial_sort(rows, rows.begin() + static_cast<std::ptrdiff_t>(wanted), before);
    rows.resize(wanted);
    numbers.resize(wanted);
  } else {
    std::ranges::sort(rows, before);
  }
  std::ranges::transform(rows, numbers.begin(), &Sorted::number);
}

void Select::cut(std::vector<std::uint64_t>& numbers) const {
  const auto skipped = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(offset_, numbers.size()));
  numbers.erase(numbers.begin(), numbers.begin() + skipped);
  if (limit_ && numbers.size() > *limit_) numbers.resize(*limit_);
}

std::vector<std::uint64_t> Select::run(const World& world, const Asking& asking) const {
  std::vector<std::uint64_t> out;
  if (limit_ == 0) return out;
  const Scan scan{search(world, asking), wanted_order()};
  const bool is_sorted = wanted_order() != WalkOrder::any && scan.in_wanted_order();
  const std::uint64_t enough = limit_ && (is_sorted || order_.empty()) ? offset_ + *limit_ : all;
  scan.each([&](std::uint64_t number) {
    out.push_back(number);
    return out.size() < enough;
  });
  if (!is_sorted && !counts_) sort(world, asking, out);
  cut(out);
  return out;
}

std::vector<std::vector<std::uint64_t>> Select::run_for(const World& world, const Asking& asking,
                                                        const Children& children,
                                                        const std::vector<std::uint64_t>& parents) const {
  return children.select->run_below(world, asking, children.reference, object_, parents);
}

std::vector<std::vector<std::uint64_t>> Select::run_below(const World& world, const Asking& asking,
                                                          std::size_t reference, const Object& parent_object,
                                                          const std::vector<std::uint64_t>& parents) const {
  const Table& table = world.tables[object_.index];
  std::vector<std::vector<std::uint64_t>> out(parents.size());
  base::Arena arena;
  const auto take = [&](std::vector<std::uint64_t>& found, std::uint64_t number) {
    if (!table.is_visible(number, with_deleted_)) return;
    arena.clear();
    if (!filter_ || filter_->matches(world, asking, {object_.index, number}, arena)) found.push_back(number);
  };
  if (table.knows_children(reference)) {
    for (std::size_t i = 0; i < parents.size(); ++i)
      for (const std::uint64_t number : table.children(reference, {parent_object.index, parents[i]}))
        take(out[i], number);
  } else {
    std::unordered_map<std::uint64_t, std::size_t> places;
    for (std::size_t i = 0; i < parents.size(); ++i) places[RecordKey{parent_object.index, parents[i]}.packed()] = i;
    table.walk({}, std::numeric_limits<std::uint32_t>::max(), [&](std::uint64_t number) {
      arena.clear();
      const Cell cell = table.cell(number, reference, arena);
      const auto place = cell.is_null() ? places.end() : places.find(cell.key.packed());
      if (place != places.end()) take(out[place->second], number);
      return true;
    });
  }
  for (std::vector<std::uint64_t>& numbers : out) {
    sort(world, asking, numbers);
    cut(numbers);
  }
  return out;
}

}  // namespace simulator
