#include "daemon/command.h"

#include <cstdio>

namespace daemon_process {

int tell(const base::Error& error) {
  std::fprintf(stderr, "lockstep: %s\n", error.message.c_str());
  return exit_status_for(error);
}

int tell_interrupted(const char* state) {
  std::fprintf(stderr, "lockstep: interrupted: %s\n", state);
  return some_left;
}

void print_run(const core::RunRecord& run) {
  std::printf("run %s %s in %.1f s, %lld API calls\n", run.id.text.c_str(), run.status.c_str(),
              static_cast<double>(run.duration.count()) / 1000.0, static_cast<long long>(run.api_calls));
  for (const auto& [object, c] : run.objects)
    std::printf(
        "  %-12s from Salesforce: %lld new, %lld changed, %lld deleted, %lld unchanged; to Salesforce: %lld new, %lld "
        "changed, %lld deleted; %lld conflicts, %lld parked\n",
        object.c_str(), static_cast<long long>(c.pulled_created), static_cast<long long>(c.pulled_updated),
        static_cast<long long>(c.pulled_deleted), static_cast<long long>(c.pulled_unchanged),
        static_cast<long long>(c.pushed_created), static_cast<long long>(c.pushed_updated),
        static_cast<long long>(c.pushed_deleted), static_cast<long long>(c.conflicts),
        static_cast<long long>(c.parked));
  for (const core::RunError& error : run.sync_errors)
    std::printf("  ! %s%s%s\n", error.record.empty() ? "" : ("row " + error.record).c_str(),
                error.record.empty() ? "" : ": ", error.message.c_str());
}

}  // namespace daemon_process
