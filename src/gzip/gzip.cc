#include "gzip/gzip.h"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <cstring>
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

/// The library reads up to eight bytes ahead and, at the end of a member, steps back over those it had no use for: to
/// before the input of this call, if they came with an earlier one. So the input is kept in one piece here, with what
/// went before it.
struct Inflater::State {
  static constexpr std::size_t looks_back = 8;

  inflate_state stream;
  bool in_member = false;  ///< Something of a member was read, and not yet its end.
  std::vector<char> input = std::vector<char>(64 * 1024);
  std::size_t begin = 0, end = 0;  ///< What of the input is not used yet.

  void restart() {
    isal_inflate_init(&stream);
    stream.crc_flag = ISAL_GZIP;
    in_member = false;
  }

  void take(std::string_view& packed) {
    const std::size_t keep = std::min(begin, looks_back);
    std::memmove(input.data(), input.data() + begin - keep, end - begin + keep);
    end -= begin - keep;
    begin = keep;
    const std::size_t size = std::min(packed.size(), input.size() - end);
    std::memcpy(input.data() + end, packed.data(), size);
    end += size;
    packed.remove_prefix(size);
  }
};

Inflater::Inflater() : state_(std::make_unique<State>()) {
  state_->restart();
}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

base::Result<std::size_t> Inflater::inflate(std::string_view& packed, std::span<char> out) {
  State& state = *state_;
  inflate_state& stream = state.stream;
  std::size_t written = 0;
  while (written < out.size()) {
    if (!packed.empty() && state.end - state.begin < state.input.size() / 2) state.take(packed);
    // The library may hold output back that did not fit last time, so a member goes on without input too.
    if (state.begin == state.end && !state.in_member) break;
    const std::size_t before = state.begin, room = std::min(out.size() - written, portion);
    stream.next_in = bytes_of(state.input.data() + state.begin);
    stream.avail_in = static_cast<std::uint32_t>(state.end - state.begin);
    stream.next_out = bytes_of(out.data() + written);
    stream.avail_out = static_cast<std::uint32_t>(room);
    const int status = isal_inflate(&stream);
    if (status != ISAL_DECOMP_OK && status != ISAL_END_INPUT) return damaged();
    state.begin = state.end - stream.avail_in;
    const std::size_t gave = room - stream.avail_out;
    written += gave;
    if (stream.block_state == ISAL_BLOCK_FINISH) {
      state.restart();
      continue;
    }
    state.in_member = true;
    if (state.begin == before && gave == 0 && packed.empty()) break;
  }
  return written;
}

bool Inflater::is_complete() const {
  return !state_->in_member && state_->begin == state_->end;
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
