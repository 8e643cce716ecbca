#include "store/sqlite/sqlite_store.h"

#include <algorithm>

#include "store/sqlite/capture.h"
#include "store/sqlite/prepared.h"
#include "store/sqlite/schema.h"

namespace store {
namespace {

using base::ErrorKind;
using model::RecordId;

const base::Clock& machine_clock() {
  static const base::SystemClock clock;
  return clock;
}

base::Utc utc(std::int64_t milliseconds) {
  return base::Utc{std::chrono::milliseconds{milliseconds}};
}
std::int64_t number(base::Utc moment) {
  return moment.time_since_epoch().count();
}

RecordId record_id(std::string_view text) {
  return RecordId::parse(text).value_or(RecordId{});
}

/// Parked things whose time has come, or whose parent has been linked since.
constexpr const char* due =
    "(p.retry_at <= ?2 OR (p.waits_for IS NOT NULL AND EXISTS ("
    "SELECT 1 FROM lockstep_captures m JOIN lockstep_captures c ON c.workspace_id = m.workspace_id JOIN lockstep_links "
    "l ON l.mapping_id = c.mapping_id AND l.record_id = p.waits_for WHERE m.mapping_id = p.mapping_id AND "
    "l.state = 'linked')) OR (p.waits_row IS NOT NULL AND EXISTS (SELECT 1 FROM lockstep_links l WHERE l.mapping_id = "
    "p.waits_mapping AND l.row_key = p.waits_row AND l.state = 'linked')))";

}  // namespace

SqliteStore::SqliteStore(Database database, const base::Clock& clock)
    : database_(std::move(database)), clock_(clock), random_(base::random_from_system()) {}

SqliteStore::~SqliteStore() = default;

base::Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& path, const SqliteOptions& options) {
  ASSIGN_OR_RETURN(Database database,
                   open_file(path, {.busy_timeout_ms = options.busy_timeout_ms, .cache_kib = options.cache_kib}));
  return std::unique_ptr<SqliteStore>{
      new SqliteStore{std::move(database), options.clock ? *options.clock : machine_clock()}};
}

base::Result<Statement*> SqliteStore::statement(const char* sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) {
    found->second.reset();
    return &found->second;
  }
  ASSIGN_OR_RETURN(Statement made, database_.prepare(sql));
  return &statements_.emplace(sql, std::move(made)).first->second;
}

base::Result<std::vector<std::string>> SqliteStore::columns(std::string_view table) {
  ASSIGN_OR_RETURN(const auto found, describe_table(database_, table));
  std::vector<std::string> names;
  if (found)
    for (const Column& column : found->columns) names.push_back(column.name);
  return names;
}

base::Result<void> SqliteStore::check(const model::Mapping& mapping) {
  ASSIGN_OR_RETURN(const auto table, describe_table(database_, mapping.table));
  RETURN_IF_ERROR(check_mapping(mapping, table));
  const Column& key = *table->find(mapping.key_column);
  if (key.has_default || takes_uuid(key) || mapping.direction == model::SyncDirection::to_org) return {};
  return base::failure(ErrorKind::settings, "mapping of " + mapping.object + " to table " + table->name +
                                                ": the table gives new rows no key, so no record could become a row: "
                                                "give column " +
                                                key.name +
                                                " a default, declare it INTEGER PRIMARY KEY, TEXT or UUID, or let the "
                                                "mapping flow to Salesforce only (--direction crm_to_salesforce)");
}

base::Result<std::string> SqliteStore::primary_key(std::string_view name) {
  ASSIGN_OR_RETURN(const auto table, describe_table(database_, name));
  if (!table)
    return base::failure(ErrorKind::settings,
                         "the store has no table " + std::string{name} + ": create it, or name another with --table");
  std::string keys;
  for (const Column& column : table->columns)
    if (column.is_key) (keys += keys.empty() ? "" : ", ") += column.name;
  if (keys.find(',') != std::string::npos)
    return base::failure(ErrorKind::settings, "the primary key of table " + table->name +
                                                  " is made of several columns (" + keys +
                                                  "), and rows are followed by one: name a unique column with --key, "
                                                  "or add one to the table");
  return keys;
}

