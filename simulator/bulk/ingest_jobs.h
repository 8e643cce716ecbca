#pragma once

#include <map>
#include <memory>
#include <span>

#include "simulator/bulk/job.h"
#include "simulator/bulk/options.h"
#include "simulator/bulk/upload.h"
#include "simulator/http/limits.h"

namespace simulator::bulk {

struct IngestJob : Job {
  std::string key_field;  ///< Of an upsert.
  std::string assignment_rule;
  bool is_uploaded = false;
  std::string content;             ///< The upload. Never changes once it is there.
  std::unique_ptr<Upload> upload;  ///< While and after it runs; touched by the one who works, and by readers once over.
};

/// jobs/ingest: uploads of records to write, and what became of each.
///
/// The jobs and their states are guarded by the mutex that is handed in. A job whose time has come is worked off by
/// work(), a batch at a time.
class IngestJobs {
 public:
  IngestJobs(OrgAccess access, Limits& limits, Faults& faults, std::mutex& mutex, const Options& options)
      : access_(access), limits_(limits), faults_(faults), mutex_(mutex), options_(options) {}

  /// `path` is what stands behind "jobs/ingest".
  Reply answer(const Call& call, std::span<const std::string> path);

  /// The upload of a job, collected elsewhere.
  Reply put(const Call& call, const std::string& id, std::string content);

  /// Does one batch of the first job that is due. False: none was.
  bool work();

 private:
  using JobPointer = std::shared_ptr<IngestJob>;
  Reply create(const Call& call);
  Reply list(const Call& call) const;
  Reply upload(const Call& call, std::string content, IngestJob& job);
  Reply patch(const Call& call, IngestJob& job);
  Reply remove(const std::string& id);
  Reply results(const JobPointer& job, std::string_view which) const;
  Outcome<JobPointer> make(const Call& call, const boost::json::object& asked);
  Outcome<void> put_content(std::string content, IngestJob& job);
  void close(IngestJob& job);
  void do_batch(IngestJob& job);
  void forget_old();
  std::string json(const IngestJob& job, bool in_full) const;

  const OrgAccess access_;
  Limits& limits_;
  Faults& faults_;
  std::mutex& mutex_;
  const Options options_;
  std::map<std::string, JobPointer, std::less<>> jobs_;
  std::uint64_t last_number_ = 0;
};

/// 150 MB in base64, the limit that Salesforce names.
constexpr std::size_t most_upload_bytes = 150'000'000 / 4 * 3;
constexpr std::string_view daily_batches_limit = "DailyBulkApiBatches";

}  // namespace simulator::bulk
