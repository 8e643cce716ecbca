#include <algorithm>
#include <thread>

#include "daemon/connection.h"
#include "daemon/mappings.h"
#include "schedule/due.h"

namespace daemon_process {
namespace {

std::string stat_name(std::string_view object) {
  if (object == "Account") return "accountsSynced";
  if (object == "Contact") return "contactsSynced";
  if (object == "Opportunity") return "opportunitiesSynced";
  return std::string{object} + "Synced";
}

}  // namespace

base::Result<core::RunRecord> sync_once(App& app, core::Integration& integration, const SyncRequest& request,
                                        std::optional<base::Error>& end) {
  ASSIGN_OR_RETURN(const auto lease, app.store->take_lease(integration.id, app.clock.now(), HeldLease::time));
  HeldLease held{app, lease};
  const auto stopping = [&] { return stop_requested || (request.stopping && request.stopping()); };
  // In small steps, so that a shutdown does not wait for it.
  const auto wait = [&](std::chrono::milliseconds time) {
    constexpr std::chrono::milliseconds step{100};
    for (; time.count() > 0 && !stopping(); time -= step) {
      std::this_thread::sleep_for(std::min(time, step));
      held.renew();
    }
    return !stopping();
  };
  ASSIGN_OR_RETURN(const auto connected, Connection::open(app, integration, wait));
  // Whoever asks, and however often: a sign-in that only the user can mend is not tried again.
  if (auto standing = connected->session.check_standing(); !standing) {
    integration.sync_status = "needs_reauth";
    integration.last_error = standing.error().message;
    RETURN_IF_ERROR(app.store->save_state(integration));
    return std::unexpected(standing.error());
  }
  core::RunRecord run;
  run.id = {security::random_hex(12)};
  run.integration = integration.id;
  run.started_at = app.clock.now();
  const auto started = app.clock.elapsed();
  RETURN_IF_ERROR(app.store->save(run));

  salesforce::RestOrg& org = connected->org;

  core::RunResult result;
  std::vector<core::RunError> warnings;
  auto mappings = mappings_for(app, integration, org, request, warnings);
  if (!mappings) {
    result.stopped_by = mappings.error();
    result.errors.push_back({mappings.error().message, "", mappings.error().service_code, app.clock.now()});
  } else {
    const core::RunWorld world{org,
                               *app.store,
                               app.clock,
                               app.random,
                               [&](std::chrono::milliseconds time) { wait(time); },
                               stopping,
                               [&](const std::string& line) {
                                 held.renew();
                                 if (request.progress) request.progress(line);
                               }};
    result = core::run_sync(*mappings, world);
  }
  run.objects = std::move(result.objects);
  run.sync_errors = std::move(warnings);
  run.sync_errors.insert(run.sync_errors.end(), result.errors.begin(), result.errors.end());
  run.errors = std::ranges::count_if(run.sync_errors, [](const core::RunError& error) { return error.record.empty(); });
  std::int64_t parked = 0;
  for (const auto& [object, counts] : run.objects) {
    const std::int64_t moved =
        counts.pulled_created + counts.pulled_updated + counts.pushed_created + counts.pushed_updated;
    run.successful += moved;
    parked += counts.parked;
    integration.stats[stat_name(object)] += moved;
  }
  run.errors += parked;
  run.api_calls = org.calls();
  run.completed_at = app.clock.now();
  run.duration = std::chrono::duration_cast<std::chrono::milliseconds>(app.clock.elapsed() - started);
  run.cut_short = result.cut_short;
  run.status = result.stopped_by ? "failed" : run.errors > 0 || run.cut_short ? "partial" : "completed";
  end = result.stopped_by;

  integration.sync_status = !result.stopped_by                                            ? "idle"
                            : !connected->session.check_standing()                        ? "needs_reauth"
                            : result.stopped_by->service_code == "REQUEST_LIMIT_EXCEEDED" ? "budget_exhausted"
                                                                                          : "error";
  integration.last_error = run.sync_errors.empty() ? "" : run.sync_errors.back().message;
  integration.last_sync_at = run.completed_at;
  if (!run.cut_short) integration.next_sync_at = schedule::next_sync(integration, run.started_at);
  if (result.stopped_by && result.stopped_by->retry_after)
    integration.next_sync_at = std::max(*integration.next_sync_at, *run.completed_at + *result.stopped_by->retry_after);
  integration.stats["totalSynced"] += run.successful;
  integration.stats["syncErrors"] += run.errors;
  integration.stats["lastSyncDuration"] = run.duration.count();
  RETURN_IF_ERROR(app.store->save(run));
  RETURN_IF_ERROR(app.store->save_state(integration));
  return run;
}

}  // namespace daemon_process
