#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/ports/org.h"
#include "salesforce/bulk_access.h"
#include "salesforce/bulk_job.h"
#include "salesforce/bulk_upload.h"

namespace salesforce {

/// Writes by Bulk API 2.0 ingest jobs.
///
/// A job is in the journal before anything is uploaded and until it is over: after a crash, or when the org takes too
/// long, finish_earlier() waits for it before records are looked at again. So a look never comes before an effect of
/// ours that is still on its way.
class BulkIngest {
 public:
  using RowResult = base::Result<model::RecordId>;

  /// Both borrowed.
  BulkIngest(RestClient& client, const BulkAccess& access)
      : client_(client), access_(access), jobs_(client, "ingest") {}

  /// Waits for the jobs of earlier writes, and aborts those that were never closed. `throttled` when one is not over
  /// in time. Costs nothing when there are none.
  base::Result<void> finish_earlier();

  /// One job. One result a row, in the order of the upload; the error means that nothing was written. `job`: its id,
  /// as soon as there is one.
  base::Result<std::vector<RowResult>> write(const model::Mapping& mapping, std::span<const core::OrgWrite> writes,
                                             const Upload& upload, const Doing& doing, std::string& job);

  /// Whether the org has refused to have jobs at all, or has failed at one without a record done: nothing more need be
  /// tried.
  bool is_refused() const { return refused_; }

 private:
  base::Result<std::string> begin(const model::Mapping& mapping, const Upload& upload, const Doing& doing);
  base::Result<void> send_rows(const std::string& job, const std::string& csv, const Doing& doing);
  base::Result<void> close(const std::string& job, const Doing& doing);
  base::Result<JobStatus> wait_until_over(const std::string& job, std::chrono::milliseconds at_most,
                                          const Doing& doing);
  base::Result<void> read_results(const JobStatus& job, UploadResults& results, const Doing& doing);
  base::Result<void> read_file(const JobStatus& job, UploadResults::File file, UploadResults& results,
                               const Doing& doing);
  void abandon(const std::string& job, const Doing& doing);
  void forget(const std::string& job);

  RestClient& client_;
  const BulkAccess& access_;
  BulkJobs jobs_;
  bool refused_ = false;
  bool sends_packed_ = true;
  std::optional<std::set<std::string>> earlier_;  ///< The journal, once it was read.
};

}  // namespace salesforce
