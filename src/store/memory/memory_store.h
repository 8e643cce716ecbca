#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/ports/registry.h"
#include "core/ports/store.h"

namespace store {

/// A store in memory for seeded runs: the application's tables and our bookkeeping, with every promise of core::Store;
/// nothing outlives the object. A table's keys are whole numbers, given in the order of the rows' making.
class MemoryStore final : public core::Store {
 public:
  using Text = std::optional<std::string>;
  using Values = std::map<std::string, Text, std::less<>>;  ///< By column.
  struct LoggedConflict {
    std::string object, row, field;
    Text base, org, store;
    core::Conflict::Decision decision;
    core::Conflict::Against against;
    bool open = false;  ///< Nobody has settled it.
    bool operator==(const LoggedConflict&) const = default;
  };

  /// With the tables `companies`, `contacts`, `opportunities`, `tasks` and `events` of design.md section 5.
  explicit MemoryStore(const base::Clock& clock);
  ~MemoryStore() override;

  // What the application does.
  void create_table(const std::string& table, const std::vector<std::string>& columns);
  void make_unique(const std::string& table, const std::string& column);
  std::string insert(const std::string& table, const Values& values);
  /// False where there is no such row.
  bool update(const std::string& table, const std::string& key, const Values& values);
  bool erase(const std::string& table, const std::string& key);
  Text cell(const std::string& table, const std::string& key, const std::string& column) const;
  std::vector<std::string> keys(const std::string& table) const;

  /// From now on settle(), update() and load() store nothing once another epoch was bound after it.
  void bind(std::int64_t epoch) { epoch_ = epoch; }
  std::int64_t newest_epoch() const { return newest_epoch_; }
  void take_over() { ++newest_epoch_; }

  const std::vector<LoggedConflict>& conflicts() const { return conflicts_; }
  std::size_t outbox_size(const model::Mapping& mapping) const;
  std::size_t parked(const model::Mapping& mapping) const;

  base::Result<std::vector<std::string>> columns(std::string_view table) override;
  base::Result<void> prepare(const model::Mapping&) override;
  base::Result<model::Position> position(const model::Mapping&) override;
  base::Result<std::vector<core::Refused>> settle(const model::Mapping&, const core::Observation&,
                                                  const Decide&) override;
  base::Result<std::vector<core::Refused>> update(const model::Mapping&, std::span<const model::RowKey>,
                                                  const Decide&) override;
  base::Result<bool> load(const model::Mapping&, const core::Observation&, const model::Position&) override;
  base::Result<std::vector<core::OutboxEntry>> outbox(const model::Mapping&, model::OutboxSeq after,
                                                      std::size_t limit) override;
  base::Result<LinkPage> links(const model::Mapping&, core::LinkState, std::int64_t after, std::size_t limit) override;
  base::Result<LinkPage> leaving(const model::Mapping&, std::int64_t after, std::size_t limit) override;
  base::Result<core::Extent> extent(const model::Mapping&) override;
  base::Result<bool> follow_merge(const model::Mapping&, const model::RecordId& loser,
                                  const model::RecordId& winner) override;
  base::Result<std::int64_t> release_children(const model::Mapping&) override;
  base::Result<core::CreateIntents> create_intents(const model::Mapping&) override;
  base::Result<void> forget(const model::Mapping&, base::Utc before) override;
  base::Result<void> requeue_parked(const model::Mapping&, base::Utc now) override;
  base::Result<std::vector<model::RecordId>> parked_records(const model::Mapping&, base::Utc now,
                                                            std::size_t limit) override;

 private:
  struct Table;
  struct Link;
  struct Mapped;
  struct Step;
  using Key = std::int64_t;

  Table* table(std::string_view name);
  const Table* table(std::string_view name) const;
  Mapped& mapped(const model::Mapping&);
  Mapped* parent_of(const Mapped& child, std::size_t field);
  base::Result<void> check_lease() const;

  // Change capture.
  void note(const Table&, Key key, const std::set<std::size_t>* changed);
  void enqueue(Mapped&, const std::string& row, base::Utc changed_at);
  void enqueue_children(Mapped& parent, const std::string& row, bool everywhere, std::int64_t& made);

  // Reading.
  core::Known known(Step&);
  void read_link(Step&, std::size_t at, core::Known&);
  void read_row(Step&, std::size_t at, core::Known&);
  void match_row(Step&, std::size_t at, core::Known&);
  bool fits_rule(Step&, std::size_t at, const std::vector<std::size_t>& rule, core::Known&);
  model::Cell detached_cell(const Mapped&, const std::string& row, std::size_t column, base::Arena&) const;
  std::optional<std::string> row_of_record(const Mapped& parent, const model::RecordId& record) const;
  bool children_wait(const Mapped& parent, const std::string& row);

  // Writing.
  void apply(Step&, const core::Known&, const core::Settlement&);
  std::optional<base::Error> refusal(Step&, const core::Known&, const core::Settlement&,
                                     const std::vector<Text>& parents) const;
  void write_row(Step&, const core::Known&, const core::Settlement&, const std::vector<Text>& parents);
  void remove_row(Step&, std::size_t at, bool keep_references);
  void attach_children(Mapped& parent, const std::string& row);
  void write_link(Step&, const core::Known&, const core::Settlement&);
  void write_outbox(Step&, const core::Known&, const core::Settlement&);
  void write_conflicts(Step&, const core::Known&, const core::Settlement&);
  void write_status(Step&, const core::Known&, const core::Settlement&);
  void park(Step&, std::size_t at, const core::Parked&, std::span<const model::RowKey> fits = {});
  void park_candidate(Mapped&, const std::string& row, const core::Parked&);
  void refuse(Step&, const core::Known&, const core::Settlement&, base::Error, model::RecordId waits_for);
  void rename_in_children(Step&, const core::Known&, const core::Settlement&);

  const base::Clock& clock_;
  std::map<std::string, Table, std::less<>> tables_;
  std::map<model::MappingId, Mapped> mappings_;
  std::vector<LoggedConflict> conflicts_;
  std::int64_t last_seq_ = 0, last_link_ = 0, epoch_ = 0, newest_epoch_ = 0;
};

}  // namespace store
