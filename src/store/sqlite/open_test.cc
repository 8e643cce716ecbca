#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <fstream>
#include <thread>

#include "base/random.h"
#include "store/sqlite/test_support.h"

namespace store {
namespace {

void expect_refused(const std::string& path, base::ErrorKind kind, const char* text) {
  const auto opened = SqliteStore::open(path, {.busy_timeout_ms = 50});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, kind) << opened.error().message;
  EXPECT_NE(opened.error().message.find(text), std::string::npos) << opened.error().message;
  EXPECT_NE(opened.error().message.find(path), std::string::npos) << opened.error().message;
}

TEST(SqliteOpen, MakesTheApplicationTablesInAnEmptyFileOnce) {
  TestFolder folder;
  need(SqliteStore::open(folder.file()));
  Client client(folder.file());
  const char* count =
      "SELECT count(*) FROM sqlite_schema WHERE name IN ('companies', 'contacts', 'opportunities', 'tasks', 'events')";
  EXPECT_EQ(client.one(count), "5");
  client.run("DROP TABLE events");
  need(SqliteStore::open(folder.file()));
  EXPECT_EQ(client.one(count), "4") << "the application does without";
}

TEST(SqliteOpen, MakesNoTableBesideTheApplicationsOwn) {
  TestFolder folder;
  Client client(folder.file());
  client.run("CREATE TABLE contacts(id INTEGER PRIMARY KEY, last_name TEXT, email TEXT); PRAGMA user_version = 42");
  need(SqliteStore::open(folder.file()));
  need(SqliteStore::open(folder.file()));
  EXPECT_EQ(client.run("SELECT name FROM pragma_table_info('contacts')").size(), 3u);
  EXPECT_EQ(client.one("PRAGMA user_version"), "42") << "that number is the application's";
  EXPECT_EQ(client.one("SELECT count(*) FROM sqlite_schema WHERE name IN ('companies', 'opportunities', 'tasks', "
                       "'events')"),
            "0");
  EXPECT_EQ(client.one("PRAGMA journal_mode"), "wal");
}

TEST(SqliteOpen, RefusesANewerSchema) {
  TestFolder folder;
  need(SqliteStore::open(folder.file()));
  Client(folder.file()).run("INSERT INTO lockstep_schema VALUES (99)");
  expect_refused(folder.file(), base::ErrorKind::settings, "newer Lockstep (schema 99");
}

TEST(SqliteOpen, RefusesAFileThatIsNoDatabase) {
  TestFolder folder;
  std::ofstream(folder.file()) << std::string(5000, 'x');
  expect_refused(folder.file(), base::ErrorKind::settings, "no SQLite database");
}

TEST(SqliteOpen, SaysThatAFileIsDamaged) {
  TestFolder folder;
  {
    auto store = need(SqliteStore::open(folder.file()));
    Client(folder.file()).run("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  std::fstream file(folder.file(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(100);
  file << std::string(3000, '\x5a');
  file.close();
  expect_refused(folder.file(), base::ErrorKind::corrupt, "damaged");
}

TEST(SqliteOpen, SaysThatAFileIsOutOfReach) {
  TestFolder folder;
  expect_refused(folder.file("no/such/folder.db"), base::ErrorKind::unreachable, "check that the folder exists");
  Client client(folder.file());
  client.run("PRAGMA journal_mode = WAL; CREATE TABLE t(a); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)");
  expect_refused(folder.file(), base::ErrorKind::unreachable, "another program keeps the database locked");
}

TEST(SqliteOpen, AFullDiskStoresNothingInPart) {
  TestFolder folder;
  auto store = need(SqliteStore::open(folder.file()));
  const auto mapping = test_mapping();
  need(store->prepare(mapping));
  Client client(folder.file());
  // The pages that are there, and not one more.
  struct rlimit_guard {
    rlimit_guard() { signal(SIGXFSZ, SIG_IGN); }
    ~rlimit_guard() { signal(SIGXFSZ, SIG_DFL); }
  } ignored;
  const pid_t child = fork();
  if (child == 0) {
    auto own = SqliteStore::open(folder.file());
    if (!own || !(*own)->prepare(mapping)) _exit(2);
    struct ::rlimit limit{64 * 1024, 64 * 1024};
    setrlimit(RLIMIT_FSIZE, &limit);
    const auto loaded =
        (*own)->load(mapping, test_page(1, std::vector<std::string>(5000, std::string(100, 'n'))), model::Watermark{});
    _exit(!loaded && loaded.error().kind == base::ErrorKind::unreachable ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(client.one("SELECT count(*) FROM contacts"), "0");
  EXPECT_EQ(client.one("SELECT count(*) FROM lockstep_links"), "0");
  EXPECT_EQ(client.one("SELECT ours FROM lockstep_guard"), "0");
}

TEST(SqliteCrash, AKillAtAnyMomentLeavesWholePagesOnly) {
  TestFolder folder;
  const auto mapping = test_mapping();
  need(need(SqliteStore::open(folder.file()))->prepare(mapping));
  base::Random random(20260101);
  std::size_t reached = 0;
  for (int kill_number = 0; kill_number < 100; ++kill_number) {
    const pid_t child = fork();
    if (child == 0) {
      // Page after page of 40 records: loaded, settled again with new names, and edited as the application would.
      auto own = SqliteStore::open(folder.file());
      if (!own || !(*own)->prepare(mapping)) _exit(2);
      auto position = (*own)->position(mapping);
      if (!position) _exit(3);
      const auto* mark = std::get_if<model::Watermark>(&*position);
      for (std::size_t page_number = mark ? static_cast<std::size_t>(mark->sweep_from.time_since_epoch().count()) : 0;;
           ++page_number) {
        model::Watermark next;
        next.sweep_from = base::Utc{std::chrono::milliseconds{page_number + 1}};
        const auto page = test_page(page_number * 40, std::vector<std::string>(40, "n" + std::to_string(page_number)));
        if (page_number % 2 == 0) {
          const auto loaded = (*own)->load(mapping, page, next);
          if (!loaded || !*loaded) _exit(4);
        } else {
          const auto settled = (*own)->settle(mapping, page, [&](const core::Known& known) {
            auto writes = take_page(page, known);
            writes.position = next;
            return writes;
          });
          if (!settled || !settled->empty()) _exit(5);
        }
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{8 + random.below(30)});
    ASSERT_EQ(waitpid(child, nullptr, WNOHANG), 0) << "the writer failed by itself";
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);

    auto store = need(SqliteStore::open(folder.file()));
    const auto position = need(store->position(mapping));
    const auto* mark = std::get_if<model::Watermark>(&position);
    const auto pages = mark ? static_cast<std::size_t>(mark->sweep_from.time_since_epoch().count()) : 0;
    EXPECT_GE(pages, reached);
    reached = pages;
    Client client(folder.file());
    const std::string count = std::to_string(pages * 40);
    ASSERT_EQ(client.one("SELECT count(*) FROM contacts"), count);
    ASSERT_EQ(client.one("SELECT count(*) FROM lockstep_links l JOIN contacts c ON c.id = l.row_key AND "
                         "c.salesforce_id = l.record_id WHERE l.state = 'linked' AND l.base IS NOT NULL"),
              count);
    ASSERT_EQ(client.one("SELECT count(*) FROM lockstep_outbox"), "0");
    ASSERT_EQ(client.one("SELECT ours FROM lockstep_guard"), "0") << "edits would go unseen";
  }
  EXPECT_GT(reached, 5u) << "the kills came too early to mean anything";
  EXPECT_EQ(Client(folder.file()).one("PRAGMA integrity_check"), "ok");
}

}  // namespace
}  // namespace store
