#include "simulator/bulk/query_jobs.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <limits>

#include "simulator/bulk/locator.h"
#include "simulator/http/answers.h"
#include "simulator/org/unconfirmed.h"

namespace simulator::bulk {
namespace {

constexpr std::size_t jobs_per_list = 1'000, pages_at_once = 5;
constexpr std::chrono::hours kept_for{7 * 24};
constexpr std::string_view job_prefix = "750";
constexpr std::size_t stream_bytes = 256 * 1024;

}  // namespace

Reply QueryJobs::answer(const Call& call, std::span<const std::string> path) {
  if (path.empty() && call.method == "POST") return create(call);
  const std::lock_guard lock{mutex_};
  forget_old();
  if (path.empty()) return call.method == "GET" ? list(call) : refuse(method_not_allowed(call.method));
  const auto found = jobs_.find(path[0]);
  if (found == jobs_.end() || path.size() > 2) return refuse(not_found_error);
  const JobPointer job = found->second;
  if (path.size() == 2) {
    if (call.method != "GET") return refuse(method_not_allowed(call.method));
    if (path[1] == "results") return results(call, job);
    // The org's own next URL spells it without the capital.
    if (path[1] == "resultPages" || path[1] == "resultpages") return result_pages(call, *job);
    return refuse(not_found_error);
  }
  if (call.method == "GET") return {200, json(*job, true)};
  if (call.method == "PATCH") return abort(call, *job);
  if (call.method == "DELETE") return remove(job->id);
  return refuse(method_not_allowed(call.method));
}

Reply QueryJobs::create(const Call& call) {
  const auto asked = object_in(call.body);
  if (!asked) return refuse(bad_json_error);
  auto job = std::make_shared<QueryJob>();
  job->operation = text_at(*asked, "operation");
  if (job->operation != "query" && job->operation != "queryAll")
    return refuse(job_error("INVALIDOPERATION", "InvalidOperation : Unknown operation: " + job->operation));
  if (auto format = read_format(*asked, *job); !format) return refuse(format.error());
  job->statement = text_at(*asked, "query");
  {
    const std::lock_guard lock{access_.mutex};
    auto rows = RowSet::make(access_.org.world(), access_.org.asking({.user = call.caller.user}),
                             job->statement, job->operation == "queryAll");
    if (!rows) return refuse(rows.error());
    job->object = rows->object().name;
    job->extract = std::make_unique<Extract>(*std::move(rows), job->dialect);
    job->created_by = access_.org.id_of({user, call.caller.user});
  }
  if (!limits_.spend(daily_query_jobs_limit))
    return refuse(job_error("EXCEEDEDQUOTA", "ExceededQuota : The query jobs of the last 24 hours are used up"));
  const std::lock_guard lock{mutex_};
  job->version = call.version;
  job->created = job->modified = access_.org.clock().now();
  job->state = State::upload_complete;
  job->due = job->created + options_.start_delay;
  // Apart from ingest jobs, whose ids begin alike.
  job->id = id_text(job_prefix, (std::uint64_t{1} << 32) + ++last_number_);
  jobs_.emplace(job->id, job);
  return {200, json(*job, false)};
}

Reply QueryJobs::abort(const Call& call, QueryJob& job) {
  const auto asked = object_in(call.body);
  if (!asked) return refuse(bad_json_error);
  if (text_at(*asked, "state") != "Aborted")
    return refuse(job_error("INVALIDJOBSTATE", "A query job can only be set to Aborted"));
  if (job.is_over()) return refuse(job_error("INVALIDJOBSTATE", "Aborting already Completed Job not allowed"));
  job.state = State::aborted;
  job.modified = access_.org.clock().now();
  return {200, json(job, false)};
}

Reply QueryJobs::remove(const std::string& id) {
  if (!jobs_.at(id)->is_over())
    return refuse({400, "API_ERROR", "Error encountered when deleting the job because the job is not terminated"});
  jobs_.erase(id);
  return {204, ""};
}

/// Why the results of the job cannot be read, if so.
std::optional<ApiError> QueryJobs::not_readable(const Call& call, const QueryJob& job) const {
  if (job.state != State::job_complete)
    return job_error(unconfirmed::bulk_early_results_code, "Results are not there before the job is complete");
  if (call.version != job.version)
    return ApiError{409, std::string{unconfirmed::bulk_other_version_code},
                    "The job was created with API version " + job.version + ", and its results are read with the same"};
  return std::nullopt;
}

Reply QueryJobs::results(const Call& call, const JobPointer& job) const {
  if (const auto refused = not_readable(call, *job)) return refuse(*refused);
  std::uint64_t first = 0, count = options_.rows_per_page;
  if (const std::string locator = parameter(call.query, "locator"); !locator.empty()) {
    const auto place = row_of_locator(locator);
    if (!place || *place >= job->extract->rows())
      return refuse({400, "INVALID_QUERY_LOCATOR", std::string{unconfirmed::bad_locator_text}});
    first = *place;
  }
  if (const std::string most = parameter(call.query, "maxRecords"); !most.empty()) {
    if (std::from_chars(most.data(), most.data() + most.size(), count).ec != std::errc{} || count == 0)
      return refuse({400, "INVALID_REQUEST", "maxRecords is a number from 1 on"});
  }
  const std::uint64_t rows = std::min(count, job->extract->rows() - first);
  const bool more = first + rows < job->extract->rows();
  Reply reply;
  reply.content_type = "text/csv";
  reply.headers = {{"Sforce-NumberOfRecords", std::to_string(rows)},
                   {"Sforce-Locator", more ? locator_of_row(first + rows) : "null"}};
  reply.stream = [job, pages = Extract::Pages{*job->extract, first, rows}](std::string& chunk) mutable {
    while (chunk.size() < stream_bytes)
      if (!pages.next(chunk)) return false;
    return true;
  };
  return reply;
}

Reply QueryJobs::result_pages(const Call& call, const QueryJob& job) const {
  if (const auto refused = not_readable(call, job)) return refuse(*refused);
  std::uint64_t row = 0;
  if (const std::string locator = parameter(call.query, "locator"); !locator.empty()) {
    const auto place = row_of_locator(locator);
    if (!place) return refuse({400, "INVALID_QUERY_LOCATOR", std::string{unconfirmed::bad_locator_text}});
    row = *place;
  }
  const std::string base = call.root + "/jobs/query/" + job.id;
  boost::json::array pages;
  do {
    // The first page has a locator too, so that all look alike.
    pages.push_back(boost::json::object{{"resultUrl", base + "/results?locator=" + locator_of_row(row)}});
    row += options_.rows_per_page;
  } while (pages.size() < pages_at_once && row < job.extract->rows());
  const bool done = row >= job.extract->rows();
  boost::json::object answer{{"resultPages", std::move(pages)}};
  if (!done) answer["nextRecordsUrl"] = base + "/resultPages?locator=" + locator_of_row(row);
  answer["done"] = done;
  return {200, boost::json::serialize(answer)};
}

Reply QueryJobs::list(const Call& call) const {
  std::vector<std::string> page;
  const std::string after = parameter(call.query, "queryLocator");
  std::string next;
  for (auto job = jobs_.upper_bound(after); job != jobs_.end(); ++job) {
    if (page.size() == jobs_per_list) {
      next = call.root + "/jobs/query?queryLocator=" + std::prev(job)->first;
      break;
    }
    page.push_back(json(*job->second, false));
  }
  return {200, list_page(page, next)};
}

std::string QueryJobs::json(const QueryJob& job, bool in_full) const {
  std::string out = common_members(job, "V2Query", in_full);
  if (in_full) out += ",\"isPkChunkingSupported\":true";
  return out + "}";
}

void QueryJobs::forget_old() {
  const base::Utc now = access_.org.clock().now();
  std::erase_if(jobs_, [&](const auto& entry) {
    const QueryJob& job = *entry.second;
    return job.is_over() && !job.is_being_worked && now - job.modified >= kept_for;
  });
}

bool QueryJobs::work() {
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

void QueryJobs::do_batch(QueryJob& job) {
  const std::string path = "/services/data/v" + job.version + "/jobs/query/" + job.id;
  const Misfortune misfortune = faults_.decide("BATCH", path, job.operation + " " + job.object);
  std::optional<ApiError> refused;
  if (misfortune.fail_job) {
    refused = ApiError{400, "InternalServerError", "Retried more than fifteen times"};
  } else {
    const std::lock_guard lock{access_.mutex};
    job.extract->read_batch(access_.org.world(), options_.rows_per_batch);
  }
  const std::lock_guard lock{mutex_};
  job.is_being_worked = false;
  job.modified = access_.org.clock().now();
  job.processed = static_cast<std::int64_t>(job.extract->rows());
  if (job.state != State::in_progress) return;
  if (refused) {
    job.state = State::failed;
    job.error_message = refused->code + " : " + refused->message;
  } else if (job.extract->is_done()) {
    job.state = State::job_complete;
  } else {
    job.due += options_.batch_time;
  }
}

}  // namespace simulator::bulk
