#include "salesforce/errors.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/time_text.h"
#include "salesforce/json.h"

namespace salesforce {
namespace {

using base::ErrorKind;
using std::chrono::seconds;

/// Whether the org's text for a code may be repeated: it holds names, or it quotes values of fields.
enum class Text { quotable, holds_values };

struct Known {
  std::string_view code;
  RetryClass what;
  Text text;
  seconds retry_after;  ///< 0: the caller's own back-off.
  std::string_view remedy;
};

constexpr seconds own_pace{0};
constexpr seconds a_moment{2};
constexpr seconds quarter_hour{900};

constexpr std::string_view wait = "It is tried again by itself.";
constexpr std::string_view fix_value = "Correct the value in the row or in Salesforce; the record is then tried again.";
constexpr std::string_view fix_mapping = "Compare the mapping with the object in Salesforce Setup.";
constexpr std::string_view fix_access =
    "Give the integration user access to the object, the field and the record in Salesforce Setup.";
constexpr std::string_view read_again = "It is read again before the next decision.";

constexpr std::array known_codes = std::to_array<Known>({
    // Sign in again.
    {"INVALID_SESSION_ID", RetryClass::sign_in, Text::quotable, own_pace, "Connect Salesforce again."},

    // For a while.
    {"SERVER_UNAVAILABLE", RetryClass::transient, Text::quotable, own_pace, wait},
    {"TOO_MANY_APEX_REQUESTS", RetryClass::transient, Text::quotable, a_moment, wait},
    {"TXN_SECURITY_METERING_ERROR", RetryClass::transient, Text::quotable, own_pace, wait},
    {"QUERY_TIMEOUT", RetryClass::smaller, Text::quotable, own_pace,
     "If it stays, narrow the mapping's filter or ask for an index on its fields."},
    {"REQUEST_RUNNING_TOO_LONG", RetryClass::smaller, Text::quotable, own_pace,
     "If it stays, look for slow triggers and flows on the object."},
    {"UNABLE_TO_LOCK_ROW", RetryClass::transient, Text::holds_values, a_moment,
     "Someone else was writing the record or its parent. It is tried again by itself."},
    {"INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", RetryClass::transient, Text::quotable, quarter_hour,
     "The org is read-only for an upgrade. It is tried again by itself."},
    {"UNKNOWN_EXCEPTION", RetryClass::few_times, Text::holds_values, own_pace, wait},
    {"INTERNAL_ERROR", RetryClass::few_times, Text::holds_values, own_pace, wait},
    {"ALL_OR_NONE_OPERATION_ROLLED_BACK", RetryClass::few_times, Text::quotable, own_pace, wait},
    {"PROCESSING_HALTED", RetryClass::few_times, Text::quotable, own_pace, wait},

    // Until there is room again.
    {"STORAGE_LIMIT_EXCEEDED", RetryClass::quota, Text::quotable, quarter_hour,
     "The org's storage is full. Free some, or buy more."},
    {"EXCEEDED_QUOTA", RetryClass::quota, Text::quotable, quarter_hour,
     "The org's storage is full. Free some, or buy more."},

    // The record's own fault.
    {"REQUIRED_FIELD_MISSING", RetryClass::data, Text::quotable, own_pace,
     "Fill the field in the row, or map it to a column that has a value."},
    {"FIELD_CUSTOM_VALIDATION_EXCEPTION", RetryClass::data, Text::quotable, own_pace,
     "A validation rule of the org refuses the record. Correct the row, or change the rule."},
    {"STRING_TOO_LONG", RetryClass::data, Text::holds_values, own_pace, "Shorten the value in the row."},
    {"FIELD_INTEGRITY_EXCEPTION", RetryClass::data, Text::holds_values, own_pace, fix_value},
    {"FIELD_FILTER_VALIDATION_EXCEPTION", RetryClass::data, Text::holds_values, own_pace,
     "The field's lookup filter refuses the parent. Choose another, or change the filter."},
    {"INVALID_EMAIL_ADDRESS", RetryClass::data, Text::holds_values, own_pace, "Correct the email address."},
    {"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", RetryClass::data, Text::holds_values, own_pace,
     "Use one of the picklist's values, or add this one to the picklist."},
    {"TOO_MANY_ENUM_VALUE", RetryClass::data, Text::holds_values, own_pace, "Choose fewer values."},
    {"INVALID_TYPE_ON_FIELD_IN_RECORD", RetryClass::data, Text::holds_values, own_pace, fix_value},
    {"NUMBER_OUTSIDE_VALID_RANGE", RetryClass::data, Text::holds_values, own_pace, "Use a number within range."},
    {"JSON_PARSER_ERROR", RetryClass::data, Text::holds_values, own_pace,
     "A value has not the type that the field has. Compare the mapping's types with the object."},
    {"MALFORMED_ID", RetryClass::data, Text::holds_values, own_pace, "Correct the record id in the row."},
    {"INVALID_CROSS_REFERENCE_KEY", RetryClass::data, Text::holds_values, own_pace,
     "The record it points to is gone or hidden from the integration user. Choose another, or give access."},
    {"DUPLICATE_EXTERNAL_ID", RetryClass::data, Text::holds_values, own_pace,
     "Several records carry this external id. Merge or clear them, and make the field unique."},
    // Reading again would find nothing new: a person has to merge, or to loosen the rule.
    {"DUPLICATES_DETECTED", RetryClass::data, Text::holds_values, own_pace,
     "A duplicate rule of the org refuses the record. Merge the duplicates, or exempt the integration user."},
    {"CANNOT_UPDATE_CONVERTED_LEAD", RetryClass::data, Text::quotable, own_pace,
     "A converted lead is read-only. Edit the contact or account it became."},
    {"ENTITY_IS_LOCKED", RetryClass::data, Text::quotable, own_pace,
     "An approval process holds the record. It can be tried again when that is through."},
    {"RECORD_IN_USE_BY_WORKFLOW", RetryClass::data, Text::quotable, own_pace,
     "A workflow holds the record. It can be tried again when that is through."},
    {"DELETE_FAILED", RetryClass::data, Text::holds_values, own_pace, fix_value},
    {"DEPENDENCY_EXISTS", RetryClass::data, Text::holds_values, own_pace, fix_value},
    {"DELETE_REQUIRED_ON_CASCADE", RetryClass::data, Text::holds_values, own_pace, fix_access},
    {"INACTIVE_OWNER_OR_USER", RetryClass::data, Text::quotable, own_pace, "Choose an active owner."},
    {"TRANSFER_REQUIRES_READ", RetryClass::data, Text::quotable, own_pace,
     "The new owner may not read the object. Choose another, or give access."},
    {"INSUFFICIENT_ACCESS_OR_READONLY", RetryClass::data, Text::quotable, own_pace, fix_access},
    {"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", RetryClass::data, Text::holds_values, own_pace, fix_access},
    {"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", RetryClass::data, Text::holds_values, own_pace,
     "A trigger or flow of the org failed on the record. Its administrator finds the cause in the debug log."},

    // The record is not what it was.
    {"MATCH_PRECONDITION_FAILED", RetryClass::conflict, Text::quotable, own_pace, read_again},
    {"ENTITY_IS_DELETED", RetryClass::conflict, Text::quotable, own_pace, read_again},
    {"NOT_FOUND", RetryClass::conflict, Text::quotable, own_pace, read_again},
    {"DUPLICATE_VALUE", RetryClass::conflict, Text::holds_values, own_pace, read_again},

    // The read has to start over.
    {"INVALID_QUERY_LOCATOR", RetryClass::restart, Text::quotable, own_pace, read_again},
    {"INVALID_REPLICATION_DATE", RetryClass::restart, Text::quotable, own_pace, read_again},
    {"OPERATION_TOO_LARGE", RetryClass::smaller, Text::quotable, own_pace, "Narrow the mapping's filter."},
    {"EXCEEDED_ID_LIMIT", RetryClass::smaller, Text::quotable, own_pace, "Narrow the mapping's filter."},

    // What is configured.
    {"INVALID_AUTH_HEADER", RetryClass::configuration, Text::quotable, own_pace, "Connect Salesforce again."},
    {"API_DISABLED_FOR_ORG", RetryClass::configuration, Text::quotable, own_pace,
     "The org's edition has no API, or the integration user lacks \"API Enabled\"."},
    {"API_CURRENTLY_DISABLED", RetryClass::configuration, Text::quotable, own_pace,
     "The API is switched off for the org. Ask its administrator."},
    {"INVALID_FIELD", RetryClass::configuration, Text::quotable, own_pace,
     "The field does not exist, or the integration user may not see it. Correct the mapping or give access."},
    {"INVALID_FIELD_FOR_INSERT_UPDATE", RetryClass::configuration, Text::quotable, own_pace,
     "The integration user may not write the field. Map it Salesforce-to-CRM only, or give access."},
    {"INVALID_TYPE", RetryClass::configuration, Text::quotable, own_pace,
     "The object does not exist, or the integration user may not see it. Correct the mapping or give access."},
    {"MALFORMED_QUERY", RetryClass::configuration, Text::holds_values, own_pace, "Check the mapping's filter."},
    {"QUERY_TOO_COMPLICATED", RetryClass::configuration, Text::quotable, own_pace, "Map fewer formula fields."},
    {"TXN_SECURITY_NO_ACCESS", RetryClass::configuration, Text::quotable, own_pace,
     "A transaction security policy of the org refuses the call. Exempt the integration user."},
    {"TXN_SECURITY_RUNTIME_ERROR", RetryClass::configuration, Text::quotable, own_pace,
     "A transaction security policy of the org failed. Ask its administrator."},
    {"TXN_SECURITY_APEX_ERROR", RetryClass::configuration, Text::quotable, own_pace,
     "A transaction security policy of the org failed. Ask its administrator."},
    {"MATCH_PRECONDITION_REQUIRED", RetryClass::configuration, Text::quotable, own_pace, fix_mapping},
    {"LIMIT_EXCEEDED", RetryClass::configuration, Text::quotable, own_pace, fix_mapping},
    {"FUNCTIONALITY_NOT_ENABLED", RetryClass::configuration, Text::quotable, own_pace,
     "Enable the feature in Salesforce Setup, or leave it out of the mapping."},
    {"INVALID_BATCH_SIZE", RetryClass::configuration, Text::quotable, own_pace, "Use the default batch size."},
    {"UNSUPPORTED_API_VERSION", RetryClass::configuration, Text::quotable, own_pace, "Set another API version."},
    {"GONE", RetryClass::configuration, Text::quotable, own_pace, "This API version is retired. Set a newer one."},
});

/// For codes we do not know, what the status says.
Known by_status(int status) {
  if (status >= 500) {
    if (status == 503) return {"", RetryClass::transient, Text::holds_values, own_pace, wait};
    return {"", RetryClass::few_times, Text::holds_values, own_pace, wait};
  }
  switch (status) {
    case 300:
      return {"", RetryClass::data, Text::holds_values, own_pace,
              "Several records carry this external id. Merge or clear them, and make the field unique."};
    case 301:
    case 302:
    case 307:
    case 308:
      return {"", RetryClass::configuration, Text::holds_values, own_pace,
              "The org has moved to another address. Check the login URL and connect Salesforce again."};
    case 401:
      return {"", RetryClass::sign_in, Text::holds_values, own_pace, "Connect Salesforce again."};
    case 403:
      return {"", RetryClass::configuration, Text::holds_values, own_pace, fix_access};
    case 404:
    case 412:
      return {"", RetryClass::conflict, Text::holds_values, own_pace, read_again};
    case 408:
    case 420:
      return {"", RetryClass::few_times, Text::holds_values, own_pace, wait};
    case 429:
      return {"", RetryClass::transient, Text::holds_values, own_pace, wait};
    case 405:
    case 409:
    case 410:
    case 415:
    case 428:
      return {"", RetryClass::configuration, Text::holds_values, own_pace, "Check the API version and the login URL."};
    default:
      return {"", RetryClass::data, Text::holds_values, own_pace, fix_value};
  }
}

Known judge(int status, const ServiceError& error, const Doing& doing) {
  const std::string_view text = error.message;
  if (error.code == "REQUEST_LIMIT_EXCEEDED") {
    if (text.contains("Concurrent"))
      return {error.code, RetryClass::transient, Text::quotable, seconds{10}, "It is tried again by itself."};
    return {error.code, RetryClass::quota, Text::quotable, quarter_hour,
            "The org's API calls of the last 24 hours are used up. It goes on when some come back; buy more, or "
            "let fewer applications call."};
  }
  // The field is there, and the parent is not: it may come.
  if (error.code == "INVALID_FIELD" && text.starts_with("Foreign key external ID"))
    return {error.code, RetryClass::conflict, Text::holds_values, own_pace,
            "The parent record is not in Salesforce yet. The record is offered again by itself."};
  const auto found = std::ranges::find(known_codes, std::string_view{error.code}, &Known::code);
  if (found == known_codes.end()) return by_status(status);
  // A value taken by another record: if it is our key, two of us raced for it and a second look finds the record;
  // any other field is for people.
  constexpr std::string_view before_field = "duplicate value found: ";
  if (error.code == "DUPLICATE_VALUE" && text.starts_with(before_field)) {
    const std::string_view rest = text.substr(before_field.size());
    const std::string_view field = rest.substr(0, rest.find(' '));
    if (field != "<unknown>" && !doing.upsert_field.empty() && field != doing.upsert_field)
      return {error.code, RetryClass::data, Text::holds_values, own_pace,
              "Another record has the same value in a field that must be unique. Change one of them."};
  }
  return *found;
}

/// Text of others on its way into ours: one line, not endless.
std::string tidy(std::string_view text) {
  constexpr std::size_t longest = 300;
  std::string out{text.substr(0, longest)};
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  if (text.size() > longest) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xC0) out.pop_back();
    out += "…";
  }
  return out;
}

