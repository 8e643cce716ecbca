#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace simulator::bulk {

struct Options {
  std::chrono::milliseconds start_delay{200};  ///< From the closing of a job to its first batch.
  std::chrono::milliseconds batch_time{0};     ///< From one batch to the next.
  std::size_t rows_per_batch = 10'000;
  std::size_t rows_per_page = 250'000;  ///< Of query results, when the caller names no maxRecords.
  std::int64_t daily_batches = 15'000, daily_query_jobs = 10'000;
  bool hard_delete = true;  ///< The sync user has the permission "Bulk API Hard Delete".
};

}  // namespace simulator::bulk
