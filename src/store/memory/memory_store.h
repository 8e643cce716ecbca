#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/ports/store.h"

namespace store {

/// A store in memory for seeded runs: one mapping of plain fields, no references. Keeps every promise of
/// core::Store; nothing outlives the object.
class MemoryStore final : public core::Store {
 public:
  using Text = std::optional<std::string>;
  using Row = std::vector<Text>;
  struct Link {
    core::LinkState state = core::LinkState::none;
    model::RecordId record;
    std::string upsert_key;
    Row base;
    std::vector<std::pair<std::size_t, Text>> sent;
  };
  struct LoggedConflict {
    std::string row;
    std::size_t field;
    Text base, org, store;
    core::Conflict::Decision decision;
    auto operator<=>(const LoggedConflict&) const = default;
  };

  MemoryStore(const base::Clock& clock, std::size_t width) : clock_(clock), width_(width) {}

  // What the application does.
  std::string insert(Row row);
  void edit(const std::string& key, std::size_t field, Text value);

  const std::map<std::string, Row>& rows() const { return rows_; }
  const std::map<std::string, Link>& links() const { return links_; }
  const std::set<LoggedConflict>& conflicts() const { return conflicts_; }
  std::size_t outbox_size() const { return outbox_.size(); }
  std::size_t row_writes() const { return row_writes_; }
  std::size_t width() const { return width_; }
  std::size_t parked() const { return parked_rows_.size() + parked_records_.size(); }

  /// Told before a synced value replaces another: row key, field, old, new.
  std::function<void(const std::string&, std::size_t, const Text&, const Text&)> on_overwrite;

  base::Result<std::vector<std::string>> columns(std::string_view) override;
  base::Result<void> prepare(const model::Mapping&) override { return {}; }
  base::Result<model::Position> position(const model::Mapping&) override { return position_; }
  base::Result<std::vector<core::Refused>> settle(const model::Mapping&, const core::Observation&,
                                                  const Decide&) override;
  base::Result<std::vector<core::Refused>> update(const model::Mapping&, std::span<const model::RowKey>,
                                                  const Decide&) override;
  base::Result<bool> load(const model::Mapping&, const core::Observation&, const model::Position&) override;
  base::Result<std::vector<core::OutboxEntry>> outbox(const model::Mapping&, model::OutboxSeq after,
                                                      std::size_t limit) override;
  base::Result<void> requeue_parked(const model::Mapping&, base::Utc now) override;
  base::Result<std::vector<model::RecordId>> parked_records(const model::Mapping&, base::Utc now,
                                                            std::size_t limit) override;

 private:
  struct Entry {
    model::OutboxSeq seq;
    base::Utc changed_at;
  };
  core::Known known(const std::vector<std::string>& keys);
  void apply(std::vector<std::string>& keys, const core::WriteSet&);
  void touch(const std::string& key);
  std::string next_key() { return std::to_string(++last_key_); }

  const base::Clock& clock_;
  const std::size_t width_;
  std::map<std::string, Row> rows_;
  std::map<std::string, Link> links_;
  std::map<std::string, Entry> outbox_;
  std::map<std::string, core::Parked> parked_rows_;
  std::map<model::RecordId, core::Parked> parked_records_;
  std::set<LoggedConflict> conflicts_;
  model::Position position_ = model::Beginning{};
  std::int64_t last_seq_ = 0, last_key_ = 0;
  std::size_t row_writes_ = 0;
};

}  // namespace store
