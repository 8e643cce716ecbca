#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/grid.h"
#include "model/mapping.h"
#include "model/position.h"

namespace core {

/// What one record's observation says beside its fields.
struct RecordHead {
  model::RecordId id;            ///< None where there is no record (see Org::retrieve).
  std::string_view upsert_key;   ///< Value of the mapping's external id field; empty if it has none. In the arena.
  base::Utc stamp{};             ///< SystemModstamp: whole seconds.
  model::RecordId changed_by{};  ///< Whose edit was the last, where it was asked for.
  base::Utc created_at{};        ///< From Org::created() only; zero elsewhere.
  /// It lies in the recycle bin, with the cells that it had; with no stamp, it vanished and nobody saw what it held.
  bool deleted = false;
  model::RecordId merged_into{};  ///< Deleted by a merge: the record that took its place.
  /// Whether it matches the mapping's filter, for a living record of a mapping that follows who leaves it, where that
  /// is known.
  std::optional<bool> in_filter{};
};

/// A record that came in a form we cannot read, with the reason. The others go on without it.
struct Unreadable {
  model::RecordId id;
  base::Error error;
  base::Utc stamp{};   ///< SystemModstamp, as in a head: a poll goes on from here too.
  std::size_t at = 0;  ///< How many heads come before it; in a retrieve its own, which has no id.
};

/// Records as the org held them at one moment, cells in canonical form, flat. One row of `cells` a head.
struct Observation {
  model::Grid cells;
  std::vector<RecordHead> heads;
  std::vector<Unreadable> unreadable;  ///< In the order of the heads, which do not show them.
  base::Utc as_of{};                   ///< The org's clock when it answered (the `Date` header), whole seconds.

  std::size_t size() const { return heads.size(); }
  void restart(std::size_t fields) {
    cells.restart(fields);
    heads.clear();
    unreadable.clear();
    as_of = {};
  }
  void truncate(std::size_t records) {
    heads.resize(records);
    cells.truncate(records);
  }
};

/// A page of a poll. Being an observation itself, it needs no second read of the org.
struct Page {
  Observation observed;  ///< Ordered by (SystemModstamp, Id), the unreadable ones among the others.
  bool more = false;     ///< Known to be more after the last record.

  /// Set when the org is reading the whole object in bulk instead: `observed` is then in no order, and this is where
  /// it goes on (while there is `more`). Such a place outlives the process.
  std::optional<model::BulkPlace> bulk = std::nullopt;
  std::chrono::milliseconds ready_in{0};  ///< With `bulk` and no records: worth asking again after that time.
};

/// What a poll asks for: records after `after` in the order of (SystemModstamp, Id), at most `limit`; or what comes at
/// `bulk`. When that is no longer to be had the answer is the error `precondition`: begin again.
struct PageRequest {
  const model::Mapping* mapping;
  model::Keyset after;
  std::size_t limit;
  std::optional<model::BulkPlace> bulk = std::nullopt;
  bool backfill = false;  ///< Of a first load: its calls are the first to wait when the API budget runs short.
  /// With who changed each record last; such pages are never read in bulk. A first load has no use for that.
  bool authors = false;
};

/// One record to delete. `archive`: it is not deleted, but marked in the mapping's archive field.
struct OrgRemoval {
  model::RecordId id;
  bool archive = false;
};

/// A record found by our upsert key, living or in the recycle bin.
struct FoundRecord {
  model::RecordId id;
  bool deleted = false;
};

/// One record to create or change. Cells borrow from the caller.
struct OrgWrite {
  model::RecordId id;                   ///< None: create, by `upsert_key` if there is one.
  std::string_view upsert_key;          ///< Creates only; empty where the mapping has no field for it.
  model::FieldSet fields;               ///< Which fields to write; the others are left alone.
  std::span<const model::Cell> values;  ///< As wide as the mapping.
  base::Utc unless_changed_since{};     ///< Updates: refuse with `precondition` if stamped later than this.
  /// References whose value is the parent's upsert key and not its record id. Such a write is refused with
  /// `precondition` while the org has no parent of that key; see FieldMapping::relationship.
  model::FieldSet by_key{};
};

/// The Salesforce org as the sync core sees it. Calls block and spend API budget.
class Org {
 public:
  virtual ~Org() = default;

  /// Reads one page for each request, in as few calls as the org allows: the look of an idle run at all its
  /// objects is one call. One result a request, in order. Where the mapping says that deleted records can be seen,
  /// they come too: deleting one stamps it anew, and so does taking it back.
  virtual std::vector<base::Result<Page>> fetch(std::span<const PageRequest> requests) = 0;

  /// What the org holds now for `ids`: one head an id, in order, without `id` where there is no such record
  /// (deleted, or hidden from us) or where it is unreadable.
  virtual base::Result<Observation> retrieve(const model::Mapping&, std::span<const model::RecordId> ids) = 0;

  /// The records that carry these upsert keys, deleted ones included: a create whose answer was lost must not
  /// be repeated over a record that was made and binned since. One entry a key; of several the living one.
  virtual base::Result<std::vector<std::optional<FoundRecord>>> find(const model::Mapping&,
                                                                     std::span<const std::string_view> keys) = 0;

  /// What became of records that retrieve() does not show: one head an id, in order. Living, deleted (with the cells
  /// they had), merged into another; without `id` where the org knows nothing: purged, or hidden from us.
  virtual base::Result<Observation> fates(const model::Mapping&, std::span<const model::RecordId> ids) = 0;

  /// Records that our own user created at or after `since`, deleted ones too, oldest first: where an object has no
  /// field for our key, a create whose answer was lost is found among them.
  virtual base::Result<Observation> created(const model::Mapping&, base::Utc since) = 0;

  /// Which of these records live and match the mapping's filter now: one answer an id, in order.
  virtual base::Result<std::vector<bool>> fitting(const model::Mapping&, std::span<const model::RecordId> ids) = 0;

  /// Living records that hold in the fields of `rule` (ordinals, see Mapping::match_rules) what one of `rows` holds
  /// there, whatever the mapping's filter says; in no order, each once. Every row has a text in each of those fields.
  /// The org compares texts without regard to case.
  virtual base::Result<Observation> alike(const model::Mapping&, std::span<const std::size_t> rule,
                                          std::span<const std::span<const model::Cell>> rows) = 0;

  /// Deletes to the recycle bin, or archives. One result a removal; deleting a record that is gone already is done.
  /// The org takes no condition here: what a record held in the end is seen in the bin.
  virtual base::Result<std::vector<base::Result<void>>> remove(const model::Mapping&,
                                                               std::span<const OrgRemoval> removals) = 0;

  /// Writes in the given order where the org keeps one. One result a write: the record's id, or why that record
  /// was refused. The outer error means that the call failed as a whole; after `unknown_fate` some of the writes
  /// may have been done. Creates with a key are upserts, so repeating one is safe; others are not.
  ///
  /// Up to conditional_writes_limit() writes honour `unless_changed_since`; larger batches trade the check for
  /// two hundred records a call.
  virtual base::Result<std::vector<base::Result<model::RecordId>>> write(const model::Mapping&,
                                                                         std::span<const OrgWrite> writes) = 0;

  /// What the org, or we, call the request that carried the i-th write of the last write(), or the i-th removal of a
  /// remove() since: for the history, and for whoever asks the org's support.
  virtual std::string request_of(std::size_t write) const { return static_cast<void>(write), std::string{}; }
};

}  // namespace core
