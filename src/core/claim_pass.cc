#include "core/claim_pass.h"

#include <algorithm>

#include "core/watermark.h"

namespace core {
namespace {

constexpr std::size_t most_errors = 100;  ///< Named one by one; the rest is counted.

base::Error claims_a_deleted(const model::Mapping& mapping, const Claim& claim) {
  return {base::ErrorKind::rejected,
          "row " + claim.row.text + " of " + mapping.table + " says that it is " + mapping.object + " " +
              claim.record.str() +
              ", which was deleted in Salesforce: take the record out of the recycle bin or delete the row. An edit of "
              "the row, or `lockstep parked retry`, makes a new record",
          "RECORD_DELETED"};
}

}  // namespace

ClaimPass::ClaimPass(const model::Mapping& mapping, Org& org, Store& store, const base::Clock& clock,
                     const Safeguards& safeguards, std::size_t page_size)
    : mapping_(mapping), org_(org), store_(store), clock_(clock), safeguards_(safeguards), page_size_(page_size) {}

base::Result<Step> ClaimPass::step() {
  ASSIGN_OR_RETURN(const std::vector<Claim> claims, store_.claims(mapping_, page_size_));
  if (claims.empty()) return Step::idle;
  std::vector<model::RecordId> ids;
  for (const Claim& claim : claims) ids.push_back(claim.record);
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  ASSIGN_OR_RETURN(Observation records, org_.retrieve(mapping_, ids));
  std::vector<bool> there(ids.size());
  for (std::size_t i = 0; i < records.size(); ++i) there[i] = bool{records.heads[i].id};
  for (const Unreadable& record : records.unreadable) there[record.at] = true;

  std::vector<Claim> missing;
  std::vector<model::RowKey> met;
  for (const Claim& claim : claims) {
    const auto at = static_cast<std::size_t>(std::ranges::lower_bound(ids, claim.record) - ids.begin());
    if (there[at])
      met.push_back(claim.row);
    else
      missing.push_back(claim);
  }
  RETURN_IF_ERROR(link(records, met));
  if (!missing.empty()) RETURN_IF_ERROR(settle_missing(missing));
  return Step::progressed;
}

base::Result<void> ClaimPass::link(Observation& records, const std::vector<model::RowKey>& rows) {
  ASSIGN_OR_RETURN(const auto position, store_.position(mapping_));
  std::vector<model::RecordId> met;
  ASSIGN_OR_RETURN(const auto refused, store_.settle(mapping_, records, [&](const Known& known) {
    settle_page(mapping_, records, known, clock_.now(), seen_through(mapping_, position), safeguards_, decided_);
    // What no row of ours claims any more is the pull's to settle.
    std::erase_if(decided_.writes.settlements, [](const Settlement& settlement) { return settlement.insert_row; });
    for (Settlement& settlement : decided_.writes.settlements)
      // It never was in the filter as far as anybody knows, so it cannot leave it.
      if (settlement.link == LinkState::linked && mapping_.follows_filter() &&
          mapping_.on_filter_leave == model::FilterLeave::remove)
        settlement.place = FilterPlace::outside;
    decided_.writes.unreadable = records.unreadable;
    decided_.writes.claims_asked = rows;
    return decided_.writes;
  }));
  decided_.counts.created = decided_.counts.unchanged = 0;
  counts_ += decided_.counts;
  for (const Settlement& settlement : decided_.writes.settlements)
    if (settlement.parked) set_aside(records.heads[settlement.at].id.str(), settlement.parked->error);
  for (const Unreadable& record : records.unreadable) set_aside(record.id.str(), record.error);
  for (const Refused& one : refused) set_aside(records.heads[one.at].id.str(), one.error);
  return {};
}

base::Result<void> ClaimPass::settle_missing(std::span<const Claim> missing) {
  std::vector<model::RecordId> ids;
  std::vector<model::RowKey> rows;
  for (const Claim& claim : missing) {
    ids.push_back(claim.record);
    rows.push_back(claim.row);
  }
  ASSIGN_OR_RETURN(const Observation fates, org_.fates(mapping_, ids));
  std::vector<std::size_t> deleted;
  ASSIGN_OR_RETURN([[maybe_unused]] const auto refused, store_.update(mapping_, rows, [&](const Known& known) {
    deleted.clear();
    WriteSet writes;
    for (std::size_t at = 0; at < rows.size(); ++at) {
      const RecordHead& fate = fates.heads[at];
      if (fate.id && fate.merged_into) {
        writes.claims_moved.push_back({rows[at], fate.merged_into});
        continue;
      }
      writes.claims_asked.push_back(rows[at]);
      if (!fate.id || !fate.deleted || known.heads[at].link != LinkState::none || !known.heads[at].row_exists) continue;
      deleted.push_back(at);
      Settlement settlement;
      settlement.at = at;
      settlement.parked = Parked{claims_a_deleted(mapping_, missing[at]), base::Utc::max()};
      settlement.acknowledge = known.heads[at].pending;
      writes.settlements.push_back(std::move(settlement));
    }
    return writes;
  }));
  for (const std::size_t at : deleted) set_aside(rows[at].text, claims_a_deleted(mapping_, missing[at]));
  return {};
}

void ClaimPass::set_aside(const std::string& record, const base::Error& error) {
  ++counts_.parked;
  if (errors_.size() < most_errors) errors_.push_back({error.message, record, error.service_code, clock_.now()});
}

}  // namespace core
