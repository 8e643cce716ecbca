#include <unistd.h>
#include <algorithm>
#include <cstdio>

#include "daemon/command.h"
#include "daemon/connection.h"
#include "daemon/plan.h"

namespace daemon_process {
namespace {

/// Parked or in conflict, from this run or an earlier one.
bool something_stands(App& app, const core::Integration& integration) {
  const auto backlog = app.store->backlog(integration.id);
  return !backlog || std::ranges::any_of(*backlog, [](const core::Backlog& entry) {
    return entry.parked > 0 || entry.open_conflicts > 0;
  });
}

/// Goes before the daemon's next run, and waits for the end of one that has begun.
base::Result<core::RunRecord> sync_in_turn(App& app, core::Integration& integration, const SyncRequest& request,
                                           std::optional<base::Error>& end) {
  using namespace std::chrono_literals;
  const auto until = app.clock.elapsed() + 10min;
  for (bool told = false;; told = true) {
    auto run = sync_once(app, integration, request, end);
    const bool in_turn = run || run.error().kind != base::ErrorKind::cancelled;
    if (in_turn || stop_requested || app.clock.elapsed() > until) return run;
    if (!told) std::fprintf(stderr, "lockstep: waiting: %s\n", run.error().message.c_str());
    (void)wait_unless_stopped(200ms);
  }
}

/// Rehearses the run, or does it.
base::Result<core::RunRecord> run_or_rehearse(App& app, core::Integration& integration, const SyncRequest& request,
                                              bool dry, std::optional<base::Error>& end) {
  if (!dry) return sync_in_turn(app, integration, request, end);
  ASSIGN_OR_RETURN(Plan plan, rehearse(app, integration, request));
  return std::move(plan.run);
}

int do_sync(App& app, const SyncRequest& request, const std::string& id, bool dry, bool as_json) {
  auto integrations = chosen(app, id);
  if (!integrations) return tell(integrations.error());
  if (as_json && integrations->size() > 1) {
    std::fprintf(stderr, "lockstep: --json prints one run: name the integration with --integration ID\n");
    return wrong_usage;
  }
  int status = done;
  for (core::Integration& integration : *integrations) {
    std::optional<base::Error> end;
    const auto run = run_or_rehearse(app, integration, request, dry, end);
    if (request.progress && isatty(2)) std::fprintf(stderr, "\r\033[K");
    if (stop_requested && (dry || !run)) return tell_interrupted(dry ? "nothing was changed" : "nothing was synced");
    if (!run) {
      status = tell(run.error());
      continue;
    }
    if (as_json) {
      std::printf("%s\n", run_json(*run).c_str());
    } else {
      print_run(*run);
    }
    if (stop_requested && run->cut_short)
      return tell_interrupted("what was synced so far is kept, and the next run goes on from there");
    if (end) {
      status = tell(*end);
    } else if (status == done && (run->status != "completed" || something_stands(app, integration))) {
      status = some_left;
    }
  }
  return status;
}

}  // namespace

void add_sync(CLI::App& cli, Commands& commands) {
  struct Options {
    SyncRequest request;
    std::string integration, direction;
    bool dry = false, json = false;
  };
  const auto options = std::make_shared<Options>();
  auto* command = cli.add_subcommand("sync", "One sync run in the foreground");
  command->add_option("--integration", options->integration, "Only this one");
  command->add_option("--object", options->request.objects, "Only these objects (Contact, Account, …)");
  command->add_option("--direction", options->direction)->check(CLI::IsMember({"pull", "push", "both"}));
  command->add_flag("--dry-run", options->dry, "Rehearse it on a copy of the store, and write nothing anywhere");
  command->add_flag("--allow-mass-change", options->request.allow_mass_change,
                    "Delete and change more than maxDeletes, maxDeletePercent, maxChanges and maxChangePercent allow");
  command->add_flag("--json", options->json, "One JSON document on standard output");
  command->footer("Examples:\n  lockstep sync --object Contact --direction pull\n  lockstep sync --allow-mass-change");
  commands.push_back({command, [options](App& app) {
                        if (options->direction == "pull") options->request.direction = model::SyncDirection::to_store;
                        if (options->direction == "push") options->request.direction = model::SyncDirection::to_org;
                        options->request.lane = core::Lane::interactive;
                        if (isatty(2))
                          options->request.progress = [](const std::string& line) {
                            std::fprintf(stderr, "\r\033[K%s", line.c_str());
                          };
                        return do_sync(app, options->request, options->integration, options->dry, options->json);
                      }});
}

}  // namespace daemon_process
