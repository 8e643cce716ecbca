#pragma once

#include "core/org_handle.h"

namespace core {

/// An org that is read and never written: every write is counted and answered as if it had been done. What it would
/// have cost is estimated. Borrows the org.
class DryRunOrg final : public OrgHandle {
 public:
  /// API calls that writing so many records of one object takes.
  using CallsFor = std::int64_t (*)(std::size_t writes);

  DryRunOrg(Org& org, CallsFor calls_for) : OrgHandle(org), calls_for_(calls_for) {}

  base::Result<std::vector<base::Result<void>>> remove(const model::Mapping&,
                                                       std::span<const OrgRemoval> removals) override {
    write_calls_ += calls_for_(removals.size());
    return std::vector<base::Result<void>>(removals.size());
  }
  base::Result<std::vector<base::Result<model::RecordId>>> write(const model::Mapping& mapping,
                                                                 std::span<const OrgWrite> writes) override;

  std::string request_of(std::size_t) const override { return {}; }  ///< Nothing was sent.

  std::int64_t write_calls() const { return write_calls_; }

 private:
  const CallsFor calls_for_;
  std::int64_t write_calls_ = 0;
  std::uint64_t invented_ = 0;
};

}  // namespace core
