#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "core/history.h"
#include "core/ports/journal.h"
#include "core/ports/registry.h"
#include "core/ports/store.h"
#include "core/ports/survey.h"
#include "store/sqlite/database.h"

namespace store {

struct Parent;
struct Prepared;
struct Found;
struct Step;

struct SqliteOptions {
  int busy_timeout_ms = 5000;  ///< How long a write waits for another program's transaction.
  int cache_kib = 16 * 1024;   ///< Page cache of this connection.
  const base::Clock* clock =
      nullptr;  ///< For what we stamp ourselves; null: the machine's. Edits are stamped by SQLite.
};

/// The application's SQLite file with our bookkeeping in it: one file, one connection.
///
/// What returned without an error survives a power cut (WAL with synchronous FULL), and dying anywhere leaves whole
/// transactions only. Other programs may read and write the file at the same time. Used by one thread; several stores
/// may be open on one file, and writes of different stores take turns.
///
/// References are spelt through the link of the parent, so the mappings of one workspace are all prepared before the
/// first pass; a parent prepared by an earlier process is remembered.
class SqliteStore final : public core::Store, public core::StoreSurvey, public core::Journal, public core::Registry {
 public:
  /// Opens or makes the file and brings its schema up to date.
  /// Errors: `settings` for a file that is no database or was written by a newer Lockstep, `unreachable` when it
  /// cannot be opened or is locked, `corrupt` when it is damaged.
  static base::Result<std::unique_ptr<SqliteStore>> open(const std::string& path, const SqliteOptions& options = {});
  ~SqliteStore() override;

  /// From now on settle(), update() and load() store nothing once the lease is no longer ours. Nothing: no check.
  void bind(std::optional<core::Lease> lease) { lease_ = std::move(lease); }
  /// The run that conflicts, parked entries and the history name from now on.
  void name_run(const model::RunId& run) { run_ = run.text; }
  /// The org's clock minus this machine's, which is the one that dates the rows' edits.
  void set_org_ahead(std::chrono::milliseconds ahead) { org_ahead_ = ahead; }

  /// Writes all of it, as it stands at one moment, into a new file, for a rehearsal. Others may go on writing.
  base::Result<void> copy_to(const std::string& path);

  /// What prepare() would complain about, without preparing anything.
  base::Result<void> check(const model::Mapping& mapping);
  /// The table's key column; empty if it has none. Errors: `settings` when there is no such table, or when the key is
  /// made of several columns: rows are followed by one.
  base::Result<std::string> primary_key(std::string_view table);
  /// The settings, and what a user sets of the integration, as one transaction. `replaced`: mappings that are no more,
  /// with their links, positions and triggers; rows and records stay.
  base::Result<void> save_all(std::vector<core::MappingSetting>& mappings, const core::Integration& integration,
                              std::span<const model::MappingId> replaced);

  // core::Store
  base::Result<std::vector<std::string>> columns(std::string_view table) override;
  base::Result<void> prepare(const model::Mapping& mapping) override;
  base::Result<model::Position> position(const model::Mapping& mapping) override;
  base::Result<std::optional<core::Sweep>> sweep(const model::Mapping& mapping) override;
  base::Result<std::vector<core::Claim>> claims(const model::Mapping& mapping, std::size_t limit) override;
  base::Result<std::vector<core::Refused>> settle(const model::Mapping& mapping, const core::Observation& observed,
                                                  const Decide& decide) override;
  base::Result<std::vector<core::Refused>> update(const model::Mapping& mapping, std::span<const model::RowKey> rows,
                                                  const Decide& decide) override;
  base::Result<bool> load(const model::Mapping& mapping, const core::Observation& observed,
                          const model::Position& position) override;
  base::Result<std::vector<core::OutboxEntry>> outbox(const model::Mapping& mapping, model::OutboxSeq after,
                                                      std::size_t limit) override;
  base::Result<LinkPage> links(const model::Mapping& mapping, core::LinkState state, std::int64_t after,
                               std::size_t limit) override;
  base::Result<LinkPage> leaving(const model::Mapping& mapping, std::int64_t after, std::size_t limit) override;
  base::Result<core::Extent> extent(const model::Mapping& mapping) override;
  base::Result<bool> follow_merge(const model::Mapping& mapping, const model::RecordId& loser,
                                  const model::RecordId& winner) override;
  base::Result<std::int64_t> release_children(const model::Mapping& mapping) override;
  base::Result<core::CreateIntents> create_intents(const model::Mapping& mapping) override;
  base::Result<void> forget(const model::Mapping& mapping, base::Utc before) override;
  base::Result<void> requeue_parked(const model::Mapping& mapping, base::Utc now) override;
  base::Result<std::vector<model::RecordId>> parked_records(const model::Mapping& mapping, base::Utc now,
                                                            std::size_t limit) override;

