#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "simulator/org/ids.h"

namespace simulator {

/// Which record is locked by whom, for as long as a holder (a request in flight, a transaction that has not been
/// committed) lasts. Nobody waits: whoever comes second is refused at once, where Salesforce would wait ten seconds.
class RowLocks {
 public:
  std::uint64_t begin() { return ++last_holder_; }
  void end(std::uint64_t holder) {
    const auto found = held_.find(holder);
    if (found == held_.end()) return;
    for (const std::uint64_t record : found->second) locked_.erase(record);
    held_.erase(found);
  }

  bool are_all_free() const { return locked_.empty(); }
  /// False if somebody else holds the record.
  bool is_free(RecordKey record, std::uint64_t holder) const {
    if (locked_.empty()) return true;
    const auto found = locked_.find(record.packed());
    return found == locked_.end() || found->second == holder;
  }
  /// For a record that is free.
  void take(RecordKey record, std::uint64_t holder) {
    if (locked_.try_emplace(record.packed(), holder).second) held_[holder].push_back(record.packed());
  }

 private:
  std::uint64_t last_holder_ = 0;
  std::unordered_map<std::uint64_t, std::uint64_t> locked_;  ///< Record → holder.
  std::unordered_map<std::uint64_t, std::vector<std::uint64_t>> held_;
};

}  // namespace simulator
