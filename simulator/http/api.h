#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "http/message.h"
#include "simulator/http/auth.h"
#include "simulator/http/collections.h"
#include "simulator/http/composite.h"
#include "simulator/http/control.h"
#include "simulator/http/describe.h"
#include "simulator/http/limits.h"
#include "simulator/http/query.h"
#include "simulator/http/router.h"
#include "simulator/http/rows.h"
#include "simulator/org/faults.h"
#include "simulator/org/org.h"

namespace simulator {

struct ApiOptions {
  AuthOptions auth;
  std::int64_t daily_calls = 100'000;
};

/// Salesforce's OAuth and REST resources over an org, without sockets: a request in, an answer out. This front signs
/// in, counts calls, brings faults down on them and finds the resource that answers.
///
/// May be called from several threads at once; inside the org the requests take turns.
class Api {
 public:
  Api(Org& org, const ApiOptions& options);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  http::Response handle(const http::Request& request);

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
  Reply answer(const http::Request& request, const Misfortune& misfortune);
  Reply data(const http::Request& request, std::uint64_t caller, const Misfortune& misfortune);

  Org& org_;
  std::mutex mutex_;  ///< Guards org_.
  std::function<void()> before_each_ = [] {};
  Faults faults_;
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
  LimitsResource limits_resource_;
};

}  // namespace simulator
