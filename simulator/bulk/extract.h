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
  /// Refuses what Bulk queries cannot do beside what no query can.
  static Outcome<Extract> begin(const World& world, std::string_view statement, bool with_deleted,
                                const csv::Dialect& dialect);

  /// Reads the next records, at most `most`, from the org, which the caller has to itself.
  void read_batch(const World& world, std::size_t most);

  bool is_done() const { return is_run_ && at_ == numbers_.size(); }
  std::uint64_t rows() const { return rows_; }
  const Object& object() const { return query_.object(); }

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
  Extract(Query query, const csv::Dialect& dialect) : query_(std::move(query)), dialect_(dialect) {}
  void pack();

  Query query_;
  bool is_run_ = false, is_ordered_ = false;
  csv::Dialect dialect_;
  std::vector<FieldPath> columns_;
  std::string header_;
  std::vector<std::uint64_t> numbers_;
  std::size_t at_ = 0;  ///< How many of the numbers are read.
  std::uint64_t rows_ = 0, packed_rows_ = 0;
  std::string text_;  ///< Rows that are not packed yet.
  std::vector<Block> blocks_;
};

/// A value as Bulk spells it: "9.12260031E8", "2022-01-02T21:33:43.000Z"; nothing for null.
void append_csv_value(const World& world, const Cell& cell, const Field& field, std::string& out);

/// As Java prints a double: with ".0" when whole, scientific below a thousandth and from ten million on.
void append_java_double(std::string& out, double value);

}  // namespace simulator::bulk
