#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/compile_mapping.h"
#include "daemon/app.h"
#include "daemon/mappings.h"

namespace daemon_process {

/// What both sides say about one mapping.
struct CheckedMapping {
  core::MappingSetting setting;
  std::string object, table;
  std::optional<base::Error> error;       ///< Why the object cannot be synced at all.
  std::vector<core::RunError> set_aside;  ///< Fields that are left out, each with its remedy.
  std::vector<std::string> blind_spots;   ///< What the sync user cannot see or write, and what that means.
  std::size_t fields = 0;                 ///< That are synced.

  bool is_clean() const { return !error && set_aside.empty() && blind_spots.empty(); }
};

/// Both sides' schemas of an object, the org's no older than `keeps`.
base::Result<core::ObjectSchema> schema_of(App&, const core::Integration&, salesforce::RestOrg&,
                                           const std::string& object, const std::string& table,
                                           std::chrono::milliseconds keeps);

/// The same from a describe answer.
base::Result<core::ObjectSchema> schema_from(App&, const core::Integration&, const std::string& object,
                                             const std::string& table, const std::string& describe);

/// Compiles a setting against both sides, tries its query on the org, and looks for blind spots. Stores nothing but
/// the describe. The outer error is the org's or the store's own.
base::Result<CheckedMapping> check_mapping(App&, const core::Integration&, salesforce::RestOrg&,
                                           const core::MappingSetting&);

/// Checks the settings and stores them, all or none: none if a field of one would be set aside, unless `force`.
/// The integration's own settings are stored with them; the replaced mappings are forgotten.
struct Saved {
  std::vector<CheckedMapping> checked;
  bool stored = false;
};
base::Result<Saved> save_mappings(App&, const core::Integration&, salesforce::RestOrg&,
                                  std::vector<core::MappingSetting>, std::span<const model::MappingId> replaced,
                                  bool force);

/// Pairs the columns of an adopted table with the object's fields of the same name: first_name and FirstName.
std::vector<core::FieldSetting> fields_by_name(const core::ObjectSchema&, const std::string& key_column);

}  // namespace daemon_process
