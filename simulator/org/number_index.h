#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace simulator {

/// Which records carry a key: a hash of a text, or a packed record. Sixteen bytes a slot for keys that one record
/// carries; records that share a key go to a set of their own, so neither a million different keys nor a million
/// records under one are slow. Keys may collide when they are hashes, so whoever asks looks at the record.
class NumberIndex {
 public:
  void add(std::uint64_t key, std::uint64_t number) {
    if ((used_ + 1) * 4 > slots_.size() * 3) grow();
    Slot& slot = slots_[place(key)];
    if (slot.number == empty) {
      slot = {key, number};
      ++used_;
    } else if (slot.number == removed) {
      slot.number = number;
    } else {
      shared_[key].insert(number);
    }
  }

  void remove(std::uint64_t key, std::uint64_t number) {
    if (slots_.empty()) return;
    Slot& slot = slots_[place(key)];
    const auto others = shared_.find(key);
    if (slot.number != number) {
      if (others != shared_.end()) others->second.erase(number);
    } else if (others != shared_.end() && !others->second.empty()) {
      slot.number = *others->second.begin();
      others->second.erase(others->second.begin());
    } else {
      slot.number = removed;  // its key keeps the slot, so that others behind it are found
    }
    if (others != shared_.end() && others->second.empty()) shared_.erase(others);
  }

  /// In no particular order.
  template <class Visit>
  void each(std::uint64_t key, Visit&& visit) const {
    if (slots_.empty()) return;
    const Slot& slot = slots_[place(key)];
    if (slot.number == empty || slot.number == removed) return;
    visit(slot.number);
    if (const auto others = shared_.find(key); others != shared_.end())
      for (const std::uint64_t number : others->second) visit(number);
  }

 private:
  static constexpr std::uint64_t empty = 0, removed = ~std::uint64_t{0};
  struct Slot {
    std::uint64_t key = 0, number = empty;
  };

  /// The slot of this key, or the free one it would take.
  std::size_t place(std::uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = static_cast<std::size_t>((key * 0x9E3779B97F4A7C15ull) >> 20) & mask;
    while (slots_[at].number != empty && slots_[at].key != key) at = (at + 1) & mask;
    return at;
  }
  void grow() {
    std::vector<Slot> old = std::move(slots_);
    std::size_t kept = 0;
    for (const Slot& slot : old) kept += slot.number != empty && slot.number != removed ? 1 : 0;
    std::size_t size = 16;
    while (size < kept * 2 + 16) size *= 2;
    slots_.assign(size, {});
    used_ = kept;
    for (const Slot& slot : old)
      if (slot.number != empty && slot.number != removed) slots_[place(slot.key)] = slot;
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;  ///< Slots that are not empty.
  std::unordered_map<std::uint64_t, std::unordered_set<std::uint64_t>> shared_;
};

}  // namespace simulator
