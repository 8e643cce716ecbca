#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "core/ports/org.h"
#include "model/grid.h"
#include "model/mapping.h"
#include "model/packed.h"
#include "model/position.h"

namespace core {

/// An edit of a row that the store has seen and we have not settled. One entry a row: a later edit replaces it
/// under a higher `seq`.
struct OutboxEntry {
  model::RowKey row;
  model::OutboxSeq seq{};
  base::Utc changed_at{};  ///< The store's clock at the last edit.
  model::RecordId record;  ///< The linked record, if there is one.
  std::string upsert_key;  ///< Minted for a create that may have been sent; empty if none.
};

/// What stands in the way of a link.
enum class LinkState {
  none,      ///< Not linked.
  creating,  ///< A create was announced; the record's id is not known yet.
  linked,
  row_gone,        ///< The row was deleted; the record is left alone and not pulled again.
  record_gone,     ///< The record was deleted; the row is left alone and not created again.
  row_deleted,     ///< The row was deleted; what becomes of the record is not settled yet.
  record_deleted,  ///< The record was deleted; what becomes of the row is not settled yet.
  both_gone,       ///< Neither lives any more. Either may come back.
};

/// Where a link's record stands to the mapping's filter, for mappings that follow who leaves it.
enum class FilterPlace {
  inside,   ///< It matches, or nobody asked.
  flagged,  ///< It left; the row stays, and says so.
  leaving,  ///< It left; the row is to be removed.
  outside,  ///< Its row was removed and comes back with it; or it was made from a row and never matched.
};

/// What the store knows of one record or row. Cells of the three grids count by the mapping's ordinals.
struct KnownHead {
  LinkState link = LinkState::none;
  bool row_exists = false;
  model::RowKey row;
  model::RecordId record;
  std::string upsert_key;
  base::Utc stamp{};                   ///< Of the link: the record's at its last settlement, or see Settlement::stamp.
  model::OutboxSeq pending{};          ///< The row's outbox entry, if it has one.
  base::Utc changed_at{};              ///< When the row was last edited by others, as far as the outbox tells.
  std::vector<model::SentValue> sent;  ///< Values announced to the org and not confirmed; in the arena.
  /// Keyed by an observation, no link and several rows that fit a match rule: their keys. Or one, which other records
  /// fit as well, of the observation or set aside before it (see Settlement::fits).
  std::vector<model::RowKey> candidates;
  bool parked = false;
  bool in_conflict = false;  ///< Of StoreSurvey::linked() alone: a person is asked to decide.
  int attempts = 0;  ///< How often what is parked has failed.
  /// Keyed by an observation, no link: the row it stood for, or was merged into, which has another record now.
  model::RowKey former_row;
  bool former_lives = false;  ///< That row is still there, and it is not by a merge.
  /// State row_deleted: rows that referred to this one have edits that the org has not got, and as far as their bases
  /// and announced values tell, their records may still refer to this one's: deleting it first could take them along.
  bool children_wait = false;
  FilterPlace place = FilterPlace::inside;
  bool merged = false;  ///< State record_deleted: the record was merged into another one.
  /// State record_deleted, keyed by rows: references whose parent row has another record than the base knows.
  model::FieldSet replaced;
  std::optional<base::Error> unreadable;  ///< A column holds what is no value of its type; its cell is null here.
};

/// The application's rows and our bookkeeping for some keys, read in one transaction. One head, row and base a key.
struct Known {
  std::chrono::milliseconds org_ahead{0};  ///< The org's clock minus the store's.
  std::vector<KnownHead> heads;
  model::Grid rows;   ///< Canonical cells; references spelt as record ids, or unresolved.
  model::Grid bases;  ///< The merge bases; all null where there is none.
  /// For parent names: the record id of the one linked parent of that name; unresolved where no row of that name has a
  /// record; null where several have one.
  model::Grid parents;
  /// Keyed by an observation: the observed references whose record has no linked row, so that they cannot be
  /// spelt in the store yet. One set a key; empty when keyed by rows.
  std::vector<model::FieldSet> unlinked;

