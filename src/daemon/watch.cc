#include "daemon/watch.h"

#include "base/log.h"
#include "daemon/workers.h"
#include "schedule/due.h"

namespace daemon_process {
namespace {

using namespace std::chrono_literals;
using schedule::Trigger;

constexpr auto put_again = 60s;       ///< When nothing came of a job.
constexpr auto same_rows_again = 5s;  ///< When a run left as many rows unsent as it found.

}  // namespace

Watch::Watch(App& app, queue::JobQueue& queue, base::Outages& outages) : app_(app), queue_(queue), outages_(outages) {}

bool Watch::look() {
  const auto integrations = app_.store->integrations();
  if (!outages_.tried("reading the integrations", integrations)) return false;
  keep_scheduler(*integrations);
  for (const core::Integration& integration : *integrations) consider(integration);
  return true;
}

void Watch::keep_scheduler(const std::vector<core::Integration>& integrations) {
  const base::Utc now = app_.clock.now();
  const auto wanted = schedule::scheduler_for(app_.settings.sync.schedule, integrations, kept_by(app_.settings), now);
  if (!outages_.tried("reading the schedule", wanted)) return;
  if (repeat_ == wanted->repeat && app_.clock.elapsed() - scheduler_kept_ < 60s) return;
  const auto made = [&]() -> base::Result<bool> {
    ASSIGN_OR_RETURN(const bool changed, queue::ensure_scheduler(queue_, *wanted, now));
    ASSIGN_OR_RETURN(const auto stored, queue_.scheduler(wanted->id));
    if (stored && schedule::lies_ahead(*stored, now)) RETURN_IF_ERROR(queue_.upsert_scheduler(*wanted, now));
    return changed;
  }();
  if (!outages_.tried("putting the schedule into the queue", made)) return;
  if (*made)
    base::log(base::LogLevel::info,
              "sync runs come " + (wanted->repeat.pattern.empty()
                                       ? "every " + std::to_string(wanted->repeat.every / 1min) + " minutes"
                                       : "by the schedule " + wanted->repeat.pattern));
  repeat_ = wanted->repeat;
  scheduler_kept_ = app_.clock.elapsed();
}

base::Result<std::int64_t> Watch::edited_rows(const core::Integration& integration) {
  std::int64_t rows = 0;
  ASSIGN_OR_RETURN(const auto backlog, app_.store->backlog(integration.id));
  for (const core::Backlog& entry : backlog) rows += entry.outbox;
  return rows;
}

void Watch::consider(const core::Integration& integration) {
  const base::Utc now = app_.clock.now();
  const auto elapsed = app_.clock.elapsed();
  const auto counted = edited_rows(integration);
  if (!outages_.tried("counting the rows that wait", counted)) return;
  const std::int64_t rows = *counted;
  const auto edits =
      rows > std::exchange(rows_[integration.id], rows) ? schedule::Edits::new_ones : schedule::Edits::seen_before;
  const std::int64_t edited = schedule::follows_edits(integration, edits, now) ? rows : 0;
  const bool late = schedule::is_late(integration, now);
  if (edited == 0 && !late) return;
  if (const auto last = put_.find(integration.id); last != put_.end()) {
    const Put& put = last->second;
    const auto age = elapsed - put.at;
    if (put.last_sync_at == integration.last_sync_at && age < put_again) return;
    if (!late && edits == schedule::Edits::seen_before && put.outbox == edited && age < same_rows_again) return;
  }
  const schedule::Order order{integration.id.text, edited > 0 ? Trigger::event : Trigger::schedule, {}};
  const auto added = queue_.add(schedule::job_for(order, kept_by(app_.settings)), now);
  if (!outages_.tried("putting sync jobs into the queue", added)) return;
  put_[integration.id] = {elapsed, integration.last_sync_at, edited};
}

}  // namespace daemon_process
