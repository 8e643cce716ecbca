#include "daemon/plan.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/dry_run.h"
#include "daemon/connection.h"
#include "daemon/mappings.h"

namespace daemon_process {
namespace {

namespace fs = std::filesystem;

/// A folder of our own beside the store, gone at the end. It holds the same data as the store, for its owner alone.
class WorkFolder {
 public:
  static base::Result<WorkFolder> make(const fs::path& beside) {
    std::string path = (beside.parent_path() / "lockstep-plan-XXXXXX").string();
    if (!::mkdtemp(path.data()))
      return base::failure(base::ErrorKind::settings, "a plan needs room for a copy of the store beside it, and " +
                                                          path + " cannot be made: " + std::strerror(errno));
    return WorkFolder{path};
  }
  WorkFolder(WorkFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ~WorkFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit WorkFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

}  // namespace

base::Result<Plan> rehearse(App& app, core::Integration& integration, const SyncRequest& request) {
  ASSIGN_OR_RETURN(const WorkFolder folder, WorkFolder::make(app.settings.store.sqlite_path));
  const std::string copy = (folder.path() / "store.db").string();
  RETURN_IF_ERROR(app.store->copy_to(copy));
  App rehearsal{app.settings, {}, base::random_from_system(), nullptr, {}};
  ASSIGN_OR_RETURN(rehearsal.store, store::SqliteStore::open(copy));

  Plan plan;
  plan.run.id = {"plan"};
  plan.run.integration = integration.id;
  plan.run.started_at = app.clock.now();
  const auto started = app.clock.elapsed();
  ASSIGN_OR_RETURN(const auto connection, Connection::open(app, integration));
  core::DryRunOrg org{connection->org, &salesforce::RestOrg::calls_for};
  ASSIGN_OR_RETURN(const auto mappings,
                   mappings_for(rehearsal, integration, connection->org, request, plan.run.sync_errors));
  const core::RunWorld world{org,
                             *rehearsal.store,
                             app.clock,
                             app.random,
                             [](std::chrono::milliseconds time) { (void)wait_unless_stopped(time); },
                             [] { return stop_requested.load(); },
                             [&](const std::string& line) {
                               if (request.progress) request.progress(line);
                             },
                             core::MassLimits{0, 0, 0, 0},
                             request.direction.value_or(model::SyncDirection::both)};
  rehearsal.store->set_org_ahead(connection->budget.ahead().value_or(std::chrono::milliseconds{0}));
  core::RunResult result = core::run_sync(mappings, world);
  if (result.stopped_by) return std::unexpected(*result.stopped_by);
  plan.run.objects = std::move(result.objects);
  plan.run.sync_errors.insert(plan.run.sync_errors.end(), result.errors.begin(), result.errors.end());
  plan.run.errors = static_cast<std::int64_t>(plan.run.sync_errors.size());
  plan.run.status = plan.run.errors > 0 ? "partial" : "completed";
  plan.run.api_calls = connection->org.calls();
  plan.run.completed_at = app.clock.now();
  plan.run.duration = std::chrono::duration_cast<std::chrono::milliseconds>(app.clock.elapsed() - started);
  plan.write_calls = org.write_calls();
  return plan;
}

}  // namespace daemon_process
