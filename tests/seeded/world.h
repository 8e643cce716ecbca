#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "core/ports/org.h"
#include "store/memory/memory_store.h"

namespace seeded {

/// Ends the simulated process where it stands; the driver starts it again from the store.
struct Crash {};

/// What may go wrong at a call that crosses a port. All of it follows from the seed.
struct Weather {
  double edit_before = 0.25, edit_after = 0.15;  ///< Somebody edits or creates something on either side.
  double lost_request = 0.06;                    ///< Nothing done, `unreachable`.
  double lost_answer = 0.04;                     ///< Done, and the caller gets `unknown_fate`.
  double crash = 0.03;
  double unreadable = 0.1;                       ///< An edit in the org leaves the record in a form we cannot read.
  double busy_row = 0.05;                        ///< One write of a call is refused for a lock.
  bool late_commits = true;                      ///< Records show up to `commit_delay` after their stamp.
  std::chrono::seconds commit_delay{20};
  bool push_only = false;                        ///< Nobody edits the org, and nothing is pulled.
  bool bulk_reads = false;                       ///< From the beginning the org is read by jobs, in no order.
  double reset = 0;                              ///< A pull begins from the beginning again.
  double slow_job = 0;                ///< A write takes effect later, without regard to what was written since.
  bool slow_jobs_are_awaited = true;  ///< A look at records waits for such writes.
};

/// Both sides, their clock, the people who edit them, and the oracle that knows who saw what.
///
/// Every edit writes a value never used before, so a value names its edit. Field 0 is a name given once at
/// creation: the hidden identity of a record and its row.
class World final : public core::Org {
 public:
  World(std::uint64_t seed, const Weather& weather);

  // core::Org, with the weather.
  std::vector<base::Result<core::Page>> fetch(std::span<const core::PageRequest>) override;
  base::Result<core::Observation> retrieve(const model::Mapping&, std::span<const model::RecordId>) override;
  base::Result<std::vector<std::optional<core::FoundRecord>>> find(const model::Mapping&,
                                                                   std::span<const std::string_view> keys) override;
  base::Result<std::vector<base::Result<model::RecordId>>> write(const model::Mapping&,
                                                                 std::span<const core::OrgWrite>) override;

  /// Weather around a call on the store.
  std::optional<base::Error> before();
  std::optional<base::Error> after();
  void calm();
  bool resets();  ///< Whether the next pull is to begin from the beginning.
  void pass_time(std::chrono::milliseconds by);

  const model::Mapping& mapping() const { return mapping_; }
  store::MemoryStore& store() { return store_; }
  const base::ManualClock& clock() const { return clock_; }
  base::Random& random() { return random_; }

  /// What is broken now that all is quiet; empty if nothing is. (I1 lost, I2 duplicate, I3 edit lost, I5 diverged.)
  std::vector<std::string> verdict() const;
  const std::vector<std::string>& reverted() const { return reverted_; }  ///< I4, as it happened.
  std::size_t org_writes() const { return org_writes_; }
  std::size_t bulk_pages() const { return bulk_pages_; }  ///< With records, handed out so far.
  std::uint64_t trace() const { return trace_; }

 private:
  using Text = store::MemoryStore::Text;
  struct Record {
    model::RecordId id;
    std::string upsert_key;
    store::MemoryStore::Row fields;
    base::Utc stamp{};
    bool locked = false;  ///< An open transaction holds it.
    bool unreadable = false;
  };
  struct OpenTransaction {
    base::Utc commits_at;
    std::size_t record;
    std::size_t field;
    Text value;
    base::Utc stamp;
    bool creates;
  };

  /// A reading of all records: half of them at one time, the rest at another, handed out in no order.
  struct BulkJob {
    base::Utc started, runs_at;
    std::vector<Record> rows;
    int halves = 0;
  };
  struct SlowWrite {
    base::Utc due;
    model::RecordId id;
    std::string upsert_key;
    std::vector<std::pair<std::size_t, Text>> fields;
  };

  void tick();
  base::Result<core::Page> fetch_in_bulk(const core::PageRequest&);
  void do_slow_writes(bool all);
  void somebody_edits();
  void commit_due();
  Text new_value(const Text& seen);
  void note_overwrite(const std::string& where, std::size_t field, const Text& old_value, const Text& new_value);
  bool is_ancestor(const Text& older, const Text& newer) const;
  bool observe(const Record&, core::Observation&) const;
  std::size_t visible(const model::RecordId&) const;
  void mix(std::string_view text);

  Weather weather_;
  bool calm_ = false;
  base::Random random_;
  base::ManualClock clock_;
  model::Mapping mapping_;
  store::MemoryStore store_;
  std::vector<Record> records_;
  std::set<std::size_t> hidden_;  ///< Created in a transaction that is still open.
  std::vector<OpenTransaction> open_;
  std::map<std::string, BulkJob> bulk_jobs_;
  std::vector<SlowWrite> slow_writes_;
  std::size_t bulk_pages_ = 0;
  std::map<std::string, std::string> saw_;  ///< value → the value its editor saw.
  std::vector<std::string> edits_;
  std::vector<std::string> identities_;
  std::vector<std::string> reverted_;
  std::int64_t next_value_ = 0;
  std::size_t org_writes_ = 0;
  std::uint64_t trace_ = 14695981039346656037ull;
};

/// Any store in the world's weather.
class TurbulentStore final : public core::Store {
 public:
  explicit TurbulentStore(World& world) : world_(world), inner_(world.store()) {}

  base::Result<std::vector<std::string>> columns(std::string_view table) override { return inner_.columns(table); }
  base::Result<void> prepare(const model::Mapping& m) override { return inner_.prepare(m); }
  base::Result<model::Position> position(const model::Mapping& m) override { return inner_.position(m); }
  base::Result<std::vector<core::Refused>> settle(const model::Mapping& m, const core::Observation& observed,
                                                  const Decide& decide) override {
    return in_weather([&] { return inner_.settle(m, observed, decide); });
  }
  base::Result<std::vector<core::Refused>> update(const model::Mapping& m, std::span<const model::RowKey> rows,
                                                  const Decide& decide) override {
    return in_weather([&] { return inner_.update(m, rows, decide); });
  }
  base::Result<bool> load(const model::Mapping& m, const core::Observation& observed,
                          const model::Position& position) override {
    return in_weather([&] { return inner_.load(m, observed, position); });
  }
  base::Result<std::vector<core::OutboxEntry>> outbox(const model::Mapping& m, model::OutboxSeq after,
                                                      std::size_t limit) override {
    return in_weather([&] { return inner_.outbox(m, after, limit); });
  }
  base::Result<void> requeue_parked(const model::Mapping& m, base::Utc now) override {
    return inner_.requeue_parked(m, now);
  }
  base::Result<std::vector<model::RecordId>> parked_records(const model::Mapping& m, base::Utc now,
                                                            std::size_t limit) override {
    return inner_.parked_records(m, now, limit);
  }

 private:
  template <class Call>
  auto in_weather(Call call) -> decltype(call()) {
    if (auto error = world_.before()) return std::unexpected(*error);
    auto result = call();
    if (auto error = world_.after()) return std::unexpected(*error);
    return result;
  }
  World& world_;
  core::Store& inner_;
};

}  // namespace seeded
