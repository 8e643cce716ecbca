#pragma once

#include <memory>

#include "simulator/bulk/ingest_jobs.h"

namespace simulator::bulk {

/// The result files of a job that is over, each as a stream of CSV. The job is kept alive by the stream.
Reply successful_results(const Org& org, const std::shared_ptr<const IngestJob>& job);
Reply failed_results(const Org& org, const std::shared_ptr<const IngestJob>& job);
Reply unprocessed_records(const std::shared_ptr<const IngestJob>& job);

}  // namespace simulator::bulk
