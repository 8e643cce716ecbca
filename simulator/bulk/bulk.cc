#include "simulator/bulk/bulk.h"

#include "simulator/http/answers.h"

namespace simulator::bulk {

Bulk::Bulk(OrgAccess access, Limits& limits, Faults& faults, const Options& options)
    : ingest_(access, limits, faults, mutex_, options), query_(access, limits, faults, mutex_, options) {
  limits.set_max(daily_batches_limit, options.daily_batches);
  limits.set_max(daily_query_jobs_limit, options.daily_query_jobs);
}

Reply Bulk::answer(const Call& call) {
  const std::span<const std::string> path{call.path};
  if (path.size() < 2) return refuse(not_found_error);
  if (path[1] == "ingest") return ingest_.answer(call, path.subspan(2));
  if (path[1] == "query") return query_.answer(call, path.subspan(2));
  return refuse(not_found_error);
}

/// Collects an upload: it is read once its job is closed.
class Bulk::UploadSink final : public BodySink {
 public:
  UploadSink(IngestJobs& jobs, const Call& call) : jobs_(jobs), call_(call) {}
  bool write(std::string_view bytes) override {
    content_ += bytes;
    return content_.size() <= most_upload_bytes;
  }
  Reply finish() override { return jobs_.put(call_, call_.path[2], std::move(content_)); }

 private:
  IngestJobs& jobs_;
  const Call call_;
  std::string content_;
};

bool Bulk::takes_stream(const Call& call) const {
  return call.method == "PUT" && call.path.size() == 4 && call.path[1] == "ingest" && call.path[3] == "batches";
}

std::unique_ptr<BodySink> Bulk::receive(const Call& call) { return std::make_unique<UploadSink>(ingest_, call); }

std::string Bulk::kind(const Call& call) const {
  return call.path.size() > 1 && call.path[1] == "query" ? "bulk_query" : "bulk_ingest";
}

void Bulk::work_off() {
  const std::lock_guard lock{working_};
  while (ingest_.work() || query_.work()) {
  }
}

}  // namespace simulator::bulk
