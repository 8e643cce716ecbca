#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/registry.h"

namespace core {

// Mapping settings as users write them: the `mappings` of lockstep_field_mappings, and the file of `lockstep mapping
// export`.

/// [{"crmField": "firstName", "salesforceField": "FirstName", "direction": …, "winner": …, "writeMode": …, "transform":
/// …}], without what is empty. What else `before`, the document as it stands, says of a field is kept.
std::string fields_json(const std::vector<FieldSetting>& fields, std::string_view before);

/// Reading never fails: users write this by SQL, and the mapping's check complains about what it says.
std::vector<FieldSetting> fields_from(std::string_view json);

/// One mapping of a file.
struct DocumentMapping {
  MappingSetting setting;             ///< Without ids, integration and workspace.
  std::optional<std::string> filter;  ///< SOQL condition; nothing: the integration's stays.
};

/// {"mappings": [{"objectType", "table", "keyColumn", "syncDirection", "conflictResolution", "onFilterLeave", "filter",
/// "matchRules", "mappings"}]}, indented. Filters by sObject name.
std::string document_json(std::span<const MappingSetting> settings, const std::map<std::string, std::string>& filters);

/// Reads what document_json() wrote, or a person did. Errors: `settings`, with the place and what is allowed.
base::Result<std::vector<DocumentMapping>> document_from(std::string_view json);

/// A field as an argument of a command: "email=Email", with more behind semicolons:
/// "stage=StageName;winner=manual;writeMode=if_empty;direction=salesforce_to_crm;transform={…}", where JSON
/// comes last. Or one object as in fields_json(). Errors: `settings`.
base::Result<FieldSetting> field_from_argument(std::string_view text);

}  // namespace core
