// Who may sync an integration: one process, for a time, under an epoch that only grows.
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <string>

#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/step.h"

namespace store {
namespace {

using base::ErrorKind;

/// A process, told apart from every other one that had or will have its number.
struct Process {
  std::string host;  ///< With the pid namespace: containers of one machine count their processes each for itself.
  std::string boot;
  std::int64_t pid = 0;
  std::int64_t started = 0;  ///< In clock ticks since boot.
};

/// When process `pid` started; nothing if there is none. Source: proc(5), /proc/PID/stat field 22.
std::optional<std::int64_t> start_of(std::int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  std::size_t at = line.rfind(')');  // The command may hold blanks and parentheses.
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = line.find(' ', at + 1);
  if (at == std::string::npos) return std::nullopt;
  const bool zombie = line.compare(line.rfind(')') + 2, 1, "Z") == 0;
  std::int64_t ticks = 0;
  std::from_chars(line.data() + at + 1, line.data() + line.size(), ticks);
  return zombie ? std::nullopt : std::optional{ticks};
}

Process this_process() {
  Process process;
  char text[256] = {};
  if (gethostname(text, sizeof text - 1) == 0) process.host = text;
  const auto length = readlink("/proc/self/ns/pid", text, sizeof text);
  if (length > 0) (process.host += ' ').append(text, static_cast<std::size_t>(length));
  std::ifstream boot("/proc/sys/kernel/random/boot_id");
  std::getline(boot, process.boot);
  process.pid = getpid();
  process.started = start_of(process.pid).value_or(0);
  return process;
}

/// True if `owner` is known to live no more.
bool is_dead(const Process& owner, const Process& here) {
  if (owner.host != here.host) return false;  // Another machine: only time tells.
  if (owner.boot != here.boot) return true;   // This machine, before its last start.
  return start_of(owner.pid) != owner.started;
}

base::Error lost(const core::Lease& lease) {
  return {ErrorKind::cancelled,
          "the lease on integration " + lease.integration.text + " was taken over; this run must stop",
          {},
          {}};
}

}  // namespace

base::Result<core::Lease> SqliteStore::take_lease(const model::IntegrationId& integration, base::Utc now,
                                                  std::chrono::seconds ttl) {
  const Process here = this_process();
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
  core::Lease lease{.integration = integration, .epoch = 1};
  {
    ASSIGN_OR_RETURN(Statement * find, statement("SELECT epoch, host, boot, pid, process_started, expires_at FROM "
                                                 "lockstep_leases WHERE integration_id = ?1"));
    Use held{*find};
    held->bind(1, integration.text);
    const auto read = held->step();
    if (read == Statement::Step::failed) return std::unexpected(database_.error("reading a lease"));
    if (read == Statement::Step::row) {
      lease.epoch = held->integer(0) + 1;
      const Process owner{std::string{held->text(1)}, std::string{held->text(2)}, held->integer(3), held->integer(4)};
      const bool free = held->is_null(3) || held->integer(5) <= milliseconds(now) || is_dead(owner, here);
      if (!free)
        return base::failure(ErrorKind::cancelled, "integration " + integration.text + " is being synced by process " +
                                                       std::to_string(owner.pid) + " on " +
                                                       owner.host.substr(0, owner.host.find(' ')) +
                                                       "; wait until that run is through");
    }
  }
  ASSIGN_OR_RETURN(Statement * take,
                   statement("REPLACE INTO lockstep_leases(integration_id, epoch, host, boot, pid, process_started, "
                             "expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  take->bind(1, integration.text).bind(2, lease.epoch).bind(3, here.host).bind(4, here.boot).bind(5, here.pid);
  take->bind(6, here.started).bind(7, milliseconds(now + ttl));
  RETURN_IF_ERROR(database_.run(*take, "taking a lease"));
  RETURN_IF_ERROR(transaction.commit());
  return lease;
}

base::Result<void> SqliteStore::renew_lease(const core::Lease& lease, base::Utc now, std::chrono::seconds ttl) {
  ASSIGN_OR_RETURN(Statement * renew, statement("UPDATE lockstep_leases SET expires_at = ?3 WHERE integration_id = ?1 "
                                                "AND epoch = ?2 AND pid IS NOT NULL"));
  renew->bind(1, lease.integration.text).bind(2, lease.epoch).bind(3, milliseconds(now + ttl));
  RETURN_IF_ERROR(database_.run(*renew, "renewing a lease"));
  if (database_.changes() == 0) return std::unexpected(lost(lease));
  return {};
}

base::Result<void> SqliteStore::release_lease(const core::Lease& lease) {
  // The epoch stays, so that a write of this lease that is still on its way is refused.
  ASSIGN_OR_RETURN(Statement * give, statement("UPDATE lockstep_leases SET host = NULL, boot = NULL, pid = NULL, "
                                               "process_started = NULL, expires_at = 0 WHERE integration_id = ?1 AND "
                                               "epoch = ?2"));
  give->bind(1, lease.integration.text).bind(2, lease.epoch);
  return database_.run(*give, "giving a lease back");
}

}  // namespace store
