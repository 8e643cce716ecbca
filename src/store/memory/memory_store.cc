#include "store/memory/memory_store.h"

#include "store/memory/internals.h"

namespace store {

using core::LinkState;

base::Result<model::Position> MemoryStore::position(const model::Mapping& mapping) {
  const auto found = mappings_.find(mapping.id);
  return found == mappings_.end() ? model::Position{model::Beginning{}} : found->second.position;
}

base::Result<std::vector<core::OutboxEntry>> MemoryStore::outbox(const model::Mapping& mapping, model::OutboxSeq after,
                                                                 std::size_t limit) {
  Mapped& mapped = this->mapped(mapping);
  std::vector<core::OutboxEntry> entries;
  for (const auto& [row, entry] : mapped.outbox) {
    if (entry.seq <= after) continue;
    core::OutboxEntry out{{row}, entry.seq, entry.changed_at, {}, {}};
    if (const Link* link = mapped.link_of_row(row)) {
      out.record = link->record;
      out.upsert_key = link->upsert_key;
    }
    entries.push_back(std::move(out));
  }
  std::ranges::sort(entries, {}, &core::OutboxEntry::seq);
  if (entries.size() > limit) entries.resize(limit);
  return entries;
}

base::Result<MemoryStore::LinkPage> MemoryStore::links(const model::Mapping& mapping, LinkState state,
                                                       std::int64_t after, std::size_t limit) {
  LinkPage page;
  page.last = after;
  const Mapped& mapped = this->mapped(mapping);
  for (auto link = mapped.links.upper_bound(after); link != mapped.links.end() && page.rows.size() < limit; ++link) {
    if (link->second.state != state) continue;
    page.rows.push_back({link->second.row});
    page.records.push_back(link->second.record);
    page.last = link->first;
  }
  return page;
}

base::Result<MemoryStore::LinkPage> MemoryStore::leaving(const model::Mapping& mapping, std::int64_t after,
                                                         std::size_t limit) {
  LinkPage page;
  page.last = after;
  const Mapped& mapped = this->mapped(mapping);
  for (auto link = mapped.links.upper_bound(after); link != mapped.links.end() && page.rows.size() < limit; ++link) {
    if (link->second.state != LinkState::linked || link->second.place != core::FilterPlace::leaving) continue;
    page.rows.push_back({link->second.row});
    page.records.push_back(link->second.record);
    page.last = link->first;
  }
  return page;
}

base::Result<core::Extent> MemoryStore::extent(const model::Mapping& mapping) {
  const Mapped& mapped = this->mapped(mapping);
  core::Extent extent;
  for (const auto& [number, link] : mapped.links) {
    extent.links += link.state == LinkState::linked;
    extent.rows_to_delete += link.state == LinkState::record_deleted;
    extent.records_to_delete += link.state == LinkState::row_deleted;
    extent.rows_leaving += link.state == LinkState::linked && link.place == core::FilterPlace::leaving;
  }
  extent.outbox = static_cast<std::int64_t>(mapped.outbox.size());
  return extent;
}

base::Result<bool> MemoryStore::follow_merge(const model::Mapping& mapping, const model::RecordId& loser,
                                             const model::RecordId& winner) {
  RETURN_IF_ERROR(check_lease());
  Mapped& mapped = this->mapped(mapping);
  const model::RecordId to = mapped.resolved(winner);
  if (to == loser || mapped.resolved(loser) == to) return false;
  mapped.aliases[loser] = {to, {}};
  Link* lost = mapped.link_of_record(loser);
  if (!lost || lost->row.empty()) return false;
  Link* won = mapped.link_of_record(to);
  if (!won) {
    if (!mapped.row(lost->row)) return false;
    mapped.by_record.erase(loser);
    mapped.by_record[to] = lost->number;
    lost->record = to;
    lost->state = LinkState::linked;
    mapped.offer(to, "MERGED", "took the place of a merged record");
    return true;
  }
  if (mapped.row(lost->row)) {
    lost->state = LinkState::record_deleted;
    if (!mapped.row(won->row)) return false;
    for (auto& [id, child] : mappings_)
      for (std::size_t f = 0; f < child.columns.size(); ++f) {
        if (child.mapping.fields[f].role != model::FieldRole::reference || parent_of(child, f) != &mapped) continue;
        for (auto& [key, row] : child.table->rows)
          if (child.is_mine(row) && row[child.columns[f]] == lost->row) row[child.columns[f]] = won->row;
      }
  }
  return false;
}

void MemoryStore::enqueue_children(Mapped& parent, const std::string& row, bool everywhere, std::int64_t& made) {
  for (auto& [id, child] : mappings_)
    for (std::size_t f = 0; f < child.columns.size(); ++f) {
      if (child.mapping.fields[f].role != model::FieldRole::reference || parent_of(child, f) != &parent) continue;
      for (const auto& [key, cells] : child.table->rows) {
        const std::string name = std::to_string(key);
        if (!child.is_mine(cells) || cells[child.columns[f]] != row || child.outbox.contains(name)) continue;
        if (child.is_without_record(name)) continue;
        if (!everywhere && child.parked_rows.contains(name)) continue;
        enqueue(child, name, clock_.now());
        ++made;
      }
    }
}

base::Result<std::int64_t> MemoryStore::release_children(const model::Mapping& mapping) {
  RETURN_IF_ERROR(check_lease());
  Mapped& mapped = this->mapped(mapping);
  std::int64_t made = 0;
  for (const auto& [number, link] : mapped.links)
    if (link.state == LinkState::row_deleted) enqueue_children(mapped, link.row, false, made);
  return made;
}

base::Result<core::CreateIntents> MemoryStore::create_intents(const model::Mapping& mapping) {
  const Mapped& mapped = this->mapped(mapping);
  core::CreateIntents intents;
  for (const auto& [number, link] : mapped.links) {
    if (link.record || !link.upsert_key.empty()) continue;
    if (link.state != LinkState::creating && link.state != LinkState::row_deleted) continue;
    core::CreateIntent intent{{link.row}, link.stamp, {}};
    for (const Link::Sent& sent : link.sent)
      intent.sent.push_back({sent.field, cell_of(sent.value, intents.text), sent.at, sent.over});
    intents.list.push_back(std::move(intent));
  }
  return intents;
}

base::Result<void> MemoryStore::forget(const model::Mapping& mapping, base::Utc before) {
  Mapped& mapped = this->mapped(mapping);
  std::erase_if(mapped.links, [&](const auto& entry) {
    const Link& link = entry.second;
    if (link.state != LinkState::both_gone || link.stamp >= before || mapped.row(link.row)) return false;
    if (link.place == core::FilterPlace::outside) return false;
    mapped.by_row.erase(link.row);
    mapped.by_record.erase(link.record);
    mapped.tombstones.erase(link.row);
    return true;
  });
  return {};
}

base::Result<void> MemoryStore::requeue_parked(const model::Mapping& mapping, base::Utc now) {
  Mapped& mapped = this->mapped(mapping);
  for (const auto& [row, set] : mapped.parked_rows) {
    if (mapped.outbox.contains(row)) continue;
    bool due = set.parked.retry_at <= now;
    if (set.waits_mapping != model::MappingId{}) {
      Mapped& parent = mappings_.at(set.waits_mapping);
      const Link* link = set.waits_row.empty() ? nullptr : parent.link_of_row(set.waits_row);
      due = due || (link && link->state == LinkState::linked);
      const auto is_named = [&](const auto& other) {
        const std::vector<Text>* cells =
            other.second.state == LinkState::linked ? parent.row(other.second.row) : nullptr;
        return cells && parent.name_field != no_column && (*cells)[parent.columns[parent.name_field]] == set.waits_name;
      };
      due = due || (!set.waits_name.empty() && std::ranges::count_if(parent.links, is_named) == 1);
    }
    if (due) enqueue(mapped, row, set.changed_at);
  }
  return {};
}

base::Result<std::vector<model::RecordId>> MemoryStore::parked_records(const model::Mapping& mapping, base::Utc now,
                                                                       std::size_t limit) {
  std::vector<model::RecordId> ids;
  for (const auto& [id, parked] : this->mapped(mapping).parked_records) {
    bool due = parked.retry_at <= now;
    for (const auto& [other, parent] : mappings_)
      due = due || (parked.waits_for && row_of_record(parent, parked.waits_for));
    if (due && ids.size() < limit) ids.push_back(id);
  }
  return ids;
}

}  // namespace store
