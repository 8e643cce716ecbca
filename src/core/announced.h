#pragma once

#include <chrono>
#include <span>
#include <vector>

#include "model/mapping.h"
#include "model/packed.h"

namespace core {

/// How long the org may still be at a request whose answer we lost: within this a record may appear, or change.
/// Source: an API transaction may run for ten minutes (Salesforce Limits, "API request limits").
inline constexpr std::chrono::minutes longest_transaction{15};

inline constexpr std::chrono::seconds clock_margin{60};  ///< The org's own clocks differ by less.

/// When a record was seen, as far as it matters to what we announced to write to it.
struct Sighting {
  base::Utc stamp{};         ///< The record's SystemModstamp.
  base::Utc seen_through{};  ///< Whatever the org committed up to then, an earlier reading has shown; zero: unknown.
};

/// True if a record seen like this may hold the value: not if it has not been written since, and not if
/// an earlier reading would have shown it.
bool may_hold(const model::SentValue&, const Sighting&);

/// The announced values that can still turn up, or be taken for somebody's edit later, once the record has been seen
/// with `org`: where it holds one of ours, that one and the earlier ones are settled, and so is what never came.
std::vector<model::SentValue> still_open(std::span<const model::FieldMapping> fields,
                                         std::span<const model::SentValue> sent, std::span<const model::Cell> org,
                                         const Sighting&);

/// What is still open of the attempts to make a record once it is there, as it is by `now`, the org's clock. What a
/// single attempt did is done. Of several one made it, and the others may still be on their way, as updates.
std::vector<model::SentValue> once_made(std::span<const model::SentValue> attempts, std::vector<model::SentValue> open,
                                        base::Utc now);

}  // namespace core
