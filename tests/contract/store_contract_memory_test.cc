#include "store/memory/memory_store.h"
#include "store_under_test.h"

namespace {

using contract::Row;

class MemoryUnderTest final : public contract::StoreUnderTest {
 public:
  core::Store& store() override { return store_; }
  void reopen() override {}

  std::string insert(const std::string& table, const Row& row) override {
    return store_.insert(table, {row.begin(), row.end()});
  }
  void update(const std::string& table, const std::string& key, const Row& row) override {
    EXPECT_TRUE(store_.update(table, key, {row.begin(), row.end()}));
  }
  void erase(const std::string& table, const std::string& key) override { EXPECT_TRUE(store_.erase(table, key)); }
  std::optional<std::string> cell(const std::string& table, const std::string& key,
                                  const std::string& column) override {
    return store_.cell(table, key, column);
  }
  std::vector<std::string> keys(const std::string& table) override { return store_.keys(table); }
  std::size_t outbox_size(const model::Mapping& mapping) override { return store_.outbox_size(mapping); }
  bool forbid_duplicates(const std::string& table, const std::string& column) override {
    store_.make_unique(table, column);
    return true;
  }

 private:
  const base::SystemClock clock_;
  store::MemoryStore store_{clock_};
};

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract,
                         testing::Values(contract::Backend{"memory",
                                                           [] { return std::make_unique<MemoryUnderTest>(); }}),
                         [](const auto& backend) { return backend.param.name; });

}  // namespace
