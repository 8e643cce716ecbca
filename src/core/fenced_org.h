#pragma once

#include <functional>

#include "core/org_handle.h"

namespace core {

/// An org that is written only while the run still holds its integration: asked right before each write, so that a
/// process that slept past its lease sends nothing more. Borrows the org.
class FencedOrg final : public OrgHandle {
 public:
  /// `cancelled` once the lease is lost, or about to be.
  using StillOurs = std::function<base::Result<void>()>;

  FencedOrg(Org& org, StillOurs still_ours) : OrgHandle(org), still_ours_(std::move(still_ours)) {}

  base::Result<std::vector<base::Result<void>>> remove(const model::Mapping& mapping,
                                                       std::span<const OrgRemoval> removals) override {
    RETURN_IF_ERROR(still_ours_());
    return OrgHandle::remove(mapping, removals);
  }
  base::Result<std::vector<base::Result<model::RecordId>>> write(const model::Mapping& mapping,
                                                                 std::span<const OrgWrite> writes) override {
    RETURN_IF_ERROR(still_ours_());
    return OrgHandle::write(mapping, writes);
  }

 private:
  const StillOurs still_ours_;
};

}  // namespace core
