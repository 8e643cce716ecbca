#include "store/sqlite/database.h"

#include <sqlite3.h>

namespace store {
namespace {

using base::ErrorKind;

/// What a caller is to do about an SQLite result code.
ErrorKind kind_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
      return ErrorKind::unreachable;
    case SQLITE_CORRUPT:
      return ErrorKind::corrupt;
    case SQLITE_INTERRUPT:
      return ErrorKind::cancelled;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return ErrorKind::rejected;
    default:
      return ErrorKind::settings;  // NOTADB; or a table changed under us: SQLITE_ERROR, SQLITE_SCHEMA
  }
}

std::string_view remedy_for(int code) {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program keeps the database locked: close it or let it commit; the work is tried again";
    case SQLITE_CANTOPEN:
      return "check that the folder exists and that this user may write to it";
    case SQLITE_FULL:
      return "the disk is full: free some space; nothing was stored in part";
    case SQLITE_IOERR:
      return "the disk did not answer: check it and its space";
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return "the file or its folder is read-only for this user: give it write permission";
    case SQLITE_NOTADB:
      return "the file is no SQLite database, or is encrypted or damaged: name another file in store.url, or restore "
             "a backup";
    case SQLITE_CORRUPT:
      return "the database is damaged: stop all programs that use it, then restore a backup, or recover it with "
             "`sqlite3 FILE .recover`";
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:
      return "a table may have been changed meanwhile: `lockstep mapping check` names what is missing";
    default:
      return "";
  }
}

/// As the documentation spells it, for those that users meet.
std::string name_of_code(int code) {
  switch (code) {
    case SQLITE_CONSTRAINT_CHECK:
      return "SQLITE_CONSTRAINT_CHECK";
    case SQLITE_CONSTRAINT_DATATYPE:
      return "SQLITE_CONSTRAINT_DATATYPE";
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return "SQLITE_CONSTRAINT_FOREIGNKEY";
    case SQLITE_CONSTRAINT_NOTNULL:
      return "SQLITE_CONSTRAINT_NOTNULL";
    case SQLITE_CONSTRAINT_PRIMARYKEY:
      return "SQLITE_CONSTRAINT_PRIMARYKEY";
    case SQLITE_CONSTRAINT_TRIGGER:
      return "SQLITE_CONSTRAINT_TRIGGER";
    case SQLITE_CONSTRAINT_UNIQUE:
      return "SQLITE_CONSTRAINT_UNIQUE";
    default:
      break;
  }
  switch (code & 0xFF) {
    case SQLITE_BUSY:
      return "SQLITE_BUSY";
    case SQLITE_CANTOPEN:
      return "SQLITE_CANTOPEN";
    case SQLITE_CONSTRAINT:
      return "SQLITE_CONSTRAINT";
    case SQLITE_CORRUPT:
      return "SQLITE_CORRUPT";
    case SQLITE_FULL:
      return "SQLITE_FULL";
    case SQLITE_IOERR:
      return "SQLITE_IOERR";
    case SQLITE_LOCKED:
      return "SQLITE_LOCKED";
    case SQLITE_MISMATCH:
      return "SQLITE_MISMATCH";
    case SQLITE_NOTADB:
      return "SQLITE_NOTADB";
    case SQLITE_READONLY:
      return "SQLITE_READONLY";
    case SQLITE_TOOBIG:
      return "SQLITE_TOOBIG";
    default:
      return "SQLITE_" + std::to_string(code);
  }
}

}  // namespace

Statement::~Statement() {
  sqlite3_finalize(handle_);
}

Statement& Statement::bind(int at, std::string_view text) {
  // A null pointer would bind NULL; an empty text is none.
  sqlite3_bind_text64(handle_, at, text.data() ? text.data() : "", text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}
Statement& Statement::bind_blob(int at, std::string_view bytes) {
  sqlite3_bind_blob64(handle_, at, bytes.data() ? bytes.data() : "", bytes.size(), SQLITE_STATIC);
  return *this;
}
Statement& Statement::bind(int at, std::int64_t number) {
  sqlite3_bind_int64(handle_, at, number);
  return *this;
}
Statement& Statement::bind(int at, double number) {
  sqlite3_bind_double(handle_, at, number);
  return *this;
}
Statement& Statement::bind_null(int at) {
  sqlite3_bind_null(handle_, at);
  return *this;
}

Statement::Step Statement::step() {
  switch (sqlite3_step(handle_)) {
    case SQLITE_ROW:
      return Step::row;
    case SQLITE_DONE:
      return Step::done;
    default:
      return Step::failed;
  }
}
void Statement::reset() {
  sqlite3_reset(handle_);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}
int Statement::type(int column) const {
  return sqlite3_column_type(handle_, column);
}
std::string_view Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  return bytes ? std::string_view{bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))}
               : std::string_view{};
}
std::string_view Statement::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  return bytes ? std::string_view{bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))}
               : std::string_view{};
}
std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}
double Statement::real(int column) const {
  return sqlite3_column_double(handle_, column);
}

