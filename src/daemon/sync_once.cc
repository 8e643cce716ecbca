#include <algorithm>
#include <thread>

#include "base/log.h"
#include "core/fenced_org.h"
#include "daemon/connection.h"
#include "daemon/forecast.h"
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

/// When the next scheduled run is due, and the state until then.
void plan_next(App& app, core::Integration& integration, const core::RunRecord& run, const core::RunResult& result,
               connection::StoreBudget& budget, bool load_waits) {
  if (!run.cut_short) {
    integration.next_sync_at = schedule::next_sync(integration, run.started_at);
    const std::chrono::minutes usual{integration.sync_frequency_minutes};
    if (const auto account = budget.account())
      *integration.next_sync_at +=
          core::paced(usual, run.api_calls, account->first, account->second, budget_shares(app.settings)) - usual;
  }
  if (result.stopped_by && result.stopped_by->retry_after)
    integration.next_sync_at =
        std::max(integration.next_sync_at.value_or(base::Utc{}), *run.completed_at + *result.stopped_by->retry_after);
  // A first load that has to wait does not hold up the rest, and is not what stopped the run.
  if (budget.refusal() || load_waits) integration.sync_status = "budget_exhausted";
}

/// Not so where the tokens cannot be read: with the right encryption key the sign-in may be as good as ever.
bool needs_reauth(const base::Result<void>& standing) {
  return !standing && standing.error().kind == base::ErrorKind::unauthorized;
}

constexpr std::size_t most_forgotten = 20'000;  ///< Entries of the history that a run clears away.

bool is_lost_field(const core::RunError& error) {
  return error.record.empty() && (error.code == "INVALID_FIELD" || error.code == "INVALID_TYPE");
}

void add(core::ObjectCounts& sum, const core::ObjectCounts& more) {
  using Counts = core::ObjectCounts;
  for (auto member : {&Counts::pulled_created, &Counts::pulled_updated, &Counts::pulled_deleted,
                      &Counts::pulled_unchanged, &Counts::pushed_created, &Counts::pushed_updated,
                      &Counts::pushed_deleted, &Counts::linked, &Counts::conflicts, &Counts::parked})
    sum.*member += more.*member;
}

/// A field that was removed or hidden since the org was last described fails its whole object. The org is asked again,
/// and the objects that have other fields now are synced with those; the lost one is set aside with a warning.
base::Result<void> go_on_without_lost_fields(App& app, const core::Integration& integration, SyncRequest request,
                                             std::span<const model::Mapping> before, const core::RunWorld& world,
                                             salesforce::RestOrg& org, std::vector<core::RunError>& warnings,
                                             core::RunResult& result) {
  if (result.stopped_by || std::ranges::none_of(result.errors, is_lost_field)) return {};
  request.fresh = true;
  std::vector<core::RunError> again_warnings;
  ASSIGN_OR_RETURN(auto now, mappings_for(app, integration, org, request, again_warnings));
  std::erase_if(now, [&](const model::Mapping& mapping) {
    const auto same = std::ranges::find(before, mapping.id, &model::Mapping::id);
    return same != before.end() && same->layout() == mapping.layout();
  });
  if (now.empty()) return {};
  std::erase_if(result.errors, is_lost_field);
  warnings = std::move(again_warnings);
  core::RunResult again = core::run_sync(now, world);
  for (const auto& [object, counts] : again.objects) {
    const auto first = std::ranges::find(result.objects, object, &std::pair<std::string, core::ObjectCounts>::first);
    if (first == result.objects.end()) {
      result.objects.emplace_back(object, counts);
    } else {
      add(first->second, counts);
    }
  }
  result.errors.insert(result.errors.end(), again.errors.begin(), again.errors.end());
  result.stopped_by = again.stopped_by;
  result.cut_short = again.cut_short;
  return {};
}

/// What stands in the store now that nobody else syncs the integration: another run may have ended meanwhile. Runs that
/// a process left behind when it was killed are closed.
base::Result<void> begin_turn(App& app, core::Integration& integration) {
  ASSIGN_OR_RETURN(auto integrations, app.store->integrations());
  const auto found = std::ranges::find(integrations, integration.id, &core::Integration::id);
  if (found != integrations.end()) integration = std::move(*found);
  ASSIGN_OR_RETURN(auto runs, app.store->runs(20));
  for (core::RunRecord& run : runs) {
    if (run.integration != integration.id || run.status != "running") continue;
    run.status = "failed";
    run.completed_at = app.clock.now();
    run.sync_errors.push_back({"the process ended before this run did; the next run went on from its last page", "",
                               "INTERRUPTED", *run.completed_at});
    RETURN_IF_ERROR(app.store->save(run));
  }
  return {};
}

}  // namespace

