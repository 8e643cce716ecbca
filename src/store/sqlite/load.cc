// The first load: rows, links, bases and position of a page in one transaction, with nothing read but parents.
#include <charconv>

#include "base/time_text.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/step.h"
#include "store/sqlite/values.h"

namespace store {
namespace {

/// The row of the parent that the last records had: children of one parent often come together.
struct LastParent {
  std::string record, row;
};

/// Switches the triggers off while they could do nothing: ours rest in our own writes, and asking the guard for every
/// row costs a sixth of a load. The application's own triggers must run.
class WithoutTriggers {
 public:
  WithoutTriggers(Database& database, bool off) : database_(database), off_(off) {
    if (off_) database_.enable_triggers(false);
  }
  WithoutTriggers(const WithoutTriggers&) = delete;
  WithoutTriggers& operator=(const WithoutTriggers&) = delete;
  ~WithoutTriggers() {
    if (off_) database_.enable_triggers(true);
  }

 private:
  Database& database_;
  bool off_;
};

}  // namespace

base::Result<bool> SqliteStore::load(const model::Mapping& mapping, const core::Observation& observed,
                                     const model::Position& position) {
  ASSIGN_OR_RETURN(Prepared * found, prepared(mapping));
  Prepared& p = *found;
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
  RETURN_IF_ERROR(check_lease());
  RETURN_IF_ERROR(resolve_parents(p));
  ASSIGN_OR_RETURN(const bool matching, may_match(p));
  if (matching) return false;
  RETURN_IF_ERROR(guard(true));

  // A record that we made ourselves, and whose answer was lost, has a row already.
  ASSIGN_OR_RETURN(Statement * any_creating,
                   statement("SELECT 1 FROM lockstep_links WHERE mapping_id = ?1 AND state <> "
                             "'linked' AND record_id IS NULL LIMIT 1"));
  any_creating->bind(1, p.number);
  const Statement::Step any = any_creating->step();
  any_creating->reset();
  if (any == Statement::Step::failed) return std::unexpected(database_.error("looking for announced records"));
  const bool creating = any == Statement::Step::row;
  ASSIGN_OR_RETURN(Statement * announced,
                   statement("SELECT 1 FROM lockstep_links WHERE mapping_id = ?1 AND upsert_key = "
                             "?2 AND state <> 'linked' AND record_id IS NULL"));
  // A record that a row once stood for, or that was merged: settle() knows what to do.
  ASSIGN_OR_RETURN(const auto aliases, database_.value("SELECT 1 FROM lockstep_aliases WHERE mapping_id = ?1 LIMIT 1",
                                                       std::to_string(p.number)));
  if (aliases) return false;
  ASSIGN_OR_RETURN(Statement * parent_row,
                   statement("SELECT row_key FROM lockstep_links WHERE mapping_id = ?1 AND "
                             "record_id = ?2 AND row_key IS NOT NULL AND state NOT IN ('row_gone', "
                             "'row_deleted', 'both_gone')"));
  ASSIGN_OR_RETURN(Statement * link,
                   statement("INSERT INTO lockstep_links(mapping_id, row_key, record_id, state, stamp, "
                             "base) VALUES (?1, ?2, ?3, 'linked', ?4, ?5)"));
  ASSIGN_OR_RETURN(
      const auto other_triggers,
      database_.value("SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE "
                      "AND substr(name, 1, 9) <> 'lockstep_' LIMIT 1",
                      p.table.name));
  const WithoutTriggers quiet(database_, !other_triggers);
  const std::size_t width = p.columns.size();
  std::vector<LastParent> last(width);
  std::vector<model::Cell> base(width);
  std::string new_key;
  std::int64_t first_link = 0;
  char spelt[24];
  base::Arena texts;  ///< What transforms made.
  const std::string now = base::to_iso(clock_.now());

  for (std::size_t at = 0; at < observed.size(); ++at) {
    const core::RecordHead& head = observed.heads[at];
    if (!head.id) return false;
    if (creating && !head.upsert_key.empty()) {
      Use use{*announced};
      use->bind(1, p.number).bind(2, head.upsert_key);
      const Statement::Step look = use->step();
      if (look == Statement::Step::failed) return std::unexpected(database_.error("looking for an announced record"));
      if (look == Statement::Step::row) return false;
    }
    const auto cells = observed.cells[at];
    Use row{p.load_row};
    int place = 0;
    for (std::size_t i = 0; i < width; ++i) {
      // What is not written is not agreed on.
      base[i] = p.is_new_row_field(i) ? cells[i] : canonical_null(p.mapping.fields[i].type);
      if (!p.is_new_row_field(i) || p.followers[i]) continue;
      ++place;
      if (p.mapping.fields[i].role == model::FieldRole::reference && cells[i].has_text()) {
        if (last[i].record != cells[i].text()) {
          if (!p.parents[i]) return false;
          Use use{*parent_row};
          use->bind(1, p.parents[i]->mapping).bind(2, cells[i].text());
          // Without the parent's row the reference cannot be spelt: settle() tells the core which one.
          if (use->step() != Statement::Step::row) return false;
          last[i].record = cells[i].text();
          last[i].row = use->text(0);
        }
        bind_key(*row, place, last[i].row, p.columns[i]->affinity, p.parents[i]->key_affinity);
      } else if (!bind_cell(*row, place, p.mapping.fields[i], *p.columns[i],
                            model::column_value(mapping.fields, i, cells, texts))
                      .empty()) {
        return false;
      }
    }
    if (p.workspace) row->bind(++place, p.mapping.workspace);
    if (p.generates_key) row->bind(++place, new_key = random_.uuid());
    if (!p.sync.record.empty()) row->bind(++place, head.id.view());
    if (!p.sync.status.empty()) row->bind(++place, std::string_view{"synced"});
    if (!p.sync.error.empty()) row->bind_null(++place);
    if (!p.sync.synced_at.empty()) row->bind(++place, now);
    for (std::size_t i = 0; i < p.stamped.size(); ++i) row->bind(++place, now);

    std::string_view key;
    Statement::Step step = row->step();
    if (step == Statement::Step::row) {
      new_key = row->text(0);
      step = row->step();
    }
    if (step == Statement::Step::failed) {
      if (database_.refused_a_row()) return false;
      return std::unexpected(database_.error("loading table " + p.table.name));
    }
    if (database_.changes() == 0) return false;  // A trigger of the table left the row out.
    if (p.table.rowid_key) {
      const auto end = std::to_chars(spelt, spelt + sizeof spelt, database_.last_rowid()).ptr;
      key = {spelt, static_cast<std::size_t>(end - spelt)};
    } else {
      key = new_key;
    }
    if (key.empty()) return false;

    model::pack_cells(p.layout, base, packed_);
    Use made{*link};
    made->bind(1, p.number).bind(2, key).bind(3, head.id.view()).bind(4, milliseconds(head.stamp));
    made->bind_blob(5, packed_);
    if (made->step() == Statement::Step::failed) {
      if (database_.unique_violated()) return false;
      return std::unexpected(database_.error("storing a link"));
    }
    if (at == 0) first_link = database_.last_rowid();
  }
  if (database_.owes_foreign_keys()) return false;
  RETURN_IF_ERROR(note_load(mapping, first_link, database_.last_rowid()));
  RETURN_IF_ERROR(save_position(mapping, position));
  RETURN_IF_ERROR(guard(false));
  RETURN_IF_ERROR(transaction.commit());
  return true;
}

}  // namespace store