  /// A time of the store's, to be compared with the org's. Zero stays zero: it is not known.
  base::Utc by_org(base::Utc time) const { return time == base::Utc{} ? time : time + org_ahead; }
};

/// Two sides changed one field to different values. The loser's value is kept.
struct Conflict {
  std::size_t field;
  model::Cell base, org, store;
  enum class Decision { org_won, store_won, open } decision;
  base::Utc org_changed_at{}, store_changed_at{};  ///< Zero where it is not known.
  model::RecordId org_changed_by{};
  /// What stood against the edit.
  enum class Against { edit, record_deleted, row_deleted } against = Against::edit;
};

/// A row or record set aside with its error until something changes.
struct Parked {
  base::Error error;
  base::Utc retry_at{};         ///< Offered again from then on; at once when the row changes.
  model::RecordId waits_for{};  ///< The parent record whose row is missing: offered again once it is linked.
  std::string request{};        ///< What was to be sent, as JSON, if it came to that.
  /// The reference (or parent name) whose row has no record yet: offered again once it has one.
  std::optional<std::size_t> waits_for_field{};
};

/// What one transaction keeps about one key.
struct Settlement {
  std::size_t at = 0;  ///< Which of the keys.

  model::FieldSet columns;              ///< Columns of the row to write with `values`.
  std::span<const model::Cell> values;  ///< As wide as the mapping; references spelt as record ids.
  /// The row does not exist: make it, with `columns`. Where a link knows the key of a row that is gone, it comes back
  /// under that key, with all that it held when remove_row took it.
  bool insert_row = false;
  /// Delete the row and keep what it held. References to it become null, or, where its record was merged, lead to the
  /// row of the record that is left; with `place` outside they still count as what
  /// they were, and are filled in again when the row comes back.
  bool remove_row = false;
  std::optional<FilterPlace> place;  ///< Of the link there is or is made.
  std::optional<bool> archived;      ///< Mark the row as archived, or take the mark away.

  /// New state of the link, made if there is none. `none` cuts it: the row may get another record, and the one it had
  /// is remembered as former.
  std::optional<LinkState> link;
  model::RecordId record;  ///< With `link`: the record, if known.
  std::string upsert_key;  ///< With `link`: the key that was minted; empty leaves it.
  /// With `link`: the record's SystemModstamp, if observed; for a create without a key, the org's clock before it.
  base::Utc stamp{};

  std::span<const model::Cell> base;                  ///< New merge base, whole width; empty leaves it.
  std::optional<std::vector<model::SentValue>> sent;  ///< New list of announced values.

  std::vector<Conflict> conflicts;  ///< Recording one twice keeps one.
  model::FieldSet resolved;         ///< Fields whose open conflicts a person has settled, …
  std::string resolution;           ///< … and who that was.

  /// What the org took, for the history; `won`: over a value of its own. Cells borrow as `values` do.
  struct OrgChange {
    std::size_t field;
    model::Cell before, after;
    bool won = false;
  };
  std::vector<OrgChange> sent_to_org;
  bool removed_record = false;  ///< The org deleted or archived the record because we asked it to.
  std::string request;          ///< With `sent_to_org` or `removed_record`: what the org calls the request.

  std::optional<Parked> parked;  ///< Sets the row aside; its outbox entry goes only if acknowledged.
  bool unpark = false;           ///< Whatever was parked is settled, …
  bool pull_waits = false;       ///< … but for the record: a pull takes it up again, at once if none set it aside.
  /// With `parked`: the rows that the record fits by a match rule. Remembered for as long as it is set aside, so that a
  /// later record that fits one of them is known not to be the only one.
  std::vector<model::RowKey> fits;
  /// With `parked`: rows without a link that are set aside with the same error until they change. Their outbox
  /// entries go.
  std::vector<model::RowKey> also_parked;

