#include "salesforce/errors.h"

#include <gtest/gtest.h>

#include <ostream>
#include <tuple>

namespace salesforce {
namespace {

using base::ErrorKind;
using std::chrono::seconds;

Answer answer(int status, std::string body, std::vector<Header> headers = {}) {
  return {status, std::move(headers), std::move(body)};
}

std::string body_of(std::string_view code, std::string_view message = "text") {
  return "[{\"message\":\"" + std::string{message} + "\",\"errorCode\":\"" + std::string{code} + "\"}]";
}

struct Case {
  int status;
  std::string_view code;
  ErrorKind kind;
};
void PrintTo(const Case& c, std::ostream* out) {
  *out << c.status << " " << c.code;
}

class ErrorClasses : public testing::TestWithParam<Case> {};

TEST_P(ErrorClasses, HaveTheKindTheirCallerActsOn) {
  const auto& [status, code, kind] = GetParam();
  const base::Error error = error_from(answer(status, body_of(code)), {.what = "read Contact records"});
  EXPECT_EQ(base::name_of(error.kind), base::name_of(kind));
  EXPECT_EQ(error.service_code, code);
  EXPECT_TRUE(error.message.contains("read Contact records")) << error.message;
  EXPECT_TRUE(error.message.contains(code)) << error.message;
  EXPECT_TRUE(error.message.ends_with(".")) << error.message;
}

INSTANTIATE_TEST_SUITE_P(
    OfTheCatalogue, ErrorClasses,
    testing::Values(
        Case{401, "INVALID_SESSION_ID", ErrorKind::unauthorized}, Case{401, "INVALID_AUTH_HEADER", ErrorKind::settings},
        Case{403, "REQUEST_LIMIT_EXCEEDED", ErrorKind::throttled},
        Case{403, "API_DISABLED_FOR_ORG", ErrorKind::settings}, Case{503, "SERVER_UNAVAILABLE", ErrorKind::throttled},
        Case{400, "UNABLE_TO_LOCK_ROW", ErrorKind::throttled}, Case{400, "QUERY_TIMEOUT", ErrorKind::throttled},
        Case{500, "UNKNOWN_EXCEPTION", ErrorKind::unreachable}, Case{400, "PROCESSING_HALTED", ErrorKind::unreachable},
        Case{400, "STORAGE_LIMIT_EXCEEDED", ErrorKind::throttled},
        Case{400, "REQUIRED_FIELD_MISSING", ErrorKind::rejected}, Case{400, "STRING_TOO_LONG", ErrorKind::rejected},
        Case{400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", ErrorKind::rejected},
        Case{400, "INVALID_EMAIL_ADDRESS", ErrorKind::rejected},
        Case{400, "INVALID_CROSS_REFERENCE_KEY", ErrorKind::rejected},
        Case{400, "DUPLICATES_DETECTED", ErrorKind::rejected},
        Case{403, "INSUFFICIENT_ACCESS_OR_READONLY", ErrorKind::rejected},
        Case{404, "ENTITY_IS_DELETED", ErrorKind::precondition}, Case{404, "NOT_FOUND", ErrorKind::precondition},
        Case{412, "MATCH_PRECONDITION_FAILED", ErrorKind::precondition},
        Case{400, "DUPLICATE_VALUE", ErrorKind::precondition},
        Case{400, "INVALID_QUERY_LOCATOR", ErrorKind::precondition}, Case{400, "INVALID_FIELD", ErrorKind::settings},
        Case{400, "INVALID_TYPE", ErrorKind::settings}, Case{400, "MALFORMED_QUERY", ErrorKind::settings},
        Case{410, "GONE", ErrorKind::settings},
        // Not in the catalogue: the status decides.
        Case{400, "SOMETHING_NEW", ErrorKind::rejected}, Case{403, "SOMETHING_NEW", ErrorKind::unauthorized},
        Case{404, "SOMETHING_NEW", ErrorKind::precondition}, Case{412, "SOMETHING_NEW", ErrorKind::precondition},
        Case{420, "SOMETHING_NEW", ErrorKind::unreachable}, Case{429, "SOMETHING_NEW", ErrorKind::throttled},
        Case{500, "SOMETHING_NEW", ErrorKind::unreachable}, Case{502, "SOMETHING_NEW", ErrorKind::unreachable},
        Case{503, "SOMETHING_NEW", ErrorKind::throttled}));

TEST(Errors, TellABudgetThatIsSpentFromACrowdedMoment) {
  const Doing doing{.what = "read Contact records"};
  const auto spent = error_from(answer(403, body_of("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")), doing);
  const auto crowded =
      error_from(answer(403, body_of("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.")), doing);
  EXPECT_EQ(spent.kind, ErrorKind::throttled);
  EXPECT_EQ(crowded.kind, ErrorKind::throttled);
  EXPECT_EQ(spent.service_code, "REQUEST_LIMIT_EXCEEDED");
  EXPECT_GE(spent.retry_after.value(), seconds{600});
  EXPECT_LE(crowded.retry_after.value(), seconds{30});
}

TEST(Errors, PassOnRetryAfter) {
  const auto error = error_from(answer(503, body_of("SERVER_UNAVAILABLE"), {{"retry-after", "17"}}), {.what = "read"});
  EXPECT_EQ(error.retry_after, seconds{17});
}

TEST(Errors, LeaveTheFateOfAWriteOpenAfterAServerError) {
  const Doing doing{.what = "write Contact records", .write = true};
  EXPECT_EQ(error_from(answer(500, body_of("UNKNOWN_EXCEPTION")), doing).kind, ErrorKind::unknown_fate);
  EXPECT_EQ(error_from(answer(503, ""), doing).kind, ErrorKind::unknown_fate);
  EXPECT_EQ(error_from(answer(502, "<html>bad gateway"), doing).kind, ErrorKind::unknown_fate);
  EXPECT_EQ(error_from(answer(404, "<html>", {{"content-type", "text/html"}}), doing).kind, ErrorKind::unknown_fate);
  EXPECT_EQ(error_from(answer(400, body_of("STRING_TOO_LONG")), doing).kind, ErrorKind::rejected);
  EXPECT_EQ(row_error({"UNKNOWN_EXCEPTION", "", {}}, doing).kind, ErrorKind::unreachable);
}

TEST(Errors, TakeAWebPageForNoAnswer) {
  const auto error = error_from(answer(200, "<html>login", {{"content-type", "text/html"}}), {.what = "read"});
  EXPECT_EQ(error.kind, ErrorKind::malformed);
}

TEST(Errors, AreReadFromAnObjectAsWell) {
  const auto error = error_from(answer(400, R"({"message":"x","errorCode":"INVALID_TYPE"})"), {.what = "read"});
  EXPECT_EQ(error.kind, ErrorKind::settings);
}

TEST(Errors, SurviveBodiesThatAreNone) {
  for (const char* body : {"", "[]", "[1]", "{", "null", "[{\"errorCode\":", "[\"/services/data/v23.0/sobjects/A/1\"]"})
    EXPECT_EQ(error_from(answer(400, body), {.what = "read"}).kind, ErrorKind::rejected) << body;
}

TEST(Errors, NameFieldsButNoValues) {
  const Doing doing{.what = "write Contact records", .write = true};
  const auto mail = row_error({"INVALID_EMAIL_ADDRESS", "Email: invalid email address: jo@secret", {"Email"}}, doing);
  EXPECT_TRUE(mail.message.contains("Email"));
  EXPECT_FALSE(mail.message.contains("jo@secret")) << mail.message;
  const auto unknown = row_error({"SOMETHING_NEW", "bad value jo@secret", {}}, doing);
  EXPECT_FALSE(unknown.message.contains("jo@secret")) << unknown.message;
  const auto missing = row_error({"REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", {}}, doing);
  EXPECT_TRUE(missing.message.contains("[LastName]")) << missing.message;
}

TEST(Errors, TellARaceForOurKeyFromAValueTakenElsewhere) {
  const Doing doing{.what = "write", .write = true, .upsert_field = "Lockstep_Id__c"};
  const auto with = [&](std::string message) {
    return row_error({"DUPLICATE_VALUE", std::move(message), {}}, doing).kind;
  };
  EXPECT_EQ(with("duplicate value found: Lockstep_Id__c duplicates value on record with id: 001"),
            ErrorKind::precondition);
  EXPECT_EQ(with("duplicate value found: <unknown> duplicates value on record with id: <unknown>"),
            ErrorKind::precondition);
  EXPECT_EQ(with("duplicate value found: Vat__c duplicates value on record with id: 001"), ErrorKind::rejected);
}

TEST(Errors, RenewOnlyWhatANewTokenCures) {
  EXPECT_TRUE(is_expired_session(answer(401, body_of("INVALID_SESSION_ID", "Session expired or invalid"))));
  EXPECT_FALSE(is_expired_session(
      answer(401, body_of("INVALID_SESSION_ID", "This session is not valid for use with the REST API"))));
  EXPECT_FALSE(
      is_expired_session(answer(401, body_of("INVALID_SESSION_ID", "Connected app is not attached to Agent"))));
  EXPECT_FALSE(is_expired_session(answer(401, body_of("INVALID_AUTH_HEADER"))));
  EXPECT_FALSE(is_expired_session(answer(403, body_of("INVALID_SESSION_ID"))));
  EXPECT_FALSE(is_expired_session(answer(401, "<html>")));
}

}  // namespace
}  // namespace salesforce
