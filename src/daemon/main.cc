#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <unistd.h>

#include "base/log.h"
#include "base/time_text.h"
#include "daemon/app.h"

namespace {

using namespace daemon_process;

int tell(const base::Error& error) {
  std::fprintf(stderr, "lockstep: %s\n", error.message.c_str());
  return exit_status_for(error);
}

void print_run(const core::RunRecord& run) {
  std::printf("run %s %s in %.1f s, %lld API calls\n", run.id.text.c_str(), run.status.c_str(),
              static_cast<double>(run.duration.count()) / 1000.0, static_cast<long long>(run.api_calls));
  for (const auto& [object, c] : run.objects)
    std::printf("  %-12s from Salesforce: %lld new, %lld changed, %lld unchanged; to Salesforce: %lld new, %lld changed; "
                "%lld conflicts, %lld parked\n",
                object.c_str(), static_cast<long long>(c.pulled_created), static_cast<long long>(c.pulled_updated),
                static_cast<long long>(c.pulled_unchanged), static_cast<long long>(c.pushed_created),
                static_cast<long long>(c.pushed_updated), static_cast<long long>(c.conflicts),
                static_cast<long long>(c.parked));
  for (const core::RunError& error : run.sync_errors)
    std::printf("  ! %s%s%s\n", error.record.empty() ? "" : ("row " + error.record).c_str(),
                error.record.empty() ? "" : ": ", error.message.c_str());
}

/// Parked or in conflict, from this run or an earlier one.
bool something_stands(App& app, const core::Integration& integration) {
  const auto backlog = app.store->backlog(integration.id);
  return !backlog || std::ranges::any_of(*backlog, [](const core::Backlog& entry) {
    return entry.parked > 0 || entry.open_conflicts > 0;
  });
}

int do_sync(App& app, const SyncRequest& request, const std::string& id, bool as_json) {
  auto integrations = chosen(app, id);
  if (!integrations) return tell(integrations.error());
  if (as_json && integrations->size() > 1) {
    std::fprintf(stderr, "lockstep: --json prints one run: name the integration with --integration ID\n");
    return wrong_usage;
  }
  int status = done;
  for (core::Integration& integration : *integrations) {
    std::optional<base::Error> end;
    const auto run = sync_once(app, integration, request, end);
    if (!run) {
      status = tell(run.error());
      continue;
    }
    if (request.progress && isatty(2)) std::fprintf(stderr, "\r\033[K");
    if (as_json) {
      std::printf("%s\n", run_json(*run).c_str());
    } else {
      print_run(*run);
    }
    if (end) {
      status = tell(*end);
    } else if (status == done && (run->status != "completed" || something_stands(app, integration))) {
      status = some_left;
    }
  }
  return status;
}

int do_status(App& app, bool as_json) {
  if (as_json) {
    std::printf("%s\n", status_json(app).c_str());
    return done;
  }
  const auto integrations = app.store->integrations();
  if (!integrations) return tell(integrations.error());
  if (integrations->empty()) std::printf("no org is connected yet: run `lockstep connect --flow client-credentials`\n");
  for (const core::Integration& integration : *integrations) {
    std::printf("integration %s: workspace %s, org %s as %s, %s\n", integration.id.text.c_str(),
                integration.workspace.c_str(), integration.org_id.c_str(), integration.username.c_str(),
                integration.sync_status.c_str());
    if (integration.last_sync_at) std::printf("  last run %s\n", base::to_iso_seconds(*integration.last_sync_at).c_str());
    if (!integration.last_error.empty()) std::printf("  last error: %s\n", integration.last_error.c_str());
    const auto backlog = app.store->backlog(integration.id);
    if (!backlog) return tell(backlog.error());
    for (const core::Backlog& entry : *backlog)
      std::printf("  %-12s %lld linked, %lld waiting to be sent, %lld parked, %lld conflicts\n", entry.object.c_str(),
                  static_cast<long long>(entry.links), static_cast<long long>(entry.outbox),
                  static_cast<long long>(entry.parked), static_cast<long long>(entry.open_conflicts));
  }
  return done;
}

int do_runs(App& app, const std::string& id, bool as_json) {
  std::vector<core::RunRecord> runs;
  if (id.empty()) {
    auto listed = app.store->runs(20);
    if (!listed) return tell(listed.error());
    runs = std::move(*listed);
  } else {
    auto run = app.store->run({id});
    if (!run) return tell(run.error());
    if (!*run) return tell({base::ErrorKind::settings, "there is no run " + id + ": `lockstep runs list` lists them"});
    runs.push_back(**run);
  }
  if (as_json) {
    std::string text;
    for (const auto& run : runs) (text += text.empty() ? "" : ",") += run_json(run);
    std::printf("%s\n", id.empty() ? ("[" + text + "]").c_str() : text.c_str());
  } else {
    for (const auto& run : runs) print_run(run);
  }
  return done;
}

void on_signal(int) { stop_requested = true; }

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli{"Lockstep keeps a team's own database and Salesforce in step, both ways."};
  cli.require_subcommand(1);
  cli.set_version_flag("--version", "lockstep " LOCKSTEP_VERSION);
  cli.footer("Examples:\n  lockstep connect --flow client-credentials --login-url https://acme.my.salesforce.com\n"
             "  lockstep sync\n  lockstep status --json\n\nSettings (file lockstep.toml or environment):\n" +
             settings::describe_settings());
  std::string config, log_level, log_format;
  cli.add_option("--config", config, "Settings file; default lockstep.toml, then /etc/lockstep/lockstep.toml");
  cli.add_option("--log-level", log_level)->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  cli.add_option("--log-format", log_format)->check(CLI::IsMember({"text", "json"}));

