#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gzip {

/// Unpacks a stream of gzip (RFC 1952) piece by piece, into room of bounded size. Checks each member's sum; members
/// may follow one another. Used by one thread.
class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;

  /// Unpacks from the front of `packed`, which it shortens by what it took, into `out`; answers how many bytes it
  /// wrote. Fewer than there was room for: give it more. Errors: `malformed`, after which there is no going on.
  base::Result<std::size_t> inflate(std::string_view& packed, std::span<char> out);

  /// Whether all members that were begun are complete. A stream that stops before that was cut.
  bool is_complete() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Packs a stream quickly rather than tightly.
class Deflater {
 public:
  enum class Flush {
    none,  ///< Some of what went in may come out later.
    sync,  ///< All of it comes out now, since a reader may be waiting for it.
    end,   ///< That was the last; the trailer is written.
  };

  Deflater();
  ~Deflater();
  Deflater(Deflater&&) noexcept;
  Deflater& operator=(Deflater&&) noexcept;

  /// Appends to `out`. Nothing may be given after `end`.
  void deflate(std::string_view text, Flush flush, std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The whole of a packed text. `malformed` if it is cut, damaged or unpacks to more than `most_bytes`.
base::Result<std::string> unpacked(std::string_view packed, std::size_t most_bytes);

std::string packed(std::string_view text);

}  // namespace gzip
