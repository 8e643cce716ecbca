#pragma once

#include <cstdint>
#include <vector>

#include "core/ports/org.h"
#include "core/ports/store.h"

namespace core {

/// Record ids after `after` up to and with `through`; none stands for the beginning and the end.
struct IdRange {
  model::RecordId after, through;
};

/// An org read as a whole, in the order of its record ids.
class OrgSurvey {
 public:
  virtual ~OrgSurvey() = default;

  /// Living records within the mapping's filter, at most `limit`, ordered by id.
  virtual base::Result<Page> slice(const model::Mapping&, const IdRange&, std::size_t limit) = 0;

  /// How many records slice() would give in all. One call.
  virtual base::Result<std::int64_t> count(const model::Mapping&) = 0;
};

/// A store read as a whole.
class StoreSurvey {
 public:
  virtual ~StoreSurvey() = default;

  /// What is known of the records that have a link, at most `limit`, ordered by record id. Bases, announced values
  /// and `unlinked` are left out, and of linked ones what is parked and in conflict: this is the quick look at
  /// millions, a closer one goes through settle().
  virtual base::Result<void> linked(const model::Mapping&, const IdRange&, std::size_t limit, Known& known) = 0;

  /// Rows of the mapping after `after`, in the order of their keys, that have no link and wait nowhere: neither in
  /// the outbox nor parked. Nobody would ever send them.
  virtual base::Result<std::vector<model::RowKey>> strays(const model::Mapping&, const model::RowKey& after,
                                                          std::size_t limit) = 0;

  /// How many rows have no link and wait: in the outbox, or parked.
  struct Unsent {
    std::int64_t waiting = 0, parked = 0;
  };
  virtual base::Result<Unsent> unsent(const model::Mapping&) = 0;
};

}  // namespace core
