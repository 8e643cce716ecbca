#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <vector>

#include "core/ports/org.h"

namespace salesforce {

/// Writes each of `writes` once, at most `most_in_group` of them in what the org takes or refuses as a whole. `places`:
/// where they stand among all that are to be written.
using WriteOnce = std::function<base::Result<std::vector<base::Result<model::RecordId>>>(
    std::span<const core::OrgWrite> writes, std::span<const std::size_t> places, std::size_t most_in_group)>;
/// Sleeps. False: it is time to stop, nothing more is tried.
using Wait = std::function<bool(std::chrono::milliseconds)>;

inline constexpr std::size_t largest_group = 200;  ///< Source: "sObject Collections": 200 records a request.

/// Writes, and does not take two answers for final:
///
/// *Somebody holds the record or its parent* (UNABLE_TO_LOCK_ROW): those records are written again in groups of 50, 10
/// and one, records of one parent side by side, after 1, 2, 4 and 8 seconds. What is locked even then stays
/// `throttled`.
///
/// *A group fails as a whole* (a value that is no JSON of its type, a trigger that breaks, a request that takes too
/// long): it is halved until the record that is to blame stands alone. If others went through, that one is `rejected`:
/// it would fail again.
///
/// A write whose first attempt may have taken effect keeps `may_be_done` in whatever error comes after: a conditional
/// update is then refused for our own change. Creates go by key, so all can be repeated. Without `wait` locked records are not tried again.
base::Result<std::vector<base::Result<model::RecordId>>> write_patiently(const model::Mapping& mapping,
                                                                         std::span<const core::OrgWrite> writes,
                                                                         const WriteOnce& once, const Wait& wait);

}  // namespace salesforce
