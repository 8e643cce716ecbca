#pragma once

#include "base/error.h"
#include "store/sqlite/database.h"

namespace store {

/// The newest schema of Lockstep's own tables that this program knows.
inline constexpr int schema_version = 12;

/// Brings Lockstep's tables up to date in one transaction, and makes the application tables in an empty file: a
/// database that holds anything is left as its application made it. Does not write when there is nothing to do.
/// Errors: `settings` when the file was written by a newer Lockstep.
base::Result<void> migrate(Database& database);

struct FileOptions {
  int busy_timeout_ms = 5000;  ///< How long a write waits for another program's transaction.
  int cache_kib = 16 * 1024;   ///< Page cache of this connection.
};

/// Opens or makes the store's file, durable in every commit, with its schema up to date.
/// Errors: `settings` for a file that is no database, takes no write-ahead log or was written by a newer Lockstep,
/// `unreachable` when it cannot be opened or is locked, `corrupt` when it is damaged.
base::Result<Database> open_file(const std::string& path, const FileOptions& options);

/// The database's clock in milliseconds since 1970, as an SQL expression (3.40 has no unixepoch('subsec')).
inline constexpr const char* clock_sql = "CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)";

/// The same as text: how created_at, updated_at and salesforce_synced_at are spelt.
inline constexpr const char* clock_text_sql = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

}  // namespace store
