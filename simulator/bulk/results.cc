#include "simulator/bulk/results.h"

#include <algorithm>

#include "csv/writer.h"
#include "simulator/org/ids.h"

namespace simulator::bulk {
namespace {

constexpr std::size_t chunk_bytes = 256 * 1024;
constexpr std::size_t scattered_rows = 200;

Reply csv_reply(std::function<bool(std::string&)> stream) {
  Reply reply;
  reply.content_type = "text/csv";
  reply.stream = std::move(stream);
  return reply;
}

void append_line(std::string_view line, const csv::Dialect& dialect, std::string& out) {
  out += line;
  if (!line.ends_with('\n')) out += dialect.line_ending == csv::LineEnding::crlf ? "\r\n" : "\n";
}

/// Of a job that failed by its header too.
std::string_view header_line(const IngestJob& job) {
  const std::string_view content = job.content;
  return content.substr(0,
                        job.upload ? job.upload->header_end() : std::min(content.find('\n'), content.size() - 1) + 1);
}

/// In which order the outcomes stand in a result file: the order of the upload is not kept, runs of 200 are.
std::vector<std::size_t> scattered_runs(std::size_t rows) {
  std::vector<std::size_t> runs((rows + scattered_rows - 1) / scattered_rows);
  for (std::size_t i = 0; i < runs.size(); ++i) runs[i] = i;
  std::ranges::sort(runs, {}, [](std::size_t run) { return run * 0x9E3779B97F4A7C15ull; });
  return runs;
}

/// Streams the rows that `prefix` takes, each behind what it wrote.
template <class Prefix>
Reply result_file(const std::shared_ptr<const IngestJob>& job, const char* second_column, Prefix prefix) {
  std::string head;
  csv::Writer writer{head, job->dialect};
  writer.quoted("sf__Id");
  writer.quoted(second_column);
  const std::string_view columns = header_line(*job);
  if (!columns.empty()) head += job->dialect.delimiter;
  append_line(columns, job->dialect, head);
  const std::size_t rows = job->upload ? job->upload->outcomes().size() : 0;
  return csv_reply([job, prefix, head = std::move(head), runs = scattered_runs(rows),
                    at = std::size_t{0}](std::string& out) mutable {
    out += std::exchange(head, {});
    for (; at < runs.size() && out.size() < chunk_bytes; ++at) {
      const auto& outcomes = job->upload->outcomes();
      const std::size_t first = runs[at] * scattered_rows, end = std::min(first + scattered_rows, outcomes.size());
      for (std::size_t i = first; i < end; ++i) {
        if (!prefix(outcomes[i], out)) continue;
        append_line(std::string_view{job->content}.substr(outcomes[i].begin, outcomes[i].size), job->dialect, out);
      }
    }
    return at < runs.size();
  });
}

}  // namespace

Reply successful_results(const Org& org, const std::shared_ptr<const IngestJob>& job) {
  const Object* object = org.schema().find(job->object);
  return result_file(
      job, "sf__Created",
      [prefix = object->prefix, delimiter = job->dialect.delimiter](const RowOutcome& outcome, std::string& out) {
        if (outcome.error != 0) return false;
        out += '"';
        append_id(out, prefix, outcome.number);
        ((out += '"') += delimiter) += outcome.created ? "\"true\"" : "\"false\"";
        out += delimiter;
        return true;
      });
}

Reply failed_results(const Org&, const std::shared_ptr<const IngestJob>& job) {
  return result_file(job, "sf__Error", [job](const RowOutcome& outcome, std::string& out) {
    if (outcome.error == 0) return false;
    csv::Writer writer{out, job->dialect};
    writer.quoted("");
    writer.quoted(job->upload->error_text(outcome));
    out += job->dialect.delimiter;
    return true;
  });
}

Reply unprocessed_records(const std::shared_ptr<const IngestJob>& job) {
  // A job that failed before its first row, by its header, has processed none.
  std::uint64_t from = job->upload ? job->upload->done_to() : 0;
  std::string head;
  if (job->upload) append_line(header_line(*job), job->dialect, head);
  return csv_reply([job, head = std::move(head), from](std::string& out) mutable {
    out += std::exchange(head, {});
    const std::string_view rest = std::string_view{job->content}.substr(from, chunk_bytes);
    from += rest.size();
    const bool more = from < job->content.size();
    out += rest;
    if (!more && !out.empty() && !out.ends_with('\n')) append_line("", job->dialect, out);
    return more;
  });
}

}  // namespace simulator::bulk
