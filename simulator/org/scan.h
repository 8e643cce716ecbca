#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "simulator/org/filter.h"

namespace simulator {

/// Which records are looked for. The filter is borrowed; null takes all.
struct Search {
  const World& world;
  const Asking& asking;
  const Object& object;
  const Filter* filter = nullptr;
  bool with_deleted = false;
};

/// By SystemModstamp and Id, by Id, or as it comes.
enum class WalkOrder : std::uint8_t { any, stamp, number };

/// Which part of the order of (SystemModstamp, Id) and of Id a filter can hold in.
struct Bounds {
  std::uint32_t first = 0, last = std::numeric_limits<std::uint32_t>::max();
  Place after{};  ///< All records that match lie behind this place.
  std::uint64_t after_number = 0, last_number = std::numeric_limits<std::uint64_t>::max();
};
Bounds bounds_of(const Tree<Test>& tree, const Object& object);

/// The few records that can match at all, ascending; nothing if all have to be looked at.
std::optional<std::vector<std::uint64_t>> candidates(const World& world, const Object& object, const Tree<Test>& tree);

/// A way through the records that a search may find: only those that ids, external ids, references, stamps or the
/// place in the order leave in question.
class Scan {
 public:
  /// `wanted` is the order that would spare a sort.
  Scan(const Search& search, WalkOrder wanted);

  bool in_wanted_order() const { return in_wanted_order_; }
  /// Calls `visit` with the number of each record that is found, until it returns false.
  void each(const std::function<bool(std::uint64_t)>& visit) const;

 private:
  enum class Way : std::uint8_t { few, by_stamp, by_number };
  const Search search_;
  Bounds bounds_;
  std::vector<std::uint64_t> few_;
  Way way_ = Way::by_stamp;
  bool in_wanted_order_ = true;
};

}  // namespace simulator
