// Rows that go and come back: removed with all they held, and brought back under their old key.
#include "base/time_text.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/step.h"
#include "store/sqlite/values.h"

namespace store {
namespace {

using base::ErrorKind;

/// Rolls back to where it began unless kept.
class Savepoint {
 public:
  explicit Savepoint(Database& database) : database_(database) {}
  base::Result<void> begin() { return database_.execute("SAVEPOINT lockstep_row"); }
  base::Result<void> keep() { return database_.execute("RELEASE lockstep_row"); }
  base::Result<void> undo() { return database_.execute("ROLLBACK TO lockstep_row; RELEASE lockstep_row"); }

 private:
  Database& database_;
};

}  // namespace

/// The living row of the record that the row's was merged into: whoever was made to refer to the row after the merge
/// was sent as referring to that record.
base::Result<std::string> SqliteStore::heir_of(Step& step, std::size_t at) {
  Prepared& p = step.mapping;
  ASSIGN_OR_RETURN(const auto into, merged_into(p.number, step.known.heads[at].record.view()));
  if (!into) return std::string{};
  ASSIGN_OR_RETURN(const auto row, row_of_record(p.number, *into));
  if (!row) return std::string{};
  Use read{p.read_row};
  bind_key(*read, 1, *row, p.key->affinity, Affinity::integer);
  return read->step() == Statement::Step::row ? *row : std::string{};
}

base::Result<std::optional<base::Error>> SqliteStore::remove_row(Step& step, std::size_t at, bool left_filter) {
  Prepared& p = step.mapping;
  const std::string& row = step.found[at].row_key;
  if (row.empty() || !step.known.heads[at].row_exists) return std::nullopt;
  Savepoint savepoint{database_};
  RETURN_IF_ERROR(savepoint.begin());

  // All columns that can be written again, each as the literal that SQLite itself spells.
  ASSIGN_OR_RETURN(const auto names, database_.value("SELECT group_concat('\"' || replace(name, '\"', '\"\"') || '\"', "
                                                     "',') FROM pragma_table_info(?1)",
                                                     p.table.name));
  ASSIGN_OR_RETURN(const auto spelt, database_.value("SELECT group_concat('quote(\"' || replace(name, '\"', '\"\"') || "
                                                     "'\")', ' || '','' || ') FROM pragma_table_info(?1)",
                                                     p.table.name));
  if (!names || !spelt) return base::failure(ErrorKind::settings, "table " + p.table.name + " has no columns");
  ASSIGN_OR_RETURN(Statement keep,
                   database_.prepare("REPLACE INTO lockstep_tombstones(mapping_id, row_key, names, cells, "
                                     "removed_at) SELECT ?2, ?3, ?4, " +
                                     *spelt + ", ?5 FROM " + quoted(p.table.name) + " WHERE " + p.key_name +
                                     " = ?1 AND " + p.of_workspace));
  const std::string now = base::to_iso(step.now);
  bind_key(keep, 1, row, p.key->affinity, Affinity::integer);
  keep.bind(2, p.number).bind(3, row).bind(4, *names).bind(5, now);
  RETURN_IF_ERROR(database_.run(keep, "keeping what a row held"));
  if (left_filter) RETURN_IF_ERROR(detach_children(p, row));
  ASSIGN_OR_RETURN(const std::string heir, heir_of(step, at));
  RETURN_IF_ERROR(point_children(p, row, heir));

  ASSIGN_OR_RETURN(Statement take, database_.prepare("DELETE FROM " + quoted(p.table.name) + " WHERE " + p.key_name +
                                                     " = ?1 AND " + p.of_workspace));
  bind_key(take, 1, row, p.key->affinity, Affinity::integer);
  std::string why;
  std::string code = "SQLITE_CONSTRAINT_FOREIGNKEY";
  if (const auto taken = database_.run(take, "deleting a row of table " + p.table.name); !taken) {
    if (!database_.refused_a_row()) return std::unexpected(taken.error());
    why = database_.message();
    code = database_.code_name();
  } else if (database_.changes() == 0) {
    why = "a trigger of the table kept it";
    code = "SQLITE_CONSTRAINT_TRIGGER";
  } else if (database_.owes_foreign_keys()) {
    why = "rows of other tables refer to it";
  }
  if (why.empty()) {
    RETURN_IF_ERROR(savepoint.keep());
    return std::nullopt;
  }
  RETURN_IF_ERROR(savepoint.undo());
  return base::Error{ErrorKind::rejected,
                     "record " + step.record(at).str() +
                         (left_filter ? " left the filter" : " was deleted in Salesforce") + ", and table " +
                         p.table.name + " refused to delete row " + row + ": " + why +
                         "; delete what refers to it, or set " +
                         (left_filter ? "onFilterLeave to flag or keep" : "onSalesforceDelete to archive or ignore"),
                     code};
}

base::Result<std::optional<base::Error>> SqliteStore::bring_back(Step& step, std::size_t at) {
  Prepared& p = step.mapping;
  const std::string& row = step.found[at].row_key;
  std::string names, cells;
  {
    ASSIGN_OR_RETURN(Statement * find,
                     statement("SELECT names, cells FROM lockstep_tombstones WHERE mapping_id = ?1 AND "
                               "row_key = ?2"));
    Use use{*find};
    use->bind(1, p.number).bind(2, row);
    const auto read = use->step();
    if (read == Statement::Step::failed) return std::unexpected(database_.error("reading what a row held"));
    if (read == Statement::Step::done) return std::nullopt;
    names = use->text(0);
    cells = use->text(1);
  }
  // Names and literals are SQLite's own spelling of what it held.
  std::string sql = "INSERT OR ABORT INTO " + quoted(p.table.name) + "(" + names + ") VALUES (" + cells + ")";
  const bool new_key = p.outlived(row);
  if (new_key) {
    std::string rest = names + ',';
    if (const auto found = rest.find(p.key_name + ','); found != std::string::npos)
      rest.erase(found, p.key_name.size() + 1);
    if (!rest.empty()) rest.pop_back();
    sql = "WITH kept(" + names + ") AS (VALUES (" + cells + ")) INSERT OR ABORT INTO " + quoted(p.table.name) + "(" +
          rest + ") SELECT " + rest + " FROM kept";
  }
  ASSIGN_OR_RETURN(Statement put, database_.prepare(sql));
  if (const auto done = database_.run(put, "bringing back a row of table " + p.table.name); !done) {
    if (!database_.refused_a_row()) return std::unexpected(done.error());
    return base::Error{ErrorKind::rejected,
                       "table " + p.table.name + " refused to take row " + row + " back: " + database_.message() +
                           "; change or delete the row that stands in its way, then retry",
                       database_.code_name()};
  }
  step.known.heads[at].row_exists = true;
  const std::string key = new_key ? std::to_string(database_.last_rowid()) : row;
  // What it referred to may have left the filter too.
  for (std::size_t i = 0; step.observed && i < p.columns.size(); ++i) {
    if (!step.known.unlinked[at][i] || !p.columns[i]) continue;
    ASSIGN_OR_RETURN(Statement empty, database_.prepare("UPDATE OR ABORT " + quoted(p.table.name) + " SET " +
                                                        quoted(p.columns[i]->name) + " = NULL WHERE " + p.key_name +
                                                        " = ?1 AND " + p.of_workspace));
    bind_key(empty, 1, key, p.key->affinity, Affinity::integer);
    if (const auto emptied = database_.run(empty, "emptying a reference"); !emptied && !database_.refused_a_row())
      return std::unexpected(emptied.error());
  }
  ASSIGN_OR_RETURN(Statement * clear,
                   statement("DELETE FROM lockstep_tombstones WHERE mapping_id = ?1 AND row_key = ?2"));
  clear->bind(1, p.number).bind(2, row);
  RETURN_IF_ERROR(database_.run(*clear, "clearing what a row held"));
  step.found[at].row_key = step.known.heads[at].row.text = key;
  return std::nullopt;
}

base::Result<void> SqliteStore::archive_row(Step& step, std::size_t at, bool archived) {
  Prepared& p = step.mapping;
  if (p.mapping.archive_column.empty() || step.found[at].row_key.empty()) return {};
  const std::string column = quoted(p.mapping.archive_column), now = base::to_iso(step.now);
  ASSIGN_OR_RETURN(Statement mark, database_.prepare("UPDATE OR ABORT " + quoted(p.table.name) + " SET " + column +
                                                     " = ?1 WHERE " + p.key_name + " = ?2 AND " + p.of_workspace));
  if (archived) {
    mark.bind(1, now);
  } else {
    mark.bind_null(1);
  }
  bind_key(mark, 2, step.found[at].row_key, p.key->affinity, Affinity::integer);
  if (const auto marked = database_.run(mark, "archiving a row"); !marked && !database_.refused_a_row()) return marked;
  return {};
}

base::Result<void> SqliteStore::begin_anew(Step& step, std::size_t at) {
  Found& found = step.found[at];
  if (found.link_id == 0) return {};
  ASSIGN_OR_RETURN(
      Statement * note,
      statement("INSERT INTO lockstep_aliases(mapping_id, record_id, row_key) SELECT mapping_id, record_id, "
                "row_key FROM lockstep_links WHERE link_id = ?1 AND record_id IS NOT NULL AND row_key IS NOT "
                "NULL ON CONFLICT (mapping_id, record_id) DO UPDATE SET into_record = NULL, row_key = "
                "excluded.row_key"));
  note->bind(1, found.link_id);
  RETURN_IF_ERROR(database_.run(*note, "noting a former record"));
  const bool had_record = database_.changes() > 0;
  ASSIGN_OR_RETURN(Statement * cut, statement("DELETE FROM lockstep_links WHERE link_id = ?1"));
  cut->bind(1, found.link_id);
  found.link_id = 0;
  RETURN_IF_ERROR(database_.run(*cut, "removing a link"));
  // What referred to the record that was refers to the next one.
  if (had_record) {
    ASSIGN_OR_RETURN([[maybe_unused]] const auto entries, enqueue_children(step.mapping, found.row_key, true));
  }
  return {};
}

}  // namespace store
