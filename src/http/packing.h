#pragma once

#include <zlib.h>

#include <optional>
#include <string>
#include <string_view>

namespace http {

/// What an Accept-Encoding header says of gzip.
bool accepts_gzip(std::string_view accept_encoding);

/// The body packed; nothing when it would not have become smaller.
std::optional<std::string> gzip_whole(std::string_view body);

/// Packs a stream chunk by chunk; whatever went in comes out at once, since a reader may be waiting for it.
class GzipStream {
 public:
  GzipStream();
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;
  ~GzipStream() { deflateEnd(&zlib_); }

  /// Replaces the chunk by its packed form.
  void pack(std::string& chunk, bool last);

 private:
  z_stream zlib_{};
};

}  // namespace http
