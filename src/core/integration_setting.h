#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/ports/registry.h"

namespace core {

/// The settings of an integration that users change, under the names that they know ("syncFrequency", "contactFilter"),
/// with their values as text.
std::vector<std::pair<std::string, std::string>> settings_of(const Integration& integration);

/// Changes one of them; a filter is not looked into. `settings` for a name that is none, or a value that is not
/// allowed; the message says what is.
base::Result<void> set_setting(Integration& integration, std::string_view name, std::string_view value);

}  // namespace core
