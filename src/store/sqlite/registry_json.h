#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ports/registry.h"

namespace store {

// The JSON columns of the registry, under the names that users know. Reading never fails: users write these columns
// by SQL, the tables hold them to be JSON, and what is of no use here is for the mapping's check to complain about.

/// {"contactFilter": "Status__c = 'Active'"}. Objects without such a name stand under their own.
std::string filters_json(const std::map<std::string, std::string>& filters);
std::map<std::string, std::string> filters_from(std::string_view json);

std::string flags_json(const std::map<std::string, bool>& flags);
std::map<std::string, bool> flags_from(std::string_view json);

std::string stats_json(const std::map<std::string, std::int64_t>& stats);
std::map<std::string, std::int64_t> stats_from(std::string_view json);

std::string match_rules_json(const std::vector<std::vector<std::string>>& rules);
/// Nothing for what is no list of lists of names.
std::optional<std::vector<std::vector<std::string>>> match_rules_from(std::string_view json);

/// {"successful": 10, "errors": 0}
std::string summary_json(const core::RunRecord& run);
void summary_from(std::string_view json, core::RunRecord& run);

/// In the form of `sync --json`.
std::string objects_json(const core::RunRecord& run);
void objects_from(std::string_view json, core::RunRecord& run);

/// [{"message", "timestamp", "record", "code"}]
std::string errors_json(const core::RunRecord& run);
void errors_from(std::string_view json, core::RunRecord& run);

}  // namespace store
