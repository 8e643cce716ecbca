#pragma once

#include <mutex>

#include "simulator/bulk/ingest_jobs.h"
#include "simulator/bulk/query_jobs.h"

namespace simulator::bulk {

/// Bulk API 2.0: "jobs/ingest" and "jobs/query". Mount it at "jobs/**".
///
/// Jobs go on as the org's clock does: what is due is done by work_off(), which whoever owns the org calls, from a
/// thread or before each call. Nothing here has a thread of its own. May be used from several threads.
/// Source: Bulk API 2.0 and Bulk API Developer Guide.
class Bulk final : public Resource {
 public:
  Bulk(OrgAccess access, Limits& limits, Faults& faults, const Options& options = {});

  Reply answer(const Call& call) override;
  bool guards_itself() const override { return true; }
  bool takes_json() const override { return false; }  // Nor refuses it: uploads are CSV or multipart.
  bool takes_stream(const Call& call) const override;
  std::unique_ptr<BodySink> receive(const Call& call) override;
  std::string kind(const Call& call) const override;

  /// Does all batches whose time has come, one at a time, each with the org to itself.
  void work_off();

 private:
  class UploadSink;
  std::mutex working_;  ///< One at a time works.
  std::mutex mutex_;    ///< Guards the jobs of both kinds.
  IngestJobs ingest_;
  QueryJobs query_;
};

}  // namespace simulator::bulk
