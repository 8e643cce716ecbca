#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "core/ports/store.h"

namespace contract {

/// Values by column; nothing is null.
using Row = std::map<std::string, std::optional<std::string>>;

/// A store together with its application, for the suite in store_contract*.cc. The tables are the application's own of
/// design.md section 5: `companies`, `contacts`, `opportunities`.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;

  virtual core::Store& store() = 0;
  virtual void reopen() = 0;  ///< As after a restart: the same data, nothing remembered. A memory store does nothing.

  // As the application, past the store.
  virtual std::string insert(const std::string& table, const Row& row) = 0;  ///< Returns the row's key.
  virtual void update(const std::string& table, const std::string& key, const Row& row) = 0;
  virtual void erase(const std::string& table, const std::string& key) = 0;
  virtual std::optional<std::string> cell(const std::string& table, const std::string& key,
                                          const std::string& column) = 0;
  virtual std::vector<std::string> keys(const std::string& table) = 0;  ///< In the order of their making.
  virtual std::size_t outbox_size(const model::Mapping& mapping) = 0;

  /// From now on the table refuses a second row of equal `column`. False where the store cannot.
  virtual bool forbid_duplicates(const std::string& table, const std::string& column) = 0;
};

struct Backend {
  std::string name;
  std::function<std::unique_ptr<StoreUnderTest>()> make;  ///< Empty, with its tables.
};

inline void PrintTo(const Backend& backend, std::ostream* out) {
  *out << backend.name;
}

/// A backend's program compiles store_contract.cc and store_contract_values.cc and says
/// INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, testing::Values(contract::Backend{"memory", make}));
class StoreContract : public testing::TestWithParam<Backend> {
 protected:
  StoreContract();

  core::Store& store() { return app_->store(); }
  void prepare_all();
  /// Takes every record as a new row, or writes it over the row there is.
  void take(const model::Mapping& mapping, const core::Observation& observed);
  /// Shows what is known of a row and stores nothing.
  void look(const model::Mapping& mapping, const std::string& row,
            const std::function<void(const core::Known&)>& check);
  std::vector<core::Refused> keep(const model::Mapping& mapping, const std::string& row,
                                  const core::Settlement& settlement);
  std::vector<core::OutboxEntry> waiting(const model::Mapping& mapping);
  core::OutboxEntry only_entry(const model::Mapping& mapping);
  std::string linked_company(model::RecordId record, const std::string& name);
  std::string linked_contact(model::RecordId record, const std::string& name);

  std::unique_ptr<StoreUnderTest> app_ = GetParam().make();
  model::Mapping accounts_, contacts_, opportunities_;
};

}  // namespace contract

using contract::StoreContract;