bool is_html(const Answer& answer) {
  if (answer.header("content-type").contains("html")) return true;
  const auto first = answer.body.find_first_not_of(" \t\r\n");
  return first != std::string::npos && answer.body[first] == '<';
}

}  // namespace

std::string_view remedy_of(std::string_view code) {
  const auto found = std::ranges::find(known_codes, code, &Known::code);
  return found == known_codes.end() ? std::string_view{} : found->remedy;
}

base::ErrorKind kind_of(RetryClass what) {
  switch (what) {
    case RetryClass::sign_in:
      return ErrorKind::unauthorized;
    case RetryClass::transient:
    case RetryClass::smaller:
    case RetryClass::quota:
      return ErrorKind::throttled;
    case RetryClass::few_times:
      return ErrorKind::unreachable;
    case RetryClass::data:
      return ErrorKind::rejected;
    case RetryClass::conflict:
    case RetryClass::restart:
      return ErrorKind::precondition;
    case RetryClass::configuration:
      return ErrorKind::settings;
  }
  return ErrorKind::rejected;
}

RetryClass class_of(int status, const ServiceError& error, const Doing& doing) {
  return judge(status, error, doing).what;
}

base::Error error_from(int status, const ServiceError& error, const Doing& doing) {
  const Known known = judge(status, error, doing);
  const bool undecided = doing.write && status >= 500;

  base::Error out{undecided ? ErrorKind::unknown_fate : kind_of(known.what), {}, error.code};
  out.smaller = known.what == RetryClass::smaller;
  if (known.retry_after > own_pace) out.retry_after = known.retry_after;

  std::string& message = out.message;
  message = undecided                             ? "Salesforce failed while it was asked to "
            : known.what == RetryClass::few_times ? "Salesforce failed to "
                                                  : "Salesforce refused to ";
  message += doing.what;
  if (!error.fields.empty()) {
    message += " (";
    for (std::size_t i = 0; i < error.fields.size() && i < 10; ++i)
      (message += i > 0 ? ", " : "") += tidy(error.fields[i]);
    message += ')';
  }
  if (known.text == Text::quotable && !error.message.empty()) {
    message += ": " + tidy(error.message);
    if (message.ends_with('.')) message.pop_back();
  }
  message += " [";
  if (!error.code.empty()) {
    message += tidy(error.code);
  } else {
    message += "HTTP " + std::to_string(status);
  }
  message += "]. ";
  message += undecided ? "Some of it may have been done; the records are read before it is tried again." : known.remedy;
  return out;
}

