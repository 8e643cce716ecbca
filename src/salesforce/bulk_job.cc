#include "salesforce/bulk_job.h"

#include <algorithm>
#include <array>

namespace salesforce {
namespace {

using base::ErrorKind;
using State = JobStatus::State;

constexpr std::array<std::pair<std::string_view, State>, 6> states = {{{"Open", State::open},
                                                                       {"UploadComplete", State::upload_complete},
                                                                       {"InProgress", State::in_progress},
                                                                       {"JobComplete", State::job_complete},
                                                                       {"Failed", State::failed},
                                                                       {"Aborted", State::aborted}}};

std::int64_t number_at(JsonObject& object, std::string_view key) {
  std::int64_t number = 0;
  return object.find_field_unordered(key).get_int64().get(number) ? 0 : number;
}

}  // namespace

base::Result<JobStatus> read_job(JsonReader& reader, std::string& body) {
  const auto broken = [] {
    return base::failure(
        ErrorKind::malformed,
        "Salesforce's answer about a Bulk job could not be read: it is cut short or has another form.");
  };
  JsonObject object;
  if (!reader.open_whole(body) || reader.root().get_object().get(object)) return broken();
  JobStatus job;
  job.id = text_at(object, "id");
  const std::string_view state = text_at(object, "state");
  const auto found = std::ranges::find(states, state, &std::pair<std::string_view, State>::first);
  if (job.id.empty() || found == states.end()) return broken();
  job.state = found->second;
  job.processed = number_at(object, "numberRecordsProcessed");
  job.failed = number_at(object, "numberRecordsFailed");
  job.error_message = text_at(object, "errorMessage");
  return job;
}

base::Error job_error(const JobStatus& job, const Doing& doing) {
  const std::string_view text = job.error_message;
  const std::string code{text.substr(0, std::min(text.find(' '), text.size()))};
  base::Error error{ErrorKind::unreachable, {}, code};
  std::string_view remedy = "It is tried again by itself.";
  if (job.state == State::aborted) {
    remedy = "Somebody aborted the job. It is tried again by itself.";
  } else if (code == "InvalidBatch" || code == "ClientInputError" || code == "InvalidJob") {
    error.kind = ErrorKind::settings;
    remedy = "Compare the mapping with the object in Salesforce Setup.";
  } else if (code == "ExceededQuota") {
    error.kind = ErrorKind::throttled;
    error.retry_after = std::chrono::seconds{900};
    remedy = "The Bulk batches of the last 24 hours are used up. It goes on when some come back.";
  } else if (code == "TooManyLockFailure") {
    error.kind = ErrorKind::throttled;
    error.retry_after = std::chrono::seconds{10};
    remedy = "Others were writing the same records or their parents. It is tried again by itself.";
  }
  error.message = "Salesforce's Bulk job to " + std::string{doing.what} + " (" + job.id + ") ended without being done";
  // What the org says of a job names columns and limits, no values.
  if (!text.empty()) error.message += ": " + std::string{text.substr(0, 300)};
  (error.message += ". ") += remedy;
  return error;
}

std::chrono::milliseconds wait_for_job(int attempt) {
  constexpr std::array<int, 6> seconds = {1, 1, 2, 4, 8, 15};
  return std::chrono::seconds{seconds[static_cast<std::size_t>(std::clamp(attempt, 1, 6) - 1)]};
}

base::Result<JobStatus> BulkJobs::ask(std::string_view method, const std::string& path, std::string body,
                                      const Doing& doing, base::Utc* as_of) {
  ASSIGN_OR_RETURN(Answer answer, client_.call(method, path, std::move(body), doing));
  if (as_of != nullptr) {
    ASSIGN_OR_RETURN(*as_of, date_of(answer));
  }
  return read_job(client_.reader(), answer.body);
}

base::Result<JobStatus> BulkJobs::create(std::string body, const Doing& doing, base::Utc* as_of) {
  return ask("POST", path(""), std::move(body), doing, as_of);
}

base::Result<JobStatus> BulkJobs::status(const std::string& job, const Doing& doing) {
  return ask("GET", path("/" + job), {}, {.what = doing.what, .backfill = doing.backfill});
}

base::Result<JobStatus> BulkJobs::set_state(const std::string& job, std::string_view state, const Doing& doing) {
  return ask("PATCH", path("/" + job), "{\"state\":\"" + std::string{state} + "\"}", doing);
}

}  // namespace salesforce
