#include "store/sqlite/capture.h"

#include <algorithm>

#include "store/sqlite/schema.h"

namespace store {
namespace {

constexpr const char* not_ours = "(SELECT ours FROM lockstep_guard) IS NOT 1";

/// Builds the triggers of one mapping.
class Capture {
 public:
  Capture(const model::Mapping& mapping, const Table& table)
      : mapping_(mapping),
        table_(table),
        number_(std::to_string(static_cast<std::int64_t>(mapping.id))),
        key_(quoted(table.find(mapping.key_column)->name)) {
    for (const model::FieldMapping& field : mapping.fields)
      for (const std::string& mapped : columns_of(field)) {
        const std::string& column = table.find(mapped)->name;
        if (std::ranges::find(columns_, column) == columns_.end()) columns_.push_back(column);
      }
    if (const Column* status = table.find("salesforce_sync_status");
        status && std::ranges::find(columns_, status->name) == columns_.end())
      status_ = quoted(status->name);
  }

  std::vector<Trigger> build() const {
    std::vector<Trigger> triggers;
    const auto add_always = [&](std::string_view name, const std::string& when, const std::string& condition,
                                const std::string& body) {
      std::string full = "lockstep_" + number_ + "_" + std::string{name};
      std::string sql = "CREATE TRIGGER " + quoted(full) + " " + when + " ON " + quoted(table_.name) + " WHEN " +
                        condition + " BEGIN " + body + "END";
      triggers.push_back({std::move(full), std::move(sql)});
    };
    const auto add = [&](std::string_view name, const std::string& when, const std::string& condition,
                         const std::string& body) { add_always(name, when, not_ours + (" AND " + condition), body); };

    add("insert", "AFTER INSERT", workspace("NEW."), mark_inserted() + enqueue("NEW."));

    std::string watched = key_, changed = differs(key_);
    for (const std::string& column : columns_) {
      (watched += ", ") += quoted(column);
      (changed += " OR ") += differs(quoted(column));
    }
    if (const Column* place = table_.find("workspace_id")) {
      (watched += ", ") += quoted(place->name);
      (changed += " OR ") += differs(quoted(place->name));
    }
    const std::string either =
        workspace("NEW.") == "1" ? "1" : "(" + workspace("NEW.") + " OR " + workspace("OLD.") + ")";
    add("update", "AFTER UPDATE OF " + watched, either + " AND (" + changed + ")",
        mark_updated() + enqueue("OLD.", "OLD." + key_ + " IS NOT NEW." + key_) + enqueue("NEW."));
    add("moved", "AFTER UPDATE OF " + key_, either + " AND " + differs(key_), follow_key());

    if (!status_.empty())
      add("status", "AFTER UPDATE OF " + status_, workspace("NEW.") + " AND NEW." + status_ + " IS 'pending'",
          enqueue("NEW."));

    add("delete", "AFTER DELETE", workspace("OLD."), enqueue("OLD."));

    // -1 stands for a key that SQLite is still to choose, its documents leave open what does, and a test watches. A key
    // that the application names is the same row's as ever, and so is one that we bring back.
    if (table_.reuses_keys)
      add_always("reused", "BEFORE INSERT",
                 "NEW." + key_ + " IS -1 AND " + workspace("NEW.") +
                     " AND EXISTS (SELECT 1 FROM lockstep_links WHERE mapping_id = " + number_ +
                     " AND row_key = " + next_key() + ")",
                 outlive_key());

    // REPLACE removes the rows in its way without a delete trigger (unless recursive_triggers is on).
    std::string taken, takers;
    const auto add_taken = [&](const std::vector<std::string>& unique) {
      std::string same;
      for (const std::string& column : unique) {
        (same += same.empty() ? "" : " AND ") += quoted(column) + " = NEW." + quoted(column);
        (takers += takers.empty() ? "" : ", ") += quoted(column);
      }
      (taken += taken.empty() ? "" : " OR ") += "(" + same + ")";
    };
    for (const auto& unique : table_.unique) add_taken(unique);
    // A row that is replaced under its own key may leave the workspace by it; within the workspace it is an insert.
    const std::string when = taken.empty() ? "NOT (" + workspace("NEW.") + ")" : "1";
    if (workspace("") != "1") add_taken({table_.find(mapping_.key_column)->name});
    if (!taken.empty()) {
      // On INSERT the key may be undefined here, and a row too many does no harm.
      add("replaced", "BEFORE INSERT", when, enqueue_rows(taken));
      add("displaced", "BEFORE UPDATE OF " + takers, when,
          enqueue_rows("(" + taken + ") AND " + key_ + " IS NOT OLD." + key_));
    }
    std::ranges::sort(triggers, {}, &Trigger::name);
    return triggers;
  }

 private:
  std::string workspace(std::string_view prefix) const { return of_workspace(mapping_, table_, prefix); }

  static std::string differs(const std::string& column) {
    // A column's own collation may call two spellings equal; to us they are an edit.
    return "OLD." + column + " IS NOT NEW." + column + " COLLATE BINARY";
  }

