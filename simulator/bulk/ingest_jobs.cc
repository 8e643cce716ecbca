#include "simulator/bulk/ingest_jobs.h"

#include <algorithm>
#include <boost/json.hpp>

#include "simulator/bulk/multipart.h"
#include "simulator/bulk/results.h"
#include "simulator/http/answers.h"
#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator::bulk {
namespace {

namespace json = boost::json;

constexpr std::size_t most_multipart_characters = 100'000;
constexpr std::size_t jobs_per_list = 1'000;
constexpr std::chrono::hours open_for{24}, kept_for{7 * 24};
constexpr std::string_view job_prefix = "750";
constexpr std::array<std::string_view, 5> operations = {"insert", "update", "upsert", "delete", "hardDelete"};

std::unexpected<ApiError> invalid_job(std::string why) {
  return std::unexpected(job_error("INVALIDJOB", "InvalidJob : " + std::move(why)));
}

ApiError wrong_state(const Job& job, std::string_view wish) {
  return job_error("INVALIDJOBSTATE",
                   std::string{wish} + " is not allowed for a job that is " + std::string{name_of(job.state)});
}

}  // namespace

Reply IngestJobs::answer(const Call& call, std::span<const std::string> path) {
  std::unique_lock lock{mutex_};
  forget_old();
  if (path.empty()) {
    if (call.method == "POST") return create(call);
    if (call.method == "GET") return list(call);
    return refuse(method_not_allowed(call.method));
  }
  const auto found = jobs_.find(path[0]);
  if (found == jobs_.end() || path.size() > 2) return refuse(not_found_error);
  const JobPointer job = found->second;
  if (path.size() == 2) {
    if (path[1] == "batches")
      return call.method == "PUT" ? upload(call, call.body, *job) : refuse(method_not_allowed(call.method));
    return call.method == "GET" ? results(job, path[1]) : refuse(method_not_allowed(call.method));
  }
  if (call.method == "GET") return {200, json(*job, true)};
  if (call.method == "PATCH") return patch(call, *job);
  if (call.method == "DELETE") return remove(job->id);
  return refuse(method_not_allowed(call.method));
}

Reply IngestJobs::put(const Call& call, const std::string& id, std::string content) {
  const std::lock_guard lock{mutex_};
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? refuse(not_found_error) : upload(call, std::move(content), *found->second);
}

Reply IngestJobs::create(const Call& call) {
  std::string description = call.body, content;
  const bool is_multipart = call.header("content-type").starts_with("multipart/form-data");
  if (is_multipart) {
    auto parts = multipart_parts(call.header("content-type"), call.body);
    if (!parts) return refuse(parts.error());
    description = (*parts)["job"];
    content = std::move((*parts)["content"]);
    if (characters(content) > most_multipart_characters)
      return refuse(
          job_error("INVALIDJOB", "InvalidJob : The content of a multipart request may have 100000 characters"));
  }
  const auto asked = object_in(description);
  if (!asked) return refuse(bad_json_error);
  auto job = make(call, *asked);
  if (!job) return refuse(job.error());
  if (is_multipart) {
    if (auto put = put_content(std::move(content), **job); !put) return refuse(put.error());
    close(**job);
  }
  (*job)->id = id_text(job_prefix, ++last_number_);
  jobs_.emplace((*job)->id, *job);
  return {200, json(**job, false)};
}