base::Result<void> SqliteStore::prepare(const model::Mapping& mapping) {
  ASSIGN_OR_RETURN(auto table, describe_table(database_, mapping.table));
  RETURN_IF_ERROR(check_mapping(mapping, table));
  ASSIGN_OR_RETURN(auto made, make_prepared(database_, mapping, *table));
  const std::vector<Trigger> triggers = capture_triggers(mapping, *table);
  std::string wanted;
  for (const Trigger& trigger : triggers) (wanted += trigger.sql) += ";\n";
  const std::string id = std::to_string(static_cast<std::int64_t>(mapping.id));
  const std::string prefix = "lockstep_" + id + "_";
  const std::string name_column = made->name_field ? made->columns[*made->name_field]->name : std::string{};
  // What stands in the database, not what we remember: an application that rebuilds its table drops the triggers.
  ASSIGN_OR_RETURN(
      const auto standing,
      database_.value("SELECT group_concat(sql || ';' || char(10), '') FROM (SELECT sql FROM sqlite_schema "
                      "WHERE type = 'trigger' AND substr(name, 1, length(?1)) = ?1 ORDER BY name)",
                      prefix));
  ASSIGN_OR_RETURN(const auto noted,
                   database_.value("SELECT triggers FROM lockstep_captures WHERE mapping_id = ?1", id));
  ASSIGN_OR_RETURN(const auto place, database_.value("SELECT workspace_id || char(31) || table_name || char(31) || "
                                                     "key_column FROM lockstep_captures WHERE mapping_id = ?1",
                                                     id));
  ASSIGN_OR_RETURN(const auto meaning, database_.value("SELECT object || char(31) || coalesce(name_column, '') FROM "
                                                       "lockstep_captures WHERE mapping_id = ?1",
                                                       id));
  const bool same_place = place == mapping.workspace + '\x1f' + table->name + '\x1f' + made->key->name;
  if (place && !place->ends_with('\x1f' + table->name + '\x1f' + made->key->name)) {
    ASSIGN_OR_RETURN(const auto links,
                     database_.value("SELECT 1 FROM lockstep_links WHERE mapping_id = ?1 LIMIT 1", id));
    // Triggers go with a table that is renamed.
    ASSIGN_OR_RETURN(
        const auto renamed,
        database_.value("SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND substr(name, 1, length(?1)) "
                        "= ?1 AND tbl_name = " +
                            literal(table->name) + " COLLATE NOCASE LIMIT 1",
                        prefix));
    const bool same_key = place->ends_with('\x1f' + made->key->name);
    if (links && !(renamed && same_key))
      return base::failure(ErrorKind::settings, mapping.object +
                                                    " was synced with another table or key column, whose "
                                                    "rows its links know: `lockstep mapping attach " +
                                                    mapping.object + " --table " + table->name + " --key " +
                                                    made->key->name + " --replace` starts afresh with this one");
  }
  if (standing != wanted || noted != wanted || !same_place || meaning != mapping.object + '\x1f' + name_column) {
    ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
    RETURN_IF_ERROR(drop_triggers(id));
    for (const Trigger& trigger : triggers) RETURN_IF_ERROR(database_.execute(trigger.sql));

    // The first time every row that no link knows. Later only when triggers were lost: nobody knows what happened
    // meanwhile, so every row is looked at again.
    const bool lost = same_place && standing != noted;
    if (!same_place || lost) {
      std::string changed_at = clock_sql;
      if (const Column* touched = table->find("updated_at"); touched && !is_numeric(touched->affinity))
        changed_at = "min(" + changed_at + ", coalesce(CAST(ROUND((julianday(" + quoted(touched->name) +
                     ") - 2440587.5) * 86400000.0) AS INTEGER), " + clock_sql + "))";
      const std::string key = "CAST(t." + made->key_name + " AS TEXT)";
      std::string fill = "INSERT INTO lockstep_outbox(mapping_id, row_key, changed_at) SELECT " + id + ", " + key +
                         ", " + changed_at + " FROM " + quoted(table->name) + " t WHERE " + made->of_workspace +
                         " AND t." + made->key_name +
                         " IS NOT NULL AND NOT EXISTS (SELECT 1 FROM lockstep_outbox o "
                         "WHERE o.mapping_id = " +
                         id + " AND o.row_key = " + key + ")";
      if (!lost)
        fill += " AND NOT EXISTS (SELECT 1 FROM lockstep_links l WHERE l.mapping_id = " + id +
                " AND l.row_key = " + key + ")";
      RETURN_IF_ERROR(database_.execute(fill + " ORDER BY t." + made->key_name));
      if (!lost) RETURN_IF_ERROR(note_claims(*made));
      if (lost)  // Rows that went while nobody watched.
        RETURN_IF_ERROR(
            database_.execute("INSERT INTO lockstep_outbox(mapping_id, row_key, changed_at) SELECT " + id +
                              ", l.row_key, " + clock_sql + " FROM lockstep_links l WHERE l.mapping_id = " + id +
                              " AND l.row_key IS NOT NULL AND NOT EXISTS (SELECT 1 "
                              "FROM " +
                              quoted(table->name) + " t WHERE t." + made->key_name +
                              " = l.row_key) AND NOT EXISTS (SELECT 1 "
                              "FROM lockstep_outbox o WHERE o.mapping_id = l.mapping_id AND o.row_key = l.row_key)"));
    }
    ASSIGN_OR_RETURN(Statement keep,
                     database_.prepare("INSERT INTO lockstep_captures(mapping_id, workspace_id, object, table_name, "
                                       "key_column, name_column, triggers) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON "
                                       "CONFLICT (mapping_id) DO UPDATE SET workspace_id = ?2, object = ?3, table_name "
                                       "= ?4, key_column = ?5, name_column = ?6, triggers = ?7"));
    keep.bind(1, static_cast<std::int64_t>(mapping.id)).bind(2, mapping.workspace).bind(3, mapping.object);
    keep.bind(4, table->name).bind(5, made->key->name).bind_or_null(6, name_column).bind(7, wanted);
    RETURN_IF_ERROR(database_.run(keep, "noting the mapping of " + mapping.object));
    RETURN_IF_ERROR(transaction.commit());
  }
  {
    ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
    RETURN_IF_ERROR(note_rules(*made));
    RETURN_IF_ERROR(reopen_decided(*made));
    RETURN_IF_ERROR(transaction.commit());
  }
  prepared_.insert_or_assign(mapping.id, std::move(made));
  for (auto& [other, p] : prepared_)
    for (auto& parent : p->parents) parent.reset();  // The parent may have moved.
  return index_for_parents();
}

