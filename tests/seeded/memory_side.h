#pragma once

#include "sides.h"
#include "store/memory/memory_store.h"

namespace seeded {

/// The store in memory, as one process sees it: every call carries the process's epoch.
class MemorySide final : public StoreSide {
 public:
  explicit MemorySide(const base::Clock& clock);

  Process start() override;
  base::Result<void> prepare(const model::Mapping& mapping) override { return store_.prepare(mapping); }
  std::vector<RowView> rows(std::size_t object) override;
  std::string insert(std::size_t object, const Fields& fields, const std::string& key) override;
  void edit(std::size_t object, const std::string& key, std::size_t field, const Text& value) override;
  void erase(std::size_t object, const std::string& key) override;
  std::vector<ConflictView> conflicts() override;
  std::size_t outbox(const model::Mapping& mapping) override { return store_.outbox_size(mapping); }
  std::size_t parked(const model::Mapping& mapping) override { return store_.parked(mapping); }

  store::MemoryStore& memory() { return store_; }

 private:
  store::MemoryStore store_;
  std::vector<std::unique_ptr<core::Store>> handles_;
};

}  // namespace seeded
