#pragma once

#include <deque>
#include <memory>

#include "base/clock.h"
#include "salesforce/rest_org.h"
#include "sfsim_wire.h"
#include "sides.h"

namespace seeded {

/// The simulator's org in process, asked by the real client through its real session: requests are values, and no
/// socket is open.
class SfsimSide final : public OrgSide {
 public:
  SfsimSide(base::Utc start, bool with_key);
  ~SfsimSide() override;

  core::Org& org() override;
  std::vector<RecordView> records(std::size_t object) override;
  bool create(std::size_t object, const Fields& fields, std::chrono::milliseconds late) override;
  bool edit(std::size_t object, const model::RecordId&, std::size_t field, const Text& value,
            std::chrono::milliseconds late) override;
  void remove(std::size_t object, const model::RecordId&) override;
  bool undelete(std::size_t object, const model::RecordId&) override;
  void purge(std::size_t object, const model::RecordId&) override;
  void merge(std::size_t object, const model::RecordId& winner, const model::RecordId& loser) override;
  void pass_time(std::chrono::milliseconds by) override;
  base::Utc now() const override { return clock_.now(); }

 private:
  struct Open {
    base::Utc due;
    std::uint64_t transaction;
    std::vector<model::RecordId> records;
  };
  std::uint64_t number(std::size_t object, const model::RecordId&) const;
  bool write(std::chrono::milliseconds late, const model::RecordId& held,
             const std::function<simulator::Outcome<void>(const simulator::Caller&)>& what);

  base::ManualClock clock_;
  std::unique_ptr<simulator::Org> simulated_;
  std::unique_ptr<simulator::Api> api_;
  std::unique_ptr<SfsimWire> wire_;
  std::unique_ptr<MemoryVault> vault_;
  std::unique_ptr<salesforce::Session> session_;
  std::unique_ptr<salesforce::RestOrg> org_;
  std::vector<Open> open_;
};

}  // namespace seeded
