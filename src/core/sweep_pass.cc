#include "core/sweep_pass.h"

#include <algorithm>

#include "core/brake.h"
#include "core/identity.h"

namespace core {
namespace {

constexpr std::size_t most_errors = 100;  ///< Named one by one; the rest is counted.

/// The mapping with only these fields, to ask the org for them alone.
model::Mapping only(const model::Mapping& mapping, const std::vector<std::size_t>& ordinals) {
  model::Mapping narrow = mapping;
  narrow.fields.clear();
  for (const std::size_t i : ordinals) {
    narrow.fields.push_back(mapping.fields[i]);
    narrow.fields.back().via = 0;
    narrow.fields.back().name_pair.reset();
  }
  return narrow;
}

std::vector<std::size_t> ordinals_of(const model::FieldSet& fields, std::size_t width) {
  std::vector<std::size_t> ordinals;
  for (std::size_t i = 0; i < width; ++i)
    if (fields[i]) ordinals.push_back(i);
  return ordinals;
}

}  // namespace

SweepPass::SweepPass(const model::Mapping& mapping, Org& org, Store& store, const base::Clock& clock,
                     const Safeguards& safeguards, std::size_t page_size)
    : mapping_(mapping), org_(org), store_(store), clock_(clock), safeguards_(safeguards), page_size_(page_size) {}

base::Result<Step> SweepPass::step() {
  if (!safeguards_.sweep_what_changed) return Step::idle;
  ASSIGN_OR_RETURN(const auto sweep, store_.sweep(mapping_));
  if (!sweep) return Step::idle;
  ASSIGN_OR_RETURN(const auto position, store_.position(mapping_));
  if (std::holds_alternative<model::BulkPlace>(position)) return Step::idle;  // A page to come could hold older states.
  ASSIGN_OR_RETURN(Page page, fetch(*sweep));
  if (sweep->everything && mapping_.follows_filter())
    for (RecordHead& head : page.observed.heads) head.in_filter = true;
  model::Keyset reached = sweep->reached;
  if (page.observed.size() > 0) reached = {page.observed.heads.back().stamp, page.observed.heads.back().id};
  for (const Unreadable& record : page.observed.unreadable)
    if (record.at == page.observed.size()) reached = {record.stamp, record.id};

  std::vector<model::RecordId> doubtful;
  if (sweep->everything && page.observed.size() > 0) {
    ASSIGN_OR_RETURN(Creates creates, resolve_creates(mapping_, org_, store_, safeguards_));
    counts_.linked += creates.found;
    doubtful = std::move(creates.doubtful);
  }
  std::optional<base::Error> too_many;
  ASSIGN_OR_RETURN(const auto refused, store_.settle(mapping_, page.observed, [&](const Known& known) {
    fill(*sweep, page.observed, known, filled_);
    settle_page(mapping_, filled_, known, clock_.now(), seen_through(mapping_, position), safeguards_, decided_,
                page.more);
    set_doubtful_aside(doubtful, filled_, clock_.now(), decided_.writes);
    too_many = brake_rows(mapping_, changed_before_ + counts_.updated + decided_.counts.updated, most_changes_);
    if (too_many) return WriteSet{};
    // Of what was not read nothing is known, so nothing is settled by it.
    for (Settlement& settlement : decided_.writes.settlements) {
      if (sweep->everything) break;
      settlement.sent.reset();
      settlement.acknowledge = model::OutboxSeq::none;
      settlement.unpark = false;
    }
    decided_.writes.unreadable = page.observed.unreadable;
    decided_.writes.swept_to = reached;
    decided_.writes.sweep_done = !page.more;
    // Those that do not match the new filter did not come.
    if (const auto* watermark = std::get_if<model::Watermark>(&position);
        watermark && sweep->everything && !page.more) {
      model::Watermark unchecked = *watermark;
      unchecked.filter_checked_at = {};
      decided_.writes.position = unchecked;
    }
    return decided_.writes;
  }));
  if (too_many) return std::unexpected(*std::move(too_many));
  counts_ += decided_.counts;
  const auto set_aside = [&](const model::RecordId& record, const base::Error& error) {
    ++counts_.parked;
    if (errors_.size() < most_errors)
      errors_.push_back({error.message, record.str(), error.service_code, clock_.now()});
  };
  for (const Settlement& settlement : decided_.writes.settlements)
    if (settlement.parked && settlement.parked->error.service_code != waits_for_all)
      set_aside(page.observed.heads[settlement.at].id, settlement.parked->error);
  for (const Unreadable& record : page.observed.unreadable) set_aside(record.id, record.error);
  for (const Refused& one : refused) set_aside(page.observed.heads[one.at].id, one.error);
  return page.more ? Step::progressed : Step::idle;
}

base::Result<Page> SweepPass::fetch(const Sweep& sweep) {
  const std::vector<std::size_t> ordinals = ordinals_of(sweep.fields, mapping_.fields.size());
  model::Mapping narrow = sweep.everything ? mapping_ : only(mapping_, ordinals);
  // The linked ones that left it are kept in step too.
  if (!sweep.everything && mapping_.follows_filter()) narrow.filter.clear();
  narrow.shows_deleted = narrow.shows_merged = false;  // What is deleted is the poll's to settle.
  const PageRequest request{.mapping = &narrow, .after = sweep.reached, .limit = page_size_, .authors = true};
  auto pages = org_.fetch(std::span{&request, 1});
  CHECK(pages.size() == 1);
  ASSIGN_OR_RETURN(Page page, std::move(pages.front()));
  if (sweep.everything) return page;
  Page wide;
  wide.more = page.more;
  widen(page, ordinals, wide.observed);
  // The texts are borrowed from the narrow page's arena.
  wide.observed.cells.text() = std::move(page.observed.cells.text());
  return wide;
}

void SweepPass::widen(const Page& narrow, const std::vector<std::size_t>& ordinals, Observation& wide) const {
  wide.restart(mapping_.fields.size());
  wide.heads = narrow.observed.heads;
  wide.unreadable = narrow.observed.unreadable;
  wide.as_of = narrow.observed.as_of;
  wide.cells.add(narrow.observed.size());
  for (std::size_t i = 0; i < narrow.observed.size(); ++i)
    for (std::size_t k = 0; k < ordinals.size(); ++k) wide.cells[i][ordinals[k]] = narrow.observed.cells[i][k];
}

/// What the page did not ask for counts as agreed on; records without a link are read whole by the poll.
void SweepPass::fill(const Sweep& sweep, const Observation& seen, const Known& known, Observation& filled) const {
  filled.restart(mapping_.fields.size());
  filled.heads = seen.heads;
  filled.as_of = seen.as_of;
  filled.cells.add(seen.size());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const bool is_linked = known.heads[i].link == LinkState::linked;
    if (!sweep.everything && !is_linked) filled.heads[i].id = {};
    for (std::size_t f = 0; f < mapping_.fields.size(); ++f)
      filled.cells[i][f] = sweep.everything || sweep.fields[f] ? seen.cells[i][f] : known.bases[i][f];
  }
}

}  // namespace core
