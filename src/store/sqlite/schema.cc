#include "store/sqlite/schema.h"

#include <array>
#include <charconv>
#include <string>

namespace store {
namespace {

// Forward only: a released step is never edited, the next one is appended. The version stands in a table of ours
// and not in user_version, because the file may be the application's, which keeps its own number there.
constexpr std::array<const char*, schema_version> steps = {R"sql(
CREATE TABLE lockstep_guard(ours INTEGER NOT NULL);
INSERT INTO lockstep_guard(ours) VALUES (0);

CREATE TABLE lockstep_captures(
  mapping_id INTEGER PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  object TEXT NOT NULL,
  table_name TEXT NOT NULL,
  key_column TEXT NOT NULL,
  name_column TEXT,
  triggers TEXT NOT NULL
);
CREATE INDEX lockstep_captures_object ON lockstep_captures(workspace_id, object);

CREATE TABLE lockstep_outbox(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  mapping_id INTEGER NOT NULL,
  row_key TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  UNIQUE (mapping_id, row_key)
);
CREATE INDEX lockstep_outbox_order ON lockstep_outbox(mapping_id, seq);

CREATE TABLE lockstep_links(
  link_id INTEGER PRIMARY KEY,
  mapping_id INTEGER NOT NULL,
  row_key TEXT,
  record_id TEXT,
  upsert_key TEXT,
  state TEXT NOT NULL CHECK (state IN ('none', 'creating', 'linked', 'row_gone', 'record_gone', 'row_deleted',
    'record_deleted', 'both_gone')),
  stamp INTEGER,
  base BLOB,
  sent BLOB
);
CREATE UNIQUE INDEX lockstep_links_row ON lockstep_links(mapping_id, row_key);
CREATE UNIQUE INDEX lockstep_links_record ON lockstep_links(mapping_id, record_id);
CREATE INDEX lockstep_links_upsert_key ON lockstep_links(mapping_id, upsert_key) WHERE upsert_key IS NOT NULL;
CREATE INDEX lockstep_links_other ON lockstep_links(mapping_id, state) WHERE state <> 'linked';

CREATE TABLE lockstep_checkpoints(
  mapping_id INTEGER PRIMARY KEY,
  reached_at INTEGER NOT NULL,
  reached_record TEXT,
  revisit_at INTEGER NOT NULL,
  revisit_record TEXT,
  sweep_from INTEGER NOT NULL,
  swept_at INTEGER NOT NULL,
  backfilling INTEGER NOT NULL
);

CREATE TABLE lockstep_conflicts(
  conflict_id INTEGER PRIMARY KEY AUTOINCREMENT,
  mapping_id INTEGER NOT NULL,
  field TEXT NOT NULL,
  column_name TEXT NOT NULL,
  row_key TEXT,
  record_id TEXT,
  base_value TEXT,
  org_value TEXT,
  store_value TEXT,
  decision TEXT NOT NULL CHECK (decision IN ('org_won', 'store_won', 'open')),
  at TEXT NOT NULL,
  resolved_at TEXT
);
CREATE INDEX lockstep_conflicts_row ON lockstep_conflicts(mapping_id, row_key, field);
CREATE INDEX lockstep_conflicts_open ON lockstep_conflicts(mapping_id, row_key)
  WHERE decision = 'open' AND resolved_at IS NULL;

CREATE TABLE lockstep_parked(
  parked_id INTEGER PRIMARY KEY AUTOINCREMENT,
  mapping_id INTEGER NOT NULL,
  row_key TEXT,
  record_id TEXT,
  kind TEXT NOT NULL,
  message TEXT NOT NULL,
  service_code TEXT,
  parked_at TEXT NOT NULL,
  retry_at INTEGER NOT NULL,
  waits_for TEXT,
  changed_at INTEGER NOT NULL DEFAULT 0,
  CHECK ((row_key IS NULL) <> (record_id IS NULL))
);
CREATE UNIQUE INDEX lockstep_parked_row ON lockstep_parked(mapping_id, row_key) WHERE row_key IS NOT NULL;
CREATE UNIQUE INDEX lockstep_parked_record ON lockstep_parked(mapping_id, record_id) WHERE record_id IS NOT NULL;

CREATE TABLE lockstep_integrations(
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL DEFAULT 'default',
  flow TEXT NOT NULL DEFAULT '',
  login_url TEXT NOT NULL DEFAULT '',
  instance_url TEXT NOT NULL DEFAULT '',
  org_id TEXT NOT NULL DEFAULT '',
  username TEXT NOT NULL DEFAULT '',
  access_token TEXT NOT NULL DEFAULT '',
  refresh_token TEXT NOT NULL DEFAULT '',
  is_active INTEGER NOT NULL DEFAULT 1,
  sync_direction TEXT NOT NULL DEFAULT 'bidirectional'
    CHECK (sync_direction IN ('bidirectional', 'salesforce_to_crm', 'crm_to_salesforce')),
  sync_frequency INTEGER NOT NULL DEFAULT 15 CHECK (sync_frequency > 0),
  sync_contacts INTEGER NOT NULL DEFAULT 1,
  sync_accounts INTEGER NOT NULL DEFAULT 1,
  sync_opportunities INTEGER NOT NULL DEFAULT 1,
  sync_tasks INTEGER NOT NULL DEFAULT 0,
  sync_events INTEGER NOT NULL DEFAULT 0,
  sync_others TEXT NOT NULL DEFAULT '{}' CHECK (json_type(sync_others) = 'object'),
  conflict_resolution TEXT NOT NULL DEFAULT 'newest_wins'
    CHECK (conflict_resolution IN ('newest_wins', 'salesforce_wins', 'crm_wins', 'manual')),
  filters TEXT NOT NULL DEFAULT '{}' CHECK (json_type(filters) = 'object'),
  sync_status TEXT NOT NULL DEFAULT 'idle',
  last_error TEXT NOT NULL DEFAULT '',
  last_sync_at TEXT,
  next_sync_at TEXT,
  stats TEXT NOT NULL DEFAULT '{}' CHECK (json_type(stats) = 'object'),
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

CREATE TABLE lockstep_field_mappings(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  integration_id TEXT NOT NULL,
  workspace_id TEXT NOT NULL DEFAULT 'default',
  object_type TEXT NOT NULL,
  table_name TEXT NOT NULL DEFAULT '',
  mappings TEXT NOT NULL DEFAULT '[]' CHECK (json_type(mappings) = 'array')
);
CREATE INDEX lockstep_field_mappings_integration ON lockstep_field_mappings(integration_id);

CREATE TABLE lockstep_sync_logs(
  id TEXT PRIMARY KEY NOT NULL,
  integration_id TEXT NOT NULL,
  operation TEXT NOT NULL,
  status TEXT NOT NULL,
  started_at TEXT NOT NULL,
  completed_at TEXT,
  duration INTEGER NOT NULL DEFAULT 0,
  api_calls INTEGER NOT NULL DEFAULT 0,
  summary TEXT NOT NULL DEFAULT '{}',
  objects TEXT NOT NULL DEFAULT '[]',
  sync_errors TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX lockstep_sync_logs_started ON lockstep_sync_logs(started_at);

CREATE TABLE lockstep_describes(
  integration_id TEXT NOT NULL,
  object TEXT NOT NULL,
  fetched_at INTEGER NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (integration_id, object)
);

CREATE TABLE lockstep_leases(
  integration_id TEXT PRIMARY KEY NOT NULL,
  epoch INTEGER NOT NULL,
  host TEXT,
  boot TEXT,
  pid INTEGER,
  process_started INTEGER,
  expires_at INTEGER NOT NULL
);
)sql",
                                                           R"sql(
CREATE TABLE lockstep_layouts(
  mapping_id INTEGER NOT NULL,
  layout INTEGER NOT NULL,
  fields TEXT NOT NULL,
  PRIMARY KEY (mapping_id, layout)
);
)sql",
                                                           R"sql(
ALTER TABLE lockstep_integrations ADD COLUMN secret TEXT NOT NULL DEFAULT '';

CREATE TABLE lockstep_notes(
  subject TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (subject, name)
);
)sql",
                                                           R"sql(
ALTER TABLE lockstep_field_mappings ADD COLUMN match_rules TEXT
  CHECK (match_rules IS NULL OR json_type(match_rules) = 'array');
)sql",
                                                           R"sql(
ALTER TABLE lockstep_field_mappings ADD COLUMN key_column TEXT NOT NULL DEFAULT '';
ALTER TABLE lockstep_field_mappings ADD COLUMN sync_direction TEXT NOT NULL DEFAULT '';
ALTER TABLE lockstep_field_mappings ADD COLUMN conflict_resolution TEXT NOT NULL DEFAULT '';
ALTER TABLE lockstep_field_mappings ADD COLUMN on_filter_leave TEXT NOT NULL DEFAULT '';

ALTER TABLE lockstep_conflicts ADD COLUMN org_changed_at TEXT;
ALTER TABLE lockstep_conflicts ADD COLUMN org_changed_by TEXT;
ALTER TABLE lockstep_conflicts ADD COLUMN store_changed_at TEXT;
ALTER TABLE lockstep_conflicts ADD COLUMN run_id TEXT;
ALTER TABLE lockstep_conflicts ADD COLUMN resolution TEXT;

ALTER TABLE lockstep_parked ADD COLUMN request TEXT;
ALTER TABLE lockstep_parked ADD COLUMN attempts INTEGER NOT NULL DEFAULT 1;
ALTER TABLE lockstep_parked ADD COLUMN run_id TEXT;
)sql",
                                                           R"sql(
