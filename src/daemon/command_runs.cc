#include <cstdio>

#include "daemon/command.h"

namespace daemon_process {
namespace {

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

}  // namespace

void add_runs(CLI::App& cli, Commands& commands) {
  struct Options {
    std::string id;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  auto* command = cli.add_subcommand("runs", "Sync logs");
  command->require_subcommand(1);
  command->footer("Example: lockstep runs list");
  auto* list = command->add_subcommand("list", "The last twenty");
  list->add_flag("--json", options->json);
  auto* show = command->add_subcommand("show", "One run");
  show->add_option("id", options->id)->required();
  show->add_flag("--json", options->json);
  const auto run = [options](App& app) { return do_runs(app, options->id, options->json); };
  commands.push_back({list, run});
  commands.push_back({show, run});
}

}  // namespace daemon_process
