#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "salesforce/rest_client.h"

namespace salesforce {

/// A Bulk job as the org describes it. Source: Bulk API 2.0 Developer Guide, "Get Information About a Job".
struct JobStatus {
  enum class State { open, upload_complete, in_progress, job_complete, failed, aborted };
  std::string id;
  State state = State::open;
  std::int64_t processed = 0, failed = 0;
  std::string error_message;  ///< "InvalidBatch : Field name not found : Foo__c"

  bool is_over() const { return state == State::job_complete || state == State::failed || state == State::aborted; }
};

/// Reads a job object. `malformed` for anything else.
base::Result<JobStatus> read_job(JsonReader& reader, std::string& body);

/// Why a job failed as a whole, in the kinds the core acts on.
base::Error job_error(const JobStatus& job, const Doing& doing);

/// How long to wait before the job is looked at for the `attempt`-th time, from 1: soon at first, then rarely, since
/// each look is a call.
std::chrono::milliseconds wait_for_job(int attempt);

/// The calls that all Bulk jobs have in common.
class BulkJobs {
 public:
  /// `kind` is "ingest" or "query".
  BulkJobs(RestClient& client, std::string_view kind) : client_(client), root_("jobs/" + std::string{kind}) {}

  std::string path(std::string_view tail) const { return client_.path(root_ + std::string{tail}); }

  /// `as_of`, if given, takes the org's clock.
  base::Result<JobStatus> create(std::string body, const Doing& doing, base::Utc* as_of = nullptr);
  base::Result<JobStatus> status(const std::string& job, const Doing& doing);
  /// To "UploadComplete" or "Aborted".
  base::Result<JobStatus> set_state(const std::string& job, std::string_view state, const Doing& doing);

 private:
  base::Result<JobStatus> ask(std::string_view method, const std::string& path, std::string body, const Doing& doing,
                              base::Utc* as_of = nullptr);

  RestClient& client_;
  const std::string root_;
};

}  // namespace salesforce
