#include "core/watermark.h"

#include <algorithm>
#include <functional>

namespace core {
namespace {

/// A sum, so that the order of equal stamps does not count.
std::uint64_t digest_of(const model::Keyset& place) {
  return std::hash<model::RecordId>{}(place.last) * 0x9e3779b97f4a7c15ull ^
         std::hash<std::int64_t>{}(place.at.time_since_epoch().count()) * 0xc2b2ae3d27d4eb4full;
}

}  // namespace

ReadPlan plan_read(const model::Position& position, base::Utc now, const Lookback& lookback,
                   const Safeguards& safeguards) {
  const auto* watermark = std::get_if<model::Watermark>(&position);
  if (!watermark) return {{}, true};
  if (watermark->backfilling) return {watermark->reached, true};
  if (!safeguards.look_back) return {watermark->reached, false};
  if (now - watermark->swept_at >= lookback.sweep_every) return {{watermark->sweep_from, {}}, true};
  return {watermark->revisit_from, false};
}

model::Watermark after_bulk(base::Utc started_at, const Lookback& lookback) {
  const base::Utc from = std::max(base::Utc{}, base::Utc{started_at - lookback.overlap});
  return {.reached = {from, {}}, .revisit_from = {from, {}}, .sweep_from = from, .swept_at = started_at};
}

base::Utc seen_through(const model::Mapping& mapping, const model::Position& position) {
  // What does not match the filter is not polled.
  if (!mapping.filter.empty() && !mapping.follows_filter()) return {};
  const auto* watermark = std::get_if<model::Watermark>(&position);
  return watermark && !watermark->backfilling ? watermark->sweep_from : base::Utc{};
}

ReadProgress::ReadProgress(const model::Position& position, const ReadPlan& plan, const Lookback& lookback,
                           const Safeguards& safeguards)
    : started_from_(plan.after), cursor_(plan.after), sweep_(plan.sweep), lookback_(lookback), safeguards_(safeguards) {
  if (const auto* watermark = std::get_if<model::Watermark>(&position)) {
    watermark_ = *watermark;
    // A backfill that goes on after a restart still owes the sweep of its first page's time.
    if (watermark->backfilling) started_at_ = watermark->swept_at;
  } else {
    watermark_.backfilling = true;
  }
}

void ReadProgress::settled(const model::Keyset& place) {
  cursor_ = place;
  recent_.push_back(place);
  if (recent_.size() > lookback_.revisit_records) recent_.pop_front();
}

bool ReadProgress::repeats(std::span<const model::Keyset> places) const {
  if (!recent_.empty() || places.empty()) return false;
  std::uint64_t sum = 0;
  for (const model::Keyset& place : places) sum += digest_of(place);
  return sum == watermark_.seen;
}

model::Watermark ReadProgress::position(base::Utc as_of, bool through) {
  if (!started_at_) started_at_ = as_of;
  // Ids are never compared here: their order is the org's. Going back within a second only repeats records.
  if (cursor_.at >= watermark_.reached.at) watermark_.reached = cursor_;
  if (watermark_.backfilling) {
    watermark_.swept_at = *started_at_;
    watermark_.sweep_from = *started_at_ - lookback_.overlap;
    if (through) watermark_.backfilling = false;
  } else if (sweep_ && through) {
    watermark_.swept_at = *started_at_;
    watermark_.sweep_from = *started_at_ - lookback_.overlap;
    sweep_ = false;
  }
  if (!safeguards_.look_back) {
    watermark_.revisit_from = watermark_.reached;
    return watermark_;
  }
  const model::Keyset in_time{std::max(base::Utc{}, base::Utc{watermark_.reached.at - lookback_.revisit}), {}};
  // A run that read few records started within the bound itself.
  const model::Keyset& in_records = recent_.size() == lookback_.revisit_records ? recent_.front() : started_from_;
  const model::Keyset from = in_records.at > in_time.at ? in_records : in_time;
  // A run that read nothing leaves what the next one reads as it is.
  if (!recent_.empty() || from != watermark_.revisit_from) {
    watermark_.seen = 0;
    for (const model::Keyset& place : recent_)
      if (place.at >= from.at && place != from) watermark_.seen += digest_of(place);
  }
  watermark_.revisit_from = from;
  return watermark_;
}

}  // namespace core
