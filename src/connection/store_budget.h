#pragma once

#include <mutex>
#include <string>

#include "core/budget.h"
#include "core/ports/registry.h"
#include "salesforce/call_budget.h"

namespace connection {

/// What all processes have spent of one org's calls, as the store keeps it. `org`: its id.
base::Result<core::Spending> read_spending(core::Registry& registry, const std::string& org);

/// The API budget of one org, shared with other processes through the store.
///
/// Calls are taken out of the shared account by small blocks, before they are made, and what is left of a block is
/// given back. A process that dies loses its block, so the account may say too much, never too little. All times are
/// the org's.
class StoreBudget final : public salesforce::CallBudget {
 public:
  /// The registry is borrowed and used from whichever thread calls: its own connection, not the run's.
  StoreBudget(core::Registry& registry, std::string org, const core::BudgetShares& shares, core::Lane lane,
              const base::Clock& clock)
      : registry_(registry), org_(std::move(org)), shares_(shares), lane_(lane), clock_(clock) {}
  ~StoreBudget() override { (void)give_back(); }

  base::Result<void> admit(bool backfill) override;
  void settle(int exchanges, const salesforce::ApiUsage& said, std::optional<base::Utc> date) override;
  void hear_time(base::Utc date) override;

  /// Gives back what was taken and not spent, and writes down what the org said.
  base::Result<void> give_back();

  /// What our lane may still spend, beside what is taken already.
  base::Result<core::Allowance> left();

  /// The account as it stands now, with the org's time.
  base::Result<std::pair<core::Spending, base::Utc>> account();

  /// A call that was refused, by our clock; the last one.
  struct Refusal {
    core::Lane lane;
    base::Utc until;
  };
  std::optional<Refusal> refusal() const;

  /// The org's clock minus ours as its last answer told, to any process of ours. Zero if they differ by less than
  /// a Date header, which comes late and in whole seconds, can tell.
  base::Result<std::chrono::milliseconds> ahead();

 private:
  base::Utc org_now() const { return clock_.now() + ahead_; }
  base::Result<core::Spending> change(const std::function<void(core::Spending&)>& change);
  base::Result<void> give_back_locked();
  base::Result<void> take_block(core::Lane lane);

  core::Registry& registry_;
  const std::string org_;
  const core::BudgetShares shares_;
  const core::Lane lane_;
  const base::Clock& clock_;

  mutable std::mutex mutex_;  ///< Guards what follows, and the registry.
  std::int64_t block_ = 0;    ///< Taken and not spent.
  core::Lane block_lane_ = core::Lane::interactive;
  base::Utc block_slot_{};
  bool has_asked_ = false;  ///< Some call was let out.
  std::chrono::milliseconds ahead_{0};
  bool knows_time_ = false;    ///< `ahead_` is from an answer, not from the store.
  salesforce::ApiUsage said_;  ///< Not yet written down, unless `most` is 0.
  std::optional<Refusal> refusal_;
};

}  // namespace connection
