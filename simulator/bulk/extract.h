#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "csv/dialect.h"
#include "simulator/org/query.h"

namespace simulator::bulk {

/// The result of a query as CSV, packed: what the records held when their batch was read, as the org keeps it for a
/// week.
class Extract {
 public:
  Extract(RowSet rows, const csv::Dialect& dialect);

  /// Reads the next records, at most `most`, from the org, which the caller has to itself.
  void read_batch(const World& world, std::size_t most);

  bool is_done() const { return at_ == set_.size(); }
  std::uint64_t rows() const { return rows_; }  ///< Read so far; less than found, where records went meanwhile.

  /// The header line, and up to `count` rows from `first` on, in pieces. Rows are counted from 0.
  class Pages {
   public:
    Pages(const Extract& extract, std::uint64_t first, std::uint64_t count);
    /// Appends some more. False: that was the last.
    bool next(std::string& out);

   private:
    const Extract& extract_;
    std::uint64_t first_, left_;
    std::size_t block_;
    bool begun_ = false;
  };

 private:
  struct Block {
    std::uint64_t first_row, rows;
    std::string packed;
  };
  void pack();

  RowSet set_;
  csv::Dialect dialect_;
  std::string header_;
  std::size_t at_ = 0;  ///< How many rows of the set are read.
  std::uint64_t rows_ = 0, packed_rows_ = 0;
  std::string text_;  ///< Rows that are not packed yet.
  std::vector<Block> blocks_;
};

/// A value as Bulk spells it: "9.12260031E8", "2022-01-02T21:33:43.000Z"; nothing for null.
void append_csv_value(const World& world, const Cell& cell, const Field& field, std::string& out);

/// As Java prints a double: with ".0" when whole, scientific below a thousandth and from ten million on.
void append_java_double(std::string& out, double value);

}  // namespace simulator::bulk
