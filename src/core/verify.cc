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

std::uint64_t checksum(const model::RecordId& id, std::span<const Cell> cells, std::string& packed) {
  packed.assign(id.view());
  model::pack_cells(0, cells, packed);
  return XXH3_64bits(packed.data(), packed.size());
}

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

}  // namespace

std::string_view name_of(Kind kind) {
  return kind_names[static_cast<std::size_t>(kind)];
}

VerifyPass::VerifyPass(const model::Mapping& mapping, const Sides& sides, bool repair, Report report,
                       std::size_t page_size)
    : mapping_(mapping), sides_(sides), repair_(repair), report_(std::move(report)), page_size_(page_size) {
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

  ASSIGN_OR_RETURN(const Page page, sides_.org_survey.slice(mapping_, {cursor_, {}}, page_size_));
  model::RecordId through;
  if (page.more) {
    if (page.observed.size() > 0) through = page.observed.heads.back().id;
    for (const Unreadable& record : page.observed.unreadable) through = std::max(through, record.id);
  }
  VerifyCounts range;
  range.records = static_cast<std::int64_t>(page.observed.size());
  range.unreadable = static_cast<std::int64_t>(page.observed.unreadable.size());
  for (std::size_t i = 0; i < page.observed.size(); ++i)
    range.org_checksum += checksum(page.observed.heads[i].id, page.observed.cells[i], packed_);

  suspects_.clear();
  std::size_t next = 0;
  for (model::RecordId from = cursor_;;) {
    RETURN_IF_ERROR(sides_.store_survey.linked(mapping_, {from, through}, page_size_, known_));
    for (std::size_t i = 0; i < known_.heads.size(); ++i) {
      const KnownHead& head = known_.heads[i];
      if (!head.row_exists || head.link != LinkState::linked) continue;
      ++range.rows;
      range.store_checksum += checksum(head.record, known_.rows[i], packed_);
    }
    const bool last = known_.heads.size() < page_size_;
    meet(page.observed, next, last);
    if (last) break;
    from = known_.heads.back().record;
  }
  // Equal checksums over equal numbers: every record of the range has its equal row, and whatever only looked
  // different cancels out (it cannot, short of a collision of 64 bits).
  if (range.org_checksum == range.store_checksum && range.records == range.rows) suspects_.clear();
  std::erase_if(suspects_, [&](const Suspect& suspect) {
    return std::ranges::find(page.observed.unreadable, suspect.record, &Unreadable::id) !=
           page.observed.unreadable.end();
  });
  range.equal = range.records - std::ranges::count_if(suspects_, [&](const Suspect& suspect) {
                  return std::ranges::binary_search(page.observed.heads, suspect.record, {}, &RecordHead::id);
                });
  RETURN_IF_ERROR(look_closer());
  report(range, {});
  cursor_ = through;
  ranges_done_ = !page.more;
  return {};
}

/// Walks the org's records from `next` on beside the known rows and notes who finds no equal. Both are in the order
/// of record ids.
void VerifyPass::meet(const Observation& observed, std::size_t& next, bool last) {
  for (std::size_t i = 0; i < known_.heads.size(); ++i) {
    const KnownHead& head = known_.heads[i];
    while (next < observed.size() && observed.heads[next].id < head.record)
      suspects_.push_back({observed.heads[next++].id, {}});
    const bool met = next < observed.size() && observed.heads[next].id == head.record;
    const bool in_step = head.row_exists && head.link == LinkState::linked;
    if (met ? !in_step || !std::ranges::equal(observed.cells[next], known_.rows[i]) : in_step)
      suspects_.push_back({head.record, head.row});
    if (met) ++next;
  }
  while (last && next < observed.size()) suspects_.push_back({observed.heads[next++].id, {}});
}

base::Result<void> VerifyPass::look_closer() {
  for (std::size_t first = 0; first < suspects_.size(); first += page_size_)
    RETURN_IF_ERROR(look_closer(std::span{suspects_}.subspan(first, std::min(page_size_, suspects_.size() - first))));
  return {};
}

base::Result<void> VerifyPass::look_closer(std::span<const Suspect> suspects) {
  std::vector<model::RecordId> ids;
  for (const Suspect& suspect : suspects) ids.push_back(suspect.record);
  ASSIGN_OR_RETURN(const Observation org, sides_.org.retrieve(mapping_, ids));

  VerifyCounts counts;
  std::vector<Difference> differences;
  Decided decided;
  RETURN_IF_ERROR(sides_.store.settle(mapping_, org, [&](const Known& known) {
    counts = {};
    counts.by_field.resize(mapping_.fields.size());
    differences.clear();
    for (std::size_t i = 0; i < org.size(); ++i)
      if (org.heads[i].id)
        judge(org.heads[i], org.cells[i], known.heads[i], known.bases[i], known.rows[i], known.unlinked[i], counts,
              differences);
    if (!repair_) return WriteSet{};
    settle_page(mapping_, org, known, sides_.clock.now(), {}, {}, decided);
    return std::move(decided.writes);
  }));
  report(counts, differences);

  std::vector<Suspect> lost;
  for (std::size_t i = 0; i < org.size(); ++i)
    if (!org.heads[i].id && !suspects[i].row.text.empty() &&
        std::ranges::find(org.unreadable, i, &Unreadable::at) == org.unreadable.end())
      lost.push_back(suspects[i]);
  return lost.empty() ? base::Result<void>{} : look_at_lost(lost);
}

