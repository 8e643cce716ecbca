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

std::string Bulk::kind(const Call& call) const {
  return call.path.size() > 1 && call.path[1] == "query" ? "bulk_query" : "bulk_ingest";
}

void Bulk::work_off() {
  const std::lock_guard lock{working_};
  while (ingest_.work() || query_.work()) {
  }
}

}  // namespace simulator::bulk
