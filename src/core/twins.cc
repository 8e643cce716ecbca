#include "core/twins.h"

#include <algorithm>
#include <unordered_map>

#include "core/settle.h"
#include "core/watermark.h"

namespace core {
namespace {

using model::Cell;

constexpr std::chrono::hours ambiguous_patience{1};  ///< What is ambiguous is looked at again after this.

/// What stands in the fields of a rule, as the store compares it: without regard to case. Nothing if one is empty.
std::optional<std::string> folded(std::span<const std::size_t> rule, std::span<const Cell> cells) {
  std::string out;
  for (const std::size_t f : rule) {
    if (!cells[f].has_text()) return std::nullopt;
    for (const char c : cells[f].text()) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    out += '\x1f';
  }
  return out;
}

/// True if a pull has seen every record, so that those without a row match none of ours.
bool has_seen_all(const model::Mapping& mapping, const model::Position& position) {
  const auto* watermark = std::get_if<model::Watermark>(&position);
  return watermark && !watermark->backfilling && mapping.filter.empty() &&
         mapping.direction != model::SyncDirection::to_org;
}

/// A row that waits for an answer, with a copy of its cells.
struct Asked {
  model::RowKey row;
  std::size_t cells = 0;  ///< Its place in the grid.
  bool decided = false;
};

base::Error ambiguous(const model::Mapping& mapping, const model::RowKey& row, const Observation& records,
                      const std::vector<std::size_t>& several) {
  std::string ids;
  for (const std::size_t i : several) (ids += ids.empty() ? "" : ", ") += records.heads[i].id.str();
  return {base::ErrorKind::rejected,
          "row " + row.text + " of " + mapping.table + " matches " + mapping.object + " " + ids +
              (several.size() > 1 ? ", and may be any of them: " : ", which other rows match or stood for too: ") +
              "merge or delete the ones too many, or let them differ in a field of the match rule",
          "AMBIGUOUS_MATCH"};
}

}  // namespace

Twins match_twins(std::span<const std::size_t> rule, std::span<const std::span<const Cell>> rows,
                  const Observation& records, const std::vector<bool>& free, const std::vector<bool>& contested) {
  Twins twins;
  twins.several.resize(rows.size());
  twins.row_of.assign(records.size(), Twins::none());
  std::unordered_map<std::string, std::vector<std::size_t>> found;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!free[i]) continue;
    if (auto key = folded(rule, records.cells[i])) found[*std::move(key)].push_back(i);
  }
  std::vector<std::size_t> rows_of(records.size());
  std::vector<const std::vector<std::size_t>*> fits(rows.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto key = folded(rule, rows[r]);
    const auto at = key ? found.find(*key) : found.end();
    if (at == found.end()) continue;
    fits[r] = &at->second;
    for (const std::size_t record : at->second) ++rows_of[record];
  }
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (!fits[r]) continue;
    const std::size_t first = fits[r]->front();
    if (fits[r]->size() == 1 && rows_of[first] == 1 && !contested[first]) {
      twins.row_of[first] = r;
    } else {
      twins.several[r] = *fits[r];
    }
  }
  return twins;
}

