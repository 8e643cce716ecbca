#include <unistd.h>

#include <filesystem>
#include <thread>

#include "queue/sqlite/sqlite_queue.h"
#include "queue_under_test.h"

namespace {

using namespace std::chrono_literals;

std::string fresh_folder() {
  static std::atomic<int> number = 0;
  const auto folder = std::filesystem::temp_directory_path() /
                      ("lockstep_queue_" + std::to_string(getpid()) + "_" + std::to_string(++number));
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

/// Two connections to one file, as two processes have.
class SqliteUnderTest final : public contract::QueueUnderTest {
 public:
  ~SqliteUnderTest() override {
    here_.reset();
    elsewhere_.reset();
    std::filesystem::remove_all(folder_);
  }
  queue::JobQueue& here() override { return *here_; }
  queue::JobQueue& elsewhere() override { return *elsewhere_; }
  std::unique_ptr<queue::JobQueue> open(const std::string& name = "salesforce-sync") const {
    return contract::must(queue::open_sqlite_queue(folder_ + "/lockstep.db", name));
  }

 private:
  const std::string folder_ = fresh_folder();
  std::unique_ptr<queue::JobQueue> here_ = open(), elsewhere_ = open();
};

INSTANTIATE_TEST_SUITE_P(Sqlite, QueueContract,
                         testing::Values(contract::QueueBackend{
                             "sqlite", [] { return std::make_unique<SqliteUnderTest>(); }, 12}));

TEST(SqliteQueue, KeepsJobsOfTwoNamesApart) {
  SqliteUnderTest file;
  const auto other = file.open("other");
  contract::must(file.here().add({"mine"}, file.now()));
  EXPECT_FALSE(contract::must(other->take({"token"}, file.now())).job);
  EXPECT_EQ(contract::must(file.here().take({"token"}, file.now())).job->name, "mine");
}

TEST(SqliteQueue, KeepsEverythingThatAJobCarries) {
  SqliteUnderTest file;
  const auto options = contract::must(queue::options_from_json(
      R"({"attempts":3,"backoff":{"type":"exponential","delay":500,"jitter":0.25},"removeOnComplete":{"count":20},
          "removeOnFail":{"age":3600,"limit":7},"priority":9,"stackTraceLimit":2,"kl":5,"de":{"id":"d","ttl":9000},
          "jobId":"a:b:c","tm":"kept"})"));
  queue::NewJob job{"sync", R"({"integrationId":"ö"})", options};
  contract::must(file.here().add(job, file.now()));
  const auto seen = contract::must(file.elsewhere().job("a:b:c"));
  ASSERT_TRUE(seen);
  EXPECT_EQ(queue::options_json(seen->options), queue::options_json(options));
  EXPECT_EQ(seen->data, job.data);
  EXPECT_EQ(seen->deduplication_id, "d");
}

// Four connections in four threads take what a fifth one adds: everything once.
TEST(SqliteQueue, GivesEachJobToOneOfManyProcesses) {
  SqliteUnderTest file;
  constexpr int jobs = 120;
  std::mutex mutex;
  std::map<std::string, int> taken;
  std::vector<std::jthread> workers;
  for (int worker = 0; worker < 4; ++worker)
    workers.emplace_back([&, worker](const std::stop_token& stop) {
      const auto queue = file.open();
      for (int turn = 0; !stop.stop_requested(); ++turn) {
        const std::string token = std::to_string(worker) + "/" + std::to_string(turn);
        auto got = contract::must(queue->take({token}, file.now()));
        if (!got.job) {
          contract::must(queue->wait(50ms));
          continue;
        }
        contract::must(queue->complete(*got.job, token, "null", {}, file.now()));
        const std::lock_guard lock{mutex};
        ++taken[got.job->id];
      }
    });
  for (int i = 0; i < jobs; ++i) contract::must(file.here().add({"job"}, file.now()));
  const auto all = [&] {
    const std::lock_guard lock{mutex};
    return taken.size() == jobs;
  };
  while (!all()) std::this_thread::sleep_for(5ms);
  workers.clear();
  for (const auto& [id, times] : taken) EXPECT_EQ(times, 1) << id;
  EXPECT_EQ(contract::must(file.here().counts()).at(queue::State::completed), jobs);
}

}  // namespace
