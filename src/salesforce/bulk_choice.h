#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/ports/org.h"

namespace salesforce {

/// Which way records go, by their number alone. What a way costs of the API budget: a page of 2,000 read and 1,000
/// records written by collections are a call each, a Bulk job is six to eight whatever its size, and some seconds to
/// minutes of waiting for the org to begin.

/// A first load of this many records goes by a Bulk query.
inline constexpr std::int64_t bulk_read_from = 30'000;
/// So many writes of one kind go by a Bulk ingest job.
inline constexpr std::size_t bulk_write_from = 4'000;

enum class ReadBy { pages, bulk };
ReadBy choose_read(std::int64_t records);

/// Writes by the way they take, as places in what was given. Every place is in exactly one of them.
struct WritePlan {
  std::vector<std::size_t> conditional;           ///< One by one in a composite call, refused if changed since.
  std::vector<std::size_t> collections;           ///< 200 at a time.
  std::vector<std::vector<std::size_t>> uploads;  ///< Each a Bulk job: creates or updates, of the same columns.
};

/// `with_bulk`: whether jobs can be had at all.
WritePlan choose_write(std::span<const core::OrgWrite> writes, bool with_bulk);

/// Whether a write means the same in a CSV upload as it does in JSON. Not one with the text "#N/A", which is null
/// there, nor one beyond the sizes of a Bulk field and record. Source: Bulk API 2.0 Developer Guide, "Prepare CSV
/// Files" and "Limits and Allocations".
bool fits_upload(const core::OrgWrite& write);

}  // namespace salesforce
