#pragma once

#include "core/settle.h"

namespace core {

/// What becomes of the side that still lives.
enum class Fate {
  remove,      ///< It is deleted too.
  archive,     ///< It stays, marked, and its link is closed.
  leave,       ///< It stays as it is, and its link is closed.
  make_again,  ///< The deleted side is made again from it.
  open,        ///< It was edited, and a person decides; until then nothing happens.
};

/// When a record was deleted that is gone without a trace: purged, or hidden from the sync user. Nobody can tell.
inline constexpr base::Utc vanished{std::chrono::milliseconds{1}};

/// A deleted side and the other, which may have been edited since both agreed. Spans are as wide as the mapping.
struct Deletion {
  const model::Mapping* mapping;
  model::Side deleted;
  model::DeletePolicy policy;
  base::Utc deleted_at{};  ///< Or `vanished`: any edit then counts as newer.
  std::span<const model::Cell> base;
  std::span<const model::Cell> living;  ///< What the other side holds.
  base::Utc living_changed_at{};
  std::span<const model::SentValue> sent{};  ///< Values of ours that the living side may hold: no edits.
  model::FieldSet replaced{};                ///< References to a parent that was made again: no edits either.
  base::Utc seen_through{};                  ///< See Sighting.
};

/// Fields of the living side that differ from what both agreed on, as far as that side may speak for them.
std::vector<std::size_t> edited_fields(const Deletion& deletion);

/// Decides about the living side. An edit of it that the deletion cannot have seen is a conflict: the fields' policies
/// say who wins, `manual` leaves both as they are. What loses or waits goes into `conflicts`, whose cells borrow from
/// the deletion. A record that vanished is never made again unasked, since it may live where we cannot see it.
Fate decide_deletion(const Deletion& deletion, std::vector<Conflict>& conflicts);

/// What a deleted record held in the recycle bin beside what we knew when we deleted it: somebody's edit in between,
/// kept as the loser of a conflict. False if there is none.
bool note_edits_in_bin(const model::Mapping&, std::span<const model::Cell> known_base, std::span<const model::Cell> org,
                       Settlement& settlement);

/// A row that is known and not there any more: what to keep about it. `org`, if the record was seen, and `base`, a
/// place for the new merge base, must outlive the settlement.
void note_row_deleted(const model::Mapping&, const KnownHead&, const RecordHead* record,
                      std::span<const model::Cell> org, std::span<model::Cell> base, Settlement& settlement);

/// A record that is known and was deleted, seen in the recycle bin with `org`, or not at all (then `org` is empty, and
/// the record's stamp zero).
/// False when there is nothing to keep.
bool note_record_deleted(const model::Mapping&, const KnownHead&, const RecordHead& record,
                         std::span<const model::Cell> org, std::span<const model::Cell> known_base,
                         std::span<const model::Cell> store, std::span<model::Cell> base, Settlement& settlement);

}  // namespace core
