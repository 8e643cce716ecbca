#include "salesforce/bulk_ingest.h"

#include <algorithm>

#include "core/budget.h"
#include "gzip/gzip.h"
#include "salesforce/csv_sink.h"

namespace salesforce {
namespace {

using base::ErrorKind;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr minutes patience{10};         ///< With a job of our own.
constexpr minutes earlier_patience{2};  ///< With a job of an earlier run; then that run's successor comes again later.
constexpr int result_attempts = 4;

/// The job was never closed, so whatever became of the call, no record was written.
base::Error not_done(base::Error error) {
  if (error.kind == ErrorKind::unknown_fate) error.kind = ErrorKind::unreachable;
  return error;
}

/// Kinds after which asking the same again may help.
bool may_pass(ErrorKind kind) {
  return kind == ErrorKind::unreachable || kind == ErrorKind::unknown_fate || kind == ErrorKind::throttled ||
         kind == ErrorKind::malformed;
}

base::Error stopped() {
  return {ErrorKind::cancelled, "Stopped while a Bulk job was being waited for. It is looked after in the next run."};
}

}  // namespace

base::Result<void> BulkIngest::finish_earlier() {
  if (!earlier_) {
    ASSIGN_OR_RETURN(const auto jobs, access_.journal->jobs());
    earlier_.emplace(jobs.begin(), jobs.end());
  }
  const Doing doing{.what = "finish an earlier Bulk job"};
  while (!earlier_->empty()) {
    const std::string job = *earlier_->begin();
    auto status = jobs_.status(job, doing);
    if (status && status->state == JobStatus::State::open) {
      status = jobs_.set_state(job, "Aborted", doing);
    } else if (status && !status->is_over()) {
      status = wait_until_over(job, earlier_patience, doing);
    }
    // The org forgets jobs after a week; a job it does not know writes nothing any more.
    const bool is_gone = !status && status.error().kind == ErrorKind::precondition;
    if (!status && !is_gone) return std::unexpected(std::move(status).error());
    if (status && !status->is_over())
      return std::unexpected(
          base::Error{ErrorKind::throttled,
                      "A Bulk job of an earlier run (" + job +
                          ") is still being worked off by Salesforce. Its records are looked at when it is over.",
                      "BULK_JOB_IN_PROGRESS", std::chrono::seconds{61}});
    forget(job);
  }
  return {};
}

base::Result<std::vector<BulkIngest::RowResult>> BulkIngest::write(const model::Mapping& mapping,
                                                                   std::span<const core::OrgWrite> writes,
                                                                   const Upload& upload, const Doing& doing,
                                                                   std::string& job) {
  job.clear();
  ASSIGN_OR_RETURN(job, begin(mapping, upload, doing));
  if (auto sent = send_rows(job, upload.csv, doing); !sent) {
    abandon(job, doing);
    return std::unexpected(not_done(std::move(sent).error()));
  }
  const std::size_t rows = upload.writes.size();
  if (auto closed = close(job, doing); !closed) {
    if (closed.error().kind != ErrorKind::unknown_fate) {
      abandon(job, doing);
      return std::unexpected(std::move(closed).error());
    }
    return std::vector<RowResult>(rows, std::unexpected(closed.error()));
  }
  const auto status = wait_until_over(job, patience, doing);
  if (!status || !status->is_over()) {
    base::Error error = status ? base::Error{ErrorKind::unknown_fate,
                                             "Salesforce has not worked off a Bulk job in time. Its records are looked "
                                             "at when it is over."}
                               : status.error();
    if (error.kind == ErrorKind::cancelled) return std::unexpected(std::move(error));
    error.kind = ErrorKind::unknown_fate;
    error.service_code.clear();  // It belongs to the question about the job, and not to its records.
    return std::vector<RowResult>(rows, std::unexpected(std::move(error)));
  }
  forget(job);
  UploadResults results{mapping, writes, upload, doing};
  const auto read = read_results(*status, results, doing);
  if (refused_) return std::unexpected(job_error(*status, doing));
  std::vector<RowResult> out;
  out.reserve(rows);
  for (const auto& row : results.rows())
    out.push_back(
        row ? *row
            : base::failure(ErrorKind::unknown_fate,
                            "A Bulk job is over, and what became of this record is not known: " +
                                (read ? std::string{"it is in none of the result files"} : read.error().message)));
  return out;
}

/// Makes the job and enters it into the journal.
base::Result<std::string> BulkIngest::begin(const model::Mapping& mapping, const Upload& upload, const Doing& doing) {
  std::string body = "{\"object\":\"" + mapping.object + "\",\"contentType\":\"CSV\",\"lineEnding\":\"LF\",";
  body += upload.creates ? "\"operation\":\"upsert\",\"externalIdFieldName\":\"" + mapping.upsert_field + "\"}"
                         : "\"operation\":\"update\"}";
  auto job = jobs_.create(std::move(body), doing);
  if (!job) {
    const base::Error& error = job.error();
    refused_ = !may_pass(error.kind) && error.kind != ErrorKind::unauthorized && error.kind != ErrorKind::cancelled;
    return std::unexpected(not_done(std::move(job).error()));
  }
  if (!earlier_) earlier_.emplace();
  if (auto added = access_.journal->add(job->id); !added) {
    abandon(job->id, doing);
    return std::unexpected(std::move(added).error());
  }
  earlier_->insert(job->id);
  return std::move(job->id);
}

base::Result<void> BulkIngest::send_rows(const std::string& job, const std::string& csv, const Doing& doing) {
  const auto put = [&](bool packed) {
    Request request{.method = "PUT",
                    .url = jobs_.path("/" + job + "/batches"),
                    .headers = {{"Content-Type", "text/csv; charset=UTF-8"}, {"Accept", "application/json"}},
                    .body = packed ? gzip::packed(csv) : csv};
    if (packed) request.headers.push_back({"Content-Encoding", "gzip"});
    return client_.exchange(client_.transport(), std::move(request), doing);
  };
  auto sent = put(sends_packed_);
  // Nobody says for certain that an upload may be packed. What was refused was not taken.
  const bool was_refused = !sent && !may_pass(sent.error().kind) && sent.error().kind != ErrorKind::cancelled;
  if (sends_packed_ && was_refused) {
    sends_packed_ = false;
    sent = put(false);
  }
  if (!sent) return std::unexpected(std::move(sent).error());
  return {};
}

/// `unknown_fate` if the job may be closed. After any other error it is certainly open.
base::Result<void> BulkIngest::close(const std::string& job, const Doing& doing) {
  for (int attempt = 1;; ++attempt) {
    auto closed = jobs_.set_state(job, "UploadComplete", doing);
    if (closed) return {};
    const ErrorKind kind = closed.error().kind;
    if (kind == ErrorKind::unreachable || kind == ErrorKind::throttled || kind == ErrorKind::unauthorized ||
        kind == ErrorKind::cancelled)
      return std::unexpected(std::move(closed).error());
    // A refusal too may be of a second call, the first of which closed the job and lost its answer.
    const auto status = jobs_.status(job, doing);
    if (!status) {
      base::Error error = status.error();
      error.kind = ErrorKind::unknown_fate;
      error.service_code.clear();
      return std::unexpected(std::move(error));
    }
    if (status->state != JobStatus::State::open) return {};
    if (attempt == 2 || !may_pass(kind)) return std::unexpected(not_done(std::move(closed).error()));
  }
}

base::Result<JobStatus> BulkIngest::wait_until_over(const std::string& job, milliseconds at_most, const Doing& doing) {
  milliseconds waited{0};
  for (int attempt = 1;; ++attempt) {
    const milliseconds pause = wait_for_job(attempt);
    if (!access_.wait(pause)) return std::unexpected(stopped());
    waited += pause;
    auto status = jobs_.status(job, doing);
    // Without budget there is no use in looking on; the job is in the journal.
    if (!status && (!may_pass(status.error().kind) || status.error().service_code == core::budget_exhausted))
      return status;
    if ((status && status->is_over()) || waited >= at_most) return status;
  }
}

base::Result<void> BulkIngest::read_results(const JobStatus& job, UploadResults& results, const Doing& doing) {
  const auto rows = static_cast<std::int64_t>(results.rows().size());
  const bool is_complete = job.state == JobStatus::State::job_complete && job.processed == rows;
  // The files cost a call each: only those that tell something new.
  if (is_complete && job.failed == 0 && !results.needs_ids()) {
    results.all_done();
    return {};
  }
  using File = UploadResults::File;
  if (job.failed < job.processed || !is_complete) RETURN_IF_ERROR(read_file(job, File::successful, results, doing));
  if (job.failed > 0 || !is_complete) RETURN_IF_ERROR(read_file(job, File::failed, results, doing));
  if (!results.is_complete()) RETURN_IF_ERROR(read_file(job, File::unprocessed, results, doing));
  // Failed by its header or by the org's own fault: other ways may do, and say more about the rows.
  if (job.state == JobStatus::State::failed && job.processed == 0) {
    refused_ = std::ranges::none_of(results.rows(), [](const auto& row) { return row && row->has_value(); });
    results.none_done(job_error(job, doing));
  }
  return {};
}

base::Result<void> BulkIngest::read_file(const JobStatus& job, UploadResults::File file, UploadResults& results,
                                         const Doing& doing) {
  const char* name = file == UploadResults::File::successful ? "/successfulResults/"
                     : file == UploadResults::File::failed   ? "/failedResults/"
                                                             : "/unprocessedrecords/";
  for (int attempt = 1;; ++attempt) {
    CsvSink sink{[&](const csv::Row& row) { return results.read(file, row); }};
    const auto sent = client_.exchange(client_.transport(),
                                       {.method = "GET",
                                        .url = jobs_.path("/" + job.id + name),
                                        .headers = {{"Accept", "text/csv"}},
                                        .body = {},
                                        .sink = &sink},
                                       {.what = doing.what});
    auto read = sink.finish(sent);
    if (read || attempt == result_attempts || !may_pass(read.error().kind)) return read;
    if (!access_.wait(wait_for_job(attempt))) return std::unexpected(stopped());
  }
}

/// Gives up a job that was not closed. It stays in the journal if that could not be said to the org.
void BulkIngest::abandon(const std::string& job, const Doing& doing) {
  if (jobs_.set_state(job, "Aborted", doing)) forget(job);
}

/// A job that stays in the journal is looked at once more, no harm.
void BulkIngest::forget(const std::string& job) {
  if (earlier_) earlier_->erase(job);
  (void)access_.journal->remove(job);
}

}  // namespace salesforce
