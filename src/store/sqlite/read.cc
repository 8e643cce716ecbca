// What settle() and update() know before they decide.
#include <algorithm>
#include <array>

#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/step.h"
#include "store/sqlite/values.h"

namespace store {
namespace {

using core::FilterPlace;
using core::LinkState;
using model::Cell;
using model::FieldRole;

constexpr std::array<std::string_view, 8> state_names = {"none",        "creating",    "linked",         "row_gone",
                                                         "record_gone", "row_deleted", "record_deleted", "both_gone"};

constexpr std::array<std::string_view, 4> place_names = {"", "flagged", "leaving", "outside"};

constexpr const char* link_by_record =
    "SELECT link_id, row_key, record_id, upsert_key, state, base, sent, stamp, place FROM lockstep_links WHERE "
    "mapping_id = "
    "?1 AND "
    "record_id = ?2";
constexpr const char* link_by_row =
    "SELECT link_id, row_key, record_id, upsert_key, state, base, sent, stamp, place FROM lockstep_links WHERE "
    "mapping_id = "
    "?1 AND "
    "row_key = ?2";
constexpr const char* link_by_upsert_key =
    "SELECT link_id, row_key, record_id, upsert_key, state, base, sent, stamp, place FROM lockstep_links WHERE "
    "mapping_id = "
    "?1 AND "
    "upsert_key = ?2 AND record_id IS NULL AND state <> 'linked'";

bool is_name(const model::FieldMapping& field) {
  return field.transform && field.transform->part != model::NamePart::none;
}

/// A joined field's text: its own column's and what stands in the further ones.
model::Raw joined_text(const Prepared& p, std::size_t field, const Statement& row, model::Raw text, base::Arena& arena,
                       bool& is_blob) {
  for (std::size_t k = 0; k < p.joined.size(); ++k) {
    if (p.joined[k] != field) continue;
    bool blob = false;
    const auto more = raw_text(row, static_cast<int>(p.columns.size() + k) + 1, arena, blob);
    is_blob = is_blob || blob;
    if (const auto whole = model::joined_name(text, more, arena); !whole.empty()) text = whole;
  }
  return text;
}

/// A part of the full name in the column, which is taken apart as the agreed parts were.
std::optional<Cell> name_cell(const Prepared& p, std::size_t i, model::Raw full, std::span<const Cell> base,
                              base::Arena& arena) {
  const model::FieldMapping& field = p.mapping.fields[i];
  const auto agreed = [&](std::optional<std::size_t> part) {
    return part && base[*part].has_text() ? model::Raw{base[*part].text()} : model::Raw{};
  };
  const bool first = field.transform->part == model::NamePart::first;
  return model::row_name_cell(field, full, agreed(first ? i : field.name_pair), agreed(first ? field.name_pair : i),
                              arena);
}

}  // namespace

std::string_view name_of(FilterPlace place) {
  return place_names[static_cast<std::size_t>(place)];
}

FilterPlace filter_place_named(std::string_view name) {
  const auto found = std::ranges::find(place_names, name);
  return found == place_names.end() ? FilterPlace::inside : static_cast<FilterPlace>(found - place_names.begin());
}

std::string_view name_of(LinkState state) {
  return state_names[static_cast<std::size_t>(state)];
}

LinkState link_state_named(std::string_view name) {
  const auto found = std::ranges::find(state_names, name);
  return found == state_names.end() ? LinkState::none : static_cast<LinkState>(found - state_names.begin());
}

base::Result<void> SqliteStore::read_known(Step& step) {
  const std::size_t count = step.size(), width = step.mapping.mapping.fields.size();
  core::Known& known = step.known;
  known.heads.clear();
  known.heads.resize(count);
  for (model::Grid* grid : {&known.rows, &known.bases, &known.parents}) {
    grid->restart(width);
    grid->add(count);
  }
  known.unlinked.assign(step.observed ? count : 0, model::FieldSet{});
  step.found.resize(count);

  ASSIGN_OR_RETURN(Statement * parked, statement("SELECT 1 FROM lockstep_parked WHERE mapping_id = ?1 LIMIT 1"));
  parked->bind(1, step.mapping.number);
  step.any_parked = parked->step() == Statement::Step::row;
  parked->reset();
  ASSIGN_OR_RETURN(Statement * open, statement("SELECT 1 FROM lockstep_conflicts WHERE mapping_id = ?1 AND decision = "
                                               "'open' AND resolved_at IS NULL LIMIT 1"));
  open->bind(1, step.mapping.number);
  step.any_open_conflicts = open->step() == Statement::Step::row;
  open->reset();

  ASSIGN_OR_RETURN(Statement * alias, statement("SELECT 1 FROM lockstep_aliases WHERE mapping_id = ?1 LIMIT 1"));
  alias->bind(1, step.mapping.number);
  step.any_aliases = alias->step() == Statement::Step::row;
  alias->reset();
  ASSIGN_OR_RETURN(Statement * claim, statement("SELECT 1 FROM lockstep_claims WHERE mapping_id = ?1 LIMIT 1"));
  claim->bind(1, step.mapping.number);
  step.any_claims = claim->step() == Statement::Step::row;
  claim->reset();
  RETURN_IF_ERROR(look_for_detached(step));

  for (std::size_t at = 0; at < count; ++at) {
    if (step.observed) {
      const core::RecordHead& head = step.observed->heads[at];
      bool linked = false;
      if (head.id) {
        ASSIGN_OR_RETURN(linked, read_link(step, at, link_by_record, head.id.view()));
      }
      if (!linked && !head.upsert_key.empty()) {
        ASSIGN_OR_RETURN(linked, read_link(step, at, link_by_upsert_key, head.upsert_key));
      }
      if (!linked && head.id && step.any_aliases) RETURN_IF_ERROR(read_former(step, at));
      // What does not match the filter takes no row that another record may match.
      if (head.id && !head.deleted && head.in_filter != false && step.known.heads[at].link == LinkState::none)
        RETURN_IF_ERROR(match_row(step, at));
      RETURN_IF_ERROR(read_unlinked(step, at));
    } else {
      RETURN_IF_ERROR(read_link(step, at, link_by_row, step.rows[at].text));
      known.heads[at].row = step.rows[at];
      step.found[at].row_key = step.rows[at].text;
    }
    if (!step.found[at].row_key.empty()) RETURN_IF_ERROR(read_row(step, at));
    if (step.any_parked) RETURN_IF_ERROR(read_parked(step, at));
    if (known.heads[at].link == LinkState::record_deleted) {
      ASSIGN_OR_RETURN(const auto into, merged_into(step.mapping.number, known.heads[at].record.view()));
      known.heads[at].merged = into.has_value();
    }
    if (known.heads[at].link == LinkState::row_deleted) {
      ASSIGN_OR_RETURN(known.heads[at].children_wait, children_wait(step.mapping, step.found[at].row_key));
    }
  }
  return {};
}

base::Result<bool> SqliteStore::read_link(Step& step, std::size_t at, const char* sql, std::string_view key) {
  ASSIGN_OR_RETURN(Statement * find, statement(sql));
  Use link{*find};
  link->bind(1, step.mapping.number).bind(2, key);
  switch (link->step()) {
    case Statement::Step::failed:
      return std::unexpected(database_.error("reading a link"));
    case Statement::Step::done:
      return false;
    case Statement::Step::row:
      break;
  }
  core::KnownHead& head = step.known.heads[at];
  Found& found = step.found[at];
  found.link_id = link->integer(0);
  found.row_key = found.linked_row = link->text(1);
  head.row.text = found.row_key;
  head.record = model::RecordId::parse(link->text(2)).value_or(model::RecordId{});
  head.upsert_key = link->text(3);
  head.link = link_state_named(link->text(4));
  head.stamp = base::Utc{std::chrono::milliseconds{link->integer(7)}};
  head.place = filter_place_named(link->text(8));
  base::Arena& text = step.known.bases.text();
  if (!link->is_null(5)) {
    found.base = text.copy(link->blob(5));
    read_base(step.mapping, found.base, step.known.bases[at]);
  }
  if (!link->is_null(6)) head.sent = read_sent(step.mapping, text.copy(link->blob(6)));
  return true;
}

base::Result<void> SqliteStore::read_row(Step& step, std::size_t at) {
  Prepared& p = step.mapping;
  core::KnownHead& head = step.known.heads[at];
  const Found& found = step.found[at];
  {
    ASSIGN_OR_RETURN(Statement * find,
                     statement("SELECT seq, changed_at FROM lockstep_outbox WHERE mapping_id = ?1 AND "
                               "row_key = ?2"));
    Use entry{*find};
    entry->bind(1, p.number).bind(2, found.row_key);
    const auto read = entry->step();
    if (read == Statement::Step::failed) return std::unexpected(database_.error("reading the outbox"));
    if (read == Statement::Step::row) {
      head.pending = static_cast<model::OutboxSeq>(entry->integer(0));
      head.changed_at = base::Utc{std::chrono::milliseconds{entry->integer(1)}};
    }
  }
  Use row{p.read_row};
  bind_key(*row, 1, found.row_key, p.key->affinity, Affinity::integer);
  switch (row->step()) {
    case Statement::Step::failed:
      return std::unexpected(database_.error("reading row " + found.row_key + " of table " + p.table.name));
    case Statement::Step::done:
      return {};
    case Statement::Step::row:
      break;
  }
  head.row_exists = true;
  const std::span<Cell> cells = step.known.rows[at];
  base::Arena& arena = step.known.rows.text();
  const auto unreadable = [&](std::size_t i, std::string_view what) {
    if (head.unreadable) return;
    head.unreadable = base::Error{base::ErrorKind::rejected,
                                  "column " + p.mapping.fields[i].column + " of row " + found.row_key + " in table " +
                                      p.table.name + " holds " + std::string{what} + "; allowed is " +
                                      std::string{allowed_in(p.mapping.fields[i].type)} + ": correct the row",
                                  "INVALID_VALUE"};
  };
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const model::FieldMapping& field = p.mapping.fields[i];
    bool is_blob = false;
    model::Raw raw = raw_text(*row, static_cast<int>(i) + 1, arena, is_blob);
    if (!field.more_columns.empty()) raw = joined_text(p, i, *row, raw, arena, is_blob);
    if (is_blob) unreadable(i, "a BLOB");
    if (field.role != FieldRole::reference) {
      const bool clean = !raw || is_clean_text(*raw);
      const auto cell = !clean           ? std::nullopt
                        : is_name(field) ? name_cell(p, i, raw, step.known.bases[at], arena)
                                         : model::row_cell(field, raw, arena);
      if (!clean) unreadable(i, "bytes that are no UTF-8 text, or a NUL");
      if (!cell) unreadable(i, std::string{"what is no "} + std::string{model::name_of(field.type.kind)});
      cells[i] = cell.value_or(Cell{});
      if (field.role != FieldRole::parent_name || !cells[i].has_text()) continue;
      Cell& parent = step.known.parents[at][i];
      parent = Cell::unresolved();
      if (!p.parents[i] || !p.parents[i]->by_name) continue;
      Use named{p.parents[i]->by_name};
      named->bind(1, cells[i].text());
      if (named->step() != Statement::Step::row) continue;
      const Cell record{step.known.parents.text().copy(named->text(0))};
      parent = named->step() == Statement::Step::done ? record : Cell{};
      continue;
    }
    if (!raw) {
      cells[i] = Cell{};
      if (step.any_detached) {
        ASSIGN_OR_RETURN(cells[i], detached_cell(step, at, i));
      }
      continue;
    }
    if (raw->empty()) continue;
    cells[i] = Cell::unresolved();
    if (!p.parents[i]) continue;
    ASSIGN_OR_RETURN(cells[i], reference_cell(*p.parents[i], *raw, arena));
    const Cell& base = step.known.bases[at][i];
    if (step.observed || head.link != LinkState::record_deleted || !base.has_text() || base == cells[i]) continue;
    ASSIGN_OR_RETURN(head.replaced[i], had_record(p.parents[i]->mapping, *raw, base.text()));
  }
  model::shadow(p.mapping, cells);
  return {};
}

