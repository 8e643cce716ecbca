#pragma once

#include <functional>

#include "core/ports/org.h"

namespace core {

/// An org that is written only while the run still holds its integration: asked right before each write, so that a
/// process that slept past its lease sends nothing more. Borrows the org.
class FencedOrg final : public Org {
 public:
  /// `cancelled` once the lease is lost, or about to be.
  using StillOurs = std::function<base::Result<void>()>;

  FencedOrg(Org& org, StillOurs still_ours) : org_(org), still_ours_(std::move(still_ours)) {}

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
  base::Result<std::vector<base::Result<void>>> remove(const model::Mapping& mapping,
                                                       std::span<const OrgRemoval> removals) override {
    RETURN_IF_ERROR(still_ours_());
    return org_.remove(mapping, removals);
  }
  base::Result<std::vector<base::Result<model::RecordId>>> write(const model::Mapping& mapping,
                                                                 std::span<const OrgWrite> writes) override {
    RETURN_IF_ERROR(still_ours_());
    return org_.write(mapping, writes);
  }
  std::string request_of(std::size_t write) const override { return org_.request_of(write); }

 private:
  Org& org_;
  const StillOurs still_ours_;
};

}  // namespace core