base::Result<LinkedTwins> link_twins(const model::Mapping& mapping, Org& org, Store& store, const base::Clock& clock,
                                     const Safeguards& safeguards, const model::Position& position,
                                     std::span<const OutboxEntry> entries) {
  LinkedTwins result;
  if (!safeguards.look_for_twins || mapping.match_rules.empty()) return result;
  std::vector<model::RowKey> keys;
  for (const OutboxEntry& entry : entries)
    if (!entry.record && entry.upsert_key.empty()) keys.push_back(entry.row);
  if (keys.empty()) return result;
  if (has_seen_all(mapping, position)) {
    // It has matched what was there, unless it died before it came to what waited for all.
    ASSIGN_OR_RETURN(const auto waiting, store.parked_records(mapping, due_at_once, 1));
    if (waiting.empty()) return result;
  }

  std::vector<Asked> asked;
  model::Grid cells;
  ASSIGN_OR_RETURN([[maybe_unused]] const auto looked, store.update(mapping, keys, [&](const Known& known) {
    asked.clear();
    cells.restart(mapping.fields.size());
    for (std::size_t at = 0; at < keys.size(); ++at) {
      const KnownHead& head = known.heads[at];
      // A create that was announced is found by its key, or among what we made.
      if (head.link != LinkState::none || !head.row_exists || head.unreadable) continue;
      const auto copy = cells.add();
      for (std::size_t f = 0; f < copy.size(); ++f) {
        const Cell& cell = known.rows[at][f];
        copy[f] = cell.has_text() ? Cell{cells.text().copy(cell.text())} : cell;
      }
      asked.push_back({keys[at], asked.size(), false});
    }
    return WriteSet{};
  }));

  for (const std::vector<std::size_t>& rule : mapping.match_rules) {
    std::vector<std::size_t> of;
    std::vector<std::span<const Cell>> rows;
    for (std::size_t a = 0; a < asked.size(); ++a) {
      const std::span<const Cell> row = cells[asked[a].cells];
      if (asked[a].decided || !std::ranges::all_of(rule, [&](std::size_t f) { return row[f].has_text(); })) continue;
      of.push_back(a);
      rows.push_back(row);
    }
    if (rows.empty()) continue;
    ASSIGN_OR_RETURN(const Observation records, org.alike(mapping, rule, rows));
    if (records.size() == 0) continue;

    Decided decided;
    Twins twins;
    ASSIGN_OR_RETURN(const auto refused, store.settle(mapping, records, [&](const Known& known) {
      std::vector<bool> free(records.size()), contested(records.size());
      for (std::size_t i = 0; i < records.size(); ++i) {
        const KnownHead& head = known.heads[i];
        // One whose row was removed, since it left the filter, would come back as that row.
        const bool was_removed = head.link == LinkState::both_gone && head.record && !head.row_exists;
        free[i] = (head.link == LinkState::none && head.former_row.text.empty()) || was_removed;
        contested[i] = !head.candidates.empty() || was_removed;
      }
      twins = match_twins(rule, rows, records, free, contested);
      settle_page(mapping, records, known, clock.now(), seen_through(mapping, position), safeguards, decided);
      std::erase_if(decided.writes.settlements, [&](Settlement& settlement) {
        const std::size_t row = twins.row_of[settlement.at];
        if (row == Twins::none() || settlement.insert_row) return true;
        if (known.heads[settlement.at].row != asked[of[row]].row) return true;
        // It never was in the filter as far as anybody knows, so it cannot leave it.
        if (mapping.follows_filter() && mapping.on_filter_leave == model::FilterLeave::remove)
          settlement.place = FilterPlace::outside;
        return false;
      });
      return decided.writes;
    }));
    for (const Settlement& settlement : decided.writes.settlements) {
      if (settlement.link != LinkState::linked) continue;
      ++result.linked;
      result.conflicts += static_cast<std::int64_t>(settlement.conflicts.size());
    }
    result.linked -= static_cast<std::int64_t>(refused.size());

    std::vector<model::RowKey> unclear;
    std::vector<base::Error> errors;
    for (const std::size_t row : twins.row_of)
      if (row != Twins::none()) asked[of[row]].decided = true;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      if (twins.several[r].empty()) continue;
      asked[of[r]].decided = true;
      unclear.push_back(asked[of[r]].row);
      errors.push_back(ambiguous(mapping, unclear.back(), records, twins.several[r]));
    }
    if (unclear.empty()) continue;
    ASSIGN_OR_RETURN([[maybe_unused]] const auto kept, store.update(mapping, unclear, [&](const Known& known) {
      WriteSet writes;
      for (std::size_t at = 0; at < unclear.size(); ++at) {
        if (known.heads[at].link != LinkState::none) continue;
        Settlement settlement;
        settlement.at = at;
        settlement.parked = Parked{errors[at], clock.now() + ambiguous_patience};
        settlement.acknowledge = known.heads[at].pending;
        writes.settlements.push_back(std::move(settlement));
      }
      return writes;
    }));
    for (std::size_t at = 0; at < unclear.size(); ++at) result.ambiguous.emplace_back(unclear[at], errors[at]);
  }
  return result;
}

}  // namespace core
