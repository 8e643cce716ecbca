#pragma once

#include <bit>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace csv {

/// Which of 64 bytes are what: bit i stands for byte i.
struct Masks {
  std::uint64_t quotes, delimiters, feeds, returns;
  bool operator==(const Masks&) const = default;
};

inline Masks masks_one_by_one(const char* bytes, char delimiter) {
  Masks out{};
  for (int i = 0; i < 64; ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    if (bytes[i] == '"') out.quotes |= bit;
    if (bytes[i] == delimiter) out.delimiters |= bit;
    if (bytes[i] == '\n') out.feeds |= bit;
    if (bytes[i] == '\r') out.returns |= bit;
  }
  return out;
}

#if defined(__SSE2__)
/// Every x86-64 has SSE2. AVX2 was 15 % faster, too little for choosing at run time.
inline Masks masks_of(const char* bytes, char delimiter) {
  const __m128i quote = _mm_set1_epi8('"'), comma = _mm_set1_epi8(delimiter), feed = _mm_set1_epi8('\n'),
                carriage = _mm_set1_epi8('\r');
  Masks out{};
  for (int i = 0; i < 64; i += 16) {
    const __m128i part = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + i));
    const auto equal = [&part, i](__m128i wanted) {
      const auto bits = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(part, wanted)));
      return std::uint64_t{bits} << i;
    };
    out.quotes |= equal(quote);
    out.delimiters |= equal(comma);
    out.feeds |= equal(feed);
    out.returns |= equal(carriage);
  }
  return out;
}
#else
inline Masks masks_of(const char* bytes, char delimiter) {
  return masks_one_by_one(bytes, delimiter);
}
#endif

/// Bit i is the parity of the bits 0 … i: between a quote that opens (included) and the one that closes (not).
inline std::uint64_t parity_so_far(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

}  // namespace csv
