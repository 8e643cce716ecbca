#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/ports/survey.h"
#include "core/pull_pass.h"

namespace core {

/// One field that two sides hold different values of; no text stands for null.
struct FieldDifference {
  std::size_t field;  ///< Ordinal of the mapping.
  std::optional<std::string> org, store;
};

/// A record and a row that are not in step, and that nothing under way will bring in step.
struct Difference {
  enum class Kind {
    values,         ///< Linked, and some fields differ.
    only_in_org,    ///< A record without a row.
    only_in_store,  ///< A row whose record is gone.
    row_vanished,   ///< A record whose row is gone, which nobody saw being deleted.
    unsent,         ///< A row that was never sent and waits nowhere.
  } kind;
  model::RecordId record;
  model::RowKey row;
  std::vector<FieldDifference> fields;
};

std::string_view name_of(Difference::Kind kind);

struct VerifyCounts {
  std::int64_t records = 0;  ///< Read from the org.
  std::int64_t rows = 0;     ///< Linked rows read from the store.
  std::int64_t equal = 0;
  std::int64_t waiting = 0;  ///< Differ, and the edit is known to be on its way (outbox, not yet pulled, a parent).
  std::int64_t parked = 0;
  std::int64_t in_conflict = 0;  ///< A person is asked to decide.
  std::int64_t left_apart = 0;   ///< Deleted on one side and kept on the other, as the delete policy says.
  std::int64_t one_way = 0;      ///< Differ in fields that their direction leaves alone.
  std::int64_t unreadable = 0;   ///< Records that came in a form we cannot read.
  std::int64_t values = 0, only_in_org = 0, only_in_store = 0, row_vanished = 0, unsent = 0;
  std::vector<std::int64_t> by_field;  ///< Differences of each field.
  /// Sums over a hash of each record's id and canonical values: equal when the sides hold the same, and nothing was
  /// left apart.
  std::uint64_t org_checksum = 0, store_checksum = 0;

  std::int64_t differing() const { return values + only_in_org + only_in_store + row_vanished + unsent; }
  /// Nothing differs that is meant to be equal, not even for a while.
  bool all_equal() const { return differing() + waiting + parked + in_conflict + unreadable == 0; }
};

/// Compares both sides of one mapping completely.
///
/// The org is read by ranges of ids, and each range's checksum is compared with that of the store's rows. Only in
/// ranges that differ are records compared one by one, and what differs there is read again on both sides at one
/// moment, since an edit may have come between the two readings. Memory is that of a page.
///
/// With `repair`, a difference goes through the same merge as a pull, which puts what the org needs into the outbox
/// for the push that follows; nothing is overwritten that the merge would not overwrite. A row or record that is gone
/// is noted as deleted: the run that follows does with the other side what the delete policy says, behind the brake.
class VerifyPass {
 public:
  struct Sides {
    Org& org;
    OrgSurvey& org_survey;
    Store& store;
    StoreSurvey& store_survey;
    const base::Clock& clock;
  };
  using Report = std::function<void(const Difference&)>;

  VerifyPass(const model::Mapping&, const Sides&, bool repair, Report, std::size_t page_size = 2000);

  /// Compares one range. `idle`: all has been compared. An error leaves the place where it was.
  base::Result<Step> step();

  const VerifyCounts& counts() const { return counts_; }

 private:
  struct Suspect {
    model::RecordId record;
    model::RowKey row;  ///< Of the link, if it has one.
  };
  base::Result<void> compare_range();
  void meet(const Observation&, std::size_t& next, bool last);
  base::Result<void> look_closer();
  base::Result<void> look_closer(std::span<const Suspect>);
  base::Result<void> look_at_lost(std::span<const Suspect>);
  base::Result<void> find_strays();
  void judge(const RecordHead&, std::span<const model::Cell> org, const KnownHead&, std::span<const model::Cell> base,
             std::span<const model::Cell> store, const model::FieldSet& unlinked, VerifyCounts&,
             std::vector<Difference>&) const;
  void report(const VerifyCounts&, const std::vector<Difference>&);

  const model::Mapping& mapping_;
  const Sides sides_;
  const bool repair_;
  const Report report_;
  const std::size_t page_size_;
  model::RecordId cursor_;
  bool ranges_done_ = false;
  model::RowKey last_stray_;
  std::optional<model::Keyset> pulled_to_;  ///< None: nothing was pulled yet.
  Known known_;
  std::vector<Suspect> suspects_;
  std::string packed_;
  VerifyCounts counts_;
};

}  // namespace core
