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
      base::Error error{base::ErrorKind::unreachable,
                        "The org has not answered several times in a row and is left alone for a while. It is tried "
                        "again by itself; check the network and status.salesforce.com if it stays so."};
      error.retry_after = std::max(std::chrono::ceil<std::chrono::seconds>(*away), std::chrono::seconds{1});
      return std::unexpected(std::move(error));
    }
  }
  auto answer = inner_.send(request);
  const std::lock_guard lock{guarded_->mutex};
  core::Breaker& breaker = guarded_->breaker;
  if (answer) {
    answer->status >= 500 ? breaker.failed(clock_.elapsed()) : breaker.answered();
  } else if (answer.error().kind == base::ErrorKind::unreachable ||
             answer.error().kind == base::ErrorKind::unknown_fate) {
    breaker.failed(clock_.elapsed());
  } else {
    breaker.nothing_learned();  // stopped by us, or a request that could not be made
  }
  return answer;
}

}  // namespace connection
