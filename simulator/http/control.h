#pragma once

#include <boost/json/object.hpp>

#include "simulator/http/auth.h"
#include "simulator/http/flights.h"
#include "simulator/http/happenings.h"
#include "simulator/http/limits.h"
#include "simulator/http/resource.h"
#include "simulator/http/sim_clock.h"

namespace simulator {

/// How often each kind of call was made. May be used from several threads.
class CallStatistics {
 public:
  void count(const std::string& kind);
  void reset();
  std::map<std::string, std::int64_t> by_kind() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::int64_t> by_kind_;
};

/// /__sim/…: what no Salesforce has, for tests and demonstrations; simulator/README.md lists it. It needs no session
/// and costs no calls.
class Control {
 public:
  struct Parts {
    OrgAccess access;
    Limits& limits;
    Flights& flights;
    Faults& faults;
    CallStatistics& statistics;
    Auth& auth;
    SimClock* clock;                     ///< Null: the clock cannot be moved.
    std::function<Reply(Call)> perform;  ///< Makes a call without a session, without costs and faults.
  };
  explicit Control(Parts parts) : parts_(std::move(parts)), happenings_(parts_.access) {}
  Reply answer(const http::Request& request);

 private:
  Reply statistics(const http::Request& request);
  Reply faults(const http::Request& request);
  Reply clock(const http::Request& request);
  Reply oauth(const http::Request& request);
  Reply limits(const http::Request& request);
  Reply users();
  /// Makes a call as another user: "as/olga@…/sobjects/Contact".
  Reply act(const http::Request& request, const std::vector<std::string>& path);
  /// All living records of an object as NDJSON, in the order of their stamps.
  Reply dump(std::string_view object);

  const Parts parts_;
  Happenings happenings_;
};

}  // namespace simulator