CREATE TABLE lockstep_jobs(
  queue TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  state TEXT NOT NULL,
  score INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  data TEXT NOT NULL,
  options TEXT NOT NULL,
  timestamp INTEGER NOT NULL,
  delay INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  processed_on INTEGER,
  finished_on INTEGER,
  processed_by TEXT,
  attempts_made INTEGER NOT NULL,
  attempts_started INTEGER NOT NULL,
  stalled INTEGER NOT NULL,
  progress TEXT NOT NULL,
  return_value TEXT,
  failed_reason TEXT,
  stacktrace TEXT,
  deferred_failure TEXT,
  scheduler TEXT,
  deduplication_id TEXT,
  parent_key TEXT,
  next_run TEXT,
  token TEXT,
  locked_until INTEGER,
  suspected INTEGER NOT NULL,
  PRIMARY KEY (queue, id)
);
CREATE INDEX lockstep_jobs_order ON lockstep_jobs(queue, state, score, seq, id);

CREATE TABLE lockstep_job_logs(
  queue TEXT NOT NULL,
  job_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  line TEXT NOT NULL,
  PRIMARY KEY (queue, job_id, number)
);

CREATE TABLE lockstep_job_owners(
  queue TEXT NOT NULL,
  deduplication_id TEXT NOT NULL,
  job_id TEXT NOT NULL,
  until INTEGER,
  PRIMARY KEY (queue, deduplication_id)
);

