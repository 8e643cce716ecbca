#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace base {

/// The one of `known` that `given` was most likely meant to be; null when none is near.
const std::string* nearest(std::string_view given, const std::vector<std::string>& known);

}  // namespace base
