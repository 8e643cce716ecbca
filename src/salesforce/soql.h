#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/mapping.h"
#include "model/position.h"

namespace salesforce::soql {

/// The one place where SOQL is put together: whatever goes into a statement passes through here.
/// Source: SOQL and SOSL Reference, "Quoted String Escape Sequences", "Date Formats and Date Literals".

/// `text` as a literal, with its quotes: O'Neil → 'O\'Neil'.
std::string quote(std::string_view text);

/// The same for a pattern of LIKE, whose own escapes (a backslash before '_', '%' or a backslash) stay.
std::string quote_pattern(std::string_view pattern);

/// True for a name, or names joined by dots: "Account.Name". Letters, digits and '_', each beginning with a letter.
bool is_identifier(std::string_view text);

/// The first and the last second that the org takes.
/// Source: SOQL and SOSL Reference, "Date Formats and Date Literals".
inline constexpr base::Utc first_moment = std::chrono::sys_days{std::chrono::year{1700} / 1 / 1};
inline constexpr base::Utc last_moment =
    std::chrono::sys_days{std::chrono::year{4001} / 1 / 1} - std::chrono::seconds{1};

/// "2026-01-31T10:11:12Z", kept within what the org takes.
std::string datetime(base::Utc moment);

/// `settings` for an object, upsert field or field whose name is no identifier; the message says which.
base::Result<void> check_names(const model::Mapping& mapping);

/// What keyset_query() selects, each name once, in this order: Id, SystemModstamp, LastModifiedById if `authors` are
/// asked for and the object has them, IsDeleted and MasterRecordId if the object has them, the upsert field if the
/// mapping has one, the fields.
std::vector<std::string> selected_fields(const model::Mapping& mapping, bool authors = false);

/// Records after `after` in the order of (SystemModstamp, Id), at most `limit`. A place without a record id
/// includes its own second; the epoch without one is the beginning. `settings` for names that are no identifiers
/// and a filter that does not close.
base::Result<std::string> keyset_query(const model::Mapping& mapping, const model::Keyset& after, std::size_t limit,
                                       bool authors = false);

/// Records of an id range in the order of their ids, at most `limit`; no `after` or `through` leaves that end open.
base::Result<std::string> slice_query(const model::Mapping& mapping, model::RecordId after, model::RecordId through,
                                      std::size_t limit);

/// All records of the mapping, for a Bulk query: in no order, since one would keep the org from working in parts.
base::Result<std::string> bulk_query(const model::Mapping& mapping);

/// How many records the mapping's filter lets through.
base::Result<std::string> count_query(const model::Mapping& mapping);

/// The records with these ids, for queryAll.
base::Result<std::string> by_ids_query(const model::Mapping& mapping, std::span<const model::RecordId> ids);

/// The ids of those of these records that match the mapping's filter.
base::Result<std::string> fitting_query(const model::Mapping& mapping, std::span<const model::RecordId> ids);

/// The records that hold in the fields of `rule` (ordinals) what one of the rows holds there, whatever the filter says.
/// `settings` for a row that has no text in one of them.
base::Result<std::string> alike_query(const model::Mapping& mapping, std::span<const std::size_t> rule,
                                      std::span<const std::span<const model::Cell>> rows);

/// The records that a user created at or after a time, oldest first, with their CreatedDate, for queryAll.
base::Result<std::string> created_query(const model::Mapping& mapping, std::string_view user, base::Utc since);

/// Id, IsDeleted and upsert field of the records with these upsert keys.
base::Result<std::string> lookup_query(const model::Mapping& mapping, std::span<const std::string_view> keys);

}  // namespace salesforce::soql
