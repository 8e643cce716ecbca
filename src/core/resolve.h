#pragma once

#include <span>
#include <string>

#include "core/ports/journal.h"
#include "core/ports/store.h"
#include "core/safeguards.h"

namespace core {

/// How a person settles a conflict.
struct Choice {
  enum class Take { org, store, value } take;
  std::string value;  ///< With `value`: for both sides, as the org would spell it.
  std::string by;     ///< Who decides, for the history.
};

/// Settles an open conflict the way merges go: the agreed value becomes the one of the side that loses, so the other
/// side's counts as its only edit, and the next run brings it over. Both sides end equal. A value of the person's own
/// is written to the row, whose edit it then is.
///
/// The choice is for what the person was shown: where a side has changed since, nothing is overwritten. A changed row
/// is refused here (`precondition`), a changed record opens the conflict anew in the next run. `rejected` when the
/// value is none of the field's type, or the database refuses it.
///
/// Where a deletion stands against the edit, what is decided is the deletion: `beside` are the other open entries of
/// that row, which are settled with it. A value goes to the field of the first.
base::Result<void> resolve_conflict(Store&, const model::Mapping&, const ConflictEntry&, const Choice&,
                                    const Safeguards& = {}, std::span<const ConflictEntry> beside = {});

}  // namespace core
