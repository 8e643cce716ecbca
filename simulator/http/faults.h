#pragma once

#include <boost/json/fwd.hpp>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "simulator/org/api_error.h"

namespace simulator {

/// What befalls one call.
struct Misfortune {
  /// Answered instead of doing anything.
  struct Answer {
    ApiError error;
    bool html = false;
    std::optional<std::int64_t> retry_after_s = {};
  };
  std::optional<Answer> answer = {};
  bool cut_before = false, cut_after = false;  ///< The connection is cut before, or after the call took effect.
  bool expire_token = false;
  bool fail_job = false;  ///< The Bulk job fails at this batch.
  std::chrono::milliseconds latency{0};

  double row_share = 0;  ///< Of the rows it writes, this share fails with `row_error`.
  ApiError row_error = {};

  // What befalls the answer on its way.
  std::int64_t bytes_per_second = 0;             ///< 0: as fast as can be.
  std::optional<std::int64_t> cut_body_at = {};  ///< The connection is cut after so many bytes; -1: at half.
  bool cut_gzip = false, cut_csv = false;        ///< The body ends early, and the answer as if that were all.
};

/// Rules that make calls fail the way Salesforce's do; simulator/README.md lists them:
///   {"seed":1,"rules":[{"effect":"cut_after","method":"PATCH","path":"/composite","object":"Contact",
///                       "probability":0.1,"after":5,"count":3}]}
/// The batches of Bulk jobs are calls of the method BATCH; only fail_job befalls them, and what befalls rows by rules
/// that name that method. Equal seeds and calls give equal faults. May be used from several threads.
class Faults {
 public:
  /// Replaces all rules. The message says what is wrong with `text`; the old rules then stay.
  std::optional<std::string> set(std::string_view text);
  std::string text() const;
  std::vector<std::int64_t> struck() const;  ///< How many calls each rule has befallen, in the order of the rules.
  void clear();

  /// Decides one call. `target` is its path and query, and its body where objects are named there.
  Misfortune decide(std::string_view method, std::string_view path, std::string_view target);
  /// The error, if any, that a row written by the call is answered with.
  std::optional<ApiError> row(const Misfortune& misfortune);

 private:
  struct Rule {
    std::string effect, method, path, object, code, message;
    double probability = 1, share = 1;
    std::int64_t after = 0, every = 1, count = -1, latency_ms = 0, status = 0, bytes = 0, retry_after_s = -1;
    std::int64_t matched = 0;  ///< Calls so far that the selectors fit.
    std::int64_t struck = 0;   ///< Of them, those that it befell.
  };
  static bool read_member(std::string_view key, const boost::json::value& value, Rule& rule);
  bool chance(double share) { return share >= 1 || (share > 0 && random_.chance(share)); }
  bool befalls(Rule& rule, std::string_view method, std::string_view path, std::string_view target);
  static void apply(const Rule& rule, Misfortune& misfortune);

  mutable std::mutex mutex_;  ///< Guards what follows.
  std::vector<Rule> rules_;
  std::string text_ = R"({"rules":[]})";
  base::Random random_{1};
};

}  // namespace simulator
