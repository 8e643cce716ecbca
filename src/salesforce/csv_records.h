#pragma once

#include <string>
#include <vector>

#include "core/ports/org.h"
#include "csv/reader.h"

namespace salesforce {

/// Rows of a Bulk query's results straight into the grid, in canonical form: the counterpart of RecordDecoder.
class CsvRecords {
 public:
  /// The mapping is borrowed.
  explicit CsvRecords(const model::Mapping& mapping) : mapping_(mapping) {}

  /// Finds the columns. `precondition` if one that is asked for is missing: the mapping has
  /// another field than when the job was made, so another job is needed.
  base::Result<void> read_header(const csv::Row& row);

  /// Appends the record, or sets it aside as unreadable if a value is none of its field's type. `malformed` if it is no
  /// record at all: other columns than the header, no id or no stamp.
  base::Result<void> append(const csv::Row& row, core::Observation& out) const;

 private:
  struct Column {
    bool is_id = false, is_stamp = false, is_upsert_key = false;
    std::vector<std::size_t> ordinals;
  };
  const model::Mapping& mapping_;
  std::vector<Column> columns_;
};

}  // namespace salesforce
