#pragma once

#include <vector>

#include "core/announced.h"
#include "core/ports/org.h"
#include "core/ports/store.h"
#include "core/safeguards.h"

namespace core {

/// Which created record belongs to which announced create.
struct Matches {
  struct Pair {
    std::size_t intent, record;
    bool operator==(const Pair&) const = default;
  };
  std::vector<Pair> pairs;
  std::vector<std::size_t> doubtful;  ///< Records that may be one of the creates, and nobody can tell which.
};

/// Matches creates without a key with records that our user made since and that have no link (`candidates`, ordinals
/// of `created`), as far as the org could still be at work on the create when it made the record. Other programs may
/// run as that user, so a record is taken only where nothing else can be meant: first those that hold just what was
/// sent, unless there are more of them than creates alike; then, since automation or somebody may have changed it, the
/// one record and the one create that are most like each other, if at least half of what was sent is there and a match
/// rule agrees. Others that share something with a create are doubtful: a person decides. Pure.
Matches match_creates(const model::Mapping&, const CreateIntents& intents, const Observation& created,
                      const std::vector<std::size_t>& candidates);

/// What was found out about creates without a key.
struct Creates {
  std::int64_t found = 0;
  std::int64_t open = 0;                  ///< Still unknown.
  std::vector<model::RecordId> doubtful;  ///< Not to be taken for new records yet.
};

/// Looks for the records of creates that were announced without a key and whose answers never came: found ones are
/// linked, those that certainly never took place are withdrawn and may be tried again. Nothing is asked of the org
/// where nothing is open.
base::Result<Creates> resolve_creates(const model::Mapping&, Org&, Store&, const Safeguards&);

/// Takes from a page's decision that a doubtful record is a new one: it is set aside and looked at again.
void set_doubtful_aside(const std::vector<model::RecordId>& doubtful, const Observation&, base::Utc now, WriteSet&);

/// Follows a merge, see Store::follow_merge(). A winner that a create of ours made, and whose answer never came, stands
/// for that create's row: it is linked first, or it would take over the loser's.
base::Result<void> follow_merge(const model::Mapping&, Org&, Store&, const model::RecordId& loser,
                                const model::RecordId& winner);

}  // namespace core