base::Error error_from(const Answer& answer, const Doing& doing) {
  const bool html = is_html(answer);
  base::Error error = error_from(answer.status, html ? ServiceError{} : service_error(answer.body), doing);
  if (html && answer.status < 400) {
    error.kind = doing.write ? ErrorKind::unknown_fate : ErrorKind::malformed;
    error.message = "Salesforce answered with a web page instead of data when asked to " + std::string{doing.what} +
                    ". Check the login URL, and whether a proxy or a maintenance page stands in between.";
  } else if (html && doing.write) {
    error.kind = ErrorKind::unknown_fate;
  }
  if (const auto after = retry_after(answer)) error.retry_after = after;
  return error;
}

std::optional<seconds> retry_after(const Answer& answer) {
  constexpr seconds longest{86'400};
  const std::string_view text = answer.header("retry-after");
  if (const auto until = base::parse_http_date(text)) {
    const auto now = base::parse_http_date(answer.header("date"));
    if (!now) return std::nullopt;
    return std::clamp(std::chrono::duration_cast<seconds>(*until - *now), seconds{0}, longest);
  }
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0 || text.empty()) return std::nullopt;
  return seconds{std::min(value, static_cast<long>(longest.count()))};
}

ServiceError service_error(std::string body) {
  JsonReader reader;
  return reader.open_whole(body) ? first_service_error(reader.root()) : ServiceError{};
}

bool is_expired_session(const Answer& answer) {
  if (answer.status != 401) return false;
  const ServiceError error = service_error(answer.body);
  return error.code == "INVALID_SESSION_ID" && !error.message.contains("not valid for use with the REST API") &&
         !error.message.contains("not attached to Agent");
}

}  // namespace salesforce
