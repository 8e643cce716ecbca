#include "store/memory/memory_store.h"

#include <algorithm>

namespace store {
namespace {

using core::LinkState;
using model::Cell;

MemoryStore::Text text_of(const Cell& cell) {
  return cell.has_text() ? MemoryStore::Text{std::string{cell.text()}} : std::nullopt;
}

Cell cell_of(const MemoryStore::Text& text, base::Arena& arena) {
  return text ? Cell{arena.copy(*text)} : Cell{};
}

}  // namespace

void MemoryStore::touch(const std::string& key) {
  outbox_[key] = {static_cast<model::OutboxSeq>(++last_seq_), clock_.now()};
}

std::string MemoryStore::insert(Row row) {
  const std::string key = next_key();
  rows_[key] = std::move(row);
  touch(key);
  return key;
}

void MemoryStore::edit(const std::string& key, std::size_t field, Text value) {
  rows_.at(key)[field] = std::move(value);
  touch(key);
}

base::Result<std::vector<std::string>> MemoryStore::columns(std::string_view) {
  return base::failure(base::ErrorKind::settings, "a store in memory has no tables");
}

core::Known MemoryStore::known(const std::vector<std::string>& keys) {
  core::Known known;
  for (model::Grid* grid : {&known.rows, &known.bases, &known.parents}) {
    grid->restart(width_);
    grid->add(keys.size());
  }
  known.heads.resize(keys.size());
  known.unlinked.resize(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    core::KnownHead& head = known.heads[i];
    head.row.text = keys[i];
    if (const auto row = rows_.find(keys[i]); row != rows_.end()) {
      head.row_exists = true;
      for (std::size_t f = 0; f < width_; ++f) known.rows[i][f] = cell_of(row->second[f], known.rows.text());
    }
    if (const auto link = links_.find(keys[i]); link != links_.end()) {
      head.link = link->second.state;
      head.record = link->second.record;
      head.upsert_key = link->second.upsert_key;
      for (std::size_t f = 0; f < width_; ++f) known.bases[i][f] = cell_of(link->second.base[f], known.bases.text());
      for (const auto& [field, value] : link->second.sent)
        head.sent.push_back({field, cell_of(value, known.bases.text())});
    }
    if (const auto entry = outbox_.find(keys[i]); entry != outbox_.end()) {
      head.pending = entry->second.seq;
      head.changed_at = entry->second.changed_at;
    }
    head.parked = parked_rows_.contains(keys[i]);
  }
  return known;
}

void MemoryStore::apply(std::vector<std::string>& keys, const core::WriteSet& writes) {
  for (const core::Settlement& settlement : writes.settlements) {
    std::string& key = keys[settlement.at];
    if (settlement.insert_row) {
      key = next_key();
      rows_[key] = Row(width_);
    }
    if (settlement.columns.any()) {
      ++row_writes_;
      for (std::size_t f = 0; f < width_; ++f) {
        if (!settlement.columns[f]) continue;
        Text value = text_of(settlement.values[f]);
        if (on_overwrite) on_overwrite(key, f, rows_.at(key)[f], value);
        rows_.at(key)[f] = std::move(value);
      }
    }
    if (settlement.link) {
      auto [link, made] = links_.try_emplace(key);
      if (made) link->second.base.resize(width_);
      link->second.state = *settlement.link;
      if (settlement.record) link->second.record = settlement.record;
      if (!settlement.upsert_key.empty()) link->second.upsert_key = settlement.upsert_key;
    }
    if (!settlement.base.empty())
      std::ranges::transform(settlement.base, links_.at(key).base.begin(), text_of);
    if (settlement.sent) {
      auto& sent = links_.at(key).sent;
      sent.clear();
      for (const auto& value : *settlement.sent) sent.emplace_back(value.field, text_of(value.value));
    }
    for (const core::Conflict& c : settlement.conflicts)
      conflicts_.insert({key, c.field, text_of(c.base), text_of(c.org), text_of(c.store), c.decision});
    if (settlement.acknowledge != model::OutboxSeq::none) {
      const auto entry = outbox_.find(key);
      if (entry != outbox_.end() && entry->second.seq == settlement.acknowledge) outbox_.erase(entry);
    }
    if (settlement.unpark) parked_rows_.erase(key);
    if (settlement.parked) parked_rows_[key] = *settlement.parked;
    if (settlement.enqueue && !outbox_.contains(key)) touch(key);
  }
  for (const core::Unreadable& record : writes.unreadable)
    parked_records_[record.id] = {record.error, clock_.now() + std::chrono::hours{1}, {}};
  for (const model::RecordId& id : writes.gone) parked_records_.erase(id);
  if (writes.position) position_ = *writes.position;
}

base::Result<std::vector<core::Refused>> MemoryStore::settle(const model::Mapping&, const core::Observation& observed,
                                                             const Decide& decide) {
  std::vector<std::string> keys;
  for (const core::RecordHead& head : observed.heads) {
    const auto link = std::ranges::find_if(links_, [&](const auto& entry) {
      return entry.second.record ? entry.second.record == head.id
                                 : entry.second.state == LinkState::creating && !head.upsert_key.empty() &&
                                       entry.second.upsert_key == head.upsert_key;
    });
    keys.push_back(link == links_.end() ? std::string{} : link->first);
  }
  const core::Known before = known(keys);
  apply(keys, decide(before));
  return std::vector<core::Refused>{};
}

base::Result<std::vector<core::Refused>> MemoryStore::update(const model::Mapping&,
                                                             std::span<const model::RowKey> rows,
                                                             const Decide& decide) {
  std::vector<std::string> keys;
  for (const model::RowKey& row : rows) keys.push_back(row.text);
  const core::Known before = known(keys);
  apply(keys, decide(before));
  return std::vector<core::Refused>{};
}

base::Result<bool> MemoryStore::load(const model::Mapping&, const core::Observation& observed,
                                     const model::Position& position) {
  for (const core::RecordHead& head : observed.heads)
    if (std::ranges::any_of(links_, [&](const auto& entry) { return entry.second.record == head.id; })) return false;
  for (std::size_t i = 0; i < observed.size(); ++i) {
    const std::string key = next_key();
    Row row(width_);
    std::ranges::transform(observed.cells[i], row.begin(), text_of);
    rows_[key] = row;
    links_[key] = {LinkState::linked, observed.heads[i].id, {}, row, {}};
    ++row_writes_;
  }
  position_ = position;
  return true;
}

base::Result<std::vector<core::OutboxEntry>> MemoryStore::outbox(const model::Mapping&, model::OutboxSeq after,
                                                                 std::size_t limit) {
  std::vector<core::OutboxEntry> entries;
  for (const auto& [key, entry] : outbox_) {
    if (entry.seq <= after) continue;
    core::OutboxEntry out{{key}, entry.seq, entry.changed_at, {}, {}};
    if (const auto link = links_.find(key); link != links_.end()) {
      out.record = link->second.record;
      out.upsert_key = link->second.upsert_key;
    }
    entries.push_back(std::move(out));
  }
  std::ranges::sort(entries, {}, &core::OutboxEntry::seq);
  if (entries.size() > limit) entries.resize(limit);
  return entries;
}

base::Result<void> MemoryStore::requeue_parked(const model::Mapping&, base::Utc now) {
  for (const auto& [key, parked] : parked_rows_)
    if (parked.retry_at <= now && !outbox_.contains(key)) touch(key);
  return {};
}

base::Result<std::vector<model::RecordId>> MemoryStore::parked_records(const model::Mapping&, base::Utc now,
                                                                       std::size_t limit) {
  std::vector<model::RecordId> ids;
  for (const auto& [id, parked] : parked_records_)
    if (parked.retry_at <= now && ids.size() < limit) ids.push_back(id);
  return ids;
}

}  // namespace store
