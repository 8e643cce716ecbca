// What settle(), update() and load() store.
#include "base/time_text.h"
#include "core/filter_leave.h"
#include "store/memory/internals.h"

namespace store {
namespace {

using base::ErrorKind;
using core::Conflict;
using core::Known;
using core::LinkState;
using core::Settlement;
using model::OutboxSeq;

constexpr std::chrono::hours retry_after{1};

bool is_open(const Conflict& conflict) {
  return conflict.decision == Conflict::Decision::open;
}

/// True if an entry of the row stands in the outbox once the settlement is stored.
bool stays_pending(bool by_rows, const core::KnownHead& head, const Settlement& s) {
  if (s.enqueue || !s.waiting_for.empty()) return true;
  if (head.pending == OutboxSeq::none || head.pending == s.acknowledge) return false;
  // What a pull sets aside is the record; an edit of its row still goes its way.
  return !by_rows || !(s.parked && s.acknowledge == OutboxSeq::none);
}

}  // namespace

base::Result<std::vector<core::Refused>> MemoryStore::settle(const model::Mapping& mapping,
                                                             const core::Observation& observed, const Decide& decide) {
  RETURN_IF_ERROR(check_lease());
  Step step{.mapped = mapped(mapping), .observed = &observed};
  const Known before = known(step);
  const core::WriteSet writes = decide(before);
  for (const model::RecordId& id : writes.unparked) step.mapped.parked_records.erase(id);
  for (const Settlement& s : writes.settlements) apply(step, before, s);
  for (const core::Unreadable& record : writes.unreadable)
    step.mapped.parked_records[record.id] = {{record.error, clock_.now() + retry_after}, {}};
  if (writes.position) step.mapped.position = *writes.position;
  return std::move(step.refused);
}

base::Result<std::vector<core::Refused>> MemoryStore::update(const model::Mapping& mapping,
                                                             std::span<const model::RowKey> rows,
                                                             const Decide& decide) {
  RETURN_IF_ERROR(check_lease());
  Step step{.mapped = mapped(mapping)};
  for (const model::RowKey& row : rows) step.rows.push_back(row.text);
  const Known before = known(step);
  const core::WriteSet writes = decide(before);
  for (const Settlement& s : writes.settlements) apply(step, before, s);
  if (writes.position) step.mapped.position = *writes.position;
  return std::move(step.refused);
}

void MemoryStore::apply(Step& step, const Known& known, const Settlement& s) {
  Mapped& mapped = step.mapped;
  const core::KnownHead& head = known.heads[s.at];
  const model::RecordId record = s.record ? s.record : step.record(known, s.at);
  if (s.link && *s.link != LinkState::none && record && record != head.record)
    if (const Link* other = mapped.link_of_record(record); other && other->number != step.links[s.at])
      return refuse(step, known, s,
                    {ErrorKind::rejected, "record " + record.str() + " is linked to row " + other->row + " already",
                     "ALREADY_LINKED"},
                    {});
  std::vector<Text> parents(mapped.columns.size());
  for (std::size_t f = 0; s.columns.any() && f < parents.size(); ++f) {
    const model::FieldMapping& field = mapped.mapping.fields[f];
    if (!s.columns[f] || field.role != model::FieldRole::reference || !s.values[f].has_text()) continue;
    const auto id = model::RecordId::parse(s.values[f].text()).value_or(model::RecordId{});
    const Mapped* parent = parent_of(mapped, f);
    parents[f] = parent ? row_of_record(*parent, id) : std::nullopt;
    if (!parents[f])
      return refuse(step, known, s,
                    {ErrorKind::rejected, "column " + field.column + " refers to a record that has no row yet",
                     "WAITING_FOR_PARENT"},
                    id);
  }
  if (auto why = refusal(step, known, s, parents)) return refuse(step, known, s, *std::move(why), {});

  write_conflicts(step, known, s);
  if (s.remove_row) {
    remove_row(step, s.at, s.place == core::FilterPlace::outside);
  } else {
    write_row(step, known, s, parents);
  }
  if (s.link || !s.base.empty() || s.sent || s.place) write_link(step, known, s);
  write_status(step, known, s);
  write_outbox(step, known, s);
  if (s.unpark) {
    mapped.parked_rows.erase(step.rows[s.at]);
    if (!s.pull_waits) mapped.parked_records.erase(step.record(known, s.at));
  }
  if (s.parked) park(step, s.at, *s.parked, s.fits);
  for (const model::RowKey& row : s.also_parked) park_candidate(mapped, row.text, *s.parked);
  if (s.pull_waits && !mapped.parked_records.contains(record))
    mapped.offer(record, "REFERENCE_TO_READ", "refers to another record than before");
  rename_in_children(step, known, s);
}

std::optional<base::Error> MemoryStore::refusal(Step& step, const Known& known, const Settlement& s,
                                                const std::vector<Text>& parents) const {
  const Mapped& mapped = step.mapped;
  if (!known.heads[s.at].row_exists && !s.insert_row) return std::nullopt;
  for (std::size_t f = 0; s.columns.any() && f < mapped.columns.size(); ++f) {
    if (!s.columns[f] || !mapped.table->unique.contains(mapped.columns[f])) continue;
    const Text value = parents[f] ? parents[f] : text_of(s.values[f]);
    for (const auto& [key, row] : mapped.table->rows)
      if (value && row[mapped.columns[f]] == value && std::to_string(key) != step.rows[s.at])
        return base::Error{ErrorKind::rejected,
                           "table " + mapped.table->name + " refused a row: another one has the same " +
                               mapped.mapping.fields[f].column,
                           "UNIQUE"};
  }
  return std::nullopt;
}

void MemoryStore::write_row(Step& step, const Known& known, const Settlement& s, const std::vector<Text>& parents) {
  Mapped& mapped = step.mapped;
  Table& in = *mapped.table;
  std::string& key = step.rows[s.at];
  if (s.insert_row && !known.heads[s.at].row_exists) {
    std::vector<Text> row(in.columns.size());
    if (const auto kept = mapped.tombstones.find(key); kept != mapped.tombstones.end()) {
      row = kept->second;
      mapped.tombstones.erase(kept);
    }
    if (key.empty()) key = std::to_string(in.last_key + 1);
    in.last_key = std::max(in.last_key, number_of(key));
    row[in.at("id")] = key;
    if (const std::size_t at = in.at("workspace_id"); at != no_column) row[at] = mapped.mapping.workspace;
    // What it referred to may have left the filter too.
    for (std::size_t f = 0; f < mapped.columns.size(); ++f)
      if (step.observed && known.unlinked[s.at][f]) row[mapped.columns[f]] = std::nullopt;
    in.rows[number_of(key)] = std::move(row);
  }
  std::vector<Text>* row = mapped.row(key);
  if (!row) return;
  base::Arena arena;
  for (std::size_t f = 0; s.columns.any() && f < mapped.columns.size(); ++f)
    if (s.columns[f] && !s.values[f].is_unresolved()) {
      (*row)[mapped.columns[f]] =
          parents[f] ? parents[f] : text_of(column_value(mapped.mapping.fields, f, s.values, arena));
      mapped.detached.erase({key, mapped.columns[f]});
    }
  if (s.archived && !mapped.mapping.archive_column.empty())
    (*row)[in.at(mapped.mapping.archive_column)] = *s.archived ? Text{base::to_iso(clock_.now())} : std::nullopt;
}

void MemoryStore::remove_row(Step& step, std::size_t at, bool keep_references) {
  Mapped& mapped = step.mapped;
  const std::string& key = step.rows[at];
  const std::vector<Text>* row = mapped.row(key);
  if (!row) return;
  mapped.tombstones[key] = *row;
  mapped.table->rows.erase(number_of(key));
  // Whoever was made to refer to it after the merge was sent as referring to the record that is left.
  const Link* link = mapped.link_of_row(key);
  Text heir = link && link->record ? row_of_record(mapped, link->record) : std::nullopt;
  if (heir && !mapped.row(*heir)) heir.reset();
  for (auto& [id, child] : mappings_)
    for (std::size_t f = 0; f < child.columns.size(); ++f) {
      if (child.mapping.fields[f].role != model::FieldRole::reference || parent_of(child, f) != &mapped) continue;
      for (auto& [child_key, cells] : child.table->rows) {
        if (!child.is_mine(cells) || cells[child.columns[f]] != key) continue;
        cells[child.columns[f]] = heir;
        if (keep_references) child.detached[{std::to_string(child_key), child.columns[f]}] = {mapped.mapping.id, key};
      }
    }
}

/// Fills the references in again that were emptied when the row left the filter.
void MemoryStore::attach_children(Mapped& parent, const std::string& row) {
  for (auto& [id, child] : mappings_)
    std::erase_if(child.detached, [&](const auto& entry) {
      if (entry.second.parent != parent.mapping.id || entry.second.row != row) return false;
      std::vector<Text>* cells = child.row(entry.first.first);
      if (cells && !(*cells)[entry.first.second]) (*cells)[entry.first.second] = row;
      return true;
    });
}

void MemoryStore::write_link(Step& step, const Known& known, const Settlement& s) {
  Mapped& mapped = step.mapped;
  std::int64_t& number = step.links[s.at];
  if (number == 0 && !step.rows[s.at].empty())  // Another settlement of this write set may have made it.
    if (const Link* made = mapped.link_of_row(step.rows[s.at])) number = made->number;
  const bool begins_anew = s.link == LinkState::creating && number != 0 && mapped.links.at(number).record;
  if (number != 0 && (s.link == LinkState::none || begins_anew)) {
    const Link old = mapped.links.at(number);
    if (old.record) {
      mapped.aliases[old.record] = {{}, old.row};
      mapped.by_record.erase(old.record);
    }
    mapped.by_row.erase(old.row);
    mapped.links.erase(number);
    number = 0;
    // What referred to the record that was refers to the next one.
    std::int64_t entries = 0;
    if (old.record) enqueue_children(mapped, old.row, true, entries);
  }
  if (s.link == LinkState::none || (!s.link && number == 0)) return;
  const bool made = number == 0;
  if (made) number = ++last_link_;
  Link& link = mapped.links[number];
  const LinkState before = link.state;
  link.number = number;
  if (made || link.layout != mapped.layout) {
    if (!made) {
      const auto& then = mapped.layouts.at(link.layout);
      for (std::size_t f = 0; f < then.size(); ++f) link.away[then[f]] = link.base[f];
      for (const auto& field : mapped.layouts.at(mapped.layout)) link.away.erase(field);
    }
    link.base.assign(mapped.columns.size(), std::nullopt);
    if (!made) {
      for (std::size_t f = 0; f < link.base.size(); ++f) link.base[f] = text_of(known.bases[s.at][f]);
      link.sent.clear();
      for (const auto& value : known.heads[s.at].sent)
        link.sent.push_back({value.field, text_of(value.value), value.at, value.over});
    }
    link.layout = mapped.layout;
  }
  if (!step.rows[s.at].empty()) {
    link.row = step.rows[s.at];
    mapped.by_row[link.row] = number;
  }
  if (s.place) link.place = *s.place;
  if (s.link) {
    link.state = *s.link;
    if (const model::RecordId record = s.record ? s.record : step.record(known, s.at); record && !begins_anew) {
      if (link.record && link.record != record) mapped.by_record.erase(link.record);
      link.record = record;
      mapped.by_record[record] = number;
      mapped.aliases.erase(record);
    }
    if (!s.upsert_key.empty()) link.upsert_key = s.upsert_key;
    if (s.stamp != base::Utc{}) link.stamp = s.stamp;
  }
  if (!s.base.empty()) std::ranges::transform(s.base, link.base.begin(), text_of);
  if (s.sent) {
    link.sent.clear();
    for (const auto& value : *s.sent) link.sent.push_back({value.field, text_of(value.value), value.at, value.over});
  }
  // What referred to a row that was gone refers to something again.
  std::int64_t entries = 0;
  if ((before == LinkState::both_gone || before == LinkState::row_deleted) && link.state == LinkState::linked) {
    enqueue_children(mapped, link.row, true, entries);
    attach_children(mapped, link.row);
  } else if (known.heads[s.at].place == core::FilterPlace::outside && link.place == core::FilterPlace::inside) {
    // It was deleted: what referred to it refers to nothing.
    for (auto& [id, child] : mappings_)
      std::erase_if(child.detached, [&](const auto& entry) {
        return entry.second.parent == mapped.mapping.id && entry.second.row == link.row;
      });
  }
}

void MemoryStore::write_status(Step& step, const Known& known, const Settlement& s) {
  Mapped& mapped = step.mapped;
  std::vector<Text>* row = mapped.row(step.rows[s.at]);
  if (!row) return;
  const core::KnownHead& head = known.heads[s.at];
  const Table& in = *mapped.table;
  Text& status = (*row)[in.at("salesforce_sync_status")];
  Text& error = (*row)[in.at("salesforce_sync_error")];
  const Link* link = mapped.link_of_row(step.rows[s.at]);
  const bool linked = link && link->state == LinkState::linked;
  (*row)[in.at("salesforce_id")] = linked && link->record ? Text{link->record.str()} : std::nullopt;
  error = std::nullopt;
  if (stays_pending(!step.observed, head, s)) {
    status = "pending";
    if (!s.waiting_for.empty()) error = s.waiting_for;
  } else if (s.parked) {
    status = "error";
    error = s.parked->error.message;
  } else if (head.parked && (!s.unpark || (s.pull_waits && mapped.parked_records.contains(step.record(known, s.at))))) {
    status = "error";
    if (const auto set = mapped.parked_rows.find(step.rows[s.at]); set != mapped.parked_rows.end())
      error = set->second.parked.error.message;
    if (const auto set = mapped.parked_records.find(step.record(known, s.at)); set != mapped.parked_records.end())
      error = set->second.error.message;
  } else if (std::ranges::any_of(conflicts_, [&](const LoggedConflict& c) {
               return c.open && c.object == mapped.mapping.object && c.row == step.rows[s.at];
             })) {
    status = "conflict";
    error = "a field was changed on both sides: choose a value in the conflict inbox";
  } else {
    status = "synced";
    if (linked && link->place == core::FilterPlace::flagged) error = core::flag_text(mapped.mapping);
    const bool wrote = s.columns.any() || s.insert_row || s.acknowledge != OutboxSeq::none || s.link || s.unpark;
    if (wrote) (*row)[in.at("salesforce_synced_at")] = base::to_iso(clock_.now());
  }
}

void MemoryStore::write_outbox(Step& step, const Known& known, const Settlement& s) {
  Mapped& mapped = step.mapped;
  const std::string& row = step.rows[s.at];
  if (row.empty()) return;
  if (s.acknowledge != OutboxSeq::none || (s.parked && !step.observed)) {
    const auto entry = mapped.outbox.find(row);
    if (entry != mapped.outbox.end() && (s.acknowledge == OutboxSeq::none || entry->second.seq == s.acknowledge))
      mapped.outbox.erase(entry);
  }
  const base::Utc changed_at = known.heads[s.at].changed_at;
  if (s.enqueue && !mapped.outbox.contains(row))
    enqueue(mapped, row, changed_at != base::Utc{} ? changed_at : clock_.now());
}

void MemoryStore::write_conflicts(Step& step, const Known& known, const Settlement& s) {
  const Mapped& mapped = step.mapped;
  const std::string& object = mapped.mapping.object;
  // Over when the two sides agreed on a new value, or the row went back to the agreed one.
  if (!s.base.empty())
    for (LoggedConflict& c : conflicts_) {
      if (!c.open || c.object != object || c.row != step.rows[s.at]) continue;
      for (std::size_t f = 0; f < mapped.columns.size(); ++f) {
        if (mapped.mapping.fields[f].org_field != c.field) continue;
        if (std::ranges::any_of(s.conflicts, [f](const Conflict& now) { return now.field == f; })) continue;
        const Text base = text_of(s.base[f]);
        const Text row = text_of(s.columns[f] ? s.values[f] : known.rows[s.at][f]);
        if (base != c.base || row == base) c.open = false;
      }
    }
  if (s.remove_row || s.link == LinkState::none)
    for (LoggedConflict& c : conflicts_)
      if (c.object == object && c.row == step.rows[s.at]) c.open = false;
  for (const Conflict& c : s.conflicts) {
    LoggedConflict logged{object,          step.rows[s.at], mapped.mapping.fields[c.field].org_field,
                          text_of(c.base), text_of(c.org),  text_of(c.store),
                          c.decision,      c.against,       is_open(c)};
    if (is_open(c)) {
      const auto same = std::ranges::find_if(conflicts_, [&](const LoggedConflict& other) {
        return other.open && other.object == object && other.row == logged.row && other.field == logged.field;
      });
      if (same != conflicts_.end()) {
        *same = std::move(logged);
        continue;
      }
    }
    if (std::ranges::find(conflicts_, logged) == conflicts_.end()) conflicts_.push_back(std::move(logged));
  }
}

void MemoryStore::park(Step& step, std::size_t at, const core::Parked& parked, std::span<const model::RowKey> fits) {
  Mapped& mapped = step.mapped;
  if (step.observed && step.observed->heads[at].id) {
    Mapped::ParkedRecord& set = mapped.parked_records[step.observed->heads[at].id] = {parked, {}};
    for (const model::RowKey& row : fits) set.fits.push_back(row.text);
    return;
  }
  const std::string& key = step.rows[at];
  if (key.empty()) return;
  Mapped::ParkedRow& set = mapped.parked_rows[key];
  set = {parked, set.changed_at, {}, {}, {}};
  if (const auto entry = mapped.outbox.find(key); entry != mapped.outbox.end())
    set.changed_at = std::max(set.changed_at, entry->second.changed_at);
  const std::vector<Text>* row = mapped.row(key);
  if (!parked.waits_for_field || !row) return;
  const Text& raw = (*row)[mapped.columns[*parked.waits_for_field]];
  const Mapped* parent = parent_of(mapped, *parked.waits_for_field);
  if (!raw || !parent) return;
  set.waits_mapping = parent->mapping.id;
  const bool by_name = mapped.mapping.fields[*parked.waits_for_field].role == model::FieldRole::parent_name;
  (by_name ? set.waits_name : set.waits_row) = *raw;
}

void MemoryStore::refuse(Step& step, const Known& known, const Settlement& s, base::Error error,
                         model::RecordId waits_for) {
  Mapped& mapped = step.mapped;
  const core::KnownHead& head = known.heads[s.at];
  const OutboxSeq pending = head.pending;
  park(step, s.at, {error, clock_.now() + retry_after, waits_for, {}});
  bool stays = pending != OutboxSeq::none;
  if (!step.observed && stays && (s.acknowledge == OutboxSeq::none || s.acknowledge == pending)) {
    const auto entry = mapped.outbox.find(step.rows[s.at]);
    if (entry != mapped.outbox.end() && entry->second.seq == pending) mapped.outbox.erase(entry);
    stays = false;
  }
  if (std::vector<Text>* row = mapped.row(step.rows[s.at])) {
    (*row)[mapped.table->at("salesforce_sync_status")] = stays ? "pending" : "error";
    (*row)[mapped.table->at("salesforce_sync_error")] = error.message;
  }
  step.refused.push_back({s.at, std::move(error)});
}

void MemoryStore::rename_in_children(Step& step, const Known& known, const Settlement& s) {
  const Mapped& parent = step.mapped;
  if (parent.name_field == no_column || !known.heads[s.at].row_exists) return;
  const std::size_t i = parent.name_field;
  if (!s.columns[i] && s.base.empty()) return;
  const Text before = text_of(s.columns[i] ? known.rows[s.at][i] : known.bases[s.at][i]);
  const Text after = text_of(s.columns[i] ? s.values[i] : s.base[i]);
  if (before == after || !before) return;
  for (auto& [id, child] : mappings_)
    for (std::size_t f = 0; f < child.columns.size(); ++f) {
      const model::FieldMapping& field = child.mapping.fields[f];
      if (field.role != model::FieldRole::parent_name || parent_of(child, f) != &parent) continue;
      for (auto& [key, row] : child.table->rows)
        if (child.is_mine(row) && row[child.columns[field.via]] == step.rows[s.at] && row[child.columns[f]] == before)
          row[child.columns[f]] = after;
    }
}

base::Result<bool> MemoryStore::load(const model::Mapping& mapping, const core::Observation& observed,
                                     const model::Position& position) {
  RETURN_IF_ERROR(check_lease());
  Mapped& mapped = this->mapped(mapping);
  Step step{.mapped = mapped, .observed = &observed};
  const Known before = known(step);
  std::vector<std::vector<Text>> parents;
  for (std::size_t at = 0; at < observed.size(); ++at) {
    if (!observed.heads[at].id || step.links[at] != 0 || before.unlinked[at].any()) return false;
    if (!before.heads[at].former_row.text.empty()) return false;
    if (!step.rows[at].empty() || !before.heads[at].candidates.empty()) return false;
    Settlement all;
    all.at = at;
    all.insert_row = true;
    for (std::size_t f = 0; f < mapped.columns.size(); ++f)
      all.columns[f] = mapping.fields[f].direction != model::SyncDirection::to_org;
    all.values = observed.cells[at];
    if (refusal(step, before, all, std::vector<Text>(mapped.columns.size()))) return false;
  }
  std::vector<model::Cell> base(mapped.columns.size());
  for (std::size_t at = 0; at < observed.size(); ++at) {
    Settlement s;
    s.at = at;
    s.insert_row = true;
    s.values = observed.cells[at];
    s.link = LinkState::linked;
    s.stamp = observed.heads[at].stamp;
    for (std::size_t f = 0; f < base.size(); ++f) {
      s.columns[f] = mapping.fields[f].direction != model::SyncDirection::to_org;
      base[f] = s.columns[f] ? observed.cells[at][f] : model::Cell{};
    }
    s.base = base;
    apply(step, before, s);
  }
  mapped.position = position;
  return step.refused.empty();
}

}  // namespace store
