#include "salesforce/rest_client.h"

#include "base/time_text.h"

namespace salesforce {

base::Result<base::Utc> date_of(const Answer& answer) {
  if (const auto date = base::parse_http_date(answer.header("date"))) return *date;
  return base::failure(base::ErrorKind::malformed,
                       "Salesforce's answer has no Date header, so its stamps cannot be judged. Check whether a proxy "
                       "removes it.");
}

base::Error subrequest_error(int status, Json& body, const Doing& doing) {
  return error_from(status, first_service_error(body), doing);
}

base::Result<Answer> RestClient::call(std::string_view method, const std::string& path, std::string body,
                                      const Doing& doing) {
  Request request{
      .method = std::string{method}, .url = path, .headers = {{"Accept", "application/json"}}, .body = std::move(body)};
  request.once = doing.once;
  if (!request.body.empty()) request.headers.push_back({"Content-Type", "application/json; charset=UTF-8"});
  return exchange(transport_, std::move(request), doing);
}

/// Asks the budget, and asks it again by the org's own time: the list of versions says it, and is no call of the day's.
/// Source: REST API Developer Guide, "Limits".
base::Result<void> RestClient::admit(Transport& transport, const Doing& doing) {
  auto admitted = budget_->admit(doing.backfill);
  if (admitted || admitted.error().kind != base::ErrorKind::throttled) return admitted;
  const auto versions = session_.send(transport, {.method = "GET", .url = "/services/data"});
  if (!versions || versions->status != 200) return admitted;
  const auto date = date_of(*versions);
  if (!date) return admitted;
  budget_->hear_time(*date);
  return budget_->admit(doing.backfill);
}

base::Result<Answer> RestClient::exchange(Transport& transport, Request request, const Doing& doing) {
  request.headers.push_back({"Sforce-Call-Options", "client=lockstep/" LOCKSTEP_VERSION});
  request.headers.push_back({"Sforce-Auto-Assign", "FALSE"});
  request.finish = doing.write || (request.method != "GET" && !request.url.ends_with("/composite"));
  if (budget_ != nullptr) RETURN_IF_ERROR(admit(transport, doing));
  int exchanges = 0;
  auto answer = session_.send(transport, std::move(request), &exchanges);
  calls_ += exchanges;
  if (budget_ != nullptr) {
    ApiUsage said;
    if (answer) read_usage(answer->header("sforce-limit-info"), said);
    budget_->settle(exchanges, said, answer ? base::parse_http_date(answer->header("date")) : std::nullopt);
  }
  if (!answer) {
    base::Error error = std::move(answer).error();
    // A read that may have been done is a read that was not.
    if (!doing.write && error.kind == base::ErrorKind::unknown_fate) error.kind = base::ErrorKind::unreachable;
    return std::unexpected(std::move(error));
  }
  {
    const std::lock_guard lock{usage_mutex_};
    request_ = "call " + std::to_string(calls_);
    for (const std::string_view name : {"x-request-id", "x-sfdc-request-id"})
      if (const auto id = answer->header(name); !id.empty()) request_ = id;
    read_usage(answer->header("sforce-limit-info"), usage_);
  }
  const bool html = answer->header("content-type").contains("html");
  if (answer->status < 200 || answer->status >= 300 || html) return std::unexpected(error_from(*answer, doing));
  return answer;
}

base::Result<void> RestClient::ask(const Composite& composite, const Doing& doing, base::Utc* as_of,
                                   const std::function<base::Result<void>(std::size_t, int, Json&)>& each) {
  ASSIGN_OR_RETURN(Answer answer, call("POST", path("composite"), composite.body(), doing));
  if (as_of != nullptr) {
    ASSIGN_OR_RETURN(*as_of, date_of(answer));
  }
  auto read = read_composite(reader_, answer.body, composite.size(), each);
  // Answered with success, but with what?
  if (!read && doing.write && read.error().kind == base::ErrorKind::malformed)
    read.error().kind = base::ErrorKind::unknown_fate;
  return read;
}

}  // namespace salesforce
