#pragma once

#include "core/ports/org.h"

namespace core {

/// An org that is read and never written: every write is counted and answered as if it had been done. What it would
/// have cost is estimated. Borrows the org.
class DryRunOrg final : public Org {
 public:
  /// API calls that writing so many records of one object takes.
  using CallsFor = std::int64_t (*)(std::size_t writes);

  DryRunOrg(Org& org, CallsFor calls_for) : org_(org), calls_for_(calls_for) {}

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
  base::Result<std::vector<base::Result<void>>> remove(const model::Mapping&,
                                                       std::span<const OrgRemoval> removals) override {
    write_calls_ += calls_for_(removals.size());
    return std::vector<base::Result<void>>(removals.size());
  }
  base::Result<std::vector<base::Result<model::RecordId>>> write(const model::Mapping& mapping,
                                                                 std::span<const OrgWrite> writes) override;

  std::int64_t write_calls() const { return write_calls_; }

 private:
  Org& org_;
  const CallsFor calls_for_;
  std::int64_t write_calls_ = 0;
  std::uint64_t invented_ = 0;
};

}  // namespace core
