#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/ids.h"

namespace core {

using Text = std::optional<std::string>;

/// A conflict as it was recorded: of two sides that changed one field to different values.
struct ConflictEntry {
  std::int64_t id = 0;
  model::MappingId mapping{};
  std::string object, field, column;
  model::RowKey row;
  model::RecordId record;
  Text base, org, store;  ///< Agreed on before, and what each side held then.
  std::string decision;   ///< org_won | store_won | open
  std::string against = "edit";  ///< What stood against the edit: edit | record_deleted | row_deleted
  base::Utc at{};
  std::optional<base::Utc> org_changed_at, store_changed_at;
  model::RecordId org_changed_by;  ///< The org's user, if known.
  std::string run;
  std::optional<base::Utc> resolved_at;  ///< Open ones: since when the sides agree, or a person has decided.
  std::string resolution;                ///< Who decided what.
};

/// A row or record that was set aside.
struct ParkedEntry {
  std::int64_t id = 0;
  model::MappingId mapping{};
  std::string object, table;
  model::RowKey row;  ///< One of the two.
  model::RecordId record;
  std::string kind, code, message;
  std::string request;  ///< What was to be sent, as JSON; empty if it did not come to that.
  std::string run;
  base::Utc parked_at{};
  base::Utc retry_at{};       ///< Tried again by itself from then on, and at once when either side changes.
  model::RecordId waits_for;  ///< Its parent: tried again once that is linked.
  int attempts = 1;
};

/// Something that happened to a row or a record; see core/history.h.
struct HistoryEntry {
  std::int64_t id = 0;
  base::Utc at{};
  std::string object;
  model::RowKey row;
  model::RecordId record;
  std::string action, details, run, request;
};

/// Which entries; what is empty does not count.
struct EntryFilter {
  std::vector<std::int64_t> ids;
  std::string object, field, code;
  std::string row;           ///< Conflicts of the row with this key.
  bool settled_too = false;  ///< Conflicts that were decided, by rule or by a person.
  std::int64_t after = 0;    ///< Numbers above this one only, for paging.
  std::size_t limit = 1000;
};

/// What was set aside for people, and what happened to each record. Entries of one integration, by number.
class Journal {
 public:
  virtual ~Journal() = default;

  virtual base::Result<std::vector<ConflictEntry>> conflicts(const model::IntegrationId&, const EntryFilter&) = 0;
  virtual base::Result<std::vector<ParkedEntry>> parked(const model::IntegrationId&, const EntryFilter&) = 0;

  /// Lets parked entries be tried again with the next run.
  virtual base::Result<void> retry(const std::vector<std::int64_t>& parked) = 0;
  /// Forgets parked entries: both sides stay as they are, and the next edit of either is a new attempt.
  virtual base::Result<void> discard(const std::vector<std::int64_t>& parked) = 0;

  /// Newest first. `key` is a record id, a row's key, or a row's key behind its table or object: "contacts/42".
  virtual base::Result<std::vector<HistoryEntry>> history(std::string_view key, std::size_t limit) = 0;
  /// Forgets what happened before `before`, `most` entries at a time; how many went.
  virtual base::Result<std::int64_t> forget_history(base::Utc before, std::size_t most) = 0;
};

}  // namespace core
