#pragma once

#include <map>
#include <memory>

#include "salesforce/bulk_job.h"
#include "salesforce/bulk_pages.h"

namespace salesforce {

/// Reads whole objects by Bulk API 2.0 query jobs. Used by one thread.
class BulkQuery {
 public:
  /// Both borrowed.
  BulkQuery(RestClient& client, const BulkAccess& access) : client_(client), access_(access), jobs_(client, "query") {}

  /// Makes a job over all records of the mapping. No records yet, and where they will be.
  base::Result<core::Page> begin(const model::Mapping& mapping);

  /// What comes at `place`: records, or none while the org has not finished the job. `precondition` when the job or its
  /// results are no longer to be had.
  base::Result<core::Page> read(const model::Mapping& mapping, const model::BulkPlace& place, std::size_t limit);

 private:
  struct Reading {
    std::unique_ptr<BulkPages> pages;
    int looks = 0;  ///< At the job while it was not complete.
  };
  base::Result<bool> is_complete(const model::BulkPlace& place, const Doing& doing);

  RestClient& client_;
  const BulkAccess& access_;
  BulkJobs jobs_;
  std::map<std::string, Reading> readings_;  ///< By job.
};

}  // namespace salesforce
