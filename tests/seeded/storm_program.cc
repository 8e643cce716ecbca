// Runs any number of histories in a weather and tells which break; see usage.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "storm.h"

int main(int argc, char** argv) {
  using namespace seeded;
  const auto named = argc < 6 ? std::nullopt : setting_for(argv[1]);
  if (!named) {
    std::fputs(
        "storm fair|deletes|everything|kinds|policies|refusals|filters|leavers|keyless|bulk|changes|push|orphans|"
        "{kinds,keyless,bulk,changes}-deletes memory|sqlite fake|sfsim FIRST COUNT "
        "[trace|shrink]\n",
        stderr);
    return 2;
  }
  Setting setting = *named;
  setting.backend = std::string{argv[2]} == "sqlite" ? Backend::sqlite : Backend::memory;
  setting.org = std::string{argv[3]} == "sfsim" ? OrgKind::sfsim : OrgKind::fake;
  const std::uint64_t first = std::strtoull(argv[4], nullptr, 10), count = std::strtoull(argv[5], nullptr, 10);
  const std::string how = argc > 6 ? argv[6] : "";
  setting.trace = how == "trace";
  int failed = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const Outcome outcome = run_storm(seed, setting);
    if (outcome.broken.empty()) continue;
    ++failed;
    std::printf("%llu:", static_cast<unsigned long long>(seed));
    for (const auto& broken : outcome.broken) std::printf(" [%s]", broken.c_str());
    std::printf("\n");
    std::fflush(stdout);
    if (how == "shrink") std::printf("%s\n", told("seed", outcome, setting).c_str());
  }
  std::printf("%d of %llu broke\n", failed, static_cast<unsigned long long>(count));
  return failed == 0 ? 0 : 1;
}
