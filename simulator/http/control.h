#pragma once

#include "simulator/http/limits.h"
#include "simulator/http/resource.h"

namespace simulator {

/// How often each kind of call was made. May be used from several threads.
class CallStatistics {
 public:
  void count(const std::string& kind);
  void reset();
  std::string json(std::int64_t api_calls) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::int64_t> by_kind_;
};

/// /__sim/…: what no Salesforce has, for tests and demonstrations. It needs no session and costs no calls.
class Control {
 public:
  Control(OrgAccess access, Limits& limits, Faults& faults, CallStatistics& statistics)
      : access_(access), limits_(limits), faults_(faults), statistics_(statistics) {}
  Reply answer(const http::Request& request);

 private:
  /// All living records of an object as NDJSON, in the order of their stamps.
  Reply dump(const Object& object);

  const OrgAccess access_;
  Limits& limits_;
  Faults& faults_;
  CallStatistics& statistics_;
};

}  // namespace simulator
