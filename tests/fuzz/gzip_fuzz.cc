// Any bytes taken for gzip: an error or a text, the same in pieces as in one, never more than was allowed.

#include <cstdint>

#include "gzip/gzip.h"

namespace {

constexpr std::size_t most = 1 << 20;

base::Result<std::string> in_pieces(std::string_view packed, std::size_t size) {
  gzip::Inflater inflater;
  std::string out, room(size, '\0');
  while (!packed.empty()) {
    std::string_view piece = packed.substr(0, size);
    packed.remove_prefix(piece.size());
    for (;;) {
      ASSIGN_OR_RETURN(const std::size_t wrote, inflater.inflate(piece, room));
      out.append(room, 0, wrote);
      if (out.size() > most) return base::failure(base::ErrorKind::malformed, "large");
      if (wrote < size) break;
    }
  }
  if (!inflater.is_complete()) return base::failure(base::ErrorKind::malformed, "cut");
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view packed{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto whole = gzip::unpacked(packed, most), pieces = in_pieces(packed, 1 + data[0]);
  CHECK(whole.has_value() == pieces.has_value());
  CHECK(!whole || (*whole == *pieces && whole->size() <= most));
  return 0;
}
