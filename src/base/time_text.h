#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace base {

/// "2026-01-31T10:11:12.000Z". Years 0 to 9999.
std::string to_iso(Utc moment);

/// "2026-01-31T10:11:12Z": the form of a SOQL datetime literal, whole seconds.
std::string to_iso_seconds(Utc moment);

/// "Tue, 10 Aug 2015 00:00:00 GMT" (RFC 9110, IMF-fixdate): `Date`, `If-Unmodified-Since`.
std::string to_http_date(Utc moment);

/// Reads ISO 8601 date-times as they come from Salesforce and databases: 'T' or a blank between date
/// and time, optional fraction, zone `Z`, `±hh:mm`, `±hhmm` or `±hh`; without a zone it is UTC; seconds
/// may be left out; a bare date is its midnight. Nothing may follow. Digits after milliseconds are cut.
std::optional<Utc> parse_iso(std::string_view text);

/// Reads an IMF-fixdate.
std::optional<Utc> parse_http_date(std::string_view text);

/// True for a day that exists: "2024-02-29".
bool is_iso_date(std::string_view text);

}  // namespace base
