#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace simulator {

/// Which record: the place of its object in the schema, and its number there. 0 is no record.
struct RecordKey {
  static constexpr std::uint64_t largest_number = 0x0000'FFFF'FFFF'FFFFull;
  std::uint16_t object = 0;
  std::uint64_t number = 0;
  auto operator<=>(const RecordKey&) const = default;
  std::uint64_t packed() const { return (std::uint64_t{object} << 48) | number; }
  static RecordKey unpacked(std::uint64_t raw) { return {static_cast<std::uint16_t>(raw >> 48), raw & largest_number}; }
};

/// The 18 characters of an id: a prefix of three characters, "SF0", nine digits in base 62, and the checksum.
void append_id(std::string& out, std::string_view prefix, std::uint64_t number);
std::string id_text(std::string_view prefix, std::uint64_t number);

/// The three characters that make 15 into 18.
std::string id_checksum(std::string_view fifteen);

/// 15 characters, or 18 with the right checksum: the 15. Nothing otherwise.
std::optional<std::string> parse_id(std::string_view text);

/// The number in an id of `prefix`; 0 for ids that this org never gives.
std::uint64_t number_in(std::string_view fifteen, std::string_view prefix);

/// The greatest number whose id is not behind `fifteen` in byte order, for `Id > 'x'`. `exact` tells whether it is
/// that very id.
std::uint64_t number_up_to(std::string_view fifteen, std::string_view prefix, bool& exact);

}  // namespace simulator