base::Result<core::RunRecord> sync_once(App& app, core::Integration& integration, const SyncRequest& request,
                                        std::optional<base::Error>& end) {
  ASSIGN_OR_RETURN(const auto lease, app.store->take_lease(integration.id, app.clock.now(), HeldLease::time));
  HeldLease held{app, lease};
  RETURN_IF_ERROR(begin_turn(app, integration));
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
  ASSIGN_OR_RETURN(const auto connected, Connection::open(app, integration, wait, request.lane));
  // Whoever asks, and however often: a sign-in that only the user can mend is not tried again.
  if (auto standing = connected->session.check_standing(); !standing) {
    if (needs_reauth(standing)) integration.sync_status = "needs_reauth";
    integration.last_error = standing.error().message;
    RETURN_IF_ERROR(app.store->save_state(integration));
    return std::unexpected(standing.error());
  }
  if (request.lane != core::Lane::interactive && integration.sync_status == "budget_exhausted" &&
      integration.next_sync_at > app.clock.now()) {
    const auto left = connected->budget.left();
    if (left && left->calls <= 0)
      return std::unexpected(
          base::Error{base::ErrorKind::throttled, integration.last_error, std::string{core::budget_exhausted},
                      std::chrono::ceil<std::chrono::seconds>(*integration.next_sync_at - app.clock.now())});
  }
  core::RunRecord run;
  run.id = {security::random_hex(12)};
  run.integration = integration.id;
  run.started_at = app.clock.now();
  const auto started = app.clock.elapsed();
  RETURN_IF_ERROR(app.store->save(run));
  app.store->name_run(run.id);
  integration.sync_status = "syncing";
  RETURN_IF_ERROR(app.store->save_state(integration));

  salesforce::RestOrg& org = connected->org;

  core::RunResult result;
  std::vector<core::RunError> warnings;
  std::vector<model::Mapping> beside;
  bool load_waits = false;
  auto mappings = mappings_for(app, integration, org, request, warnings, &beside);
  if (!mappings) {
    result.stopped_by = mappings.error();
    result.errors.push_back({mappings.error().message, "", mappings.error().service_code, app.clock.now()});
  } else {
    core::FencedOrg fenced{org, [&] { return held.still_ours(); }};
    core::RunWorld world{fenced,
                         *app.store,
                         app.clock,
                         app.random,
                         [&](std::chrono::milliseconds time) { wait(time); },
                         stopping,
                         [&](const std::string& line) {
                           held.renew();
                           if (request.progress) request.progress(line);
                         },
                         request.allow_mass_change ? core::MassLimits{0, 0, 0, 0} : integration.limits,
                         request.direction.value_or(model::SyncDirection::both)};
    world.beside = beside;
    app.store->set_org_ahead(connected->budget.ahead().value_or(std::chrono::milliseconds{0}));
    auto going = *mappings;
    const auto held_back = hold_back_loads(app, integration, *connected, going, warnings);
    load_waits = held_back.value_or(false);
    if (held_back) {
      result = core::run_sync(going, world);
    } else {
      result.stopped_by = held_back.error();
      result.errors.push_back({held_back.error().message, "", held_back.error().service_code, app.clock.now()});
    }
    if (const auto stopped =
            go_on_without_lost_fields(app, integration, request, *mappings, world, org, warnings, result);
        !stopped)
      result.stopped_by = stopped.error();
    if (auto given = connected->budget.give_back(); !given) base::log(base::LogLevel::warn, given.error().message);
  }
  // A call that was broken off because we are to stop is no failure of the org's.
  if (result.stopped_by && result.stopped_by->kind == base::ErrorKind::cancelled && stop_requested) {
    std::erase_if(result.errors, [&](const core::RunError& error) {
      return error.record.empty() && error.message.ends_with(result.stopped_by->message);
    });
    result.stopped_by.reset();
    result.cut_short = true;
  }
  run.objects = std::move(result.objects);
  run.sync_errors = std::move(warnings);
  run.sync_errors.insert(run.sync_errors.end(), result.errors.begin(), result.errors.end());
  run.errors = std::ranges::count_if(run.sync_errors, [](const core::RunError& error) { return error.record.empty(); });
  std::int64_t parked = 0;
  for (const auto& [object, counts] : run.objects) {
    const std::int64_t moved = counts.pulled_created + counts.pulled_updated + counts.pulled_deleted +
                               counts.pushed_created + counts.pushed_updated + counts.pushed_deleted;
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
                            : needs_reauth(connected->session.check_standing())           ? "needs_reauth"
                            : result.stopped_by->service_code == "REQUEST_LIMIT_EXCEEDED" ? "budget_exhausted"
                                                                                          : "error";
  integration.last_error = run.sync_errors.empty() ? "" : run.sync_errors.back().message;
  integration.last_sync_at = run.completed_at;
  plan_next(app, integration, run, result, connected->budget, load_waits);
  integration.stats["totalSynced"] += run.successful;
  integration.stats["syncErrors"] += run.errors;
  integration.stats["lastSyncDuration"] = run.duration.count();
  RETURN_IF_ERROR(app.store->save(run));
  RETURN_IF_ERROR(app.store->save_state(integration));
  // A little after each run, so that nobody ever waits for a large deletion.
  const auto oldest = app.clock.now() - std::chrono::days{app.settings.sync.history_days};
  RETURN_IF_ERROR(app.store->forget_history(oldest, most_forgotten));
  return run;
}

}  // namespace daemon_process
