#include <unistd.h>
#include <boost/json.hpp>
#include <cinttypes>
#include <cstdio>

#include "daemon/command.h"
#include "daemon/plan.h"

namespace daemon_process {
namespace {

namespace json = boost::json;

void print_json(const Plan& plan) {
  json::array objects, warnings;
  for (const auto& [object, counts] : plan.run.objects)
    objects.push_back(
        {{"object", object},
         {"crm",
          {{"create", counts.pulled_created}, {"update", counts.pulled_updated}, {"delete", counts.pulled_deleted}}},
         {"salesforce",
          {{"create", counts.pushed_created}, {"update", counts.pushed_updated}, {"delete", counts.pushed_deleted}}},
         {"link", counts.linked},
         {"conflicts", counts.conflicts},
         {"parked", counts.parked}});
  for (const core::RunError& error : plan.run.sync_errors)
    warnings.push_back({{"message", error.message}, {"record", error.record}, {"code", error.code}});
  std::printf("%s\n", json::serialize(json::object{{"integration_id", plan.run.integration.text},
                                                   {"objects", std::move(objects)},
                                                   {"api_calls",
                                                    {{"read", plan.run.api_calls},
                                                     {"write", plan.write_calls},
                                                     {"total", plan.run.api_calls + plan.write_calls}}},
                                                   {"warnings", std::move(warnings)}})
                          .c_str());
}

void print(const Plan& plan) {
  std::printf("%-12s %27s  %27s\n", "", "in the store", "in Salesforce");
  std::printf("%-12s %8s %8s %9s  %8s %8s %9s %9s %9s %7s\n", "object", "create", "update", "delete", "create",
              "update", "delete", "link", "conflicts", "parked");
  for (const auto& [object, c] : plan.run.objects)
    std::printf("%-12s %8" PRId64 " %8" PRId64 " %9" PRId64 "  %8" PRId64 " %8" PRId64 " %9" PRId64 " %9" PRId64
                " %9" PRId64 " %7" PRId64 "\n",
                object.c_str(), c.pulled_created, c.pulled_updated, c.pulled_deleted, c.pushed_created,
                c.pushed_updated, c.pushed_deleted, c.linked, c.conflicts, c.parked);
  std::printf("cost: %" PRId64 " API calls to read, about %" PRId64 " to write\n", plan.run.api_calls,
              plan.write_calls);
  for (const core::RunError& error : plan.run.sync_errors) std::printf("  ! %s\n", error.message.c_str());
  std::printf("nothing was changed; `lockstep sync` does it\n");
}

}  // namespace

void add_plan(CLI::App& cli, Commands& commands) {
  struct Options {
    SyncRequest request;
    std::string integration;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  auto* command = cli.add_subcommand("plan", "What a sync would create, link, update and delete, and its API calls");
  command->add_option("--integration", options->integration, "Only this one");
  command->add_option("--object", options->request.objects, "Only these objects (Contact, Account, …)");
  command->add_flag("--json", options->json, "One JSON document on standard output");
  command->footer(
      "Rehearses a run on a copy of the store, beside it, and writes nothing to Salesforce. It reads as much of the "
      "org\n"
      "as the run itself.\nExample: lockstep plan --object Contact");
  commands.push_back({command, [options](App& app) -> int {
                        auto integrations = chosen(app, options->integration);
                        if (!integrations) return tell(integrations.error());
                        if (options->json && integrations->size() > 1) {
                          std::fprintf(
                              stderr, "lockstep: --json prints one plan: name the integration with --integration ID\n");
                          return wrong_usage;
                        }
                        const bool terminal = isatty(2);
                        if (terminal)
                          options->request.progress = [](const std::string& line) {
                            std::fprintf(stderr, "\r\033[K%s", line.c_str());
                          };
                        int status = done;
                        for (core::Integration& integration : *integrations) {
                          const auto plan = rehearse(app, integration, options->request);
                          if (terminal) std::fprintf(stderr, "\r\033[K");
                          if (stop_requested) return tell_interrupted("there is no plan, and nothing was changed");
                          if (!plan) {
                            status = tell(plan.error());
                            continue;
                          }
                          if (options->json) {
                            print_json(*plan);
                          } else {
                            print(*plan);
                          }
                          if (status == done && plan->run.errors > 0) status = some_left;
                        }
                        return status;
                      }});
}

}  // namespace daemon_process
