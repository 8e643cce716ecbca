#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "csv/dialect.h"
#include "simulator/http/resource.h"

namespace simulator::bulk {

enum class State { open, upload_complete, in_progress, job_complete, failed, aborted };
std::string_view name_of(State state);  ///< "UploadComplete"

/// What ingest and query jobs have in common, guarded by the mutex of the jobs.
struct Job {
  std::string id;  ///< "750…"
  std::string operation, object;
  State state = State::open;
  std::string version;     ///< "66.0" of the call that made it.
  std::uint16_t user = 0;  ///< Who made it …
  std::string created_by;  ///< … and that user's id.
  base::Utc created{}, modified{};
  std::string delimiter_name = "COMMA", line_ending_name = "LF";
  csv::Dialect dialect;
  std::string error_message;
  std::int64_t processed = 0, failed = 0;
  base::Utc due{};  ///< When its next batch is to be done.
  bool is_being_worked = false;

  bool is_over() const { return state == State::job_complete || state == State::failed || state == State::aborted; }
  bool is_running() const { return state == State::upload_complete || state == State::in_progress; }
};

/// Reads contentType, columnDelimiter and lineEnding of a request to create a job.
Outcome<void> read_format(const boost::json::object& asked, Job& job);

/// The job as JSON without its closing brace, so that each kind can add its own members. `in_full` with the counters,
/// as a GET of the one job answers.
std::string common_members(const Job& job, std::string_view job_type, bool in_full);

/// Like json::serialize for one member: `,"name":"value"`.
void append_member(std::string& out, std::string_view name, std::string_view text);

/// Salesforce spells a job's errors in capitals: INVALIDJOBSTATE. 400.
ApiError job_error(std::string_view code, std::string message);

/// The jobs of one kind as a page of a list.
std::string list_page(const std::vector<std::string>& jobs, const std::string& next_url);

/// Of the jobs whose next batch is due the one that has waited longest, now in progress and worked on by the caller;
/// null when there is none. Called under the jobs' lock.
template <class Jobs>
typename Jobs::mapped_type begin_next(const Jobs& jobs, base::Utc now) {
  typename Jobs::mapped_type next;
  for (const auto& [id, job] : jobs)
    if (job->is_running() && job->due <= now && (!next || job->due < next->due)) next = job;
  if (next) {
    next->state = State::in_progress;
    next->is_being_worked = true;
  }
  return next;
}

}  // namespace simulator::bulk
