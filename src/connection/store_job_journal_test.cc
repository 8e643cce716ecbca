#include "connection/store_job_journal.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "store/sqlite/sqlite_store.h"

namespace connection {
namespace {

using Jobs = std::vector<std::string>;

template <class T>
T need(base::Result<T> result) {
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  return *std::move(result);
}

TEST(StoreJobJournal, KeepsJobsOfOneIntegrationUntilTheyAreRemoved) {
  std::string folder = (std::filesystem::temp_directory_path() / "journalXXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/store.db";
  {
    const auto store = need(store::SqliteStore::open(path));
    StoreJobJournal journal{*store, {"one"}}, other{*store, {"two"}};
    EXPECT_EQ(need(journal.jobs()), Jobs{});
    ASSERT_TRUE(journal.add("750A") && journal.add("750B") && journal.add("750A") && other.add("750C"));
    ASSERT_TRUE(journal.remove("750Z"));
  }
  const auto store = need(store::SqliteStore::open(path));
  StoreJobJournal journal{*store, {"one"}};
  EXPECT_EQ(need(journal.jobs()), (Jobs{"750B", "750A"}));
  ASSERT_TRUE(journal.remove("750B"));
  EXPECT_EQ(need(journal.jobs()), Jobs{"750A"});
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace connection
