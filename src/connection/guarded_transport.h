#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "core/breaker.h"
#include "salesforce/transport.h"

namespace connection {

/// One breaker an org, for all connections of this process. May be used from several threads.
class Breakers {
 public:
  struct Guarded {
    std::mutex mutex;
    core::Breaker breaker;
    std::string last_failure;  ///< For people: what the last call that failed said.
  };
  std::shared_ptr<Guarded> of(const std::string& org_id);

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Guarded>> breakers_;
};

/// Leaves an org alone that has stopped answering: calls are refused with `unreachable` and a time to come back, until
/// a single probe gets through (see core::Breaker). No answer, and answers of 500 and above, are failures; whatever
/// else the org says, it works. Used by one thread, like what it wraps; that and the clock are borrowed.
class GuardedTransport final : public salesforce::Transport {
 public:
  GuardedTransport(salesforce::Transport& inner, const base::Clock& clock, std::shared_ptr<Breakers::Guarded> guarded)
      : inner_(inner), clock_(clock), guarded_(std::move(guarded)) {}

  base::Result<salesforce::Answer> send(const salesforce::Request& request) override;

 private:
  salesforce::Transport& inner_;
  const base::Clock& clock_;
  const std::shared_ptr<Breakers::Guarded> guarded_;
};

}  // namespace connection
