#include "core/verify.h"

#include <algorithm>
#include <array>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "model/packed.h"

namespace core {
namespace {

using model::Cell;
using Kind = Difference::Kind;

constexpr std::array<std::string_view, 5> kind_names = {"values", "only_in_org", "only_in_store", "row_vanished",
                                                        "unsent"};

std::optional<std::string> text_of(const Cell& cell) {
  if (cell.is_unresolved()) return "(a row that is not linked)";
  return cell.has_text() ? std::optional{std::string{cell.text()}} : std::nullopt;
}

Settlement enqueued(std::size_t at) {
  Settlement settlement;
  settlement.at = at;
  settlement.enqueue = true;
  return settlement;
}

bool later(const RecordHead& record, const std::optional<model::Keyset>& pulled_to) {
  if (!pulled_to) return true;
  return record.stamp != pulled_to->at ? record.stamp > pulled_to->at : record.id > pulled_to->last;
}

void add(const VerifyCounts& counts, VerifyCounts& to) {
  for (const auto member :
       {&VerifyCounts::records, &VerifyCounts::rows, &VerifyCounts::equal, &VerifyCounts::waiting,
        &VerifyCounts::parked, &VerifyCounts::in_conflict, &VerifyCounts::left_apart, &VerifyCounts::one_way,
        &VerifyCounts::unpulled, &VerifyCounts::outside, &VerifyCounts::unreadable, &VerifyCounts::values,
        &VerifyCounts::only_in_org, &VerifyCounts::only_in_store, &VerifyCounts::row_vanished, &VerifyCounts::unsent})
    to.*member += counts.*member;
  to.by_field.resize(std::max(to.by_field.size(), counts.by_field.size()));
  for (std::size_t i = 0; i < counts.by_field.size(); ++i) to.by_field[i] += counts.by_field[i];
  to.org_checksum += counts.org_checksum;
  to.store_checksum += counts.store_checksum;
}

/// Leaves out the records behind `last`.
void cut_behind(const model::RecordId& last, Observation& observed) {
  const auto end = std::ranges::upper_bound(observed.heads, last, {}, &RecordHead::id);
  observed.truncate(static_cast<std::size_t>(end - observed.heads.begin()));
  std::erase_if(observed.unreadable, [&](const Unreadable& record) { return record.id > last; });
}

}  // namespace

std::string_view name_of(Kind kind) {
  return kind_names[static_cast<std::size_t>(kind)];
}

VerifyPass::VerifyPass(const model::Mapping& mapping, const Sides& sides, bool repair, Report report,
                       std::size_t page_size)
    : mapping_(mapping),
      sides_(sides),
      repair_(repair),
      report_(std::move(report)),
      page_size_(page_size),
      pulls_(mapping.direction != model::SyncDirection::to_org),
      pushes_(mapping.direction != model::SyncDirection::to_store),
      folded_(mapping.fields.size()) {
  counts_.by_field.resize(mapping.fields.size());
}

base::Result<Step> VerifyPass::step() {
  if (!ranges_done_) {
    RETURN_IF_ERROR(compare_range());
    return Step::progressed;
  }
  const model::RowKey before = last_stray_;
  RETURN_IF_ERROR(find_strays());
  return last_stray_ == before ? Step::idle : Step::progressed;
}

base::Result<void> VerifyPass::compare_range() {
  ASSIGN_OR_RETURN(const auto position, sides_.store.position(mapping_));
  const auto* mark = std::get_if<model::Watermark>(&position);
  pulled_to_ = mark ? std::optional{mark->reached} : std::nullopt;

  Page page;
  page.observed.restart(mapping_.fields.size());
  if (!org_done_) {
    ASSIGN_OR_RETURN(page, sides_.org_survey.slice(mapping_, {cursor_, {}}, page_size_));
  }
  model::RecordId through;
  if (page.more) {
    if (page.observed.size() > 0) through = page.observed.heads.back().id;
    for (const Unreadable& record : page.observed.unreadable) through = std::max(through, record.id);
  }
  // One more than the records, so that equal sides are one page.
  const std::size_t most_rows = page_size_ + 1;
  RETURN_IF_ERROR(sides_.store_survey.linked(mapping_, {cursor_, through}, most_rows, known_));
  bool last = !page.more;
  if (known_.heads.size() == most_rows) {
    // Most of these have lost their records; a shorter range will do.
    through = known_.heads.back().record;
    const std::size_t records = page.observed.size() + page.observed.unreadable.size();
    cut_behind(through, page.observed);
    org_done_ = last && records == page.observed.size() + page.observed.unreadable.size();
    last = false;
  }

  Found range;
  range.counts.records = static_cast<std::int64_t>(page.observed.size());
  range.counts.unreadable = static_cast<std::int64_t>(page.observed.unreadable.size());
  folds_.clear();
  for (std::size_t i = 0; i < known_.heads.size(); ++i) {
    const KnownHead& head = known_.heads[i];
    if (head.row_exists) ++range.counts.rows;
    if (!head.row_exists || head.link != LinkState::linked) continue;
    range.counts.store_checksum += checksum(head.record, known_.rows[i]);
  }
  suspects_.clear();
  meet(page.observed, range.counts);
  std::erase_if(suspects_, [&](const Suspect& suspect) {
    return std::ranges::find(page.observed.unreadable, suspect.record, &Unreadable::id) !=
           page.observed.unreadable.end();
  });
  range.counts.equal =
      range.counts.records - range.counts.unpulled - std::ranges::count_if(suspects_, [&](const Suspect& suspect) {
        return std::ranges::binary_search(page.observed.heads, suspect.record, {}, &RecordHead::id);
      });
  for (std::size_t first = 0; first < suspects_.size(); first += page_size_)
    RETURN_IF_ERROR(
        look_closer(std::span{suspects_}.subspan(first, std::min(page_size_, suspects_.size() - first)), range));
  report(range);
  cursor_ = through;
  ranges_done_ = last;
  return {};
}

std::uint64_t VerifyPass::checksum(const model::RecordId& id, std::span<const Cell> cells) {
  // No record id is spelt like that.
  static constexpr Cell unresolved{"unresolved"};
  for (std::size_t i = 0; i < cells.size(); ++i)
    folded_[i] = cells[i].is_unresolved() ? unresolved : model::folded(mapping_.fields[i].type, cells[i], folds_);
  model::pack_cells(0, folded_, packed_);
  return XXH3_64bits_withSeed(packed_.data(), packed_.size(), XXH3_64bits(id.view().data(), id.view().size()));
}

bool VerifyPass::same(std::span<const Cell> org, std::span<const Cell> row) const {
  for (std::size_t i = 0; i < mapping_.fields.size(); ++i)
    if (!same_value(mapping_.fields[i].type, org[i], row[i])) return false;
  return true;
}

/// Walks the org's records beside the known rows and notes who finds no equal. Both are in the order of record ids.
void VerifyPass::meet(const Observation& observed, VerifyCounts& counts) {
  std::size_t next = 0;
  const auto add_up = [&] { counts.org_checksum += checksum(observed.heads[next].id, observed.cells[next]); };
  const auto without_row = [&] {
    if (pulls_) {
      add_up();
      suspects_.push_back({observed.heads[next].id, {}, false, false});
    } else {
      ++counts.unpulled;
    }
    ++next;
  };
  for (std::size_t i = 0; i < known_.heads.size(); ++i) {
    const KnownHead& head = known_.heads[i];
    while (next < observed.size() && observed.heads[next].id < head.record) without_row();
    const bool met = next < observed.size() && observed.heads[next].id == head.record;
    const bool in_step = head.row_exists && head.link == LinkState::linked;
    if (met ? !in_step || !same(observed.cells[next], known_.rows[i]) : in_step)
      suspects_.push_back({head.record, head.row, !met, head.in_conflict});
    if (!met && !in_step && head.row_exists) judge_without_record(head, counts);
    if (!met) continue;
    add_up();
    ++next;
  }
  while (next < observed.size()) without_row();
}

base::Result<void> VerifyPass::look_closer(std::span<const Suspect> suspects, Found& found) {
  std::vector<model::RecordId> ids;
  for (const Suspect& suspect : suspects) ids.push_back(suspect.record);
  ASSIGN_OR_RETURN(const Observation org, sides_.org.retrieve(mapping_, ids));

  Found here;
  Decided decided;
  RETURN_IF_ERROR(sides_.store.settle(mapping_, org, [&](const Known& known) {
    here = {};
    here.counts.by_field.resize(mapping_.fields.size());
    WriteSet writes;
    for (std::size_t i = 0; i < org.size(); ++i) {
      if (!org.heads[i].id) continue;
      const std::size_t before = here.differences.size();
      judge(org, known, i, suspects[i], here);
      // Where nothing is pulled, the push merges, or finds the row gone.
      if (repair_ && !pulls_ && here.differences.size() > before) writes.settlements.push_back(enqueued(i));
    }
    if (!repair_ || !pulls_) return writes;
    settle_page(mapping_, org, known, sides_.clock.now(), {}, {}, decided);
    return std::move(decided.writes);
  }));
  add(here.counts, found.counts);
  std::ranges::move(here.differences, std::back_inserter(found.differences));

  std::vector<Suspect> lost;
  for (std::size_t i = 0; i < org.size(); ++i)
    if (!org.heads[i].id && !suspects[i].row.text.empty() &&
        std::ranges::find(org.unreadable, i, &Unreadable::at) == org.unreadable.end())
      lost.push_back(suspects[i]);
  return lost.empty() ? base::Result<void>{} : look_at_lost(lost, found);
}

/// Rows whose record was not there.
base::Result<void> VerifyPass::look_at_lost(std::span<const Suspect> suspects, Found& found) {
  std::vector<model::RowKey> rows;
  for (const Suspect& suspect : suspects) rows.push_back(suspect.row);
  Found here;
  RETURN_IF_ERROR(sides_.store.update(mapping_, rows, [&](const Known& known) {
    here = {};
    WriteSet writes;
    for (std::size_t i = 0; i < known.heads.size(); ++i) {
      const KnownHead& head = known.heads[i];
      if (!head.row_exists || (head.link != LinkState::linked && head.link != LinkState::record_deleted)) continue;
      if (head.parked) {
        ++here.counts.parked;
      } else if ((pushes_ && head.pending != model::OutboxSeq::none) || head.link == LinkState::record_deleted) {
        ++here.counts.waiting;
      } else {
        ++here.counts.only_in_store;
        here.differences.push_back({Kind::only_in_store, head.record, head.row, {}});
        // Where nothing is pulled, the push finds out and does what the policy says.
        if (repair_ && !pulls_) writes.settlements.push_back(enqueued(i));
      }
    }
    return writes;
  }));
  std::vector<model::RecordId> gone;
  for (const Difference& difference : here.differences) gone.push_back(difference.record);
  add(here.counts, found.counts);
  std::ranges::move(here.differences, std::back_inserter(found.differences));
  if (!repair_ || !pulls_ || gone.empty()) return {};
  return PullPass{mapping_, sides_.org, sides_.store, sides_.clock}.settle_gone(gone);
}

void VerifyPass::judge(const Observation& observed, const Known& known, std::size_t i, const Suspect& suspect,
                       Found& found) const {
  const RecordHead& record = observed.heads[i];
  const KnownHead& head = known.heads[i];
  const bool on_its_way = (pushes_ && head.pending != model::OutboxSeq::none) || (pulls_ && later(record, pulled_to_));
  if (!head.row_exists || head.link == LinkState::none || head.link == LinkState::row_gone ||
      head.link == LinkState::record_gone)
    return judge_unlinked(record, head, on_its_way, suspect.in_conflict, found);

  const auto org = observed.cells[i];
  const auto store = known.rows[i];
  std::vector<Outcome> outcomes(mapping_.fields.size());
  reconcile({mapping_.fields, known.bases[i], org, store, head.sent, known.unlinked[i], record.stamp,
             known.by_org(head.changed_at)},
            {}, outcomes);
  Difference difference{Kind::values, record.id, head.row, {}};
  for (std::size_t f = 0; f < outcomes.size(); ++f)
    if (outcomes[f] == Outcome::to_store || outcomes[f] == Outcome::org_won || outcomes[f] == Outcome::to_org ||
        outcomes[f] == Outcome::store_won)
      difference.fields.push_back({f, text_of(org[f]), text_of(store[f])});
  const auto any = [&](Outcome outcome) { return std::ranges::find(outcomes, outcome) != outcomes.end(); };
  VerifyCounts& counts = found.counts;
  const bool is_kept =
      suspect.outside && !mapping_.filter.empty() && mapping_.on_filter_leave == model::FilterLeave::keep;
  if (head.parked) {
    ++counts.parked;
  } else if (is_kept && !difference.fields.empty() && !(pushes_ && head.pending != model::OutboxSeq::none)) {
    ++counts.outside;  // Its edits in the org are not looked for.
  } else if (!difference.fields.empty() && !on_its_way) {
    ++counts.values;
    for (const FieldDifference& field : difference.fields) ++counts.by_field[field.field];
    found.differences.push_back(std::move(difference));
  } else if (!difference.fields.empty() || any(Outcome::waiting)) {
    ++counts.waiting;
  } else if (any(Outcome::open)) {
    ++counts.in_conflict;
  } else if (any(Outcome::left)) {
    ++counts.one_way;
  } else {
    ++counts.equal;
  }
}

/// A record without a row that is in step with it.
void VerifyPass::judge_unlinked(const RecordHead& record, const KnownHead& head, bool on_its_way, bool in_conflict,
                                Found& found) const {
  VerifyCounts& counts = found.counts;
  const bool noted = head.link == LinkState::row_deleted;  // Its record goes with the next run, or the brake holds it.
  const bool stays = !pushes_ && (noted || head.link == LinkState::linked);
  if (in_conflict) {
    ++counts.in_conflict;
  } else if (head.link == LinkState::row_gone && head.parked) {
    ++counts.parked;  // Deleting the record was refused.
  } else if (stays || head.link == LinkState::row_gone || head.link == LinkState::record_gone) {
    ++counts.left_apart;
  } else if (head.link == LinkState::none && !pulls_) {
    ++counts.unpulled;
  } else if (head.parked) {
    ++counts.parked;
  } else if (on_its_way || noted) {
    ++counts.waiting;
  } else if (head.link == LinkState::linked) {
    ++counts.row_vanished;
    found.differences.push_back({Kind::row_vanished, record.id, head.row, {}});
  } else {
    ++counts.only_in_org;
    found.differences.push_back({Kind::only_in_org, record.id, head.row, {}});
  }
}

/// A row whose link says that its record is gone, and so it is.
void VerifyPass::judge_without_record(const KnownHead& head, VerifyCounts& counts) const {
  if (head.in_conflict) {
    ++counts.in_conflict;
  } else if (head.parked) {
    ++counts.parked;
  } else if (head.link == LinkState::record_deleted) {
    ++counts.waiting;
  } else if (head.link == LinkState::record_gone) {
    ++counts.left_apart;
  }
}

base::Result<void> VerifyPass::find_strays() {
  if (!pushes_) return {};
  ASSIGN_OR_RETURN(const auto rows, sides_.store_survey.strays(mapping_, last_stray_, page_size_));
  if (last_stray_.text.empty()) {
    ASSIGN_OR_RETURN(const auto unsent, sides_.store_survey.unsent(mapping_));
    counts_.waiting += unsent.waiting;
    counts_.parked += unsent.parked;
  }
  if (rows.empty()) return {};
  Found strays;
  for (const model::RowKey& row : rows) strays.differences.push_back({Kind::unsent, {}, row, {}});
  strays.counts.unsent = static_cast<std::int64_t>(rows.size());
  if (repair_)
    RETURN_IF_ERROR(sides_.store.update(mapping_, rows, [](const Known& known) {
      WriteSet writes;
      for (std::size_t i = 0; i < known.heads.size(); ++i) {
        if (!known.heads[i].row_exists) continue;
        writes.settlements.push_back(enqueued(i));
      }
      return writes;
    }));
  report(strays);
  last_stray_ = rows.back();
  return {};
}

void VerifyPass::report(const Found& found) {
  add(found.counts, counts_);
  for (const Difference& difference : found.differences) report_(difference);
}

}  // namespace core
