#include "queue/memory/memory_queue.h"
#include "queue_under_test.h"

namespace {

class MemoryUnderTest final : public contract::QueueUnderTest {
 public:
  queue::JobQueue& here() override { return *queue_; }
  queue::JobQueue& elsewhere() override { return *queue_; }

 private:
  std::unique_ptr<queue::JobQueue> queue_ = queue::make_memory_queue();
};

INSTANTIATE_TEST_SUITE_P(Memory, QueueContract, testing::Values(contract::QueueBackend{
                                                    "memory", [] { return std::make_unique<MemoryUnderTest>(); }}));

}  // namespace