  // DELETE and INSERT, not REPLACE: inside a trigger the outer statement's ON CONFLICT rules, and under the
  // application's `UPDATE OR IGNORE` a REPLACE would keep the older entry.
  std::string enqueue(const std::string& row, const std::string& condition = "1") const {
    const std::string key = "CAST(" + row + key_ + " AS TEXT)";
    return "DELETE FROM lockstep_outbox WHERE mapping_id = " + number_ + " AND row_key = " + key + " AND " + condition +
           "; INSERT INTO lockstep_outbox(mapping_id, row_key, changed_at) SELECT " + number_ + ", " + key + ", " +
           clock_sql + " WHERE " + row + key_ + " IS NOT NULL AND " + condition + "; ";
  }

  std::string enqueue_rows(const std::string& condition) const {
    const std::string rows = " FROM " + quoted(table_.name) + " WHERE (" + condition + ") AND " + workspace("") +
                             " AND " + key_ + " IS NOT NULL";
    return "DELETE FROM lockstep_outbox WHERE mapping_id = " + number_ + " AND row_key IN (SELECT CAST(" + key_ +
           " AS TEXT)" + rows + "); INSERT INTO lockstep_outbox(mapping_id, row_key, changed_at) SELECT " + number_ +
           ", CAST(" + key_ + " AS TEXT), " + clock_sql + rows + "; ";
  }

  /// A row that gets a new key stays the same row: its link goes with it and what is set aside about it, unless the new
  /// key has a link.
  std::string follow_key() const {
    const std::string old_key = "CAST(OLD." + key_ + " AS TEXT)", new_key = "CAST(NEW." + key_ + " AS TEXT)";
    const std::string moves =
        " AND NEW." + key_ + " IS NOT NULL AND NOT EXISTS (SELECT 1 FROM lockstep_links WHERE mapping_id = " + number_ +
        " AND row_key = " + new_key + "); ";
    std::string all = "DELETE FROM lockstep_parked WHERE mapping_id = " + number_ + " AND row_key = " + new_key +
                      moves + "UPDATE lockstep_parked SET waits_row = " + new_key +
                      " WHERE waits_mapping = " + number_ + " AND waits_row = " + old_key + moves;
    for (const char* table : {"conflicts", "parked", "aliases", "fits", "links"})  // Links last: they are asked about.
      all += "UPDATE lockstep_" + std::string{table} + " SET row_key = " + new_key + " WHERE mapping_id = " + number_ +
             " AND row_key = " + old_key + moves;
    return all;
  }

  /// The key that SQLite will give the next row that names none.
  std::string next_key() const {
    return "CAST((SELECT coalesce(max(" + key_ + ") + 1, 1) FROM " + quoted(table_.name) + ") AS TEXT)";
  }

  /// The row that had the next row's key is gone, and the next one is another: what is known of the old one goes on
  /// under a key that no row has, see Prepared::outlived().
  std::string outlive_key() const {
    const std::string link =
        "(SELECT link_id FROM lockstep_links WHERE mapping_id = " + number_ + " AND row_key = " + next_key() + ")";
    std::string all;
    for (const char* table : {"outbox", "conflicts", "parked", "tombstones", "links"})
      all += "UPDATE lockstep_" + std::string{table} + " SET row_key = row_key || '#' || " + link +
             " WHERE mapping_id = " + number_ + " AND row_key = " + next_key() + "; ";
    return all;
  }

  std::string mark_inserted() const {
    if (status_.empty()) return {};
    return "UPDATE " + quoted(table_.name) + " SET " + status_ + " = 'pending' WHERE " + key_ + " = NEW." + key_ +
           " AND " + status_ + " IS NOT 'pending'; ";
  }

  std::string mark_updated() const {
    std::string marks;
    const std::string row = " WHERE " + key_ + " = NEW." + key_;
    if (!status_.empty())
      marks += "UPDATE " + quoted(table_.name) + " SET " + status_ + " = 'pending'" + row + " AND " + status_ +
               " IS NOT 'pending'; ";
    const Column* touched = table_.find("updated_at");
    if (touched && !is_numeric(touched->affinity) && std::ranges::find(columns_, touched->name) == columns_.end()) {
      const std::string name = quoted(touched->name);
      marks += "UPDATE " + quoted(table_.name) + " SET " + name + " = CASE WHEN OLD." + name +
               " LIKE '____-__-__ %' THEN datetime('now') ELSE " + clock_text_sql + " END" + row + " AND OLD." + name +
               " IS NEW." + name + "; ";
    }
    return marks;
  }

  const model::Mapping& mapping_;
  const Table& table_;
  std::string number_;
  std::string key_;
  std::string status_;  ///< Quoted; empty where the table has none or maps it.
  std::vector<std::string> columns_;
};

}  // namespace

std::string of_workspace(const model::Mapping& mapping, const Table& table, std::string_view prefix) {
  const Column* place = table.find("workspace_id");
  if (!place || mapping.workspace.empty()) return "1";
  return std::string{prefix} + quoted(place->name) + " IS " + literal(mapping.workspace);
}

std::vector<Trigger> capture_triggers(const model::Mapping& mapping, const Table& table) {
  return Capture{mapping, table}.build();
}

}  // namespace store
