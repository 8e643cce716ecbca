#pragma once

#include <vector>

#include "core/ports/org.h"
#include "salesforce/bulk_ingest.h"
#include "salesforce/rest_client.h"

namespace salesforce {

/// Org::write(), each write by the way that choose_write() gives it: a Composite call of single rows; collections of up
/// to 200 records, five to a Composite call; Bulk ingest jobs, if `bulk` is given and the org does not refuse them.
/// What a Composite call would take for a reference goes in collections of its own, outside of Composite.
///
/// `most_in_group`: 200, or less for collections that are smaller; of one: single rows.
///
/// When a call fails before anything is known of any write, its error is the whole's. Else the error is that of the
/// writes it carried, and what comes after is not sent any more: `unreachable`. Being asked to stop while a job is
/// waited for is the whole's error too; the job is looked after in the next run.
/// `requests` names the request of each write, or its Bulk job.
base::Result<std::vector<base::Result<model::RecordId>>> write_records(RestClient& client, BulkIngest* bulk,
                                                                       const model::Mapping& mapping,
                                                                       std::span<const core::OrgWrite> writes,
                                                                       std::size_t most_in_group,
                                                                       std::vector<std::string>& requests);

}  // namespace salesforce