base::Result<bool> SqliteStore::had_record(std::int64_t mapping, std::string_view row, std::string_view record) {
  ASSIGN_OR_RETURN(Statement * find, statement("SELECT 1 FROM lockstep_aliases WHERE mapping_id = ?1 AND record_id = "
                                               "?2 AND row_key = ?3"));
  Use use{*find};
  use->bind(1, mapping).bind(2, record).bind(3, row);
  const auto read = use->step();
  if (read == Statement::Step::failed) return std::unexpected(database_.error("reading former records"));
  return read == Statement::Step::row;
}

base::Result<Cell> SqliteStore::reference_cell(Parent& parent, std::string_view row, base::Arena& arena) {
  ASSIGN_OR_RETURN(Statement * find, statement("SELECT record_id, state FROM lockstep_links WHERE mapping_id = ?1 AND "
                                               "row_key = ?2"));
  Use link{*find};
  link->bind(1, parent.mapping).bind(2, row);
  switch (link->step()) {
    case Statement::Step::failed:
      return std::unexpected(database_.error("reading a parent's link"));
    case Statement::Step::done:
      return Cell::unresolved();
    case Statement::Step::row:
      break;
  }
  const LinkState state = link_state_named(link->text(1));
  if (state == LinkState::linked) return Cell{arena.copy(link->text(0))};
  const auto prepared = prepared_.find(static_cast<model::MappingId>(parent.mapping));
  const bool goes = state == LinkState::row_deleted && prepared != prepared_.end() &&
                    prepared->second->mapping.on_row_deleted == model::DeletePolicy::follow;
  if (goes || state == LinkState::both_gone) {
    Use exists{parent.by_key};
    bind_key(*exists, 1, row, parent.key_affinity, Affinity::integer);
    // A row that is gone is referred to no more; one that was put back waits for its record.
    return exists->step() == Statement::Step::row ? Cell::unresolved() : Cell{};
  }
  if (link->is_null(0)) return Cell::unresolved();
  ASSIGN_OR_RETURN(const auto into, merged_into(parent.mapping, link->text(0)));
  return Cell{arena.copy(into ? *into : link->text(0))};
}

