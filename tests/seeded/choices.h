#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"

namespace seeded {

/// Every decision that chance makes in a history, in order: drawn from a seed and written down, or read back from such
/// a list. Zero always means the least: no fault, nobody acts, the first of several. So a list can be made shorter and
/// smaller and still be a history; past its end everything is zero.
class Choices {
 public:
  explicit Choices(std::uint64_t seed) : random_(seed) {}
  explicit Choices(std::vector<std::uint32_t> list) : random_(0), list_(std::move(list)), replays_(true) {}

  std::uint32_t below(std::uint32_t bound) {
    std::uint32_t value = 0;
    if (replays_) {
      value = at_ < list_.size() ? list_[at_] % bound : 0;
    } else {
      value = static_cast<std::uint32_t>(random_.below(bound));
      list_.push_back(value);
    }
    ++at_;
    return value;
  }

  bool chance(double probability) {
    bool yes = false;
    if (replays_) {
      yes = at_ < list_.size() && list_[at_] != 0 && probability > 0;
    } else {
      yes = random_.chance(probability);
      list_.push_back(yes ? 1 : 0);
    }
    ++at_;
    return yes;
  }

  const std::vector<std::uint32_t>& list() const { return list_; }
  std::size_t used() const { return at_; }

 private:
  base::Random random_;
  std::vector<std::uint32_t> list_;
  std::size_t at_ = 0;
  bool replays_ = false;
};

}  // namespace seeded