CREATE TABLE lockstep_job_schedulers(
  queue TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  data TEXT NOT NULL,
  options TEXT NOT NULL,
  next INTEGER NOT NULL,
  iterations INTEGER NOT NULL,
  PRIMARY KEY (queue, id)
);

CREATE TABLE lockstep_queues(
  queue TEXT PRIMARY KEY NOT NULL,
  state TEXT NOT NULL
);
)sql",
                                                           R"sql(
ALTER TABLE lockstep_checkpoints ADD COLUMN bulk_job TEXT;
ALTER TABLE lockstep_checkpoints ADD COLUMN bulk_locator TEXT;
ALTER TABLE lockstep_checkpoints ADD COLUMN bulk_rows INTEGER;
)sql",
                                                           R"sql(
CREATE TABLE lockstep_history(
  history_id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  mapping_id INTEGER NOT NULL,
  row_key TEXT,
  record_id TEXT,
  first_link INTEGER,
  last_link INTEGER,
  action TEXT NOT NULL,
  details TEXT NOT NULL,
  run_id TEXT,
  request TEXT
);
CREATE INDEX lockstep_history_row ON lockstep_history(mapping_id, row_key) WHERE row_key IS NOT NULL;
CREATE INDEX lockstep_history_record ON lockstep_history(mapping_id, record_id) WHERE record_id IS NOT NULL;
CREATE INDEX lockstep_history_load ON lockstep_history(mapping_id, first_link) WHERE first_link IS NOT NULL;

CREATE TABLE lockstep_sweeps(
  mapping_id INTEGER PRIMARY KEY,
  fields TEXT NOT NULL,
  everything INTEGER NOT NULL,
  reached_at INTEGER NOT NULL,
  reached_record TEXT
);
ALTER TABLE lockstep_captures ADD COLUMN fields TEXT;
ALTER TABLE lockstep_captures ADD COLUMN filter TEXT;
)sql",
                                                           R"sql(
CREATE TABLE lockstep_aliases(
  mapping_id INTEGER NOT NULL,
  record_id TEXT NOT NULL,
  into_record TEXT,
  row_key TEXT,
  PRIMARY KEY (mapping_id, record_id),
  CHECK ((into_record IS NULL) <> (row_key IS NULL))
);
CREATE TABLE lockstep_tombstones(
  mapping_id INTEGER NOT NULL,
  row_key TEXT NOT NULL,
  names TEXT NOT NULL,
  cells TEXT NOT NULL,
  removed_at TEXT NOT NULL,
  PRIMARY KEY (mapping_id, row_key)
);
ALTER TABLE lockstep_parked ADD COLUMN waits_mapping INTEGER;
ALTER TABLE lockstep_parked ADD COLUMN waits_row TEXT;
ALTER TABLE lockstep_parked ADD COLUMN waits_name TEXT;
ALTER TABLE lockstep_conflicts ADD COLUMN against TEXT NOT NULL DEFAULT 'edit';
ALTER TABLE lockstep_checkpoints ADD COLUMN ids_checked_at INTEGER NOT NULL DEFAULT 0;

