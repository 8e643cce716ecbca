#include <cstdio>

#include "base/time_text.h"
#include "daemon/budget.h"
#include "daemon/command.h"

namespace daemon_process {
namespace {

int do_status(App& app, bool as_json) {
  if (as_json) {
    const auto status = status_json(app);
    if (!status) return tell(status.error());
    std::printf("%s\n", status->c_str());
    return done;
  }
  const auto integrations = app.store->integrations();
  if (!integrations) return tell(integrations.error());
  if (integrations->empty()) std::printf("%s\n", no_org_connected().message.c_str());
  for (const core::Integration& integration : *integrations) {
    std::printf("integration %s: workspace %s, org %s as %s, %s\n", integration.id.text.c_str(),
                integration.workspace.c_str(), integration.org_id.c_str(), integration.username.c_str(),
                integration.sync_status.c_str());
    if (integration.last_sync_at)
      std::printf("  last run %s\n", base::to_iso_seconds(*integration.last_sync_at).c_str());
    if (!integration.last_error.empty()) std::printf("  last error: %s\n", integration.last_error.c_str());
    const auto budget = budget_json(*app.store, integration, budget_shares(app.settings), app.clock);
    if (!budget) return tell(budget.error());
    std::printf("%s", budget_lines(*budget).c_str());
    const auto backlog = app.store->backlog(integration.id);
    if (!backlog) return tell(backlog.error());
    for (const core::Backlog& entry : *backlog)
      std::printf("  %-12s %lld linked, %lld waiting to be sent, %lld parked, %lld conflicts\n", entry.object.c_str(),
                  static_cast<long long>(entry.links), static_cast<long long>(entry.outbox),
                  static_cast<long long>(entry.parked), static_cast<long long>(entry.open_conflicts));
  }
  return done;
}

}  // namespace

void add_status(CLI::App& cli, Commands& commands) {
  const auto as_json = std::make_shared<bool>(false);
  auto* command = cli.add_subcommand("status", "Integrations, backlog, last run");
  command->add_flag("--json", *as_json, "One JSON document on standard output");
  command->footer("Example: lockstep status --json");
  commands.push_back({command, [as_json](App& app) { return do_status(app, *as_json); }});
}

}  // namespace daemon_process
