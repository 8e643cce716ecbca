// Rows that say themselves which record they are: salesforce_id, filled in by whoever synced the table before.
#include "store/sqlite/capture.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/step.h"
#include "store/sqlite/values.h"

namespace store {

/// Once, when the table is met for the first time: from then on that column is ours to write.
base::Result<void> SqliteStore::note_claims(const Prepared& p) {
  if (p.sync.record.empty()) return {};
  const std::string id = std::to_string(p.number), key = "CAST(t." + p.key_name + " AS TEXT)";
  ASSIGN_OR_RETURN(Statement read,
                   database_.prepare("SELECT " + key + ", t." + p.sync.record + " FROM " + quoted(p.table.name) +
                                     " t WHERE " + of_workspace(p.mapping, p.table, "t.") + " AND t." + p.key_name +
                                     " IS NOT NULL AND length(t." + p.sync.record +
                                     ") IN (15, 18) AND NOT EXISTS (SELECT 1 FROM lockstep_links l WHERE l.mapping_id "
                                     "= " +
                                     id + " AND l.row_key = " + key + ") ORDER BY t." + p.key_name));
  ASSIGN_OR_RETURN(Statement * put, statement("INSERT INTO lockstep_claims(mapping_id, row_key, record_id) VALUES "
                                              "(?1, ?2, ?3) ON CONFLICT DO NOTHING"));
  while (true) {
    const auto row = read.step();
    if (row == Statement::Step::failed) return std::unexpected(database_.error("reading salesforce_id"));
    if (row == Statement::Step::done) return {};
    const auto record = model::RecordId::parse(read.text(1));
    if (!record) continue;
    put->bind(1, p.number).bind(2, read.text(0)).bind(3, record->view());
    RETURN_IF_ERROR(database_.run(*put, "noting which record a row claims to be"));
  }
}

base::Result<std::vector<core::Claim>> SqliteStore::claims(const model::Mapping& mapping, std::size_t limit) {
  ASSIGN_OR_RETURN(Statement * find, statement("SELECT row_key, record_id FROM lockstep_claims WHERE mapping_id = ?1 "
                                               "AND asked = 0 ORDER BY record_id, row_key LIMIT ?2"));
  Use use{*find};
  use->bind(1, static_cast<std::int64_t>(mapping.id)).bind(2, static_cast<std::int64_t>(limit));
  std::vector<core::Claim> claims;
  while (true) {
    const auto row = use->step();
    if (row == Statement::Step::failed) return std::unexpected(database_.error("reading which records rows claim"));
    if (row == Statement::Step::done) return claims;
    if (const auto record = model::RecordId::parse(use->text(1)))
      claims.push_back({{std::string{use->text(0)}}, *record});
  }
}

/// A row without a link goes on claiming: its record may be taken out of the recycle bin, or be shown to us one day.
base::Result<void> SqliteStore::keep_claims(const model::Mapping& mapping, const core::WriteSet& writes) {
  const auto id = static_cast<std::int64_t>(mapping.id);
  for (const model::RowKey& row : writes.claims_asked) {
    ASSIGN_OR_RETURN(Statement * asked, statement("UPDATE lockstep_claims SET asked = 1 WHERE mapping_id = ?1 AND "
                                                  "row_key = ?2"));
    asked->bind(1, id).bind(2, row.text);
    RETURN_IF_ERROR(database_.run(*asked, "noting that the org was asked about a row"));
    ASSIGN_OR_RETURN(Statement * over, statement("DELETE FROM lockstep_claims WHERE mapping_id = ?1 AND row_key = ?2 "
                                                 "AND EXISTS (SELECT 1 FROM lockstep_links l WHERE l.mapping_id = ?1 "
                                                 "AND l.row_key = ?2)"));
    over->bind(1, id).bind(2, row.text);
    RETURN_IF_ERROR(database_.run(*over, "forgetting which record a row claimed to be"));
  }
  for (const core::Claim& claim : writes.claims_moved) {
    ASSIGN_OR_RETURN(Statement * moved, statement("UPDATE lockstep_claims SET record_id = ?3 WHERE mapping_id = ?1 AND "
                                                  "row_key = ?2"));
    moved->bind(1, id).bind(2, claim.row.text).bind(3, claim.record.view());
    RETURN_IF_ERROR(database_.run(*moved, "following a merge"));
  }
  return {};
}

/// The rows without a link that claim to be this record.
base::Result<std::vector<model::RowKey>> SqliteStore::claiming(Step& step, model::RecordId record) {
  const Prepared& p = step.mapping;
  ASSIGN_OR_RETURN(Statement * find,
                   statement("SELECT c.row_key FROM lockstep_claims c WHERE c.mapping_id = ?1 AND c.record_id = ?2 AND "
                             "NOT EXISTS (SELECT 1 FROM lockstep_links l WHERE l.mapping_id = ?1 AND l.row_key = "
                             "c.row_key AND l.state <> 'none') ORDER BY c.row_key LIMIT 1000"));
  std::vector<model::RowKey> rows;
  {
    Use use{*find};
    use->bind(1, p.number).bind(2, record.view());
    while (true) {
      const auto row = use->step();
      if (row == Statement::Step::failed) return std::unexpected(database_.error("reading which rows claim a record"));
      if (row == Statement::Step::done) break;
      rows.push_back({std::string{use->text(0)}});
    }
  }
  std::vector<model::RowKey> living;
  for (model::RowKey& row : rows) {
    Use exists{step.mapping.read_row};
    bind_key(*exists, 1, row.text, p.key->affinity, Affinity::integer);
    const auto read = exists->step();
    if (read == Statement::Step::failed) return std::unexpected(database_.error("reading row " + row.text));
    if (read == Statement::Step::row) living.push_back(std::move(row));
  }
  return living;
}

}  // namespace store
