#pragma once

#include <string>
#include <vector>

#include "model/mapping.h"
#include "store/sqlite/table.h"

namespace store {

struct Trigger {
  std::string name;
  std::string sql;
};

/// The triggers that put every edit of a mapped row into the outbox, whichever client makes it.
///
/// They call nothing that a plain SQL client lacks, never make an application's statement fail, and rest while the
/// guard says that the writes are our own.
std::vector<Trigger> capture_triggers(const model::Mapping& mapping, const Table& table);

/// The condition that a row (`prefix` is "", "NEW." or "OLD.") is of the mapping's workspace; "1" without that column.
std::string of_workspace(const model::Mapping& mapping, const Table& table, std::string_view prefix);

}  // namespace store
