#include "http/packing.h"

#include <libdeflate.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "http/words.h"

namespace http {

bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    std::string_view parameters = next_of(accept_encoding, ',');
    const std::string_view coding = next_of(parameters, ';');
    if (!same_word(coding, "gzip") && !same_word(coding, "x-gzip")) continue;
    // "q=0", "q=0.0" … mean never; a q we cannot read means the client sends nonsense: leave the body alone.
    const std::string_view q = trim(parameters);
    if (q.empty()) return true;
    return (q.starts_with("q=") || q.starts_with("Q=")) && q.find_first_of("123456789") != q.npos;
  }
  return false;
}

std::optional<std::string> gzip_whole(std::string_view body) {
  struct Free {
    void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
  };
  thread_local const std::unique_ptr<libdeflate_compressor, Free> compressor{libdeflate_alloc_compressor(1)};
  std::string packed(body.size(), '\0');
  const std::size_t size =
      libdeflate_gzip_compress(compressor.get(), body.data(), body.size(), packed.data(), packed.size());
  if (size == 0) return std::nullopt;
  packed.resize(size);
  return packed;
}

GzipStream::GzipStream() {
  // 16 more than the window's 15 bits asks zlib for gzip's header.
  CHECK(deflateInit2(&zlib_, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
}

void GzipStream::pack(std::string& chunk, bool last) {
  std::string packed;
  std::string_view rest = chunk;
  do {
    const auto portion = static_cast<uInt>(std::min<std::size_t>(rest.size(), 1u << 30));
    zlib_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest.data()));
    zlib_.avail_in = portion;
    rest.remove_prefix(portion);
    const int flush = !rest.empty() ? Z_NO_FLUSH : last ? Z_FINISH : Z_SYNC_FLUSH;
    do {
      const std::size_t before = packed.size();
      packed.resize(before + std::max<std::size_t>(portion / 2, 4096));
      zlib_.next_out = reinterpret_cast<Bytef*>(packed.data() + before);
      zlib_.avail_out = static_cast<uInt>(packed.size() - before);
      deflate(&zlib_, flush);
      packed.resize(packed.size() - zlib_.avail_out);
    } while (zlib_.avail_out == 0);
  } while (!rest.empty());
  chunk = std::move(packed);
}

}  // namespace http
