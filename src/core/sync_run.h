#pragma once

#include <functional>
#include <span>

#include "core/advice.h"
#include "core/brake.h"
#include "core/delete_pass.h"
#include "core/ports/registry.h"
#include "core/pull_pass.h"
#include "core/push_pass.h"

namespace core {

/// What a run needs of the world. Borrowed.
struct RunWorld {
  Org& org;
  Store& store;
  const base::Clock& clock;
  base::Random& random;
  std::function<void(std::chrono::milliseconds)> wait;
  std::function<bool()> stopping;                               ///< True: finish the page in hand and end.
  std::function<void(const std::string&)> progress;             ///< One line about what is going on.
  MassLimits limits{.deletes = 0, .delete_percent = 0};         ///< What the run may do unasked; by default anything.
  model::SyncDirection direction = model::SyncDirection::both;  ///< Only this half of the run.
  Lookback lookback{};
  Safeguards safeguards{};
  std::size_t page_size = 10'000;
  std::span<const model::Mapping> beside{};  ///< Linked mappings that this run leaves alone.
};

struct RunResult {
  std::vector<std::pair<std::string, ObjectCounts>> objects;
  std::vector<RunError> errors;           ///< With a `record`: that one was set aside and is counted as parked.
  std::optional<base::Error> stopped_by;  ///< What ended the whole run early.
  bool cut_short = false;                 ///< `stopping` said so before the work was done.
};

/// One sync run over the mappings in the given order (see put_in_order()): one look at all objects, then pull each
/// until nothing is left, settle the rows whose records were deleted (children first), push each, remove the rows whose
/// records left the filter, and delete the records whose rows were deleted (children first). A failing object does not
/// stop the others; a failing org does. Deletes beyond `limits` are left as they are, and named among the errors; so are
/// those that would take records of mappings along that the run does not push.
RunResult run_sync(std::span<const model::Mapping> mappings, const RunWorld&);

}  // namespace core