  // core::StoreSurvey
  base::Result<void> linked(const model::Mapping& mapping, const core::IdRange& range, std::size_t limit,
                            core::Known& known) override;
  base::Result<std::vector<model::RowKey>> strays(const model::Mapping& mapping, const model::RowKey& after,
                                                  std::size_t limit) override;
  base::Result<Unsent> unsent(const model::Mapping& mapping) override;

  // core::Journal
  base::Result<std::vector<core::ConflictEntry>> conflicts(const model::IntegrationId& integration,
                                                           const core::EntryFilter& filter) override;
  base::Result<std::vector<core::ParkedEntry>> parked(const model::IntegrationId& integration,
                                                      const core::EntryFilter& filter) override;
  base::Result<void> retry(const std::vector<std::int64_t>& parked) override;
  base::Result<void> discard(const std::vector<std::int64_t>& parked) override;
  base::Result<std::vector<core::HistoryEntry>> history(std::string_view key, std::size_t limit) override;
  base::Result<std::int64_t> forget_history(base::Utc before, std::size_t most) override;

  // core::Registry
  base::Result<std::vector<core::Integration>> integrations() override;
  base::Result<void> save(const core::Integration& integration) override;
  base::Result<void> save_tokens(const model::IntegrationId& id, std::string_view sealed_access_token,
                                 std::string_view sealed_refresh_token, std::string_view instance_url) override;
  base::Result<void> forget_tokens(const model::IntegrationId& id) override;
  base::Result<void> save_sealed(const core::Integration& integration) override;
  base::Result<void> save_settings(const core::Integration& integration) override;
  base::Result<void> save_state(const core::Integration& integration) override;
  base::Result<std::vector<core::MappingSetting>> mappings(const model::IntegrationId& integration) override;
  base::Result<void> save(core::MappingSetting& mapping) override;
  base::Result<core::Lease> take_lease(const model::IntegrationId& integration, base::Utc now,
                                       std::chrono::seconds ttl) override;
  base::Result<void> renew_lease(const core::Lease& lease, base::Utc now, std::chrono::seconds ttl) override;
  base::Result<void> release_lease(const core::Lease& lease) override;
  base::Result<void> save(const core::RunRecord& run) override;
  base::Result<std::vector<core::RunRecord>> runs(std::size_t limit) override;
  base::Result<std::optional<core::RunRecord>> run(const model::RunId& id) override;
  base::Result<std::vector<core::Backlog>> backlog(const model::IntegrationId& integration) override;
  base::Result<std::optional<CachedDescribe>> describe(const model::IntegrationId& integration,
                                                       std::string_view object) override;
  base::Result<void> save_describe(const model::IntegrationId& integration, std::string_view object,
                                   const CachedDescribe& describe) override;
  base::Result<std::string> note(std::string_view subject, std::string_view name) override;
  base::Result<std::string> change_note(std::string_view subject, std::string_view name,
                                        const ChangeNote& change) override;

 private:
  explicit SqliteStore(Database database, const base::Clock& clock);

  // One statement a text, prepared when first used. `sql` must be a literal: its address is the key.
  base::Result<Statement*> statement(const char* sql);

  base::Result<Prepared*> prepared(const model::Mapping& mapping);
  base::Result<void> resolve_parents(Prepared& mapping);
  base::Result<void> index_for_parents();
  base::Result<void> note_rules(const Prepared& mapping);
  base::Result<void> send_column(const Prepared& mapping, const model::FieldMapping& field);
  base::Result<void> reopen_decided(const Prepared& mapping);
  base::Result<void> keep_sweep(const model::Mapping& mapping, const core::WriteSet& writes);
  base::Result<void> note_claims(const Prepared& mapping);
  base::Result<void> keep_claims(const model::Mapping& mapping, const core::WriteSet& writes);
  base::Result<std::vector<model::RowKey>> claiming(Step& step, model::RecordId record);
  base::Result<void> forget_mapping(model::MappingId mapping);
  base::Result<void> drop_triggers(const std::string& mapping);

  base::Result<void> check_lease();
  base::Result<void> guard(bool ours);
  base::Result<void> save_position(const model::Mapping& mapping, const model::Position& position);

