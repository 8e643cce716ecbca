#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "simulator/org/api_error.h"

namespace simulator {

/// [{"label":"Winter '20","url":"/services/data/v47.0","version":"47.0"},…], what GET /services/data answers.
std::string versions_json();

/// 410 GONE for a retired version, 404 for one that does not exist; nothing for those that are served.
std::optional<ApiError> version_error(std::string_view version);

/// What GET /services/data/v66.0 answers: the resources and where they are.
std::string resources_json(const std::string& root);

}  // namespace simulator
