#pragma once

#include <map>
#include <memory>
#include <span>

#include "simulator/bulk/extract.h"
#include "simulator/bulk/job.h"
#include "simulator/bulk/options.h"
#include "simulator/http/limits.h"

namespace simulator::bulk {

struct QueryJob : Job {
  std::string statement;
  std::unique_ptr<Extract> extract;  ///< Touched by the one who works, and by readers once the job is over.
};

/// jobs/query: queries whose results are kept, to be fetched page by page. Like IngestJobs otherwise.
class QueryJobs {
 public:
  QueryJobs(OrgAccess access, Limits& limits, Faults& faults, std::mutex& mutex, const Options& options)
      : access_(access), limits_(limits), faults_(faults), mutex_(mutex), options_(options) {}

  /// `path` is what stands behind "jobs/query".
  Reply answer(const Call& call, std::span<const std::string> path);
  bool work();

 private:
  using JobPointer = std::shared_ptr<QueryJob>;
  Reply create(const Call& call);
  Reply list(const Call& call) const;
  Reply abort(const Call& call, QueryJob& job);
  Reply remove(const std::string& id);
  Reply results(const Call& call, const JobPointer& job) const;
  Reply result_pages(const Call& call, const QueryJob& job) const;
  std::optional<ApiError> not_readable(const Call& call, const QueryJob& job) const;
  void do_batch(QueryJob& job);
  void forget_old();
  std::string json(const QueryJob& job, bool in_full) const;

  const OrgAccess access_;
  Limits& limits_;
  Faults& faults_;
  std::mutex& mutex_;
  const Options options_;
  std::map<std::string, JobPointer, std::less<>> jobs_;
  std::uint64_t last_number_ = 0;
};

constexpr std::string_view daily_query_jobs_limit = "DailyBulkV2QueryJobs";

}  // namespace simulator::bulk
