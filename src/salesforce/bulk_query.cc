#include "salesforce/bulk_query.h"

#include "salesforce/soql.h"

namespace salesforce {
namespace {

using base::ErrorKind;

/// What the org says for good about a job's results means that they have to be made anew.
base::Error begin_again(base::Error error) {
  if (error.kind == ErrorKind::settings || error.kind == ErrorKind::rejected) error.kind = ErrorKind::precondition;
  return error;
}

}  // namespace

base::Result<core::Page> BulkQuery::begin(const model::Mapping& mapping) {
  const std::string what = "read " + mapping.object + " records in bulk";
  ASSIGN_OR_RETURN(const std::string statement, soql::bulk_query(mapping));
  std::string body = "{\"operation\":\"query\",\"contentType\":\"CSV\",\"query\":";
  append_json_string(body, statement);
  body += '}';
  core::Page page;
  page.observed.restart(mapping.fields.size());
  base::Utc as_of{};
  ASSIGN_OR_RETURN(const JobStatus job, jobs_.create(std::move(body), {.what = what, .backfill = true}, &as_of));
  page.observed.as_of = as_of;
  page.more = true;
  page.bulk = model::BulkPlace{job.id, {}, 0, as_of};
  page.ready_in = wait_for_job(1);
  return page;
}

base::Result<bool> BulkQuery::is_complete(const model::BulkPlace& place, const Doing& doing) {
  const auto status = jobs_.status(place.job, doing);
  if (!status) return std::unexpected(begin_again(status.error()));
  if (status->state == JobStatus::State::job_complete) return true;
  if (!status->is_over()) return false;
  base::Error error = job_error(*status, doing);
  error.kind = ErrorKind::precondition;
  return std::unexpected(std::move(error));
}

base::Result<core::Page> BulkQuery::read(const model::Mapping& mapping, const model::BulkPlace& place,
                                         std::size_t limit) {
  const std::string what = "read " + mapping.object + " records in bulk";
  Reading& reading = readings_[place.job];
  if (reading.pages && reading.pages->place() != place) reading.pages.reset();
  if (!reading.pages) {
    ASSIGN_OR_RETURN(const bool complete, is_complete(place, {.what = what, .backfill = true}));
    if (!complete) {
      core::Page page;
      page.observed.restart(mapping.fields.size());
      page.observed.as_of = place.started_at;
      page.more = true;
      page.bulk = place;
      page.ready_in = wait_for_job(++reading.looks);
      return page;
    }
    reading.pages =
        std::make_unique<BulkPages>(client_, access_, mapping, jobs_.path("/" + place.job + "/results"), place, limit);
  }
  auto page = reading.pages->next();
  if (!page) {
    reading.pages.reset();
    return std::unexpected(begin_again(std::move(page).error()));
  }
  if (!page->more) readings_.erase(place.job);
  return page;
}

}  // namespace salesforce
