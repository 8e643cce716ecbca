// What settle() and update() know before they decide.
#include "store/memory/internals.h"

namespace store {
namespace {

using core::LinkState;
using model::Cell;
using model::FieldRole;

/// Where the fields of a layout stand in another one, by column and org field.
std::vector<std::size_t> places(const std::vector<std::pair<std::string, std::string>>& from,
                                const std::vector<std::pair<std::string, std::string>>& to) {
  std::vector<std::size_t> out;
  for (const auto& field : from) {
    const auto found = std::ranges::find(to, field);
    out.push_back(found == to.end() ? no_column : static_cast<std::size_t>(found - to.begin()));
  }
  return out;
}

}  // namespace

core::Known MemoryStore::known(Step& step) {
  const std::size_t width = step.mapped.mapping.fields.size();
  const std::size_t count = step.observed ? step.observed->size() : step.rows.size();
  core::Known known;
  for (model::Grid* grid : {&known.rows, &known.bases, &known.parents}) {
    grid->restart(width);
    grid->add(count);
  }
  known.heads.resize(count);
  if (step.observed) known.unlinked.resize(count);
  step.rows.resize(count);
  step.links.resize(count);
  for (std::size_t at = 0; at < count; ++at) {
    read_link(step, at, known);
    if (step.observed && known.heads[at].link == LinkState::none) match_row(step, at, known);
    if (!step.rows[at].empty()) read_row(step, at, known);
    known.heads[at].row.text = step.rows[at];
    const model::RecordId record = step.record(known, at);
    known.heads[at].parked =
        step.mapped.parked_rows.contains(step.rows[at]) || (record && step.mapped.parked_records.contains(record));
    if (!step.observed) continue;
    for (std::size_t f = 0; f < width; ++f) {
      const Cell& cell = step.observed->cells[at][f];
      if (step.mapped.mapping.fields[f].role != FieldRole::reference || !cell.has_text()) continue;
      const Mapped* parent = parent_of(step.mapped, f);
      const auto id = model::RecordId::parse(cell.text());
      known.unlinked[at][f] = !parent || !id || !row_of_record(*parent, *id);
    }
  }
  return known;
}

void MemoryStore::read_link(Step& step, std::size_t at, core::Known& known) {
  Mapped& mapped = step.mapped;
  const Link* link = nullptr;
  if (step.observed) {
    const core::RecordHead& record = step.observed->heads[at];
    if (record.id) link = mapped.link_of_record(record.id);
    if (!link && !record.upsert_key.empty())
      for (const auto& [number, other] : mapped.links)
        if (other.upsert_key == record.upsert_key && !other.record && other.state != LinkState::linked) link = &other;
    if (!link && record.id)
      if (const auto alias = mapped.aliases.find(record.id); alias != mapped.aliases.end()) {
        const Link* into = alias->second.into ? mapped.link_of_record(mapped.resolved(record.id)) : nullptr;
        known.heads[at].former_row.text = into ? into->row : alias->second.row;
        known.heads[at].former_lives = !alias->second.into && mapped.row(alias->second.row);
      }
  } else {
    link = mapped.link_of_row(step.rows[at]);
  }
  if (!link) return;
  step.links[at] = link->number;
  step.rows[at] = link->row;
  core::KnownHead& head = known.heads[at];
  head.link = link->state;
  head.record = link->record;
  head.upsert_key = link->upsert_key;
  head.stamp = link->stamp;
  head.place = link->place;
  head.merged = head.link == LinkState::record_deleted && mapped.resolved(link->record) != link->record;
  if (head.link == LinkState::row_deleted) head.children_wait = children_wait(mapped, link->row);
  const auto now = places(mapped.layouts.at(link->layout), mapped.layouts.at(mapped.layout));
  const auto& fields = mapped.layouts.at(mapped.layout);
  for (std::size_t f = 0; f < fields.size() && link->layout != mapped.layout; ++f)
    if (const auto back = link->away.find(fields[f]); back != link->away.end())
      known.bases[at][f] = cell_of(back->second, known.bases.text());
  for (std::size_t f = 0; f < link->base.size(); ++f)
    if (now[f] != no_column) known.bases[at][now[f]] = cell_of(link->base[f], known.bases.text());
  for (const Link::Sent& sent : link->sent)
    if (now[sent.field] != no_column)
      head.sent.push_back({now[sent.field], cell_of(sent.value, known.bases.text()), sent.at, sent.over});
}

void MemoryStore::read_row(Step& step, std::size_t at, core::Known& known) {
  Mapped& mapped = step.mapped;
  core::KnownHead& head = known.heads[at];
  if (const auto entry = mapped.outbox.find(step.rows[at]); entry != mapped.outbox.end()) {
    head.pending = entry->second.seq;
    head.changed_at = entry->second.changed_at;
  }
  const std::vector<Text>* row = mapped.row(step.rows[at]);
  if (!row) return;
  head.row_exists = true;
  base::Arena& arena = known.rows.text();
  for (std::size_t f = 0; f < mapped.columns.size(); ++f) {
    const model::FieldMapping& field = mapped.mapping.fields[f];
    const Text& raw = (*row)[mapped.columns[f]];
    Cell& cell = known.rows[at][f];
    if (!raw) {
      cell = model::row_cell(field, {}, arena).value_or(Cell{});
      if (field.role == FieldRole::reference) cell = detached_cell(mapped, step.rows[at], mapped.columns[f], arena);
      continue;
    }
    if (field.role != FieldRole::reference) {
      const auto spelt = model::row_cell(field, arena.copy(*raw), arena);
      if (!spelt && !head.unreadable)
        head.unreadable = base::Error{base::ErrorKind::rejected,
                                      "column " + field.column + " of row " + step.rows[at] + " holds what is no " +
                                          std::string{model::name_of(field.type.kind)},
                                      "INVALID_VALUE"};
      cell = spelt.value_or(Cell{});
      if (field.role != FieldRole::parent_name || !cell.has_text()) continue;
      known.parents[at][f] = Cell::unresolved();
      const Mapped* parent = parent_of(mapped, f);
      if (!parent || parent->name_field == no_column) continue;
      std::vector<model::RecordId> named;
      for (const auto& [number, link] : parent->links) {
        if (link.state != LinkState::linked) continue;
        const auto found = parent->table->rows.find(number_of(link.row));
        if (found != parent->table->rows.end() && found->second[parent->columns[parent->name_field]] == cell.text())
          named.push_back(link.record);
      }
      if (named.size() == 1) known.parents[at][f] = Cell{known.parents.text().copy(named.front().view())};
      if (named.size() > 1) known.parents[at][f] = Cell{};
      continue;
    }
    if (raw->empty()) continue;
    cell = Cell::unresolved();
    Mapped* parent = parent_of(mapped, f);
    const Link* link = parent ? parent->link_of_row(*raw) : nullptr;
    if (!link) continue;
    const bool goes =
        link->state == LinkState::row_deleted && parent->mapping.on_row_deleted == model::DeletePolicy::follow;
    if (goes || link->state == LinkState::both_gone) {
      if (!parent->row(*raw)) cell = Cell{};  // It refers to nothing any more.
    } else if (link->record) {
      cell = Cell{arena.copy(parent->resolved(link->record).view())};
    }
    const Cell& base = known.bases[at][f];
    if (step.observed || head.link != LinkState::record_deleted || !base.has_text() || base == cell) continue;
    const auto was = parent->aliases.find(model::RecordId::parse(base.text()).value_or(model::RecordId{}));
    head.replaced[f] = was != parent->aliases.end() && was->second.row == *raw;
  }
  model::shadow(mapped.mapping, known.rows[at]);
}

/// An empty reference: it still counts as what it was while the row it led to is away because it left the filter.
Cell MemoryStore::detached_cell(const Mapped& child, const std::string& row, std::size_t column,
                                base::Arena& arena) const {
  const auto entry = child.detached.find({row, column});
  if (entry == child.detached.end()) return {};
  const Mapped& parent = mappings_.at(entry->second.parent);
  const auto found = parent.by_row.find(entry->second.row);
  if (found == parent.by_row.end()) return {};
  const Link& link = parent.links.at(found->second);
  if (link.state != LinkState::both_gone || link.place != core::FilterPlace::outside) return {};
  return Cell{arena.copy(parent.resolved(link.record).view())};
}

std::optional<std::string> MemoryStore::row_of_record(const Mapped& parent, const model::RecordId& record) const {
  const auto found = parent.by_record.find(parent.resolved(record));
  if (found == parent.by_record.end()) return std::nullopt;
  const Link& link = parent.links.at(found->second);
  const bool has_row = link.state == LinkState::linked || link.state == LinkState::record_gone ||
                       link.state == LinkState::record_deleted || link.state == LinkState::creating;
  return has_row && !link.row.empty() ? std::optional{link.row} : std::nullopt;
}

bool MemoryStore::children_wait(const Mapped& parent, const std::string& row) {
  for (auto& [id, child] : mappings_)
    for (std::size_t f = 0; f < child.columns.size(); ++f) {
      if (child.mapping.fields[f].role != model::FieldRole::reference || parent_of(child, f) != &parent) continue;
      for (const auto& [key, cells] : child.table->rows) {
        const std::string name = std::to_string(key);
        if (!child.is_mine(cells) || cells[child.columns[f]] != row) continue;
        const Link* link = child.link_of_row(name);
        if (!link) continue;
        const bool linked = link->state == LinkState::linked, creating = link->state == LinkState::creating;
        const bool waits =
            ((linked || creating) && child.outbox.contains(name)) || (linked && child.parked_rows.contains(name));
        const bool was_sent = std::ranges::any_of(link->sent, [f](const auto& sent) { return sent.field == f; });
        if (waits && (creating || link->base[f] || was_sent)) return true;
      }
    }
  return false;
}

}  // namespace store
