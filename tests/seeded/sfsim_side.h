#pragma once

#include <deque>
#include <memory>

#include "base/clock.h"
#include "connection/store_budget.h"
#include "salesforce/rest_org.h"
#include "sfsim_wire.h"
#include "sides.h"
#include "sqlite_side.h"

namespace seeded {

/// The simulator's org in process, asked by the real client through its real session: requests are values, and no
/// socket is open.
class SfsimSide final : public OrgSide {
 public:
  /// `calls`: how many the org takes in a day, and whether ours have a budget of half of them.
  struct Calls {
    std::int64_t a_day = 1'000'000'000;
    bool budgeted = false;
  };
  SfsimSide(const base::Clock& ours, base::Utc start, bool with_key, const Calls& calls);
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
  void begins() override;
  void ends() override;
  std::string overspent() const override;

  /// Other programs use so many of the day's calls.
  void others_call(std::int64_t times);
  /// The last process was refused a call by our budget.
  bool is_out_of_calls() const { return calls_.budgeted && budgets_.back()->refusal().has_value(); }

 private:
  struct Open {
    base::Utc due;
    std::uint64_t transaction;
    std::vector<model::RecordId> records;
  };
  std::uint64_t number(std::size_t object, const model::RecordId&) const;
  bool write(std::chrono::milliseconds late, const model::RecordId& held,
             const std::function<simulator::Outcome<void>(const simulator::Caller&)>& what);

  static constexpr core::BudgetShares shares_{};
  const base::Clock& ours_;
  const Calls calls_;
  base::ManualClock clock_;
  std::unique_ptr<simulator::Org> simulated_;
  std::unique_ptr<simulator::Api> api_;
  std::unique_ptr<SfsimWire> wire_;
  std::unique_ptr<MemoryVault> vault_;
  std::unique_ptr<salesforce::Session> session_;
  std::unique_ptr<SqliteSide> account_;
  std::vector<std::unique_ptr<connection::StoreBudget>> budgets_;  ///< One a process; the last is the newest.
  std::vector<std::unique_ptr<salesforce::RestOrg>> orgs_;
  std::int64_t by_others_ = 0;
  std::vector<Open> open_;
};

}  // namespace seeded