Outcome<IngestJobs::JobPointer> IngestJobs::make(const Call& call, const json::object& asked) {
  auto job = std::make_shared<IngestJob>();
  job->operation = text_at(asked, "operation");
  if (std::ranges::find(operations, job->operation) == operations.end())
    return std::unexpected(job_error("INVALIDOPERATION", "InvalidOperation : Unknown operation: " + job->operation));
  if (job->operation == "hardDelete" && !options_.hard_delete)
    return std::unexpected(
        job_error("FEATURENOTENABLED",
                  "FeatureNotEnabled : hardDelete operation requires special user profile permission, "
                  "please contact your system administrator"));
  const std::string name = text_at(asked, "object");
  const Object* object = access_.org.schema().find(name);
  if (object == nullptr) return invalid_job("Unable to find object: " + name);
  job->object = object->name;
  job->key_field = text_at(asked, "externalIdFieldName");
  if (job->operation == "upsert") {
    if (job->key_field.empty())
      return invalid_job("External ID was blank for " + object->name +
                         ". An External ID must be specified for upsert.");
    const auto field = object->find(job->key_field);
    const bool identifies =
        field && (object->fields[*field].external_id || object->fields[*field].type == FieldType::id);
    if (!identifies)
      return invalid_job("Field name provided, " + job->key_field + " does not match an External ID for " +
                         object->name);
    job->key_field = object->fields[*field].name;
  } else if (!job->key_field.empty()) {
    return invalid_job("External ID is only allowed for upsert");
  }
  job->assignment_rule = text_at(asked, "assignmentRuleId");
  if (auto format = read_format(asked, *job); !format) return std::unexpected(std::move(format).error());
  job->version = call.version;
  job->created = job->modified = access_.org.clock().now();
  job->user = call.caller.user;
  job->created_by = access_.org.id_of({user, call.caller.user});
  return job;
}

Outcome<void> IngestJobs::put_content(std::string content, IngestJob& job) {
  if (content.size() > most_upload_bytes)
    return refusal(unconfirmed::bulk_too_large_status, std::string{unconfirmed::bulk_too_large_code},
                   "The upload is larger than 150 MB in base64: split it into several jobs");
  job.content = std::move(content);
  job.is_uploaded = true;
  return {};
}

Reply IngestJobs::upload(const Call& call, std::string content, IngestJob& job) {
  if (job.state != State::open) return refuse(wrong_state(job, "Uploading"));
  if (job.is_uploaded && unconfirmed::bulk_second_upload_is_refused)
    return refuse(job_error("INVALIDJOBSTATE", "The job has its data already; one upload a job"));
  if (!call.header("content-type").starts_with("text/csv"))
    return refuse({415, "UNSUPPORTED_MEDIA_TYPE", "An upload has Content-Type text/csv"});
  if (auto put = put_content(std::move(content), job); !put) return refuse(put.error());
  return {201, ""};
}

void IngestJobs::close(IngestJob& job) {
  job.state = State::upload_complete;
  job.modified = access_.org.clock().now();
  job.due = job.modified + options_.start_delay;
}

Reply IngestJobs::patch(const Call& call, IngestJob& job) {
  const auto asked = object_in(call.body);
  if (!asked) return refuse(bad_json_error);
  const std::string wish = text_at(*asked, "state");
  if (wish == "UploadComplete") {
    if (job.state != State::open) return refuse(wrong_state(job, "Closing"));
    if (!job.is_uploaded) return refuse(job_error("INVALIDJOBSTATE", "Closing is not allowed for a job without data"));
    close(job);
  } else if (wish == "Aborted") {
    if (job.is_over()) return refuse(wrong_state(job, "Aborting"));
    job.state = State::aborted;
    job.modified = access_.org.clock().now();
  } else {
    return refuse(job_error("INVALIDJOBSTATE", "A job can be set to UploadComplete or Aborted, not to " + wish));
  }
  return {200, json(job, false)};
}

Reply IngestJobs::remove(const std::string& id) {
  const Job& job = *jobs_.at(id);
  if (!job.is_over() && job.state != State::upload_complete) return refuse(wrong_state(job, "Deleting"));
  jobs_.erase(id);
  return {204, ""};
}

Reply IngestJobs::results(const JobPointer& job, std::string_view which) const {
  const bool known = which == "successfulResults" || which == "failedResults" || which == "unprocessedrecords";
  if (!known) return refuse(not_found_error);
  // While the last batch of an aborted job is being written, its outcomes are not to be read.
  if (!job->is_over() || job->is_being_worked)
    return refuse(job_error(unconfirmed::bulk_early_results_code, "Results are not there before the job is over"));
  if (which == "successfulResults") return successful_results(access_.org, job);
  if (which == "failedResults") return failed_results(access_.org, job);
  return unprocessed_records(job);
}

