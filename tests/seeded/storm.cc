#include "storm.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace seeded {
namespace {

using namespace std::chrono_literals;

}  // namespace

void come_to_rest(World& world, std::vector<std::string>& broken) {
  const auto round = [&](std::chrono::milliseconds pause) {
    world.pass_time(pause);
    if (!world.run()) broken.push_back("a run fails in calm weather");
  };
  for (int i = 0; i < 4; ++i) round(5s);  // What cannot be read stops nothing else.
  world.mend();
  for (int i = 0; i < 2; ++i) round(20min);    // Creates in doubt; a clock that was ahead.
  for (int i = 0; i < 3; ++i) round(25h);      // What was set aside is tried again.
  for (int i = 0; i < 2; ++i) round(8 * 24h);  // Whoever vanished without a trace is missed.
  for (int i = 0; i < 2; ++i) round(25h);
  for (int i = 0; i < 3; ++i) round(5s);
  const std::size_t writes = world.org_writes() + world.row_writes();
  for (int i = 0; i < 3; ++i) round(5s);
  if (world.org_writes() + world.row_writes() != writes) broken.push_back("I6 not quiet");
  for (std::string& one : world.verdict()) broken.push_back(std::move(one));
  std::ranges::sort(broken);
  const auto twice = std::ranges::unique(broken);
  broken.erase(twice.begin(), twice.end());
}

Outcome run_storm(Choices choices, const Setting& setting, int runs) {
  World world{choices, setting};
  Outcome outcome;
  for (int i = 0; i < runs; ++i) {
    world.run();
    world.pass_time(std::chrono::milliseconds{choices.below(5'000)});
    for (auto acts = choices.below(4); acts > 0; --acts) world.somebody_acts();
  }
  world.calm();
  world.say("calm");
  come_to_rest(world, outcome.broken);
  outcome.trace = world.trace();
  outcome.crashes = world.crashes;
  outcome.failed_runs = world.failed_runs;
  outcome.port_calls = world.port_calls();
  outcome.bulk_records = world.bulk_records();
  outcome.choices = choices.list();
  outcome.choices.resize(std::min(outcome.choices.size(), choices.used()));
  return outcome;
}

std::optional<Setting> setting_for(std::string_view weather) {
  Setting setting;
  if (weather == "fair") return setting;
  if (weather == "deletes") return Setting{.weather = with_deletes()};
  if (weather == "everything") return Setting{.weather = with_everything()};
  if (weather == "orphans") {
    setting.weather = with_orphans();
    setting.on_record_deleted = setting.on_row_deleted = model::DeletePolicy::follow;
    return setting;
  }
  if (weather == "bulk") return Setting{.weather = with_bulk_reads()};
  if (weather == "leavers") return Setting{.weather = with_filters_and_deletes()};
  if (weather == "kinds") return Setting{.weather = with_kinds()};
  if (weather == "refusals") return Setting{.weather = with_refusals()};
  if (weather == "policies") return Setting{.weather = with_policies()};
  if (weather == "filters") return Setting{.weather = with_filters()};
  if (weather == "bulk-deletes") {
    setting.weather = with_bulk_reads();
    setting.weather.remove = with_deletes().remove;
    return setting;
  }
  if (weather == "kinds-deletes") {
    setting.weather = with_kinds();
    setting.weather.remove = with_deletes().remove;
    return setting;
  }
  if (weather == "keyless-deletes") {
    setting = *setting_for("keyless");
    setting.weather.remove = with_deletes().remove;
    return setting;
  }
  if (weather == "changes-deletes") {
    setting = *setting_for("changes");
    setting.weather.remove = with_deletes().remove;
    return setting;
  }
  if (weather == "keyless") {
    setting.weather.swarm = setting.weather.sparse_objects = false;
    setting.weather.without_key = 1;
    setting.weather.delayed = 0.1;
    return setting;
  }
  if (weather == "push") {
    // A pull of our own write would find an edit whose entry is gone; a mapping that only pushes has no such help.
    setting.weather.push_only = true;
    setting.weather.remove = setting.weather.take_back = setting.weather.move = setting.weather.trigger = 0;
    return setting;
  }
  if (weather == "changes") {
    setting.weather = with_changes();
    setting.backend = Backend::sqlite;
    setting.on_conflict = model::ConflictPolicy::manual;
    return setting;
  }
  return std::nullopt;
}

std::uint64_t histories_for(const char* name, std::uint64_t otherwise) {
  if (const char* text = std::getenv(name)) return std::strtoull(text, nullptr, 10);
  const char* all = std::getenv("STORM_HISTORIES");
  const std::uint64_t wanted = all ? std::strtoull(all, nullptr, 10) : fair_histories;
  return wanted < fair_histories ? std::max<std::uint64_t>(1, otherwise * wanted / fair_histories) : otherwise;
}

std::vector<std::uint32_t> shrink(std::vector<std::uint32_t> failing, const Setting& setting, int runs, int attempts) {
  const auto kind = [](const Outcome& outcome) {
    return outcome.broken.empty() ? std::string{} : outcome.broken.front().substr(0, outcome.broken.front().find(':'));
  };
  const std::string first = kind(run_storm(Choices{failing}, setting, runs));
  const auto still_fails = [&](const std::vector<std::uint32_t>& list) {
    return attempts-- > 0 && kind(run_storm(Choices{list}, setting, runs)) == first;
  };
  for (bool better = true; better && attempts > 0;) {
    better = false;
    for (std::size_t block = failing.size() / 2; block >= 1 && attempts > 0; block /= 2) {
      for (std::size_t at = 0; at < failing.size() && attempts > 0;) {
        const std::size_t end = std::min(failing.size(), at + block);
        auto without = failing;
        without.erase(without.begin() + static_cast<std::ptrdiff_t>(at),
                      without.begin() + static_cast<std::ptrdiff_t>(end));
        if (still_fails(without)) {
          failing = std::move(without);
          better = true;
          continue;
        }
        auto zeroed = failing;
        std::fill(zeroed.begin() + static_cast<std::ptrdiff_t>(at), zeroed.begin() + static_cast<std::ptrdiff_t>(end),
                  0);
        if (zeroed != failing && still_fails(zeroed)) {
          failing = std::move(zeroed);
          better = true;
        }
        at = end;
      }
    }
    while (!failing.empty() && failing.back() == 0) failing.pop_back();
  }
  return failing;
}

std::string told(const std::string& what, const Outcome& outcome, const Setting& setting, int runs) {
  std::string text = what;
  for (const std::string& broken : outcome.broken) text += "\n  " + broken;
  const auto small = shrink(outcome.choices, setting, runs);
  text += "\nshrunk from " + std::to_string(outcome.choices.size()) + " choices to " + std::to_string(small.size()) +
          "; its history:";
  std::fputs("--- the shrunk history\n", stdout);
  Setting loud = setting;
  loud.trace = true;
  const Outcome again = run_storm(Choices{small}, loud, runs);
  for (const std::string& broken : again.broken) text += "\n  " + broken;
  text += "\nchoices:";
  for (const std::uint32_t each : small) text += " " + std::to_string(each);
  return text;
}

}  // namespace seeded
