#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <variant>

#include "http/message.h"
#include "simulator/http/auth.h"
#include "simulator/http/collections.h"
#include "simulator/http/composite.h"
#include "simulator/http/control.h"
#include "simulator/http/describe.h"
#include "simulator/http/faults.h"
#include "simulator/http/flights.h"
#include "simulator/http/limits.h"
#include "simulator/http/query.h"
#include "simulator/http/record_count.h"
#include "simulator/http/replication.h"
#include "simulator/http/router.h"
#include "simulator/http/rows.h"
#include "simulator/http/tooling.h"
#include "simulator/http/tree.h"
#include "simulator/org/org.h"

namespace simulator {

struct ApiOptions {
  AuthOptions auth;
  std::int64_t daily_calls = 100'000;
  Flights::Limit long_calls;
  std::chrono::milliseconds latency{0};  ///< Of every answer.
  /// How a call waits. In a seeded run: moves the virtual clock.
  std::function<void(std::chrono::milliseconds)> sleep;
  SimClock* clock = nullptr;  ///< What /__sim/clock moves; borrowed. Without it the clock cannot be moved.
};

/// Salesforce's OAuth and REST resources over an org, without sockets: a request in, an answer out. This front signs
/// in, counts calls, brings faults down on them and finds the resource that answers.
///
/// May be called from several threads at once; inside the org the requests take turns. Answers that stream borrow it.
class Api {
 public:
  Api(Org& org, const ApiOptions& options);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  http::Response handle(const http::Request& request);
  /// Takes the body of a call that is too large to be collected; null for the others, which go to handle().
  std::unique_ptr<http::BodyReceiver> receive(const http::Request& head);

  /// Before the first request. The message says what is wrong with the rules.
  std::optional<std::string> set_faults(std::string_view rules) { return faults_.set(rules); }
  /// Lets `resource` answer what fits `pattern` ("jobs/**", see Router::add) below "/services/data/vXX.X/". Before
  /// the first request; the resource is borrowed.
  void mount(std::string_view pattern, Resource& resource) { router_.add(pattern, resource); }
  /// For what is mounted: the org with its mutex, and the day's limits.
  OrgAccess access() { return {org_, mutex_}; }
  Limits& limits() { return limits_; }
  Faults& faults() { return faults_; }
  /// Called before every request, without the mutex: for what goes on in the org as its clock does. Before the first
  /// request.
  void before_each(std::function<void()> hook) { before_each_ = std::move(hook); }

 private:
  class Upload;
  using Flight = std::shared_ptr<void>;  ///< A call is under way for as long as anything holds it.
  struct Admitted {
    Call call;
    Resource* resource;
  };
  Misfortune misfortune_of(const http::Request& request);
  Reply answer(const http::Request& request, const Misfortune& misfortune, Flight& flight);
  /// The call, if it may be made: signed in, within the limits, known; or what it is answered with instead.
  std::variant<Admitted, Reply> admit(const http::Request& request, const Misfortune& misfortune, Flight& flight);
  Reply run(const Call& call, Resource& resource);
  Reply limited(Reply reply);
  http::Response dressed(const http::Request& request, Reply reply, const Misfortune& misfortune, Flight flight);
  /// The call keeps the records that it writes locked until its flight ends.
  void keep_locks(Caller& caller, Flight& flight);
  void wait(std::chrono::milliseconds time) const;

  Org& org_;
  const ApiOptions options_;
  std::mutex mutex_;  ///< Guards org_.
  std::function<void()> before_each_ = [] {};
  Faults faults_;
  Flights flights_;
  Limits limits_;
  CallStatistics statistics_;
  Auth auth_;
  Control control_;
  Router router_;
  DescribeResource describe_;
  Rows rows_;
  QueryResource query_;
  Collections collections_;
  Composite composite_;
  CompositeGraph graph_;
  Batch batch_;
  CompositeTree tree_;
  Replication replication_;
  RecordCount record_count_;
  Tooling tooling_;
  LimitsResource limits_resource_;
};

}  // namespace simulator
