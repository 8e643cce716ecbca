#include "simulator/bulk/job.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "simulator/http/answers.h"
#include "simulator/org/text.h"

namespace simulator::bulk {
namespace {

constexpr std::array<std::pair<std::string_view, char>, 6> delimiters = {
    {{"COMMA", ','}, {"BACKQUOTE", '`'}, {"CARET", '^'}, {"PIPE", '|'}, {"SEMICOLON", ';'}, {"TAB", '\t'}}};

}  // namespace

std::string_view name_of(State state) {
  switch (state) {
    case State::open:
      return "Open";
    case State::upload_complete:
      return "UploadComplete";
    case State::in_progress:
      return "InProgress";
    case State::job_complete:
      return "JobComplete";
    case State::failed:
      return "Failed";
    case State::aborted:
      return "Aborted";
  }
  return "";
}

ApiError job_error(std::string_view code, std::string message) {
  return {400, std::string{code}, std::move(message)};
}

Outcome<void> read_format(const boost::json::object& asked, Job& job) {
  if (const std::string type = text_at(asked, "contentType"); !type.empty() && type != "CSV")
    return std::unexpected(job_error("INVALIDJOB", "InvalidJob : Unsupported content type: " + type));
  if (std::string name = text_at(asked, "columnDelimiter"); !name.empty()) {
    const auto found = std::ranges::find(delimiters, name, &std::pair<std::string_view, char>::first);
    if (found == delimiters.end())
      return std::unexpected(job_error("INVALIDJOB", "InvalidJob : Unsupported column delimiter: " + name));
    job.delimiter_name = std::move(name);
    job.dialect.delimiter = found->second;
  }
  if (std::string name = text_at(asked, "lineEnding"); !name.empty()) {
    if (name != "LF" && name != "CRLF")
      return std::unexpected(job_error("INVALIDJOB", "InvalidJob : Unsupported line ending: " + name));
    job.dialect.line_ending = name == "LF" ? csv::LineEnding::lf : csv::LineEnding::crlf;
    job.line_ending_name = std::move(name);
  }
  return {};
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  ((out += ",\"") += name) += "\":";
  append_json(out, text);
}

std::string common_members(const Job& job, std::string_view job_type, bool in_full) {
  std::string out = "{\"id\":\"" + job.id + "\"";
  append_member(out, "operation", job.operation);
  append_member(out, "object", job.object);
  append_member(out, "createdById", job.created_by);
  std::string moment;
  append_datetime(moment, job.created.time_since_epoch().count());
  append_member(out, "createdDate", moment);
  moment.clear();
  append_datetime(moment, job.modified.time_since_epoch().count());
  append_member(out, "systemModstamp", moment);
  append_member(out, "state", name_of(job.state));
  append_member(out, "concurrencyMode", "Parallel");
  append_member(out, "contentType", "CSV");
  (out += ",\"apiVersion\":") += job.version;  // A number on the wire: 66.0.
  append_member(out, "jobType", job_type);
  append_member(out, "lineEnding", job.line_ending_name);
  append_member(out, "columnDelimiter", job.delimiter_name);
  if (!job.error_message.empty()) append_member(out, "errorMessage", job.error_message);
  if (in_full) {
    const std::string took = std::to_string(job.is_over() ? (job.modified - job.created).count() : 0);
    out += ",\"numberRecordsProcessed\":" + std::to_string(job.processed) +
           ",\"retries\":0,\"totalProcessingTime\":" + took;
  }
  return out;
}

std::string list_page(const std::vector<std::string>& jobs, const std::string& next_url) {
  std::string out = "{\"done\":";
  out += next_url.empty() ? "true" : "false";
  out += ",\"records\":[";
  for (const std::string& job : jobs) {
    if (!out.ends_with('[')) out += ',';
    out += job;
  }
  out += "],\"nextRecordsUrl\":";
  if (next_url.empty()) {
    out += "null";
  } else {
    append_json(out, next_url);
  }
  return out + "}";
}

}  // namespace simulator::bulk
