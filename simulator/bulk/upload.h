#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/arena.h"
#include "csv/reader.h"
#include "simulator/org/org.h"

namespace simulator::bulk {

/// What became of one row.
struct RowOutcome {
  std::uint64_t begin = 0;  ///< Its place in the upload.
  std::uint32_t size = 0;
  std::uint32_t error = 0;   ///< 0, or 1 + its place among the errors.
  std::uint64_t number = 0;  ///< The record's; 0 if there is none.
  bool created = false;
};

/// An upload on its way into the org, batch by batch.
class Upload {
 public:
  /// `text` is borrowed. `key_field` is an upsert's. An error is the job's: it fails with it, and no row was done.
  static Outcome<Upload> begin(const Org& org, const Object& object, std::string_view operation,
                               const std::string& key_field, const csv::Dialect& dialect, std::string_view text,
                               const Caller& caller);

  /// Writes the next rows, at most `most`, into the org, which the caller has to itself. `fault` is asked before each.
  /// An error is the job's.
  Outcome<void> write_batch(Org& org, std::size_t most, const std::function<std::optional<ApiError>()>& fault);

  bool is_done() const { return done_; }
  const std::vector<RowOutcome>& outcomes() const { return outcomes_; }
  const std::string& error_text(const RowOutcome& outcome) const { return errors_[outcome.error - 1]; }
  std::int64_t failed() const { return failed_; }
  std::uint64_t header_end() const { return header_end_; }
  std::uint64_t done_to() const { return done_to_; }  ///< Rows behind this place in the upload are not processed.

 private:
  Upload(const Object& object, std::string_view operation, const csv::Dialect& dialect, std::string_view text,
         const Caller& caller)
      : object_(&object), operation_(operation), caller_(caller), text_(text), reader_(dialect) {}
  Outcome<bool> next(csv::Row& row);
  Outcome<void> read_header(const Org& org, const std::string& key_field);
  Outcome<Written> write_row(Org& org, const csv::Row& row);
  void keep(const csv::Row& row, const Outcome<Written>& outcome);

  const Object* object_;
  std::string operation_;
  Caller caller_;
  std::string_view text_;
  std::size_t fed_ = 0;
  csv::Reader reader_;
  std::vector<Column> columns_;
  std::optional<std::size_t> id_column_, key_column_;
  std::size_t key_field_ = 0;
  std::vector<Assignment> values_;  ///< Of the row at hand; their text lives in it or in `arena_`.
  base::Arena arena_;
  std::vector<RowOutcome> outcomes_;
  std::vector<std::string> errors_;
  std::unordered_map<std::string, std::uint32_t> known_errors_;
  std::unordered_set<std::string> in_chunk_;  ///< Ids or keys of the 200 rows at hand.
  std::size_t chunk_rows_ = 0;
  std::int64_t failed_ = 0;
  std::uint64_t header_end_ = 0, done_to_ = 0;
  bool done_ = false;
};

/// "CODE:message:Field1,Field2 --"
std::string row_error_text(const ApiError& error);

}  // namespace simulator::bulk