ALTER TABLE lockstep_integrations ADD COLUMN on_salesforce_delete TEXT NOT NULL DEFAULT 'delete'
  CHECK (on_salesforce_delete IN ('delete', 'archive', 'ignore', 'recreate'));
ALTER TABLE lockstep_integrations ADD COLUMN on_crm_delete TEXT NOT NULL DEFAULT 'delete'
  CHECK (on_crm_delete IN ('delete', 'archive', 'ignore', 'recreate'));
ALTER TABLE lockstep_integrations ADD COLUMN max_deletes INTEGER NOT NULL DEFAULT 1000 CHECK (max_deletes >= 0);
ALTER TABLE lockstep_integrations ADD COLUMN max_delete_percent INTEGER NOT NULL DEFAULT 5
  CHECK (max_delete_percent BETWEEN 0 AND 100);
ALTER TABLE lockstep_integrations ADD COLUMN max_changes INTEGER NOT NULL DEFAULT 0 CHECK (max_changes >= 0);
ALTER TABLE lockstep_integrations ADD COLUMN max_change_percent INTEGER NOT NULL DEFAULT 0
  CHECK (max_change_percent BETWEEN 0 AND 100);
ALTER TABLE lockstep_field_mappings ADD COLUMN on_salesforce_delete TEXT NOT NULL DEFAULT '';
ALTER TABLE lockstep_field_mappings ADD COLUMN on_crm_delete TEXT NOT NULL DEFAULT '';
)sql",
                                                           R"sql(
ALTER TABLE lockstep_links ADD COLUMN place TEXT CHECK (place IN ('flagged', 'leaving', 'outside'));
CREATE INDEX lockstep_links_place ON lockstep_links(mapping_id, place) WHERE place IS NOT NULL;
CREATE TABLE lockstep_detached(
  mapping_id INTEGER NOT NULL,
  row_key TEXT NOT NULL,
  column_name TEXT NOT NULL,
  parent_mapping INTEGER NOT NULL,
  parent_row TEXT NOT NULL,
  PRIMARY KEY (mapping_id, row_key, column_name)
);
CREATE INDEX lockstep_detached_parent ON lockstep_detached(parent_mapping, parent_row);
ALTER TABLE lockstep_checkpoints ADD COLUMN filter_checked_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lockstep_checkpoints ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
)sql",
                                                           R"sql(
CREATE TABLE lockstep_fits(
  mapping_id INTEGER NOT NULL,
  row_key TEXT NOT NULL,
  record_id TEXT NOT NULL
);
CREATE INDEX lockstep_fits_row ON lockstep_fits(mapping_id, row_key);
CREATE INDEX lockstep_fits_record ON lockstep_fits(mapping_id, record_id);
CREATE TRIGGER lockstep_fits_go AFTER DELETE ON lockstep_parked WHEN old.record_id IS NOT NULL BEGIN
  DELETE FROM lockstep_fits WHERE mapping_id = old.mapping_id AND record_id = old.record_id;
END;
)sql",
                                                           R"sql(
CREATE TABLE lockstep_claims(
  mapping_id INTEGER NOT NULL,
  row_key TEXT NOT NULL,
  record_id TEXT NOT NULL,
  asked INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (mapping_id, row_key)
);
CREATE INDEX lockstep_claims_record ON lockstep_claims(mapping_id, record_id);
)sql"};

struct ApplicationTable {
  const char* name;
  const char* columns;
  const char* indexes;
};

// What the application reads and writes, where it brings no tables of its own.
constexpr std::array<ApplicationTable, 5> application_tables = {{
    {"companies",
     "name TEXT, website TEXT, phone TEXT, industry TEXT, billing_street TEXT, billing_city TEXT, billing_state TEXT, "
     "billing_postal_code TEXT, billing_country TEXT, description TEXT",
     "CREATE INDEX companies_name ON companies(name);"},
    {"contacts",
     "first_name TEXT, last_name TEXT, email TEXT, phone TEXT, title TEXT, company TEXT, company_id INTEGER",
     "CREATE INDEX contacts_company_id ON contacts(company_id);"},
    {"opportunities", "name TEXT, stage TEXT, amount NUMERIC, close_date TEXT, company_id INTEGER, description TEXT",
     "CREATE INDEX opportunities_company_id ON opportunities(company_id);"},
    {"tasks",
     "subject TEXT, status TEXT, priority TEXT, due_date TEXT, description TEXT, contact_id INTEGER, "
     "company_id INTEGER, opportunity_id INTEGER",
     ""},
    {"events",
     "subject TEXT, location TEXT, start_at TEXT, end_at TEXT, is_all_day INTEGER, description TEXT, "
     "contact_id INTEGER, company_id INTEGER, opportunity_id INTEGER",
     ""},
}};

