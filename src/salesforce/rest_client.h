#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "salesforce/api_usage.h"
#include "salesforce/auth.h"
#include "salesforce/call_budget.h"
#include "salesforce/composite.h"
#include "salesforce/errors.h"
#include "salesforce/json.h"

namespace salesforce {

/// What the resources of one org have in common: headers, versions, repeats, budget.
class RestClient {
 public:
  /// Without `budget` every call is let out.
  RestClient(Session& session, Transport& transport, std::string version, CallBudget* budget = nullptr)
      : session_(session), transport_(transport), version_(std::move(version)), budget_(budget) {}

  /// "/services/data/v66.0/" and the rest.
  std::string path(std::string_view tail) const { return "/services/data/v" + version_ + "/" + std::string{tail}; }

  /// One call; any status but 2xx is an error. Sent once more at once if it provably did not get out.
  base::Result<Answer> call(std::string_view method, const std::string& path, std::string body, const Doing& doing);

  /// The same for any request, whose url is a path, over any transport: from several threads at once.
  base::Result<Answer> exchange(Transport& transport, Request request, const Doing& doing);

  /// One composite call. Its answers come as with read_composite(); `as_of`, if given, is set before the first.
  base::Result<void> ask(const Composite& composite, const Doing& doing, base::Utc* as_of,
                         const std::function<base::Result<void>(std::size_t, int, Json&)>& each);

  Transport& transport() { return transport_; }
  JsonReader& reader() { return reader_; }
  std::int64_t calls() const { return calls_; }
  ApiUsage usage() const {
    const std::lock_guard lock{usage_mutex_};
    return usage_;
  }
  /// The last request by the org's own name, as its support asks for it; else its number among our calls.
  std::string request() const {
    const std::lock_guard lock{usage_mutex_};
    return request_;
  }

 private:
  base::Result<void> admit(Transport& transport, const Doing& doing);

  Session& session_;
  Transport& transport_;
  const std::string version_;
  CallBudget* const budget_;
  JsonReader reader_;
  std::atomic<std::int64_t> calls_ = 0;
  mutable std::mutex usage_mutex_;
  ApiUsage usage_;       ///< Guarded by usage_mutex_.
  std::string request_;  ///< The same.
};

/// The org's clock when it answered. `malformed` without a `Date`: stamps could not be judged by any other clock.
base::Result<base::Utc> date_of(const Answer& answer);

/// The error of a subrequest whose status is no success.
base::Error subrequest_error(int status, Json& body, const Doing& doing);

}  // namespace salesforce
