#pragma once

#include "core/ports/org.h"

namespace core {

/// Another org under a handle: passes everything on. What a handle is for overrides what it changes. Borrows the org.
class OrgHandle : public Org {
 public:
  explicit OrgHandle(Org& org) : org_(org) {}

  std::vector<base::Result<Page>> fetch(std::span<const PageRequest> requests) override { return org_.fetch(requests); }
  base::Result<Observation> retrieve(const model::Mapping& mapping, std::span<const model::RecordId> ids) override {
    return org_.retrieve(mapping, ids);
  }
  base::Result<std::vector<std::optional<FoundRecord>>> find(const model::Mapping& mapping,
                                                             std::span<const std::string_view> keys) override {
    return org_.find(mapping, keys);
  }
  base::Result<Observation> fates(const model::Mapping& mapping, std::span<const model::RecordId> ids) override {
    return org_.fates(mapping, ids);
  }
  base::Result<Observation> created(const model::Mapping& mapping, base::Utc since) override {
    return org_.created(mapping, since);
  }
  base::Result<std::vector<bool>> fitting(const model::Mapping& mapping,
                                          std::span<const model::RecordId> ids) override {
    return org_.fitting(mapping, ids);
  }
  base::Result<Observation> alike(const model::Mapping& mapping, std::span<const std::size_t> rule,
                                  std::span<const std::span<const model::Cell>> rows) override {
    return org_.alike(mapping, rule, rows);
  }
  base::Result<std::vector<base::Result<void>>> remove(const model::Mapping& mapping,
                                                       std::span<const OrgRemoval> removals) override {
    return org_.remove(mapping, removals);
  }
  base::Result<std::vector<base::Result<model::RecordId>>> write(const model::Mapping& mapping,
                                                                 std::span<const OrgWrite> writes) override {
    return org_.write(mapping, writes);
  }
  std::string request_of(std::size_t write) const override { return org_.request_of(write); }

 private:
  Org& org_;
};

}  // namespace core
