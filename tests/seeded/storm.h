#pragma once

#include <string>
#include <vector>

#include "world.h"

namespace seeded {

struct Outcome {
  std::vector<std::string> broken;     ///< Which invariants, with what; empty when all hold.
  std::vector<std::uint32_t> choices;  ///< What chance decided: replays the history.
  std::uint64_t trace = 0;             ///< Equal for equal choices.
  std::size_t crashes = 0, failed_runs = 0, port_calls = 0;
  std::size_t bulk_records = 0;  ///< Read by Bulk jobs.
};

/// One history: a storm in which any port call may fail, lose its answer or end the process while others work on both
/// sides, then a calm in which everything must come to rest.
Outcome run_storm(Choices choices, const Setting& setting, int runs = 7);

inline Outcome run_storm(std::uint64_t seed, const Setting& setting, int runs = 7) {
  return run_storm(Choices{seed}, setting, runs);
}

/// Lets time pass until whatever waits for time has gone on; what fails then goes into `broken`.
void come_to_rest(World& world, std::vector<std::string>& broken);

/// The weathers by name: fair (nobody deletes), deletes, everything, keyless (the org has no field for our key), bulk,
/// changes, push, orphans; keyless-deletes, bulk-deletes and changes-deletes are those with people who delete.
std::optional<Setting> setting_for(std::string_view weather);

/// Of the storm without deletes; with those of the other weathers a test run makes 20,000.
inline constexpr std::uint64_t fair_histories = 8'500;

/// How many histories a test runs: what the environment says under that name, or else `otherwise`, and fewer if
/// STORM_HISTORIES asks for fewer of the storm without deletes.
std::uint64_t histories_for(const char* name, std::uint64_t otherwise);

/// A shorter list of choices that still breaks something. Tries at most `attempts` histories.
std::vector<std::uint32_t> shrink(std::vector<std::uint32_t> failing, const Setting& setting, int runs = 7,
                                  int attempts = 1'500);

/// What a failure looks like to a person: the invariants, how to replay it, and the shrunk history.
std::string told(const std::string& what, const Outcome& outcome, const Setting& setting, int runs = 7);

}  // namespace seeded
