#pragma once

#include <cstdint>
#include <string>

namespace base {

/// A small seeded generator (splitmix64): equal seeds give equal sequences on every machine.
/// For keys that nobody may guess use `security`, not this.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ull;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }  ///< 0 … bound-1; bound > 0.
  bool chance(double probability) { return static_cast<double>(next() >> 11) * 0x1.0p-53 < probability; }
  std::uint64_t state() const { return state_; }

  /// A version-4 UUID in its 36-character form.
  std::string uuid();

 private:
  std::uint64_t state_;
};

/// A generator seeded by the operating system.
Random random_from_system();

}  // namespace base
