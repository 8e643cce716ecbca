#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <string>
#include <string_view>

#include "simulator/org/org.h"

namespace simulator {

/// An org at a known moment, and short ways to write to it and look at it by name.
class OrgTest : public testing::Test {
 protected:
  explicit OrgTest(const OrgOptions& options = {}) : org(clock, options) {}

  static boost::json::object fields(std::string_view json) { return boost::json::parse(json).as_object(); }
  const Object& object(std::string_view name) const { return **org.object(name); }

  /// Creates a record that must be accepted; its number.
  std::uint64_t create(std::string_view name, std::string_view json, const Caller& caller = {}) {
    const auto number = org.insert(object(name), fields(json), caller);
    EXPECT_TRUE(number.has_value()) << (number ? "" : number.error().code + ": " + number.error().message);
    return number.value_or(0);
  }
  /// The code of the refusal; empty if it is accepted.
  std::string refused_create(std::string_view name, std::string_view json, const Caller& caller = {}) {
    const auto number = org.insert(object(name), fields(json), caller);
    return number ? "" : number.error().code;
  }
  std::string refused_update(std::string_view name, std::uint64_t number, std::string_view json,
                             const Caller& caller = {}) {
    const auto done = org.update(object(name), number, fields(json), caller);
    return done ? "" : done.error().code;
  }
  void update(std::string_view name, std::uint64_t number, std::string_view json, const Caller& caller = {}) {
    EXPECT_EQ(refused_update(name, number, json, caller), "");
  }

  /// The value as it stands in an answer: null, true, 12.0, "text" without its quotes.
  std::string value(std::string_view name, std::uint64_t number, std::string_view field) const {
    std::string out;
    base::Arena arena;
    const std::size_t place = object(name).at(field);
    append_cell(org.world(), org.world().tables[object(name).index].cell(number, place, arena),
                object(name).fields[place], out);
    return out.starts_with('"') ? out.substr(1, out.size() - 2) : out;
  }
  std::string id(std::string_view name, std::uint64_t number) const { return org.id_of({object(name).index, number}); }
  const Table& table(std::string_view name) const { return org.world().tables[object(name).index]; }

  void wait(std::chrono::milliseconds time) { clock.advance(time); }

  base::ManualClock clock{base::Utc{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}}};
  Org org;
};

}  // namespace simulator
