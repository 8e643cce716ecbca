#include "storm.h"

#include "core/pull_pass.h"
#include "core/push_pass.h"

namespace seeded {
namespace {

using namespace std::chrono_literals;

constexpr core::Lookback short_lookback{.revisit = 3s, .revisit_records = 3, .overlap = 1min, .sweep_every = 1min};
constexpr std::size_t page_size = 3;
constexpr int calm_rounds = 40;

/// A pull or a push of a few pages, as one process would do it. False when it failed.
bool pull(World& world, TurbulentStore& store, const core::Safeguards& safeguards, int most_steps) {
  if (world.resets() && !store.update(world.mapping(), {}, [](const core::Known&) {
        return core::WriteSet{.position = model::Beginning{}};
      }))
    return false;
  core::PullPass pass{world.mapping(), world, store, world.clock(), short_lookback, safeguards, page_size};
  for (int i = 0; i < most_steps; ++i) {
    const auto step = pass.step();
    if (!step) return false;
    if (*step != core::Step::progressed && *step != core::Step::pending) break;
  }
  return true;
}

bool push(World& world, TurbulentStore& store, const core::Safeguards& safeguards, int most_steps) {
  core::PushPass pass{world.mapping(), world, store, world.clock(), world.random(), safeguards, page_size};
  for (int i = 0; i < most_steps; ++i) {
    const auto step = pass.step();
    if (!step) return false;
    if (*step != core::Step::progressed) break;
  }
  return true;
}

}  // namespace

Outcome run_storm(std::uint64_t seed, const core::Safeguards& safeguards, const Weather& weather, int steps) {
  World world{seed, weather};
  TurbulentStore store{world};
  Outcome outcome;
  for (int i = 0; i < steps; ++i) {
    try {
      const bool pulls = !weather.push_only && world.random().chance(0.5);
      if (!(pulls ? pull : push)(world, store, safeguards, 1 + static_cast<int>(world.random().below(3))))
        ++outcome.errors;
    } catch (const Crash&) {
      ++outcome.crashes;
    }
  }
  world.calm();
  const auto round = [&] {
    world.pass_time(5s);
    if (!weather.push_only && !pull(world, store, safeguards, 100)) outcome.broken.push_back("a pull fails in calm weather");
    if (!push(world, store, safeguards, 100)) outcome.broken.push_back("a push fails in calm weather");
  };
  for (int i = 0; i < calm_rounds; ++i) round();
  const std::size_t writes = world.org_writes() + world.store().row_writes();
  for (int i = 0; i < 3; ++i) round();
  if (world.org_writes() + world.store().row_writes() != writes) outcome.broken.push_back("I6 not quiet");
  if (world.store().outbox_size() != 0) outcome.broken.push_back("I7 an entry is left though all is quiet");
  for (const std::string& broken : world.verdict()) outcome.broken.push_back(broken);
  for (const std::string& reverted : world.reverted()) outcome.broken.push_back("I4 " + reverted);
  outcome.bulk_pages = world.bulk_pages();
  outcome.trace = world.trace() ^ world.random().state();
  return outcome;
}

}  // namespace seeded
