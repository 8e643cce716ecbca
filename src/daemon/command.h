#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "daemon/app.h"

namespace daemon_process {

/// One command of the program: what the arguments were parsed into, and what it does with an open App. What `run`
/// captures must own the options, since it outlives the function that added the command.
struct Command {
  CLI::App* parsed;
  std::function<int(App&)> run;  ///< The exit status.
  /// In place of `run`, for a command that looks for itself at what does not open.
  std::function<int(base::Result<settings::Settings>)> run_unopened = {};
};
using Commands = std::vector<Command>;

void add_serve(CLI::App&, Commands&);
void add_connect(CLI::App&, Commands&);
void add_integration(CLI::App&, Commands&);
void add_sync(CLI::App&, Commands&);
void add_status(CLI::App&, Commands&);
void add_plan(CLI::App&, Commands&);
void add_runs(CLI::App&, Commands&);
void add_verify(CLI::App&, Commands&);
void add_mapping(CLI::App&, Commands&);
void add_integration(CLI::App&, Commands&);
void add_keys(CLI::App&, Commands&);
void add_doctor(CLI::App&, Commands&);
void add_queue(CLI::App&, Commands&);
void add_conflicts(CLI::App&, Commands&);
void add_parked(CLI::App&, Commands&);
void add_history(CLI::App&, Commands&);

/// Adds a command that does something about one integration or all, and shares `options` with its siblings.
template <class Options>
CLI::App* add_below(CLI::App& parent, Commands& commands, const std::shared_ptr<Options>& options, const char* name,
                    const char* what, int (*run)(App&, const Options&)) {
  auto* command = parent.add_subcommand(name, what);
  command->add_option("--integration", options->integration, "Only this one");
  command->add_flag("--json", options->as_json, "One JSON document on standard output");
  commands.push_back({command, [options, run](App& app) { return run(app, *options); }});
  return command;
}

/// Prints the error for a person and says with which status to exit.
int tell(const base::Error&);
/// The same for a command that was asked to stop before its end: `state` says what was done and what was not.
int tell_interrupted(const char* state);

void print_run(const core::RunRecord&);

}  // namespace daemon_process
