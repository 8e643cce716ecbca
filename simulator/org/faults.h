#pragma once

#include <chrono>
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
  enum class Kind { none, unavailable, html_error, cut_before, cut_after, expire_token, request_limit, fail_job };
  Kind kind = Kind::none;
  std::chrono::milliseconds latency{0};
  double locked_rows = 0;  ///< The share of its writes that answer UNABLE_TO_LOCK_ROW.
};

/// Rules that make calls fail the way Salesforce's do:
///   {"seed":1,"rules":[{"effect":"cut_after","method":"PATCH","path":"/composite","object":"Contact",
///                       "probability":0.1,"after":5,"count":3,"latency_ms":200,"share":0.05}]}
/// A rule fires for calls whose method is equal and whose path and target contain its texts (each optional), after
/// `after` such calls, with `probability` (1), at most `count` times. Effects: unavailable (503), html_500, cut_before
/// and cut_after (the write took effect), expire_token (401 and the token is dead), request_limit (403), latency,
/// lock_rows (`share` of the rows, 1 unless given), fail_job (a Bulk job fails at that batch). The batches of Bulk
/// jobs are calls of the method BATCH; only fail_job befalls them, and lock_rows if its rule names that method. Equal
/// seeds and calls give equal faults. May be used from several
/// threads.
class Faults {
 public:
  /// Replaces all rules. The message says what is wrong with `text`; the old rules then stay.
  std::optional<std::string> set(std::string_view text);
  std::string text() const;
  void clear();

  /// Decides one call. `target` is its path and query, and its body where objects are named there.
  Misfortune decide(std::string_view method, std::string_view path, std::string_view target);
  /// The error, if any, that a row written by the call is answered with.
  std::optional<ApiError> row(const Misfortune& misfortune);

 private:
  bool chance(double share) { return share >= 1 || (share > 0 && random_.chance(share)); }
  struct Rule {
    std::string effect, method, path, object;
    double probability = 1, share = 1;
    std::int64_t after = 0, count = -1, latency_ms = 0;
  };
  mutable std::mutex mutex_;  ///< Guards what follows.
  std::vector<Rule> rules_;
  std::string text_ = R"({"rules":[]})";
  base::Random random_{1};
};

}  // namespace simulator
