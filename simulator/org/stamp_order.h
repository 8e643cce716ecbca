#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace simulator {

/// A place in the order of (SystemModstamp, Id).
struct Place {
  std::uint32_t second = 0;
  std::uint64_t number = 0;
  auto operator<=>(const Place&) const = default;
};

/// The places that records have had, in order. Stamps mostly grow, so a place is appended and sorted in when somebody
/// looks; a place that its record has left stays until it is worth sweeping.
class StampOrder {
 public:
  void add(Place place) { fresh_.push_back(place); }

  /// All places in order; some of them left by their records, none twice. `is_current` tells which still hold;
  /// `living` is about how many do.
  template <class IsCurrent>
  const std::vector<Place>& sorted(std::size_t living, IsCurrent&& is_current) const {
    if (fresh_.empty()) return sorted_;
    std::ranges::sort(fresh_);
    const auto from = std::ranges::lower_bound(sorted_, fresh_.front()) - sorted_.begin();
    const auto middle = static_cast<std::ptrdiff_t>(sorted_.size());
    sorted_.insert(sorted_.end(), fresh_.begin(), fresh_.end());
    fresh_.clear();
    std::inplace_merge(sorted_.begin() + from, sorted_.begin() + middle, sorted_.end());
    sorted_.erase(std::unique(sorted_.begin() + from, sorted_.end()), sorted_.end());
    if (sorted_.size() > 2 * living + 4096) std::erase_if(sorted_, [&](Place each) { return !is_current(each); });
    return sorted_;
  }

 private:
  mutable std::vector<Place> sorted_, fresh_;
};

}  // namespace simulator
