// Any bytes, in any dialect, cut anywhere: the reader must say what the plain loop says.

#include "csv/slow_for_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr std::string_view delimiters = ",;|^`\t";
  const csv::Dialect dialect{delimiters[data[0] % delimiters.size()], csv::LineEnding{data[0] / 8 % 3}};
  const std::size_t chunk = 1 + data[1];
  const std::string_view text{reinterpret_cast<const char*>(data) + 2, size - 2};
  if (text.starts_with("\xEF\xBB\xBF")) return 0;  // The plain loop knows no byte order mark.
  CHECK(csv::parse_in(text, dialect, [&] { return chunk; }) == csv::slow(text, dialect));
  return 0;
}
