#pragma once

#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/ports/org.h"
#include "csv/reader.h"
#include "salesforce/errors.h"

namespace salesforce {

/// Rows of one Bulk ingest job: creates as upserts by our key, or updates by record id.
struct Upload {
  bool creates = false;
  std::string csv;
  std::vector<std::size_t> writes;  ///< Whose they are, as places in what was given; in the order of the rows.
};

/// Spells the writes at `places`, which are all creates or all updates, as CSV: our key or the id, then the fields that
/// any of them writes; null as "#N/A", nothing where a create has no value. All name the same parents by key, since a
/// column is either of ids or of keys. A new upload begins where one would grow
/// beyond `most_bytes`. A record that comes twice in `places` goes into two, since the rows of a job are done in any
/// order.
/// Source: Bulk API 2.0 Developer Guide, "Prepare CSV Files"; an upload may have 150 MB in base64.
std::vector<Upload> spell_uploads(const model::Mapping& mapping, std::span<const core::OrgWrite> writes,
                                  std::span<const std::size_t> places, std::size_t most_bytes = 100'000'000);

/// What became of the rows of one upload, as its result files tell.
class UploadResults {
 public:
  using RowResult = base::Result<model::RecordId>;
  enum class File { successful, failed, unprocessed };

  /// The upload's rows are told apart by the id or key that they carry. All borrowed.
  UploadResults(const model::Mapping& mapping, std::span<const core::OrgWrite> writes, const Upload& upload,
                const Doing& doing);

  /// The first row of each file is its header. `malformed` if it is no such file.
  base::Result<void> read(File file, const csv::Row& row);

  /// Whether each row's fate is known.
  bool is_complete() const { return known_ == upload_.writes.size(); }
  /// Of each row of the upload in order, what is known of it.
  const std::vector<std::optional<RowResult>>& rows() const { return rows_; }
  /// Whether only the results know the records' ids.
  bool needs_ids() const { return upload_.creates; }
  /// Everything was done, as the job's counters say. For updates, whose ids are known.
  void all_done();
  void none_done(const base::Error& error);

 private:
  base::Result<void> read_header(File file, const csv::Row& row);
  void set(std::size_t row, RowResult result);

  const model::Mapping& mapping_;
  const std::span<const core::OrgWrite> writes_;
  const Upload& upload_;
  const Doing doing_;
  std::unordered_map<std::string_view, std::size_t> row_of_;
  std::vector<std::optional<RowResult>> rows_;
  std::size_t known_ = 0;
  std::optional<std::size_t> id_column_, error_column_, key_column_;
  std::size_t columns_ = 0;
};

/// An error as a result file has it: "CODE:message:Field,Other --".
ServiceError upload_error(std::string_view text);

}  // namespace salesforce
