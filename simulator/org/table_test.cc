#include "simulator/org/table.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/random.h"
#include "simulator/org/org_test_support.h"

namespace simulator {
namespace {

class SampledOrgTest : public OrgTest {
 protected:
  SampledOrgTest() : OrgTest({.sample = {.contacts = 700}, .schema = {}}) {}
};

std::vector<std::uint64_t> walked(const Table& table, Place after = {}) {
  std::vector<std::uint64_t> out;
  table.walk(after, std::numeric_limits<std::uint32_t>::max(), [&](std::uint64_t number) {
    out.push_back(number);
    return true;
  });
  return out;
}

// The table against a plain map that is told the same.
TEST_F(SampledOrgTest, KeepsOneOrderThroughAnyChanges) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::Random random{seed};
    Table table{object("Contact"), org.world()};
    std::map<std::uint64_t, std::uint32_t> stamps;
    for (const std::uint64_t number : walked(table)) stamps[number] = table.stamp(number);
    ASSERT_EQ(stamps.size(), 700u);
    std::uint32_t now = 1'772'323'200;
    for (int step = 0; step < 400; ++step) {
      now += static_cast<std::uint32_t>(random.below(3));
      const bool is_late = random.chance(0.05);
      if (random.chance(0.3)) {
        Row row;
        row.created = row.modified = row.stamp = is_late ? now - 1000 : now;
        const std::uint64_t number = table.next_number();
        stamps[number] = row.stamp;
        table.put(number, row);
        continue;
      }
      const auto at = std::next(stamps.begin(), static_cast<std::ptrdiff_t>(random.below(stamps.size())));
      const std::uint64_t number = at->first;
      const auto before = table.remembered(number);
      if (random.chance(0.2)) {
        table.erase(number);
        EXPECT_FALSE(table.exists(number));
        if (random.chance(0.5)) {
          table.restore(number, before);
        } else {
          stamps.erase(number);
        }
      } else {
        Row row = table.copy(number);
        row.stamp = is_late ? now - 1000 : now;
        const std::uint32_t stamp = row.stamp;
        table.put(number, std::move(row));
        if (random.chance(0.2)) {
          table.restore(number, before);
        } else {
          stamps[number] = stamp;
        }
      }
      if (random.chance(0.1)) {
        std::set<Place> wanted;
        for (const auto& [each, stamp] : stamps) wanted.insert({stamp, each});
        const auto met = walked(table);
        ASSERT_EQ(met.size(), wanted.size());
        std::size_t place = 0;
        for (const Place& each : wanted) ASSERT_EQ(met[place++], each.number);
        const Place middle = *std::next(wanted.begin(), static_cast<std::ptrdiff_t>(wanted.size() / 2));
        ASSERT_EQ(walked(table, middle).size(), wanted.size() - wanted.size() / 2 - 1);
      }
    }
    EXPECT_EQ(table.live(), stamps.size());
  }
}

TEST_F(SampledOrgTest, FindsChildrenAmongSampleAndChangedRecords) {
  const Table& contacts = table("Contact");
  const std::size_t reference = object("Contact").at("AccountId");
  const auto by_looking = [&](RecordKey parent) {
    std::vector<std::uint64_t> out;
    base::Arena arena;
    for (const std::uint64_t number : walked(contacts))
      if (contacts.cell(number, reference, arena).key == parent) out.push_back(number);
    std::ranges::sort(out);
    return out;
  };
  base::Random random{7};
  for (int step = 0; step < 60; ++step) {
    const std::uint64_t number = 1 + random.below(700), parent = 1 + random.below(70);
    update("Contact", number, R"({"AccountId":")" + id("Account", parent) + "\"}");
    for (const std::uint64_t each : {parent, 1 + random.below(70)})
      ASSERT_EQ(contacts.children(reference, {account, each}), by_looking({account, each}));
  }
}

TEST_F(SampledOrgTest, FindsAnEmailAddressOfASampleUntilItChanges) {
  const Object& contacts = object("Contact");
  const std::string address = value("Contact", 5, "Email");
  EXPECT_EQ(org.by_key(contacts, contacts.at("Email"), address), std::vector<std::uint64_t>{5});
  update("Contact", 5, R"({"Email":"new@example.com"})");
  EXPECT_TRUE(org.by_key(contacts, contacts.at("Email"), address).empty());
  EXPECT_EQ(org.by_key(contacts, contacts.at("Email"), "NEW@example.com"), std::vector<std::uint64_t>{5});
}

TEST(NumberIndex, AgreesWithASetOfPairs) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::Random random{seed};
    NumberIndex index;
    std::set<std::pair<std::uint64_t, std::uint64_t>> pairs;
    for (int step = 0; step < 3000; ++step) {
      const std::uint64_t key = random.below(200) * 0x1'0000'0001ull, number = 1 + random.below(20);
      if (random.chance(0.6) && pairs.emplace(key, number).second) {
        index.add(key, number);
      } else if (pairs.erase({key, number}) > 0) {
        index.remove(key, number);
      }
      std::set<std::uint64_t> met;
      index.each(key, [&](std::uint64_t each) { EXPECT_TRUE(met.insert(each).second); });
      std::set<std::uint64_t> wanted;
      for (auto at = pairs.lower_bound({key, 0}); at != pairs.end() && at->first == key; ++at) wanted.insert(at->second);
      ASSERT_EQ(met, wanted);
    }
  }
}

}  // namespace
}  // namespace simulator
