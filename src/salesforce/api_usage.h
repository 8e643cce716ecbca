#pragma once

#include <cstdint>
#include <string_view>

namespace salesforce {

/// The org's API budget as it said last: `Sforce-Limit-Info`.
struct ApiUsage {
  std::int64_t used = 0;
  std::int64_t most = 0;  ///< 0: not said yet.
};

/// Reads "api-usage=10018/100000", which may stand among others ("per-app-api-usage=17/250(appName=x)"). A text of
/// another form leaves `usage` as it is.
void read_usage(std::string_view limit_info, ApiUsage& usage);

}  // namespace salesforce
