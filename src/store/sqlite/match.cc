// First contact: which row that was there before a record stands for.
#include <algorithm>

#include "store/sqlite/capture.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/step.h"
#include "store/sqlite/values.h"

namespace store {

using model::FieldRole;

std::string matched_text_sql(std::string_view quoted_column) {
  // trim() alone takes blanks only, and a line end comes with many an import.
  return "lower(trim(" + std::string{quoted_column} + ", char(9, 10, 11, 12, 13, 32)))";
}

std::string match_sql(const Prepared& p, const std::vector<std::size_t>& rule) {
  const std::string key = "CAST(t." + p.key_name + " AS TEXT)";
  std::string sql = "SELECT " + key + " FROM " + quoted(p.table.name) + " t WHERE " +
                    of_workspace(p.mapping, p.table, "t.") + " AND t." + p.key_name + " IS NOT NULL";
  int parameter = 1;
  for (const std::size_t field : rule) {
    const std::string column = "t." + quoted(p.columns[field]->name);
    sql += " AND " + (p.mapping.fields[field].role == FieldRole::reference ? column : matched_text_sql(column)) +
           " = ?" + std::to_string(++parameter);
  }
  return sql + " AND NOT EXISTS (SELECT 1 FROM lockstep_links l WHERE l.mapping_id = ?1 AND l.row_key = " + key +
         " AND l.state <> 'none') ORDER BY t." + p.key_name + " LIMIT 1000";
}

base::Result<void> SqliteStore::match_row(Step& step, std::size_t at) {
  if (step.any_claims) {
    ASSIGN_OR_RETURN(std::vector<model::RowKey> rows, claiming(step, step.observed->heads[at].id));
    if (rows.size() == 1) {
      step.found[at].row_key = rows.front().text;
      step.known.heads[at].row = std::move(rows.front());
      return {};
    }
    step.known.heads[at].candidates = std::move(rows);
    if (!step.known.heads[at].candidates.empty()) return {};
  }
  for (std::size_t rule = 0; rule < step.mapping.mapping.match_rules.size(); ++rule) {
    ASSIGN_OR_RETURN(const bool fits, fits_rule(step, at, rule));
    if (fits) return {};
  }
  return {};
}

/// True if any row fits, whether one or several.
base::Result<bool> SqliteStore::fits_rule(Step& step, std::size_t at, std::size_t rule) {
  Prepared& p = step.mapping;
  const std::vector<std::size_t>& fields = p.mapping.match_rules[rule];
  p.match.resize(p.mapping.match_rules.size());
  if (!p.match[rule]) {
    ASSIGN_OR_RETURN(p.match[rule], database_.prepare(match_sql(p, fields)));
  }
  std::vector<std::string> values;
  for (const std::size_t field : fields) {
    const model::Cell& cell = step.observed->cells[at][field];
    if (!cell.has_text()) return false;
    std::string value{cell.text()};
    if (p.mapping.fields[field].role == FieldRole::reference) {
      if (!p.parents[field]) return false;
      ASSIGN_OR_RETURN(auto row, row_of_record(p.parents[field]->mapping, value));
      if (!row) return false;
      value = *std::move(row);
    } else {
      // As SQLite's lower(): ASCII only.
      for (char& c : value)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    values.push_back(std::move(value));
  }
  std::vector<model::RowKey> rows;
  {
    Use find{p.match[rule]};
    find->bind(1, p.number);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const int place = static_cast<int>(i) + 2;
      if (p.mapping.fields[fields[i]].role == FieldRole::reference) {
        bind_key(*find, place, values[i], p.columns[fields[i]]->affinity, p.parents[fields[i]]->key_affinity);
      } else {
        find->bind(place, std::string_view{values[i]});
      }
    }
    while (true) {
      const auto read = find->step();
      if (read == Statement::Step::failed) return std::unexpected(database_.error("looking for a matching row"));
      if (read == Statement::Step::done) break;
      rows.push_back({std::string{find->text(0)}});
    }
  }
  // Of several records that fit one row nobody can tell which it is.
  bool is_contested = false;
  for (const model::RowKey& row : rows) {
    const auto [begin, end] = step.fitting.equal_range(row.text);
    for (auto other = begin; other != end; ++other) {
      is_contested = true;
      core::KnownHead& head = step.known.heads[other->second];
      if (!head.candidates.empty()) continue;
      head.candidates = {row};
      head.row = {};
      head.row_exists = false;
      step.found[other->second].row_key.clear();
    }
    if (!is_contested && step.any_parked) {
      ASSIGN_OR_RETURN(is_contested, fits_another(step, row, step.observed->heads[at].id));
    }
  }
  if (rows.size() == 1 && !is_contested) {
    step.found[at].row_key = rows.front().text;
    step.known.heads[at].row = rows.front();
  } else {
    step.known.heads[at].candidates = rows;
  }
  for (const model::RowKey& row : rows) step.fitting.emplace(row.text, at);
  return !rows.empty();
}

/// True if another record that is set aside fits the row.
base::Result<bool> SqliteStore::fits_another(Step& step, const model::RowKey& row, model::RecordId record) {
  ASSIGN_OR_RETURN(Statement * find, statement("SELECT record_id FROM lockstep_fits WHERE mapping_id = ?1 AND row_key = "
                                               "?2 AND record_id <> ?3"));
  Use use{*find};
  use->bind(1, step.mapping.number).bind(2, row.text).bind(3, record.view());
  while (true) {
    const auto read = use->step();
    if (read == Statement::Step::failed) return std::unexpected(database_.error("reading which records fit a row"));
    if (read == Statement::Step::done) return false;
    // One that this page tells to be deleted contests nothing any more.
    const std::string_view other = use->text(0);
    const auto is_deleted = [&](const core::RecordHead& head) { return head.deleted && head.id.view() == other; };
    if (std::ranges::none_of(step.observed->heads, is_deleted)) return true;
  }
}

/// Kept until the record is no longer set aside: a trigger of the table of what is sees to that.
base::Result<void> SqliteStore::keep_fits(const model::Mapping& mapping, model::RecordId record,
                                          std::span<const model::RowKey> rows) {
  ASSIGN_OR_RETURN(Statement * drop, statement("DELETE FROM lockstep_fits WHERE mapping_id = ?1 AND record_id = ?2"));
  drop->bind(1, static_cast<std::int64_t>(mapping.id)).bind(2, record.view());
  RETURN_IF_ERROR(database_.run(*drop, "forgetting which rows a record fits"));
  for (const model::RowKey& row : rows) {
    ASSIGN_OR_RETURN(Statement * put, statement("INSERT INTO lockstep_fits(mapping_id, row_key, record_id) VALUES "
                                                "(?1, ?2, ?3)"));
    put->bind(1, static_cast<std::int64_t>(mapping.id)).bind(2, row.text).bind(3, record.view());
    RETURN_IF_ERROR(database_.run(*put, "noting which rows a record fits"));
  }
  return {};
}

/// Until somebody changes it: what it is offered for, on its own, is to be made a record.
base::Result<void> SqliteStore::park_candidate(Step& step, const model::RowKey& row, const core::Parked& parked) {
  const Prepared& p = step.mapping;
  ASSIGN_OR_RETURN(Statement * drop, statement("DELETE FROM lockstep_outbox WHERE mapping_id = ?1 AND row_key = ?2"));
  drop->bind(1, p.number).bind(2, row.text);
  RETURN_IF_ERROR(database_.run(*drop, "taking a row out of the outbox"));
  core::Parked until_changed = parked;
  until_changed.retry_at = base::Utc::max();
  RETURN_IF_ERROR(park_row(step, row.text, until_changed, step.now));
  std::string set;
  if (!p.sync.status.empty()) set = p.sync.status + " = 'error'";
  if (!p.sync.error.empty()) set += (set.empty() ? "" : ", ") + p.sync.error + " = " + literal(parked.error.message);
  if (set.empty()) return {};
  ASSIGN_OR_RETURN(Statement mark, database_.prepare("UPDATE " + quoted(p.table.name) + " SET " + set + " WHERE " +
                                                     p.key_name + " = ?1"));
  bind_key(mark, 1, row.text, p.key->affinity, Affinity::integer);
  return database_.run(mark, "marking a row");
}

/// Rows without a link have an entry in the outbox or are parked, from the first prepare() on.
base::Result<bool> SqliteStore::may_match(const Prepared& p) {
  if (p.mapping.match_rules.empty()) return false;
  ASSIGN_OR_RETURN(Statement * find,
                   statement("SELECT 1 WHERE EXISTS (SELECT 1 FROM lockstep_outbox WHERE mapping_id = "
                             "?1) OR EXISTS (SELECT 1 FROM lockstep_parked WHERE mapping_id = ?1 AND "
                             "row_key IS NOT NULL)"));
  Use use{*find};
  use->bind(1, p.number);
  const auto read = use->step();
  if (read == Statement::Step::failed) return std::unexpected(database_.error("looking for rows without a link"));
  return read == Statement::Step::row;
}

}  // namespace store