/// Rows whose record was not there.
base::Result<void> VerifyPass::look_at_lost(std::span<const Suspect> suspects) {
  const bool pulls = mapping_.direction != model::SyncDirection::to_org;
  std::vector<model::RowKey> rows;
  for (const Suspect& suspect : suspects) rows.push_back(suspect.row);
  VerifyCounts counts;
  std::vector<Difference> differences;
  RETURN_IF_ERROR(sides_.store.update(mapping_, rows, [&](const Known& known) {
    counts = {};
    differences.clear();
    WriteSet writes;
    for (std::size_t i = 0; i < known.heads.size(); ++i) {
      const KnownHead& head = known.heads[i];
      if (!head.row_exists || (head.link != LinkState::linked && head.link != LinkState::record_deleted)) continue;
      if (head.parked) {
        ++counts.parked;
      } else if (head.pending != model::OutboxSeq::none || head.link == LinkState::record_deleted) {
        ++counts.waiting;
      } else {
        ++counts.only_in_store;
        differences.push_back({Kind::only_in_store, head.record, head.row, {}});
        // Where nothing is pulled, the push finds out and does what the policy says.
        if (repair_ && !pulls) writes.settlements.push_back(enqueued(i));
      }
    }
    return writes;
  }));
  report(counts, differences);
  if (!repair_ || !pulls || differences.empty()) return {};
  std::vector<model::RecordId> gone;
  for (const Difference& difference : differences) gone.push_back(difference.record);
  return PullPass{mapping_, sides_.org, sides_.store, sides_.clock}.settle_gone(gone);
}

void VerifyPass::judge(const RecordHead& record, std::span<const Cell> org, const KnownHead& head,
                       std::span<const Cell> base, std::span<const Cell> store, const model::FieldSet& unlinked,
                       VerifyCounts& counts, std::vector<Difference>& differences) const {
  const bool on_its_way = head.pending != model::OutboxSeq::none || later(record, pulled_to_);
  if (head.link == LinkState::row_gone || head.link == LinkState::record_gone) {
    ++counts.left_apart;
    return;
  }
  if (!head.row_exists || head.link == LinkState::none) {
    const bool noted =
        head.link == LinkState::row_deleted;  // Its record goes with the next run, or the brake holds it.
    if (head.parked) {
      ++counts.parked;
    } else if (on_its_way || noted) {
      ++counts.waiting;
    } else if (head.link == LinkState::linked) {
      ++counts.row_vanished;
      differences.push_back({Kind::row_vanished, record.id, head.row, {}});
    } else {
      ++counts.only_in_org;
      differences.push_back({Kind::only_in_org, record.id, head.row, {}});
    }
    return;
  }
  Difference found{Kind::values, record.id, head.row, {}};
  bool asked = false, one_way = false, parent = false;
  for (std::size_t i = 0; i < mapping_.fields.size(); ++i) {
    if (org[i] == store[i]) continue;
    const model::FieldMapping& field = mapping_.fields[i];
    // As reconcile() sees it: both sides left the base, and a person is to say which goes.
    if (field.on_conflict == model::ConflictPolicy::manual && org[i] != base[i] && store[i] != base[i]) {
      asked = true;
    } else if (field.direction == model::SyncDirection::to_store
                   ? org[i] == base[i]
                   : field.direction == model::SyncDirection::to_org && store[i] == base[i]) {
      one_way = true;
    } else if (unlinked[i] || store[i].is_unresolved()) {
      parent = true;
    } else {
      found.fields.push_back({i, text_of(org[i]), text_of(store[i])});
    }
  }
  if (head.parked) {
    ++counts.parked;
  } else if (!found.fields.empty() && !on_its_way) {
    ++counts.values;
    for (const FieldDifference& field : found.fields) ++counts.by_field[field.field];
    differences.push_back(std::move(found));
  } else if (!found.fields.empty() || parent) {
    ++counts.waiting;
  } else if (asked) {
    ++counts.in_conflict;
  } else if (one_way) {
    ++counts.one_way;
  } else {
    ++counts.equal;
  }
}

base::Result<void> VerifyPass::find_strays() {
  if (mapping_.direction == model::SyncDirection::to_store) return {};
  ASSIGN_OR_RETURN(const auto rows, sides_.store_survey.strays(mapping_, last_stray_, page_size_));
  if (rows.empty()) return {};
  VerifyCounts counts;
  std::vector<Difference> differences;
  for (const model::RowKey& row : rows) differences.push_back({Kind::unsent, {}, row, {}});
  counts.unsent = static_cast<std::int64_t>(rows.size());
  if (repair_)
    RETURN_IF_ERROR(sides_.store.update(mapping_, rows, [](const Known& known) {
      WriteSet writes;
      for (std::size_t i = 0; i < known.heads.size(); ++i) {
        if (!known.heads[i].row_exists) continue;
        writes.settlements.push_back(enqueued(i));
      }
      return writes;
    }));
  report(counts, differences);
  last_stray_ = rows.back();
  return {};
}

void VerifyPass::report(const VerifyCounts& counts, const std::vector<Difference>& differences) {
  for (const auto member :
       {&VerifyCounts::records, &VerifyCounts::rows, &VerifyCounts::equal, &VerifyCounts::waiting,
        &VerifyCounts::parked, &VerifyCounts::in_conflict, &VerifyCounts::left_apart, &VerifyCounts::one_way,
        &VerifyCounts::unreadable, &VerifyCounts::values, &VerifyCounts::only_in_org, &VerifyCounts::only_in_store,
        &VerifyCounts::row_vanished, &VerifyCounts::unsent})
    counts_.*member += counts.*member;
  for (std::size_t i = 0; i < counts.by_field.size(); ++i) counts_.by_field[i] += counts.by_field[i];
  counts_.org_checksum += counts.org_checksum;
  counts_.store_checksum += counts.store_checksum;
  for (const Difference& difference : differences) report_(difference);
}

}  // namespace core