Database::~Database() {
  sqlite3_close_v2(handle_);
}

base::Result<Database> Database::open(const std::string& path, int busy_timeout_ms) {
  Database database;
  database.path_ = path;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (sqlite3_open_v2(path.c_str(), &database.handle_, flags, nullptr) != SQLITE_OK)
    return std::unexpected(database.error("opening the database"));
  sqlite3_busy_timeout(database.handle_, busy_timeout_ms);
  return database;
}

base::Result<Statement> Database::prepare(std::string_view sql) {
  Statement statement;
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement.handle_, nullptr) != SQLITE_OK)
    return std::unexpected(error("preparing a statement"));
  return statement;
}

base::Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return std::unexpected(error("running `" + sql.substr(0, 60) + "`"));
  return {};
}

base::Result<void> Database::run(Statement& statement, std::string_view doing) {
  Statement::Step step = Statement::Step::row;
  while (step == Statement::Step::row) step = statement.step();
  if (step == Statement::Step::done) {
    statement.reset();
    return {};
  }
  auto failed = error(doing);
  statement.reset();
  return std::unexpected(std::move(failed));
}

base::Result<std::optional<std::string>> Database::value(std::string_view sql, std::string_view parameter) {
  ASSIGN_OR_RETURN(Statement statement, prepare(sql));
  if (sqlite3_bind_parameter_count(statement.handle_) > 0) statement.bind(1, parameter);
  switch (statement.step()) {
    case Statement::Step::failed:
      return std::unexpected(error("reading the database"));
    case Statement::Step::done:
      return std::nullopt;
    case Statement::Step::row:
      break;
  }
  if (statement.is_null(0)) return std::nullopt;
  return std::string{statement.text(0)};
}

base::Error Database::error(std::string_view doing) const {
  const int code = handle_ ? sqlite3_extended_errcode(handle_) : SQLITE_CANTOPEN;
  std::string text = "SQLite database " + path_ + ": " + std::string{doing} + ": " + message();
  if (const std::string_view remedy = remedy_for(code); !remedy.empty()) (text += "; ") += remedy;
  return {kind_of(code), std::move(text), name_of_code(code)};
}

bool Database::refused_a_row() const {
  return kind_of(sqlite3_errcode(handle_)) == ErrorKind::rejected;
}
bool Database::unique_violated() const {
  const int code = sqlite3_extended_errcode(handle_);
  return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY;
}
std::string Database::code_name() const {
  return name_of_code(handle_ ? sqlite3_extended_errcode(handle_) : 0);
}
std::string Database::message() const {
  return handle_ ? sqlite3_errmsg(handle_) : "out of memory";
}
bool Database::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}
bool Database::owes_foreign_keys() const {
  int current = 0, highest = 0;
  sqlite3_db_status(handle_, SQLITE_DBSTATUS_DEFERRED_FKS, &current, &highest, 0);
  return current != 0;
}
void Database::enable_triggers(bool on) {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_TRIGGER, on ? 1 : 0, nullptr);
}
int Database::changes() const {
  return sqlite3_changes(handle_);
}
std::int64_t Database::last_rowid() const {
  return sqlite3_last_insert_rowid(handle_);
}

base::Result<Transaction> Transaction::begin(Database& database) {
  // IMMEDIATE: a transaction that reads first and writes later could find its snapshot stale.
  RETURN_IF_ERROR(database.execute("BEGIN IMMEDIATE"));
  return Transaction{database};
}

base::Result<Transaction> Transaction::begin_reading(Database& database) {
  RETURN_IF_ERROR(database.execute("BEGIN"));
  return Transaction{database};
}

Transaction::~Transaction() {
  // A failed rollback leaves nothing stored either: SQLite has then rolled back by itself.
  if (!database_ || !database_->in_transaction()) return;
  [[maybe_unused]] const auto rolled_back = database_->execute("ROLLBACK");
}

base::Result<void> Transaction::commit() {
  RETURN_IF_ERROR(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

std::string quoted(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"') text += '"';
    text += c;
  }
  return text += '"';
}

std::string literal(std::string_view text) {
  std::string sql = "'";
  for (const char c : text) {
    if (c == '\'') sql += '\'';
    sql += c;
  }
  return sql += '\'';
}

}  // namespace store
