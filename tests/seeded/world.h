#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "choices.h"
#include "core/safeguards.h"
#include "core/sync_run.h"
#include "fake_org.h"
#include "oracle.h"
#include "weather.h"

namespace seeded {

/// Ends the simulated process where it stands; the next one starts from what is stored.
struct Crash {};

enum class Backend { memory, sqlite };
enum class OrgKind { fake, sfsim };

struct Setting {
  Weather weather{};
  core::Safeguards safeguards{};
  Backend backend = Backend::memory;
  OrgKind org = OrgKind::fake;
  std::optional<model::DeletePolicy> on_record_deleted = std::nullopt,
                                     on_row_deleted = std::nullopt;  ///< Else chance says.
  std::optional<model::ConflictPolicy> on_conflict = std::nullopt;
  std::optional<model::FilterLeave> on_filter_leave = std::nullopt;
  std::set<model::FieldKind> taken_for_text = {};  ///< Mapped as if values of these kinds had no normal form.
  bool match = false;  ///< What has the same value in its first plain field but the name is the same.
  std::size_t page_size = 3;
  std::int64_t daily_calls = 0;  ///< Of an org of kind sfsim; 0 for any number.
  bool budgeted = false;         ///< Ours have a budget of their own.
  bool trace = false;  ///< Print what happens.
};

/// Both sides, their people, their clocks, the weather, and the oracle.
class World {
 public:
  World(Choices& choices, const Setting& setting);
  ~World();

  /// One process runs once. False when it failed or died.
  bool run();
  /// Somebody puts right what could not be read.
  void mend() { unreadable_.clear(); }
  /// From here on nothing fails and nobody acts.
  void calm() {
    calm_ = true;
    weather_.bulk_lost = 0;
  }
  void pass_time(std::chrono::milliseconds by);
  void somebody_acts();
  void delete_row(std::size_t object, const RowView& row);
  /// Does `what` in the org and tells the oracle which names went and came by it; `merged` went into `into`.
  void with_names(const std::function<void()>& what, const std::string& merged = {}, const std::string& into = {});
  /// The process dies before its n-th port call from now on, counted from 1.
  void crash_before(std::size_t nth) { crash_at_ = port_calls_ + nth; }
  void crash_no_more() { crash_at_.reset(); }
  /// From the next run on the object is mapped otherwise; for stores that keep sweeps.
  void change_mapping(std::size_t object, const std::function<void(model::Mapping&)>& how);
  /// The object is read from the beginning by the next run.
  void read_again(std::size_t object);
  /// Somebody settles the conflicts that stand in the inbox, for the store where `for_store`.
  void settle_inbox(bool for_store);

  OrgSide& org() { return *org_; }
  StoreSide& store() { return *store_; }
  Oracle& oracle() { return oracle_; }
  const std::vector<model::Mapping>& mappings() const { return mappings_; }

  // Around every port call of the process.
  enum class Call { store, org, org_write };
  std::optional<base::Error> before(Call call);
  std::optional<base::Error> after();
  /// Why the org shows nothing of that object just now.
  std::optional<base::Error> hides(const model::Mapping&) const;
  /// Makes of the records that are unreadable just now what the decoder would.
  void blur(core::Observation&, bool in_places) const;
  /// True if the creates among these arrive some minutes later.
  bool delays(const model::Mapping&, std::span<const core::OrgWrite>);
  std::size_t page_size() const { return setting_.page_size; }

  /// Takes note of the values that the sync is about to send.
  void note_announced(const model::Mapping&, const core::WriteSet&);
  /// I9: what a run holds has a limit that does not depend on how many there are.
  void expect_at_most(std::size_t most, std::size_t held, const char* what);
  /// All but the writes that a lock refuses.
  base::Result<std::vector<base::Result<model::RecordId>>> write_some(core::Org&, const model::Mapping&,
                                                                      std::span<const core::OrgWrite>);

  std::vector<std::string> verdict();
  std::size_t org_writes() const { return org_writes_; }
  std::size_t row_writes() const { return row_writes_; }
  std::size_t bulk_records() const {
    const auto* fake = dynamic_cast<const FakeOrg*>(org_.get());
    return fake ? fake->bulk_records : 0;
  }
  std::size_t port_calls() const { return port_calls_; }
  std::uint64_t trace() const { return trace_; }
  std::size_t most_announced() const { return most_announced_; }  ///< Values of one row.
  std::size_t announcements() const { return announcements_; }
  const std::set<std::string>& breaches() const { return breaches_; }
  std::size_t crashes = 0, failed_runs = 0;

  /// `aside` is told and does not count: the two stores word their errors differently.
  void say(const std::string& what, const std::string& aside = {});

  /// Takes note of what a call of the sync changed on one side.
  class Watch {
   public:
    /// `removed`: records that the call is told to delete; what goes beside them follows its parent.
    Watch(World& world, bool org, std::set<std::string> removed = {});
    ~Watch();

