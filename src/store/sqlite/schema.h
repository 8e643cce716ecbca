#pragma once

#include "base/error.h"
#include "store/sqlite/database.h"

namespace store {

/// The newest schema of Lockstep's own tables that this program knows.
inline constexpr int schema_version = 5;

/// Brings Lockstep's tables up to date in one transaction, and makes the application tables in an empty file: a
/// database that holds anything is left as its application made it. Does not write when there is nothing to do.
/// Errors: `settings` when the file was written by a newer Lockstep.
base::Result<void> migrate(Database& database);

/// The database's clock in milliseconds since 1970, as an SQL expression (3.40 has no unixepoch('subsec')).
inline constexpr const char* clock_sql = "CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)";

/// The same as text: how created_at, updated_at and salesforce_synced_at are spelt.
inline constexpr const char* clock_text_sql = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

}  // namespace store
