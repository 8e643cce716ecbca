#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/safeguards.h"
#include "world.h"

namespace seeded {

struct Outcome {
  std::vector<std::string> broken;  ///< Which invariants, with what; empty when all hold.
  std::uint64_t trace = 0;          ///< Equal for equal seeds.
  std::size_t crashes = 0, errors = 0, bulk_pages = 0;
};

/// One history: a storm in which any port call may fail, lose its answer or end the process while others edit both
/// sides, then a calm in which everything must come to rest.
Outcome run_storm(std::uint64_t seed, const core::Safeguards&, const Weather&, int steps = 60);

}  // namespace seeded