base::Result<void> SqliteStore::index_for_parents() {
  const auto ensure = [this](const Table& table, const Column& column) -> base::Result<void> {
    ASSIGN_OR_RETURN(Statement leading, database_.prepare("SELECT 1 FROM pragma_index_list(?1) i, pragma_index_info("
                                                          "i.name) c WHERE c.seqno = 0 AND c.name = ?2"));
    leading.bind(1, table.name).bind(2, column.name);
    if (leading.step() == Statement::Step::row) return {};
    leading.reset();
    return database_.execute("CREATE INDEX IF NOT EXISTS " + quoted("lockstep_" + table.name + "_" + column.name) +
                             " ON " + quoted(table.name) + "(" + quoted(column.name) + ")");
  };
  for (const auto& [id, p] : prepared_)
    for (const std::vector<std::size_t>& rule : p->mapping.match_rules) {
      const std::size_t first = rule.front();
      if (p->mapping.fields[first].role == model::FieldRole::reference) continue;
      const std::string& column = p->columns[first]->name;
      const std::string name = "lockstep_match_" + p->table.name + "_" + column;
      const std::string sql = "CREATE INDEX " + quoted(name) + " ON " + quoted(p->table.name) + "(" +
                              matched_text_sql(quoted(column)) + ")";
      ASSIGN_OR_RETURN(const auto standing,
                       database_.value("SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?1", name));
      if (standing == sql) continue;
      RETURN_IF_ERROR(database_.execute("DROP INDEX IF EXISTS " + quoted(name) + "; " + sql));
    }
  for (const auto& [id, child] : prepared_)
    for (const model::FieldMapping& field : child->mapping.fields) {
      if (field.role == model::FieldRole::reference)
        RETURN_IF_ERROR(
            ensure(child->table, *child->columns[static_cast<std::size_t>(&field - child->mapping.fields.data())]));
      if (field.role != model::FieldRole::parent_name) continue;
      for (const auto& [other, parent] : prepared_)
        if (parent->mapping.object == field.parent_object && parent->mapping.workspace == child->mapping.workspace &&
            parent->name_field)
          RETURN_IF_ERROR(ensure(parent->table, *parent->columns[*parent->name_field]));
    }
  return {};
}

