#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "base/log.h"
#include "daemon/command.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LOCKSTEP_UNDER_SANITIZER
#endif
#endif

namespace {

using namespace daemon_process;

/// The first lets what runs come to an orderly end; a second Ctrl-C does not wait for that.
void on_signal(int signal) {
  if (stop_requested.exchange(true) && signal == SIGINT) ::_exit(some_left);
}

/// The process holds tokens and keys: no core file, no ptrace by others, no reading of its memory through /proc.
void keep_memory_private() {
  const rlimit none{0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(LOCKSTEP_UNDER_SANITIZER)
  (void)prctl(PR_SET_DUMPABLE, 0);  // sanitizers look at their own process by ptrace
#endif
}

}  // namespace

int main(int argc, char** argv) {
  keep_memory_private();
  CLI::App cli{"Lockstep keeps a team's own database and Salesforce in step, both ways."};
  cli.require_subcommand(1);
  cli.set_version_flag("--version", "lockstep " LOCKSTEP_VERSION);
  cli.footer(
      "Examples:\n  lockstep connect --flow client-credentials --login-url https://acme.my.salesforce.com\n"
      "  lockstep sync\n  lockstep status --json\n\nCtrl-C ends a command within seconds, with exit status 1 and a "
      "word on "
      "what was done; a second one at once.\n\nSettings (file lockstep.toml or environment):\n" +
      settings::describe_settings());
  std::string config, log_level, log_format;
  cli.add_option("--config", config, "Settings file; default lockstep.toml, then /etc/lockstep/lockstep.toml");
  cli.add_option("--log-level", log_level)->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  cli.add_option("--log-format", log_format)->check(CLI::IsMember({"text", "json"}));

  Commands commands;
  for (const auto add : {add_serve, add_connect, add_sync, add_status, add_runs, add_plan, add_verify, add_mapping,
                         add_integration, add_keys, add_doctor, add_queue, add_conflicts, add_parked, add_history})
    add(cli, commands);
  for (const Command& command : commands)  // --config and its like may stand behind the command too.
    for (CLI::App* at = command.parsed; at != &cli; at = at->get_parent()) at->fallthrough();

  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = cli.exit(error);
    return code == 0 ? done : wrong_usage;
  }
  auto settings =
      settings::load(config.empty() ? std::nullopt : std::optional{config}, settings::process_environment());
  const auto chosen_command = std::ranges::find_if(commands, [](const Command& c) { return c.parsed->parsed(); });
  if (!settings) return chosen_command->run_unopened ? chosen_command->run_unopened(settings) : tell(settings.error());
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
  if (chosen_command->run_unopened) return chosen_command->run_unopened(std::move(*settings));
  auto app = open_app(std::move(*settings));
  if (!app) {
    tell(app.error());
    return app.error().kind == base::ErrorKind::settings ? wrong_usage : unreachable;
  }
  return chosen_command->run(**app);
}