  /// Removes the row's outbox entry if it is still this one: an edit made meanwhile stays. The row is then
  /// marked `synced` (or `error` when parked); otherwise it stays `pending`.
  model::OutboxSeq acknowledge{};
  bool enqueue = false;     ///< Makes an outbox entry if there is none: the org's half waits for a push.
  std::string waiting_for;  ///< Shown on the row, which stays pending even when parked; empty for nothing.
};

/// A create without a key that was announced and whose record is not known.
struct CreateIntent {
  model::RowKey row;
  base::Utc announced_at{};  ///< The org's clock before the first attempt.
  std::vector<model::SentValue> sent;
};
struct CreateIntents {
  std::vector<CreateIntent> list;
  base::Arena text;  ///< Of the sent values.
};

/// What stands to be done to one mapping, for the brake.
struct Extent {
  std::int64_t links = 0;              ///< Pairs of a living row and a living record, as far as known.
  std::int64_t rows_to_delete = 0;     ///< Links in state record_deleted.
  std::int64_t records_to_delete = 0;  ///< Links in state row_deleted.
  std::int64_t rows_leaving = 0;       ///< Of `links`, those whose record left the filter and whose row is to go.
  std::int64_t outbox = 0;
};

/// A row without a link that names a record as its own.
struct Claim {
  model::RowKey row;
  model::RecordId record;
};

/// Everything one step wants to keep. All of it is stored, or none.
struct WriteSet {
  std::vector<Settlement> settlements = {};
  std::vector<Unreadable> unreadable = {};       ///< Parked by record id.
  /// Records that are gone, or of which a pull has done its part: they are no longer set aside, unless a settlement
  /// says so.
  std::vector<model::RecordId> unparked = {};
  std::optional<model::Position> position = {};  ///< New pull position of the mapping.
  std::optional<model::Keyset> swept_to = {};    ///< How far its sweep has come, …
  bool sweep_done = false;                       ///< … or that it is through.
  std::vector<model::RowKey> claims_asked = {};  ///< Rows of claims() about which the org was asked.
  std::vector<Claim> claims_moved = {};          ///< Those whose records were merged into others, and these.
};

/// What is to be read again because a mapping changed; see SweepPass.
struct Sweep {
  model::FieldSet fields;   ///< New ones, and those that follow other rules than before.
  bool everything = false;  ///< The filter changed.
  model::Keyset reached;    ///< How far it has come.
};

/// Rows that could not be written, by index into the settlements: they were parked instead, with this error.
struct Refused {
  std::size_t at;
  base::Error error;
};

/// The application's database together with our bookkeeping in it: SQLite, PostgreSQL, MongoDB.
///
/// Every write of one run carries the run's lease: after another daemon took the integration over, writes fail
/// with `cancelled` and store nothing.
class Store {
 public:
  /// Pure: it may be called more than once for one update.
  using Decide = std::function<WriteSet(const Known&)>;

  virtual ~Store() = default;

  /// The columns of an application table; empty when there is no such table.
  virtual base::Result<std::vector<std::string>> columns(std::string_view table) = 0;

  /// Makes sure that every later edit of a mapped column enters the outbox, whoever makes it. The first time,
  /// rows that exist already enter it too. Call it before the first pass and after every change of the mapping: fields
  /// that are new or follow other rules, or another filter, make a sweep; conflicts that a rule decides now are looked
  /// at again.
  /// Errors: `settings` when the table, its key or a column is missing.
  virtual base::Result<void> prepare(const model::Mapping&) = 0;

  virtual base::Result<model::Position> position(const model::Mapping&) = 0;

  /// What prepare() found to have changed since the mapping was prepared first, and what was not read again since.
  virtual base::Result<std::optional<Sweep>> sweep(const model::Mapping&) { return std::nullopt; }

