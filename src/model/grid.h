#pragma once

#include <bitset>
#include <cstddef>
#include <span>
#include <vector>

#include "base/arena.h"
#include "model/cell.h"

namespace model {

/// The most fields one mapping may have.
inline constexpr std::size_t max_fields = 512;

/// Some fields of a mapping, by ordinal.
using FieldSet = std::bitset<max_fields>;

/// Rows by fields of cells, flat, with the arena their text lives in. Reused from page to page.
class Grid {
 public:
  explicit Grid(std::size_t width = 0) : width_(width) {}
  Grid(Grid&&) = default;
  Grid& operator=(Grid&&) = default;

  std::size_t width() const { return width_; }
  std::size_t size() const { return width_ == 0 ? 0 : cells_.size() / width_; }

  /// Empties the grid for the next page and keeps its memory.
  void restart(std::size_t width) {
    width_ = width;
    cells_.clear();
    text_.clear();
  }
  /// Appends a row of nulls.
  std::span<Cell> add() {
    cells_.resize(cells_.size() + width_);
    return (*this)[size() - 1];
  }
  /// Appends `count` rows of nulls.
  void add(std::size_t count) { cells_.resize(cells_.size() + count * width_); }

  void truncate(std::size_t rows) { cells_.resize(rows * width_); }

  std::span<Cell> operator[](std::size_t row) { return {cells_.data() + row * width_, width_}; }
  std::span<const Cell> operator[](std::size_t row) const { return {cells_.data() + row * width_, width_}; }

  base::Arena& text() { return text_; }

 private:
  std::size_t width_;
  std::vector<Cell> cells_;
  base::Arena text_;
};

}  // namespace model
