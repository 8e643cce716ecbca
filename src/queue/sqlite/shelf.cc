#include "queue/sqlite/shelf.h"

#include <boost/json.hpp>

#include "store/sqlite/schema.h"

namespace queue {
namespace {

namespace json = boost::json;
using store::Statement;
using store::Use;

std::int64_t number(base::Utc moment) {
  return moment.time_since_epoch().count();
}
base::Utc moment(std::int64_t number) {
  return base::Utc{milliseconds{number}};
}

void bind_moment(Statement& statement, int at, const std::optional<base::Utc>& when) {
  if (when)
    statement.bind(at, number(*when));
  else
    statement.bind_null(at);
}
std::optional<base::Utc> moment_in(const Statement& statement, int column) {
  return statement.is_null(column) ? std::nullopt : std::optional{moment(statement.integer(column))};
}

// The head is one document: nobody asks for a part of it.

json::value to_json(const Metrics& metrics) {
  return {{"count", metrics.count},
          {"previous_at", number(metrics.previous_at)},
          {"previous_count", metrics.previous_count},
          {"data", json::value_from(metrics.data)}};
}
std::string to_text(const Head& head) {
  json::object text{{"paused", head.paused},
                    {"limit_duration", head.limit_duration.count()},
                    {"limit_used", head.limit_used},
                    {"limit_until", number(head.limit_until)},
                    {"checked_until", number(head.checked_until)},
                    {"last_id", head.last_id},
                    {"last_seq", head.last_seq},
                    {"completed", to_json(head.completed)},
                    {"failed", to_json(head.failed)}};
  if (head.concurrency) text["concurrency"] = *head.concurrency;
  if (head.limit_max) text["limit_max"] = *head.limit_max;
  return json::serialize(text);
}

std::int64_t whole(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found && found->is_number() ? found->to_number<std::int64_t>() : 0;
}
Metrics metrics_in(const json::object& head, std::string_view name) {
  const json::object& from = head.at(name).as_object();
  return {whole(from, "count"), moment(whole(from, "previous_at")), whole(from, "previous_count"),
          json::value_to<std::vector<std::int64_t>>(from.at("data"))};
}
Head head_in(const std::string& text) {
  const json::value parsed = json::parse(text);
  const json::object& from = parsed.as_object();
  Head head;
  head.paused = from.at("paused").as_bool();
  if (from.contains("concurrency")) head.concurrency = static_cast<int>(whole(from, "concurrency"));
  if (from.contains("limit_max")) head.limit_max = static_cast<int>(whole(from, "limit_max"));
  head.limit_duration = milliseconds{whole(from, "limit_duration")};
  head.limit_used = whole(from, "limit_used");
  head.limit_until = moment(whole(from, "limit_until"));
  head.checked_until = moment(whole(from, "checked_until"));
  head.last_id = whole(from, "last_id");
  head.last_seq = whole(from, "last_seq");
  head.completed = metrics_in(from, "completed");
  head.failed = metrics_in(from, "failed");
  return head;
}

#define JOB_COLUMNS                                                                                             \
  "id, name, state, score, seq, data, options, timestamp, delay, priority, processed_on, finished_on, "         \
  "processed_by, attempts_made, attempts_started, stalled, progress, return_value, failed_reason, stacktrace, " \
  "deferred_failure, scheduler, deduplication_id, parent_key, next_run, token, locked_until, suspected"

base::Result<Entry> entry_in(const Statement& row) {
  const auto text = [&](int column) { return std::string{row.text(column)}; };
  Entry entry;
  Job& job = entry.job;
  job.id = text(0);
  job.name = text(1);
  entry.state = state_named(row.text(2)).value_or(State::waiting);
  entry.score = row.integer(3);
  entry.seq = row.integer(4);
  job.data = text(5);
  ASSIGN_OR_RETURN(job.options, options_from_json(row.text(6)));
  job.timestamp = moment(row.integer(7));
  job.delay = milliseconds{row.integer(8)};
  job.priority = static_cast<int>(row.integer(9));
  job.processed_on = moment_in(row, 10);
  job.finished_on = moment_in(row, 11);
  job.processed_by = text(12);
  job.attempts_made = static_cast<int>(row.integer(13));
  job.attempts_started = static_cast<int>(row.integer(14));
  job.stalled = static_cast<int>(row.integer(15));
  job.progress = text(16);
  job.return_value = text(17);
  job.failed_reason = text(18);
  if (!row.is_null(19)) job.stacktrace = json::value_to<std::vector<std::string>>(json::parse(text(19)));
  job.deferred_failure = text(20);
  job.scheduler = text(21);
  job.deduplication_id = text(22);
  job.parent_key = text(23);
  job.next_run = text(24);
  entry.token = text(25);
  entry.locked_until = moment(row.integer(26));
  entry.suspected = row.integer(27) != 0;
  return entry;
}

base::Result<Scheduler> scheduler_in(const Statement& row) {
  Scheduler scheduler;
  scheduler.id = row.text(0);
  scheduler.name = row.text(1);
  scheduler.data = row.text(2);
  ASSIGN_OR_RETURN(scheduler.options, options_from_json(row.text(3)));
  scheduler.repeat = scheduler.options.repeat.value_or(Repeat{});
  scheduler.options.repeat.reset();
  scheduler.next = moment(row.integer(4));
  scheduler.iterations = row.integer(5);
  return scheduler;
}

}  // namespace

base::Result<std::unique_ptr<SqliteShelf>> SqliteShelf::open(const std::string& path, const std::string& name) {
  ASSIGN_OR_RETURN(auto database, store::open_file(path, {.cache_kib = 256}));
  std::unique_ptr<SqliteShelf> shelf{new SqliteShelf{std::move(database), name}};
  shelf->changed_elsewhere();
  return shelf;
}

base::Result<Statement*> SqliteShelf::statement(const char* sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    ASSIGN_OR_RETURN(Statement made, database_.prepare(sql));
    found = statements_.emplace(sql, std::move(made)).first;
  }
  found->second.reset();
  found->second.bind(1, name_);
  return &found->second;
}