base::Result<Prepared*> SqliteStore::prepared(const model::Mapping& mapping) {
  const auto found = prepared_.find(mapping.id);
  if (found == prepared_.end() || found->second->layout != mapping.layout())
    return base::failure(ErrorKind::settings, "the mapping of " + mapping.object + " to table " + mapping.table +
                                                  " was not prepared; prepare() comes before its first pass");
  return found->second.get();
}

base::Result<void> SqliteStore::resolve_parents(Prepared& p) {
  for (std::size_t i = 0; i < p.mapping.fields.size(); ++i) {
    const model::FieldMapping& field = p.mapping.fields[i];
    if (field.role == model::FieldRole::plain || p.parents[i]) continue;
    ASSIGN_OR_RETURN(Statement * find, statement("SELECT mapping_id, table_name, key_column, name_column FROM "
                                                 "lockstep_captures WHERE workspace_id = ?1 AND object = ?2"));
    Use use{*find};
    use->bind(1, p.mapping.workspace).bind(2, field.parent_object);
    if (use->step() != Statement::Step::row) continue;
    ASSIGN_OR_RETURN(const auto table, describe_table(database_, use->text(1)));
    const Column* key = table ? table->find(use->text(2)) : nullptr;
    if (!key) continue;
    auto parent = std::make_unique<Parent>();
    parent->mapping = use->integer(0);
    parent->key_affinity = key->affinity;
    ASSIGN_OR_RETURN(parent->by_key,
                     database_.prepare("SELECT 1 FROM " + quoted(table->name) + " WHERE " + quoted(key->name) +
                                       " = ?1 AND " + of_workspace(p.mapping, *table, "")));
    const Column* name = use->is_null(3) ? nullptr : table->find(use->text(3));
    if (field.role == model::FieldRole::parent_name && name) {
      ASSIGN_OR_RETURN(parent->by_name,
                       database_.prepare("SELECT l.record_id FROM " + quoted(table->name) +
                                         " t CROSS JOIN lockstep_links l WHERE t." + quoted(name->name) + " = ?1 AND " +
                                         of_workspace(p.mapping, *table, "t.") +
                                         " AND l.mapping_id = " + std::to_string(parent->mapping) +
                                         " AND l.row_key = CAST(t." + quoted(key->name) +
                                         " AS TEXT) AND l.state = 'linked' AND l.record_id IS NOT NULL LIMIT 2"));
    }
    p.parents[i] = std::move(parent);
  }
  return {};
}

base::Result<void> SqliteStore::check_lease() {
  if (!lease_) return {};
  ASSIGN_OR_RETURN(Statement * find, statement("SELECT 1 FROM lockstep_leases WHERE integration_id = ?1 AND epoch = ?2 "
                                               "AND pid IS NOT NULL"));
  Use use{*find};
  use->bind(1, lease_->integration.text).bind(2, lease_->epoch);
  switch (use->step()) {
    case Statement::Step::row:
      return {};
    case Statement::Step::failed:
      return std::unexpected(database_.error("checking the lease"));
    case Statement::Step::done:
      break;
  }
  return base::failure(ErrorKind::cancelled, "the lease on integration " + lease_->integration.text +
                                                 " was taken over or given back; this run stores nothing more");
}