std::string create(const ApplicationTable& table) {
  const std::string now = std::string{"TEXT NOT NULL DEFAULT ("} + clock_text_sql + ")";
  return std::string{"CREATE TABLE "} + table.name +
         "(id INTEGER PRIMARY KEY AUTOINCREMENT, workspace_id TEXT NOT NULL DEFAULT 'default', " + table.columns +
         ", created_at " + now + ", updated_at " + now +
         ", archived_at TEXT, salesforce_id TEXT, salesforce_sync_status TEXT DEFAULT 'pending', salesforce_sync_error "
         "TEXT, "
         "salesforce_synced_at TEXT);" +
         table.indexes;
}

base::Result<bool> exists(Database& database, std::string_view table) {
  ASSIGN_OR_RETURN(const auto found,
                   database.value("SELECT 1 FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ?1 "
                                  "COLLATE NOCASE",
                                  table));
  return found.has_value();
}

base::Result<int> version_of(Database& database) {
  ASSIGN_OR_RETURN(const bool known, exists(database, "lockstep_schema"));
  if (!known) return 0;
  ASSIGN_OR_RETURN(const auto text, database.value("SELECT max(version) FROM lockstep_schema"));
  int version = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), version);
  if (version > schema_version)
    return base::failure(base::ErrorKind::settings,
                         "SQLite database " + database.path() + " was written by a newer Lockstep (schema " +
                             std::to_string(version) + ", this program knows " + std::to_string(schema_version) +
                             "): install that version, or name another file in store.url");
  return version;
}

}  // namespace

base::Result<void> migrate(Database& database) {
  ASSIGN_OR_RETURN(const int before, version_of(database));
  if (before == schema_version) return {};
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database));
  // Again, now that nobody else can write: two programs may have started at once.
  ASSIGN_OR_RETURN(const int version, version_of(database));
  ASSIGN_OR_RETURN(const auto anything, database.value("SELECT 1 FROM sqlite_schema LIMIT 1"));
  if (version == 0) {
    RETURN_IF_ERROR(database.execute("CREATE TABLE IF NOT EXISTS lockstep_schema(version INTEGER PRIMARY KEY)"));
    // A file that we make can say by itself what it is; an application's file keeps its own marks.
    if (!anything) RETURN_IF_ERROR(database.execute("PRAGMA application_id = 1280529488; PRAGMA user_version = 1"));
  }
  for (int step = version; step < schema_version; ++step) {
    RETURN_IF_ERROR(database.execute(steps[static_cast<std::size_t>(step)]));
    RETURN_IF_ERROR(database.execute("INSERT INTO lockstep_schema(version) VALUES (" + std::to_string(step + 1) + ")"));
  }
  if (!anything)
    for (const ApplicationTable& table : application_tables) RETURN_IF_ERROR(database.execute(create(table)));
  return transaction.commit();
}

base::Result<Database> open_file(const std::string& path, const FileOptions& options) {
  ASSIGN_OR_RETURN(Database database, Database::open(path, options.busy_timeout_ms));
  ASSIGN_OR_RETURN(const auto mode, database.value("PRAGMA journal_mode = WAL"));
  if (mode != "wal" && mode != "memory")
    return base::failure(base::ErrorKind::settings, "SQLite database " + path +
                                                        ": its place takes no write-ahead log "
                                                        "(a network file system?): put it on a local disk");
  // FULL: in WAL mode NORMAL may lose the last commits in a power cut, and the org would by then have been told.
  // A log of 64 MiB before its pages go into the file: a load comes back to the same index pages again and again, and
  // writing them out every 4 MiB took a quarter of its time.
  RETURN_IF_ERROR(
      database.execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; "
                       "PRAGMA recursive_triggers = OFF; PRAGMA wal_autocheckpoint = 16000; "
                       "PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -" +
                       std::to_string(options.cache_kib)));
  RETURN_IF_ERROR(migrate(database));
  return database;
}

}  // namespace store
