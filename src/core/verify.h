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
  std::int64_t rows = 0;     ///< Rows read from the store that have, or had, a record.
  std::int64_t equal = 0;
  std::int64_t waiting = 0;  ///< Differ, and the edit is known to be on its way (outbox, not yet pulled, a parent).
  std::int64_t parked = 0;
  std::int64_t in_conflict = 0;  ///< A person is asked to decide.
  std::int64_t left_apart = 0;   ///< Deleted on one side and kept on the other, as the delete policy says.
  std::int64_t one_way = 0;      ///< Differ in fields that their direction or write mode leaves alone.
  std::int64_t unpulled = 0;     ///< Records without a row, where nothing is pulled.
  std::int64_t outside = 0;      ///< Differ, and the record is outside the filter, where the mapping keeps the row.
  std::int64_t unreadable = 0;   ///< Records that came in a form we cannot read.
  std::int64_t values = 0, only_in_org = 0, only_in_store = 0, row_vanished = 0, unsent = 0;
  std::vector<std::int64_t> by_field;  ///< Differences of each field.
  /// Sums over a hash of each record's id and values: equal when the sides hold the same values, however spelt, and
  /// nothing was left apart.
  std::uint64_t org_checksum = 0, store_checksum = 0;

  std::int64_t differing() const { return values + only_in_org + only_in_store + row_vanished + unsent; }
  /// Nothing differs that is meant to be equal, not even for a while.
  bool all_equal() const { return differing() + waiting + parked + in_conflict + unreadable == 0; }
};

/// Compares both sides of one mapping completely.
///
/// The org is read by ranges of ids, and each range's checksum is compared with that of the store's rows. Only in
/// ranges that differ are records compared one by one, and what differs there is read again on both sides at one
/// moment, since an edit may have come between the two readings. What that means is asked of reconcile(), so nothing
/// is called a difference that no run would ever settle. Memory is that of a page.
///
/// With `repair`, a difference goes through the same merge as a pull, which puts what the org needs into the outbox
/// for the push that follows; nothing is overwritten that the merge would not overwrite. Where nothing is pulled, the
/// push is that merge. A row or record that is gone is noted as deleted: the run that follows does with the other side
/// what the delete policy says, behind the brake.
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
    model::RowKey row;     ///< Of the link, if it has one.
    bool outside = false;  ///< Not among the records within the filter.
    bool in_conflict = false;  ///< A conflict of it is open, though it is linked no more.
  };
  /// What one step has found.
  struct Found {
    VerifyCounts counts;
    std::vector<Difference> differences;
  };
  base::Result<void> compare_range();
  std::uint64_t checksum(const model::RecordId&, std::span<const model::Cell>);
  bool same(std::span<const model::Cell> org, std::span<const model::Cell> row) const;
  void meet(const Observation&, VerifyCounts&);
  base::Result<void> look_closer(std::span<const Suspect>, Found&);
  base::Result<void> look_at_lost(std::span<const Suspect>, Found&);
  base::Result<void> find_strays();
  void judge(const Observation&, const Known&, std::size_t i, const Suspect&, Found&) const;
  void judge_unlinked(const RecordHead&, const KnownHead&, bool on_its_way, bool in_conflict, Found&) const;
  void judge_without_record(const KnownHead&, VerifyCounts&) const;
  void report(const Found&);

  const model::Mapping& mapping_;
  const Sides sides_;
  const bool repair_;
  const Report report_;
  const std::size_t page_size_;
  const bool pulls_, pushes_;
  model::RecordId cursor_;
  bool org_done_ = false;  ///< No record of the org comes after `cursor_`.
  bool ranges_done_ = false;
  model::RowKey last_stray_;
  std::optional<model::Keyset> pulled_to_;  ///< None: nothing was pulled yet.
  Known known_;
  std::vector<Suspect> suspects_;
  std::vector<model::Cell> folded_;
  base::Arena folds_;
  std::string packed_;
  VerifyCounts counts_;
};

}  // namespace core