/// What `read` makes of every row.
template <class Item, class Read>
base::Result<std::vector<Item>> SqliteShelf::rows(Statement& select, Read read) {
  std::vector<Item> items;
  for (;;) {
    const auto step = select.step();
    if (step == Statement::Step::failed) return std::unexpected(database_.error("reading the queue"));
    if (step == Statement::Step::done) break;
    ASSIGN_OR_RETURN(Item item, read(select));
    items.push_back(std::move(item));
  }
  select.reset();
  return items;
}

// Transactions.

base::Result<void> SqliteShelf::begin() {
  return database_.execute("BEGIN IMMEDIATE");
}
base::Result<void> SqliteShelf::commit() {
  return database_.execute("COMMIT");
}
void SqliteShelf::rollback() {
  for (auto& [sql, statement] : statements_) statement.reset();
  if (database_.in_transaction()) (void)database_.execute("ROLLBACK");
}

bool SqliteShelf::changed_elsewhere() {
  const auto version = database_.value("PRAGMA data_version");
  if (!version || !*version) return true;  // Whoever looks finds out what is wrong.
  return std::exchange(version_, **version) != **version;
}

base::Result<Head> SqliteShelf::head() {
  ASSIGN_OR_RETURN(Statement * select, statement("SELECT state FROM lockstep_queues WHERE queue = ?1"));
  ASSIGN_OR_RETURN(const auto found, rows<std::string>(*select, [](const Statement& row) -> base::Result<std::string> {
                     return std::string{row.text(0)};
                   }));
  head_as_read_ = found.empty() ? "" : found.front();
  return found.empty() ? Head{} : head_in(found.front());
}

base::Result<void> SqliteShelf::put(const Head& head) {
  const std::string text = to_text(head);
  if (text == head_as_read_) return {};
  ASSIGN_OR_RETURN(Statement * put, statement("REPLACE INTO lockstep_queues(queue, state) VALUES (?1, ?2)"));
  put->bind(2, text);
  return database_.run(*put, "storing the queue's state");
}

// Jobs.

