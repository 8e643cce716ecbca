#include "daemon/verify.h"

#include <algorithm>

#include "daemon/connection.h"
#include "daemon/mappings.h"

namespace daemon_process {
namespace {

constexpr std::int64_t records_per_call = 2000;
constexpr std::int64_t written_per_call = 1000;  ///< Five collections of 200.

/// Says what the comparison will cost before it begins.
base::Result<void> forecast(salesforce::RestOrg& org, const std::vector<model::Mapping>& mappings,
                            const VerifyRequest& request) {
  std::int64_t records = 0, calls = 0;
  for (const model::Mapping& mapping : mappings) {
    ASSIGN_OR_RETURN(const std::int64_t count, org.count(mapping));
    records += count;
    calls += 1 + count / records_per_call;
  }
  request.announce("comparing " + std::to_string(records) + " records in about " + std::to_string(calls) +
                   " API calls");
  return {};
}

base::Result<ObjectVerified> verify_object(App& app, salesforce::RestOrg& org, const model::Mapping& mapping,
                                           bool repair, const std::function<void(const std::string&)>& progress) {
  ObjectVerified verified{mapping, {}, {}};
  core::VerifyPass pass{
      mapping, {org, org, *app.store, *app.store, app.clock}, repair, [&](const core::Difference& difference) {
        if (verified.differences.size() < ObjectVerified::most_listed) verified.differences.push_back(difference);
      }};
  for (int attempt = 1; !stop_requested;) {
    const auto step = pass.step();
    if (!step) {
      const core::Advice advice = core::advice_for(step.error(), attempt++);
      if (advice.what != core::Advice::Do::again) return std::unexpected(step.error());
      (void)wait_unless_stopped(advice.after);
      continue;
    }
    attempt = 1;
    progress(mapping.object + ": " + std::to_string(pass.counts().records) + " records compared");
    if (*step == core::Step::idle) break;
  }
  verified.counts = pass.counts();
  return verified;
}

base::Result<std::vector<ObjectVerified>> verify_all(App& app, Connection& connection,
                                                     const std::vector<model::Mapping>& mappings, bool repair,
                                                     const std::function<void(const std::string&)>& progress) {
  std::vector<ObjectVerified> objects;
  for (const model::Mapping& mapping : mappings) {
    ASSIGN_OR_RETURN(auto object, verify_object(app, connection.org, mapping, repair, progress));
    objects.push_back(std::move(object));
  }
  return objects;
}

/// What mending costs: the differing objects are compared while they are mended and once more after that, what differs
/// is read by itself, and at worst all of it is written; beside a sync's own look.
void announce_repair(const Verification& verification, const VerifyRequest& request) {
  std::int64_t calls = 1;
  for (const ObjectVerified& object : verification.objects) {
    const std::int64_t differing = object.counts.differing();
    if (differing == 0) continue;
    calls += 2 * (1 + object.counts.records / records_per_call) + 2 * (1 + differing / records_per_call) + 1 +
             differing / written_per_call;
  }
  request.announce("repairing " + std::to_string(verification.repaired) + " differences in about " +
                   std::to_string(calls) + " API calls");
}

/// Mends the objects that differ, syncs them, and compares them again.
base::Result<void> repair(App& app, core::Integration& integration, Connection& connection,
                          const VerifyRequest& request, Verification& verification) {
  std::vector<model::Mapping> differing;
  for (const ObjectVerified& object : verification.objects)
    if (object.counts.differing() > 0) {
      differing.push_back(object.mapping);
      verification.repaired += object.counts.differing();
    }
  if (differing.empty()) return {};
  announce_repair(verification, request);
  {
    ASSIGN_OR_RETURN(const auto lease, app.store->take_lease(integration.id, app.clock.now(), HeldLease::time));
    HeldLease held{app, lease};
    RETURN_IF_ERROR(verify_all(app, connection, differing, true, [&](const std::string& line) {
      held.renew();
      request.progress("repair: " + line);
    }));
  }
  SyncRequest sync;
  sync.progress = request.progress;
  std::optional<base::Error> end;
  ASSIGN_OR_RETURN(const core::RunRecord run, sync_once(app, integration, sync, end));
  verification.run.api_calls += run.api_calls;
  if (end) return std::unexpected(*end);
  ASSIGN_OR_RETURN(auto again, verify_all(app, connection, differing, false, request.progress));
  for (ObjectVerified& object : again)
    *std::ranges::find(verification.objects, object.mapping.object,
                       [](const ObjectVerified& old) { return old.mapping.object; }) = std::move(object);
  return {};
}

base::Result<std::vector<StillOpen>> still_open(App& app, const core::Integration& integration,
                                                const Verification& verification) {
  ASSIGN_OR_RETURN(const auto backlog, app.store->backlog(integration.id));
  std::vector<StillOpen> open;
  for (const core::Backlog& entry : backlog) {
    const auto compared = [&](const ObjectVerified& object) { return object.mapping.object == entry.object; };
    const auto left_out = [&](const core::RunError& error) { return error.left_out == entry.object; };
    if (entry.open_conflicts + entry.parked == 0) continue;
    if (std::ranges::any_of(verification.objects, compared) || std::ranges::any_of(verification.not_compared, left_out))
      open.push_back({entry.object, entry.open_conflicts, entry.parked});
  }
  return open;
}

}  // namespace

bool Verification::apart_by_choice() const {
  return std::ranges::any_of(objects, [](const ObjectVerified& object) {
    const core::VerifyCounts& c = object.counts;
    return c.one_way + c.left_apart + c.outside + c.unpulled > 0 || c.org_checksum != c.store_checksum;
  });
}

bool Verification::all_equal() const {
  return run.status == "completed" && not_compared.empty() && open.empty() &&
         std::ranges::all_of(objects, [](const ObjectVerified& object) { return object.counts.all_equal(); });
}

base::Result<Verification> verify_once(App& app, core::Integration& integration, const VerifyRequest& request) {
  Verification verification;
  core::RunRecord& run = verification.run;
  run.id = {security::random_hex(12)};
  run.integration = integration.id;
  run.operation = "verify";
  run.started_at = app.clock.now();
  const auto started = app.clock.elapsed();

  ASSIGN_OR_RETURN(const auto connected, Connection::open(app, integration));
  Connection& connection = *connected;
  SyncRequest scope;
  scope.objects = request.objects;
  ASSIGN_OR_RETURN(const auto mappings, mappings_for(app, integration, connection.org, scope, run.sync_errors));
  std::ranges::copy_if(run.sync_errors, std::back_inserter(verification.not_compared),
                       [](const core::RunError& error) { return !error.left_out.empty(); });
  ASSIGN_OR_RETURN(const auto ahead, connection.budget.ahead());
  app.store->set_org_ahead(ahead);
  RETURN_IF_ERROR(forecast(connection.org, mappings, request));
  ASSIGN_OR_RETURN(verification.objects, verify_all(app, connection, mappings, false, request.progress));
  if (request.repair) RETURN_IF_ERROR(repair(app, integration, connection, request, verification));

  ASSIGN_OR_RETURN(verification.open, still_open(app, integration, verification));

  for (const ObjectVerified& object : verification.objects) {
    run.successful += object.counts.equal;
    run.errors += object.counts.differing();
    for (const core::Difference& difference : object.differences) {
      if (run.sync_errors.size() == 100) break;
      std::string fields;
      for (const auto& field : difference.fields)
        (fields += fields.empty() ? "" : ", ") += object.mapping.fields[field.field].org_field;
      run.sync_errors.push_back({object.mapping.object + " differs: " + std::string{name_of(difference.kind)} +
                                     (fields.empty() ? "" : " of " + fields),
                                 difference.record ? difference.record.str() : difference.row.text, "DIFFERS",
                                 app.clock.now()});
    }
  }
  run.api_calls += connection.org.calls();  // Beside those of the sync within a repair.
  run.completed_at = app.clock.now();
  run.duration = std::chrono::duration_cast<std::chrono::milliseconds>(app.clock.elapsed() - started);
  run.status = stop_requested ? "failed" : "completed";
  if (stop_requested)
    run.sync_errors.push_back(
        {"interrupted: the comparison did not come to its end", "", "INTERRUPTED", app.clock.now()});
  RETURN_IF_ERROR(app.store->save(run));
  return verification;
}

}  // namespace daemon_process