  auto* serve_command = cli.add_subcommand("serve", "Sync on schedule until SIGTERM");
  serve_command->footer("Example: LOCKSTEP_SERVER_LISTEN=127.0.0.1:5000 lockstep serve");

  auto* connect_command = cli.add_subcommand("connect", "Connect an org");
  ConnectRequest connect_request;
  connect_command->add_option("--flow", connect_request.flow, "How to sign in")
      ->required()
      ->check(CLI::IsMember({"client-credentials", "refresh-token"}));
  connect_command->add_option("--login-url", connect_request.login_url, "My Domain or login host");
  connect_command->add_option("--workspace", connect_request.workspace, "Whose rows are synced");
  connect_command->footer(
      "The client id and secret come from SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET or the settings file, a\n"
      "refresh token from standard input:\n  lockstep connect --flow refresh-token < token.txt");

  auto* sync_command = cli.add_subcommand("sync", "One sync run in the foreground");
  SyncRequest sync_request;
  std::string sync_integration, direction;
  bool sync_json = false, status_as_json = false, runs_as_json = false;
  sync_command->add_option("--integration", sync_integration, "Only this one");
  sync_command->add_option("--object", sync_request.objects, "Only these objects (Contact, Account, …)");
  sync_command->add_option("--direction", direction)->check(CLI::IsMember({"pull", "push", "both"}));
  sync_command->add_flag("--json", sync_json, "One JSON document on standard output");
  sync_command->footer("Example: lockstep sync --object Contact --direction pull");

  auto* status_command = cli.add_subcommand("status", "Integrations, backlog, last run");
  status_command->add_flag("--json", status_as_json);
  status_command->footer("Example: lockstep status --json");

  auto* runs_command = cli.add_subcommand("runs", "Sync logs");
  runs_command->require_subcommand(1);
  auto* runs_list = runs_command->add_subcommand("list", "The last twenty");
  runs_list->add_flag("--json", runs_as_json);
  auto* runs_show = runs_command->add_subcommand("show", "One run");
  std::string run_id;
  runs_show->add_option("id", run_id)->required();
  runs_show->add_flag("--json", runs_as_json);
  runs_command->footer("Example: lockstep runs list");

  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = cli.exit(error);
    return code == 0 ? done : wrong_usage;
  }
  auto settings = settings::load(config.empty() ? std::nullopt : std::optional{config}, settings::process_environment());
  if (!settings) return tell(settings.error());
  if (log_level == "debug") settings->log.level = base::LogLevel::debug;
  if (log_level == "info") settings->log.level = base::LogLevel::info;
  if (log_level == "warn") settings->log.level = base::LogLevel::warn;
  if (log_level == "error") settings->log.level = base::LogLevel::error;
  if (log_format == "json") settings->log.format = base::LogFormat::json;
  if (log_format == "text") settings->log.format = base::LogFormat::text;
  base::start_log(settings->log.level, settings->log.format);

  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  std::signal(SIGPIPE, SIG_IGN);
  auto app = open_app(std::move(*settings));
  if (!app) {
    tell(app.error());
    return app.error().kind == base::ErrorKind::settings ? wrong_usage : unreachable;
  }
  if (*serve_command) return serve(**app);
  if (*connect_command) {
    if (connect_request.flow == "refresh-token") std::getline(std::cin, connect_request.refresh_token);
    const auto integration = connect(**app, connect_request);
    if (!integration) return tell(integration.error());
    std::printf("connected workspace %s to org %s as %s (integration %s)\n", integration->workspace.c_str(),
                integration->org_id.c_str(), integration->username.c_str(), integration->id.text.c_str());
    return done;
  }
  if (*sync_command) {
    if (direction == "pull") sync_request.direction = model::SyncDirection::to_store;
    if (direction == "push") sync_request.direction = model::SyncDirection::to_org;
    if (isatty(2))
      sync_request.progress = [](const std::string& line) { std::fprintf(stderr, "\r\033[K%s", line.c_str()); };
    return do_sync(**app, sync_request, sync_integration, sync_json);
  }
  if (*status_command) return do_status(**app, status_as_json);
  return do_runs(**app, run_id, runs_as_json);
}
