#pragma once

#include "core/verify.h"
#include "daemon/app.h"

namespace daemon_process {

struct VerifyRequest {
  std::vector<std::string> objects;  ///< Empty: all that are switched on.
  bool repair = false;
  std::function<void(const std::string&)> announce;  ///< What is about to be done, and its cost in API calls.
  std::function<void(const std::string&)> progress;  ///< One line about what is going on.
};

/// One object's part of a verification.
struct ObjectVerified {
  model::Mapping mapping;
  core::VerifyCounts counts;
  std::vector<core::Difference> differences;  ///< The first `most_listed`; the counts count all.
  static constexpr std::size_t most_listed = 1000;
};

/// What stands open of one object, as the inbox lists it.
struct StillOpen {
  std::string object;
  std::int64_t conflicts = 0, parked = 0;  ///< Entries; a pair may have several.
};

struct Verification {
  core::RunRecord run;  ///< As it stands in the sync log: operation `verify`.
  std::vector<ObjectVerified> objects;
  std::vector<core::RunError> not_compared;  ///< Mapped objects and fields that were left out; see RunError::left_out.
  std::vector<StillOpen> open;               ///< Of the objects that were asked for.
  std::int64_t repaired = 0;                 ///< Differences that were there before the repair.

  /// All that is mapped was compared, nothing differs that is meant to be equal, and nothing waits for anybody.
  bool all_equal() const;
  /// Equal, but for what a direction, write mode, filter or delete policy leaves apart.
  bool apart_by_choice() const;
};

/// Compares both sides of an integration; with `repair` mends what differs, syncs, and compares those objects again.
/// The outer error means that nothing was compared.
base::Result<Verification> verify_once(App&, core::Integration&, const VerifyRequest&);

}  // namespace daemon_process
