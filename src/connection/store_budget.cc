#include "connection/store_budget.h"

#include "base/time_text.h"

namespace connection {
namespace {

constexpr std::string_view note_name = "api_budget";  // see core/budget.h
constexpr std::int64_t calls_per_block = 20;
constexpr std::chrono::seconds clock_noise{5};

}  // namespace

base::Result<core::Spending> read_spending(core::Registry& registry, const std::string& org) {
  ASSIGN_OR_RETURN(const std::string kept, registry.note(org, note_name));
  return core::Spending::parse(kept);
}

/// Changes the shared account, together with what was heard since.
base::Result<core::Spending> StoreBudget::change(const std::function<void(core::Spending&)>& change) {
  ASSIGN_OR_RETURN(const std::string kept, registry_.change_note(org_, note_name, [&](const std::string& before) {
    core::Spending spending = core::Spending::parse(before);
    if (knows_time_) {
      spending.ahead = ahead_;
    } else {
      ahead_ = spending.ahead;
    }
    spending.forget(org_now());
    if (said_.most > 0) spending.heard(said_.used, said_.most, org_now());
    change(spending);
    return spending.text();
  }));
  said_ = {};
  return core::Spending::parse(kept);
}

base::Result<std::chrono::milliseconds> StoreBudget::ahead() {
  const std::lock_guard lock{mutex_};
  if (!knows_time_) {
    ASSIGN_OR_RETURN(const core::Spending kept, read_spending(registry_, org_));
    ahead_ = kept.ahead;
  }
  return std::chrono::abs(ahead_) < clock_noise ? std::chrono::milliseconds{0} : ahead_;
}

base::Result<void> StoreBudget::give_back() {
  const std::lock_guard lock{mutex_};
  return give_back_locked();
}

base::Result<void> StoreBudget::give_back_locked() {
  if (block_ == 0 && said_.most == 0) return {};
  RETURN_IF_ERROR(change([&](core::Spending& spending) { spending.spend(block_slot_, -block_); }));
  block_ = 0;
  return {};
}

base::Result<void> StoreBudget::admit(bool backfill) {
  const std::lock_guard lock{mutex_};
  const core::Lane lane = backfill ? core::Lane::backfill : lane_;
  // A call that is made in a later slot than it was entered in would be forgotten before the org forgets it.
  if (block_ != 0 &&
      (lane != block_lane_ || core::Spending::slot_of(org_now()) != core::Spending::slot_of(block_slot_)))
    RETURN_IF_ERROR(give_back_locked());
  if (block_ < most_exchanges) RETURN_IF_ERROR(take_block(lane));
  block_ -= most_exchanges;
  return {};
}

base::Result<void> StoreBudget::take_block(core::Lane lane) {
  core::Allowance allowed;
  base::Utc slot;
  std::int64_t taken = 0;
  std::string why;
  RETURN_IF_ERROR(change([&](core::Spending& spending) {
    if (block_ > 0) spending.spend(block_slot_, -block_);
    allowed = core::allowance(spending, lane, org_now(), shares_);
    slot = spending.entry_at(org_now());
    taken = std::min(allowed.calls, calls_per_block);
    // Whoever waits gets to ask, however many have asked in vain before.
    if (taken == 0 && !has_asked_ && lane_ == core::Lane::interactive && allowed.why == core::Allowance::Why::unheard)
      taken = most_exchanges;
    if (taken > 0) spending.spend(slot, taken);
    why = core::explain(allowed, spending, lane, org_now(), shares_);
  }));
  block_ = taken;
  if (taken > 0) {
    has_asked_ = true;
    block_lane_ = lane;
    block_slot_ = slot;
    if (refusal_ && refusal_->lane >= lane) refusal_.reset();
    return {};
  }
  const base::Utc org_time = allowed.more_at.value_or(org_now() + core::Spending::slot);
  refusal_ = Refusal{lane, org_time - ahead_};
  const auto wait = std::chrono::ceil<std::chrono::seconds>(org_time - org_now());
  return std::unexpected(base::Error{base::ErrorKind::throttled, std::move(why), std::string{core::budget_exhausted},
                                     std::max(wait, std::chrono::seconds{61})});
}

void StoreBudget::settle(int exchanges, const salesforce::ApiUsage& said, std::optional<base::Utc> date) {
  const std::lock_guard lock{mutex_};
  block_ += most_exchanges - exchanges;
  if (said.most > 0) said_ = said;
  if (!date) return;
  ahead_ = *date - base::whole_second(clock_.now());
  knows_time_ = true;
}

void StoreBudget::hear_time(base::Utc date) {
  const std::lock_guard lock{mutex_};
  ahead_ = date - base::whole_second(clock_.now());
  knows_time_ = true;
}

base::Result<std::pair<core::Spending, base::Utc>> StoreBudget::account() {
  const std::lock_guard lock{mutex_};
  ASSIGN_OR_RETURN(auto spending, change([](core::Spending&) {}));
  return std::pair{std::move(spending), org_now()};
}

base::Result<core::Allowance> StoreBudget::left() {
  ASSIGN_OR_RETURN(const auto now, account());
  return core::allowance(now.first, lane_, now.second, shares_);
}

std::optional<StoreBudget::Refusal> StoreBudget::refusal() const {
  const std::lock_guard lock{mutex_};
  return refusal_;
}

}  // namespace connection
