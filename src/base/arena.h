#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace base {

/// Text that lives as long as its batch. Slices stay where they are until clear(), and clear() keeps
/// the memory for the next page, so a long run allocates only while its first pages are read.
class Arena {
 public:
  Arena() = default;
  Arena(Arena&&) = default;
  Arena& operator=(Arena&&) = default;

  /// Room for `size` bytes, uninitialised.
  char* reserve(std::size_t size) {
    while (block_ < blocks_.size() && blocks_[block_].size - used_ < size) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) {
      const std::size_t length = size > block_size ? size : block_size;
      blocks_.push_back({std::make_unique_for_overwrite<char[]>(length), length});
      used_ = 0;
    }
    char* place = blocks_[block_].bytes.get() + used_;
    used_ += size;
    return place;
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {"", 0};
    char* place = reserve(text.size());
    std::memcpy(place, text.data(), text.size());
    return {place, text.size()};
  }

  /// Gives back the last `size` bytes of the latest reserve().
  void give_back(std::size_t size) { used_ -= size; }

  void clear() {
    block_ = 0;
    used_ = 0;
  }

 private:
  static constexpr std::size_t block_size = 64 * 1024;
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size;
  };
  std::vector<Block> blocks_;
  std::size_t block_ = 0;
  std::size_t used_ = 0;
};

}  // namespace base