  base::Result<LinkPage> link_page(Statement& find, const model::Mapping& mapping, std::string_view what,
                                   std::int64_t after, std::size_t limit);
  base::Result<std::vector<core::Refused>> transact(const model::Mapping& mapping, const core::Observation* observed,
                                                    std::span<const model::RowKey> rows, const Decide& decide);
  base::Result<void> read_known(Step& step);
  base::Result<bool> read_link(Step& step, std::size_t at, const char* sql, std::string_view key);
  base::Result<void> match_row(Step& step, std::size_t at);
  base::Result<bool> fits_rule(Step& step, std::size_t at, std::size_t rule);
  base::Result<bool> may_match(const Prepared& mapping);
  base::Result<bool> fits_another(Step& step, const model::RowKey& row, model::RecordId record);
  base::Result<void> keep_fits(const model::Mapping& mapping, model::RecordId record,
                               std::span<const model::RowKey> rows);
  base::Result<void> read_former(Step& step, std::size_t at);
  base::Result<void> read_row(Step& step, std::size_t at);
  base::Result<model::Cell> reference_cell(Parent& parent, std::string_view row, base::Arena& arena);
  /// True if the row has another record than `record` by now.
  base::Result<bool> had_record(std::int64_t mapping, std::string_view row, std::string_view record);
  base::Result<std::optional<std::string>> merged_into(std::int64_t mapping, std::string_view record);
  base::Result<bool> children_wait(const Prepared& parent, std::string_view row);
  base::Result<void> read_parked(Step& step, std::size_t at);
  base::Result<void> read_unlinked(Step& step, std::size_t at);
  base::Result<std::optional<std::string>> row_of_record(std::int64_t mapping, std::string_view record);

  base::Result<void> apply(Step& step, const core::Settlement& settlement);
  base::Result<std::string> heir_of(Step& step, std::size_t at);
  base::Result<std::optional<base::Error>> remove_row(Step& step, std::size_t at, bool left_filter);
  base::Result<std::optional<base::Error>> bring_back(Step& step, std::size_t at);
  base::Result<void> detach_children(const Prepared& parent, std::string_view row);
  base::Result<void> attach_children(const Prepared& parent, std::string_view row);
  base::Result<void> drop_detached(const Prepared& parent, std::string_view row);
  base::Result<void> look_for_detached(Step& step);
  base::Result<model::Cell> detached_cell(Step& step, std::size_t at, std::size_t field);
  base::Result<void> forget_detached(Step& step, const core::Settlement& settlement);
  base::Result<void> forget_places(const Prepared& mapping);
  base::Result<void> archive_row(Step& step, std::size_t at, bool archived);
  base::Result<void> begin_anew(Step& step, std::size_t at);
  base::Result<void> point_children(const Prepared& parent, std::string_view from, std::string_view to);
  base::Result<std::int64_t> enqueue_children(const Prepared& parent, std::string_view row, bool parked_too);
  base::Result<void> read_waited_for(Step& step, std::string_view row, std::size_t field, std::string& waits_row,
                                     std::string& waits_name);
  base::Result<void> requeue_named(const model::Mapping& mapping);
  base::Result<void> refuse(Step& step, const core::Settlement& settlement, base::Error error,
                            model::RecordId waits_for = {});
  base::Result<std::optional<base::Error>> taken_link(Step& step, const core::Settlement& settlement);
  base::Result<void> write_link(Step& step, const core::Settlement& settlement);
  base::Result<void> write_outbox(Step& step, const core::Settlement& settlement);
  base::Result<void> write_conflicts(Step& step, const core::Settlement& settlement);
  base::Result<void> close_conflicts(Step& step, const core::Settlement& settlement);
  base::Result<void> park(Step& step, std::size_t at, const core::Parked& parked,
                          std::span<const model::RowKey> fits = {});
  base::Result<void> park_row(Step& step, std::string_view row, const core::Parked& parked, base::Utc changed_at);
  base::Result<void> park_candidate(Step& step, const model::RowKey& row, const core::Parked& parked);
  base::Result<void> park_record(const model::Mapping& mapping, model::RecordId record, const core::Parked& parked);
  base::Result<void> put_aside(Statement& put, const core::Parked& parked, base::Utc changed_at);
  /// parked_records() gives it next, unless a pull set it aside before.
  base::Result<void> offer_record(const model::Mapping& mapping, model::RecordId record);
  base::Result<void> park_unreadable(const model::Mapping& mapping, const core::Unreadable& unreadable);
  base::Result<int> attempts_at(const model::Mapping& mapping, model::RecordId record);
  base::Result<void> unpark(Step& step, std::size_t at, bool with_record);
  base::Result<void> note_load(const model::Mapping& mapping, std::int64_t first_link, std::int64_t last_link);
  base::Result<void> note(Step& step, const core::Settlement& settlement);
  base::Result<void> write_history(const model::Mapping& mapping, std::string_view row, model::RecordId record,
                                   const core::HistoryNote& note, std::string_view request);
  base::Result<void> unpark_record(const model::Mapping& mapping, model::RecordId record);
  base::Result<void> rename_in_children(Step& step, const core::Settlement& settlement);

  Database database_;
  const base::Clock& clock_;
  base::Random random_;
  std::optional<core::Lease> lease_;
  std::string run_;
  std::unordered_map<const char*, Statement> statements_;
  std::map<model::MappingId, std::unique_ptr<Prepared>> prepared_;
  std::chrono::milliseconds org_ahead_{0};
  core::Known known_;  ///< Reused from page to page.
  std::string packed_;
};

}  // namespace store
