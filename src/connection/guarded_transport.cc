#include "connection/guarded_transport.h"

#include <algorithm>

namespace connection {

std::shared_ptr<Breakers::Guarded> Breakers::of(const std::string& org_id) {
  const std::lock_guard lock{mutex_};
  auto& guarded = breakers_[org_id];
  if (!guarded) guarded = std::make_shared<Guarded>();
  return guarded;
}

base::Result<salesforce::Answer> GuardedTransport::send(const salesforce::Request& request) {
  {
    const std::lock_guard lock{guarded_->mutex};
    if (const auto away = guarded_->breaker.refuse(clock_.elapsed())) {
      const auto pause = std::max(std::chrono::ceil<std::chrono::seconds>(*away), std::chrono::seconds{1});
      return std::unexpected(base::Error{
          .kind = base::ErrorKind::unreachable,
          .message = guarded_->last_failure + " That was so several times in a row: the org is left alone for " +
                     std::to_string(pause.count()) + " s and then tried again by itself.",
          .service_code = {},
          .retry_after = pause});
    }
  }
  auto answer = inner_.send(request);
  const std::lock_guard lock{guarded_->mutex};
  core::Breaker& breaker = guarded_->breaker;
  if (answer && answer->status < 500) {
    breaker.answered();
  } else if (answer) {
    guarded_->last_failure = "Salesforce answered with status " + std::to_string(answer->status) + ".";
    breaker.failed(clock_.elapsed());
  } else if (answer.error().kind == base::ErrorKind::unreachable ||
             answer.error().kind == base::ErrorKind::unknown_fate) {
    guarded_->last_failure = answer.error().message;
    breaker.failed(clock_.elapsed());
  } else {
    breaker.nothing_learned();  // stopped by us, or a request that could not be made
  }
  return answer;
}

}  // namespace connection
