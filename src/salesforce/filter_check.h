#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "salesforce/condition.h"
#include "salesforce/describe.h"

namespace salesforce {

/// The description of an object, which the caller keeps; asked for the filter's own object and those it reaches.
using Describe = std::function<base::Result<const DescribedObject*>(std::string_view object)>;

/// Checks a filter of `object` against what the org's fields are and take. Returns what is odd without being wrong.
/// Errors: `settings`, with the character, the field, the value and what to write instead; those of `describe`.
base::Result<std::vector<std::string>> check_filter(std::string_view filter, std::string_view object,
                                                    const Describe& describe);

}  // namespace salesforce