  /// Rows that were there when the mapping was prepared first, have no link and name a record as their own, as far as
  /// nobody asked the org about them; at most `limit`. settle() takes such a row for that record before any match rule.
  virtual base::Result<std::vector<Claim>> claims(const model::Mapping&, [[maybe_unused]] std::size_t limit) {
    return std::vector<Claim>{};
  }

  /// Settles an observation: finds each record by its link, or by an announced upsert key, or else by the one row
  /// without a link that a match rule of the mapping names, if no other record that waits or is observed here fits that
  /// row (such a head has a row and no link), calls `decide` with
  /// what is known, and stores what it returns, as one transaction: no other write to those rows falls between
  /// the reading and the writing. Rows written here do not enter the outbox. A row that the database refuses is
  /// parked and the rest goes on.
  virtual base::Result<std::vector<Refused>> settle(const model::Mapping&, const Observation&, const Decide&) = 0;

  /// The same, keyed by rows.
  virtual base::Result<std::vector<Refused>> update(const model::Mapping&, std::span<const model::RowKey>,
                                                    const Decide&) = 0;

  /// The first load's short way: stores every record as a new row with its link and base, and the position, as
  /// one transaction, without reading anything first. False, and nothing stored, when one of the records is
  /// linked already or could match a row, or a row is refused: the page then goes through settle().
  virtual base::Result<bool> load(const model::Mapping&, const Observation&, const model::Position&) = 0;

  /// Outbox entries after `after` in the order of their edits, at most `limit`. Entries stay until acknowledged.
  virtual base::Result<std::vector<OutboxEntry>> outbox(const model::Mapping&, model::OutboxSeq after,
                                                        std::size_t limit) = 0;

  /// Rows whose link is in `state`, in the order of their links, beginning after the link `after` (0: at the first),
  /// at most `limit`.
  struct LinkPage {
    std::vector<model::RowKey> rows;
    std::vector<model::RecordId> records;
    std::int64_t last = 0;  ///< The last link; where the next page begins.
  };
  virtual base::Result<LinkPage> links(const model::Mapping&, LinkState state, std::int64_t after,
                                       std::size_t limit) = 0;

  /// The same for linked rows whose records left the filter (FilterPlace::leaving).
  virtual base::Result<LinkPage> leaving(const model::Mapping&, std::int64_t after, std::size_t limit) = 0;

  virtual base::Result<Extent> extent(const model::Mapping&) = 0;

  /// `loser` was merged into `winner`: whatever refers to the loser means the winner from now on. A winner without a
  /// link takes over the loser's, and is offered by parked_records() at once. Where the winner has a row of its own,
  /// rows that refer to the loser's refer to that one from now on, silently, and the loser's link becomes
  /// record_deleted. Done twice, the second does nothing. True if the link moved.
  virtual base::Result<bool> follow_merge(const model::Mapping&, const model::RecordId& loser,
                                          const model::RecordId& winner) = 0;

  /// Makes outbox entries for the rows of prepared mappings that refer to a row in state row_deleted, so that the
  /// references are cleared in the org first; not for rows whose own record is gone. Returns how many were made.
  virtual base::Result<std::int64_t> release_children(const model::Mapping&) = 0;

  /// Creates without a key whose outcome is not known.
  virtual base::Result<CreateIntents> create_intents(const model::Mapping&) = 0;

  /// Forgets pairs that were both gone before `before`: neither can come back as the same one. Rows whose records live
  /// outside the filter are kept.
  virtual base::Result<void> forget(const model::Mapping&, base::Utc before) = 0;

  /// Makes outbox entries for parked rows whose time has come.
  virtual base::Result<void> requeue_parked(const model::Mapping&, base::Utc now) = 0;

  /// Records set aside while pulling whose time has come, or whose parent has been linked since; at most `limit`.
  virtual base::Result<std::vector<model::RecordId>> parked_records(const model::Mapping&, base::Utc now,
                                                                    std::size_t limit) = 0;
};

}  // namespace core