base::Result<void> SqliteStore::guard(bool ours) {
  ASSIGN_OR_RETURN(Statement * set, statement("UPDATE lockstep_guard SET ours = ?1"));
  set->bind(1, std::int64_t{ours});
  return database_.run(*set, "setting the guard");
}

base::Result<void> SqliteStore::forget_mapping(model::MappingId mapping) {
  const std::string id = std::to_string(static_cast<std::int64_t>(mapping));
  RETURN_IF_ERROR(drop_triggers(id));
  for (const char* table : {"captures", "outbox", "links", "checkpoints", "conflicts", "parked", "layouts", "sweeps",
                            "history", "aliases", "tombstones", "detached"})
    RETURN_IF_ERROR(database_.execute("DELETE FROM lockstep_" + std::string{table} + " WHERE mapping_id = " + id));
  RETURN_IF_ERROR(database_.execute("DELETE FROM lockstep_field_mappings WHERE id = " + id));
  prepared_.erase(mapping);
  return {};
}

base::Result<void> SqliteStore::drop_triggers(const std::string& mapping) {
  ASSIGN_OR_RETURN(Statement old, database_.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND "
                                                    "substr(name, 1, length(?1)) = ?1"));
  const std::string prefix = "lockstep_" + mapping + "_";
  std::vector<std::string> names;
  old.bind(1, prefix);
  while (old.step() == Statement::Step::row) names.emplace_back(old.text(0));
  old.reset();
  for (const std::string& name : names) RETURN_IF_ERROR(database_.execute("DROP TRIGGER " + quoted(name)));
  return {};
}

base::Result<model::Position> SqliteStore::position(const model::Mapping& mapping) {
  ASSIGN_OR_RETURN(
      Statement * find,
      statement("SELECT reached_at, reached_record, revisit_at, revisit_record, sweep_from, swept_at, "
                "backfilling, bulk_job, bulk_locator, bulk_rows, ids_checked_at, filter_checked_at, seen FROM "
                "lockstep_checkpoints WHERE mapping_id = ?1"));
  Use use{*find};
  use->bind(1, static_cast<std::int64_t>(mapping.id));
  switch (use->step()) {
    case Statement::Step::failed:
      return std::unexpected(database_.error("reading a checkpoint"));
    case Statement::Step::done:
      return model::Position{model::Beginning{}};
    case Statement::Step::row:
      break;
  }
  // Of a bulk reading, swept_at is when it began.
  if (!use->is_null(7))
    return model::Position{model::BulkPlace{std::string{use->text(7)}, std::string{use->text(8)},
                                            static_cast<std::uint64_t>(use->integer(9)), utc(use->integer(5))}};
  return model::Position{model::Watermark{.reached = {utc(use->integer(0)), record_id(use->text(1))},
                                          .revisit_from = {utc(use->integer(2)), record_id(use->text(3))},
                                          .sweep_from = utc(use->integer(4)),
                                          .swept_at = utc(use->integer(5)),
                                          .backfilling = use->integer(6) != 0,
                                          .ids_checked_at = utc(use->integer(10)),
                                          .filter_checked_at = utc(use->integer(11)),
                                          .seen = static_cast<std::uint64_t>(use->integer(12))}};
}