base::Result<void> SqliteStore::read_parked(Step& step, std::size_t at) {
  ASSIGN_OR_RETURN(Statement * find,
                   statement("SELECT attempts FROM lockstep_parked WHERE mapping_id = ?1 AND (row_key = ?2 OR "
                             "record_id = ?3) ORDER BY attempts DESC LIMIT 1"));
  Use use{*find};
  const model::RecordId record = step.record(at);
  use->bind(1, step.mapping.number).bind_or_null(2, step.found[at].row_key).bind_or_null(3, record.view());
  const auto read = use->step();
  if (read == Statement::Step::failed) return std::unexpected(database_.error("reading what is parked"));
  step.known.heads[at].parked = read == Statement::Step::row;
  if (read == Statement::Step::row) step.known.heads[at].attempts = static_cast<int>(use->integer(0));
  return {};
}

base::Result<std::optional<std::string>> SqliteStore::row_of_record(std::int64_t mapping, std::string_view record) {
  ASSIGN_OR_RETURN(Statement * find,
                   statement("SELECT row_key FROM lockstep_links WHERE mapping_id = ?1 AND record_id = "
                             "?2 AND row_key IS NOT NULL AND state NOT IN ('row_gone', 'row_deleted', 'both_gone')"));
  {
    Use use{*find};
    use->bind(1, mapping).bind(2, record);
    switch (use->step()) {
      case Statement::Step::failed:
        return std::unexpected(database_.error("looking for a parent's row"));
      case Statement::Step::done:
        break;
      case Statement::Step::row:
        return std::string{use->text(0)};
    }
  }
  ASSIGN_OR_RETURN(const auto into, merged_into(mapping, record));
  if (!into) return std::nullopt;
  return row_of_record(mapping, *into);
}

base::Result<void> SqliteStore::read_unlinked(Step& step, std::size_t at) {
  const Prepared& p = step.mapping;
  for (std::size_t i = 0; i < p.mapping.fields.size(); ++i) {
    if (p.mapping.fields[i].role != FieldRole::reference) continue;
    const Cell& cell = step.observed->cells[at][i];
    if (!cell.has_text()) continue;
    bool has_row = false;
    if (p.parents[i]) {
      ASSIGN_OR_RETURN(const auto row, row_of_record(p.parents[i]->mapping, cell.text()));
      has_row = row.has_value();
    }
    step.known.unlinked[at][i] = !has_row;
  }
  return {};
}

}  // namespace store
