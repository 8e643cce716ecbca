#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "salesforce/transport.h"

namespace salesforce {

/// One error as the org spelt it, of a call (`errorCode`) or of a row (`statusCode`).
struct ServiceError {
  std::string code;
  std::string message;
  std::vector<std::string> fields;
};

/// What was being done when it went wrong.
struct Doing {
  std::string_view what;               ///< Completes "Salesforce refused to …": "read Contact records".
  bool write = false;                  ///< Something may have been changed.
  bool backfill = false;               ///< Part of a first load, whose calls can wait.
  std::string_view upsert_field = {};  ///< Of the mapping, if it has one.
  bool once = false;                   ///< See Request::once.
};

/// What the catalogue of error codes asks for (salesforce-wire.md section 16, with its letters).
enum class RetryClass {
  sign_in,        ///< A: a new token, then once more.
  transient,      ///< B: again after a while.
  few_times,      ///< B, but a few times only: the org failed, and may fail on this for good.
  smaller,        ///< B and G: again, with less at a time.
  quota,          ///< C: not before the quota returns.
  data,           ///< D: not again unchanged; the record is set aside.
  conflict,       ///< E: read again, decide again.
  restart,        ///< G: the read begins again from its watermark.
  configuration,  ///< F: nothing more of this mapping until somebody changes something.
};

/// For codes that the catalogue does not hold the status decides.
RetryClass class_of(int status, const ServiceError& error, const Doing& doing);

/// What to do about a code of the catalogue, as its messages end too; empty for others.
std::string_view remedy_of(std::string_view code);

/// The terms in which the core acts on a class; core/advice.h says how.
base::ErrorKind kind_of(RetryClass what);

/// Translates an answer that is no success into the kinds the core acts on, with a message that names the remedy.
///
/// Of the org's own texts only those are repeated that hold names rather than values of fields. A write that was
/// answered with 5xx or with a page of HTML is `unknown_fate` whatever else it says.
/// Source: REST API Developer Guide, "Status Codes and Error Responses"; SOAP API, "Core Data Types: StatusCode".
base::Error error_from(int status, const ServiceError& error, const Doing& doing);

/// The same for a row in an answer that was a success as a whole.
inline base::Error row_error(const ServiceError& error, const Doing& doing) {
  return error_from(200, error, doing);
}

/// The same for a whole answer: reads its body (an array or an object, or HTML) and its Retry-After.
base::Error error_from(const Answer& answer, const Doing& doing);

/// The first error of a body, which is `[{…}]` or `{…}`; empty if it is neither.
ServiceError service_error(std::string body);

/// What the answer's Retry-After says, at most a day. A date is reckoned from the answer's own: no clock but the org's.
/// Source: RFC 9110, "Retry-After".
std::optional<std::chrono::seconds> retry_after(const Answer& answer);

/// True for the 401 that a new access token cures.
bool is_expired_session(const Answer& answer);

}  // namespace salesforce
