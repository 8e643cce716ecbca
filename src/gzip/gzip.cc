#include "gzip/gzip.h"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace gzip {
namespace {

constexpr std::size_t portion = std::size_t{1} << 30;  // The library counts in 32 bits.

std::uint8_t* bytes_of(const char* text) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text));
}

std::unexpected<base::Error> damaged() {
  return base::failure(base::ErrorKind::malformed, "the compressed data is damaged: it is no gzip or its sum differs");
}

}  // namespace

struct Inflater::State {
  inflate_state stream;
  bool in_member = false;  ///< Something of a member was read, and not yet its end.

  void restart() {
    isal_inflate_init(&stream);
    stream.crc_flag = ISAL_GZIP;
    in_member = false;
  }
};

Inflater::Inflater() : state_(std::make_unique<State>()) {
  state_->restart();
}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

base::Result<std::size_t> Inflater::inflate(std::string_view& packed, std::span<char> out) {
  inflate_state& stream = state_->stream;
  std::size_t written = 0;
  while (written < out.size()) {
    // The state may hold output back that did not fit last time, so a member goes on without input too.
    if (packed.empty() && !state_->in_member) break;
    const std::size_t in_size = std::min(packed.size(), portion), room = std::min(out.size() - written, portion);
    stream.next_in = bytes_of(packed.data());
    stream.avail_in = static_cast<std::uint32_t>(in_size);
    stream.next_out = bytes_of(out.data() + written);
    stream.avail_out = static_cast<std::uint32_t>(room);
    const int status = isal_inflate(&stream);
    const std::size_t took = in_size - stream.avail_in, gave = room - stream.avail_out;
    packed.remove_prefix(took);
    written += gave;
    state_->in_member = state_->in_member || took > 0;
    if (status != ISAL_DECOMP_OK && status != ISAL_END_INPUT) return damaged();
    if (stream.block_state == ISAL_BLOCK_FINISH) {
      state_->restart();
      continue;
    }
    if (took == 0 && gave == 0) break;
  }
  return written;
}

bool Inflater::is_complete() const {
  return !state_->in_member;
}

struct Deflater::State {
  isal_zstream stream;
  std::vector<std::uint8_t> level = std::vector<std::uint8_t>(ISAL_DEF_LVL1_DEFAULT);
};

Deflater::Deflater() : state_(std::make_unique<State>()) {
  isal_deflate_init(&state_->stream);
  state_->stream.gzip_flag = IGZIP_GZIP;
  state_->stream.level = 1;
  state_->stream.level_buf = state_->level.data();
  state_->stream.level_buf_size = static_cast<std::uint32_t>(state_->level.size());
}
Deflater::~Deflater() = default;
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater& Deflater::operator=(Deflater&&) noexcept = default;

void Deflater::deflate(std::string_view text, Flush flush, std::string& out) {
  isal_zstream& stream = state_->stream;
  do {
    const std::string_view part = text.substr(0, portion);
    text.remove_prefix(part.size());
    const bool last = text.empty();
    stream.next_in = bytes_of(part.data());
    stream.avail_in = static_cast<std::uint32_t>(part.size());
    stream.flush = last && flush != Flush::none ? SYNC_FLUSH : NO_FLUSH;
    stream.end_of_stream = last && flush == Flush::end ? 1 : 0;
    do {
      const std::size_t before = out.size();
      out.resize(before + std::max<std::size_t>(part.size() / 4, 8192));
      stream.next_out = bytes_of(out.data() + before);
      stream.avail_out = static_cast<std::uint32_t>(std::min(out.size() - before, portion));
      const std::size_t room = stream.avail_out;
      CHECK(isal_deflate(&stream) == COMP_OK);
      out.resize(before + room - stream.avail_out);
    } while (stream.avail_out == 0 || stream.avail_in > 0);
  } while (!text.empty());
}

base::Result<std::string> unpacked(std::string_view packed, std::size_t most_bytes) {
  Inflater inflater;
  std::string out;
  for (;;) {
    const std::size_t before = out.size();
    if (before > most_bytes)
      return base::failure(base::ErrorKind::malformed,
                           "the compressed data unpacks to more than " + std::to_string(most_bytes) + " bytes");
    out.resize(before + std::min(std::max<std::size_t>(packed.size() * 4, 4096), most_bytes + 1));
    ASSIGN_OR_RETURN(const std::size_t wrote, inflater.inflate(packed, std::span{out}.subspan(before)));
    out.resize(before + wrote);
    if (wrote == 0) break;
  }
  if (!inflater.is_complete()) return base::failure(base::ErrorKind::malformed, "the compressed data is cut short");
  return out;
}

std::string packed(std::string_view text) {
  std::string out;
  Deflater{}.deflate(text, Deflater::Flush::end, out);
  return out;
}

}  // namespace gzip
