#pragma once

#include <cstdint>

namespace salesforce {

/// The org's API budget as it said last: `Sforce-Limit-Info`.
struct ApiUsage {
  std::int64_t used = 0;
  std::int64_t most = 0;  ///< 0: not said yet.
};

}  // namespace salesforce