   private:
    World& world_;
    const bool org_side_;
    const std::set<std::string> removed_;
    std::map<std::string, Fields> before_;
  };

 private:
  using Held = Oracle::Held;
  /// What the living records hold, by record id; references spelt as names.
  std::map<std::string, Fields> records_of_org();
  Held held_by_org();
  Held held_by_store();
  std::map<std::string, Fields> snapshot(bool org);
  void change_circumstances();
  void empty_the_bin();
  /// `name` is gone without a trace: whether a push whose answer was lost had arrived before nobody can tell, so its
  /// values count as an edit.
  void doubt_deletion(const std::string& name);
  void reset_readings(core::Store&);
  /// Gives some fields of a mapping rules of their own, and tells the oracle.
  void set_rules(std::size_t object, model::Mapping& mapping);
  void leave_fields_out();
  void set_filter(model::Mapping& mapping);
  void set_filters();
  void change_filters();
  bool fits_filter(std::size_t object, const RecordView&) const;
  /// Records outside their filter need no row; one that has none counts as if it had the record's.
  void excuse_outsiders(const Held& org, Held& store, std::set<std::string>& excused);
  void map_late_fields();
  void somebody_decides();
  model::SyncDirection some_direction();
  void act_in_org();
  /// Does `what`, by which `name` gets another parent on one side.
  void move(const std::string& name, std::size_t field, const std::function<void()>& what);
  void purge(std::size_t object, const RecordView& record);
  void act_in_store();
  void take_row_back();
  bool is_busy(const std::string& name);
  /// True if the rows of that name, as many as there are, are linked to that record.
  bool stands_for(const std::string& name, const std::string& record);
  void refused(const Fields& fields);
  void note_ticks(std::size_t object, const Fields& fields, model::Side);
  Fields new_fields(std::size_t object, bool in_org);
  std::string new_value(const FieldSpec&, const Text& seen, bool in_org);
  Text some_parent(std::size_t object, std::size_t field, bool in_org, const std::string& self);
  std::vector<Fields> copies(const Held& held, const std::string& name) const;
  std::chrono::milliseconds lateness();
  void deliver_delayed();
  /// What a deleted one holds in fields that are not mapped yet goes with it: nobody can compare it.
  void forgo_unmapped(const Fields& fields);
  std::set<std::string> excused();
  std::set<std::string> left_alone();
  void tell_both_sides();
  bool nothing_goes() const;
  /// I8: a record that the sync made without a parent its row has. A run must leave the row as one that waits.
  void note_orphan(std::size_t object, const Fields& record);
  void judge_orphans();
  /// I11: what every row says of its sync, beside what is so.
  void judge_states(std::vector<std::string>& broken);
  std::vector<std::string> states_of(std::size_t object, const RowView& row);

  Choices& choices_;
  const Setting setting_;
  Weather weather_;
  base::ManualClock machine_;
  base::Random random_;
  Oracle oracle_;
  std::unique_ptr<OrgSide> org_;
  std::unique_ptr<StoreSide> store_;
  std::optional<Process> resting_;  ///< In calm weather one that ended well goes on, as a daemon does.
  std::vector<model::Mapping> mappings_;
  std::vector<std::size_t> objects_;        ///< That take part.
  std::vector<model::Mapping> to_grow_;     ///< As they will be.
  std::vector<core::ConflictEntry> shown_;  ///< What the inbox showed when somebody looked last.

  bool calm_ = false;
  int depth_ = 0;  ///< Processes that run inside one another.
  base::Utc exhausted_until_{};
  std::optional<std::size_t> hidden_object_;
  int hidden_for_ = 0;
  std::set<model::RecordId> unreadable_;
  std::set<std::string> removed_unseen_;  ///< Records that the sync deleted, and no good run has looked since.
  std::size_t emptied_references_ = 0;    ///< By the sync, in the org.
  struct Orphan {
    std::size_t object, field;
    std::string name;
  };
  std::vector<Orphan> orphans_;
  bool any_in_doubt_ = false;  ///< Set by excused(): a record may be that of a row's creation, or another program's.
  std::size_t most_announced_ = 0, announcements_ = 0;
  std::set<std::string> breaches_;  ///< Of what must hold at any time.
  struct DeletedRow {
    std::size_t object;
    std::string key;
    Fields fields;
  };
  std::vector<DeletedRow> deleted_rows_;
  /// Somebody gave them the parent that the other side held: no values of ours, so that once the row is gone, and was
  /// not looked at before, nobody can tell that its deleter had seen the org's.
  std::set<std::string> met_;
  struct Delayed {
    base::Utc due;
    model::Mapping mapping;
    model::FieldSet fields;
    std::vector<Text> values;
  };
  std::vector<Delayed> delayed_;
  std::optional<std::size_t> crash_at_;
  std::size_t org_writes_ = 0, row_writes_ = 0, port_calls_ = 0;
  std::uint64_t trace_ = 14695981039346656037ull;
};

}  // namespace seeded
