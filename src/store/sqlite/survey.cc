// A mapping read as a whole, to be compared with the org.
#include "store/sqlite/capture.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/step.h"
#include "store/sqlite/values.h"

namespace store {
namespace {

std::string key_text(const Prepared& p) {
  return "CAST(t." + p.key_name + " AS TEXT)";
}

/// True for a row whose key a table of ours has, for the mapping bound first.
std::string in_table(const std::string& key, const std::string& table, const std::string& more) {
  return "EXISTS (SELECT 1 FROM " + table + " x WHERE x.mapping_id = ?1 AND x.row_key = " + key + more + ")";
}

}  // namespace

base::Result<void> SqliteStore::copy_to(const std::string& path) {
  ASSIGN_OR_RETURN(Statement copy, database_.prepare("VACUUM INTO ?1"));
  copy.bind(1, std::string_view{path});
  return database_.run(copy, "copying the store to " + path);
}

base::Result<void> SqliteStore::linked(const model::Mapping& mapping, const core::IdRange& range, std::size_t limit,
                                       core::Known& known) {
  ASSIGN_OR_RETURN(Prepared * p, prepared(mapping));
  RETURN_IF_ERROR(resolve_parents(*p));
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin_reading(database_));
  Step step{.mapping = *p, .observed = nullptr, .rows = {}, .known = known};
  known.heads.clear();
  known.org_ahead = org_ahead_;
  ASSIGN_OR_RETURN(Statement * find,
                   statement("SELECT row_key, record_id, state, state <> 'linked' AND EXISTS (SELECT 1 FROM "
                             "lockstep_parked p WHERE p.mapping_id = l.mapping_id AND (p.row_key = l.row_key OR "
                             "p.record_id = l.record_id)), state <> 'linked' AND EXISTS (SELECT 1 FROM "
                             "lockstep_conflicts c WHERE c.mapping_id = l.mapping_id AND c.row_key = l.row_key AND "
                             "c.decision = 'open' AND c.resolved_at IS NULL) FROM lockstep_links l WHERE mapping_id = "
                             "?1 AND record_id > ?2 AND record_id <= ?3 ORDER BY record_id LIMIT ?4"));
  {
    Use use{*find};
    // '~' sorts behind every id.
    use->bind(1, p->number).bind(2, range.after.view()).bind(3, range.through ? range.through.view() : "~");
    use->bind(4, static_cast<std::int64_t>(limit));
    while (true) {
      const auto read = use->step();
      if (read == Statement::Step::failed) return std::unexpected(database_.error("reading links"));
      if (read == Statement::Step::done) break;
      core::KnownHead& head = known.heads.emplace_back();
      head.row.text = use->text(0);
      head.record = model::RecordId::parse(use->text(1)).value_or(model::RecordId{});
      head.link = link_state_named(use->text(2));
      head.parked = use->integer(3) != 0;
      head.in_conflict = use->integer(4) != 0;
      step.found.push_back({.link_id = 0, .row_key = head.row.text, .linked_row = {}});
    }
  }
  for (model::Grid* grid : {&known.rows, &known.bases, &known.parents}) {
    grid->restart(mapping.fields.size());
    grid->add(known.heads.size());
  }
  known.unlinked.clear();
  RETURN_IF_ERROR(look_for_detached(step));
  for (std::size_t at = 0; at < known.heads.size(); ++at)
    if (!step.found[at].row_key.empty()) RETURN_IF_ERROR(read_row(step, at));
  return transaction.commit();
}

base::Result<std::vector<model::RowKey>> SqliteStore::strays(const model::Mapping& mapping, const model::RowKey& after,
                                                             std::size_t limit) {
  ASSIGN_OR_RETURN(Prepared * p, prepared(mapping));
  const std::string key = key_text(*p);
  const auto in = [&](const char* table, const char* more) { return in_table(key, table, more); };
  ASSIGN_OR_RETURN(
      Statement find,
      database_.prepare("SELECT " + key + " FROM " + quoted(p->table.name) + " t WHERE " +
                        of_workspace(mapping, p->table, "t.") +
                        (after.text.empty() ? "" : " AND t." + p->key_name + " > ?2") + " AND t." + p->key_name +
                        " IS NOT NULL AND NOT " + in("lockstep_links", " AND x.state <> 'none'") + " AND NOT " +
                        in("lockstep_outbox", "") + " AND NOT " + in("lockstep_parked", "") + " ORDER BY t." +
                        p->key_name + " LIMIT " + std::to_string(limit)));
  find.bind(1, p->number);
  if (!after.text.empty()) bind_key(find, 2, after.text, p->key->affinity, Affinity::integer);
  return database_.all(find, "looking for rows that were never sent",
                       [](const Statement& row) { return model::RowKey{std::string{row.text(0)}}; });
}

base::Result<core::StoreSurvey::Unsent> SqliteStore::unsent(const model::Mapping& mapping) {
  ASSIGN_OR_RETURN(Prepared * p, prepared(mapping));
  const std::string key = key_text(*p);
  const auto in = [&](const char* table, const char* more) { return in_table(key, table, more); };
  const std::string parked = in("lockstep_parked", "");
  ASSIGN_OR_RETURN(
      Statement count,
      database_.prepare("SELECT " + parked + ", count(*) FROM " + quoted(p->table.name) + " t WHERE " +
                        of_workspace(mapping, p->table, "t.") + " AND t." + p->key_name + " IS NOT NULL AND NOT " +
                        in("lockstep_links", " AND x.state NOT IN ('none', 'creating')") + " AND (" + parked + " OR " +
                        in("lockstep_outbox", "") + ") GROUP BY 1"));
  count.bind(1, p->number);
  Unsent unsent;
  while (true) {
    const auto read = count.step();
    if (read == Statement::Step::failed) return std::unexpected(database_.error("counting rows that wait"));
    if (read == Statement::Step::done) return unsent;
    (count.integer(0) != 0 ? unsent.parked : unsent.waiting) = count.integer(1);
  }
}

}  // namespace store