Reply IngestJobs::list(const Call& call) const {
  std::vector<std::string> page;
  const std::string after = parameter(call.query, "queryLocator");
  std::string next;
  for (auto job = jobs_.upper_bound(after); job != jobs_.end(); ++job) {
    if (page.size() == jobs_per_list) {
      next = call.root + "/jobs/ingest?queryLocator=" + std::prev(job)->first;
      break;
    }
    page.push_back(json(*job->second, false));
  }
  return {200, list_page(page, next)};
}

std::string IngestJobs::json(const IngestJob& job, bool in_full) const {
  std::string out = common_members(job, "V2Ingest", in_full);
  if (!job.key_field.empty()) append_member(out, "externalIdFieldName", job.key_field);
  if (!job.assignment_rule.empty()) append_member(out, "assignmentRuleId", job.assignment_rule);
  if (job.state == State::open)
    append_member(out, "contentUrl", "services/data/v" + job.version + "/jobs/ingest/" + job.id + "/batches");
  if (in_full)
    out += ",\"numberRecordsFailed\":" + std::to_string(job.failed) +
           ",\"apiActiveProcessingTime\":0,\"apexProcessingTime\":0";
  return out + "}";
}

void IngestJobs::forget_old() {
  const base::Utc now = access_.org.clock().now();
  std::erase_if(jobs_, [&](const auto& entry) {
    IngestJob& job = *entry.second;
    if (job.state == State::open && now - job.created >= open_for) job.state = State::aborted;
    return job.is_over() && !job.is_being_worked && now - job.modified >= kept_for;
  });
}

bool IngestJobs::work() {
  JobPointer job;
  {
    const std::lock_guard lock{mutex_};
    const base::Utc now = access_.org.clock().now();
    job = begin_next(jobs_, now);
    if (!job) return false;
  }
  do_batch(*job);
  return true;
}

/// One batch of a job that nobody else works on.
void IngestJobs::do_batch(IngestJob& job) {
  Outcome<void> done;
  if (!limits_.spend(daily_batches_limit)) {
    done = refusal(400, "ExceededQuota", "ApiBatchItems Limit exceeded.");
  } else {
    const std::lock_guard lock{access_.mutex};
    const Object& object = *access_.org.schema().find(job.object);
    if (!job.upload) {
      auto begun = Upload::begin(access_.org, object, job.operation, job.key_field, job.dialect, job.content,
                                 Caller{.user = job.user});
      if (begun) {
        job.upload = std::make_unique<Upload>(*std::move(begun));
      } else {
        done = std::unexpected(std::move(begun).error());
      }
    }
    const std::string path = "/services/data/v" + job.version + "/jobs/ingest/" + job.id;
    const Misfortune misfortune = faults_.decide("BATCH", path, job.operation + " " + job.object);
    if (done && misfortune.fail_job)
      done = refusal(400, "TooManyLockFailure", "Too many lock failure (200)");
    if (done)
      done = job.upload->write_batch(access_.org, options_.rows_per_batch, [&] { return faults_.row(misfortune); });
  }
  const std::lock_guard lock{mutex_};
  job.is_being_worked = false;
  job.modified = access_.org.clock().now();
  if (job.upload) {
    job.processed = static_cast<std::int64_t>(job.upload->outcomes().size());
    job.failed = job.upload->failed();
  }
  if (job.state != State::in_progress) return;  // aborted meanwhile
  if (!done) {
    job.state = State::failed;
    job.error_message = done.error().code + " : " + done.error().message;
  } else if (job.upload->is_done()) {
    job.state = State::job_complete;
  } else {
    job.due += options_.batch_time;
  }
}

}  // namespace simulator::bulk