base::Result<std::optional<Entry>> SqliteShelf::find(std::string_view id) {
  ASSIGN_OR_RETURN(Statement * select,
                   statement("SELECT " JOB_COLUMNS " FROM lockstep_jobs WHERE queue = ?1 AND id = ?2"));
  select->bind(2, id);
  ASSIGN_OR_RETURN(auto found, rows<Entry>(*select, entry_in));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

base::Result<void> SqliteShelf::put(const Entry& entry) {
  const Job& job = entry.job;
  const std::string options = options_json(job.options);
  const std::string trace = job.stacktrace.empty() ? "" : json::serialize(json::value_from(job.stacktrace));
  ASSIGN_OR_RETURN(Statement * put,
                   statement("REPLACE INTO lockstep_jobs(queue, " JOB_COLUMNS
                             ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, "
                             "?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)"));
  put->bind(2, job.id).bind(3, job.name).bind(4, name_of(entry.state)).bind(5, entry.score).bind(6, entry.seq);
  put->bind(7, job.data).bind(8, options).bind(9, number(job.timestamp)).bind(10, job.delay.count());
  put->bind(11, std::int64_t{job.priority});
  bind_moment(*put, 12, job.processed_on);
  bind_moment(*put, 13, job.finished_on);
  put->bind_or_null(14, job.processed_by).bind(15, std::int64_t{job.attempts_made});
  put->bind(16, std::int64_t{job.attempts_started}).bind(17, std::int64_t{job.stalled}).bind(18, job.progress);
  put->bind_or_null(19, job.return_value).bind_or_null(20, job.failed_reason).bind_or_null(21, trace);
  put->bind_or_null(22, job.deferred_failure).bind_or_null(23, job.scheduler).bind_or_null(24, job.deduplication_id);
  put->bind_or_null(25, job.parent_key).bind_or_null(26, job.next_run).bind_or_null(27, entry.token);
  bind_moment(*put, 28, entry.token.empty() ? std::nullopt : std::optional{entry.locked_until});
  put->bind(29, std::int64_t{entry.suspected});
  return database_.run(*put, "storing job " + job.id);
}

base::Result<void> SqliteShelf::erase(std::string_view id) {
  for (const char* sql : {"DELETE FROM lockstep_jobs WHERE queue = ?1 AND id = ?2",
                          "DELETE FROM lockstep_job_logs WHERE queue = ?1 AND job_id = ?2"}) {
    ASSIGN_OR_RETURN(Statement * erase, statement(sql));
    erase->bind(2, id);
    RETURN_IF_ERROR(database_.run(*erase, "removing a job"));
  }
  return {};
}

base::Result<std::int64_t> SqliteShelf::count(State state) {
  ASSIGN_OR_RETURN(Statement * select, statement("SELECT count(*) FROM lockstep_jobs WHERE queue = ?1 AND state = ?2"));
  select->bind(2, name_of(state));
  ASSIGN_OR_RETURN(const auto found, rows<std::int64_t>(*select, [](const Statement& row) {
                     return base::Result<std::int64_t>{row.integer(0)};
                   }));
  return found.front();
}

base::Result<std::vector<Entry>> SqliteShelf::list(State state, std::int64_t skip, std::int64_t limit,
                                                   JobQueue::Order order) {
  const char* sql =
      order == JobQueue::Order::oldest_first
          ? "SELECT " JOB_COLUMNS
            " FROM lockstep_jobs WHERE queue = ?1 AND state = ?2 ORDER BY score, seq, id LIMIT ?3 OFFSET ?4"
          : "SELECT " JOB_COLUMNS
            " FROM lockstep_jobs WHERE queue = ?1 AND state = ?2 ORDER BY score DESC, seq DESC, id DESC "
            "LIMIT ?3 OFFSET ?4";
  ASSIGN_OR_RETURN(Statement * select, statement(sql));
  select->bind(2, name_of(state)).bind(3, limit).bind(4, skip);
  return rows<Entry>(*select, entry_in);
}

// Logs, deduplication, schedulers.

base::Result<void> SqliteShelf::log(std::string_view id, std::string_view row, std::optional<int> keep) {
  ASSIGN_OR_RETURN(
      Statement * insert,
      statement("INSERT INTO lockstep_job_logs(queue, job_id, number, line) VALUES (?1, ?2, (SELECT "
                "ifnull(max(number), 0) + 1 FROM lockstep_job_logs WHERE queue = ?1 AND job_id = ?2), ?3)"));
  insert->bind(2, id).bind(3, row);
  RETURN_IF_ERROR(database_.run(*insert, "logging for a job"));
  if (!keep) return {};
  ASSIGN_OR_RETURN(Statement * trim,
                   statement("DELETE FROM lockstep_job_logs WHERE queue = ?1 AND job_id = ?2 AND number <= (SELECT "
                             "max(number) FROM lockstep_job_logs WHERE queue = ?1 AND job_id = ?2) - ?3"));
  trim->bind(2, id).bind(3, std::int64_t{*keep});
  return database_.run(*trim, "trimming a job's log");
}

base::Result<LogPage> SqliteShelf::logs(std::string_view id, std::int64_t first, std::int64_t last) {
  ASSIGN_OR_RETURN(Statement * count,
                   statement("SELECT count(*) FROM lockstep_job_logs WHERE queue = ?1 AND job_id = ?2"));
  count->bind(2, id);
  ASSIGN_OR_RETURN(const auto size, rows<std::int64_t>(*count, [](const Statement& row) {
                     return base::Result<std::int64_t>{row.integer(0)};
                   }));
  const Range range = range_of(first, last, size.front());
  LogPage page{{}, size.front()};
  ASSIGN_OR_RETURN(Statement * select,
                   statement("SELECT line FROM lockstep_job_logs WHERE queue = ?1 AND job_id = ?2 ORDER BY number "
                             "LIMIT ?3 OFFSET ?4"));
  select->bind(2, id).bind(3, range.limit).bind(4, range.skip);
  ASSIGN_OR_RETURN(page.rows, rows<std::string>(*select, [](const Statement& row) {
                     return base::Result<std::string>{std::string{row.text(0)}};
                   }));
  return page;
}

base::Result<std::optional<Shelf::Owner>> SqliteShelf::owner(std::string_view deduplication_id) {
  ASSIGN_OR_RETURN(Statement * select, statement("SELECT job_id, until FROM lockstep_job_owners WHERE queue = ?1 AND "
                                                 "deduplication_id = ?2"));
  select->bind(2, deduplication_id);
  ASSIGN_OR_RETURN(auto found, rows<Owner>(*select, [](const Statement& row) {
                     return base::Result<Owner>{Owner{std::string{row.text(0)}, moment_in(row, 1)}};
                   }));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

base::Result<void> SqliteShelf::put_owner(std::string_view deduplication_id, const std::optional<Owner>& owner) {
  if (!owner) {
    ASSIGN_OR_RETURN(Statement * erase,
                     statement("DELETE FROM lockstep_job_owners WHERE queue = ?1 AND deduplication_id = ?2"));
    erase->bind(2, deduplication_id);
    return database_.run(*erase, "releasing a deduplication id");
  }
  ASSIGN_OR_RETURN(Statement * put,
                   statement("REPLACE INTO lockstep_job_owners(queue, deduplication_id, job_id, until) "
                             "VALUES (?1, ?2, ?3, ?4)"));
  put->bind(2, deduplication_id).bind(3, owner->job);
  bind_moment(*put, 4, owner->until);
  return database_.run(*put, "taking a deduplication id");
}

base::Result<std::vector<Scheduler>> SqliteShelf::schedulers() {
  ASSIGN_OR_RETURN(Statement * select, statement("SELECT id, name, data, options, next, iterations FROM "
                                                 "lockstep_job_schedulers WHERE queue = ?1 ORDER BY next, id"));
  return rows<Scheduler>(*select, scheduler_in);
}

base::Result<std::optional<Scheduler>> SqliteShelf::scheduler(std::string_view id) {
  ASSIGN_OR_RETURN(Statement * select, statement("SELECT id, name, data, options, next, iterations FROM "
                                                 "lockstep_job_schedulers WHERE queue = ?1 AND id = ?2"));
  select->bind(2, id);
  ASSIGN_OR_RETURN(auto found, rows<Scheduler>(*select, scheduler_in));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

base::Result<void> SqliteShelf::put(const Scheduler& scheduler) {
  JobOptions options = scheduler.options;
  options.repeat = scheduler.repeat;
  const std::string text = options_json(options);
  ASSIGN_OR_RETURN(Statement * put, statement("REPLACE INTO lockstep_job_schedulers(queue, id, name, data, options, "
                                              "next, iterations) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  put->bind(2, scheduler.id).bind(3, scheduler.name).bind(4, scheduler.data).bind(5, text);
  put->bind(6, number(scheduler.next)).bind(7, scheduler.iterations);
  return database_.run(*put, "storing a job scheduler");
}

base::Result<void> SqliteShelf::erase_scheduler(std::string_view id) {
  ASSIGN_OR_RETURN(Statement * erase, statement("DELETE FROM lockstep_job_schedulers WHERE queue = ?1 AND id = ?2"));
  erase->bind(2, id);
  return database_.run(*erase, "removing a job scheduler");
}

base::Result<void> SqliteShelf::clear() {
  for (const char* sql :
       {"DELETE FROM lockstep_jobs WHERE queue = ?1", "DELETE FROM lockstep_job_logs WHERE queue = ?1",
        "DELETE FROM lockstep_job_owners WHERE queue = ?1", "DELETE FROM lockstep_job_schedulers WHERE queue = ?1"}) {
    ASSIGN_OR_RETURN(Statement * clear, statement(sql));
    RETURN_IF_ERROR(database_.run(*clear, "clearing the queue"));
  }
  return {};
}

}  // namespace queue
