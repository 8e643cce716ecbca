#include "base/random.h"

#include <sys/random.h>

#include "base/error.h"

namespace base {

std::string Random::uuid() {
  static constexpr char digits[] = "0123456789abcdef";
  const std::uint64_t high = (next() & ~0xF000ull) | 0x4000ull;
  const std::uint64_t low = (next() & 0x3FFFFFFFFFFFFFFFull) | 0x8000000000000000ull;
  std::string text;
  text.reserve(36);
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) text += '-';
    const std::uint64_t half = nibble < 16 ? high : low;
    text += digits[(half >> (60 - 4 * (nibble % 16))) & 0xF];
  }
  return text;
}

Random random_from_system() {
  std::uint64_t seed = 0;
  CHECK(getrandom(&seed, sizeof seed, 0) == static_cast<ssize_t>(sizeof seed));
  return Random{seed};
}

}  // namespace base