base::Result<void> SqliteStore::save_position(const model::Mapping& mapping, const model::Position& position) {
  if (std::holds_alternative<model::Beginning>(position)) {
    ASSIGN_OR_RETURN(Statement * forget, statement("DELETE FROM lockstep_checkpoints WHERE mapping_id = ?1"));
    forget->bind(1, static_cast<std::int64_t>(mapping.id));
    return database_.run(*forget, "resetting a checkpoint");
  }
  ASSIGN_OR_RETURN(
      Statement * keep,
      statement("REPLACE INTO lockstep_checkpoints(mapping_id, reached_at, reached_record, revisit_at, "
                "revisit_record, sweep_from, swept_at, backfilling, bulk_job, bulk_locator, bulk_rows, "
                "ids_checked_at, filter_checked_at, seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
                "?13, ?14)"));
  model::Watermark mark;
  const auto* bulk = std::get_if<model::BulkPlace>(&position);
  if (bulk) {
    mark.swept_at = bulk->started_at;
    mark.backfilling = true;
  } else {
    mark = std::get<model::Watermark>(position);
  }
  keep->bind(1, static_cast<std::int64_t>(mapping.id));
  keep->bind(2, number(mark.reached.at)).bind_or_null(3, mark.reached.last.view());
  keep->bind(4, number(mark.revisit_from.at)).bind_or_null(5, mark.revisit_from.last.view());
  keep->bind(6, number(mark.sweep_from)).bind(7, number(mark.swept_at)).bind(8, std::int64_t{mark.backfilling});
  keep->bind_or_null(9, bulk ? bulk->job : std::string_view{});
  keep->bind(10, bulk ? bulk->locator : std::string_view{});
  keep->bind(11, bulk ? static_cast<std::int64_t>(bulk->rows) : std::int64_t{0});
  keep->bind(12, number(mark.ids_checked_at)).bind(13, number(mark.filter_checked_at));
  keep->bind(14, static_cast<std::int64_t>(mark.seen));
  return database_.run(*keep, "storing a checkpoint");
}

base::Result<std::vector<core::OutboxEntry>> SqliteStore::outbox(const model::Mapping& mapping, model::OutboxSeq after,
                                                                 std::size_t limit) {
  ASSIGN_OR_RETURN(
      Statement * find,
      statement("SELECT o.row_key, o.seq, o.changed_at, l.record_id, l.upsert_key FROM lockstep_outbox o "
                "LEFT JOIN lockstep_links l ON l.mapping_id = o.mapping_id AND l.row_key = o.row_key WHERE "
                "o.mapping_id = ?1 AND o.seq > ?2 ORDER BY o.seq LIMIT ?3"));
  Use use{*find};
  use->bind(1, static_cast<std::int64_t>(mapping.id)).bind(2, static_cast<std::int64_t>(after));
  use->bind(3, static_cast<std::int64_t>(std::min<std::size_t>(limit, 1'000'000'000)));
  return database_.all(*use, "reading the outbox", [](const Statement& row) {
    return core::OutboxEntry{.row = {std::string{row.text(0)}},
                             .seq = static_cast<model::OutboxSeq>(row.integer(1)),
                             .changed_at = utc(row.integer(2)),
                             .record = record_id(row.text(3)),
                             .upsert_key = std::string{row.text(4)}};
  });
}

base::Result<void> SqliteStore::requeue_parked(const model::Mapping& mapping, base::Utc now) {
  static const std::string sql =
      std::string{
          "INSERT INTO lockstep_outbox(mapping_id, row_key, changed_at) SELECT "
          "p.mapping_id, p.row_key, p.changed_at FROM lockstep_parked p WHERE "
          "p.mapping_id = ?1 AND p.row_key IS NOT NULL AND "} +
      due + " ORDER BY p.parked_id ON CONFLICT (mapping_id, row_key) DO NOTHING";
  ASSIGN_OR_RETURN(Statement * fill, statement(sql.c_str()));
  fill->bind(1, static_cast<std::int64_t>(mapping.id)).bind(2, number(now));
  RETURN_IF_ERROR(database_.run(*fill, "offering parked rows again"));
  return requeue_named(mapping);
}

base::Result<std::vector<RecordId>> SqliteStore::parked_records(const model::Mapping& mapping, base::Utc now,
                                                                std::size_t limit) {
  static const std::string sql =
      std::string{
          "SELECT p.record_id FROM lockstep_parked p WHERE p.mapping_id = ?1 AND "
          "p.record_id IS NOT NULL AND "} +
      due + " ORDER BY p.parked_id LIMIT ?3";
  ASSIGN_OR_RETURN(Statement * find, statement(sql.c_str()));
  Use use{*find};
  use->bind(1, static_cast<std::int64_t>(mapping.id)).bind(2, number(now));
  use->bind(3, static_cast<std::int64_t>(std::min<std::size_t>(limit, 1'000'000'000)));
  return database_.all(*use, "reading what is parked", [](const Statement& row) { return record_id(row.text(0)); });
}

}  // namespace store
