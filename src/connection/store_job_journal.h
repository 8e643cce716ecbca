#pragma once

#include "core/ports/registry.h"
#include "salesforce/bulk_access.h"

namespace connection {

/// Keeps the ids of an integration's running ingest jobs in a note of the registry, which is borrowed.
class StoreJobJournal final : public salesforce::JobJournal {
 public:
  StoreJobJournal(core::Registry& registry, model::IntegrationId id) : registry_(registry), id_(std::move(id)) {}

  base::Result<std::vector<std::string>> jobs() override;
  base::Result<void> add(const std::string& job) override;
  base::Result<void> remove(const std::string& job) override;

 private:
  core::Registry& registry_;
  const model::IntegrationId id_;
};

}  // namespace connection
