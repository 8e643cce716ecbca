#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace store {

/// A prepared statement. Text and blobs are bound without a copy: they must live until the next reset.
class Statement {
 public:
  enum class Step { row, done, failed };

  Statement() = default;
  Statement(Statement&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Statement();

  explicit operator bool() const { return handle_ != nullptr; }

  // Parameters count from 1.
  Statement& bind(int at, std::string_view text);
  Statement& bind_blob(int at, std::string_view bytes);
  Statement& bind(int at, std::int64_t number);
  Statement& bind(int at, double number);
  Statement& bind_null(int at);
  Statement& bind_or_null(int at, std::string_view text) { return text.empty() ? bind_null(at) : bind(at, text); }

  Step step();
  void reset();

  // Columns count from 0; text is valid until the next step or reset.
  bool is_null(int column) const;
  int type(int column) const;  ///< SQLITE_INTEGER, …
  std::string_view text(int column) const;
  std::string_view blob(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;

 private:
  friend class Database;
  sqlite3_stmt* handle_ = nullptr;
};

/// Resets a statement at the end of its use, so that it holds neither borrowed bytes nor a read lock.
class Use {
 public:
  explicit Use(Statement& statement) : statement_(statement) { statement.reset(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() { statement_.reset(); }
  Statement* operator->() { return &statement_; }
  Statement& operator*() { return statement_; }

 private:
  Statement& statement_;
};

/// One connection. Used by one thread.
class Database {
 public:
  Database() = default;
  Database(Database&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)), path_(std::move(other.path_)) {}
  Database& operator=(Database&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(path_, other.path_);
    return *this;
  }
  ~Database();

  /// Makes the file if there is none.
  static base::Result<Database> open(const std::string& path, int busy_timeout_ms);

  const std::string& path() const { return path_; }

  base::Result<Statement> prepare(std::string_view sql);
  base::Result<void> execute(const std::string& sql);  ///< One or several statements without parameters.
  /// Runs a statement to its end; `doing` names the step for the error.
  base::Result<void> run(Statement& statement, std::string_view doing);
  /// What `read` makes of each row that is left; `doing` names the step for the error.
  template <class Read>
  auto all(Statement& statement, std::string_view doing, Read read)
      -> base::Result<std::vector<std::invoke_result_t<Read, const Statement&>>> {
    std::vector<std::invoke_result_t<Read, const Statement&>> rows;
    for (auto step = statement.step(); step != Statement::Step::done; step = statement.step()) {
      if (step == Statement::Step::failed) return std::unexpected(error(doing));
      rows.push_back(read(statement));
    }
    return rows;
  }
  /// The first column of the first row; nothing when there is no row or it is null.
  base::Result<std::optional<std::string>> value(std::string_view sql, std::string_view parameter = {});

  /// The connection's last error, in our terms.
  base::Error error(std::string_view doing) const;
  bool refused_a_row() const;  ///< The last error was a constraint, a type or a size: the row's own fault.
  bool unique_violated() const;
  std::string message() const;
  std::string code_name() const;  ///< Of the last error: "SQLITE_CONSTRAINT_UNIQUE".
  bool in_transaction() const;
  bool owes_foreign_keys() const;  ///< A deferred foreign key is violated so far.
  int changes() const;
  /// Switches every trigger off or on for this connection. Costs a new preparation of every statement.
  void enable_triggers(bool on);
  std::int64_t last_rowid() const;

 private:
  sqlite3* handle_ = nullptr;
  std::string path_;
};

/// Everything between its making and commit() is stored, or nothing.
class Transaction {
 public:
  static base::Result<Transaction> begin(Database& database);
  static base::Result<Transaction> begin_reading(Database& database);  ///< One view of the file; keeps nobody waiting.
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  base::Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

/// `name` as an SQL identifier. The one place where a name enters SQL.
std::string quoted(std::string_view name);

/// `text` as an SQL string, for triggers, which take no parameters.
std::string literal(std::string_view text);

}  // namespace store
